"""The car's side of a session: what it asks, and how it reads the answers. Mirror: `session.secc`."""

from iso15118.session.evcc.core import begin, step
from iso15118.session.evcc.state import (
    Break,
    Config,
    Contract,
    Parking,
    Paused,
    PlugAndCharge,
    Renegotiation,
    Rest,
    ScheduleChoice,
    Session,
)

__all__ = [
    "Break",
    "Config",
    "Contract",
    "Parking",
    "Paused",
    "PlugAndCharge",
    "Renegotiation",
    "Rest",
    "ScheduleChoice",
    "Session",
    "begin",
    "step",
]
