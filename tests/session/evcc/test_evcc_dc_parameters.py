"""The car tells its limits and reads the charger's; a charger that does not suit the battery is left in order."""

from __future__ import annotations

import pytest

from iso15118.messages.v20 import dc
from iso15118.messages.v20.rational import number
from iso15118.messages.v20.schedule import ScheduleExchangeReq
from iso15118.messages.v20.session import SessionStopReq
from iso15118.power import Limits
from iso15118.session.evcc import Config
from iso15118.session.evcc.dc_parameters import ask_charge_parameters
from iso15118.session.services import ControlMode, ServiceID
from iso15118.value import replace
from tests.session.evcc.bench import HEADER, LIMITS, Bench, evse_parameters, in_mode, snapshot

PLAIN = dc.DC_CPDReqEnergyTransferMode
CPD = dc.DC_ChargeParameterDiscoveryReq


def test_both_directions_are_told() -> None:
    mode = ask_charge_parameters(in_mode(ServiceID.DC_BPT, ControlMode.SCHEDULED), HEADER, snapshot(target_soc=80.0)).energy_transfer_mode
    assert isinstance(mode, dc.BPT_DC_CPDReqEnergyTransferMode)
    assert number(mode.ev_maximum_charge_power) == 80_000
    assert number(mode.ev_maximum_charge_current) == 200
    assert (number(mode.ev_minimum_voltage), number(mode.ev_maximum_voltage)) == (300, 420)
    assert number(mode.ev_maximum_discharge_power) == 40_000
    assert number(mode.ev_maximum_discharge_current) == 100
    assert mode.target_soc == 80
    assert {number(mode.ev_minimum_charge_power), number(mode.ev_minimum_discharge_current)} == {0}


def test_one_direction_only_where_the_service_has_one() -> None:
    mode = ask_charge_parameters(in_mode(ServiceID.DC, ControlMode.SCHEDULED), HEADER, snapshot()).energy_transfer_mode
    assert type(mode) is PLAIN


def at_parameters(bidirectional: bool = True, **world: object) -> Bench:
    return Bench(Config(loops=1), bidirectional=bidirectional, **world).run(CPD)


@pytest.mark.parametrize("sign", [1, -1])
def test_discharge_limits_are_magnitudes(sign: int) -> None:
    bench = at_parameters()
    back = {"evse_maximum_discharge_power": sign * 20_000.0, "evse_maximum_discharge_current": sign * 60.0}
    bench.answer(energy_transfer_mode=evse_parameters(**back))
    assert bench.session.evse_limits == Limits(200.0, 500.0, 125.0, 50_000.0, 60.0, 20_000.0)
    assert bench.session.announced == LIMITS
    assert type(bench.last) is ScheduleExchangeReq


def test_charging_only() -> None:
    bench = at_parameters(bidirectional=False)
    bench.answer()
    assert bench.session.evse_limits == Limits(200.0, 500.0, 125.0, 50_000.0)
    assert bench.session.announced == LIMITS.charging_only()


@pytest.mark.parametrize("bidirectional", [True, False])
def test_limits_of_another_service_end_the_session(bidirectional: bool) -> None:
    bench = at_parameters(bidirectional)
    bench.answer(energy_transfer_mode=evse_parameters(PLAIN if bidirectional else dc.BPT_DC_CPDReqEnergyTransferMode))
    assert bench.closed is not None
    assert "V2G20-1600" in bench.closed.why


@pytest.mark.parametrize(
    "changes",
    [
        {"evse_maximum_voltage": 299.0, "evse_minimum_voltage": 200.0},
        {"evse_minimum_voltage": 421.0},
        {"evse_maximum_voltage": 389.0},
        {"evse_minimum_voltage": 391.0},
        {"evse_maximum_voltage": 100.0},
        {"evse_minimum_charge_current": 201.0},
        {"evse_minimum_charge_power": 81_000.0},
    ],
)
def test_a_charger_that_does_not_suit_the_battery(changes: dict[str, float]) -> None:
    bench = at_parameters()
    bench.answer(energy_transfer_mode=evse_parameters(**changes))
    assert type(bench.last) is SessionStopReq
    assert bench.last.ev_termination_code == "IncompatibleLimits"
    assert bench.run().closed is not None
    assert bench.closed is not None
    assert bench.closed.clean


def test_a_full_battery_suits_all_the_same() -> None:
    bench = at_parameters(limits=replace(LIMITS, charge_current=0.0, charge_power=0.0))
    bench.answer()
    assert type(bench.last) is ScheduleExchangeReq
