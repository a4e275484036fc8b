"""The car's side streams, beside the charge loop: a schedule negotiated anew, a meter reading confirmed.

A renegotiation is asked and read by the functions of the first negotiation, on a view of the session in which it has already taken effect.
What they change is kept apart until the charger has agreed to the new power profile; the next request of the loop, which never pauses,
follows it [V2G20-1050] [V2G20-1051].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from iso15118.errors import LocalError
from iso15118.exi import Message
from iso15118.messages.v20.common import Header, Processing
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq, PowerDeliveryRes
from iso15118.messages.v20.metering import (
    MeteringConfirmationReq,
    MeteringConfirmationRes,
)
from iso15118.sequence.phases import Phase
from iso15118.sequence.streams import BEGIN, Due, Stream, following
from iso15118.sequence.table import Outcome
from iso15118.session.evcc import contract, parking, turns
from iso15118.session.evcc.delivery import profile, read_power_delivery
from iso15118.session.evcc.state import Aside, Read, Rest, Session
from iso15118.session.snapshot import EvccSnapshot
from iso15118.value import replace

_PHASES: Final[Mapping[Due, Phase]] = {
    Due.CHARGE_PARAMETERS: Phase.CHARGE_PARAMETERS,
    Due.SCHEDULE_EXCHANGE: Phase.SCHEDULE_EXCHANGE,
}
"""Where the first negotiation asked the same."""
_AT_ONCE: Final = ("notes", "told", "stop", "stop_code")
"""What a response changes of the session here and now."""


def wanted(session: Session) -> Iterator[Stream]:
    """The side streams on which something is to begin now: not before the first pair of the loop [V2G20-1846], not on the way out of it.

    The parking status alone knows nothing of the loop.
    """
    if parking.due(session) and Stream.PARKING not in session.asides:
        yield Stream.PARKING
    if leaving(session) or not session.phase.loop or not session.loops:
        return
    plan = session.config.renew_schedule_after
    planned = plan is not None and not session.renewals and session.loops >= plan
    if (session.renewing or planned) and Stream.SCHEDULE not in session.asides:
        yield Stream.SCHEDULE
    if session.unconfirmed is not None and Stream.METERING not in session.asides and not contract.signs_reading(session):
        yield Stream.METERING


def leaving(session: Session) -> bool:
    """True on the way out of the charge loop: nothing new is asked beside it."""
    if session.stop or session.renegotiating or session.rest is Rest.PAUSE:
        return True
    return session.waiting and isinstance(session.request, PowerDeliveryReq)


def closed(session: Session) -> Session:
    """The session after the charge loop: what was under way beside it has ended with it [V2G20-1446]."""
    return replace(session, asides={stream: aside for stream, aside in session.asides.items() if stream is Stream.PARKING})


def ask(session: Session, stream: Stream, header: Header, snapshot: EvccSnapshot) -> Message:
    """The next request on a side stream; while the charger is busy the last one, unchanged but for its time stamp [V2G20-1582]."""
    aside = session.asides.get(stream) or Aside(BEGIN[stream])
    if aside.ongoing and isinstance(aside.request, Message):
        return aside.request.but(header=header)
    if stream is Stream.METERING:
        return _ask_confirmation(session, header)
    if stream is Stream.PARKING:
        return parking.ask(session, header)
    view = replace(session, request=aside.request, **aside.changes)
    if aside.due is Due.POWER_DELIVERY:
        return _ask_delivery(view, header, snapshot)
    asks = turns.upcoming(replace(view, phase=_PHASES[aside.due], rest=None), snapshot)
    if asks is None:
        raise LocalError(f"nothing to ask for {aside.due}")
    return asks(view, header, snapshot)


def _ask_delivery(view: Session, header: Header, snapshot: EvccSnapshot) -> PowerDeliveryReq:
    return PowerDeliveryReq(
        header=header,
        ev_processing=Processing.Finished,
        charge_progress=ChargeProgress.ScheduleRenegotiation,
        ev_power_profile=profile(view, snapshot, header.time_stamp),
    )


def _ask_confirmation(session: Session, header: Header) -> MeteringConfirmationReq:
    """The reading just as it was told, signed where a contract pays: else there is no key to sign with."""
    data = contract.reading(session)
    if data is None:
        raise LocalError("a confirmation without a reading")
    signed = session.signed
    signature = signed[1] if signed is not None and signed[0] == data else None
    return MeteringConfirmationReq(header=header.but(signature=signature), signed_metering_data=data)


def read(session: Session, stream: Stream, response: Message, snapshot: EvccSnapshot) -> Read:
    """What the awaited response on a side stream says, with the session in which the stream has gone on.

    Raises PeerError where it breaks a rule.
    """
    aside = session.asides[stream]
    others = {other: each for other, each in session.asides.items() if other is not stream}
    if aside.request is None:
        raise LocalError(f"{type(response).__name__} to no request")
    if stream is Stream.PARKING:
        return Read(parking.read(replace(session, asides=others), aside.request))
    if isinstance(response, MeteringConfirmationRes):
        return Read(replace(session, asides=others, unconfirmed=None, signed=None, confirmed=session.unconfirmed))
    view = replace(session, request=aside.request, **aside.changes)
    turn = _read_delivery(view, response, snapshot) if isinstance(response, PowerDeliveryRes) else turns.read(view, response, snapshot)
    session = replace(session, **{name: getattr(turn.session, name) for name in _AT_ONCE})
    changes = {**aside.changes, **_changed(view, turn.session)}
    due = following(aside.due, type(aside.request), session.transfer, turn.outcome)
    if session.stop:  # what the charger offers now does not suit us: the loop is left, and with it this stream
        return turn._replace(session=replace(session, asides=others, renewing=False))
    if isinstance(response, PowerDeliveryRes) and due is BEGIN[Stream.SCHEDULE]:
        again = session.renewing or turn.session.renewing  # wanted meanwhile on our side, or at once by the charger
        done = replace(session, **changes, asides=others, renewing=again, renewals=session.renewals + 1)
        return turn._replace(session=done)
    waits = replace(aside, due=due, waiting=False, changes=changes, ongoing=turn.busy > 0.0)
    return turn._replace(session=replace(session, asides={**others, stream: waits}))


def _read_delivery(view: Session, response: PowerDeliveryRes, snapshot: EvccSnapshot) -> Read:
    """The charger agrees to the new profile; it may at once wish for another one [V2G20-1954]."""
    return read_power_delivery(replace(view, asides={}, renewing=False), response, snapshot)._replace(outcome=Outcome.DONE)


def _changed(before: Session, after: Session) -> dict[str, Any]:
    """The fields that differ, but for those that do not wait and those of the streams themselves."""
    names = (name for name in type(before).__fields__ if name not in _AT_ONCE and name not in ("asides", "renewing"))
    fields = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return {name: new for name, old, new in fields if new is not old}
