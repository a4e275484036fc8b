"""The charge loop whatever flows: the decision that every tick renews, and the watch over the output."""

from __future__ import annotations

from iso15118.session.secc import dc_loop
from iso15118.session.secc.state import Session
from iso15118.session.snapshot import SeccSnapshot


def decided(session: Session, snapshot: SeccSnapshot) -> Session:
    """The session with the set-point that the newest of all limits asks for."""
    return dc_loop.decided(session, snapshot)


def overrun(session: Session, snapshot: SeccSnapshot) -> Session:
    """The session, failing where the output has been above the car's own maximum for too long."""
    return dc_loop.overrun(session, snapshot)
