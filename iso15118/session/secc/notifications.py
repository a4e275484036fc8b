"""What the charger asks of the car in the charge loop: the EVSEStatus of its responses."""

from __future__ import annotations

from typing import Final

from iso15118.messages.v20.common import EVSENotification, EVSEStatus
from iso15118.session.secc.state import Session
from iso15118.session.snapshot import SeccSnapshot

RENEGOTIATION_DELAY: Final = 60
"""s the car has to leave the loop for its services [V2G20-1964]."""


def status(session: Session, snapshot: SeccSnapshot) -> EVSEStatus | None:
    """What is asked of the car now, and in how many seconds; None: nothing, which has no word of its own."""
    if session.stop:
        left = max(0, int(session.stop_by - snapshot.now))
        return EVSEStatus(notification_max_delay=left, evse_notification=EVSENotification.Terminate)
    if session.renegotiate:
        return EVSEStatus(notification_max_delay=RENEGOTIATION_DELAY, evse_notification=EVSENotification.ServiceRenegotiation)
    return None
