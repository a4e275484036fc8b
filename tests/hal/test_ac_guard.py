"""`hal.ac_guard`: what opens the contactor of an outlet of alternating current, and how fast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from iso15118.errors import DeviceError, DeviceFault, LocalError
from iso15118.hal import protocols
from iso15118.hal.ac_guard import AcGuard
from iso15118.hal.board import AC_BOARD
from iso15118.hal.protocols import Health
from iso15118.hal.simulated import ac_outlet
from iso15118.power import OFF, AcAbilities, AcTarget, Command, Contactor, Measured, Pilot, Setpoint, Telemetry
from iso15118.sim.mains import MainsPhantom
from iso15118.units import NO_PHASE, PerPhase
from iso15118.value import replace

ON = Setpoint(contactor=True, lock=True, bidirectional=True, target=AcTarget(PerPhase.even(9e3, 3)))


class Load(MainsPhantom):
    """A car that takes what a test says, whatever it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.takes = NO_PHASE

    def draw(self, voltage: PerPhase, frequency: float, dt: float, at: float) -> tuple[PerPhase, PerPhase]:
        return (self.takes, NO_PHASE) if any(voltage) else (NO_PHASE, NO_PHASE)


class Bench:
    """Outlet, guard and car in virtual time, 10 ms a turn; a set-point is sent anew each 100 ms, as a session would."""

    def __init__(self, *, discharge_allowed: bool = True, **board: Any) -> None:
        self.load = Load()
        self.outlet = ac_outlet(replace(AC_BOARD, **board), self.load)
        self.guard = AcGuard(self.outlet, discharge_allowed=discharge_allowed)
        self.turn, self.number = 100_000, 0
        self.seen: Telemetry = self.run(0.05)

    @property
    def now(self) -> float:
        return self.turn / 100

    @property
    def closed(self) -> bool:
        return self.outlet.plant.contactor.conducting

    def tell(self, setpoint: Setpoint, ttl: float = 0.3) -> bool:
        self.number += 1
        return self.guard.command(Command(self.number, ttl, setpoint), self.now)

    def step(self) -> Telemetry:
        self.turn += 1
        self.seen = self.guard.cycle(self.now)
        return self.seen

    def run(self, seconds: float, setpoint: Setpoint | None = None) -> Telemetry:
        for turn in range(round(seconds * 100)):
            if setpoint is not None and turn % 10 == 0:
                self.tell(setpoint)
            self.step()
        return self.seen

    def until_open(self, setpoint: Setpoint | None = ON, within: float = 3.0) -> float:
        """s until the contactor is open."""
        began = self.now
        while self.closed:
            if setpoint is not None and self.turn % 10 == 0:
                self.tell(setpoint)
            self.step()
            assert self.now - began < within, f"still closed; {self.guard.faults}"
        return self.now - began


def live(*takes: float, **how: Any) -> Bench:
    bench = Bench(**how)
    bench.run(0.4, ON)
    assert bench.closed
    bench.load.takes = PerPhase(*takes)
    return bench


def test_the_simulated_outlet_is_one() -> None:
    outlet = Bench().outlet
    assert isinstance(outlet, protocols.AcOutlet)
    assert not isinstance(outlet, protocols.Outlet)
    for device, protocol in (
        (outlet.path, protocols.AcPath),
        (outlet.contactor, protocols.OutputContactor),
        (outlet.meter, protocols.EnergyMeter),
        (outlet.pilot, protocols.ControlPilot),
        (outlet.lock, protocols.ConnectorLock),
    ):
        assert isinstance(device, protocol)
    assert outlet.path.health is Health.GOOD


def test_it_closes_behind_a_locked_connector_and_measures() -> None:
    bench = Bench()
    order = []
    for turn in range(40):
        if turn % 10 == 0:
            bench.tell(ON)
        r = bench.step().reading
        order.append((r.locked.value, r.contactor.value))
    assert (False, Contactor.CLOSED) not in order
    assert order[-1] == (True, Contactor.CLOSED)
    bench.load.takes = PerPhase(2300.0, 1150.0, 0.0)
    r = bench.run(0.2, ON).reading
    assert r.ac is not None
    assert r.ac.value.active == PerPhase(2300.0, 1150.0, 0.0)
    assert (r.current.value, r.voltage.value, r.power) == (10.0, 230.0, 3450.0)
    assert bench.run(36.0, ON).reading.charged.value == pytest.approx(34.5, rel=0.02)
    assert bench.guard.faults == set()


@pytest.mark.parametrize("pilot", [Pilot.A, Pilot.B, Pilot.E, Pilot.F])
def test_it_closes_in_c_and_d_only(pilot: Pilot) -> None:
    bench = Bench()
    bench.outlet.plant.faults.pilot = pilot
    bench.run(1.0, ON)
    assert not bench.closed
    bench.outlet.plant.faults.pilot = Pilot.D
    bench.run(0.4, ON)
    assert bench.closed


@pytest.mark.parametrize(("pilot", "fault"), [(Pilot.B, False), (Pilot.A, True), (Pilot.E, True), (Pilot.F, True)])
def test_a_pilot_that_leaves_opens_within_100_ms(pilot: Pilot, fault: bool) -> None:
    """The relay's own 50 ms come on top."""
    bench = live(3e3, 3e3, 3e3)
    bench.outlet.plant.faults.pilot = pilot
    assert 0.05 + 0.05 <= bench.until_open() <= 0.1 + 0.05, "the current has its chance to fall"
    assert (DeviceFault.CONTROL_PILOT in bench.guard.faults) is fault


def test_a_pilot_that_flutters_closes_nothing_until_it_has_been_told_to_be_open() -> None:
    bench = live(3e3, 3e3, 3e3)
    bench.outlet.plant.faults.pilot = Pilot.B
    bench.until_open()
    bench.outlet.plant.faults.pilot = Pilot.C
    bench.run(1.0, ON)
    assert not bench.closed
    bench.run(0.1, Setpoint(lock=True))
    bench.run(0.4, ON)
    assert bench.closed


@pytest.mark.parametrize(("power", "waits"), [(200.0, False), (260.0, True)])
def test_it_opens_at_once_below_1_ampere(power: float, waits: bool) -> None:
    bench = live(power)
    bench.run(0.2, ON)
    bench.tell(OFF)
    assert (bench.until_open(None) >= 0.05 + 0.05) is waits


def test_a_pilot_that_is_back_before_the_contactor_opens_opens_nothing() -> None:
    bench = live(3e3, 3e3, 3e3)
    bench.tell(ON)
    bench.outlet.plant.faults.pilot = Pilot.B
    bench.run(0.03)
    bench.outlet.plant.faults.pilot = Pilot.C
    bench.run(0.5, ON)
    assert bench.closed


def test_what_was_told_to_be_open_may_be_told_to_be_closed_at_once() -> None:
    bench = live()
    bench.tell(OFF)
    bench.step()
    bench.run(0.4, ON)
    assert bench.closed


def test_silence_opens() -> None:
    bench = live(3e3)
    bench.tell(ON)
    assert bench.until_open(None) <= 0.3 + 0.05 + 0.06
    assert bench.guard.faults == {DeviceFault.COMMUNICATION}


def test_a_command_that_is_not_a_number_renews_nothing() -> None:
    bench = live()
    wrong = replace(ON, target=AcTarget(PerPhase(float("nan"))))
    assert not bench.tell(wrong)


@pytest.mark.parametrize(
    ("takes", "within", "holds"),
    [
        pytest.param((7.3e3, 7.3e3, 7.3e3), 0.0, True, id="all that is allowed"),
        pytest.param((7.83e3, 7.83e3, 7.83e3), 0.0, True, id="as much more as is no fault"),
        pytest.param((8.1e3,), 1.2, False, id="more in one phase"),
        pytest.param((8e3, 8e3, 7.5e3), 1.2, False, id="more in all"),
        pytest.param((12e3,), 0.2, False, id="far more"),
    ],
)
def test_a_current_above_the_limits(takes: tuple[float, ...], within: float, holds: bool) -> None:
    bench = live(*takes)
    if holds:
        bench.run(5.0, ON)
        assert bench.closed
        assert bench.guard.faults == set()
    else:
        assert bench.until_open() <= within + 0.05
        assert DeviceFault.OVER_CURRENT in bench.guard.faults


@pytest.mark.parametrize(("takes", "seconds"), [((8.1e3,), 0.9), ((8e3, 8e3, 7.5e3), 0.9), ((12e3,), 0.03)])
def test_a_current_above_the_limits_for_a_moment(takes: tuple[float, ...], seconds: float) -> None:
    bench = live(*takes)
    bench.run(seconds, ON)
    bench.load.takes = NO_PHASE
    bench.run(0.5, ON)
    assert bench.closed
    assert bench.guard.faults == set()


@pytest.mark.parametrize(
    ("setpoint", "allowed"), [(replace(ON, bidirectional=False), True), (ON, False), (replace(ON, bidirectional=False), False)]
)
def test_power_out_of_the_vehicle_without_permission(setpoint: Setpoint, allowed: bool) -> None:
    bench = live(-1e3, -1e3, -1e3, discharge_allowed=allowed)
    assert bench.until_open(setpoint) <= 0.7
    assert DeviceFault.REVERSE_POWER in bench.guard.faults


def test_power_out_of_the_vehicle_with_permission() -> None:
    bench = live(-3e3, -3e3, -3e3)
    r = bench.run(36.0, ON).reading
    assert bench.guard.faults == set()
    assert r.current.value < 0
    assert r.discharged.value == pytest.approx(90, rel=0.02)
    bench.guard.discharge_allowed = False
    bench.until_open()


@pytest.mark.case("BPT-11")
@pytest.mark.parametrize("break_", [{"grid_lost": True}, {"grid_voltage": 0.7}, {"grid_voltage": 1.2}, {"grid_frequency": 54.0}])
def test_a_lost_grid_opens_and_is_no_fault(break_: dict[str, Any]) -> None:
    bench = live(-2e3, -2e3, -2e3)
    for name, value in break_.items():
        setattr(bench.outlet.plant.faults, name, value)
    assert bench.until_open() <= 0.3
    assert bench.guard.faults == set()


FAULTS: list[tuple[Callable[[Any], None], DeviceFault]] = [
    (lambda f: setattr(f, "residual_current", True), DeviceFault.RESIDUAL_CURRENT),
    (lambda f: setattr(f, "supply_dead", True), DeviceFault.SUPPLY),
    (lambda f: setattr(f, "meter_failed", True), DeviceFault.METER),
    (lambda f: setattr(f, "telemetry_frozen", True), DeviceFault.STALE),
]


@pytest.mark.parametrize(("break_", "fault"), FAULTS, ids=lambda value: value.name if isinstance(value, DeviceFault) else "")
def test_a_fault_opens_and_stays_until_reset(break_: Callable[[Any], None], fault: DeviceFault) -> None:
    bench = live(3e3)
    break_(bench.outlet.plant.faults)
    assert bench.until_open() <= 1.2
    assert fault in bench.guard.faults
    bench.outlet.plant.faults.residual_current = bench.outlet.plant.faults.supply_dead = False
    bench.outlet.plant.faults.meter_failed = bench.outlet.plant.faults.telemetry_frozen = False
    bench.load.takes = NO_PHASE
    bench.run(0.5, ON)
    assert not bench.closed
    bench.guard.reset()
    bench.run(0.5, ON)
    assert bench.closed


def test_a_fault_from_outside() -> None:
    bench = live(3e3)
    bench.guard.trip(DeviceFault.EMERGENCY_STOP)
    assert bench.until_open() <= 0.15


@pytest.mark.case("PWR-06")
def test_a_contactor_that_does_not_close() -> None:
    bench = Bench()
    bench.outlet.plant.faults.contactor_stuck_open = True
    bench.run(0.6, ON)
    assert DeviceFault.CONTACTOR in bench.guard.faults


class Saying:
    """A device that gives one answer of its own."""

    def __init__(self, inner: Any, call: str, answer: Callable[[], Any]) -> None:
        self._inner, self._call, self._answer = inner, call, answer

    def __getattr__(self, name: str) -> Any:
        return self._answer if name == self._call else getattr(self._inner, name)


@pytest.mark.parametrize(
    ("device", "call"),
    [
        ("path", "measured"),
        ("path", "residual"),
        ("contactor", "voltage"),
        ("contactor", "feedback"),
        ("pilot", "state"),
        ("lock", "locked"),
    ],
)
def test_one_device_that_falls_silent_is_enough(device: str, call: str) -> None:
    bench = live(3e3)
    inner = getattr(bench.outlet, device)
    last = getattr(inner, call)()
    setattr(bench.outlet, device, Saying(inner, call, lambda: last))
    assert bench.until_open() <= 1.2
    assert DeviceFault.STALE in bench.guard.faults


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("what", ["voltage", "active", "reactive", "frequency"])
def test_what_is_no_number_grows_old_instead_of_being_believed(what: str, value: float) -> None:
    bench = live(3e3)
    inner = bench.outlet.path
    wrong = value if what == "frequency" else PerPhase(value, 0.0, 0.0)

    def measured() -> Any:
        grid = inner.measured()
        return replace(grid, value=replace(grid.value, **{what: wrong}))

    bench.outlet.path = Saying(inner, "measured", measured)
    assert bench.until_open() <= 1.2
    assert DeviceFault.STALE in bench.guard.faults


def test_a_grid_measured_in_the_future_grows_old_too() -> None:
    bench = live(3e3)
    inner = bench.outlet.path
    bench.outlet.path = Saying(inner, "measured", lambda: replace(inner.measured(), at=bench.now + 1.0))
    assert bench.until_open() <= 1.2
    assert DeviceFault.STALE in bench.guard.faults


@pytest.mark.parametrize(("call", "value"), [("voltage", 230.0), ("feedback", Contactor.MOVING)])
def test_it_closes_onto_nothing_that_it_does_not_know(call: str, value: object) -> None:
    """Such as a vehicle that feeds an island behind the open contactor."""
    bench = Bench()
    bench.run(0.4, Setpoint(lock=True))
    inner = bench.outlet.contactor
    bench.outlet.contactor = Saying(inner, call, lambda: Measured(value, bench.now))
    bench.run(0.15, ON)
    assert not bench.closed
    bench.outlet.contactor = inner
    bench.run(0.3, ON)
    assert bench.closed


def test_welded_contacts_are_found_and_the_connector_held() -> None:
    bench = live(3e3)
    bench.outlet.plant.faults.contactor_welded = True
    bench.run(1.0, OFF)
    assert DeviceFault.CONTACTOR in bench.guard.faults
    assert bench.seen.reading.locked.value


def test_it_rests_free() -> None:
    bench = live()
    bench.run(0.5, OFF)
    assert not bench.closed
    assert not bench.seen.reading.locked.value


def test_a_lock_that_does_not_hold() -> None:
    bench = Bench()
    bench.outlet.plant.faults.lock_stuck = True
    bench.run(3.5, ON)
    assert not bench.closed
    assert DeviceFault.LOCK in bench.guard.faults


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (PerPhase(9e3, 0, 0), PerPhase(7360, 0, 0)),
        (PerPhase(9e3, 9e3, 9e3), PerPhase(7360, 7360, 7360)),
        (PerPhase(-9e3, 0, 0), PerPhase(-4600, 0, 0)),
        (PerPhase(-9e3, -9e3, -9e3), PerPhase.even(-10e3, 3)),
    ],
)
def test_the_target_is_clipped_again(target: PerPhase, told: PerPhase) -> None:
    limits = replace(AC_BOARD.limits, discharge_current=20.0, discharge_power=10e3)
    bench = live(limits=limits)
    bench.run(0.2, replace(ON, target=AcTarget(target)))
    assert bench.outlet.plant.target is not None
    assert bench.outlet.plant.target.active == pytest.approx(told)
    bench.run(0.2, replace(ON, target=AcTarget(target), bidirectional=False))
    assert min(bench.outlet.plant.target.active) >= 0


def test_no_reset_while_current_flows() -> None:
    bench = live(3e3)
    bench.step()
    with pytest.raises(LocalError, match="not reset while current flows"):
        bench.guard.reset()


def test_a_driver_that_raises_is_a_fault() -> None:
    bench = live(3e3)

    class Broken:
        def demand(self, locked: bool) -> None:
            """It takes what it is told."""

        def locked(self) -> Measured[bool]:
            raise DeviceError(DeviceFault.COMMUNICATION, "bus gone")

    bench.outlet.lock = Broken()
    bench.until_open()
    assert DeviceFault.COMMUNICATION in bench.guard.faults


def test_a_single_phase() -> None:
    bench = live(7e3, ac=AcAbilities(phases=1))
    r = bench.run(1.0, ON).reading
    assert r.ac is not None
    assert r.ac.value.voltage == PerPhase(230.0)
    assert bench.closed


@pytest.mark.parametrize("drift", [1.5, 3.0, 20.0])
def test_an_island_is_left_within_two_seconds(drift: float) -> None:
    """N35: a vehicle that goes on feeding holds the voltage, but not the frequency."""
    bench = live(-2e3, -2e3, -2e3)
    bench.run(0.3, ON)
    bench.outlet.plant.faults.island = drift
    bench.outlet.plant.faults.grid_lost = True
    bench.run(0.02, ON)
    assert bench.outlet.plant.behind == 230.0, "the island is there"
    took = bench.until_open(ON)
    assert took < 2.0
    assert bench.outlet.plant.behind == 0.0
    assert bench.run(2.0, ON).faults == set(), "a grid that is lost is no fault"
    assert not bench.closed


def test_a_vehicle_that_charges_holds_no_island() -> None:
    bench = live(3e3)
    bench.outlet.plant.faults.island = 1.0
    bench.outlet.plant.faults.grid_lost = True
    assert bench.until_open() < 0.2


def test_contacts_that_bounce_are_no_fault() -> None:
    bench = Bench()
    bench.outlet.plant.faults.contactor_bounce = 0.03
    assert bench.run(1.0, ON).faults == set()
    assert bench.closed
