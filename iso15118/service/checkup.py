"""Metal looked at without a car: what each device of an outlet can do and reads, what does not fit together. Nothing is switched on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from iso15118.hal import registry
from iso15118.hal.bounds import SAFE_VOLTAGE, STALE
from iso15118.hal.monitoring import CONVERTER
from iso15118.hal.protocols import AcOutlet, Health, Outlet
from iso15118.power import Abilities, Contactor, Measured, Pilot, Telemetry
from iso15118.service.evse_config import EvseConfig, guarded
from iso15118.session.services import BIDIRECTIONAL
from iso15118.units import KW, Second

LOOKING: Final[Second] = 1.0
"""So long the guard turns, with everything off."""
TURN: Final[Second] = 0.010


class Finding(NamedTuple):
    """`device` says `told`; `problem` "": as it has to be."""

    device: str
    told: str
    problem: str = ""


def contradictions(config: EvseConfig) -> Iterator[str]:
    """What cannot be, by the files alone."""
    abilities, allowed = config.abilities, config.allowed
    least_and_most = (
        ("charging", "A", abilities.min_charge_current, allowed.charge_current),
        ("charging", "W", abilities.min_charge_power, allowed.charge_power),
        ("discharging", "A", abilities.min_discharge_current, allowed.discharge_current),
        ("discharging", "W", abilities.min_discharge_power, allowed.discharge_power),
    )
    for what, unit, least, most in least_and_most:
        if least > most and not (what == "discharging" and not most):
            yield f"{what}: at least {least:g} {unit} and at most {most:g} {unit}"
    back = [service.id.name for service in config.session.services if service.id in BIDIRECTIONAL]
    if back and not allowed.discharge_power:
        yield f"{', '.join(back)} on offer, and no energy may come back (discharge_allowed, discharge limits)"
    if abilities.ac is not None and not allowed.min_voltage <= abilities.ac.voltage <= allowed.max_voltage:
        yield f"a nominal voltage of {abilities.ac.voltage:g} V outside {allowed.min_voltage:g}..{allowed.max_voltage:g} V"
    if not abilities.ramp > 0:
        yield "a ramp of 0 A/s: no current ever rises"


def examine(config: EvseConfig, seconds: Second = LOOKING) -> Iterator[Finding]:
    """Each device, and at last the guard. Raises LocalError for metal that cannot be had."""
    outlet = registry.outlet(config.board)
    try:
        guard = guarded(config, outlet)
        telemetry, until = guard.cycle(time.monotonic()), time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(TURN)
            telemetry = guard.cycle(time.monotonic())
        yield from _devices(outlet, telemetry, time.monotonic())
        yield from _around(config, outlet, time.monotonic())
    finally:
        outlet.close()


def _devices(outlet: Outlet | AcOutlet, telemetry: Telemetry, now: Second) -> Iterator[Finding]:
    r, source = telemetry.reading, outlet.path if isinstance(outlet, AcOutlet) else outlet.supply
    yield Finding("path" if isinstance(outlet, AcOutlet) else "supply", _able(source.abilities), _ill(source.health))
    if r.ac is not None:
        grid = r.ac.value
        volts = " ".join(f"{volt:.1f}" for volt in grid.voltage)
        yield Finding("grid", f"{volts} V, {grid.frequency:.2f} Hz", _old(r.ac, now))
    live = f"{r.voltage.value:.0f} V at the outlet" if r.voltage.value >= SAFE_VOLTAGE else ""
    yield Finding("voltage", f"{r.voltage.value:.1f} V", _old(r.voltage, now) or live)
    yield Finding("current", f"{r.current.value:.2f} A", _old(r.current, now))
    closed = "" if r.contactor.value is Contactor.OPEN else f"{r.contactor.value.name.lower()}, with nothing switched on"
    yield Finding("contactor", r.contactor.value.name.lower(), _old(r.contactor, now) or closed)
    fault = "a fault of the pilot" if r.pilot.value in (Pilot.E, Pilot.F) else ""
    yield Finding("pilot", r.pilot.value.name, _old(r.pilot, now) or fault)
    yield Finding("lock", "locked" if r.locked.value else "free", _old(r.locked, now))
    if not isinstance(outlet, AcOutlet):
        yield Finding("insulation", f"{r.insulation.value.name.lower()}, {r.resistance.value / 1e3:.0f} kOhm", _old(r.resistance, now))
    counted = f"{outlet.meter.meter_id}: {r.charged.value / 1e3:.3f} kWh in, {r.discharged.value / 1e3:.3f} kWh out"
    yield Finding("meter", counted, _ill(outlet.meter.health))
    faults = ", ".join(sorted(telemetry.faults))
    yield Finding("guard", f"{telemetry.number} cycles", faults)


def _around(config: EvseConfig, outlet: Outlet | AcOutlet, now: Second) -> Iterator[Finding]:
    """The monitors, and what is no device."""
    monitors, around = outlet.monitors, config.board.surroundings
    if (heat := monitors.temperature) is not None:
        celsius = heat.celsius()
        hot = f"above {around.derate_from:g}: less flows" if celsius.value > around.derate_from else ""
        yield Finding("heat", f"{celsius.value:.0f} degrees", hot or ("never measured" if celsius.at == float("-inf") else ""))
    if (stop := monitors.stop) is not None:
        pressed, door = stop.pressed(), stop.door()
        yield Finding("stop", "pressed" if pressed.value else "free", _old(pressed, now) or ("pressed" if pressed.value else ""))
        yield Finding("door", "open" if door.value else "shut", _old(door, now) or ("open" if door.value else ""))
    if (grid := monitors.grid) is not None:
        seen = grid.measured()
        volts = " ".join(f"{volt:.1f}" for volt in seen.value.voltage)
        old = seen.age(now) > around.grid_fresh
        yield Finding("grid", f"{volts} V, {seen.value.frequency:.2f} Hz", f"measured {seen.age(now):.1f} s ago" if old else "")
    elif not isinstance(outlet, AcOutlet) and config.may_give and around.grid != CONVERTER:
        told = 'nothing comes back: a grid sensor, or [surroundings] grid = "converter"'
        yield Finding("grid", "nobody sees it", told)
    if monitors.phases is not None:
        yield Finding("phases", f"{monitors.phases.phases().value or 'on their way'}", _old(monitors.phases.phases(), now))
    if simulated := getattr(outlet, "simulated", ()):
        yield Finding("simulated", f"{', '.join(simulated)}: no real device")


def _able(abilities: Abilities) -> str:
    limits = abilities.limits
    back = f", {limits.discharge_current:g} A and {limits.discharge_power / KW:g} kW back" if limits.discharge_power else ", nothing back"
    kind = "" if abilities.ac is None else f"{abilities.ac.phases} x "
    volts = f"{kind}{limits.min_voltage:g}..{limits.max_voltage:g} V"
    return f"{volts}, {limits.charge_current:g} A and {limits.charge_power / KW:g} kW{back}"


def _ill(health: Any) -> str:
    return "" if health is Health.GOOD else f"it says of itself: {getattr(health, 'name', health)}".lower()


def _old(measured: Measured[Any], now: Second) -> str:
    age = measured.age(now)
    return f"measured {age:.1f} s ago" if age > STALE else ""
