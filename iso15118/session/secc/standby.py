"""Standing by: the charge loop goes on at zero power while the contactors stay as they are, and the car may come back at any time.

Not here: the answer that leads there and back (`delivery`), and what the loop reads meanwhile (`dc_loop`, `ac_loop`).
"""

from __future__ import annotations

from typing import Final

from iso15118.power import Setpoint
from iso15118.procedures import wind_down
from iso15118.procedures.transfer import IDLE
from iso15118.sequence.phases import Phase
from iso15118.session.secc.state import UNRELAYED, Session
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import Second
from iso15118.value import replace

LEFT: Final[Second] = 0.4
"""A current may be measured in standby, or not be measured at all, for so long."""


def still(session: Session) -> Session:
    """The session with no power asked for in either direction, the discharge interlock off.

    The contactor stays as it is, but is opened where the cable has not been checked to the end. A car that already stands by, and says so
    again, gains no time for a current that should not be.
    """
    over_since = session.over_since if session.phase is Phase.STANDBY else None
    setpoint = Setpoint(contactor=session.setpoint.contactor and session.phase is not Phase.CABLE_CHECK, lock=True)
    return replace(session, setpoint=setpoint, ask=None, decision=IDLE, relayed=UNRELAYED, over_since=over_since)


def watched(session: Session, snapshot: SeccSnapshot) -> Session:
    """The session, failing where a current has been measured, or none could be, for longer than `LEFT`."""
    if wind_down.at_rest(snapshot.reading, snapshot.now):
        return session if session.over_since is None else replace(session, over_since=None)
    if session.over_since is None:
        return replace(session, over_since=snapshot.now)
    if snapshot.now - session.over_since < LEFT:
        return session
    return replace(session, failing=f"{snapshot.reading.current.value:.1f} A at the output in standby")
