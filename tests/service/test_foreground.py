"""Station and vehicle as the whole of a process: signals end them in order."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from datetime import UTC, datetime

import pytest

from iso15118.errors import LocalError
from iso15118.pki.tree import make_tree
from iso15118.service.car import CarConfig
from iso15118.service.evse_config import EvseConfig
from iso15118.service.foreground import run_station, run_vehicle
from iso15118.service.seen import Seen
from iso15118.service.signals import SIGNALS
from iso15118.service.station import Station, StationConfig
from iso15118.service.tls.engine import Credentials
from iso15118.service.tls.store import of_tree
from iso15118.service.vehicle import Vehicle
from iso15118.value import replace


def free_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind(("::1", 0))
        port: int = sock.getsockname()[1]
        return port


@pytest.fixture
def station() -> StationConfig:
    return StationConfig(evses=(EvseConfig(),), sdp_port=free_port())


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_a_station(station: StationConfig, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    stood: list[int] = []

    def ready(station: Station) -> None:
        stood.extend(status.port for status in station.status())
        os.kill(os.getpid(), number)

    run_station(station, ready=ready)
    assert len(stood) == 1
    assert signal.getsignal(number) is before


def test_a_station_that_cannot_start_says_so(station: StationConfig) -> None:
    def ready(station: Station) -> None:
        raise AssertionError("it is not")

    with pytest.raises(LocalError, match="nope0"):
        run_station(replace(station, evses=(EvseConfig(interface="nope0"),)), ready=ready)


def test_a_station_stops_when_what_it_told_fails(station: StationConfig) -> None:
    """Whoever is told that it is ready may fail; the outlets are closed all the same, so the port is free for the next."""

    def ready(station: Station) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run_station(station, ready=ready)
    run_station(station, ready=lambda station: os.kill(os.getpid(), signal.SIGTERM))


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_before_the_session_interrupts_a_vehicle(number: signal.Signals) -> None:
    def watcher(vehicle: Vehicle) -> object:
        os.kill(os.getpid(), number)
        return seen.append

    seen: list[Seen] = []
    with pytest.raises(KeyboardInterrupt):
        run_vehicle(CarConfig(), sdp_port=free_port(), watcher=watcher)  # type: ignore[arg-type]
    assert seen == []


def test_a_hangup_brings_other_certificates(station: StationConfig, caplog: pytest.LogCaptureFixture) -> None:
    """Read in a thread; some that cannot be used are said, and all is as before."""
    caplog.set_level("INFO")
    tree = make_tree("secp521r1", now=datetime.now(UTC))
    found: list[Credentials | LocalError | None] = [LocalError("no such folder"), None, of_tree(tree, "secc")]
    told = ("no such folder; all is as before", "no table tls any more", "other certificates from the next handshake on")

    def certificates() -> Credentials | None:
        given = found.pop(0)
        if isinstance(given, LocalError):
            raise given
        return given

    def ready(station: Station) -> None:
        hang_up(0)

    def hang_up(times: int) -> None:
        loop = asyncio.get_running_loop()
        if times and not any(told[times - 1] in record.getMessage() for record in caplog.records):
            loop.call_later(0.01, hang_up, times)
            return
        os.kill(os.getpid(), signal.SIGHUP if times < len(told) else signal.SIGTERM)
        if times < len(told):
            loop.call_later(0.01, hang_up, times + 1)

    before = signal.getsignal(signal.SIGHUP)
    run_station(replace(station, tls=of_tree(tree, "secc")), ready=ready, certificates=certificates)
    assert found == []
    assert signal.getsignal(signal.SIGHUP) == before
