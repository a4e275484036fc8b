"""What an inverter makes of a grid code: the power it may move and the reactive power it makes, by its own measurement of the mains.

Pure: `follow` gives the result and the next `Memory`. Functions of active power only take away: above a frequency or a voltage less is
given, below a frequency less is taken, and none makes a vehicle give or take what was not asked of it, except where a grid code has it act
as a storage. Then what is to be given is still no more than the other functions and limits let. Powers in W and var of all phases
together, + into the vehicle. Not done here: riding through a fault of less than a period, and direct current; that is metal.
"""

from __future__ import annotations

from math import acos, exp, inf, tan
from typing import Final, NamedTuple

from iso15118.der.in_service import OUT, InService, in_service, share
from iso15118.der.words import Curve, DerOrder, FrequencyWatt, GridCode, Response, VoltWatt, ZeroCurrent
from iso15118.units import Hertz, Second, Var, Volt, Watt

NEAR: Final = 1.0
"""W or var by which a lag has arrived."""


class Grid(NamedTuple):
    """The mains as the inverter sees them."""

    voltage: Volt
    """The mean of the phases."""
    highest: Volt
    lowest: Volt
    frequency: Hertz


class Rated(NamedTuple):
    """What the inverter can do, magnitudes."""

    discharge: Watt
    reactive: Var
    chance: float = 1.0
    """0..1, the share of a random delay that it has drawn."""
    charge: Watt = 0.0
    """The most that a storage takes without being asked."""


class Channel(NamedTuple):
    """What one function remembers."""

    value: float = 0.0
    """What it does now: W cut, or var made."""
    goal: float = 0.0
    waited: Second = 0.0
    """For how long it has wanted to act otherwise than it did."""
    base: Watt = 0.0
    """The power when it began; of a storage below 0 where it flowed the other way."""
    acting: bool = False
    back: Second = 0.0
    """For how long the grid has been back in order."""


IDLE: Final = Channel()


class Memory(NamedTuple):
    """What the inverter remembers from one moment to the next."""

    over: Channel = IDLE
    under: Channel = IDLE
    volt: Channel = IDLE
    reactive: Channel = IDLE
    locked_in: bool = False
    stopped: bool = False
    """No current flows, by the limits of its voltage."""
    service: InService = OUT
    """Counts only under a grid code with `Protection`."""


NEW: Final = Memory()


class Followed(NamedTuple):
    """What comes of it. `curbed`: a function holds power back. `moving`: something is on its way though the grid stands still."""

    active: Watt
    reactive: Var
    memory: Memory
    curbed: bool = False
    moving: bool = False


def follow(order: DerOrder, active: Watt, reactive: Var, grid: Grid, rated: Rated, memory: Memory, dt: Second) -> Followed:
    """`active` and `reactive`: what is wanted of the inverter; `dt`: seconds since the last call."""
    code, service, most = order.code, memory.service, rated.discharge
    if code.protection is not None:
        enter = code.protection.enter
        service = in_service(code.protection, grid.highest, grid.lowest, grid.frequency, rated.chance, service, dt) if enter.permit else OUT
        most *= share(enter, service)
        if not service.on:  # a load goes on [V2G20-3366]
            return Followed(max(0.0, active), 0.0, NEW._replace(service=service), curbed=active < 0.0, moving=enter.permit)
    stopped = code.zero_current is not None and _stopped(code.zero_current, grid, memory.stopped)
    given, taken = max(0.0, -active), max(0.0, active)
    over = _frequency(code.over_frequency_watt, grid.frequency, 1.0, -active, rated, memory.over, dt)
    under = _frequency(code.under_frequency_watt, grid.frequency, -1.0, active, rated, memory.under, dt)
    volt = _voltage(code.volt_watt, grid.highest, given, rated, memory.volt, dt)
    caps = [most, *(each for each in (order.discharge_power, order.dso.discharge_power) if each is not None)]
    over_left, under_left = _left(code.over_frequency_watt, over), _left(code.under_frequency_watt, under)
    if volt.acting:
        caps.append(max(0.0, volt.base - volt.value))
    given = min(max(given, -under_left), max(0.0, over_left), *caps)
    taken = max(min(taken, max(0.0, under_left)), min(-over_left, rated.charge))
    curbed = stopped or -given - 0.5 > active or taken + 0.5 < active
    active = 0.0 if stopped else taken - given
    turned, locked_in = _reactive(order, active, reactive, grid, rated, memory, dt)
    channels = (over, under, volt, turned)
    moving = any(abs(channel.goal - channel.value) > NEAR or channel.waited > 0.0 or channel.back > 0.0 for channel in channels)
    # A trip is counted, and a ramp climbed, from moment to moment.
    moving = moving or any(service.beyond) or most < rated.discharge
    return Followed(active, 0.0 if stopped else turned.value, Memory(*channels, locked_in, stopped, service), curbed, moving)


def lagged(channel: Channel, goal: float, response: Response, dt: Second) -> Channel:
    """The channel after `dt` on its way to `goal`."""
    if abs(goal - channel.value) <= 1e-6:
        return channel._replace(value=goal, goal=goal, waited=0.0)
    waited = channel.waited + dt if response.delay else 0.0
    if waited < response.delay:
        return channel._replace(goal=goal, waited=waited)
    share = 1.0 - exp(-dt / response.time_constant) if response.pt1 and response.time_constant > 0.0 else 1.0
    value = channel.value + (goal - channel.value) * share
    return channel._replace(value=goal if abs(goal - value) <= NEAR / 10 else value, goal=goal, waited=waited)


def _frequency(
    function: FrequencyWatt | None, frequency: Hertz, sign: float, power: Watt, rated: Rated, channel: Channel, dt: Second
) -> Channel:
    """W to be cut from `base`; `sign` 1: above a frequency, -1: below it. `power`: + the way that is cut."""
    if function is None:
        return IDLE
    beyond = sign * (frequency - function.start)
    if not channel.acting:
        if beyond <= 0.0:
            return IDLE
        channel = Channel(base=power if function.storage else max(0.0, power), acting=True)
    reference = channel.base if function.momentary else rated.discharge
    goal = reference * function.slope / 100.0 * max(0.0, beyond)
    if not function.hysteresis:
        channel = lagged(channel, goal, function.response, dt)
        return IDLE if beyond <= 0.0 and channel.value <= NEAR else channel
    if sign * (frequency - function.stop) > 0.0:
        return lagged(channel._replace(back=0.0), max(goal, channel.goal), function.response, dt)
    back = channel.back + dt
    if back <= (function.stop_delay or 0.0) + (function.deactivation or 0.0):
        return channel._replace(back=back)
    if function.ramp is None:
        return IDLE
    value = channel.value - function.ramp / 100.0 * rated.discharge / 60.0 * dt
    return IDLE if value <= 0.0 else channel._replace(value=value, goal=value, back=back)


def _left(function: FrequencyWatt | None, channel: Channel) -> Watt:
    """The most that may still flow the way that is cut; of a storage below 0: what has to flow the other way."""
    if function is None or not channel.acting:
        return inf
    left = channel.base - channel.value
    return left if function.storage else max(0.0, left)


def _voltage(function: VoltWatt | None, voltage: Volt, given: Watt, rated: Rated, channel: Channel, dt: Second) -> Channel:
    if function is None:
        return IDLE
    if not channel.acting:
        if voltage <= function.start:
            return IDLE
        channel = Channel(base=given if function.momentary else rated.discharge, acting=True)
    share = min(1.0, max(0.0, (voltage - function.start) / (function.stop - function.start)))
    channel = lagged(channel, channel.base * share, function.response, dt)
    return IDLE if share <= 0.0 and channel.value <= NEAR else channel


def _reactive(order: DerOrder, active: Watt, wanted: Var, grid: Grid, rated: Rated, memory: Memory, dt: Second) -> tuple[Channel, bool]:
    """The operator's word comes before the curve of the grid code, and that before what the charger wants."""
    code, dso, channel, locked_in = order.code, order.dso, memory.reactive, False
    by_curve = code.volt_var or code.watt_var or code.watt_cos_phi
    response, goal = dso.response, wanted
    if dso.reactive is not None:
        goal = dso.reactive
    elif dso.cos_phi is not None:
        goal = abs(active) * tan(acos(dso.cos_phi)) * (1.0 if dso.under_excited else -1.0)
    elif by_curve is not None:
        locked_in = _locked_in(by_curve, active, grid, memory.locked_in)
        response, goal = by_curve.response, _by_curve(code, by_curve, active, grid) if locked_in else 0.0
    else:
        response = Response()
    goal = min(max(goal, -rated.reactive), rated.reactive)
    return lagged(channel, goal, response, dt), locked_in


def _by_curve(code: GridCode, function: Curve, active: Watt, grid: Grid) -> Var:
    given = max(0.0, -active)
    if code.watt_cos_phi is not None:
        cos_phi = function.at(given)
        size = min(1.0, max(abs(cos_phi), 0.01))
        return given * tan(acos(size)) * (1.0 if cos_phi > 0.0 else -1.0)
    made = function.at(grid.voltage if code.volt_var is not None else given)
    if function.min_cos_phi is not None:
        most = abs(active) * tan(acos(min(1.0, max(function.min_cos_phi, 0.01))))
        made = min(max(made, -most), most)
    return made


def _locked_in(function: Curve, active: Watt, grid: Grid, before: bool) -> bool:
    if function.lock_in is None:
        return True
    seen = grid.voltage if function.lock_by_voltage else max(0.0, -active)
    return seen >= function.lock_in or (before and seen > (function.lock_in if function.lock_out is None else function.lock_out))


def _stopped(function: ZeroCurrent, grid: Grid, before: bool) -> bool:
    over, under = function.over, function.under
    if before:
        over = over if function.over_recovery is None else function.over_recovery
        under = under if function.under_recovery is None else function.under_recovery
    return (over is not None and grid.highest > over) or (under is not None and grid.lowest < under)
