"""A session that pauses: when it may."""

from __future__ import annotations

from itertools import accumulate

from iso15118.messages.stamps import anchored
from iso15118.messages.v20.delivery import EVPowerProfile
from iso15118.messages.v20.rational import number
from iso15118.session.secc.state import Session
from iso15118.session.steps import Steps
from iso15118.units import MICROSECONDS, Watt


def profile_steps(profile: EVPowerProfile, anchor: int) -> Steps:
    """The power a car means to take, W signed; `anchor` (us) stands for one that tells no time."""
    entries = profile.ev_power_profile_entries.ev_power_profile_entry
    ends = tuple(accumulate(entry.duration * MICROSECONDS for entry in entries))
    return Steps(anchored(profile.time_anchor, anchor), ends, tuple(number(entry.power) for entry in entries))


def planned(session: Session, clock: int) -> Watt | None:
    """W, signed, that the car's profile says for this moment (us); None: there is no profile to hold to (Dynamic, or not begun)."""
    return None if session.profile is None else session.profile.at(clock)
