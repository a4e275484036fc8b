"""`session.services`: parameter sets to and from their wire form."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.errors import PeerError
from iso15118.messages.v20.rational import rational
from iso15118.messages.v20.service import Parameter
from iso15118.messages.v20.service import ParameterSet as WireParameterSet
from iso15118.session.services import ControlMode, ParameterSet, ServiceID, dc_service, service_of

FULL = ParameterSet(3, ControlMode.DYNAMIC, mobility_needs=2, pricing=1, connector=4, bpt_channel=2, generator_mode=1)


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
    assert (read.mobility_needs, read.pricing, read.connector, read.bpt_channel, read.generator_mode) == (1, 0, 0, None, None)


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
