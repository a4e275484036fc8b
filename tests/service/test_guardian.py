"""The guard in a process of its own: led, left alone, ended and started anew; in real time."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from datetime import date

import pytest

from iso15118.errors import DeviceError, DeviceFault, LocalError
from iso15118.hal.board import AC_BOARD, Board
from iso15118.power import Command, Contactor, Setpoint
from iso15118.service.car import CarConfig
from iso15118.service.evse_config import EvseConfig
from iso15118.service.guard_link import GuardLink
from iso15118.service.links import link, udp_socket
from iso15118.service.station import Station, StationConfig
from iso15118.service.vehicle import Vehicle
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode, ServiceID, service_of
from iso15118.value import replace
from tools.trials.run import WAYS, trials

pytestmark = [pytest.mark.long, pytest.mark.waits]

BOARD = Board(settings={"insulation_test_time": 0.05, "bleed_time": 0.05, "lock_delay": 0.01, "contactor_delay": 0.01})
LOCKED = Setpoint(lock=True)
USUAL = secc.Config()


@pytest.fixture
def guard() -> Iterator[GuardLink]:
    made = GuardLink("one", BOARD, BOARD.limits, discharge_allowed=True)
    yield made
    made.close()


def lead(guard: GuardLink, setpoint: Setpoint, seconds: float, first: int) -> int:
    """Command this for a while; the number of the next command."""
    number, until = first, time.monotonic() + seconds
    while time.monotonic() < until:
        guard.command(Command(number, 0.3, setpoint), time.monotonic())
        number += 1
        time.sleep(0.02)
        guard.cycle(0.0)
    return number


def test_it_is_led_and_tells(guard: GuardLink) -> None:
    assert guard.meter_id == "SIM-0001"
    assert not guard.cycle(0.0).reading.locked.value
    lead(guard, LOCKED, 0.3, 1)
    telemetry = guard.cycle(0.0)
    assert telemetry.reading.locked.value
    assert (telemetry.reading.contactor.value, telemetry.faults) == (Contactor.OPEN, frozenset())
    assert telemetry.acknowledged > 5


def test_a_fault_from_outside_is_latched_until_it_is_reset(guard: GuardLink) -> None:
    guard.trip(DeviceFault.EMERGENCY_STOP)
    time.sleep(0.1)
    assert guard.cycle(0.0).faults == {DeviceFault.EMERGENCY_STOP}
    began = time.monotonic()
    guard.reset()
    assert time.monotonic() - began < 0.045
    assert guard.cycle(0.0).faults == frozenset()


def test_permission_is_withdrawn_while_energy_comes_back(guard: GuardLink) -> None:
    held = Setpoint(voltage=400.0, trickle=2.0, contactor=True, lock=True)
    number = lead(guard, Setpoint(contactor=True, lock=True), 0.3, 1)
    number = lead(guard, held, 0.8, number)
    back = Setpoint(voltage=200.0, current=-30.0, contactor=True, lock=True, bidirectional=True)
    number = lead(guard, back, 0.6, number)
    assert guard.cycle(0.0).reading.current.value == pytest.approx(-30.0, abs=1.0)
    guard.permit(discharge=False)
    lead(guard, back, 0.3, number)
    telemetry = guard.cycle(0.0)
    assert (telemetry.reading.current.value, telemetry.faults) == (0.0, frozenset())


def test_an_old_command_is_no_command(guard: GuardLink) -> None:
    """Also where it has waited in a socket, such as that of a guard that was stopped."""
    guard.command(Command(1, 0.3, LOCKED), time.monotonic() - 0.31)
    time.sleep(0.2)
    telemetry = guard.cycle(0.0)
    assert (telemetry.acknowledged, telemetry.reading.locked.value) == (1, False)


def test_it_ends_when_nobody_is_there(guard: GuardLink) -> None:
    process = guard._process
    guard.close()
    assert process.wait(3) == 0


def test_a_silent_guard_is_a_fault_and_one_that_speaks_again_is_none(guard: GuardLink) -> None:
    os.kill(guard.pid, signal.SIGSTOP)
    time.sleep(0.15)
    guard._hear(time.monotonic() - 1.0)  # what it had said before
    with pytest.raises(DeviceError, match="silent"):
        guard.cycle(0.0)
    os.kill(guard.pid, signal.SIGCONT)
    time.sleep(0.1)
    assert guard.cycle(0.0).faults == frozenset()


def test_a_guard_that_has_ended_is_started_anew_and_latched(guard: GuardLink) -> None:
    first = guard.pid
    os.kill(first, signal.SIGKILL)
    found = None
    for _ in range(150):
        time.sleep(0.02)
        try:
            found = guard.cycle(0.0)
        except DeviceError:
            found = None
        if found is not None and guard.pid != first:
            break
    assert found is not None
    assert guard.pid != first
    assert found.faults == {DeviceFault.COMMUNICATION}
    guard.reset()
    assert guard.cycle(0.0).faults == frozenset()


def test_a_setting_that_no_json_knows_is_refused_by_its_family() -> None:
    with pytest.raises(LocalError, match=r"simulated\.insulation"):
        GuardLink("one", replace(BOARD, settings={"insulation": date(2026, 1, 1)}), BOARD.limits, discharge_allowed=True)


def test_a_board_that_cannot_be_guarded_is_said() -> None:
    with pytest.raises(LocalError, match="unknown device family 'nobody'"):
        GuardLink("one", replace(BOARD, family="nobody"), BOARD.limits, discharge_allowed=True)


@pytest.mark.parametrize(("board", "service"), [(BOARD, ServiceID.DC_BPT), (AC_BOARD, ServiceID.AC_BPT)])
async def test_a_session_over_it(board: Board, service: ServiceID) -> None:
    async with asyncio.timeout(30):
        station = await opened(board, secc.Config(services=(service_of(service),)))
        try:
            result = await coming(station, service).run()
            assert (result.clean, result.loops) == (True, 8), result
        finally:
            await station.stop("the test is over", grace=0.5)


async def test_a_session_ends_with_its_guard_and_the_next_one_has_another() -> None:
    async with asyncio.timeout(60):
        station = await opened(BOARD)
        try:
            served = station._served["1"]
            assert served._link_to_guard is not None
            vehicle = coming(station, ServiceID.DC_BPT, loops=200)
            session = asyncio.create_task(vehicle.run())
            while not vehicle.car.loops:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            os.kill(served._link_to_guard.pid, signal.SIGKILL)
            result = await session
            assert not result.clean
            assert DeviceFault.COMMUNICATION in served.evse.actuator.faults
            await asyncio.sleep(1.5)
            again = await coming(station, ServiceID.DC_BPT).run()
            assert (again.clean, again.loops) == (True, 8), again
        finally:
            await station.stop("the test is over", grace=0.5)


async def opened(board: Board, session: secc.Config = USUAL) -> Station:
    with udp_socket(link("lo"), 0) as sock:
        port = int(sock.getsockname()[1])
    station = Station(StationConfig(evses=(EvseConfig(name="1", board=board, session=session, guard_apart=True),), sdp_port=port))
    await station.start()
    return station


def coming(station: Station, service: ServiceID, loops: int = 8) -> Vehicle:
    wish = evcc.Config(services=(service,), control_modes=(ControlMode.DYNAMIC,), loops=loops)
    return Vehicle(CarConfig(session=wish), sdp_port=station.config.sdp_port)


@pytest.mark.parametrize("way", WAYS)
def test_whatever_becomes_of_the_charger_metal_comes_to_rest(way: str) -> None:
    """Twice while charging and twice while discharging; `python -m tools.trials` does it twenty times."""
    for each in trials((way,), 2, together=4):
        assert each.good, each
        assert each.guard_ended, each
