"""What the charger tells of energy: the meter's reading of this session; and how the car confirms it."""

from __future__ import annotations

from typing import Final

from iso15118.errors import PeerError
from iso15118.messages.v20.common import DetailedCost, DetailedTax, EVSENotification, MeterInfo, Receipt
from iso15118.messages.v20.metering import (
    Dynamic_SMDTControlMode,
    MeteringConfirmationReq,
    MeteringConfirmationRes,
    Scheduled_SMDTControlMode,
    SignedMeteringData,
)
from iso15118.messages.v20.rational import rational
from iso15118.session.secc.notifications import wants
from iso15118.session.secc.state import OK, Answer, Session
from iso15118.session.snapshot import SeccSnapshot
from iso15118.units import KWH, MICROSECONDS

_CONFIRM: Final = EVSENotification.MeteringConfirmation


def meter_info(session: Session, snapshot: SeccSnapshot, *, requested: bool) -> MeterInfo | None:
    """The reading of this session only, in whole Wh [V2G20-902].

    It is told on request [V2G20-1082], in the first turn of the loop [V2G20-1833], and where the car is to confirm it [V2G20-1083];
    never by a meter that had not been read when the session began.
    """
    wanted = requested or (session.loops == 1 and session.config.meter_at_start) or wants(session, _CONFIRM)
    if not wanted or session.meter_base is None:
        return None
    reading, (charged, discharged) = snapshot.reading, session.meter_base
    back = max(0, int(reading.discharged.value - discharged)) if session.bidirectional else None
    return MeterInfo(
        meter_id=session.config.meter_id,
        charged_energy_reading_wh=max(0, int(reading.charged.value - charged)),
        bpt_discharged_energy_reading_wh=back,
        meter_timestamp=snapshot.clock - round(reading.charged.age(snapshot.now) * MICROSECONDS),
    )


def receipt(snapshot: SeccSnapshot, meter: MeterInfo | None) -> Receipt | None:
    """What the energy charged has cost so far; it comes with the reading that it is made of [V2G20-1919]."""
    rate = snapshot.rate
    if rate is None or meter is None:
        return None
    cost = meter.charged_energy_reading_wh / KWH * rate.energy
    return Receipt(
        time_anchor=snapshot.clock,
        energy_costs=DetailedCost(amount=rational(round(cost, 4)), cost_per_unit=rational(rate.energy)),
        tax_costs=tuple(DetailedTax(tax_rule_id=i, amount=rational(round(cost * tax / 100, 4))) for i, tax in enumerate(rate.taxes, 1)),
    )


def answer_metering_confirmation(session: Session, request: MeteringConfirmationReq, snapshot: SeccSnapshot) -> Answer:
    """Agreement, where the car has confirmed what it was told. Raises PeerError (FAILED_MeteringSignatureNotValid) where it has not."""
    if problem := altered(session, request.signed_metering_data) or unsigned(session, request):
        raise PeerError(f"the car confirms {problem}", code="FAILED_MeteringSignatureNotValid")
    return Answer(session, MeteringConfirmationRes(header=session.header, response_code=OK))


def altered(session: Session, data: SignedMeteringData) -> str:
    """What in the confirmation is not what the car was told; empty where all is."""
    if data.session_id != session.id:
        return "a reading of another session"
    if data.meter_info != session.reading:
        told = "none" if session.reading is None else f"{session.reading.charged_energy_reading_wh} Wh charged"
        return f"another reading ({data.meter_info.charged_energy_reading_wh} Wh charged) than it was told ({told})"
    if data.receipt not in (None, session.receipt):
        return "another receipt than it was given"
    if isinstance(data.control_mode, Dynamic_SMDTControlMode) is not session.dynamic:
        return "a reading under the other control mode"
    if isinstance(data.control_mode, Scheduled_SMDTControlMode) and not _named(session, data.control_mode.selected_schedule_tuple_id):
        return f"a reading under schedule tuple {data.control_mode.selected_schedule_tuple_id}, which is not in force"
    return ""


def unsigned(session: Session, request: MeteringConfirmationReq) -> str:
    """What is wrong with the signature by the contract that pays; empty where nothing is, or no contract pays: then there is no key."""
    pnc = session.config.plug_and_charge
    if not session.contract or pnc is None:
        return ""
    from iso15118.pki.chain import ChainError, key_of, load
    from iso15118.pki.signature import POLICIES, verify

    try:
        verify(request.header.signature, [request.signed_metering_data], request, key_of(load(session.contract)), POLICIES[pnc.policy])
    except (PeerError, ChainError) as error:
        return f"without its contract's word: {error}"
    return ""


def _named(session: Session, tuple_id: int) -> bool:
    """True for the schedule in force, and for one agreed on that is about to be."""
    renewed = None if session.renewed is None else session.renewed.get("chosen")
    return tuple_id in {chosen.id for chosen in (session.chosen, renewed) if chosen is not None}
