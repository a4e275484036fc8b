"""Answers about the parking space (ParkingStatus, on a stream of its own): a car checks in to it, and out of it.

Independent of the energy that flows or does not. What the car has said last stands in the session, for whoever runs the car park.
"""

from __future__ import annotations

from iso15118.errors import PeerError
from iso15118.messages.v20 import parking as wire
from iso15118.session.secc.state import OK, Answer, Session
from iso15118.session.snapshot import SeccSnapshot
from iso15118.session.value_added import Intended, ValueAddedID
from iso15118.value import replace


def is_open(session: Session) -> bool:
    """True once the car has taken ParkingStatus."""
    return any(taken.service == ValueAddedID.PARKING_STATUS for taken in session.value_added)


def under_way(session: Session) -> bool:
    """True while the car has begun to check in or out and has not completed it: it owes the next request."""
    checked_in, checked_out = session.check_in, session.check_out
    return checked_in not in (None, wire.EVCheckInStatus.Completed) or checked_out not in (None, wire.EVCheckOutStatus.Completed)


def abandoned(session: Session) -> Session:
    """The session in which the car may begin anew: it has not gone on in time."""
    return replace(session, check_in=None, check_out=None)


def answer_check_in(session: Session, request: wire.VehicleCheckInReq, snapshot: SeccSnapshot) -> Answer:
    """Where to go. Raises PeerError (FAILED_SequenceError) where the car has not taken the service for it."""
    _require(session, Intended.CHECK_IN)
    place = session.config.parking
    response = wire.VehicleCheckInRes(
        header=session.header,
        response_code=OK,
        parking_space=place.space,
        device_location=place.device_location,
        target_distance=place.target_distance,
    )
    return Answer(replace(session, check_in=request.ev_check_in_status), response)


def answer_check_out(session: Session, request: wire.VehicleCheckOutReq, snapshot: SeccSnapshot) -> Answer:
    """Scheduled until the car's time has come or it says that it has gone. Raises PeerError (FAILED_SequenceError) as above."""
    _require(session, Intended.CHECK_OUT)
    status = request.ev_check_out_status
    gone = status is wire.EVCheckOutStatus.Completed or request.check_out_time <= snapshot.clock
    response = wire.VehicleCheckOutRes(
        header=session.header,
        response_code=OK,
        evse_check_out_status=wire.EVSECheckOutStatus.Completed if gone else wire.EVSECheckOutStatus.Scheduled,
    )
    return Answer(replace(session, check_out=status), response)


def _require(session: Session, purpose: Intended) -> None:
    """Raises PeerError unless the car has taken ParkingStatus for this purpose."""
    service = session.config.vas(ValueAddedID.PARKING_STATUS)
    ours = () if service is None else (service.variant(taken.variant) for taken in session.value_added if taken.service == service.id)
    if not any(variant is not None and variant.has((("IntendedService", int(purpose)),)) for variant in ours):
        what = f"ParkingStatus was not selected to {purpose.name.lower().replace('_', ' ')}"
        raise PeerError(what, requirement="V2G20-459", code="FAILED_SequenceError")
