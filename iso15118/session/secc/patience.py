"""How long a car may still be computing, in the phases that wait for it (EVProcessing Ongoing)."""

from __future__ import annotations

from iso15118.errors import PeerError
from iso15118.session.secc.state import Session
from iso15118.session.snapshot import SeccSnapshot
from iso15118.value import replace


def computing(session: Session, snapshot: SeccSnapshot) -> Session:
    """The session with a car that says so. Raises PeerError once it has said so for the ongoing time, in this phase.

    Whoever waits gives 60 s (`ongoing_evcc`). In a loop the car has to come back within a shorter time anyhow.
    """
    if session.phase.loop:
        return session
    phase, since = session.computing or (None, snapshot.now)
    if phase is not session.phase:
        return replace(session, computing=(session.phase, snapshot.now))
    if snapshot.now - since >= session.config.times.ongoing_evcc:
        raise PeerError(f"the car has been computing for {session.config.times.ongoing_evcc:g} s", requirement="V2G20-458")
    return session
