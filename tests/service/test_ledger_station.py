"""A station with a ledger: an emergency stop and the starts after it. What is killed in a session: `test_ledger_killed`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from iso15118.errors import DeviceFault, LocalError
from iso15118.power import Contactor
from iso15118.service.evse_config import EvseConfig
from iso15118.service.ledger_records import Latched, Reset, read
from iso15118.service.station import Station, StationConfig
from iso15118.value import replace
from tests.service.meeting import told
from tests.service.test_station import BOARD, ONE, car_for, free_udp_port

pytestmark = [pytest.mark.long, pytest.mark.waits]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@asynccontextmanager
async def opened(path: Path | None, evse: EvseConfig = ONE) -> AsyncIterator[Station]:
    station = Station(StationConfig(evses=(evse,), sdp_port=free_udp_port(), ledger=path))
    await station.start()
    try:
        yield station
    finally:
        await station.stop("the test is over", grace=1.0)


def of(kind: type, path: Path) -> list[Any]:
    return [record for record in read(path.read_bytes()).records if isinstance(record, kind)]


async def test_an_emergency_stop_outlives_the_station_until_it_is_reset(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(path) as station:
        station.emergency_stop("one")
    for guard_apart in (True, False):
        async with opened(path, replace(ONE, guard_apart=guard_apart)) as station:
            assert [status.faults for status in station.status()] == [{DeviceFault.EMERGENCY_STOP}]
            result = await asyncio.wait_for(car_for(station).run(), 20)
            assert not result.clean
            assert station.evse("one").actuator.reading.contactor.value is Contactor.OPEN
    assert len(of(Latched, path)) == 1
    async with opened(path) as station:
        assert station.reset("one")
        assert (await asyncio.wait_for(car_for(station).run(), 20)).clean
    assert [record.latched for record in of(Reset, path)] == of(Latched, path)
    assert "one: out of order, as before the start, until somebody resets it: emergency stop" in told(caplog)


async def test_a_latch_of_an_outlet_that_is_not_here_is_said(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(path) as station:
        station.emergency_stop("one")
    async with opened(path, replace(ONE, name="two")) as station:
        assert [status.faults for status in station.status()] == [frozenset()]
    assert f"ledger {path}: out of order is one, which is no outlet here" in told(caplog)


async def test_a_ledger_that_cannot_be_is_no_start(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="is no file"):
        async with opened(tmp_path):
            pass


async def test_metal_without_a_ledger_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="iso15118")
    station = Station(StationConfig(evses=(replace(ONE, board=replace(BOARD, family="nobody's")),), sdp_port=free_udp_port()))
    with pytest.raises(LocalError, match="nobody's"):
        await station.start()
    assert told(caplog)[0] == "no ledger: transactions and latched faults are forgotten with this process"
