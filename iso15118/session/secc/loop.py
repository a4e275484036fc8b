"""The charge loop whatever flows: the decision that every tick renews, and the watch over the output."""

from __future__ import annotations

from iso15118.sequence.table import Transfer
from iso15118.session.secc import ac_loop, dc_loop
from iso15118.session.secc.state import Session
from iso15118.session.snapshot import SeccSnapshot


def decided(session: Session, snapshot: SeccSnapshot) -> Session:
    """The session with the set-point that the newest of all limits asks for."""
    if session.transfer is Transfer.DC:
        return dc_loop.decided(session, snapshot)
    return ac_loop.decided(session, snapshot)


def overrun(session: Session, snapshot: SeccSnapshot) -> Session:
    """The session, failing where more has flowed than may for too long."""
    if session.transfer is Transfer.DC:
        return dc_loop.overrun(session, snapshot)
    return ac_loop.overrun(session, snapshot)


def ending(session: Session, snapshot: SeccSnapshot) -> str:
    """Why metal makes it necessary to end in order; empty: it does not."""
    return ac_loop.GRID_LOST if session.transfer is not Transfer.DC and ac_loop.grid_lost(snapshot) else ""
