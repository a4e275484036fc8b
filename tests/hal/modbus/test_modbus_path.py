"""A meter as the path of alternating current: its blocks, its signs, its energies, a wallbox whose other devices are simulated."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from iso15118.errors import DeviceFault, LocalError
from iso15118.hal import protocols
from iso15118.hal.ac_guard import AcGuard
from iso15118.hal.board import AC_BOARD, load
from iso15118.hal.composed import Composed
from iso15118.hal.modbus import path as paths
from iso15118.hal.modbus.path import MeteredPath, blocks, path
from iso15118.hal.modbus.registers import Point
from iso15118.hal.protocols import Health
from iso15118.hal.simulated import outlet as simulated
from iso15118.power import AcReading, Measured
from iso15118.units import PerPhase
from tests.hal.modbus.device import Device, device, until

pytestmark = [pytest.mark.long, pytest.mark.waits]

ROOT = Path(__file__).parents[3]


@pytest.fixture
def sdm() -> Iterator[Device]:
    with device() as made:
        for place, value in ((0, 229.5), (2, 230.0), (4, 231.0), (0xC, 3500.0), (0xE, -1200.0), (0x10, 0.0), (0x46, 50.02)):
            made.number(place, value)
        made.number(0x48, 12.5)
        made.number(0x4A, 0.25)
        yield made


def made(sdm: Device, **words: object) -> MeteredPath:
    place = str(ROOT / "hw" / "eastron_sdm630" / "map.toml")
    return path(
        {"map": place, "meter_id": "M1", "host": "127.0.0.1", "port": sdm.port, "every": 0.02, **words}, "board.toml", "composed.path"
    )


def test_what_it_measures(sdm: Device) -> None:
    it = made(sdm)
    meter = it.also["meter"]
    assert isinstance(it, protocols.AcPath)
    assert isinstance(meter, protocols.EnergyMeter)
    until(lambda: it.measured().at > 0)
    assert it.measured().value == AcReading(
        PerPhase(229.5, 230.0, 231.0), PerPhase(3500.0, -1200.0, 0.0), frequency=pytest.approx(50.02, abs=0.001)
    )
    assert it.measured().age(time.monotonic()) < 0.2
    assert (meter.meter_id, meter.charged().value, meter.discharged().value) == ("M1", 12_500.0, 250.0)
    assert it.health is Health.GOOD
    assert it.residual() == Measured(False, float("-inf")), "nobody heard a word of it"
    assert it.abilities.ac is not None
    assert (it.abilities.limits.charge_power, it.abilities.ac.phases) == (11_040.0, 3)
    sdm.number(0xC, 4000.0)
    sdm.number(0x48, 12.6)
    until(lambda: it.measured().value.active.l1 == 4000.0 and meter.charged().value > 12_500.0)
    it.close()


def test_one_phase(sdm: Device) -> None:
    it = made(sdm, phases=1, current=32.0)
    until(lambda: it.measured().at > 0)
    assert it.measured().value.voltage == PerPhase(229.5)
    assert it.abilities.limits.charge_power == 7360.0
    it.close()


def test_silence_grows_old_and_fails(sdm: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "SILENT", 0.2)
    it = made(sdm)
    it._client.words = lambda *_: (_ for _ in ()).throw(OSError("gone"))  # type: ignore[method-assign]
    until(lambda: it.health is Health.FAILED)
    assert it.measured().age(time.monotonic()) > 0.2
    it.close()


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([(4, 0), (4, 2), (4, 4)], [(4, 0, 6)]),
        ([(4, 0), (4, 18)], [(4, 0, 20)]),
        ([(4, 0), (4, 19)], [(4, 0, 2), (4, 19, 2)]),
        ([(3, 0), (4, 2)], [(3, 0, 2), (4, 2, 2)]),
        ([(4, 16 * place) for place in range(6)], [(4, 0, 66), (4, 80, 2)]),
    ],
)
def test_as_few_requests_as_there_need_be(places: list[tuple[int, int]], expected: list[tuple[int, int, int]]) -> None:
    points = {f"p{place}": Point(address, function, "f32") for place, (function, address) in enumerate(places)}
    assert blocks(points) == expected


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"meter_id": ""}, "composed.path: map .*, meter_id ''; allowed"),
        ({"phases": 2}, "phases 2, 16.0 A"),
        ({"current": 0.0}, "phases 3, 0.0 A"),
        ({"kettle": 1}, "composed.path.kettle: unknown key"),
        ({"map": str(ROOT / "hw" / "acrel_djsf1352_rn" / "map.toml")}, r"points.voltage_l1: missing"),
    ],
)
def test_tables_that_cannot_be(sdm: Device, words: dict[str, Any], told: str) -> None:
    with pytest.raises(LocalError, match=told):
        made(sdm, **words)


def test_in_a_wallbox_without_a_residual_current_device_nothing_closes(sdm: Device) -> None:
    base = simulated(AC_BOARD)
    guard = AcGuard(Composed(base, {"path": made(sdm)}))  # type: ignore[arg-type]
    began = time.monotonic()
    until(lambda: DeviceFault.STALE in guard.cycle(time.monotonic()).faults)
    assert time.monotonic() - began < 2.0
    guard._outlet.close()


def test_the_wallbox_among_the_boards_has_no_device_that_is_none() -> None:
    board = load(ROOT / "hw" / "wallbox_11kw_ac_bpt" / "board.toml")
    assert set(board.settings) == {"path", "controls"}
