"""Start and stop of alternating current: the answer to PowerDelivery tells what pilot and contactor have done, so it waits for them.

Direct current is under voltage before its Start and is isolated by the car's own contactors: `delivery`.
"""

from __future__ import annotations

from typing import Final

from iso15118.errors import PeerError
from iso15118.power import AcTarget, Contactor, Pilot, Setpoint
from iso15118.procedures import wind_down
from iso15118.session.secc.ac_loop import GRID_LOST, grid_lost
from iso15118.session.secc.state import Session, Wait
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import Second
from iso15118.value import replace

PILOT: Final[Second] = 0.25
"""The car changes to C or D so long after it has sent the Start [V2G20-847], and to B after the Stop [V2G20-848]."""
SEEN: Final[Second] = 0.1
"""For the way of that change through the pilot's measurement."""
_CONTACTOR: Final = "FAILED_ContactorError"


def closed(session: Session, snapshot: SeccSnapshot) -> Session | Wait:
    """Start: the session once the pilot is in C or D and then the contactor closed behind a locked connector.

    Raises PeerError: no grid (FAILED_PowerDeliveryNotApplied [V2G20-1411]), a pilot that is late (FAILED), a welded contactor.
    """
    reading = snapshot.reading
    if grid_lost(snapshot):
        raise PeerError(GRID_LOST, requirement="V2G20-1411", code="FAILED_PowerDeliveryNotApplied")
    if reading.contactor.value is Contactor.CLOSED and not session.setpoint.contactor:
        raise PeerError("the contactor is closed though nobody has asked it to", code=_CONTACTOR)
    if reading.pilot.value not in (Pilot.C, Pilot.D):
        late = f"control pilot still in {reading.pilot.value.name}"
        if _waited(session, snapshot) > PILOT + SEEN:
            raise PeerError(late, requirement="V2G20-847")
        return Wait(replace(session, setpoint=wind_down.REST), late, "FAILED")
    session = replace(session, setpoint=Setpoint(contactor=True, lock=True, bidirectional=session.bidirectional, target=AcTarget()))
    if _feedback(snapshot, Contactor.CLOSED) and reading.locked.value:
        return session
    return Wait(session, f"contactor {reading.contactor.value.name}, connector {'' if reading.locked.value else 'not '}locked", _CONTACTOR)


def opened(session: Session, snapshot: SeccSnapshot) -> Session | Wait:
    """Stop: the session once the power is zero, the pilot in B (or its time over), and then the contactor open."""
    reading = snapshot.reading
    flows = not wind_down.at_rest(reading, snapshot.now)
    if flows or (reading.pilot.value in (Pilot.C, Pilot.D) and _waited(session, snapshot) <= PILOT + SEEN):
        hold = replace(session.setpoint, target=AcTarget())
        return Wait(replace(session, setpoint=hold), f"{reading.current.value:.1f} A still flow", _CONTACTOR)
    session = replace(session, setpoint=wind_down.REST)
    if _feedback(snapshot, Contactor.OPEN):
        return session
    return Wait(session, f"contactor {reading.contactor.value.name} after the stop", _CONTACTOR)


def _waited(session: Session, snapshot: SeccSnapshot) -> Second:
    """s since the request came."""
    return 0.0 if session.deferred is None else snapshot.now - session.deferred_at


def _feedback(snapshot: SeccSnapshot, wanted: Contactor) -> bool:
    contactor = snapshot.reading.contactor
    return contactor.value is wanted and contactor.age(snapshot.now) <= wind_down.STALE
