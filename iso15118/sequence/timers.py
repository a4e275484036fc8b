"""How long things may take, for both roles in one row a message, and the timers of phases. All values in seconds.

A *timeout* is an error and ends the session; a *performance* time is a duty of the sender, reported when missed, never an abort.
Values a bought copy of the standard has to confirm are marked (open) where they stand.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from iso15118.exi import Message
from iso15118.messages.v20.certificate import CertificateInstallationReq
from iso15118.messages.v20.common import ChargeLoopReq
from iso15118.messages.v20.service import ServiceDetailReq


class Timer(StrEnum):
    """The clocks a session may ask for; one of each runs at a time."""

    __hash__ = str.__hash__

    SEQUENCE = "sequence timeout"
    """Charger: response written -> next request complete [V2G20-441]."""
    MESSAGE = "message timeout"
    """Car: request written -> response complete."""
    WRITE = "write timeout"
    """Both: a message must be out after 0.5 s; a peer that never reads must not hold power on."""
    SETUP = "communication setup timeout"
    """From the search for a charger to SessionSetupRes."""
    ONGOING = "ongoing timeout"
    """From the first answer that says Ongoing."""
    CABLE_CHECK = "cable check timeout"
    PRE_CHARGE = "pre-charge timeout"
    WELDING = "welding detection timeout"
    ANSWER = "deferred answer"
    """Charger: an answer that waits for metal must be out by then, whatever metal says."""
    STOP = "stop deadline"
    """Charger: the car ignored the wish to end."""
    PACE = "pace"
    """Car: the next charge-loop request is due."""
    HOLD = "connection hold"
    """Charger: after SessionStopRes the connection stays, so that the car may close it first [V2G20-1633]."""
    # Side streams have timers of their own, which nothing on another stream feeds or stops [V2G20-1041].
    SCHEDULE_SEQUENCE = "sequence timeout of the schedule renegotiation"
    METERING_SEQUENCE = "sequence timeout of the metering confirmation"
    PARKING_SEQUENCE = "sequence timeout of the parking status"
    SCHEDULE_MESSAGE = "message timeout of the schedule renegotiation"
    METERING_MESSAGE = "message timeout of the metering confirmation"
    PARKING_MESSAGE = "message timeout of the parking status"
    SCHEDULE_ONGOING = "ongoing timeout of the schedule renegotiation"
    SCHEDULE_PACE = "pace of the schedule renegotiation"


class Row(NamedTuple):
    """One request and its answer."""

    message_timeout: float
    """V2G_EVCC_Msg_Timeout: the car gives up waiting."""
    answer_time: float
    """V2G_SECC_Msg_Performance_Time."""
    ask_time: float
    """V2G_EVCC_Sequence_Performance_Time."""
    sequence_timeout: float
    """V2G_SECC_Sequence_Timeout, armed when the response has been written."""


_ORDINARY: Final = Row(2.0, 1.5, 40.0, 60.0)
_LOOP: Final = Row(0.5, 0.25, 0.25, 0.5)
"""[V2G20-1499] [V2G20-1500] [V2G20-1501] [V2G20-1502] [V2G20-5069] [V2G20-5070]"""
_ROWS: Final[dict[type[Message], Row]] = {
    CertificateInstallationReq: Row(5.0, 4.5, 40.0, 60.0),  # answer time (open)
    ServiceDetailReq: Row(5.0, 4.5, 40.0, 60.0),  # answer time (open)
}


def times(request: type[Message]) -> Row:
    """The row of a request."""
    return _LOOP if issubclass(request, ChargeLoopReq) else _ROWS.get(request, _ORDINARY)


class Times(NamedTuple):
    """The times that may be configured, with the standard's values as defaults."""

    charge_loop: float = 0.5
    """Sequence timeout of the charge loop; longer only for a counterparty known to be slow."""
    write: float = 0.5
    setup_evcc: float = 20.0
    setup_secc: float = 60.0
    """From the TCP connection to the first request [V2G20-1483]."""
    ongoing_evcc: float = 60.0
    ongoing_secc: float = 55.0
    customer_evcc: float = 190.0
    customer_secc: float = 180.0
    """Ongoing_WaitingForCustomerInteraction (open): the charger gives up first, so that the car hears why."""
    cable_check_evcc: float = 40.0
    cable_check_secc: float = 38.0
    """(open)"""
    pre_charge_evcc: float = 10.0
    pre_charge_secc: float = 8.0
    """(open): reported, not enforced; the car decides."""
    welding_evcc: float = 60.0
    answer: float = 1.4
    """A deferred answer: inside the 1.5 s of the row above, with room to write it."""
    installation: float = 4.2
    """A deferred answer to CertificateInstallationReq: inside 4.5 s (open)."""
    consult: float = 8.0
    """Car: whoever holds its keys has so long to sign."""
    stop: float = 20.0
    """Hard stop when the car ignores Terminate."""
    hold: float = 5.0
    pace: float = 0.25
    retry: float = 0.2
    """Car: pause before a request is repeated after Ongoing."""


STANDARD: Final = Times()
"""The standard's values."""
