"""A session that pauses: when it may."""

from __future__ import annotations

from iso15118.session.secc.state import Session
from iso15118.units import Watt


def planned(session: Session, clock: int) -> Watt | None:
    """W, signed, that the car's profile says for this moment (us); None: there is no profile to hold to (Dynamic, or not begun)."""
    return None if session.profile is None else session.profile.at(clock)
