"""`session.secc.services`: what is offered, in what variants, and what is taken."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.messages.v20.common import ResponseCode
from iso15118.messages.v20.service import (
    SelectedService,
    SelectedServiceList,
    ServiceDetailReq,
    ServiceDetailRes,
    ServiceDiscoveryReq,
    ServiceIDList,
    ServiceSelectionReq,
    ServiceSelectionRes,
)
from iso15118.messages.v20.session import SessionSetupReq, SessionStopReq
from iso15118.sequence.phases import Phase
from iso15118.sequence.timers import Timer
from iso15118.session import secc
from iso15118.session.commands import Close, Provide
from iso15118.session.events import Closed, Elapsed, Sent, Tick
from iso15118.session.services import ServiceID, dc_service, service_of
from iso15118.session.value_added import Selected, ValueAddedService, Variant, internet, parking_status
from tests.session.playbook import Playbook, charger_at, request, said

ALLOWED: dict[str, set[int]] = {"Connector": {1, 2, 3, 4}, "ControlMode": {1, 2}, "MobilityNeedsMode": {1, 2}, "Pricing": {0, 1, 2}}
BPT: dict[str, set[int]] = {"BPTChannel": {1, 2}, "GeneratorMode": {1, 2}}
AC: dict[str, set[int]] = {"Connector": {1, 2}, "EVSENominalVoltage": set(range(501))}
MCS: dict[str, set[int]] = {"Connector": set(range(1, 8))}


def selected(service_id: int, parameter_set: int, *vas: int) -> Playbook:
    chosen = SelectedService(service_id=service_id, parameter_set_id=parameter_set)
    extra = SelectedServiceList(selected_service=tuple(SelectedService(service_id=i, parameter_set_id=1) for i in vas)) if vas else None
    ask = request(ServiceSelectionReq, selected_energy_transfer_service=chosen, selected_vas_list=extra)
    return charger_at(Phase.SERVICE_SELECTION) >> ask


def details(service: ServiceID) -> list[dict[str, Any]]:
    play = charger_at(Phase.SERVICE_DETAIL, service=service) >> request(ServiceDetailReq, service=service)
    answer = play.sent()
    assert answer.service_id == service
    sets = answer.service_parameter_list.parameter_set
    assert len({one.parameter_set_id for one in sets}) == len(sets)
    return [{parameter.name: parameter.int_value for parameter in one.parameter} for one in sets]


@pytest.mark.case("SVC-01", "SVC-02")
@pytest.mark.parametrize(
    "wanted", [None, (6,), (2, 6), (1, 5)], ids=["SVC-01 no filter", "SVC-02 filter", "both", "a filter is for value-added services"]
)
def test_all_energy_services_are_offered(wanted: tuple[int, ...] | None) -> None:
    ids = ServiceIDList(service_id=wanted) if wanted else None
    answer = (charger_at(Phase.SERVICE_DISCOVERY) >> request(ServiceDiscoveryReq, supported_service_ids=ids)).sent()
    assert [service.service_id for service in answer.energy_transfer_service_list.service] == [6, 2]
    assert answer.vas_list is None
    assert answer.service_renegotiation_supported is False


def test_the_configured_services_are_offered() -> None:
    config = secc.Config(services=(dc_service(),))
    answer = (charger_at(Phase.SERVICE_DISCOVERY, config=config) >> request(ServiceDiscoveryReq)).sent()
    assert [service.service_id for service in answer.energy_transfer_service_list.service] == [2]


def test_nothing_is_offered_whose_protocol_the_car_does_not_speak() -> None:
    """A charger of all kinds, a car that lists DC only."""
    config = secc.Config(services=tuple(service_of(service) for service in ServiceID))
    play = charger_at(Phase.SERVICE_DISCOVERY, config=config) >> request(ServiceDiscoveryReq)
    assert [service.service_id for service in play.sent().energy_transfer_service_list.service] == [2, 6, 8, 9]
    play >> Sent() >> request(ServiceDetailReq, service_id=1)
    assert play.sent().response_code is ResponseCode.FAILED_ServiceIDInvalid


def test_a_service_whose_protocol_the_car_does_not_speak_cannot_be_taken() -> None:
    config = secc.Config(services=(service_of(ServiceID.AC), service_of(ServiceID.DC_BPT)))
    chosen = SelectedService(service_id=1, parameter_set_id=1)
    play = charger_at(Phase.SERVICE_SELECTION, config=config) >> request(ServiceSelectionReq, selected_energy_transfer_service=chosen)
    assert play.sent().response_code is ResponseCode.FAILED_ServiceSelectionInvalid


@pytest.mark.case("SVC-03")
@pytest.mark.parametrize("service_id", [0, 1, 5, 7, 65, 66, 65535])
@pytest.mark.parametrize("phase", [Phase.SERVICE_DETAIL, Phase.SERVICE_SELECTION])
def test_details_of_what_is_not_offered(phase: Phase, service_id: int) -> None:
    """The id comes back, and nothing is promised."""
    play = charger_at(phase) >> request(ServiceDetailReq, service_id=service_id)
    answer = play.sent()
    assert (answer.response_code, answer.service_id) == (ResponseCode.FAILED_ServiceIDInvalid, service_id)
    assert play >> Sent() << Close


@pytest.mark.case("SVC-04", "SVC-05", "SVC-06")
@pytest.mark.parametrize(
    ("service", "allowed"),
    [
        (ServiceID.AC, ALLOWED | AC),
        (ServiceID.AC_BPT, ALLOWED | AC | BPT | {"GridCodeIslandingDetectionMethod": {1, 2}}),
        (ServiceID.DC, ALLOWED),
        (ServiceID.DC_BPT, ALLOWED | BPT),
        (ServiceID.MCS, ALLOWED | MCS),
        (ServiceID.MCS_BPT, ALLOWED | MCS | BPT),
        (ServiceID.AC_DER_IEC, ALLOWED | AC | {"DERControlFunctions": set(range(1 << 12))}),
        (ServiceID.AC_DER_SAE, ALLOWED | AC),
    ],
)
def test_the_details_of_a_service(service: ServiceID, allowed: dict[str, set[int]]) -> None:
    """Complete, allowed values only, both control modes, mobility needs 2 only with Dynamic."""
    sets = details(service)
    for one in sets:
        assert one.keys() == allowed.keys()
        assert all(one[name] in allowed[name] for name in one)
        assert one["MobilityNeedsMode"] == 1 or one["ControlMode"] == 2
    assert {one["ControlMode"] for one in sets} == {1, 2}


def test_details_may_be_asked_for_again_and_again() -> None:
    play = charger_at(Phase.SERVICE_DETAIL)
    for service in (ServiceID.DC, ServiceID.DC_BPT, ServiceID.DC):
        assert play >> request(ServiceDetailReq, service=service) << said(ServiceDetailRes, service_id=int(service)) >> Sent()
    assert play.session.phase is Phase.SERVICE_SELECTION


BOTH = secc.Config(value_added=(internet(), parking_status(), ValueAddedService(1000, (Variant(7, (("Colour", "blue"),)),), free=False)))


@pytest.mark.case("SVC-01", "SVC-02")
@pytest.mark.parametrize(
    ("named", "expected"),
    [(None, [65, 66, 1000]), ((65,), [65]), ((6, 1000, 66), [66, 1000]), ((6, 2), None), ((99,), None)],
)
def test_the_filter_holds_for_value_added_services(named: tuple[int, ...] | None, expected: list[int] | None) -> None:
    ids = ServiceIDList(service_id=named) if named else None
    play = charger_at(Phase.SERVICE_DISCOVERY, config=BOTH) >> request(ServiceDiscoveryReq, supported_service_ids=ids)
    answer = play.sent()
    assert [service.service_id for service in answer.energy_transfer_service_list.service] == [6, 2]
    assert (answer.vas_list and [service.service_id for service in answer.vas_list.service]) == expected
    assert play.session.phase is Phase.SERVICE_DETAIL


@pytest.mark.case("SVC-04")
def test_the_details_of_value_added_services() -> None:
    def told(service: int) -> dict[int, dict[str, Any]]:
        answer = (charger_at(Phase.SERVICE_DETAIL, config=BOTH) >> request(ServiceDetailReq, service_id=service)).sent()
        sets = answer.service_parameter_list.parameter_set
        return {
            one.parameter_set_id: {p.name: p.int_value if p.finite_string is None else p.finite_string for p in one.parameter}
            for one in sets
        }

    assert told(65) == {3: {"Protocol": "http", "Port": 80}, 4: {"Protocol": "https", "Port": 443}}
    assert told(66) == {i: {"IntendedService": i, "ParkingStatusType": 3} for i in (1, 2)}
    assert told(1000) == {7: {"Colour": "blue"}}


def with_vas(*pairs: tuple[int, int], energy: tuple[int, int] = (6, 1), config: secc.Config = BOTH) -> Playbook:
    chosen = SelectedService(service_id=energy[0], parameter_set_id=energy[1])
    beside = (
        SelectedServiceList(selected_service=tuple(SelectedService(service_id=s, parameter_set_id=p) for s, p in pairs)) if pairs else None
    )
    ask = request(ServiceSelectionReq, selected_energy_transfer_service=chosen, selected_vas_list=beside)
    return charger_at(Phase.SERVICE_SELECTION, config=config) >> ask


@pytest.mark.case("SVC-10")
@pytest.mark.parametrize("pairs", [((65, 3),), ((66, 1), (66, 2)), ((1000, 7), (65, 4))])
def test_value_added_services_beside_energy(pairs: tuple[tuple[int, int], ...]) -> None:
    play = with_vas(*pairs)
    assert play << said(ServiceSelectionRes, response_code=ResponseCode.OK) << Provide(tuple(Selected(*pair) for pair in pairs))
    assert play.session.phase is Phase.CHARGE_PARAMETERS


def test_without_value_added_services_nothing_is_said_of_them() -> None:
    assert with_vas() << said(ServiceSelectionRes, response_code=ResponseCode.OK)


@pytest.mark.case("SVC-11")
@pytest.mark.parametrize("pairs", [((65, 1),), ((67, 3),), ((65, 3), (66, 3)), ((6, 1),)])
def test_value_added_services_that_are_not_offered(pairs: tuple[tuple[int, int], ...]) -> None:
    play = with_vas(*pairs)
    assert play.sent().response_code is ResponseCode.FAILED_ServiceSelectionInvalid
    assert play >> Sent() << Close
    assert play.session.value_added == ()


@pytest.mark.case("SVC-09")
@pytest.mark.parametrize("energy", [(65, 3), (66, 1), (1000, 7), (1000, 1)])
def test_a_value_added_service_transfers_no_energy(energy: tuple[int, int]) -> None:
    play = with_vas(energy=energy)
    assert play.sent().response_code is ResponseCode.FAILED_NoEnergyTransferServiceSelected
    assert play >> Sent() << Close


@pytest.mark.parametrize("end", [Closed("gone"), Elapsed(Timer.SEQUENCE), request(SessionStopReq), request(SessionSetupReq)])
def test_value_added_services_end_with_the_session(end: Any) -> None:
    play = with_vas((65, 3)).skip() >> Sent() >> end
    assert Provide(()) in play.commands
    assert play.session.value_added == ()
    assert Provide(()) not in (play.skip() >> Tick()).commands


@pytest.mark.parametrize(
    "services",
    [(internet(), internet()), tuple(ValueAddedService(100 + i, internet().variants) for i in range(9))],
)
def test_value_added_services_that_cannot_be_offered(services: tuple[ValueAddedService, ...]) -> None:
    with pytest.raises(LocalError, match="at most 8"):
        secc.Config(value_added=services)


@pytest.mark.case("SVC-08")
@pytest.mark.parametrize(("service", "parameter_set"), [(6, 1), (6, 2), (2, 1), (2, 2)])
def test_what_is_offered_may_be_taken(service: int, parameter_set: int) -> None:
    """The path here asked for the details of service 6 only; 2 may be selected all the same."""
    play = selected(service, parameter_set)
    assert play.sent().response_code is ResponseCode.OK
    assert play.session.phase is Phase.CHARGE_PARAMETERS
    assert play.session.bidirectional is (service == 6)
    assert play.session.parameters is not None
    assert play.session.parameters.control_mode == parameter_set


@pytest.mark.case("SVC-07", "SVC-11")
@pytest.mark.parametrize(
    ("service", "parameter_set", "vas"),
    [
        pytest.param(6, 3, (), id="SVC-07"),
        pytest.param(6, 0, (), id="SVC-07, zero"),
        pytest.param(5, 1, (), id="AC_BPT"),
        pytest.param(0, 0, (), id="none"),
        pytest.param(65, 1, (), id="a value-added service that is not offered"),
        pytest.param(6, 1, (65,), id="SVC-11"),
        pytest.param(6, 1, (65, 66), id="SVC-11, two"),
    ],
)
def test_what_is_not_offered_is_refused(service: int, parameter_set: int, vas: tuple[int, ...]) -> None:
    play = selected(service, parameter_set, *vas)
    assert play.sent().response_code is ResponseCode.FAILED_ServiceSelectionInvalid
    assert play >> Sent() << Close
    assert play.session.service is None
