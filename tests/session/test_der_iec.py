"""`session.der_iec`: a grid code to the wire and back, by the codec itself."""

from __future__ import annotations

import pytest

from iso15118.der.words import EVERY_FUNCTION, Curve, DerFunctions, FrequencyWatt, GridCode, Response, RideThrough, VoltWatt, ZeroCurrent
from iso15118.errors import CodecError, LocalError, PeerError
from iso15118.messages.catalogue import SCHEMAS
from iso15118.messages.v20 import der_iec as wire
from iso15118.messages.v20.rational import rational
from iso15118.session.der_iec import read_code, said_code
from iso15118.value import replace
from tests.session.asked import SESSION_ID, STAMP

LAG = Response(5.0, pt1=True, delay=2.0)
WHOLE = GridCode(
    over_frequency_watt=FrequencyWatt(50.2, 50.1, 40.0, True, True, LAG, 1.0, 30.0, 10.0),
    under_frequency_watt=FrequencyWatt(49.8, 49.9, 40.0, response=LAG),
    volt_watt=VoltWatt(250.0, 260.0, response=LAG),
    volt_var=Curve(((210.0, -4e3), (220.0, 0.0), (240.0, 0.0), (250.0, 4e3)), LAG, 2e3, 1e3, min_cos_phi=0.9),
    dc_injection=0.1,
    zero_current=ZeroCurrent(264.0, 104.0, 253.0, 196.0),
    over_voltage_ride_through=RideThrough(253.0, 264.0, 250.0, 2.0, 1.0),
    under_voltage_ride_through=RideThrough(196.0),
)


def through_the_codec(control: wire.DERControl) -> wire.DERControl:
    from iso15118.messages.v20.common import Header, ResponseCode
    from iso15118.sequence.refusals import least_of

    mode = least_of(wire.DER_AC_CPDResEnergyTransferMode, der_control=control)
    header = Header(session_id=SESSION_ID, time_stamp=STAMP)
    response = wire.AC_ChargeParameterDiscoveryRes(header=header, response_code=ResponseCode.OK, energy_transfer_mode=mode)
    schema = SCHEMAS["AC_DER_IEC"]
    found = schema.decode(schema.encode(response))
    assert isinstance(found, wire.AC_ChargeParameterDiscoveryRes)
    assert isinstance(found.energy_transfer_mode, wire.DER_AC_CPDResEnergyTransferMode)
    return found.energy_transfer_mode.der_control


@pytest.mark.parametrize("kind", ["volt_var", "watt_var", "watt_cos_phi"])
def test_there_and_back(kind: str) -> None:
    code = replace(WHOLE, volt_var=None)
    code = replace(code, **{kind: WHOLE.volt_var})
    assert read_code(through_the_codec(said_code(code, EVERY_FUNCTION))) == code


@pytest.mark.case("DER-03")
@pytest.mark.parametrize("function", DerFunctions)
def test_only_what_is_selected_is_said(function: DerFunctions) -> None:
    told = read_code(through_the_codec(said_code(WHOLE, function)))
    assert told.functions == function & WHOLE.functions


@pytest.mark.case("DER-04")
@pytest.mark.parametrize("points", [2, 10])
def test_curves_of_two_and_ten_points(points: int) -> None:
    code = GridCode(volt_var=Curve(tuple((200.0 + i, float(i)) for i in range(points))))
    assert read_code(through_the_codec(said_code(code, EVERY_FUNCTION))) == code


@pytest.mark.case("DER-04")
@pytest.mark.parametrize("points", [0, 1, 11])
def test_curves_of_one_and_eleven_points(points: int) -> None:
    """Neither has a form on the wire: its grammar has no end before the second point, and no eleventh."""
    with pytest.raises(LocalError, match="2 to 10"):
        Curve(tuple((200.0 + i, 0.0) for i in range(points)))
    tuples = tuple(
        wire.DataTuple(x_value=rational(200 + i), y_value=wire.SetpointExcitation(setpoint_value=rational(0))) for i in range(points)
    )
    good = said_code(GridCode(volt_var=Curve(((200.0, 0.0), (210.0, 1.0)))), EVERY_FUNCTION)
    support = good.reactive_power_support
    assert support is not None
    assert support.volt_var is not None
    curve = support.volt_var.but(curve_data_points=wire.CurveDataPointsList(curve_data_point=tuples))
    with pytest.raises(CodecError, match=r"curve_data_point|CurveDataPoint"):
        through_the_codec(good.but(reactive_power_support=support.but(volt_var=curve)))


def test_a_curve_that_does_not_rise_is_the_chargers_fault() -> None:
    control = said_code(GridCode(volt_watt=VoltWatt(250.0, 260.0)), EVERY_FUNCTION)
    support = control.active_power_support
    assert support is not None
    assert support.volt_watt is not None
    turned = control.but(active_power_support=support.but(volt_watt=support.volt_watt.but(u_stop=rational(240))))
    with pytest.raises(PeerError, match="makes no sense"):
        read_code(turned)
