"""Mobility needs that the charger proposes (MobilityNeedsMode 2, Dynamic mode): said until the car has acknowledged them.

The car acknowledges by reflecting them: the departure in its control mode, the states of charge in what it lets us display.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from iso15118.energy import Mobility
from iso15118.messages.v20.common import DisplayParameters
from iso15118.session.secc.state import Proposed, Session
from iso15118.session.services import ControlMode
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import MICROSECONDS
from iso15118.value import replace

SAME: Final = 5
"""s by which two departures may differ and be the same: both round, and count from messages of their own."""


class Said(NamedTuple):
    """The proposal in the words of a response; nothing: the elements are left out."""

    departure_time: int | None = None
    minimum_soc: int | None = None
    target_soc: int | None = None


NOTHING: Final = Said()


def proposal(session: Session, snapshot: SeccSnapshot) -> Said:
    """What there is to propose, for the answer to the schedule exchange; nothing where the car alone knows its driver's needs."""
    wish, parameters = snapshot.proposal, session.parameters
    if wish is None or parameters is None or parameters.mobility_needs != 2 or parameters.control_mode is not ControlMode.DYNAMIC:
        return NOTHING
    departure = None if wish.departure is None else max(1, round(wish.departure - snapshot.clock / MICROSECONDS))
    return Said(departure, wish.minimum_soc, wish.target_soc)


def update(
    session: Session, snapshot: SeccSnapshot, departure: int | None, display: DisplayParameters | None
) -> tuple[Session, Said, int | None, tuple[str, ...]]:
    """What is to be said in this turn of the loop, with the s left to acknowledge it, and what a person should know [V2G20-1275].

    `departure`, `display`: what the car says in its turn. Nothing is said once it reflects the proposal, or has let its time pass.
    """
    said = proposal(session, snapshot)
    if said == NOTHING or snapshot.proposal is None:
        return session, NOTHING, None, ()
    proposed = session.proposed
    if proposed is None or proposed.mobility != snapshot.proposal:
        proposed = Proposed(snapshot.proposal, snapshot.now)
    elif proposed.settled:
        return session, NOTHING, None, ()
    left = proposed.since + proposed.mobility.reaction - snapshot.now
    notes: tuple[str, ...] = ()
    if _reflected(said, departure, display):
        proposed, said = replace(proposed, settled=True), NOTHING
    elif left < 0.0:
        notes = (f"the car has not acknowledged its new {_told(proposed.mobility)} within {proposed.mobility.reaction:g} s",)
        proposed, said = replace(proposed, settled=True), NOTHING
    return replace(session, proposed=proposed), said, None if said == NOTHING else int(left), notes


def _reflected(said: Said, departure: int | None, display: DisplayParameters | None) -> bool:
    minimum, target = (None, None) if display is None else (display.minimum_soc, display.target_soc)
    leaves = said.departure_time
    same = leaves is None or (departure is not None and abs(departure - leaves) <= SAME)
    return same and said.minimum_soc in (None, minimum) and said.target_soc in (None, target)


def _told(mobility: Mobility) -> str:
    words = [
        "departure" if mobility.departure is not None else "",
        "" if mobility.minimum_soc is None else f"minimum of {mobility.minimum_soc} %",
        "" if mobility.target_soc is None else f"target of {mobility.target_soc} %",
    ]
    return ", ".join(word for word in words if word)
