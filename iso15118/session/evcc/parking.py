"""What the car says of its parking space (ParkingStatus, on a stream of its own), where it has taken that service for it.

It checks in once the services are selected, and out before it stops the session: three requests each, one status after the other.
"""

from __future__ import annotations

from typing import TypeVar

from iso15118.errors import LocalError
from iso15118.exi import Message
from iso15118.messages.v20.common import Header
from iso15118.messages.v20.parking import EVCheckInStatus, EVCheckOutStatus, VehicleCheckInReq, VehicleCheckOutReq
from iso15118.sequence.phases import Phase
from iso15118.session.evcc.state import Session
from iso15118.session.value_added import Intended, Selected, ValueAddedID
from iso15118.value import replace

T = TypeVar("T", EVCheckInStatus, EVCheckOutStatus)


def purposes(session: Session, selected: tuple[Selected, ...]) -> tuple[Intended, ...]:
    """What the car takes ParkingStatus for, when it takes these services."""
    variants = dict(zip(session.vas_candidates, session.vas_offers, strict=False)).get(ValueAddedID.PARKING_STATUS, ())
    ours = [variant for variant in variants if Selected(ValueAddedID.PARKING_STATUS, variant.id) in selected]
    return tuple(purpose for purpose in Intended if any(variant.has((("IntendedService", int(purpose)),)) for variant in ours))


def due(session: Session) -> bool:
    """True where a request is to be sent on this stream now."""
    return bool(session.parking_for) and (_check_in(session) is not None or before_stop(session))


def before_stop(session: Session) -> bool:
    """True where the session would be stopped now, if the car had not to check out first."""
    charging = session.phase.loop or (session.phase is Phase.WELDING_DETECTION and not session.welding_over)
    return bool(session.stop) and not charging and _check_out(session) is not None


def ask(session: Session, header: Header) -> Message:
    """The next request: check-in before check-out. Raises LocalError where there is none."""
    plan = session.config.parking
    if (coming := _check_in(session)) is not None:
        return VehicleCheckInReq(
            header=header,
            ev_check_in_status=coming,
            parking_method=plan.method,
            vehicle_frame=plan.vehicle_frame,
            device_offset=plan.device_offset,
            vehicle_travel=plan.vehicle_travel,
        )
    if (going := _check_out(session)) is not None:
        return VehicleCheckOutReq(header=header, ev_check_out_status=going, check_out_time=header.time_stamp)
    raise LocalError("the car has checked in and out")


def read(session: Session, request: Message) -> Session:
    """The session after `request` has been answered."""
    if isinstance(request, VehicleCheckInReq):
        return replace(session, check_in=request.ev_check_in_status)
    if isinstance(request, VehicleCheckOutReq):
        return replace(session, check_out=request.ev_check_out_status)
    raise LocalError(f"{type(request).__name__} says nothing of a parking space")


def _check_in(session: Session) -> EVCheckInStatus | None:
    """The status to tell; a car that is about to leave comes in no more."""
    return _next(EVCheckInStatus, session.check_in) if not session.stop and Intended.CHECK_IN in session.parking_for else None


def _check_out(session: Session) -> EVCheckOutStatus | None:
    return _next(EVCheckOutStatus, session.check_out) if Intended.CHECK_OUT in session.parking_for else None


def _next(statuses: type[T], last: T | None) -> T | None:
    """The status after the last one that was answered; None after all."""
    order = list(statuses)
    place = 0 if last is None else order.index(last) + 1
    return order[place] if place < len(order) else None
