"""The car's power profile: held against the schedule it names, then the car's power against it while energy flows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from iso15118.errors import PeerError
from iso15118.messages.stamps import anchored
from iso15118.messages.v20.common import ResponseCode
from iso15118.messages.v20.delivery import EVPowerProfile, PowerToleranceAcceptance, Scheduled_EVPPTControlMode
from iso15118.messages.v20.rational import number
from iso15118.messages.v20.schedule import PowerScheduleEntry, ScheduleTuple
from iso15118.power import Reading
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import Transfer
from iso15118.session.secc.state import OK, Chosen, Session
from iso15118.session.snapshot import SeccSnapshot
from iso15118.session.steps import Steps, by_phase, total
from iso15118.units import MICROSECONDS, PerPhase, Second, Watt
from iso15118.value import replace

FRESH: Final[Second] = 0.5
"""An older measurement accuses nobody."""
NOISE: Final[Watt] = 1.0


def accept_profile(session: Session, profile: EVPowerProfile | None, snapshot: SeccSnapshot) -> tuple[Session, ResponseCode]:
    """The session with the schedule chosen and the profile to hold the car to, and what is answered to its word on the tolerance.

    In Dynamic mode a profile is optional and binds nobody. Raises PeerError on a schedule never offered [V2G20-479], a profile that is
    missing, malformed or above its schedule [V2G20-478] [V2G20-1559], and a tolerance declined where that ends the session [V2G20-1945].
    """
    if session.dynamic:
        return replace(session, chosen=None, profile=None), OK
    if profile is None or not isinstance(profile.control_mode, Scheduled_EVPPTControlMode):
        raise _invalid("a Scheduled start needs the power profile of a schedule")
    wanted, word = profile.control_mode.selected_schedule_tuple_id, profile.control_mode.power_tolerance_acceptance
    offered = next((t for t in session.tuples if t.schedule_tuple_id == wanted), None)
    if offered is None:
        raise PeerError(f"schedule tuple {wanted} was not offered", requirement="V2G20-479", code="FAILED_ScheduleSelectionInvalid")
    back = offered.discharging_schedule
    chosen = Chosen(
        wanted,
        Steps.of(offered.charging_schedule.power_schedule, magnitude=False),
        None if back is None else Steps.of(back.power_schedule, magnitude=True),
    )
    for begin, end, entry in _timed(profile, chosen.charge.anchor):
        _check(session, chosen, begin, end, entry)
    tolerance = _tolerance(offered)
    session = replace(session, chosen=chosen, profile=Steps.of_profile(profile, chosen.charge.anchor), astray=None)
    if tolerance is None or word is None:
        return session, OK
    if word is PowerToleranceAcceptance.PowerToleranceConfirmed:
        session = replace(session, chosen=replace(chosen, tolerance=tolerance, since=snapshot.now))
        return session, ResponseCode.OK_PowerToleranceConfirmed  # [V2G20-1944]
    if session.config.watch.renegotiates:
        return session, ResponseCode.WARNING_PowerToleranceNotConfirmed  # [V2G20-1946]
    what = "the car does not confirm the power tolerance"
    raise PeerError(what, requirement="V2G20-1945", code="FAILED_PowerToleranceNotConfirmed")


def _timed(profile: EVPowerProfile, otherwise: int) -> Iterator[tuple[int, int, PowerScheduleEntry]]:
    """Begin and end (stamps) of each entry; `otherwise` stands for an anchor that tells no time."""
    end = anchored(profile.time_anchor, otherwise)
    for entry in profile.ev_power_profile_entries.ev_power_profile_entry:
        begin, end = end, end + entry.duration * MICROSECONDS
        yield begin, end, entry


def _check(session: Session, chosen: Chosen, begin: int, end: int, entry: PowerScheduleEntry) -> None:
    """One entry against every slot it overlaps, in its direction, and phase by phase where the schedule is."""
    if entry.duration == 0:
        raise _invalid("a power profile entry of no duration")
    phases = by_phase(entry)
    if phases is not None and _phases(session) == 1:
        raise PeerError("a power for L2 or L3 on one phase", requirement="V2G20-1815", code="FAILED_EVPowerProfileInvalid")
    if phases is not None and min(phases) < 0.0 < max(phases):
        raise _invalid("a power profile entry that charges on one phase and discharges on another")
    power = total(entry)
    steps = chosen.charge if power >= 0.0 else chosen.discharge
    allowed = 0.0 if steps is None else steps.least(begin, end)
    if abs(power) > allowed * 1.0001 + 0.5:
        raise _invalid(f"power profile entry of {power:g} W where the schedule allows {allowed:g} W")
    if steps is None or (bounds := steps.least_phases(begin, end)) is None:
        return
    for own, most in zip(phases or PerPhase.even(power, _phases(session)), bounds, strict=True):
        if abs(own) > most * 1.0001 + 0.5:
            raise _invalid(f"power profile entry of {own:g} W in a phase where the schedule allows {most:g} W")


def _phases(session: Session) -> int:
    """Of the service selected: 3 only where its connector has them."""
    alternating = session.transfer is not None and session.transfer is not Transfer.DC
    return 3 if alternating and session.parameters is not None and session.parameters.connector != 1 else 1


def _tolerance(offered: ScheduleTuple) -> Watt | None:
    """How far the car may stray from its profile, in W; None: no tolerance came with the schedule."""
    told = offered.charging_schedule.power_schedule.power_tolerance
    return None if told is None else abs(number(told))


def _invalid(what: str) -> PeerError:
    return PeerError(what, requirement="V2G20-478", code="FAILED_EVPowerProfileInvalid")


def watch_profile(session: Session, snapshot: SeccSnapshot, *, held: bool) -> tuple[Session, ResponseCode]:
    """Is the power that is measured within the tolerance of the profile the car has confirmed? For every answer of a charge loop.

    `held`: limits of ours keep the power down at this moment, which is not the car's fault. While the car is astray it is warned
    [V2G20-1864]; the time it has to correct that counts from the first warning [V2G20-1865].
    Raises PeerError (FAILED_EVPowerProfileViolation) when that time is over.
    """
    chosen, profile, reading = session.chosen, session.profile, snapshot.reading
    held_to = session.phase is Phase.CHARGE_LOOP and not session.stop  # in standby power is zero, whatever the profile says
    if not held_to or chosen is None or chosen.tolerance is None or profile is None or not _measured(reading, snapshot.now):
        return session, OK
    policy = session.config.watch
    low, high = profile.span(snapshot.clock - int(policy.settle * MICROSECONDS), snapshot.clock)
    if held or snapshot.now - chosen.since < policy.settle:
        low, high = min(low, 0.0), max(high, 0.0)
    power, room = reading.power, chosen.tolerance + NOISE
    if low - room <= power <= high + room:
        return (session if session.astray is None else replace(session, astray=None)), OK
    since = snapshot.now if session.astray is None else session.astray
    if snapshot.now - since >= policy.correction:
        what = f"{power:.0f} W for {policy.correction:g} s where the car's profile says {low:.0f} to {high:.0f} W"
        raise PeerError(what, requirement="V2G20-1865", code="FAILED_EVPowerProfileViolation")
    if session.astray is None:
        told = f"{power:.0f} W where it says {low:.0f} to {high:.0f} W"
        session = session.noted(f"the car does not keep its power profile: {told} [V2G20-1864]")
    return replace(session, astray=since), ResponseCode.WARNING_EVPowerProfileViolation


def _measured(reading: Reading, now: Second) -> bool:
    return min(reading.voltage.at, reading.current.at) >= now - FRESH
