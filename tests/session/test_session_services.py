"""`session.services`: parameter sets to and from their wire form."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.der.words import DerFunctions
from iso15118.errors import LocalError, PeerError
from iso15118.messages.v20.rational import rational
from iso15118.messages.v20.service import Parameter
from iso15118.messages.v20.service import ParameterSet as WireParameterSet
from iso15118.session.lenience import Deviation
from iso15118.session.services import (
    BptChannel,
    ControlMode,
    GeneratorMode,
    Islanding,
    ParameterSet,
    Pricing,
    ServiceID,
    Variants,
    dc_service,
    deviations,
    service_of,
)
from iso15118.value import replace

FULL = ParameterSet(3, ControlMode.DYNAMIC, mobility_needs=2, pricing=1, connector=4, bpt_channel=2, generator_mode=1)
S, D = ControlMode.SCHEDULED, ControlMode.DYNAMIC
EVERYTHING = Variants(
    mobility_needs=(1, 2),
    pricing=tuple(Pricing),
    bpt_channels=tuple(BptChannel),
    nominal_voltage=240,
    islanding=Islanding.PASSIVE,
    der_functions=DerFunctions.VOLT_VAR | DerFunctions.UNDER_VOLTAGE_RIDE_THROUGH,
)
ALLOWED = {
    "Connector": range(1, 8),
    "ControlMode": (1, 2),
    "EVSENominalVoltage": (240,),
    "MobilityNeedsMode": (1, 2),
    "Pricing": (0, 1, 2),
    "BPTChannel": (1, 2),
    "GeneratorMode": (1,),
    "GridCodeIslandingDetectionMethod": (2,),
    "DERControlFunctions": (0b1000_0000_1000,),
}
COMMON = {"Connector", "ControlMode", "MobilityNeedsMode", "Pricing"}
NAMES = {
    ServiceID.AC: COMMON | {"EVSENominalVoltage"},
    ServiceID.DC: COMMON,
    ServiceID.AC_BPT: COMMON | {"EVSENominalVoltage", "BPTChannel", "GeneratorMode", "GridCodeIslandingDetectionMethod"},
    ServiceID.DC_BPT: COMMON | {"BPTChannel", "GeneratorMode"},
    ServiceID.MCS: COMMON,
    ServiceID.MCS_BPT: COMMON | {"BPTChannel", "GeneratorMode"},
    ServiceID.AC_DER_IEC: COMMON | {"EVSENominalVoltage", "DERControlFunctions"},
    ServiceID.AC_DER_SAE: COMMON | {"EVSENominalVoltage"},
}


def wire(**values: Any) -> WireParameterSet:
    parameters = [value if isinstance(value, Parameter) else Parameter(name=name, int_value=value) for name, value in values.items()]
    return WireParameterSet(parameter_set_id=3, parameter=tuple(parameters))


@pytest.mark.parametrize("one", [FULL, *dc_service().sets, *dc_service(bidirectional=True).sets], ids=repr)
def test_there_and_back(one: ParameterSet) -> None:
    assert ParameterSet.from_wire(one.to_wire()) == one


def test_in_any_order_and_with_unknown_names() -> None:
    """SVC-13."""
    said = FULL.to_wire()
    extra = Parameter(name="Colour", finite_string="blue")
    assert ParameterSet.from_wire(WireParameterSet(parameter_set_id=3, parameter=(extra, *reversed(said.parameter)))) == FULL


@pytest.mark.parametrize(
    "value",
    [
        Parameter(name="ControlMode", byte_value=2),
        Parameter(name="ControlMode", short_value=2),
        Parameter(name="ControlMode", int_value=2),
        Parameter(name="ControlMode", rational_number=rational(2)),
    ],
)
def test_a_number_in_any_type(value: Parameter) -> None:
    assert ParameterSet.from_wire(wire(ControlMode=value)).control_mode is ControlMode.DYNAMIC


@pytest.mark.parametrize("values", [{}, {"ControlMode": 0}, {"ControlMode": 3}, {"ControlMode": -1}, {"Connector": 2}])
def test_without_a_known_control_mode(values: dict[str, int]) -> None:
    with pytest.raises(PeerError, match="ControlMode"):
        ParameterSet.from_wire(wire(**(values or {"Pricing": 0})))


def test_what_is_left_out() -> None:
    read = ParameterSet.from_wire(wire(ControlMode=1))
    assert read == ParameterSet(3, ControlMode.SCHEDULED, connector=0)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_our_services(bidirectional: bool) -> None:
    service = dc_service(bidirectional)
    assert service.id is (ServiceID.DC_BPT if bidirectional else ServiceID.DC)
    assert service.bidirectional is bidirectional
    assert [(one.id, one.control_mode) for one in service.sets] == [(1, ControlMode.SCHEDULED), (2, ControlMode.DYNAMIC)]
    assert {one.bpt_channel for one in service.sets} == {1 if bidirectional else None}


@pytest.mark.parametrize(
    ("service", "number", "connector", "channel"),
    [
        (ServiceID.DC, 2, 2, None),
        (ServiceID.DC_BPT, 6, 2, 1),
        (ServiceID.MCS, 8, 1, None),
        (ServiceID.MCS_BPT, 9, 1, 1),
    ],
)
def test_each_service_has_its_number_and_connector(service: ServiceID, number: int, connector: int, channel: int | None) -> None:
    made = service_of(service)
    assert (int(made.id), made.bidirectional) == (number, channel is not None)
    assert {(one.connector, one.bpt_channel, one.generator_mode) for one in made.sets} == {(connector, channel, channel)}


def test_the_preferred_mode_stands_first() -> None:
    service = dc_service(modes=(ControlMode.DYNAMIC, ControlMode.SCHEDULED))
    assert [(one.id, one.control_mode) for one in service.sets] == [(1, ControlMode.DYNAMIC), (2, ControlMode.SCHEDULED)]


@pytest.mark.case("SVC-04", "SVC-05", "SVC-06")
@pytest.mark.parametrize("service", ServiceID)
def test_each_set_is_complete_and_says_allowed_values_only(service: ServiceID) -> None:
    made = service_of(service, variants=EVERYTHING)
    channels = 2 if "BPTChannel" in NAMES[service] else 1
    assert len(made.sets) == 3 * 3 * channels
    assert [one.id for one in made.sets] == list(range(1, len(made.sets) + 1))
    for one in made.sets:
        parameters = one.to_wire().parameter
        assert {parameter.name for parameter in parameters} == NAMES[service]
        assert all(parameter.int_value in ALLOWED[parameter.name] for parameter in parameters)
        assert one.mobility_needs == 1 or one.control_mode is D
        assert list(deviations(service, one.to_wire())) == []
        assert ParameterSet.from_wire(one.to_wire()) == one
    assert len({replace(one, id=0) for one in made.sets}) == len(made.sets)
    assert {one.control_mode for one in made.sets} == {S, D}


def test_all_variants_of_the_first_mode_stand_first() -> None:
    made = service_of(ServiceID.DC, (D, S), replace(EVERYTHING, pricing=(Pricing.LEVELS, Pricing.NONE)))
    told = [(one.control_mode, one.mobility_needs, one.pricing) for one in made.sets]
    assert told == [(D, 1, 2), (D, 1, 0), (D, 2, 2), (D, 2, 0), (S, 1, 2), (S, 1, 0)]


@pytest.mark.parametrize(
    ("service", "changes", "connector"),
    [
        (ServiceID.AC, {"phases": 1}, 1),
        (ServiceID.AC_BPT, {"phases": 3}, 2),
        (ServiceID.DC, {"connector": 4, "phases": 1}, 4),
        (ServiceID.MCS, {"mcs_connector": 7}, 7),
    ],
)
def test_the_connector(service: ServiceID, changes: dict[str, Any], connector: int) -> None:
    assert {one.connector for one in service_of(service, variants=Variants(**changes)).sets} == {connector}


@pytest.mark.parametrize(
    ("modes", "variants", "many"),
    [((S, D), replace(EVERYTHING, generator_modes=tuple(GeneratorMode)), 36), ((), Variants(), 0), ((S,), Variants(pricing=()), 0)],
)
def test_more_sets_than_can_be_said_or_none(modes: tuple[ControlMode, ...], variants: Variants, many: int) -> None:
    with pytest.raises(LocalError, match=f"DC_BPT: its variants make {many} parameter sets"):
        service_of(ServiceID.DC_BPT, modes, variants)


@pytest.mark.parametrize(("connector", "phases"), [(0, 1), (1, 1), (2, 3), (3, 3)])
def test_phases_of_a_connector(connector: int, phases: int) -> None:
    assert ParameterSet.from_wire(wire(ControlMode=1, Connector=connector)).phases == phases


AC_BPT = {
    "Connector": 2,
    "ControlMode": 2,
    "EVSENominalVoltage": 230,
    "MobilityNeedsMode": 1,
    "Pricing": 0,
    "BPTChannel": 1,
    "GeneratorMode": 1,
    "GridCodeIslandingDetectionMethod": 1,
}
ODD_NAME = "DetectionMethodGridCodeIslanding"


@pytest.mark.case("SVC-14")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"Colour": Parameter(name="Colour", finite_string="blue")}, []),
        ({"Connector": 3}, [(Deviation.CONNECTOR_THREE, "")]),
        ({"GridCodeIslandingDetectionMethod": Parameter(name=ODD_NAME, int_value=2)}, [(Deviation.ISLANDING_NAME, f", {ODD_NAME}")]),
        (
            {"EVSENominalVoltage": Parameter(name="EVSENominalVoltage", rational_number=rational(230))},
            [(Deviation.VOLTAGE_RATIONAL, ", EVSENominalVoltage")],
        ),
        ({"EVSENominalVoltage": 400}, [(Deviation.VOLTAGE_BETWEEN_PHASES, ", 400 V")]),
        ({"Pricing": Parameter(name="Pricing", byte_value=0)}, [(Deviation.PARAMETER_TYPE, ", Pricing")]),
        ({"EVSENominalVoltage": Parameter(name="Voltage", int_value=230)}, [(Deviation.PARAMETER_MISSING, ", EVSENominalVoltage")]),
        ({"ControlMode": 1, "MobilityNeedsMode": 2}, [(Deviation.NEEDS_IN_SCHEDULED, "")]),
    ],
)
def test_what_is_odd_is_understood_and_told(changes: dict[str, Any], told: list[tuple[Deviation, str]]) -> None:
    said = wire(**AC_BPT | changes)
    assert list(deviations(ServiceID.AC_BPT, said)) == [(name, f"service AC_BPT{where}") for name, where in told]
    read = ParameterSet.from_wire(said)
    assert (read.phases, read.mobility_needs) == (3, 1)
    assert read.islanding == (2 if "GridCodeIslandingDetectionMethod" in changes else 1)
    assert read.nominal_voltage == (None if (Deviation.PARAMETER_MISSING, ", EVSENominalVoltage") in told else pytest.approx(230, abs=1))


@pytest.mark.parametrize(("said", "connector"), [(347, 2), (400, 1)])
def test_a_voltage_that_cannot_be_between_phases_stands_as_it_is_said(said: int, connector: int) -> None:
    wires = wire(**AC_BPT | {"EVSENominalVoltage": said, "Connector": connector})
    assert ParameterSet.from_wire(wires).nominal_voltage == said
    assert list(deviations(ServiceID.AC_BPT, wires)) == []
