"""The charge loop of alternating current: what the car says of itself, and what it reads from the charger's turn."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.messages.v20 import ac
from iso15118.messages.v20.common import EVSENotification, MeterInfo
from iso15118.messages.v20.delivery import ChargeProgress
from iso15118.messages.v20.rational import number
from iso15118.session.evcc import Session
from iso15118.session.evcc.ac_loop import ask_charge_loop, read_charge_loop
from iso15118.session.evcc.ac_parameters import read_mains
from iso15118.session.services import ControlMode, ServiceID
from iso15118.units import PerPhase
from iso15118.value import replace
from tests.session.evcc.bench import (
    HEADER,
    LIMITS,
    NEED,
    ONBOARD,
    ac_bench,
    ac_loop_response,
    evse_mains,
    in_mode,
    on_mains,
    snapshot,
)

S, D = ControlMode.SCHEDULED, ControlMode.DYNAMIC
KINDS: dict[tuple[ControlMode, bool], Any] = {
    (S, False): ac.Scheduled_AC_CLReqControlMode,
    (S, True): ac.BPT_Scheduled_AC_CLReqControlMode,
    (D, False): ac.Dynamic_AC_CLReqControlMode,
    (D, True): ac.BPT_Dynamic_AC_CLReqControlMode,
}
WORLD = snapshot(reading=on_mains(PerPhase.even(9e3, 3)))


def looping(mode: ControlMode = S, *, bidirectional: bool = True, phases: int = 3, used: int = 3, **changes: Any) -> Session:
    service = ServiceID.AC_BPT if bidirectional else ServiceID.AC
    mains = read_mains(evse_mains(_cpd(bidirectional)), phases, used)
    return in_mode(service, mode, **{"mains": mains, "delivering": True} | changes)


def _cpd(bidirectional: bool) -> Any:
    return ac.BPT_AC_CPDReqEnergyTransferMode if bidirectional else ac.AC_CPDReqEnergyTransferMode


def said(session: Session, world: Any = WORLD) -> dict[str, float]:
    """The quantities of the request, those that are said."""
    mode = ask_charge_loop(session, HEADER, world).control_mode
    words = {name: getattr(mode, name) for name in mode.__fields__}
    return {name: value if isinstance(value, int) else number(value) for name, value in words.items() if value is not None}


@pytest.mark.parametrize(("mode", "bidirectional"), KINDS)
def test_every_mode_says_what_is_measured_and_all_limits(mode: ControlMode, bidirectional: bool) -> None:
    request = ask_charge_loop(looping(mode, bidirectional=bidirectional), HEADER, WORLD)
    assert type(request.control_mode) is KINDS[mode, bidirectional]
    words = said(looping(mode, bidirectional=bidirectional))
    assert (words["ev_present_active_power"], words["ev_present_reactive_power"]) == (9e3, 0)
    assert (words["ev_maximum_charge_power"], words["ev_minimum_charge_power"]) == (11e3, 4140)
    assert words.get("ev_maximum_discharge_power") == (11e3 if bidirectional else None)
    assert words.get("ev_target_energy_request") == (20e3 if mode is D else None)
    assert words.get("ev_minimum_v2x_energy_request") == (0 if mode is D and bidirectional else None)
    assert words.get("departure_time") == (7200 if mode is D else None)


def test_what_is_measured_is_told_phase_by_phase_where_it_differs() -> None:
    uneven = snapshot(reading=on_mains(PerPhase(3e3, 2e3, 1e3), PerPhase(-10, 20, 30)))
    words = said(looping(), uneven)
    assert [words[f"ev_present_active_power{p}"] for p in ("", "_l2", "_l3")] == [3e3, 2e3, 1e3]
    assert [words[f"ev_present_reactive_power{p}"] for p in ("", "_l2", "_l3")] == [-10, 20, 30]
    single = said(looping(phases=1, used=1), uneven)
    assert single["ev_present_active_power"] == 3e3
    assert not any(name.endswith(("_l2", "_l3")) for name in single)


def test_before_the_on_board_charger_measures_nothing_flows() -> None:
    assert said(looping(), snapshot())["ev_present_active_power"] == 0


@pytest.mark.case("BPT-07")
def test_at_its_least_charge_the_car_refuses_to_give_by_its_limits() -> None:
    empty = replace(ONBOARD, limits=ONBOARD.limits.charging_only())
    bench = ac_bench(D, loops=None)
    bench.charger.targets = {"evse_target_active_power": -8e3}
    bench.run(ac.AC_ChargeLoopReq).turn()
    bench.turn()
    assert bench.setpoint.target is not None
    assert bench.setpoint.target.active.total == pytest.approx(-8e3)
    bench.world = replace(bench.world, onboard=empty)
    for _ in range(6):
        bench.turn()
    mode = bench.last.control_mode
    assert number(mode.ev_maximum_discharge_power) == 0.0
    assert number(mode.ev_present_active_power) == 0.0
    assert bench.setpoint.target.active.total == 0.0
    assert bench.closed is None


@pytest.mark.case("CLP-15")
def test_energies_are_told_anew_and_in_order() -> None:
    session = looping(D)
    order = ("minimum", "minimum_v2x", "maximum_v2x", "target", "maximum")
    seen = []
    for stored in range(0, 60_000, 700):
        need = replace(
            NEED,
            target_energy=NEED.target_energy - stored,
            max_energy=NEED.max_energy - stored,
            min_energy=NEED.min_energy - stored,
            v2x_max_energy=10_000.0 - stored,
            v2x_min_energy=0.0 - stored,
        )
        words = said(session, replace(WORLD, need=need))
        energies = [words[f"ev_{name}_energy_request"] for name in order]
        assert energies == sorted(energies)
        seen.append(energies[3])
    assert len(set(seen)) == len(seen)


def test_what_the_charger_asks_for_is_remembered_until_its_next_turn() -> None:
    told = {"evse_target_active_power": -6e3, "evse_target_reactive_power": 900}
    after = read_charge_loop(looping(D), ac_loop_response(KINDS[D, True], **told), WORLD).session
    assert after.mains is not None
    assert (after.mains.active, after.mains.reactive) == (PerPhase.even(-6e3, 3), PerPhase.even(900, 3))
    phases = {"evse_target_active_power": 1e3, "evse_target_active_power_l2": 2e3, "evse_target_active_power_l3": 3e3}
    after = read_charge_loop(after, ac_loop_response(KINDS[D, True], **phases), WORLD).session
    assert after.mains is not None
    assert (after.mains.active, after.mains.reactive) == (PerPhase(1e3, 2e3, 3e3), None)
    again = read_charge_loop(looping(S, mains=after.mains), ac_loop_response(KINDS[S, True]), WORLD).session
    assert again.mains is not None
    assert again.mains.active is None
    assert again.loops == 1


def test_the_meter_and_the_supplied_needs_are_remembered() -> None:
    info = MeterInfo(meter_id="M", charged_energy_reading_wh=7)
    response = ac_loop_response(KINDS[D, True]).but(meter_info=info)
    mode = response.control_mode.but(departure_time=600, minimum_soc=30, target_soc=70)
    after = read_charge_loop(looping(D, needs=2), response.but(control_mode=mode), WORLD).session
    assert after.meter == info
    assert (after.told.departure, after.told.minimum_soc, after.told.target_soc) == (600.0, 30, 70)
    assert said(after, replace(WORLD, now=100.0))["departure_time"] == 500
    assert read_charge_loop(looping(D), response.but(control_mode=mode), WORLD).session.told.departure is None


@pytest.mark.parametrize("ours", KINDS)
@pytest.mark.parametrize("theirs", KINDS)
def test_an_answer_in_another_mode_ends_the_session(ours: tuple[ControlMode, bool], theirs: tuple[ControlMode, bool]) -> None:
    bench = ac_bench(ours[0], bidirectional=ours[1]).run(ac.AC_ChargeLoopReq)
    bench.answer(control_mode=ac_loop_response(KINDS[theirs]).control_mode)
    assert (bench.closed is None) is (ours == theirs)
    if bench.closed:
        assert bench.safe()


def test_before_charge_parameters_are_known_there_is_no_loop() -> None:
    for act in (ask_charge_loop, read_charge_loop):
        with pytest.raises(LocalError, match="before charge parameters"):
            act(in_mode(ServiceID.AC_BPT, S), ac_loop_response(KINDS[S, True]), WORLD)  # type: ignore[operator]


@pytest.mark.parametrize("mode", [S, D])
def test_the_charger_asks_to_end(mode: ControlMode) -> None:
    bench = ac_bench(mode).run(ac.AC_ChargeLoopReq)
    kind = KINDS[mode, True]
    bench.charger.answers[ac.AC_ChargeLoopReq] = lambda request, good: ac_loop_response(
        kind, notification=EVSENotification.Terminate, fields={"header": good.header}
    )
    bench.turn()
    assert bench.last.charge_progress is ChargeProgress.Stop
    assert bench.run().closed is not None
    assert bench.session.clean
    assert bench.session.closing == "the charger asks to end"


def test_limits_are_those_of_the_on_board_charger_not_of_the_battery() -> None:
    assert said(looping(), replace(WORLD, limits=replace(LIMITS, charge_power=1.0)))["ev_maximum_charge_power"] == 11e3
    lower = replace(ONBOARD, limits=replace(ONBOARD.limits, charge_power=5_555.0))
    assert said(looping(), replace(WORLD, onboard=lower))["ev_maximum_charge_power"] == 5550
