"""`session.der_sae`: a grid code to the wire and back, whole and by what has changed, by the codec itself."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.der.words import Curve, DsoSetpoint, FrequencyWatt, GridCode, Response, VoltWatt, ZeroCurrent
from iso15118.errors import LocalError, PeerError
from iso15118.exi import Message
from iso15118.messages.catalogue import SCHEMAS
from iso15118.messages.v20 import der_sae as messages
from iso15118.messages.v20 import der_sae_grid_code as wire
from iso15118.messages.v20.common import Header, ResponseCode
from iso15118.messages.v20.rational import rational
from iso15118.sequence.refusals import least_of
from iso15118.session.der_sae import Base, read_changes, read_code, said_changes, said_code, sayable
from iso15118.value import replace
from tests.der.grid_codes import protection
from tests.session.asked import SESSION_ID, STAMP

LAG = Response(2.0, pt1=True)
BASE = Base(230.0, 50.0, 10e3, 5e3)
NONE = DsoSetpoint()
WHOLE = GridCode(
    over_frequency_watt=FrequencyWatt(50.2, 50.2, 40.0, response=LAG),
    under_frequency_watt=FrequencyWatt(49.8, 49.8, 40.0, True),
    volt_watt=VoltWatt(250.0, 260.0, response=LAG),
    volt_var=Curve(((213.9, -4e3), (223.1, 0.0), (236.9, 0.0), (246.1, 4e3)), LAG),
    protection=protection(randomized_delay=5.0, ramp_time=10.0),
)
Unit = wire.DERUnit


def decoded(mode: Message, name: str, **fields: Any) -> Any:
    header = Header(session_id=SESSION_ID, time_stamp=STAMP)
    schema = SCHEMAS["AC_DER_SAE"]
    return schema.decode(
        schema.encode(getattr(messages, name)(header=header, response_code=ResponseCode.OK, **fields, **{_place(name): mode}))
    )


def _place(name: str) -> str:
    return "control_mode" if "Loop" in name else "energy_transfer_mode"


def whole(control: wire.DERControlCPDRes) -> wire.DERControlCPDRes:
    mode = least_of(messages.DER_AC_CPDResEnergyTransferMode, der_control_cpd_res=control)
    found: wire.DERControlCPDRes = decoded(mode, "AC_ChargeParameterDiscoveryRes").energy_transfer_mode.der_control_cpd_res
    return found


def changes(control: wire.DERControlCLRes) -> wire.DERControlCLRes:
    mode = least_of(messages.DER_Scheduled_AC_CLResControlMode, der_control_cl_res=control)
    found: wire.DERControlCLRes = decoded(mode, "AC_ChargeLoopRes").control_mode.der_control_cl_res
    return found


def near(a: Any, b: Any) -> bool:
    """Equal but for the digits that the wire rounds away."""
    return a == b if not isinstance(a, float) else a == pytest.approx(b, rel=1e-3)


def same(a: Any, b: Any) -> bool:
    if hasattr(type(a), "__fields__"):
        return type(a) is type(b) and all(same(getattr(a, name), getattr(b, name)) for name in type(a).__fields__)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return near(a, b)


@pytest.mark.parametrize(
    ("code", "dso"),
    [
        (WHOLE, NONE),
        (replace(WHOLE, volt_var=None, watt_var=Curve(((0.0, 0.0), (8e3, 3e3)))), DsoSetpoint(4e3, reactive=-2e3)),
        (GridCode(protection=protection(permit=False)), DsoSetpoint(cos_phi=0.95, under_excited=False)),
    ],
)
def test_there_and_back(code: GridCode, dso: DsoSetpoint) -> None:
    found, demand = read_code(whole(said_code(code, dso, BASE, 3)), BASE, 3)
    assert same(found, code), found
    assert same(demand, dso)


def test_what_is_off_is_said_to_be_off() -> None:
    control = said_code(GridCode(protection=protection()), NONE, BASE, 3)
    reactive, active = control.reactive_power_support_cpd_res, control.active_power_support_cpd_res
    support = (reactive.constant_power_factor, reactive.volt_var, reactive.watt_var, reactive.constant_var)
    power = (active.frequency_droop, active.volt_watt, active.constant_watt, active.limit_max_discharge_power)
    assert [function.enable for function in (*support, *power)] == [False] * 8  # type: ignore[attr-defined]


def test_only_what_has_changed_is_told_again() -> None:
    said = said_changes(WHOLE, NONE, (WHOLE, NONE), BASE, 3)
    assert said == wire.DERControlCLRes(enter_service_cl_res=wire.EnterServiceCLRes(permit_service=True))
    other = replace(WHOLE, volt_watt=None, protection=protection(randomized_delay=5.0, ramp_time=20.0))
    said = said_changes(other, DsoSetpoint(reactive=1e3), (WHOLE, NONE), BASE, 3)
    assert (said.voltage_trip, said.frequency_trip) == (None, None)
    assert said.enter_service_cl_res == wire.EnterServiceCLRes(permit_service=True, enter_service_ramp_time=rational(20.0))
    assert said.active_power_support_cl_res is not None
    assert said.active_power_support_cl_res.frequency_droop is None
    assert said.reactive_power_support_cl_res is not None
    assert said.reactive_power_support_cl_res.volt_var is None
    code, dso = read_changes(changes(said), WHOLE, NONE, BASE, 3)
    assert same(code, other)
    assert dso == DsoSetpoint(reactive=1e3)


def test_a_turn_that_changes_nothing_gives_the_same_objects() -> None:
    code, dso = read_changes(changes(said_changes(WHOLE, NONE, (WHOLE, NONE), BASE, 3)), WHOLE, NONE, BASE, 3)
    assert code is WHOLE
    assert dso is NONE


def test_permission_alone_changes() -> None:
    forbidden = replace(WHOLE, protection=protection(randomized_delay=5.0, ramp_time=10.0, permit=False))
    said = said_changes(forbidden, NONE, (WHOLE, NONE), BASE, 3)
    assert said == wire.DERControlCLRes(enter_service_cl_res=wire.EnterServiceCLRes(permit_service=False))
    code, _ = read_changes(changes(said), WHOLE, NONE, BASE, 3)
    assert code.protection is not None
    assert not code.protection.enter.permit
    assert code.volt_watt == WHOLE.volt_watt


def _volt_var(x: wire.DERUnit, y: wire.DERUnit, *points: tuple[float, float]) -> wire.DERControlCPDRes:
    control = said_code(WHOLE, NONE, BASE, 3)
    reactive = control.reactive_power_support_cpd_res
    at = tuple(wire.DataTuple(x_value=rational(a), y_value=rational(b)) for a, b in points)
    curve = reactive.volt_var.but(x_unit=x, y_unit=y, curve_data_points=wire.CurveDataPointsList(curve_data_point=at))
    return control.but(reactive_power_support_cpd_res=reactive.but(volt_var=curve))


def test_percentages_are_of_the_inverter_and_of_the_nominal_voltage() -> None:
    percent = Unit.PercentageEVMaximumConfiguredReactivePower
    code, _ = read_code(_volt_var(Unit.PercentageV, percent, (90.0, -50.0), (110.0, 50.0)), BASE, 3)
    assert code.volt_var is not None
    assert same(code.volt_var.points, ((207.0, -2500.0), (253.0, 2500.0)))


def test_a_unit_of_another_kind_is_an_error() -> None:
    with pytest.raises(PeerError, match=r"a curve in Hz, where V is looked for"):
        read_code(_volt_var(Unit.Hz, Unit.var, (49.0, 0.0), (51.0, 0.0)), BASE, 3)


def test_of_a_volt_watt_curve_the_steepest_reading_counts() -> None:
    control = said_code(WHOLE, NONE, BASE, 3)
    active = control.active_power_support_cpd_res
    points = tuple(
        wire.DataTuple(x_value=rational(x), y_value=rational(y)) for x, y in ((240.0, 100.0), (244.0, 100.0), (254.0, 20.0), (300.0, 0.0))
    )
    curve = active.volt_watt.but(curve_data_points=wire.CurveDataPointsList(curve_data_point=points))
    code, _ = read_code(control.but(active_power_support_cpd_res=active.but(volt_watt=curve)), BASE, 3)
    assert code.volt_watt == VoltWatt(244.0, 244.0 + 12.5, response=code.volt_watt.response if code.volt_watt else LAG)


def test_entering_service_needs_a_delay() -> None:
    control = said_code(WHOLE, NONE, BASE, 3)
    enter = control.enter_service_cpd_res.but(enter_service_delay=None, enter_service_randomized_delay=None)
    with pytest.raises(PeerError, match="without a delay") as caught:
        read_code(control.but(enter_service_cpd_res=enter), BASE, 3)
    assert caught.value.requirement == "V2G20-3364"


def test_an_active_power_to_hold_is_declined() -> None:
    control = said_code(WHOLE, NONE, BASE, 3)
    active = control.active_power_support_cpd_res
    held = active.but(constant_watt=active.constant_watt.but(enable=True))
    with pytest.raises(PeerError, match="a constant active power"):
        read_code(control.but(active_power_support_cpd_res=held), BASE, 3)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (GridCode(), "protection: missing"),
        (replace(WHOLE, zero_current=ZeroCurrent(264.0)), "zero_current: not allowed"),
        (replace(WHOLE, over_frequency_watt=FrequencyWatt(50.2, 50.1, 40.0)), "a droop, with stop = start"),
        (replace(WHOLE, volt_watt=VoltWatt(250.0, 260.0, momentary=True)), "of the most"),
        (replace(WHOLE, volt_var=Curve(((210.0, 0.0), (250.0, 0.0)), lock_in=2e3)), "lock_in"),
        (replace(WHOLE, volt_watt=VoltWatt(250.0, 260.0, response=Response(delay=3.0))), "a delay"),
    ],
)
def test_what_has_no_words(code: GridCode, told: str) -> None:
    sayable(WHOLE)
    with pytest.raises(LocalError, match=told):
        sayable(code)
