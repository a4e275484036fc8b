"""`session.secc.ac_parameters`: limits of alternating current, phase by phase."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.messages.v20.ac import AC_ChargeParameterDiscoveryReq, AC_ChargeParameterDiscoveryRes
from iso15118.messages.v20.common import RationalNumber, ResponseCode
from iso15118.messages.v20.rational import number
from iso15118.power import AcAbilities
from iso15118.procedures.wind_down import REST
from iso15118.sequence.phases import Phase
from iso15118.session import secc
from iso15118.session.events import Sent
from iso15118.session.services import ControlMode, ServiceID, Variants, service_of
from iso15118.units import PerPhase
from iso15118.value import replace
from tests.session.asked import ac_limits
from tests.session.playbook import AC_ABILITIES, Playbook, charger_at, request

AC, BPT = ServiceID.AC, ServiceID.AC_BPT
VARIANTS = [(service, mode) for service in (AC, BPT) for mode in ControlMode]
MOST, LEAST, BACK = "ev_maximum_charge_power", "ev_minimum_charge_power", "ev_maximum_discharge_power"
SINGLE = secc.Config(services=tuple(service_of(service, variants=Variants(phases=1)) for service in (AC, BPT)))


def at(service: ServiceID = BPT, mode: ControlMode = ControlMode.SCHEDULED, **changes: Any) -> Playbook:
    return charger_at(Phase.CHARGE_PARAMETERS, service=service, mode=mode, **changes)


def told(play: Playbook, service: ServiceID = BPT, **changes: Any) -> Any:
    """The answer to these limits."""
    answer = (play >> request(AC_ChargeParameterDiscoveryReq, energy_transfer_mode=ac_limits(service, **changes))).sent()
    assert type(answer) is AC_ChargeParameterDiscoveryRes
    play >> Sent()
    return answer


def wrong(play: Playbook, service: ServiceID = BPT, **changes: Any) -> None:
    assert told(play, service, **changes).response_code is ResponseCode.FAILED_WrongChargeParameter
    assert play.session.phase is Phase.ENDED
    assert play.session.setpoint == REST


@pytest.mark.case("CPD-10")
@pytest.mark.parametrize(("service", "mode"), VARIANTS)
def test_our_limits_and_our_grid(service: ServiceID, mode: ControlMode) -> None:
    """Evenly spread, so in one element each; neither ramp nor asymmetry is said where there is none."""
    answer = told(at(service, mode), service)
    assert answer.response_code is ResponseCode.OK
    mode_ = answer.energy_transfer_mode
    said = {name: number(value) for name in type(mode_).__fields__ if (value := getattr(mode_, name)) is not None}
    back = {"evse_maximum_discharge_power": 13e3, "evse_minimum_discharge_power": 100}
    assert said == {
        "evse_maximum_charge_power": 22e3,
        "evse_minimum_charge_power": 1200,
        "evse_nominal_frequency": 50,
        "evse_present_active_power": 0,
    } | (back if service is BPT else {})


def test_ramp_and_asymmetry_where_there_are_any() -> None:
    abilities = replace(AC_ABILITIES, ac=AcAbilities(asymmetry=4.6e3, ramp=2e3, frequency=60.0))
    mode = told(at(abilities=abilities)).energy_transfer_mode
    words = (mode.maximum_power_asymmetry, mode.evse_power_ramp_limitation, mode.evse_nominal_frequency)
    assert [number(word) for word in words] == [4600, 2000, 60]


def test_a_single_phase_says_what_one_phase_can() -> None:
    mode = told(at(AC, config=SINGLE, abilities=replace(AC_ABILITIES, ac=AcAbilities(phases=1, asymmetry=1e3))), AC).energy_transfer_mode
    assert number(mode.evse_maximum_charge_power) == 32 * 230
    assert mode.maximum_power_asymmetry is None


@pytest.mark.case("CPD-09")
@pytest.mark.parametrize("negative", [False, True])
def test_discharge_limits_in_the_sign_that_is_configured(negative: bool) -> None:
    services = secc.Config(services=(service_of(BPT),), negative_discharge=negative)
    mode = told(at(config=services)).energy_transfer_mode
    assert number(mode.evse_maximum_discharge_power) == (-13e3 if negative else 13e3)
    assert number(mode.evse_maximum_charge_power) == 22e3


def test_a_cars_discharge_limits_in_either_sign() -> None:
    for sign in (1, -1):
        play = at()
        assert told(play, **{BACK: 9e3 * sign, "ev_minimum_discharge_power": 300 * sign}).response_code is ResponseCode.OK
        assert play.session.vehicle_phases is not None
        assert play.session.vehicle_phases.discharge == PerPhase(3e3, 3e3, 3e3)
        assert play.session.vehicle_phases.least_discharge == 300


@pytest.mark.case("CPD-01")
@pytest.mark.parametrize(("service", "mode"), VARIANTS)
def test_the_type_of_another_service(service: ServiceID, mode: ControlMode) -> None:
    play = at(service, mode) >> request(AC_ChargeParameterDiscoveryReq, energy_transfer_mode=ac_limits(AC if service is BPT else BPT))
    assert play.sent().response_code is ResponseCode.FAILED_WrongChargeParameter


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({MOST: 1100, LEAST: 1000}, id="below our minimum", marks=pytest.mark.case("CPD-02")),
        pytest.param({MOST: -11e3}, id="negative", marks=pytest.mark.case("CPD-04")),
        pytest.param({f"{MOST}_l2": -1, f"{MOST}_l3": 5e3}, id="negative in one phase", marks=pytest.mark.case("CPD-04")),
        pytest.param({MOST: RationalNumber(exponent=127, value=32767)}, id="beyond sense", marks=pytest.mark.case("CPD-05")),
        pytest.param({LEAST: 12e3}, id="minimum above maximum"),
        pytest.param({f"{MOST}_l2": 3e3, f"{MOST}_l3": 3e3, f"{LEAST}_l2": 4e3, f"{LEAST}_l3": 0}, id="minimum above maximum in one phase"),
    ],
)
@pytest.mark.parametrize(("service", "mode"), VARIANTS)
def test_impossible_limits(service: ServiceID, mode: ControlMode, changes: dict[str, Any]) -> None:
    wrong(at(service, mode), service, **changes)


@pytest.mark.parametrize("changes", [{BACK: 5e3, "ev_minimum_discharge_power": -6e3}, {BACK: 30e6}])
def test_impossible_limits_of_the_way_back(changes: dict[str, Any]) -> None:
    wrong(at(), **changes)


@pytest.mark.case("CPD-07")
@pytest.mark.parametrize("service", [AC, BPT])
def test_phases_that_a_single_phase_has_not(service: ServiceID) -> None:
    abilities = replace(AC_ABILITIES, ac=AcAbilities(phases=1))
    assert told(at(service, config=SINGLE, abilities=abilities), service).response_code is ResponseCode.OK
    wrong(at(service, config=SINGLE, abilities=abilities), service, **{f"{MOST}_l2": 3e3})


def test_three_phases_by_element() -> None:
    play = at(AC)
    assert told(play, AC, **{f"{MOST}_l2": 3e3, f"{MOST}_l3": 0, f"{LEAST}_l2": 0, f"{LEAST}_l3": 0}).response_code is ResponseCode.OK
    assert play.session.vehicle_phases is not None
    assert play.session.vehicle_phases.charge == PerPhase(11e3, 3e3, 0)
    assert play.session.setpoint == REST, "the connector is locked by now"
