"""What the car asks about services, and how it chooses: by its own order of services, then of control modes, not the charger's."""

from __future__ import annotations

from iso15118.errors import LocalError, PeerError
from iso15118.messages.v20.common import Header
from iso15118.messages.v20.service import (
    SelectedService,
    SelectedServiceList,
    ServiceDetailReq,
    ServiceDetailRes,
    ServiceDiscoveryReq,
    ServiceDiscoveryRes,
    ServiceSelectionReq,
    ServiceSelectionRes,
)
from iso15118.session.evcc.parking import purposes
from iso15118.session.evcc.state import Config, Read, Session
from iso15118.session.services import ControlMode, GeneratorMode, ParameterSet, Service, deviations
from iso15118.session.snapshot import EvccSnapshot
from iso15118.session.value_added import Selected, Variant
from iso15118.value import replace


def ask_service_discovery(session: Session, header: Header, snapshot: EvccSnapshot) -> ServiceDiscoveryReq:
    """Everything on offer [V2G20-1248]."""
    return ServiceDiscoveryReq(header=header)


def read_service_discovery(session: Session, response: ServiceDiscoveryRes, snapshot: EvccSnapshot) -> Read:
    """The services both sides know, in our order. None: the session ends in order."""
    offered = {service.service_id for service in response.energy_transfer_service_list.service}
    candidates = tuple(service for service in session.wanted if service in offered and service not in session.declined)
    first = session.renegotiations == 0  # what it says of renegotiation holds for the session
    renegotiable = response.service_renegotiation_supported if first else session.renegotiable
    beside = () if response.vas_list is None else {service.service_id for service in response.vas_list.service}
    vas = tuple(dict.fromkeys(wish.service for wish in session.config.value_added if wish.service in beside))
    session = replace(session, candidates=candidates, offers=(), service=None, parameters=None, order=None, renegotiable=renegotiable)
    session = replace(session, vas_candidates=vas, vas_offers=())
    if not candidates:
        session = replace(session, stop=f"no service in common; the charger offers {sorted(offered)}", stop_code="NoCommonService")
    return Read(session)


def ask_service_detail(session: Session, header: Header, snapshot: EvccSnapshot) -> ServiceDetailReq:
    """The variants of the next candidate. Raises LocalError where there is none left."""
    if (wanted := undetailed(session)) is None:
        raise LocalError("all details are known")
    return ServiceDetailReq(header=header, service_id=int(wanted))


def undetailed(session: Session) -> int | None:
    """The next service whose variants have to be asked for, energy first; None: all are known."""
    wanted = (*session.candidates, *session.vas_candidates)
    known = len(session.offers) + len(session.vas_offers)
    return wanted[known] if known < len(wanted) else None


def read_service_detail(session: Session, response: ServiceDetailRes, snapshot: EvccSnapshot) -> Read:
    """The variants; after the last candidate one is chosen, or the session ends in order. Raises PeerError on those of another service."""
    wanted = undetailed(session)
    if response.service_id != wanted:
        raise PeerError(f"details of service {response.service_id} instead of {wanted}")
    if len(session.offers) == len(session.candidates):
        variants = tuple(Variant.from_wire(wire) for wire in response.service_parameter_list.parameter_set)
        return _detailed(replace(session, vas_offers=(*session.vas_offers, variants)), ())
    asked = session.candidates[len(session.offers)]
    sets: list[ParameterSet] = []
    notes: list[str] = []
    for wire in response.service_parameter_list.parameter_set:
        try:
            notes += [session.config.lenience.judged(*odd) for odd in deviations(asked, wire)]
            sets.append(ParameterSet.from_wire(wire))
        except PeerError as error:  # one variant that cannot be read leaves the others
            notes.append(f"service {asked.name}: {error}")
    return _detailed(replace(session, offers=(*session.offers, Service(asked, tuple(sets)))), tuple(notes))


def _detailed(session: Session, notes: tuple[str, ...]) -> Read:
    return Read(choose(session) if undetailed(session) is None else session, notes=notes)


def choose(session: Session) -> Session:
    """The session with service and parameter set chosen from the offers, or with the reason to stop where none fits."""
    for service in session.offers:
        if (parameters := best(service, session.config)) is not None:
            return replace(session, service=service, parameters=parameters)
    why = "no variant of a service suits us (control mode, mobility needs, pricing)"
    return replace(session, stop=why, stop_code="NoCommonParameterSet")


def best(service: Service, config: Config) -> ParameterSet | None:
    """The variant in the best control mode; within it by our order of mobility needs, then of pricing, and one channel before two.

    A variant in which we would have to make a grid is never chosen.
    """
    wanted = [s for s in service.sets if _fits(s, config)]
    return min(wanted, key=lambda s: _rank(s, config), default=None)


def _fits(variant: ParameterSet, config: Config) -> bool:
    needs = variant.control_mode is ControlMode.SCHEDULED or variant.mobility_needs in config.mobility_needs
    wanted = variant.control_mode in config.control_modes and variant.pricing in config.pricing
    return needs and wanted and variant.generator_mode != GeneratorMode.GRID_FORMING


def _rank(variant: ParameterSet, config: Config) -> tuple[int, int, int, int]:
    dynamic = variant.control_mode is ControlMode.DYNAMIC
    return (
        config.control_modes.index(variant.control_mode),
        config.mobility_needs.index(variant.mobility_needs) if dynamic else 0,
        config.pricing.index(variant.pricing),
        variant.bpt_channel or 0,
    )


def ask_service_selection(session: Session, header: Header, snapshot: EvccSnapshot) -> ServiceSelectionReq:
    """An offered pair of service and parameter set [V2G20-1216]. Raises LocalError before one is chosen."""
    if session.service is None or session.parameters is None:
        raise LocalError("no service is chosen yet")
    selected = SelectedService(service_id=int(session.service.id), parameter_set_id=session.parameters.id)
    vas = tuple(SelectedService(service_id=service, parameter_set_id=variant) for service, variant in wanted_vas(session))
    beside = SelectedServiceList(selected_service=vas) if vas else None
    return ServiceSelectionReq(header=header, selected_energy_transfer_service=selected, selected_vas_list=beside)


def wanted_vas(session: Session) -> tuple[Selected, ...]:
    """The value-added services to take: of each wish that is offered the first variant that fulfils it."""
    offers = dict(zip(session.vas_candidates, session.vas_offers, strict=False))
    found = (
        next((Selected(wish.service, variant.id) for variant in offers.get(wish.service, ()) if variant.has(wish.settings)), None)
        for wish in session.config.value_added
    )
    return tuple(dict.fromkeys(selected for selected in found if selected is not None))


def read_service_selection(session: Session, response: ServiceSelectionRes, snapshot: EvccSnapshot) -> Read:
    """The choice stands: value-added services begin [V2G20-1591], and those that are not chosen any more have to end [V2G20-1592]."""
    taken = wanted_vas(session)
    return Read(replace(session, value_added=taken, parking_for=purposes(session, taken)))
