"""What breaks, how, and what has to come of it."""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from typing import Any, Final, NamedTuple, TypeAlias

from iso15118.energy import Budget
from iso15118.errors import DeviceError, DeviceFault
from iso15118.errors import FaultClass as Severity
from iso15118.power import Measured, Pilot
from iso15118.testing import Charger, Driver

Deed: TypeAlias = Callable[[Charger, Driver], object]


class Bounds(NamedTuple):
    """s from the fault: to less than 5 A, to an open contactor, to less than 60 V at the outlet."""

    current: float
    contactor: float
    voltage: float


LIMITS: Final = {
    Severity.EMERGENCY: Bounds(1.0, 1.1, 2.5),
    Severity.ERROR: Bounds(2.5, 3.0, 5.0),
    Severity.NORMAL: Bounds(20.0, 20.0, 22.5),
}
"""A fault that is found late because its measurement has to grow old first has that second more."""


class Breakage(NamedTuple):
    """One of them. `latched`: what the guard holds against it where energy flows; None: nothing has to be."""

    name: str
    severity: Severity
    deed: Deed
    latched: DeviceFault | None = None
    found_after: float = 0.0
    """s that pass before anybody can know."""
    opens: bool = True
    """The contactor can open at all."""
    discharges: bool = True
    """The outlet gets below 60 V: nothing else holds a voltage there, such as a car that has not heard of it."""


def plant(**faults: Any) -> Deed:
    """The physics is broken (`SimulatedFaults`)."""

    def deed(charger: Charger, driver: Driver) -> None:
        for name, value in faults.items():
            setattr(charger.faults, name, value)

    return deed


def driver_of(device: str, method: str, answer: Callable[..., Any]) -> Deed:
    """A driver does something else from now on: `answer` in the place of one of its methods."""

    def deed(charger: Charger, driver: Driver) -> None:
        outlet: Any = charger.outlet
        inner = outlet if device == "outlet" else getattr(outlet, device)
        stand_in = _Broken(inner, method, answer)
        if device == "outlet":
            charger.evse.actuator._guard._outlet = stand_in  # type: ignore[attr-defined]
        else:
            setattr(outlet, device, stand_in)

    return deed


def monitor(name: str, method: str, answer: Callable[..., Any]) -> Deed:
    """The same for one of an outlet's monitors."""

    def deed(charger: Charger, driver: Driver) -> None:
        watching: Any = charger.evse.actuator._guard._monitoring  # type: ignore[attr-defined]
        watching._monitors = watching._monitors._replace(**{name: _Broken(getattr(watching._monitors, name), method, answer)})

    return deed


class _Broken:
    """A driver of which one word is broken."""

    def __init__(self, inner: Any, method: str, answer: Callable[..., Any]) -> None:
        self._inner, self._method, self._answer = inner, method, answer

    def __getattr__(self, name: str) -> Any:
        if name == self._method:
            found = getattr(self._inner, name)
            return self._answer if callable(found) else self._answer()
        return getattr(self._inner, name)


def raises(error: Exception) -> Callable[..., Any]:
    """A driver that raises."""

    def answer(*_: object, **__: object) -> Any:
        raise error

    return answer


def always(value: Any) -> Callable[..., Any]:
    """A driver that always answers this."""
    return lambda *_, **__: value


LOST: Final = DeviceError(DeviceFault.COMMUNICATION, "the bus is off")
NAN: Final = Measured(nan, 1e6)
OLD: Final = 1.0
"""s until a measurement that does not come any more is a fault."""
NOW: Final = Measured(0.0, 0.0)
NOT: Final = Measured(False, 0.0)
E_, S, C = Severity.EMERGENCY, DeviceFault.SUPPLY, DeviceFault.COMMUNICATION


def _unlocked(charger: Charger, driver: Driver) -> None:
    plant_: Any = charger.outlet.plant
    driver_of("lock", "locked", lambda: Measured(False, plant_.now))(charger, driver)


def _monitor_trips(charger: Charger, driver: Driver) -> None:
    plant_: Any = charger.outlet.plant
    monitor("over_voltage", "tripped", lambda: Measured(True, plant_.now))(charger, driver)


def _turn_raises(charger: Charger, driver: Driver) -> None:
    """Physics goes on all the same."""
    inner = charger.outlet.advance

    def advance(now: float) -> None:
        inner(now)
        raise LOST

    driver_of("outlet", "advance", advance)(charger, driver)


def _trip(charger: Charger, driver: Driver) -> None:
    charger.evse.trip()


BREAKAGES: Final = (
    # The plant.
    Breakage("output contactor welded", Severity.NORMAL, plant(contactor_welded=True), opens=False, discharges=False),
    Breakage("output contactor falls open", E_, plant(contactor_stuck_open=True), DeviceFault.CONTACTOR, 0.2),
    Breakage("the car's contactor welded", Severity.NORMAL, plant(vehicle_welded=True), discharges=False),
    Breakage("the car's contactor falls open", Severity.NORMAL, plant(vehicle_stuck_open=True)),
    Breakage("insulation fault", Severity.ERROR, plant(insulation=20e3), DeviceFault.INSULATION),
    Breakage("meter failed", Severity.ERROR, plant(meter_failed=True), DeviceFault.METER),
    Breakage("meter counts twice as much", Severity.WARNING, plant(meter_gain=2.0)),
    Breakage("supply dead", E_, plant(supply_dead=True), S),
    Breakage("supply derated to a fifth", Severity.WARNING, plant(supply_derating=0.2)),
    Breakage("current a half more than asked for", E_, plant(current_gain=1.6), DeviceFault.OVER_CURRENT, 0.1),
    Breakage("voltage a half more than asked for, which a battery does not let happen", Severity.WARNING, plant(voltage_gain=1.5)),
    Breakage("all measurements frozen", E_, plant(telemetry_frozen=True), DeviceFault.STALE, OLD),
    Breakage("lock stuck where it is", Severity.WARNING, plant(lock_stuck=True)),
    Breakage("pilot A: the plug is out", E_, plant(pilot=Pilot.A), DeviceFault.CONTROL_PILOT),
    Breakage("pilot B", E_, plant(pilot=Pilot.B), DeviceFault.CONTROL_PILOT, discharges=False),
    Breakage("pilot E", E_, plant(pilot=Pilot.E), DeviceFault.CONTROL_PILOT),
    Breakage("pilot F", E_, plant(pilot=Pilot.F), DeviceFault.CONTROL_PILOT),
    Breakage("grid lost", E_, plant(grid_lost=True), S),
    Breakage("emergency stop pressed", E_, plant(stop_pressed=True), DeviceFault.EMERGENCY_STOP),
    Breakage("door open", E_, plant(door_open=True), DeviceFault.ENCLOSURE),
    Breakage("warm: half of it derated", Severity.WARNING, plant(celsius=85.0)),
    Breakage("too hot", Severity.ERROR, plant(celsius=96.0), DeviceFault.OVER_TEMPERATURE),
    # The drivers.
    Breakage("supply: demand raises", E_, driver_of("supply", "demand", raises(LOST)), C),
    Breakage("supply: measurement raises", E_, driver_of("supply", "measured", raises(LOST)), C),
    Breakage("supply: raises what is no DeviceError", E_, driver_of("supply", "measured", raises(ZeroDivisionError("x"))), C),
    Breakage("supply: measures no numbers", E_, driver_of("supply", "measured", always((NAN, NAN))), DeviceFault.STALE, OLD),
    Breakage("supply: measures texts", E_, driver_of("supply", "measured", always((Measured("4", 1e6), NOW))), C),
    Breakage("supply: measures nothing", E_, driver_of("supply", "measured", always(None)), C),
    Breakage("supply: abilities of another kind", E_, driver_of("supply", "abilities", always("all")), S),
    Breakage("supply: health raises", E_, driver_of("supply", "health", raises(LOST)), C),
    Breakage("contactor: demand raises", E_, driver_of("contactor", "demand", raises(LOST)), C, opens=False, discharges=False),
    Breakage("contactor: feedback raises", E_, driver_of("contactor", "feedback", raises(LOST)), C),
    Breakage("contactor: voltage is no number", E_, driver_of("contactor", "voltage", always(NAN)), DeviceFault.STALE, OLD),
    Breakage(
        "contactor: voltage from the future", E_, driver_of("contactor", "voltage", always(Measured(400.0, 1e9))), DeviceFault.STALE, OLD
    ),
    Breakage("insulation monitor: verdict raises", E_, driver_of("insulation", "verdict", raises(LOST)), C),
    Breakage("meter: reading raises", E_, driver_of("meter", "charged", raises(LOST)), C),
    Breakage("pilot: state raises", E_, driver_of("pilot", "state", raises(LOST)), C),
    Breakage("lock: state raises", E_, driver_of("lock", "locked", raises(LOST)), C),
    Breakage("lock: says that it is open", E_, _unlocked, DeviceFault.LOCK, 0.2),
    Breakage("stop inputs: raise", E_, monitor("stop", "pressed", raises(LOST)), C),
    Breakage("stop inputs: say nothing any more", E_, monitor("stop", "door", always(NOT)), DeviceFault.STALE, OLD),
    Breakage("over-voltage monitor: has tripped", E_, _monitor_trips, DeviceFault.OVER_VOLTAGE),
    Breakage("thermometer: measures no number", Severity.WARNING, monitor("temperature", "celsius", always(NAN))),
    Breakage("outlet: its turn raises", E_, _turn_raises, C),
    # People and peers.
    Breakage("emergency stop", E_, _trip, DeviceFault.EMERGENCY_STOP),
    Breakage("operator stops", Severity.NORMAL, lambda charger, driver: charger.evse.stop("closing time")),
    Breakage(
        "site grants nothing any more", Severity.WARNING, lambda charger, driver: charger.evse.set_budget(Budget(0.0, 0.0, target=0.0))
    ),
    Breakage("plug pulled", E_, lambda charger, driver: driver.unplug()),
    Breakage("the car's connection lost", Severity.ERROR, lambda charger, driver: driver.conversation.drop("the cable is cut")),
)
