"""Whole sessions of alternating current: their order, when the pilot moves, and everything that takes the power away."""

from __future__ import annotations

import pytest

from iso15118.exi import Message
from iso15118.messages.catalogue import payload_type_of, schema_for
from iso15118.messages.v20.ac import AC_ChargeLoopReq, AC_ChargeParameterDiscoveryReq
from iso15118.messages.v20.common import ResponseCode
from iso15118.messages.v20.delivery import ChannelSelection, ChargeProgress, PowerDeliveryReq
from iso15118.messages.v20.schedule import ScheduleExchangeReq
from iso15118.messages.v20.session import SessionStopReq
from iso15118.power import Contactor, Pilot, VehicleSetpoint
from iso15118.sequence.timers import Timer
from iso15118.session.commands import Apply, Arm, Close, Send
from iso15118.session.evcc import Renegotiation
from iso15118.session.evcc.onboard import IDLE
from iso15118.session.events import Closed, Elapsed, Sent, StopWanted, Tick
from iso15118.session.services import BptChannel, ControlMode, ParameterSet, ServiceID
from iso15118.units import NO_PHASE, PerPhase
from iso15118.value import replace
from tests.session.evcc.bench import AC_PHASES, Bench, ac_bench

pytestmark = pytest.mark.long

S, D = ControlMode.SCHEDULED, ControlMode.DYNAMIC
BEFORE_POWER = (AC_ChargeParameterDiscoveryReq, ScheduleExchangeReq, PowerDeliveryReq)


def applied(bench: Bench) -> list[VehicleSetpoint]:
    return [c.setpoint for c in bench.trace if isinstance(c, Apply) and isinstance(c.setpoint, VehicleSetpoint)]


def starting(bench: Bench) -> Bench:
    """On until power has been asked for and the answer is still to come."""
    bench.run(PowerDeliveryReq)
    assert bench.last.charge_progress is ChargeProgress.Start
    return bench


def looping(bench: Bench) -> Bench:
    """On until the power flows."""
    bench.run(AC_ChargeLoopReq)
    for _ in range(2):
        bench.turn()
    assert bench.setpoint.target is not None
    assert bench.setpoint.target.active.total > 0.0
    return bench


@pytest.mark.case("SEQ-13")
@pytest.mark.parametrize("mode", [S, D])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_a_whole_session(mode: ControlMode, bidirectional: bool) -> None:
    bench = ac_bench(mode, bidirectional=bidirectional, loops=5).run()
    assert bench.names() == [*(cls.__name__ for cls in AC_PHASES[:-1]), "PowerDeliveryReq", "SessionStopReq"]
    assert [type(m) for m in bench.sent].count(AC_ChargeLoopReq) == bench.session.loops == 5
    assert bench.closed == Close("5 exchanges done", clean=True)
    assert bench.notes == []
    assert bench.timers == {}
    assert bench.safe()
    for message in bench.sent:
        schema = schema_for(payload_type_of(message))
        assert schema.decode(schema.encode(message)) == message


def test_the_cars_own_contactor_stays_open() -> None:
    assert not any(setpoint.contactor for setpoint in applied(ac_bench().run()))
    bench = looping(ac_bench(loops=None))
    assert bench.world.reading.contactor.value is Contactor.OPEN
    assert bench.session.stop == ""


# The pilot, which closes and opens the charger's contactor.


@pytest.mark.case("PWR-14")
@pytest.mark.parametrize("mode", [S, D])
def test_the_pilot_is_b_then_c_with_the_start_then_b_with_the_stop(mode: ControlMode) -> None:
    bench = ac_bench(mode).run()
    chart: list[object] = []
    pilot = None
    for command in bench.trace:
        if isinstance(command, Send) and isinstance(command.message, PowerDeliveryReq):
            chart.append(command.message.charge_progress)
        elif isinstance(command, Apply) and isinstance(command.setpoint, VehicleSetpoint) and command.setpoint.pilot is not pilot:
            pilot = command.setpoint.pilot
            chart.append(pilot)
    assert chart == [Pilot.B, ChargeProgress.Start, Pilot.C, ChargeProgress.Stop, Pilot.B]


@pytest.mark.case("PWR-14")
def test_c_comes_with_the_start_and_not_before() -> None:
    bench = ac_bench().run(ScheduleExchangeReq)
    assert bench.setpoint.pilot is Pilot.B
    commands = bench.turn()
    assert type(bench.last) is PowerDeliveryReq
    assert [type(c) for c in commands if isinstance(c, Send | Apply)] == [Send, Apply]  # in the same moment
    assert (bench.setpoint.pilot, bench.setpoint.lock, bench.setpoint.target) == (Pilot.C, True, IDLE)


@pytest.mark.case("PWR-14")
@pytest.mark.parametrize("amperes", [0.0, 10.0])
def test_b_comes_with_the_stop_once_nothing_flows_or_in_time(amperes: float) -> None:
    bench = looping(ac_bench(loops=None))
    bench.flowing = amperes
    bench.feed(StopWanted("driver"))
    assert bench.setpoint.target == IDLE
    while type(bench.last) is not PowerDeliveryReq:
        bench.turn()
    sent = bench.world.now
    assert bench.setpoint.pilot is (Pilot.C if amperes else Pilot.B)
    while bench.setpoint.pilot is Pilot.C:
        bench.wait(0.1)
        bench.feed(Tick())
    assert bench.world.now - sent <= 0.25


@pytest.mark.case("PWR-13")
def test_a_charger_whose_contactor_fails() -> None:
    bench = starting(ac_bench())
    bench.answer(response_code=ResponseCode.FAILED_ContactorError)
    assert bench.closed is not None
    assert "FAILED_ContactorError" in bench.closed.why
    assert (bench.setpoint.pilot, bench.setpoint.target) == (Pilot.B, IDLE)
    assert bench.safe()


def test_the_connector_is_held_as_long_as_mains_stand_at_the_inlet() -> None:
    bench = looping(ac_bench(loops=None))
    bench.feed(Closed("reset"))
    assert (bench.setpoint.pilot, bench.setpoint.lock) == (Pilot.B, True)
    bench.feed(Tick())
    assert not bench.setpoint.lock


# Power.


def test_nothing_is_taken_before_the_answer_and_the_mains() -> None:
    bench = starting(ac_bench())
    bench.feed(Tick())
    assert bench.setpoint.target == IDLE
    bench.mains = NO_PHASE
    bench.turn()
    for _ in range(4):
        bench.turn()
        bench.feed(Tick())
    assert bench.setpoint.target == IDLE
    assert bench.closed is None or bench.closed.clean
    bench = starting(ac_bench(loops=None))
    bench.turn()
    bench.feed(Tick())
    assert bench.setpoint.target is not None
    assert bench.setpoint.target.active == PerPhase.even(9e3, 3)


@pytest.mark.case("CLP-13")
def test_a_new_power_is_followed_at_the_response_that_brings_it() -> None:
    bench = looping(ac_bench(D, loops=None))
    for asked in (7e3, -4e3, 0.0, 11e3):
        bench.charger.targets = {"evse_target_active_power": asked}
        while bench.session.outstanding is None:
            bench.turn()
        bench.turn()
        assert bench.setpoint.target is not None
        assert bench.setpoint.target.active.total == pytest.approx(asked)


@pytest.mark.case("CLP-14")
def test_beyond_its_limits_the_car_says_what_it_takes() -> None:
    bench = ac_bench(D, loops=None)
    bench.charger.targets = {"evse_target_active_power": 20e3}
    looping(bench)
    while type(bench.session.outstanding) is not AC_ChargeLoopReq:
        bench.turn()
    power = bench.last.control_mode.ev_present_active_power
    assert power.value * 10**power.exponent == 11_000


@pytest.mark.case("SES-15")
@pytest.mark.parametrize("kind", AC_PHASES[1:])
@pytest.mark.parametrize("code", [c for c in ResponseCode if c.startswith("FAILED")])
def test_a_refusal_ends_the_session(kind: type[Message], code: ResponseCode) -> None:
    bench = ac_bench(D, loops=1).run(kind)
    sent = len(bench.sent)
    bench.answer(response_code=code)
    assert bench.closed is not None
    assert code in bench.closed.why
    assert bench.safe()
    assert bench.setpoint.target in (None, IDLE)
    assert len(bench.sent) == sent


@pytest.mark.case("CLP-03")
@pytest.mark.parametrize("mode", [S, D])
def test_a_response_that_does_not_come_takes_the_power_away(mode: ControlMode) -> None:
    bench = looping(ac_bench(mode, loops=None))
    while bench.session.outstanding is None:
        bench.turn()
    bench.feed(Sent())
    assert bench.timers[Timer.MESSAGE] == 0.5
    bench.feed(Elapsed(Timer.MESSAGE))
    assert bench.closed is not None
    assert (bench.setpoint.pilot, bench.setpoint.target) == (Pilot.B, IDLE)
    assert bench.safe()


@pytest.mark.case("CLP-02")
@pytest.mark.parametrize("mode", [S, D])
def test_a_thousand_turns_each_in_time(mode: ControlMode) -> None:
    bench = ac_bench(mode, loops=1000).run(turns=3000)
    assert bench.session.loops == 1000
    pauses = [c.seconds for c in bench.trace if isinstance(c, Arm) and c.timer is Timer.PACE]
    assert len(pauses) >= 999
    assert max(pauses) <= 0.25
    assert bench.session.clean


@pytest.mark.parametrize("kind", BEFORE_POWER[:2])
def test_before_power_a_stop_goes_out_without_a_word_of_power(kind: type[Message]) -> None:
    bench = ac_bench().run(kind)
    bench.feed(StopWanted("driver"))
    bench.turn()
    assert type(bench.last) is SessionStopReq
    assert Pilot.C not in [setpoint.pilot for setpoint in applied(bench)]


def test_a_stop_while_power_is_asked_for_goes_through_the_loop() -> None:
    bench = starting(ac_bench())
    bench.feed(StopWanted("driver"))
    assert bench.setpoint.pilot is Pilot.C  # no change between [V2G20-849]
    bench.turn()
    assert (type(bench.last), bench.last.charge_progress) == (PowerDeliveryReq, ChargeProgress.Stop)
    assert bench.run().closed == Close("driver", clean=True)
    assert all(setpoint.target in (None, IDLE) for setpoint in applied(bench))


def test_a_stop_in_the_loop_takes_the_power_away_first() -> None:
    bench = looping(ac_bench(loops=None))
    bench.feed(StopWanted("driver"))
    assert bench.setpoint.target == IDLE
    assert bench.run().closed == Close("driver", clean=True)
    assert bench.names()[-2:] == ["PowerDeliveryReq", "SessionStopReq"]


def test_another_service_is_chosen_with_the_pilot_at_b() -> None:
    bench = ac_bench(loops=4, renegotiation=Renegotiation(2, (ServiceID.AC_BPT,)))
    good = bench.charger.good
    bench.charger.good = lambda request: (  # type: ignore[method-assign]
        answer.but(service_renegotiation_supported=True)
        if "service_renegotiation_supported" in (answer := good(request)).__fields__
        else answer
    )
    bench.run()
    assert bench.session.renegotiations == 1
    assert bench.names().count("AC_ChargeParameterDiscoveryReq") == 2
    assert bench.session.clean
    assert [s.pilot for s in applied(bench) if s.pilot is Pilot.C]
    assert bench.session.mains is not None


@pytest.mark.parametrize(("wish", "channel"), [(5e3, ChannelSelection.Charge), (-5e3, ChannelSelection.Discharge)])
def test_separated_channels_say_the_direction(wish: float, channel: ChannelSelection) -> None:
    bench = ac_bench(world={"target_power": wish}).run(ScheduleExchangeReq)
    separated = ParameterSet(1, S, bpt_channel=BptChannel.SEPARATED, nominal_voltage=230)
    bench.session = replace(bench.session, parameters=separated)
    bench.turn()
    assert bench.last.bpt_channel_selection is channel
