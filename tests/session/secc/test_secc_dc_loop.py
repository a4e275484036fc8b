"""`session.secc.dc_loop`: the turns of the charge loop, and the safety numbers that hold in it."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.energy import Budget, Plan, Slot
from iso15118.messages.v20 import dc
from iso15118.messages.v20.common import DisplayParameters, EVSENotification, MeterInfo, ResponseCode
from iso15118.messages.v20.dc import DC_ChargeLoopReq, DC_ChargeLoopRes, DC_ChargeParameterDiscoveryReq
from iso15118.messages.v20.delivery import PowerDeliveryReq
from iso15118.messages.v20.rational import number, rational
from iso15118.power import Limits, Setpoint
from iso15118.procedures.wind_down import REST
from iso15118.sequence.phases import Phase
from iso15118.session.commands import Apply, Close, Send
from iso15118.session.events import Sent, StopWanted, Tick
from iso15118.session.services import BIDIRECTIONAL, ControlMode, ServiceID
from iso15118.value import replace
from tests.session.asked import DIRECT, EPOCH, limits, profile, turn
from tests.session.playbook import ABILITIES, BUDGET, WIDE, Playbook, after, applied, charger_at, given, request, said

BPT, DC = ServiceID.DC_BPT, ServiceID.DC
SCHEDULED, DYNAMIC = ControlMode.SCHEDULED, ControlMode.DYNAMIC
VARIANTS = [(service, mode) for service in DIRECT for mode in ControlMode]
BOTH = pytest.mark.parametrize("service", DIRECT)
PLENTY = Budget(charge=100e3, discharge=100e3)


def loop(service: ServiceID = BPT, mode: ControlMode = SCHEDULED, **changes: Any) -> Playbook:
    return charger_at(Phase.CHARGE_LOOP, service=service, mode=mode, **changes)


def ask(service: ServiceID = BPT, mode: ControlMode = SCHEDULED, **changes: Any) -> Any:
    return request(DC_ChargeLoopReq, control_mode=turn(service, mode, **changes))


def decided(play: Playbook) -> Setpoint:
    """The set-point that the last event led to, applied before anything was said."""
    kinds = [type(command) for command in play.commands if isinstance(command, Apply | Send)]
    assert kinds[0] is Apply
    return next(command.setpoint for command in play.commands if isinstance(command, Apply))


def turned(play: Playbook, what: Any) -> tuple[Setpoint, Any]:
    """One turn: set-point and answer; the answer is written."""
    setpoint = decided(play >> what)
    answer = play.sent()
    play >> Sent()
    return setpoint, answer


def flags(answer: Any) -> tuple[bool, bool, bool]:
    return answer.evse_power_limit_achieved, answer.evse_current_limit_achieved, answer.evse_voltage_limit_achieved


def failed(play: Playbook) -> None:
    assert decided(play) == REST
    assert play.sent().response_code is ResponseCode.FAILED
    assert play >> Sent() << Close


def numbers(mode: Any) -> dict[str, float]:
    return {name: number(value) for name in mode.__fields__ if (value := getattr(mode, name)) is not None}


# A turn.


@pytest.mark.parametrize(("service", "mode"), VARIANTS)
@pytest.mark.parametrize("asked", VARIANTS)
def test_the_control_mode_that_was_selected(service: ServiceID, mode: ControlMode, asked: tuple[ServiceID, ControlMode]) -> None:
    """CLP-04, and answers in kind [V2G20-1600]."""
    play = loop(service, mode) >> ask(*asked)
    if (asked[0] in BIDIRECTIONAL, asked[1]) != (service in BIDIRECTIONAL, mode):
        failed(play)
        return
    answer = play.sent()
    assert answer.response_code is ResponseCode.OK
    assert type(answer.control_mode).__name__ == type(turn(service, mode)).__name__.replace("Req", "Res")


@pytest.mark.case("CLP-07")
def test_inside_all_limits() -> None:
    """CLP-07."""
    setpoint, answer = turned(loop(), ask(ev_target_current=20, ev_target_voltage=450))
    assert setpoint == Setpoint(voltage=450.0, current=20.0, contactor=True, lock=True, bidirectional=True)
    assert flags(answer) == (False, False, False)


@pytest.mark.case("CLP-06")
@pytest.mark.parametrize(
    ("limits", "budget", "current", "flags_"),
    [
        pytest.param(Limits(0, 500, 30, 1e6), PLENTY, 30, (False, True, False), id="current"),
        pytest.param(Limits(0, 500, 500, 4e3), PLENTY, 10, (True, False, False), id="power"),
        pytest.param(WIDE, Budget(charge=2e3), 5, (True, False, False), id="budget"),
        pytest.param(WIDE, Budget(charge=0), 0, (True, False, False), id="no budget"),
        pytest.param(Limits(0, 430, 500, 1e6), PLENTY, 60, (False, False, True), id="voltage"),
    ],
)
def test_our_limits_clamp_and_say_so(limits: Limits, budget: Budget, current: float, flags_: tuple[bool, bool, bool]) -> None:
    """CLP-06."""
    planned = (Plan(EPOCH, (Slot(86_400, 100e3, 100e3),)),)
    play = loop(budget=PLENTY, plans=planned) >> given(limits=limits, budget=budget)
    setpoint, answer = turned(play, ask(ev_target_current=60))
    assert setpoint.current == current
    assert setpoint.voltage == min(450, limits.max_voltage)
    assert flags(answer) == flags_


@pytest.mark.parametrize(("service", "mode"), VARIANTS)
def test_what_is_measured_is_told(service: ServiceID, mode: ControlMode) -> None:
    play = loop(service, mode) >> given(voltage=401.26, current=-3.14)
    _, answer = turned(play, ask(service, mode))
    assert (number(answer.evse_present_voltage), number(answer.evse_present_current)) == (401.3, -3.1)


def test_the_meter_counts_this_session_and_speaks_when_asked() -> None:
    """CLP-05, BPT-08: first turn unasked; discharged energy in its own counter."""
    play = loop() >> given(charged=7123.9, discharged=3045.5)
    assert turned(play, ask())[1].meter_info == MeterInfo(
        meter_id="METER1", charged_energy_reading_wh=123, bpt_discharged_energy_reading_wh=45, meter_timestamp=play.snapshot.clock
    )
    assert turned(play, ask())[1].meter_info is None
    info = turned(play >> given(charged=7200.0), request(DC_ChargeLoopReq, meter_info_requested=True))[1].meter_info
    assert (info.charged_energy_reading_wh, info.bpt_discharged_energy_reading_wh) == (200, 45)


def test_the_meter_of_a_one_way_service() -> None:
    play = loop(DC)
    _, answer = turned(play, ask(DC))
    assert answer.meter_info == MeterInfo(meter_id="METER1", charged_energy_reading_wh=0, meter_timestamp=play.snapshot.clock)


@pytest.mark.case("CLP-10")
def test_display_parameters_are_optional() -> None:
    """CLP-10."""
    shown = DisplayParameters(present_soc=50, charging_complete=False)
    for display in (None, shown, DisplayParameters()):
        assert turned(loop(), request(DC_ChargeLoopReq, display_parameters=display))[1].response_code is ResponseCode.OK


@pytest.mark.case("CLP-08")
@pytest.mark.parametrize(("service", "mode"), VARIANTS)
def test_the_loop_never_says_more_than_was_announced(service: ServiceID, mode: ControlMode) -> None:
    """CLP-08: nor after the operator raised his limits."""
    play = loop(service, mode, limits=Limits(200, 450, 60, 20e3, 40, 10e3), budget=PLENTY)
    _, answer = turned(play >> given(limits=WIDE), ask(service, mode))
    told = numbers(answer.control_mode)
    expected = {
        "evse_maximum_charge_power": 20e3,
        "evse_minimum_charge_power": 100,
        "evse_maximum_charge_current": 60,
        "evse_maximum_voltage": 450,
    }
    back = {
        "evse_maximum_discharge_power": 10e3,
        "evse_minimum_discharge_power": 100,
        "evse_maximum_discharge_current": 40,
        "evse_minimum_voltage": 200,
    }
    assert told == expected | (back if service in BIDIRECTIONAL else {})


def test_limits_that_fall_are_told_at_once() -> None:
    play = loop()
    turned(play, ask())
    _, answer = turned(play >> given(limits=Limits(200, 440, 10, 3e3, 5, 1e3)), ask())
    told = numbers(answer.control_mode)
    assert (told["evse_maximum_charge_power"], told["evse_maximum_charge_current"], told["evse_maximum_voltage"]) == (3e3, 10, 440)
    assert (told["evse_maximum_discharge_power"], told["evse_maximum_discharge_current"]) == (1e3, 5)


def test_the_chosen_schedule_binds_moment_by_moment() -> None:
    planned = (Plan(EPOCH, (Slot(600.0, 10e3, 4e3), Slot(86_400.0, 2e3, 0.0))),)
    play = loop(plans=planned, asks={PowerDeliveryReq: {"ev_power_profile": profile(1e3)}})
    assert turned(play, ask(ev_target_current=60))[0].current == 25
    assert turned(play, ask(ev_target_current=-60))[0].current == -10
    play >> after(600.0)
    assert turned(play, ask(ev_target_current=60))[0].current == 5
    assert turned(play, ask(ev_target_current=-60))[0].current == 0


# Safety numbers.


def test_a_limit_that_the_car_lowers_holds_in_the_same_step() -> None:
    play = loop()
    assert turned(play, ask(ev_target_current=50))[0].current == 50
    assert turned(play, ask(ev_target_current=30, ev_maximum_charge_current=30))[0].current == 30
    assert turned(play, ask(ev_target_current=30, ev_maximum_charge_power=4e3))[0].current == 10
    assert turned(play, ask(ev_target_current=30))[0].current == 10, "a limit left out stands as last told"
    assert turned(play, ask(ev_target_current=-20, ev_maximum_discharge_current=20))[0].current == -20
    assert turned(play, ask(ev_target_current=-20, ev_maximum_discharge_power=-2e3))[0].current == -5, "in either sign"


@pytest.mark.case("CLP-09")
def test_a_maximum_voltage_below_the_output_reduces_the_output() -> None:
    """CLP-09."""
    play = loop()
    turned(play, ask())
    setpoint, _ = turned(play, ask(ev_target_voltage=390, ev_maximum_voltage=390))
    assert setpoint.voltage == 390


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"ev_target_current": 103}, id="current above what it said before the loop"),
        pytest.param({"ev_target_current": 50, "ev_maximum_charge_current": 40}, id="current above what it says now"),
        pytest.param({"ev_target_voltage": 490}, id="voltage above what it said before the loop"),
        pytest.param({"ev_target_voltage": 450, "ev_maximum_voltage": 430}, id="voltage above what it says now"),
        pytest.param({"ev_target_current": -21e3}, id="a current beyond sense"),
        pytest.param({"ev_target_voltage": 20e3}, id="20 kV"),
        pytest.param({"ev_target_current": -62}, id="out of the vehicle"),
        pytest.param({"ev_target_current": -40, "ev_maximum_discharge_current": 20}, id="out of the vehicle, lowered"),
        pytest.param({"ev_target_current": 10, "ev_maximum_charge_current": -10}, id="a negative maximum"),
    ],
)
def test_a_car_that_contradicts_itself_is_stopped(changes: dict[str, Any]) -> None:
    """A target above its own maximum: an end with an error, never a silent clamp."""
    play = loop()
    turned(play, ask())
    failed(play >> ask(**changes))


@pytest.mark.parametrize(
    ("measured", "changes"),
    [
        pytest.param({"current": 43.0}, {"ev_maximum_charge_current": 40}, id="current"),
        pytest.param({"voltage": 490.0}, {}, id="voltage"),
        pytest.param({"current": -43.0}, {"ev_maximum_discharge_current": 40}, id="current out of the vehicle"),
        pytest.param({"current": 30.0}, {"ev_maximum_charge_power": 10_000}, id="power"),
        pytest.param({"current": -30.0}, {"ev_maximum_discharge_power": 10_000}, id="power out of the vehicle"),
    ],
)
def test_an_output_above_the_cars_maximum_for_400_ms(measured: dict[str, float], changes: dict[str, float]) -> None:
    play = loop() >> ask(**changes)
    play.skip() >> Sent() >> given(**measured)
    for _ in range(4):
        play >> Tick() >> after(0.1)
        assert play.session.failing == ""
    play >> Tick()
    assert play.commands[0] == Apply(REST)
    assert play << REST
    failed(play >> ask())


def test_an_overshoot_that_goes_in_time_is_forgiven() -> None:
    play = loop() >> ask(ev_maximum_charge_current=40)
    play.skip() >> Sent()
    for _ in range(3):
        play >> given(current=43.0) >> Tick() >> after(0.39) >> Tick() >> given(current=40.0) >> Tick()
    assert play.session.failing == ""


@pytest.mark.parametrize(("current", "over"), [(40.7, False), (41.9, False), (42.1, True)])
def test_a_measurement_near_the_limit_is_not_above_it(current: float, over: bool) -> None:
    play = loop() >> ask(ev_maximum_charge_current=40)
    play.skip() >> Sent() >> given(current=current) >> Tick() >> after(0.5) >> Tick()
    assert bool(play.skip().session.failing) is over


def test_on_an_old_measurement_nothing_rises_and_nothing_is_given_back() -> None:
    play = loop()
    assert turned(play, ask(ev_target_current=20))[0].current == 20
    play >> after(0.31, fresh=False)
    assert turned(play, ask(ev_target_current=40))[0].current == 20
    assert turned(play, ask(ev_target_current=10))[0].current == 10, "a fall is followed"
    assert turned(play, ask(ev_target_current=20))[0].current == 10
    assert turned(play, ask(ev_target_current=-20))[0].current == 0
    play >> after(0.0)
    assert turned(play, ask(ev_target_current=-20))[0].current == -20
    play >> after(0.31, fresh=False) >> Tick()
    assert play << applied(current=0.0, contactor=True)


@pytest.mark.parametrize(("service", "mode"), VARIANTS)
def test_a_budget_that_runs_out_between_two_turns(service: ServiceID, mode: ControlMode) -> None:
    budget = Budget(charge=8e3, discharge=8e3, until=1010.0, fallback=2e3)
    play = loop(service, mode, budget=budget) >> ask(service, mode)
    assert decided(play).current == 20
    play.skip() >> Sent() >> given(now=1010.0) >> after(0.0) >> Tick() >> given(now=1010.1) >> after(0.0) >> Tick()
    assert play << applied(current=5.0)


def test_a_budget_that_runs_out_while_energy_comes_back() -> None:
    play = loop(budget=replace(BUDGET, until=1010.0)) >> ask(ev_target_current=-20)
    assert play << applied(current=-20.0) << DC_ChargeLoopRes >> Sent()
    assert play >> given(now=1010.1) >> after(0.0) >> Tick() << applied(current=0.0, contactor=True)


def test_limits_that_fall_between_two_turns_hold_at_the_tick() -> None:
    play = loop() >> ask(ev_target_current=50)
    play.skip() >> Sent()
    assert play >> given(limits=Limits(0, 1000, 12, 1e6)) >> Tick() << applied(current=12.0)
    assert play >> given(limits=WIDE) >> Tick() << applied(current=50.0)


# Our own wish to end.


@pytest.mark.case("NOT-01")
@pytest.mark.parametrize(("service", "mode"), VARIANTS)
def test_operator_stop(service: ServiceID, mode: ControlMode) -> None:
    """NOT-01: power goes now, the car hears Terminate with every answer, and how long it still has."""
    play = loop(service, mode)
    turned(play, ask(service, mode))
    assert play >> StopWanted("maintenance") << applied(current=0.0, contactor=True, lock=True)
    for seconds, delay in ((0.0, 20), (0.4, 19), (0.4, 19), (0.4, 18), (18.8, 0), (1.0, 0)):
        setpoint, answer = turned(play >> after(seconds), ask(service, mode))
        assert setpoint.current == 0
        assert (answer.response_code, answer.evse_status.evse_notification) == (ResponseCode.OK, EVSENotification.Terminate)
        assert answer.evse_status.notification_max_delay == delay
        told = numbers(answer.control_mode)
        assert told["evse_maximum_charge_power"] == told.get("evse_maximum_discharge_power", 0) == 0


def test_nothing_to_say_is_not_said() -> None:
    assert turned(loop(), ask())[1].evse_status is None


def test_before_the_first_turn_the_pre_charge_goes_on() -> None:
    play = loop()
    assert play >> Tick() << applied(voltage=400.0, current=0.0, contactor=True)
    assert play >> after(0.1) >> StopWanted("early") << applied(current=0.0)


def test_a_supply_ramp_and_its_minima_are_not_the_sessions_business() -> None:
    """The guard bounds rises; the session asks for the level at once."""
    play = loop(abilities=replace(ABILITIES, ramp=1.0))
    assert turned(play, ask(ev_target_current=50))[0].current == 50


def test_a_thousand_turns() -> None:
    """CLP-01, as far as decisions go: the same question gives the same answer, and stamps rise."""
    play = loop()
    stamps = set()
    for _ in range(1000):
        setpoint, answer = turned(play >> after(0.25), ask())
        assert setpoint.current == 20
        stamps.add(answer.header.time_stamp)
        play.chart.clear()
    assert len(stamps) == 1000
    assert play.session.loops == 1000


@pytest.mark.parametrize("present", [0, -400, rational(32767e9), 450])
def test_the_cars_own_voltage_is_believed_only_in_need(present: Any) -> None:
    value = present if not isinstance(present, int) else rational(present)
    what = request(DC_ChargeLoopReq, ev_present_voltage=value, control_mode=turn(ev_target_current=70))
    assert turned(loop(), what)[0].current == 55
    play = loop()
    turned(play, ask(ev_target_current=10))
    assert turned(play >> after(0.31, fresh=False), what)[0].current <= 10


@BOTH
def test_answers_of_the_loop_are_said(service: ServiceID) -> None:
    """The positive control: request, set-point, answer, in this order."""
    assert loop(service) >> ask(service) << applied(current=20.0) << said(DC_ChargeLoopRes, response_code=ResponseCode.OK)
    assert dc.DC_ChargeLoopRes is DC_ChargeLoopRes


@pytest.mark.parametrize("mode", ControlMode)
def test_limits_wider_than_in_charge_parameters_count_for_nothing(mode: ControlMode) -> None:
    """The first ones stand [V2G20-2654]; a car that raises them in the loop still gets what it said it can take."""
    parameters = {"energy_transfer_mode": limits(ServiceID.DC_BPT, ev_maximum_charge_current=10)}
    play = charger_at(Phase.CHARGE_LOOP, mode=mode, asks={DC_ChargeParameterDiscoveryReq: parameters})
    wider = {"ev_maximum_charge_current": 90, **({"ev_target_current": 60} if mode is ControlMode.SCHEDULED else {})}
    play >> request(DC_ChargeLoopReq, mode=mode, control_mode=turn(mode=mode, **wider))
    play.skip()
    assert play.session.setpoint.current == 10
