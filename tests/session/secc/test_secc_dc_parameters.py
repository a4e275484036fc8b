"""`session.secc.dc_parameters`: the car's limits against ours."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.messages.v20.common import ResponseCode
from iso15118.messages.v20.dc import (
    BPT_DC_CPDResEnergyTransferMode,
    DC_ChargeParameterDiscoveryReq,
    DC_CPDResEnergyTransferMode,
)
from iso15118.messages.v20.rational import RationalNumber, number
from iso15118.power import Limits
from iso15118.sequence.phases import Phase
from iso15118.session import secc
from iso15118.session.commands import Close
from iso15118.session.events import Sent
from iso15118.session.services import BIDIRECTIONAL, ControlMode, ServiceID
from iso15118.value import replace
from tests.session.asked import DIRECT, limits
from tests.session.playbook import ABILITIES, Playbook, charger_at, request

OURS = ABILITIES.limits
BOTH = pytest.mark.parametrize("service", DIRECT)
HUGE = RationalNumber(exponent=127, value=32767)


def told(
    service: ServiceID = ServiceID.DC_BPT, *, config: secc.Config | None = None, world: dict[str, Any] | None = None, **changes: Any
) -> Playbook:
    play = charger_at(Phase.CHARGE_PARAMETERS, service=service, config=config, **(world or {}))
    return play >> request(DC_ChargeParameterDiscoveryReq, energy_transfer_mode=limits(service, **changes))


def refused(play: Playbook) -> None:
    """The code, and zeros in the kind that was asked in."""
    answer = play.sent()
    assert answer.response_code is ResponseCode.FAILED_WrongChargeParameter
    assert play >> Sent() << Close
    assert play.session.vehicle is None


def numbers(mode: Any) -> dict[str, float]:
    return {name: number(value) for name in mode.__fields__ if (value := getattr(mode, name)) is not None}


@BOTH
def test_the_type_belongs_to_the_service(service: ServiceID) -> None:
    """CPD-01: plain under BPT and the other way."""
    other = ServiceID.DC if service in BIDIRECTIONAL else ServiceID.DC_BPT
    play = charger_at(Phase.CHARGE_PARAMETERS, service=service)
    refused(play >> request(DC_ChargeParameterDiscoveryReq, energy_transfer_mode=limits(other)))


@pytest.mark.case("CPD-02", "CPD-03", "CPD-04", "CPD-05")
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"ev_maximum_charge_power": 99}, id="CPD-02 power"),
        pytest.param({"ev_maximum_voltage": 149, "ev_minimum_voltage": 100}, id="CPD-02 voltage below ours"),
        pytest.param({"ev_maximum_voltage": 900, "ev_minimum_voltage": 501}, id="voltage above ours"),
        pytest.param({"ev_minimum_voltage": 481}, id="CPD-03"),
        pytest.param({"ev_minimum_charge_power": 40010}, id="minimum power above maximum"),
        pytest.param({"ev_minimum_charge_current": 101}, id="minimum current above maximum"),
        pytest.param({"ev_maximum_charge_power": -40e3}, id="CPD-04 power"),
        pytest.param({"ev_maximum_charge_current": -100}, id="CPD-04 current"),
        pytest.param({"ev_minimum_charge_current": -1}, id="CPD-04 minimum"),
        pytest.param({"ev_minimum_voltage": -1}, id="negative voltage"),
        pytest.param({"ev_maximum_charge_power": HUGE}, id="CPD-05 power"),
        pytest.param({"ev_maximum_charge_current": HUGE}, id="CPD-05 current"),
        pytest.param({"ev_maximum_voltage": HUGE}, id="CPD-05 voltage"),
    ],
)
@BOTH
def test_what_cannot_be(service: ServiceID, changes: dict[str, Any]) -> None:
    refused(told(service, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"ev_minimum_discharge_power": 25001},
        {"ev_minimum_discharge_current": 61},
        {"ev_minimum_discharge_current": -61},
        {"ev_maximum_discharge_power": HUGE},
        {"ev_maximum_discharge_power": RationalNumber(exponent=127, value=-32768)},
    ],
)
def test_what_cannot_be_on_the_way_back(changes: dict[str, Any]) -> None:
    refused(told(**changes))


def test_a_minimum_current_of_ours_that_the_car_cannot_reach() -> None:
    world = {"abilities": replace(ABILITIES, min_charge_current=6.0)}
    refused(told(world=world, ev_maximum_charge_current=5))
    assert told(world=world, ev_maximum_charge_current=6).sent().response_code is ResponseCode.OK


@pytest.mark.case("CPD-06", "CPD-10")
@BOTH
def test_our_limits(service: ServiceID) -> None:
    """CPD-06, CPD-10: six values, four more on the way back, each minimum within its maximum; no ramp is said."""
    answer = told(service).sent().energy_transfer_mode
    bidirectional = service in BIDIRECTIONAL
    assert type(answer) is (BPT_DC_CPDResEnergyTransferMode if bidirectional else DC_CPDResEnergyTransferMode)
    expected = {
        "evse_maximum_charge_power": 30e3,
        "evse_minimum_charge_power": 100,
        "evse_maximum_charge_current": 80,
        "evse_minimum_charge_current": 0,
        "evse_maximum_voltage": 500,
        "evse_minimum_voltage": 150,
    }
    back = {
        "evse_maximum_discharge_power": 20e3,
        "evse_minimum_discharge_power": 100,
        "evse_maximum_discharge_current": 50,
        "evse_minimum_discharge_current": 0,
    }
    assert numbers(answer) == expected | (back if bidirectional else {})


def test_limits_of_board_and_operator_narrow_what_is_announced() -> None:
    world = {"limits": Limits(0, 450, 60, 50, 0, 0)}
    play = told(world=world)
    said = numbers(play.sent().energy_transfer_mode)
    assert (said["evse_maximum_voltage"], said["evse_maximum_charge_current"]) == (450, 60)
    assert said["evse_maximum_charge_power"] == said["evse_minimum_charge_power"] == 50, "no minimum above its maximum"
    assert said["evse_maximum_discharge_power"] == said["evse_minimum_discharge_power"] == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_the_cars_discharge_limits_are_magnitudes_in_either_sign(sign: int) -> None:
    play = told(ev_maximum_discharge_power=sign * 25e3, ev_maximum_discharge_current=sign * 60)
    assert play.sent().response_code is ResponseCode.OK
    assert play.session.vehicle == Limits(200, 480, 100, 40e3, 60, 25e3)


@pytest.mark.parametrize(("negative", "sign"), [(False, 1), (True, -1)])
def test_the_sign_of_our_discharge_limits_is_configured(negative: bool, sign: int) -> None:
    said = numbers(told(config=secc.Config(negative_discharge=negative)).sent().energy_transfer_mode)
    assert said["evse_maximum_discharge_power"] == sign * 20e3
    assert said["evse_maximum_discharge_current"] == sign * 50
    assert said["evse_maximum_charge_power"] == 30e3


@BOTH
@pytest.mark.parametrize("mode", ControlMode)
def test_what_was_announced_is_remembered(service: ServiceID, mode: ControlMode) -> None:
    play = charger_at(Phase.SCHEDULE_EXCHANGE, service=service, mode=mode)
    assert play.session.announced == (OURS if service in BIDIRECTIONAL else OURS.charging_only())
