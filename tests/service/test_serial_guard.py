"""A guard at a serial line: another clock, lines that are cut, a guard that starts anew, a session over it."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from iso15118.errors import DeviceError, DeviceFault, LocalError
from iso15118.hal import frames
from iso15118.hal.frames import Word
from iso15118.power import Command, Contactor, Setpoint
from iso15118.service.config import load_secc
from iso15118.service.evse_config import EvseConfig
from iso15118.service.serial_guard import SerialGuardLink
from iso15118.service.station import Station, StationConfig
from iso15118.service.vehicle import Vehicle
from tests.service.microcontroller import BOARD, Microcontroller
from tests.service.test_station import QUICK, CarConfig, free_udp_port

pytestmark = [pytest.mark.long, pytest.mark.waits]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def controller() -> Iterator[Microcontroller]:
    made = Microcontroller()
    yield made
    made.close()


@pytest.fixture
def link(controller: Microcontroller) -> Iterator[SerialGuardLink]:
    made = SerialGuardLink("one", controller.device, discharge_allowed=True, baud=115_200)
    yield made
    made.close()


def until(done: Callable[[], bool], within: float = 2.0) -> None:
    end = time.monotonic() + within
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_it_is_led_and_tells_on_our_clock(controller: Microcontroller, link: SerialGuardLink) -> None:
    assert link.meter_id == "UC-7"
    until(lambda: controller.guard.discharge_allowed)
    for number in range(1, 20):
        link.command(Command(number, 0.3, Setpoint(lock=True)), time.monotonic())
        time.sleep(0.02)
        reading = link.cycle(0.0).reading
        assert 0.0 <= reading.pilot.age(time.monotonic()) < 0.2
        assert reading.pilot.at < time.monotonic() + 0.05
    assert reading.locked.value
    until(lambda: not link.cycle(0.0).reading.locked.value)
    link.permit(False)
    until(lambda: not controller.guard.discharge_allowed)


def test_what_is_shown_to_its_reader(controller: Microcontroller, link: SerialGuardLink) -> None:
    controller._say(frames.frame(Word.TOKEN, b"04A2"))
    shown: list[str] = []

    def read() -> bool:
        link.cycle(0.0)
        shown.extend(link.tokens())
        return bool(shown)

    until(read)
    assert shown == ["04A2"]
    assert link.tokens() == ()


def test_faults_and_their_reset(controller: Microcontroller, link: SerialGuardLink) -> None:
    link.trip(DeviceFault.EMERGENCY_STOP)
    until(lambda: link.cycle(0.0).faults == {DeviceFault.EMERGENCY_STOP})
    link.reset()
    assert link.cycle(0.0).faults == set()


def test_silence_is_a_fault_and_goes_with_it(controller: Microcontroller, link: SerialGuardLink) -> None:
    controller.silent = True
    with pytest.raises(DeviceError, match="the guard is silent"):
        until(lambda: not link.cycle(0.0))
    controller.silent = False

    def speaks() -> bool:
        with suppress(DeviceError):
            return bool(link.cycle(0.0))
        return False

    until(speaks)


def test_one_that_starts_anew_is_latched_until_it_is_reset(controller: Microcontroller, link: SerialGuardLink) -> None:
    link.permit(False)
    time.sleep(0.1)
    link.cycle(0.0)
    controller.start()
    controller.guard.permit(True)
    until(lambda: link.cycle(0.0).faults == {DeviceFault.COMMUNICATION})
    until(lambda: not controller.guard.discharge_allowed)
    link.reset()
    assert link.cycle(0.0).faults == set()


def test_lines_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iso15118.service.serial_guard.STARTING", 0.1)
    with pytest.raises(LocalError, match="one: no guard at /nowhere: No such file"):
        SerialGuardLink("one", "/nowhere", discharge_allowed=True)
    with pytest.raises(LocalError, match=r"one: no guard at /dev/null: .*no serial device"):
        SerialGuardLink("one", "/dev/null", discharge_allowed=True)
    master, slave = pty.openpty()
    try:
        with pytest.raises(LocalError, match="not ready within"):
            SerialGuardLink("one", os.ttyname(slave), discharge_allowed=True)
        with pytest.raises(LocalError, match="12345 bit/s; allowed: a rate that the system knows"):
            SerialGuardLink("one", os.ttyname(slave), discharge_allowed=True, baud=12_345)
    finally:
        os.close(master)
        os.close(slave)


async def test_a_whole_session_over_it() -> None:
    ends = pty.openpty()
    command = [sys.executable, "-m", "tests.service.microcontroller", *map(str, ends)]
    there = subprocess.Popen(command, pass_fds=ends, cwd=ROOT)  # noqa: ASYNC220
    try:
        config = EvseConfig(name="one", board=BOARD, guard_line=(os.ttyname(ends[1]), 921_600))
        station = Station(StationConfig(evses=(config,), sdp_port=free_udp_port()))
        await station.start()
        actuator = station.evse("one").actuator
        try:
            result = await asyncio.wait_for(Vehicle(CarConfig(session=QUICK), sdp_port=station.config.sdp_port).run(), 40)
            assert result.clean, result.why
            assert actuator.reading.charged.value > 0.0
        finally:
            await station.stop("the test is over", grace=0.5)
        assert actuator.reading.contactor.value is Contactor.OPEN
    finally:
        there.kill()
        there.wait()
        for end in ends:
            os.close(end)


def test_its_place_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "charger.toml"
    for told, line in (("serial:/dev/ttyGuard", ("/dev/ttyGuard", 921_600)), ("serial:/dev/ttyGuard@115200", ("/dev/ttyGuard", 115_200))):
        file.write_text(f'insecure_plain_tcp = true\n[[evse]]\nid = "DE*CLP*E1"\ninterface = "lo"\nguard = "{told}"\n')
        [evse] = load_secc(file).station.evses
        assert (evse.guard_line, evse.guard_apart) == (line, False)
    file.write_text('insecure_plain_tcp = true\n[[evse]]\nid = "DE*CLP*E1"\ninterface = "lo"\nguard = "kettle"\n')
    with pytest.raises(LocalError, match="guard"):
        load_secc(file)
