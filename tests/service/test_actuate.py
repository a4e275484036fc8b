from __future__ import annotations

import asyncio

import pytest

from iso15118.errors import DeviceFault, LocalError
from iso15118.hal.board import Board
from iso15118.hal.guard import Guard
from iso15118.hal.simulated import SimulatedOutlet, outlet
from iso15118.power import OFF, Command, Contactor, Setpoint, Telemetry, VehicleSetpoint
from iso15118.service.actuate import PERIOD, Actuator
from iso15118.service.virtual import run

pytestmark = pytest.mark.waits

LOCK = Setpoint(lock=True)
HOLD = Setpoint(400.0, 0.0, trickle=2.0, contactor=True, lock=True)
LIVE = Setpoint(450.0, 20.0, contactor=True, lock=True)


class Spy:
    """A guard, and the moments and commands that reached it."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self.turns: list[float] = []
        self.commands: list[Command] = []
        self.broken = False

    def command(self, command: Command, now: float) -> bool:
        self.commands.append(command)
        return self.guard.command(command, now)

    def cycle(self, now: float) -> Telemetry:
        if self.broken:
            raise OSError("no answer")
        self.turns.append(now)
        return self.guard.cycle(now)

    def reset(self) -> None:
        self.guard.reset()

    def trip(self, fault: DeviceFault) -> None:
        self.guard.trip(fault)

    def permit(self, discharge: bool) -> None:
        self.guard.permit(discharge)

    def phases(self, wanted: int) -> None:
        self.guard.phases(wanted)

    def tokens(self) -> tuple[str, ...]:
        return self.guard.tokens()


def bench() -> tuple[Spy, SimulatedOutlet]:
    metal = outlet(Board())
    return Spy(Guard(metal, discharge_allowed=True)), metal


async def drive(actuator: Actuator, setpoint: Setpoint, seconds: float) -> None:
    """Renew as a session does."""
    for _ in range(round(seconds / 0.1)):
        actuator.apply(setpoint)
        await asyncio.sleep(0.1)


def test_turns_come_at_a_steady_pace() -> None:
    async def main() -> None:
        spy, _ = bench()
        actuator = Actuator(spy, period=0.02)
        actuator.start()
        actuator.start()
        await asyncio.sleep(10.01)
        assert spy.turns == pytest.approx([0.02 * i for i in range(501)])
        actuator.stop()
        turns = len(spy.turns)
        await asyncio.sleep(10)
        assert len(spy.turns) == turns

    run(main())


def test_commands_are_numbered_short_lived_and_obeyed() -> None:
    async def main() -> None:
        spy, _ = bench()
        actuator = Actuator(spy)
        actuator.start()
        await drive(actuator, LOCK, 0.5)
        await drive(actuator, HOLD, 1.5)
        await drive(actuator, LIVE, 1.0)
        assert actuator.reading.current.value == pytest.approx(20.0)
        assert actuator.reading.contactor.value is Contactor.CLOSED
        assert [command.number for command in spy.commands] == list(range(1, 31))
        assert {command.ttl for command in spy.commands} == {0.3}
        assert actuator.telemetry.acknowledged == 30
        await asyncio.sleep(0.7)  # nobody renews any more
        assert actuator.reading.current.value == 0
        assert actuator.reading.contactor.value is Contactor.OPEN
        assert actuator.faults == {DeviceFault.COMMUNICATION}

    run(main())


def test_a_new_controller_goes_on_above_the_last_number() -> None:
    async def main() -> None:
        spy, _ = bench()
        first = Actuator(spy)
        first.start()
        for _ in range(5):
            first.apply(HOLD)
            await asyncio.sleep(PERIOD)
        assert spy.commands[-1].number == 5
        second = Actuator(spy)
        second.start()
        second.apply(HOLD)
        await asyncio.sleep(PERIOD)
        assert spy.commands[-1].number == 6

    run(main())


def test_levels_and_faults_are_told_at_once() -> None:
    async def main() -> None:
        spy, metal = bench()
        actuator = Actuator(spy)
        actuator.start()
        await asyncio.sleep(0.1)
        told: list[float] = []
        loop = asyncio.get_running_loop()
        actuator.listen(lambda: told.append(loop.time()))
        await asyncio.sleep(1)
        assert told == []
        metal.plant.faults.meter_failed = True
        await asyncio.sleep(1)
        assert told == [pytest.approx(1.12, abs=0.021)]
        assert actuator.faults == {DeviceFault.METER}

    run(main())


def test_a_guard_that_fails_is_a_fault_said_once_and_may_come_back(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        spy, _ = bench()
        actuator = Actuator(spy)
        actuator.start()
        await asyncio.sleep(0.1)
        told: list[int] = []
        actuator.listen(lambda: told.append(1))
        spy.broken = True
        await asyncio.sleep(1)
        assert actuator.faults == {DeviceFault.COMMUNICATION}
        spy.broken = False
        await asyncio.sleep(0.1)
        assert actuator.faults == frozenset()
        assert len(told) == 2

    run(main())
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("fault", "goes"),
    [
        (DeviceFault.COMMUNICATION, True),
        (DeviceFault.INSULATION, True),
        (DeviceFault.EMERGENCY_STOP, False),
        (DeviceFault.CONTACTOR, False),
        (DeviceFault.OVER_VOLTAGE, False),
    ],
)
def test_some_faults_go_with_the_session_and_some_need_a_person(fault: DeviceFault, goes: bool) -> None:
    async def main() -> None:
        spy, _ = bench()
        actuator = Actuator(spy)
        actuator.start()
        await asyncio.sleep(0.1)
        actuator.trip(fault)
        assert actuator.faults == {fault}
        assert actuator.clear() is goes
        assert actuator.clear(by_person=True) is True
        assert actuator.faults == frozenset()

    run(main())


def test_what_was_latched_before_the_start_is_latched_until_a_person_resets_it() -> None:
    async def main() -> None:
        spy, _ = bench()
        actuator = Actuator(spy)
        actuator.keep(frozenset({DeviceFault.CONTACTOR}))
        assert actuator.faults == actuator.latched == {DeviceFault.CONTACTOR}
        actuator.start()
        await drive(actuator, HOLD, 1.0)
        assert actuator.reading.contactor.value is Contactor.OPEN
        assert actuator.clear() is False
        assert actuator.clear(by_person=True) is True
        assert actuator.faults == actuator.latched == frozenset()

    run(main())


def test_a_guard_that_comes_in_the_place_of_a_lost_one_is_told_what_is_latched() -> None:
    """As one in a process of its own: it begins with a fault that goes with the next session, and knows nothing of the others."""

    async def main() -> None:
        spy, metal = bench()
        actuator = Actuator(spy)
        actuator.start()
        actuator.trip(DeviceFault.EMERGENCY_STOP)
        spy.broken = True
        await asyncio.sleep(0.1)
        spy.guard = Guard(metal)
        spy.guard.trip(DeviceFault.COMMUNICATION)
        spy.broken = False
        await asyncio.sleep(0.1)
        assert actuator.faults == {DeviceFault.EMERGENCY_STOP, DeviceFault.COMMUNICATION}
        assert actuator.clear() is False
        assert actuator.clear(by_person=True) is True
        assert spy.guard.faults == frozenset()

    run(main())


def test_a_guard_that_is_slow_to_show_a_latch_has_it_all_the_same() -> None:
    async def main() -> None:
        spy, _ = bench()
        actuator = Actuator(spy)
        held: list[DeviceFault] = []
        spy.trip = held.append  # type: ignore[method-assign]
        actuator.keep(frozenset({DeviceFault.SUPPLY}))
        actuator.start()
        await asyncio.sleep(0.1)
        assert held == [DeviceFault.SUPPLY]
        assert actuator.faults == actuator.latched == {DeviceFault.SUPPLY}
        assert actuator.clear() is False
        spy.guard.trip(DeviceFault.SUPPLY)
        await asyncio.sleep(0.1)
        assert actuator.latched == {DeviceFault.SUPPLY}
        assert actuator.clear(by_person=True) is True
        assert actuator.latched == frozenset()

    run(main())


def test_no_reset_while_current_flows(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        spy, _ = bench()
        actuator = Actuator(spy)
        actuator.trip(DeviceFault.INSULATION)

        def refuse() -> None:
            raise LocalError("current flows")

        monkeypatch.setattr(spy, "reset", refuse)
        assert actuator.clear() is False

    run(main())
    assert "current flows" in caplog.text


def test_stop_leaves_metal_off() -> None:
    async def main() -> None:
        spy, metal = bench()
        actuator = Actuator(spy)
        actuator.start()
        await drive(actuator, LOCK, 0.5)
        await drive(actuator, HOLD, 1.0)
        assert metal.plant.bus.supply.on
        actuator.stop()
        assert spy.commands[-1].setpoint == OFF
        assert not metal.plant.bus.supply.on

    run(main())


def test_a_cars_setpoint_is_refused() -> None:
    async def main() -> None:
        spy, _ = bench()
        with pytest.raises(TypeError):
            Actuator(spy).apply(VehicleSetpoint())

    run(main())


def test_the_wish_to_open_does_not_wait_for_the_next_turn() -> None:
    """A car that is faster would have its pilot taken for a fault."""

    async def main() -> None:
        spy, _ = bench()
        actuator = Actuator(spy, period=0.05)
        actuator.start()
        await drive(actuator, Setpoint(contactor=True, lock=True), 0.3)
        before = len(spy.commands)
        actuator.apply(Setpoint(contactor=True, lock=True, voltage=400.0))
        assert len(spy.commands) == before, "everything else does"
        actuator.apply(Setpoint(lock=True))
        assert spy.commands[-1].setpoint == Setpoint(lock=True)
        number = spy.commands[-1].number
        actuator.apply(Setpoint(lock=True))
        await asyncio.sleep(0.2)
        assert [command.number for command in spy.commands[-2:]] == [number, number + 1]
        actuator.stop()

    run(main())
