"""`session.evcc`: the wish to end, from either side, at every moment of a session."""

from __future__ import annotations

import pytest

from iso15118.exi import Message
from iso15118.messages.app_protocol import supportedAppProtocolReq
from iso15118.messages.v20.authorization import AuthorizationReq
from iso15118.messages.v20.common import Processing
from iso15118.messages.v20.dc import DC_CableCheckReq, DC_ChargeLoopReq, DC_WeldingDetectionReq
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq
from iso15118.messages.v20.schedule import ScheduleExchangeReq
from iso15118.messages.v20.session import SessionSetupReq, SessionStopReq
from iso15118.power import Pilot, VehicleSetpoint
from iso15118.sequence.timers import Timer
from iso15118.session.commands import Apply, Close, Disarm, Send
from iso15118.session.evcc import Config
from iso15118.session.events import Elapsed, StopWanted
from tests.session.evcc.bench import Bench
from tests.session.evcc.test_evcc_core import BEFORE_POWER


@pytest.mark.parametrize("kind", [supportedAppProtocolReq, SessionSetupReq])
def test_before_there_is_a_session_the_connection_is_closed(kind: type[Message]) -> None:
    bench = Bench().run(kind)
    bench.feed(StopWanted("driver"))
    assert bench.closed == Close("driver")
    assert SessionStopReq not in map(type, bench.sent)


@pytest.mark.parametrize("kind", BEFORE_POWER)
def test_before_power_the_session_stops_once_the_response_has_come(kind: type[Message]) -> None:
    bench = Bench().run(kind)
    assert not [c for c in bench.feed(StopWanted("driver")) if isinstance(c, Send | Close)]
    bench.turn()
    assert type(bench.last) is SessionStopReq
    bench.run()
    assert bench.closed == Close("driver", clean=True)
    assert not any(isinstance(c, Apply) and c.setpoint.contactor for c in bench.trace)


@pytest.mark.parametrize("kind", [AuthorizationReq, ScheduleExchangeReq, DC_CableCheckReq])
def test_in_a_pause_the_stop_goes_out_at_once(kind: type[Message]) -> None:
    bench = Bench().run(kind)
    bench.answer(evse_processing=Processing.Ongoing)
    commands = bench.feed(StopWanted("driver"))
    assert Disarm(Timer.PACE) in commands
    assert type(bench.last) is SessionStopReq
    assert bench.feed(Elapsed(Timer.PACE)) == ()
    bench.feed(Elapsed(Timer.ONGOING))
    bench.feed(Elapsed(Timer.CABLE_CHECK))
    assert bench.closed is None  # the message timer of the stop counts now
    bench.run()
    assert bench.closed is not None
    assert bench.closed.clean


def test_a_stop_while_the_contactor_closes_opens_it_first() -> None:
    bench = Bench()
    bench.contactor_follows = False
    bench.run(PowerDeliveryReq)
    assert bench.setpoint.contactor
    commands = bench.feed(StopWanted("driver"))
    assert commands == (Apply(VehicleSetpoint(contactor=False, pilot=Pilot.C, lock=True)),)
    bench.answer()
    assert type(bench.last) is SessionStopReq


def test_a_stop_while_power_is_asked_for_goes_through_the_loop() -> None:
    bench = Bench().run(PowerDeliveryReq)
    while bench.last.ev_processing is not Processing.Finished:
        bench.turn()
    bench.feed(StopWanted("driver"))
    assert bench.setpoint.contactor
    bench.answer()
    assert bench.last.charge_progress is ChargeProgress.Stop
    bench.run()
    assert bench.closed == Close("driver", clean=True)
    assert DC_ChargeLoopReq not in map(type, bench.sent)


@pytest.mark.parametrize("pausing", [True, False])
def test_a_stop_in_the_loop(pausing: bool) -> None:
    bench = Bench(Config()).run(DC_ChargeLoopReq)
    if pausing:
        bench.answer()
    bench.feed(StopWanted("driver"))
    assert (type(bench.last) is PowerDeliveryReq) is pausing
    bench.run()
    assert bench.names()[-3:] == ["PowerDeliveryReq", "DC_WeldingDetectionReq", "SessionStopReq"]
    assert bench.closed == Close("driver", clean=True)


@pytest.mark.parametrize("kind", [DC_WeldingDetectionReq, SessionStopReq])
def test_a_stop_while_stopping_changes_nothing(kind: type[Message]) -> None:
    bench = Bench(Config(loops=1)).run(kind)
    assert bench.feed(StopWanted("driver")) == ()
    bench.run()
    assert bench.closed == Close("1 exchanges done", clean=True)


def test_the_first_reason_counts() -> None:
    bench = Bench(Config()).run(DC_ChargeLoopReq)
    bench.feed(StopWanted("driver"))
    bench.feed(StopWanted("operator"))
    assert bench.session.stop == "driver"
