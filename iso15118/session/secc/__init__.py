"""The charger's side of a session: answers to the car's requests. Mirror: `session.evcc`."""

from iso15118.session.secc.core import begin, step
from iso15118.session.secc.state import Config, Paused, PlugAndCharge, Session, Watch

__all__ = ["Config", "Paused", "PlugAndCharge", "Session", "Watch", "begin", "step"]
