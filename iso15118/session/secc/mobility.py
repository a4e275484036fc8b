"""Mobility needs that the charger proposes (MobilityNeedsMode 2, Dynamic mode): said until the car has acknowledged them.

The car acknowledges by reflecting them: the departure in its control mode, the states of charge in what it lets us display.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias, TypeVar

from iso15118.exi import Message
from iso15118.messages.v20.ac import AC_ChargeLoopReq
from iso15118.messages.v20.common import Dynamic_CLReqControlMode, Dynamic_CLResControlMode
from iso15118.messages.v20.dc import DC_ChargeLoopReq
from iso15118.session.secc.state import Proposed, Session
from iso15118.session.services import ControlMode
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import MICROSECONDS
from iso15118.value import replace

M = TypeVar("M", bound=Message)
Turn: TypeAlias = DC_ChargeLoopReq | AC_ChargeLoopReq
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


def proposing(session: Session, request: Turn, snapshot: SeccSnapshot, mode: M) -> tuple[Session, M]:
    """The control mode of our answer in the loop with what is proposed, and the s left to acknowledge it [V2G20-1275].

    Nothing is said any more once the car reflects the proposal, or has let its time pass, of which a person is told.
    """
    if snapshot.proposal is None:
        return session, mode
    said = proposal(session, snapshot)
    if said == NOTHING or not isinstance(mode, Dynamic_CLResControlMode):
        return session, mode
    proposed = session.proposed
    if proposed is None or proposed.mobility != snapshot.proposal:
        proposed = Proposed(snapshot.proposal, snapshot.now)
    elif proposed.settled:
        return session, mode
    left = proposed.since + proposed.mobility.reaction - snapshot.now
    reflected = _reflected(said, request)
    session = replace(session, proposed=replace(proposed, settled=reflected or left < 0.0))
    if reflected:
        return session, mode
    if left < 0.0:
        return session.noted(f"the car has not acknowledged its {_told(said)} within {proposed.mobility.reaction:g} s"), mode
    return session, mode.but(**said._asdict(), ack_max_delay=int(left))


def _reflected(said: Said, request: Turn) -> bool:
    display, mode, leaves = request.display_parameters, request.control_mode, said.departure_time
    minimum, target = (None, None) if display is None else (display.minimum_soc, display.target_soc)
    departure = mode.departure_time if isinstance(mode, Dynamic_CLReqControlMode) else None
    same = leaves is None or (departure is not None and abs(departure - leaves) <= SAME)
    return same and said.minimum_soc in (None, minimum) and said.target_soc in (None, target)


def _told(said: Said) -> str:
    named = {"departure": said.departure_time, "minimum state of charge": said.minimum_soc, "target state of charge": said.target_soc}
    return ", ".join(f"{name} ({value} {'s' if name == 'departure' else '%'})" for name, value in named.items() if value is not None)
