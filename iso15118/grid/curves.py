"""A grid-code profile at one connection: as the words of `der`, and followed in the charge loop where the car's inverter does not do it.

The evaluator is that of `der.follow`, for every place: the simulated car's inverter runs it each 10 ms, `support` each turn of the charge
loop. A loop of 0.1 to 1 s is slower than the codes want: what `support` does is a support, and no compliance. Our own inverter is told the
same words and executes them by itself. Trips and ride-through are never here.
"""

from __future__ import annotations

from collections.abc import Collection
from math import isfinite, log
from typing import Final, NamedTuple

from iso15118.der.follow import NEW, Followed, Grid, Memory, Rated, follow
from iso15118.der.words import Curve, DerOrder, EnterService, FrequencyWatt, GridCode, Points, Protection, Response, VoltWatt
from iso15118.errors import LocalError
from iso15118.grid.profile import Function, Profile
from iso15118.units import Second, Var, Volt, Watt
from iso15118.value import Value

TAUS: Final = {"three_tau": 3.0, "open_loop_response_time": log(10.0)}
"""How many time constants of a first-order lag each figure is: to 95 %, and to 90 % as IEEE 1547 counts."""
CURVES: Final = ("over_frequency_watt", "under_frequency_watt", "volt_watt", "volt_var", "watt_var", "watt_cos_phi")
"""The functions that become words of a grid code; the rest are set-points (`der.words.DsoSetpoint`), rules of other modules, or metal."""


class Connection(Value):
    """What the shares of a profile are shares of. Magnitudes; volts from phase to neutral. Raises LocalError on what is not above 0."""

    voltage: Volt
    discharge: Watt
    """The most power given."""
    apparent: float
    """VA, rated."""

    def __post_init__(self) -> None:
        for name in ("voltage", "discharge", "apparent"):
            if not getattr(self, name) > 0.0:
                raise LocalError(f"a connection's {name} is {getattr(self, name):g}; allowed: above 0")


def imported(exported: float) -> float:
    """A power as this project counts it, + into the vehicle (reactive: + inductive), of one as the codes do: + into the grid."""
    return 0.0 - exported


def grid_code(profile: Profile, at: Connection, functions: Collection[str] | None = None) -> GridCode:
    """The curves of a profile as the words of a grid code; `functions`: some of `CURVES`, None: those that the profile enables.

    Raises LocalError on a function that the profile has not, and on two kinds of reactive power.
    """
    if functions is None:
        functions = [name for name in CURVES if name in profile.functions and profile.functions[name].enabled]
    for name in functions:
        if name not in CURVES or name not in profile.functions:
            raise LocalError(f"{profile.name} has no curve {name!r}; allowed: {', '.join(n for n in CURVES if n in profile.functions)}")
    of = {name: profile.functions[name] for name in functions}
    return GridCode(
        over_frequency_watt=_frequency_watt(profile, of.get("over_frequency_watt")),
        under_frequency_watt=_frequency_watt(profile, of.get("under_frequency_watt")),
        volt_watt=_volt_watt(of.get("volt_watt"), at),
        volt_var=_reactive(of.get("volt_var"), "v", at.voltage, 4, at),
        watt_var=_reactive(of.get("watt_var"), "p", at.discharge, 3, at),
        watt_cos_phi=_cos_phi(of.get("watt_cos_phi"), at),
        nominal_discharge_power=at.discharge,
        protection=_protection(profile, at),
    )


def enter_service(profile: Profile, at: Connection, function: str = "reconnect") -> EnterService:
    """When to come into service: `function` is `start`, or `reconnect` after a trip. Raises LocalError where the profile has it not."""
    if function not in profile.functions:
        raise LocalError(f"{profile.name} does not say {function!r}")
    rule = profile.functions[function]
    ramp: Second | None = rule["ramp_time"] if "ramp_time" in rule.numbers else None
    if "ramp" in rule.numbers:
        ramp = 60.0 / rule["ramp"]
    return EnterService(
        rule["voltage_low"] * at.voltage,
        rule["voltage_high"] * at.voltage,
        rule["frequency_low"],
        rule["frequency_high"],
        delay=rule["delay"],
        ramp_time=ramp,
    )


def _response(function: Function) -> Response:
    for key, taus in TAUS.items():
        if key in function.numbers:
            return Response(function[key] / taus, pt1=True)
    return Response()


def _frequency_watt(profile: Profile, function: Function | None) -> FrequencyWatt | None:
    if function is None:
        return None
    start, slope = function["start"], 100.0 / (function["droop"] * profile.nominal_frequency)
    return FrequencyWatt(start, start, slope, response=_response(function), storage=True)


def _volt_watt(function: Function | None, at: Connection) -> VoltWatt | None:
    """Raises LocalError on a curve that does not end at nothing: no message can say one."""
    if function is None:
        return None
    if (function["p1"], function["p2"]) != (1.0, 0.0):
        raise LocalError(f"volt_watt from {function['p1']:g} to {function['p2']:g} Pn; allowed: from 1 to 0")
    return VoltWatt(function["v1"] * at.voltage, function["v2"] * at.voltage, response=_response(function))


def _reactive(function: Function | None, x: str, unit: float, count: int, at: Connection) -> Curve | None:
    if function is None:
        return None
    small = "small_below" in function.numbers and at.apparent <= function["small_below"]
    most = function["q_max_small" if small else "q_max"] * at.apparent
    points: Points = tuple((function[f"{x}{n}"] * unit, imported(function[f"q{n}"] * most)) for n in range(1, count + 1))
    return Curve(points, _response(function))


def _cos_phi(function: Function | None, at: Connection) -> Curve | None:
    if function is None:
        return None
    points: Points = tuple((function[f"p{n}"] * at.discharge, function[f"cos_phi{n}"]) for n in (1, 2))
    return Curve(points, _response(function))


def _protection(profile: Profile, at: Connection) -> Protection | None:
    """What AC_DER_SAE tells; None where the code's trips are not all two stages over time, as in Europe."""
    names = [f"trip_{side}_{what}" for what in ("voltage", "frequency") for side in ("over", "under")]
    trips = [profile.functions[name] for name in names if name in profile.functions and "second" in profile.functions[name].numbers]
    if len(trips) < len(names):
        return None
    units = (at.voltage, at.voltage, 1.0, 1.0)
    over, under, fast, slow = (
        tuple(sorted((trip[f"{stage}_time"], trip[stage] * unit) for stage in ("first", "second")))
        for trip, unit in zip(trips, units, strict=True)
    )
    return Protection(over, under, fast, slow, enter_service(profile, at))


class Supporting(NamedTuple):
    """What `support` remembers from one turn to the next."""

    asked: Watt = 0.0
    """The wish as far as its ramp has come, + into the vehicle."""
    memory: Memory = NEW


def support(
    order: DerOrder, wish: Watt, reactive: Var, grid: Grid, rated: Rated, ramp: float | None, before: Supporting, dt: Second
) -> tuple[Followed, Supporting]:
    """The set-point of this turn, for a car whose inverter follows no grid code. W and var of all phases, + into the vehicle.

    `ramp` (W/s; None: at once) bounds how fast the wish may change, and nothing else: what a curve cuts is cut at once. In this order:
    out of service, not measured or beyond the voltages, 0; frequency above, voltage above, and every limit of discharge, the lowest
    counts; frequency below; the wish.
    """
    asked = wish if ramp is None else min(max(wish, before.asked - ramp * dt), before.asked + ramp * dt)
    if not all(map(isfinite, grid)):
        return Followed(max(0.0, asked), 0.0, NEW, curbed=asked < 0.0), Supporting(asked)
    followed = follow(order, asked, reactive, grid, rated, before.memory, dt)
    return followed, Supporting(asked, followed.memory)
