"""Is a charger well? Real sockets on loopback; a real interface is in tests/netns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from iso15118.service import probe as probes
from iso15118.service.evse_config import EvseConfig
from iso15118.service.links import Link, link, udp_socket
from iso15118.service.probe import OTHERS, Probe
from iso15118.service.station import Station, StationConfig
from iso15118.wire.sdp import SdpRequest, Security

pytestmark = pytest.mark.waits


@asynccontextmanager
async def probed() -> AsyncIterator[tuple[Station, Probe]]:
    """A station of one outlet, and a probe whose first look is due."""
    with udp_socket(link("lo"), 0) as sock:
        port = int(sock.getsockname()[1])
    station = Station(StationConfig(evses=(EvseConfig(name="one"),), sdp_port=port))
    await station.start()
    try:
        made = Probe(station)
        await cycles(station)
        yield station, made
    finally:
        await station.stop("the test is over", grace=0)


async def cycles(station: Station) -> None:
    """Until its guard has turned once more."""
    actuator = station.evse("one").actuator
    before = actuator.telemetry.number
    async with asyncio.timeout(5):
        while actuator.telemetry.number == before:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "WITHIN", 0.3)


async def test_a_charger_that_does_what_it_is_for_is_well() -> None:
    async with probed() as (station, probe):
        for _ in range(3):
            assert await probe.look() == {}
            await cycles(station)
        assert not probe.occupied([])


async def test_a_guard_that_does_not_turn_is_noticed() -> None:
    async with probed() as (station, probe):
        assert await probe.look() == {}
        station.evse("one").actuator.stop()
        await probe.look()  # its last turns
        assert await probe.look() == {"one": "nothing new from its guard"}


async def test_a_discovery_that_is_deaf_is_noticed() -> None:
    async with probed() as (station, probe):
        station._served["one"].deaf()
        assert await probe.look() == {"one": "no answer to a search on lo within 0.3 s"}


async def test_an_interface_that_has_gone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with probed() as (_, probe):
        probe._outlets = [outlet._replace(interface="nope0") for outlet in probe._outlets]
        assert "no network interface 'nope0'" in (await probe.look())["one"]


async def test_an_answer_that_leads_elsewhere_is_noticed() -> None:
    async with probed() as (_, probe):
        probe._outlets = [outlet._replace(port=outlet.port + 1) for outlet in probe._outlets]
        assert await probe.look() == {"one": "a search on lo leads elsewhere"}


async def test_a_flood_that_leaves_our_request_out_is_no_illness(monkeypatch: pytest.MonkeyPatch) -> None:
    async with probed() as (station, probe):
        assert await probe.look() == {}
        server = station._served["one"]._discovery
        assert server is not None

        async def left_out(here: Link, **words: object) -> None:
            for number in range(2 * OTHERS):
                server.datagram_received(SdpRequest(Security.NONE).to_datagram(), (f"fe80::{number + 1:x}", 40000, 0, here.index))
            await asyncio.sleep(60)

        monkeypatch.setattr(probes, "discover", left_out)
        await cycles(station)
        assert await probe.look() == {}
