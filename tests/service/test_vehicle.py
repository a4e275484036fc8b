from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest

from iso15118.errors import LocalError, PeerError
from iso15118.sequence.timers import Times
from iso15118.service.car import CarConfig
from iso15118.service.discovery import SdpServer, serve_sdp
from iso15118.service.links import link, listener, udp_socket
from iso15118.service.vehicle import Vehicle
from iso15118.value import replace

LO = link("lo")


def free_udp_port() -> int:
    with udp_socket(LO, 0) as sock:
        return int(sock.getsockname()[1])


class Mute(asyncio.Protocol):
    """A charger that takes the connection and says nothing."""

    def __init__(self) -> None:
        self.lost = asyncio.get_running_loop().create_future()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(None)


async def announced(sock: socket.socket) -> tuple[asyncio.DatagramTransport, int]:
    port = free_udp_port()
    return await serve_sdp(SdpServer(LO, plain_port=sock.getsockname()[1]), LO, port=port), port


def test_an_interface_that_is_not_there() -> None:
    with pytest.raises(LocalError, match="no network interface 'eth99'"):
        Vehicle(CarConfig(interface="eth99"))


async def test_no_charger_on_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iso15118.wire.sdp.WAIT", 0.001)
    with pytest.raises(PeerError, match="no charger has answered"):
        await asyncio.wait_for(Vehicle(CarConfig(), sdp_port=free_udp_port()).run(), 20)


async def test_a_charger_that_takes_no_connection_is_looked_for_again() -> None:
    sock = listener(LO)  # bound, not listening
    transport, port = await announced(sock)
    try:
        with pytest.raises(PeerError, match="takes no connection"):
            await asyncio.wait_for(Vehicle(CarConfig(), sdp_port=port).run(), 20)
        server = transport.get_protocol()
        assert isinstance(server, SdpServer)
        assert server.answered == 3
    finally:
        transport.close()
        sock.close()


async def test_a_charger_with_tls_only_is_said() -> None:
    port = free_udp_port()
    transport = await serve_sdp(SdpServer(LO, tls_port=50000), LO, port=port)
    try:
        with pytest.raises(LocalError, match="TLS"):
            await asyncio.wait_for(Vehicle(CarConfig(), sdp_port=port).run(), 20)
    finally:
        transport.close()


async def test_a_mute_charger_costs_the_message_timeout_and_a_cancelled_car_hangs_up() -> None:
    mutes: list[Mute] = []
    second = asyncio.Event()

    def take() -> Mute:
        mutes.append(Mute())
        if len(mutes) == 2:
            second.set()
        return mutes[-1]

    sock = listener(LO)
    server = await asyncio.get_running_loop().create_server(take, sock=sock)
    transport, port = await announced(sock)
    try:
        config = CarConfig()
        hurried = replace(config, session=replace(config.session, times=config.session.times._replace(setup_evcc=0.1)))
        result = await asyncio.wait_for(Vehicle(hurried, sdp_port=port).run(), 20)
        assert not result.clean
        assert (result.loops, result.messages, result.stored) == (0, 1, 0.0)
        patient = asyncio.create_task(Vehicle(config, sdp_port=port).run())
        await asyncio.wait_for(second.wait(), 5)
        patient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await patient
        await asyncio.wait_for(mutes[1].lost, 5)
    finally:
        transport.close()
        server.close()


def setup_time(folder: Path) -> float:
    """s that the session recorded there was given."""
    (recording,) = folder.iterdir()
    return Times(*json.loads(recording.read_text().splitlines()[0])["config"]["times"]).setup_evcc


@pytest.mark.case("TIM-04")
async def test_the_time_for_setup_begins_with_the_search(tmp_path: Path) -> None:
    """What finding the charger has taken is gone from the time that the session is given."""
    sock = listener(LO)
    server = await asyncio.get_running_loop().create_server(Mute, sock=sock)
    transport, port = await announced(sock)
    try:
        config = CarConfig()
        hurried = replace(config, session=replace(config.session, times=config.session.times._replace(setup_evcc=0.1)))
        await asyncio.wait_for(Vehicle(hurried, sdp_port=port, record=tmp_path / "car.jsonl").run(), 20)
    finally:
        transport.close()
        server.close()
    assert 0.0 <= setup_time(tmp_path) < 0.1
