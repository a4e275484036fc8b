"""The streams of a connection: the main one, and beside it side streams, each with an order, an outstanding request and timers of its own.

What happens on one stream neither feeds nor stops a timer of another [V2G20-1041], and the same times hold on all of them [V2G20-1042].
The order of the main stream is in `table`; here it is that of the side streams, which live beside the charge loop. A schedule is
renegotiated with the messages that first agreed on it: charge parameters, schedules, power delivery [V2G20-1046] [V2G20-1048] [V2G20-2317].
The parking status alone does not depend on the loop: it is open once that value-added service has been selected.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from iso15118.errors import PeerError
from iso15118.exi import Message
from iso15118.messages.catalogue import PAYLOADS
from iso15118.messages.v20.delivery import PowerDeliveryReq
from iso15118.messages.v20.metering import MeteringConfirmationReq
from iso15118.messages.v20.parking import VehicleCheckInReq, VehicleCheckOutReq
from iso15118.messages.v20.schedule import ScheduleExchangeReq
from iso15118.sequence import table
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import EVERY, Outcome, Transfer
from iso15118.sequence.timers import Timer


class Stream(StrEnum):
    """A stream, by what it is for."""

    __hash__ = str.__hash__

    MAIN = "main"
    SCHEDULE = "schedule renegotiation"
    METERING = "metering confirmation"
    PARKING = "parking status"


PAYLOAD_TYPES: Final = {Stream.SCHEDULE: 0x8101, Stream.METERING: 0x8102, Stream.PARKING: 0x8104}
"""Of the side streams; the main stream has one for each schema set."""
_STREAMS: Final = {payload_type: stream for stream, payload_type in PAYLOAD_TYPES.items()}

SEQUENCE: Final = {
    Stream.MAIN: Timer.SEQUENCE,
    Stream.SCHEDULE: Timer.SCHEDULE_SEQUENCE,
    Stream.METERING: Timer.METERING_SEQUENCE,
    Stream.PARKING: Timer.PARKING_SEQUENCE,
}
"""The charger's timer of each: response written -> next request complete."""
MESSAGE: Final = {
    Stream.MAIN: Timer.MESSAGE,
    Stream.SCHEDULE: Timer.SCHEDULE_MESSAGE,
    Stream.METERING: Timer.METERING_MESSAGE,
    Stream.PARKING: Timer.PARKING_MESSAGE,
}
"""The car's timer of each: request written -> response complete."""


def stream_of(payload_type: int) -> Stream:
    """The stream that frames of this payload type belong to."""
    return _STREAMS.get(payload_type, Stream.MAIN)


class Due(StrEnum):
    """Where a side stream stands: the request that is awaited on it."""

    __hash__ = str.__hash__

    CHARGE_PARAMETERS = "ChargeParameterDiscovery for a new schedule"
    SCHEDULE_EXCHANGE = "ScheduleExchange for a new schedule"
    POWER_DELIVERY = "PowerDelivery for a new schedule"
    METERING_CONFIRMATION = "MeteringConfirmation"
    PARKING_STATUS = "VehicleCheckIn or VehicleCheckOut"


class Row(NamedTuple):
    """On `stream`, where `due` is awaited, `request` is legal; answered with `outcome`, the stream stands at `next`."""

    stream: Stream
    due: Due
    request: type[Message]
    outcome: Outcome
    next: Due
    transfers: frozenset[Transfer] = EVERY


_S, _D, _O = Stream, Due, Outcome
_AS_BEFORE: Final = {Phase.CHARGE_PARAMETERS: _D.CHARGE_PARAMETERS, Phase.SCHEDULE_EXCHANGE: _D.SCHEDULE_EXCHANGE}

ROWS: Final = (
    # Charge parameters in the words of the energy transfer, as in the main stream.
    *(
        Row(_S.SCHEDULE, _D.CHARGE_PARAMETERS, row.request, row.outcome, _AS_BEFORE[row.next], row.transfers)
        for row in table.ROWS
        if row.phase is Phase.CHARGE_PARAMETERS and row.next in _AS_BEFORE
    ),
    Row(_S.SCHEDULE, _D.SCHEDULE_EXCHANGE, ScheduleExchangeReq, _O.AGAIN, _D.SCHEDULE_EXCHANGE),
    Row(_S.SCHEDULE, _D.SCHEDULE_EXCHANGE, ScheduleExchangeReq, _O.DONE, _D.POWER_DELIVERY),
    Row(_S.SCHEDULE, _D.POWER_DELIVERY, PowerDeliveryReq, _O.AGAIN, _D.POWER_DELIVERY),
    Row(_S.SCHEDULE, _D.POWER_DELIVERY, PowerDeliveryReq, _O.DONE, _D.CHARGE_PARAMETERS),
    Row(_S.METERING, _D.METERING_CONFIRMATION, MeteringConfirmationReq, _O.DONE, _D.METERING_CONFIRMATION),
    # Checking in and out are repeated until they are completed, and know nothing of energy.
    Row(_S.PARKING, _D.PARKING_STATUS, VehicleCheckInReq, _O.DONE, _D.PARKING_STATUS),
    Row(_S.PARKING, _D.PARKING_STATUS, VehicleCheckOutReq, _O.DONE, _D.PARKING_STATUS),
)

BEGIN: Final = {
    Stream.SCHEDULE: Due.CHARGE_PARAMETERS,
    Stream.METERING: Due.METERING_CONFIRMATION,
    Stream.PARKING: Due.PARKING_STATUS,
}
"""Where each stands when nothing is under way on it."""

READ: Final = frozenset(PAYLOADS)
"""Payload types whose frames are read, whether what is in them is served or refused. Frames of any other are passed over."""

_NEXT: Final = {(transfer, row.due, row.request, row.outcome): row.next for row in ROWS for transfer in row.transfers}
_LEGAL: Final = frozenset((transfer, row.due, row.request) for row in ROWS for transfer in row.transfers)


def legal(due: Due, request: type[Message], transfer: Transfer | None) -> bool:
    """True if a request of this class may stand here. Side streams begin when a service has been selected: never with `transfer` None."""
    return (transfer, due, table.in_table(request, transfer)) in _LEGAL


def require(due: Due, request: type[Message], transfer: Transfer | None) -> None:
    """Raises PeerError (FAILED_SequenceError) unless the request may stand here [V2G20-459]."""
    if not legal(due, request, transfer):
        raise PeerError(f"{request.__name__} while {due} is awaited", requirement="V2G20-459", code="FAILED_SequenceError")


def following(due: Due, request: type[Message], transfer: Transfer | None, outcome: Outcome = Outcome.DONE) -> Due:
    """Where the stream stands after an answer with this outcome. Raises PeerError (FAILED_SequenceError) where there is no such row."""
    found = None if transfer is None else _NEXT.get((transfer, due, table.in_table(request, transfer), outcome))
    if found is None:
        what = f"{request.__name__} ({outcome}) while {due} is awaited"
        raise PeerError(what, requirement="V2G20-459", code="FAILED_SequenceError")
    return found


def diagram(stream: Stream) -> str:
    """A side stream as a Mermaid state diagram, for the documentation: from where it opens and back."""
    names = {due: due.name.title().replace("_", "") for due in Due}
    lines = ["stateDiagram-v2", f"    [*] --> {names[BEGIN[stream]]}"]
    for row in ROWS:
        if row.stream is stream:
            said = row.request.__name__ if row.outcome is Outcome.DONE else f"{row.request.__name__} ({row.outcome})"
            lines.append(f"    {names[row.due]} --> {names[row.next]}: {said}")
    return "\n".join(lines)
