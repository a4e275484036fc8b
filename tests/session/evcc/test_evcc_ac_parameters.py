"""The car's limits on alternating current, by phases, and whether a charger's suit its on-board charger."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.messages.v20 import ac
from iso15118.messages.v20.rational import number
from iso15118.messages.v20.session import SessionStopReq
from iso15118.power import AcAbilities
from iso15118.session.evcc.ac_parameters import ask_charge_parameters, phases_of, read_charge_parameters, read_mains
from iso15118.session.evcc.mains import Mains
from iso15118.session.services import ControlMode, ParameterSet, ServiceID
from iso15118.units import NO_PHASE, PerPhase
from iso15118.value import replace
from tests.session.evcc.bench import HEADER, LIMITS, OK, ONBOARD, ac_bench, evse_mains, in_mode, snapshot

S = ControlMode.SCHEDULED
MOST, LEAST, BACK = "ev_maximum_charge_power", "ev_minimum_charge_power", "ev_maximum_discharge_power"
SINGLE = replace(ONBOARD, ac=AcAbilities(phases=1), min_charge_power=1_380.0)
"""An on-board charger of one phase, 16 A."""


def session(service: ServiceID = ServiceID.AC_BPT, *, connector: int = 2, voltage: int | None = 230) -> Any:
    return in_mode(service, S, parameters=ParameterSet(1, S, connector=connector, nominal_voltage=voltage))


def asked(*, service: ServiceID = ServiceID.AC_BPT, connector: int = 2, **world: Any) -> dict[str, float]:
    """The words of the request, those that are said."""
    mode: Any = ask_charge_parameters(session(service, connector=connector), HEADER, snapshot(**world)).energy_transfer_mode
    return {name: number(value) for name in mode.__fields__ if (value := getattr(mode, name)) is not None}


def test_three_even_phases_are_one_element() -> None:
    assert asked() == {MOST: 11e3, LEAST: 4140, BACK: 11e3, "ev_minimum_discharge_power": 0}
    assert asked(service=ServiceID.AC) == {MOST: 11e3, LEAST: 4140}


def test_on_a_single_phase_its_current_binds_and_no_other_phase_is_named() -> None:
    assert asked(connector=1) == {MOST: 3680, LEAST: 1380, BACK: 3680, "ev_minimum_discharge_power": 0}


def test_a_car_of_one_phase_at_three_says_that_two_stay_empty() -> None:
    words = asked(onboard=SINGLE, service=ServiceID.AC)
    assert words == {MOST: 3680, f"{MOST}_l2": 0, f"{MOST}_l3": 0, LEAST: 1380, f"{LEAST}_l2": 0, f"{LEAST}_l3": 0}


def test_minima_never_exceed_maxima() -> None:
    slow = replace(ONBOARD, limits=replace(ONBOARD.limits, charge_power=2_000.0, discharge_power=0.0))
    assert asked(onboard=slow) == {MOST: 2000, LEAST: 2000, BACK: 0, "ev_minimum_discharge_power": 0}


def test_a_car_without_an_on_board_charger_has_nothing_to_say() -> None:
    with pytest.raises(LocalError, match="without an on-board charger"):
        asked(onboard=None)


@pytest.mark.parametrize(("connector", "own", "both"), [(1, 3, (1, 1)), (2, 3, (3, 3)), (3, 3, (3, 3)), (2, 1, (3, 1))])
def test_the_phases_that_both_sides_have(connector: int, own: int, both: tuple[int, int]) -> None:
    world = snapshot(onboard=replace(ONBOARD, ac=AcAbilities(phases=own)))
    assert phases_of(session(connector=connector), world) == both


@pytest.mark.case("CPD-11")
def test_one_element_at_three_phases_is_their_sum() -> None:
    assert read_mains(evse_mains(), 3, 3).charge == PerPhase.even(22e3, 3)
    uneven = evse_mains(evse_maximum_charge_power_l2=2e3, evse_maximum_charge_power_l3=3e3, evse_maximum_charge_power=4e3)
    assert read_mains(uneven, 3, 3).charge == PerPhase(4e3, 2e3, 3e3)
    assert read_mains(evse_mains(), 1, 1).charge == PerPhase(22e3)


@pytest.mark.case("CPD-09")
@pytest.mark.parametrize("sign", [1, -1])
def test_discharge_limits_of_either_sign(sign: int) -> None:
    told = evse_mains(evse_maximum_discharge_power=sign * 9e3)
    assert read_mains(told, 3, 3).discharge == PerPhase.even(9e3, 3)


@pytest.mark.case("CPD-10")
def test_what_may_be_absent_binds_nothing() -> None:
    assert read_mains(evse_mains(), 3, 3) == Mains(3, 3, PerPhase.even(22e3, 3), PerPhase.even(11e3, 3), 1e3)
    told = evse_mains(evse_power_ramp_limitation=500, maximum_power_asymmetry=4e3)
    assert read_mains(told, 3, 3) == replace(read_mains(evse_mains(), 3, 3), ramp=500.0)


def test_a_single_phase_at_three_keeps_to_the_asymmetry() -> None:
    told = evse_mains(maximum_power_asymmetry=3e3)
    assert read_mains(told, 3, 1).charge == PerPhase(3e3)
    assert read_mains(told, 3, 1).discharge == PerPhase(3e3)
    assert read_mains(evse_mains(evse_power_ramp_limitation=0), 3, 1).ramp is None


def read(told: Any, service: ServiceID = ServiceID.AC_BPT, **changes: Any) -> Any:
    response = ac.AC_ChargeParameterDiscoveryRes(header=HEADER, response_code=OK, energy_transfer_mode=told)
    return read_charge_parameters(session(service, **changes), response, snapshot()).session


def test_what_is_remembered() -> None:
    after = read(evse_mains())
    assert (after.stop, after.mains.used) == ("", 3)
    assert (after.announced.charge_power, after.announced.discharge_power) == (11e3, 11e3)
    assert (after.evse_limits.charge_power, after.evse_limits.discharge_power) == (22e3, 11e3)
    uneven = {"evse_maximum_charge_power": 9e3, "evse_maximum_charge_power_l2": 2e3, "evse_maximum_charge_power_l3": 3e3}
    assert read(evse_mains(**uneven)).evse_limits.charge_power == 6e3  # evenly spread, the weakest phase binds
    plain = read(evse_mains(ac.AC_CPDReqEnergyTransferMode), ServiceID.AC)
    assert (plain.mains.discharge, plain.announced.discharge_power) == (NO_PHASE, 0.0)


def test_in_a_renegotiation_the_power_asked_for_stands() -> None:
    before = read(evse_mains())
    asked = replace(before, mains=replace(before.mains, active=PerPhase(5e3), reactive=PerPhase(1e3)))
    response = ac.AC_ChargeParameterDiscoveryRes(
        header=HEADER, response_code=OK, energy_transfer_mode=evse_mains(evse_maximum_charge_power=15e3)
    )
    after = read_charge_parameters(asked, response, snapshot()).session.mains
    assert after is not None
    assert (after.charge.total, after.active, after.reactive) == (15e3, PerPhase(5e3), PerPhase(1e3))


MISFITS: list[tuple[dict[str, float], dict[str, Any], str]] = [
    ({"evse_minimum_charge_power": 12e3}, {}, "gives no less than 12000 W"),
    ({"evse_maximum_charge_power": 3e3}, {}, "gives no more than 3000 W"),
    ({"evse_minimum_charge_power": 23e3}, {}, "23000 W at least and 22000 W at most"),
    ({"evse_nominal_frequency": 400}, {}, "400 Hz"),
    ({}, {"voltage": 120}, "120 V"),
]


@pytest.mark.case("CPD-08")
@pytest.mark.parametrize(("told", "parameters", "why"), [*MISFITS, ({}, {}, "")])
def test_limits_that_do_not_suit(told: dict[str, float], parameters: dict[str, Any], why: str) -> None:
    after = read(evse_mains(**told), **parameters)
    assert why in after.stop
    assert bool(after.stop) is bool(why)
    assert after.stop_code == ("IncompatibleLimits" if why else "")


@pytest.mark.case("CPD-08")
def test_a_misfit_ends_the_session_in_order() -> None:
    bench = ac_bench().run(ac.AC_ChargeParameterDiscoveryReq)
    bench.answer(energy_transfer_mode=evse_mains(evse_minimum_charge_power=12e3))
    assert type(bench.last) is SessionStopReq
    assert bench.last.ev_termination_code == "IncompatibleLimits"
    assert bench.run().closed is not None
    assert bench.safe()
    assert ac_bench().run().closed.clean  # type: ignore[union-attr]


def test_a_full_battery_is_no_misfit() -> None:
    full = replace(ONBOARD, limits=replace(ONBOARD.limits, charge_power=0.0))
    response = ac.AC_ChargeParameterDiscoveryRes(header=HEADER, response_code=OK, energy_transfer_mode=evse_mains())
    assert read_charge_parameters(session(), response, snapshot(onboard=full, limits=LIMITS)).session.stop == ""


@pytest.mark.parametrize("bidirectional", [True, False])
def test_limits_of_the_other_service_end_the_session(bidirectional: bool) -> None:
    kinds = (ac.AC_CPDReqEnergyTransferMode, ac.BPT_AC_CPDReqEnergyTransferMode)
    bench = ac_bench(bidirectional=bidirectional).run(ac.AC_ChargeParameterDiscoveryReq)
    bench.answer(energy_transfer_mode=evse_mains(kinds[not bidirectional]))
    assert bench.closed is not None
    assert "another service" in bench.closed.why
