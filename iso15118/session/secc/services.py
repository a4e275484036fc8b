"""Answers about what is offered and what is taken: service discovery, detail, selection."""

from __future__ import annotations

from iso15118.errors import PeerError
from iso15118.messages.v20 import service as wire
from iso15118.session.protocols import NAMESPACES
from iso15118.session.secc.state import OK, Answer, Session
from iso15118.session.services import Service
from iso15118.session.snapshot import SeccSnapshot
from iso15118.value import replace


def on_offer(session: Session) -> tuple[Service, ...]:
    """The energy services this car may choose from: those whose namespace stood in its list of protocols."""
    return tuple(service for service in session.config.services if NAMESPACES[service.id.transfer] in session.listed)


def _offered(session: Session, wanted: int) -> Service | None:
    return next((service for service in on_offer(session) if service.id == wanted), None)


def answer_service_discovery(session: Session, request: wire.ServiceDiscoveryReq, snapshot: SeccSnapshot) -> Answer:
    """All energy services, whatever ids the car names: the filter is for value-added services, of which there are none [V2G20-1249]."""
    offered = tuple(wire.Service(service_id=int(s.id), free_service=s.free) for s in on_offer(session))
    response = wire.ServiceDiscoveryRes(
        header=session.header,
        response_code=OK,
        service_renegotiation_supported=session.config.service_renegotiation,
        energy_transfer_service_list=wire.ServiceList(service=offered),
    )
    return Answer(session, response)


def answer_service_detail(session: Session, request: wire.ServiceDetailReq, snapshot: SeccSnapshot) -> Answer:
    """Every parameter set of the service. Raises PeerError (FAILED_ServiceIDInvalid) for one that is not on offer [V2G20-464]."""
    service = _offered(session, request.service_id)
    if service is None:
        what = f"service {request.service_id} is not offered"
        raise PeerError(what, requirement="V2G20-464", code="FAILED_ServiceIDInvalid")
    response = wire.ServiceDetailRes(
        header=session.header,
        response_code=OK,
        service_id=request.service_id,
        service_parameter_list=wire.ServiceParameterList(parameter_set=tuple(s.to_wire() for s in service.sets)),
    )
    return Answer(session, response)


def answer_service_selection(session: Session, request: wire.ServiceSelectionReq, snapshot: SeccSnapshot) -> Answer:
    """Takes an offered pair of service and parameter set. Raises PeerError (FAILED_ServiceSelectionInvalid) on any other [V2G20-467].

    A service whose details were never asked for may be selected all the same: nothing depends on it.
    """
    wanted = request.selected_energy_transfer_service
    service = _offered(session, wanted.service_id)
    chosen = next((s for s in service.sets if s.id == wanted.parameter_set_id), None) if service else None
    if chosen is None or request.selected_vas_list is not None:
        what = f"service {wanted.service_id} with parameter set {wanted.parameter_set_id} is not offered"
        if chosen is not None:
            what = "value-added services are not offered"
        raise PeerError(what, requirement="V2G20-467", code="FAILED_ServiceSelectionInvalid")
    session = replace(session, service=service, parameters=chosen)
    return Answer(session, wire.ServiceSelectionRes(header=session.header, response_code=OK))
