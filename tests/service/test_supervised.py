"""What a supervisor is told: by a socket of the test, as systemd's would be."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iso15118.service.evse_config import EvseConfig
from iso15118.service.foreground import run_station
from iso15118.service.links import link, udp_socket
from iso15118.service.station import Station, StationConfig
from iso15118.service.supervised import Supervised, Supervisor, supervisor

pytestmark = pytest.mark.waits


def free_udp_port() -> int:
    with udp_socket(link("lo"), 0) as sock:
        return int(sock.getsockname()[1])


BLOCKED = """
import signal, sys, time
from iso15118.cli import main
signal.signal(signal.SIGUSR1, lambda *_: time.sleep(60))
sys.exit(main())
"""


class Told:
    """What has been said to `address` so far."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.words: list[str] = []
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sock.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._sock.setblocking(False)

    def hear(self) -> list[str]:
        try:
            while True:
                self.words.append(self._sock.recv(1024).decode())
        except BlockingIOError:
            return self.words

    def close(self) -> None:
        self._sock.close()


@pytest.fixture(params=["a file", "an abstract name"])
def told(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Told]:
    made = Told(str(tmp_path / "notify") if request.param == "a file" else f"@chargeloop-test-{os.getpid()}")
    yield made
    made.close()


class FakeProbe:
    def __init__(self, *found: dict[str, str], occupied: bool = False) -> None:
        self._found, self._occupied = list(found), occupied

    async def look(self) -> dict[str, str]:
        return self._found.pop(0) if len(self._found) > 1 else self._found[0]

    def occupied(self, ill: object) -> bool:
        return self._occupied


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ({}, Supervisor()),
        ({"NOTIFY_SOCKET": "/run/n"}, Supervisor("/run/n")),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "20000000"}, Supervisor("/run/n", 20.0)),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "20000000", "WATCHDOG_PID": str(os.getpid())}, Supervisor("/run/n", 20.0)),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"}, Supervisor("/run/n")),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "soon"}, Supervisor("/run/n")),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "0"}, Supervisor("/run/n")),
    ],
)
def test_who_wants_to_be_told(words: dict[str, str], found: Supervisor) -> None:
    assert supervisor(words) == found


def test_a_word_arrives(told: Told) -> None:
    Supervisor(told.address).tell("READY=1")
    assert told.hear() == ["READY=1"]


def test_a_supervisor_that_is_not_there_or_does_not_read_disturbs_nobody(told: Told) -> None:
    Supervisor().tell("READY=1")
    Supervisor("/nowhere/at/all").tell("READY=1")
    for _ in range(5000):  # more than its socket holds
        Supervisor(told.address).tell("WATCHDOG=1")
    assert told.hear()


def live(told: Told, probe: FakeProbe, done: Callable[[], bool]) -> None:
    """Signs of life as `probe` finds, each 2 ms, until it is `done`."""

    async def main() -> None:
        it = Supervised(None, Supervisor(told.address, 1.0))  # type: ignore[arg-type]
        task = asyncio.create_task(it._live(probe, 0.002))  # type: ignore[arg-type]
        async with asyncio.timeout(5):
            while not done():  # noqa: ASYNC110 - a socket of another side
                await asyncio.sleep(0.002)
        task.cancel()

    asyncio.run(main())


def test_signs_of_life_are_given_as_long_as_all_is_well(told: Told) -> None:
    live(told, FakeProbe({}), lambda: len(told.hear()) >= 3)
    assert set(told.words) == {"WATCHDOG=1"}


def test_none_is_given_while_an_outlet_is_ill_and_it_is_said_why(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    live(told, FakeProbe({"bay-1": "nothing new from its guard"}), lambda: len(caplog.records) >= 3)
    assert told.hear() == []
    assert caplog.records[0].getMessage() == "bay-1: nothing new from its guard"


def test_an_outlet_that_is_ill_for_a_while_is_forgiven(told: Told) -> None:
    live(told, FakeProbe({"bay-1": "no answer"}, {}), lambda: len(told.hear()) >= 1)


def test_a_session_elsewhere_is_not_ended_for_an_outlet_that_is_ill(told: Told) -> None:
    live(told, FakeProbe({"bay-1": "no answer"}, occupied=True), lambda: len(told.hear()) >= 3)


def test_a_charger_tells_its_supervisor_from_its_start_to_its_end(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", told.address)
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)

    def ready(station: Station) -> None:
        assert told.hear() == []
        wait()

    def wait() -> None:
        if told.hear().count("WATCHDOG=1") < 3:
            asyncio.get_running_loop().call_later(0.01, wait)
            return
        os.kill(os.getpid(), signal.SIGTERM)

    run_station(StationConfig(evses=(EvseConfig(),), sdp_port=free_udp_port()), ready=ready)
    assert told.hear()[0] == "READY=1"
    assert told.words[-1] == "STOPPING=1"
    assert set(told.words[1:-1]) == {"WATCHDOG=1"}


def test_a_charger_that_is_blocked_gives_no_sign_of_life(tmp_path: Path) -> None:
    """The whole program, with a supervisor of ours; its loop is blocked as by a defect: a timer in a thread would not notice."""
    told = Told(str(tmp_path / "notify"))
    (tmp_path / "charger.toml").write_text('insecure_plain_tcp = true\n[[evse]]\nid = "DE*CLP*E1"\ninterface = "lo"\n')
    command = [sys.executable, "-c", BLOCKED, "secc", "charger.toml", "--sdp-port", str(free_udp_port())]
    environment = os.environ | {"NOTIFY_SOCKET": told.address, "WATCHDOG_USEC": "200000"}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as process:
        until = time.monotonic() + 20

        def wait(times: int) -> None:
            while told.hear().count("WATCHDOG=1") < times:
                assert time.monotonic() < until
                time.sleep(0.01)

        wait(2)
        process.send_signal(signal.SIGUSR1)
        time.sleep(0.1)  # what was under way
        before = len(told.hear())
        time.sleep(0.4)  # eight looks
        assert len(told.hear()) == before
        process.kill()
    told.close()
