"""Answers about what is offered and what is taken, energy and beside it: service discovery, detail, selection."""

from __future__ import annotations

from iso15118.errors import PeerError
from iso15118.messages.v20 import service as wire
from iso15118.session.protocols import NAMESPACES
from iso15118.session.secc.state import OK, Answer, Session
from iso15118.session.services import Service
from iso15118.session.snapshot import SeccSnapshot
from iso15118.session.value_added import Selected
from iso15118.value import replace


def on_offer(session: Session) -> tuple[Service, ...]:
    """The energy services this car may choose from: those whose namespace stood in its list of protocols."""
    return tuple(service for service in session.config.services if NAMESPACES[service.id.transfer] in session.listed)


def _offered(session: Session, wanted: int) -> Service | None:
    return next((service for service in on_offer(session) if service.id == wanted), None)


def answer_service_discovery(session: Session, request: wire.ServiceDiscoveryReq, snapshot: SeccSnapshot) -> Answer:
    """All energy services; of the value-added ones those that the car names, or all where it names none [V2G20-1248] [V2G20-1249]."""
    named = None if request.supported_service_ids is None else set(request.supported_service_ids.service_id)
    energy = tuple(wire.Service(service_id=int(s.id), free_service=s.free) for s in on_offer(session))
    beside = (service for service in session.config.value_added if named is None or service.id in named)
    vas = tuple(wire.Service(service_id=service.id, free_service=service.free) for service in beside)
    response = wire.ServiceDiscoveryRes(
        header=session.header,
        response_code=OK,
        service_renegotiation_supported=session.config.service_renegotiation,
        energy_transfer_service_list=wire.ServiceList(service=energy),
        vas_list=wire.ServiceList(service=vas) if vas else None,
    )
    return Answer(session, response)


def answer_service_detail(session: Session, request: wire.ServiceDetailReq, snapshot: SeccSnapshot) -> Answer:
    """Every parameter set of the service. Raises PeerError (FAILED_ServiceIDInvalid) for one that is not on offer [V2G20-464]."""
    wanted = request.service_id
    if (service := _offered(session, wanted)) is not None:
        sets = tuple(one.to_wire() for one in service.sets)
    elif (vas := session.config.vas(wanted)) is not None:
        sets = tuple(one.to_wire() for one in vas.variants)
    else:
        raise PeerError(f"service {wanted} is not offered", requirement="V2G20-464", code="FAILED_ServiceIDInvalid")
    response = wire.ServiceDetailRes(
        header=session.header,
        response_code=OK,
        service_id=wanted,
        service_parameter_list=wire.ServiceParameterList(parameter_set=sets),
    )
    return Answer(session, response)


def answer_service_selection(session: Session, request: wire.ServiceSelectionReq, snapshot: SeccSnapshot) -> Answer:
    """Takes an offered pair of service and parameter set, and offered pairs of value-added services; those not named are let go of.

    A service whose details were never asked for may be selected all the same: nothing depends on it. Raises PeerError
    (FAILED_ServiceSelectionInvalid) on a pair that is not offered [V2G20-467], (FAILED_NoEnergyTransferServiceSelected) on a value-added
    service in the place of energy [V2G20-1985].
    """
    wanted = request.selected_energy_transfer_service
    service = _offered(session, wanted.service_id)
    if service is None and session.config.vas(wanted.service_id) is not None:
        what = f"service {wanted.service_id} transfers no energy"
        raise PeerError(what, requirement="V2G20-1985", code="FAILED_NoEnergyTransferServiceSelected")
    chosen = next((s for s in service.sets if s.id == wanted.parameter_set_id), None) if service else None
    if chosen is None:
        raise _not_offered(wanted)
    session = replace(session, service=service, parameters=chosen, value_added=_taken(session, request.selected_vas_list))
    return Answer(session, wire.ServiceSelectionRes(header=session.header, response_code=OK))


def _taken(session: Session, wanted: wire.SelectedServiceList | None) -> tuple[Selected, ...]:
    """The value-added services that a car takes, each pair once. Raises PeerError (FAILED_ServiceSelectionInvalid) on one not offered."""
    taken = []
    for pair in () if wanted is None else wanted.selected_service:
        service = session.config.vas(pair.service_id)
        if service is None or service.variant(pair.parameter_set_id) is None:
            raise _not_offered(pair)
        taken.append(Selected(pair.service_id, pair.parameter_set_id))
    return tuple(dict.fromkeys(taken))


def _not_offered(pair: wire.SelectedService) -> PeerError:
    what = f"service {pair.service_id} with parameter set {pair.parameter_set_id} is not offered"
    return PeerError(what, requirement="V2G20-467", code="FAILED_ServiceSelectionInvalid")
