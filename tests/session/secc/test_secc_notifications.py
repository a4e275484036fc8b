"""`session.secc.notifications`: what the charger wants of the car while a session runs, and when it says so."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.messages.v20.common import EVSENotification, EVSEStatus
from iso15118.messages.v20.dc import DC_ChargeLoopReq
from iso15118.messages.v20.delivery import PowerDeliveryReq
from iso15118.messages.v20.schedule import ScheduleExchangeReq
from iso15118.sequence.phases import Phase
from iso15118.session import secc
from iso15118.session.commands import Note
from iso15118.session.events import NotificationWanted, Sent, StopWanted, Tick
from iso15118.session.secc.state import Wish
from iso15118.session.services import ControlMode, ServiceID
from iso15118.value import replace
from tests.session.asked import profile
from tests.session.playbook import Playbook, after, charger_at, request

PAUSE = NotificationWanted(EVSENotification.Pause, "the site rests")
GO_ON = NotificationWanted(EVSENotification.ExitStandby, "the sun shines")
ANEW = NotificationWanted(EVSENotification.ServiceRenegotiation)
RENEGOTIABLE = secc.Config(service_renegotiation=True)
BOTH = (ServiceID.DC, ServiceID.DC_BPT)


def in_loop(mode: ControlMode, *powers: float, service: ServiceID = ServiceID.DC_BPT, config: secc.Config | None = None) -> Playbook:
    """A charger whose car has asked for power once; Scheduled: with a profile of `powers`, ten minutes each."""
    asks: dict[Any, dict[str, Any]] = {PowerDeliveryReq: {"ev_power_profile": profile(*powers)}} if mode is ControlMode.SCHEDULED else {}
    play = charger_at(Phase.CHARGE_LOOP, mode=mode, service=service, config=config, asks=asks)
    return turned(play, mode, service)


def turned(play: Playbook, mode: ControlMode, service: ServiceID = ServiceID.DC_BPT) -> Playbook:
    play.skip() >> request(DC_ChargeLoopReq, service=service, mode=mode)
    return play


def told(play: Playbook, mode: ControlMode, service: ServiceID = ServiceID.DC_BPT) -> EVSEStatus | None:
    """What the next response of the loop says."""
    play.skip() >> Sent()
    status: EVSEStatus | None = turned(play, mode, service).sent().evse_status
    return status


def noted(play: Playbook) -> str:
    return " ".join(command.text for command in play.commands if isinstance(command, Note))


def says(notification: EVSENotification, delay: int) -> EVSEStatus:
    return EVSEStatus(notification_max_delay=delay, evse_notification=notification)


@pytest.mark.parametrize("service", BOTH)
@pytest.mark.parametrize("mode", ControlMode)
def test_nothing_is_said_when_nothing_is_wanted(mode: ControlMode, service: ServiceID) -> None:
    assert told(in_loop(mode, service=service), mode, service) is None


@pytest.mark.case("NOT-03")
@pytest.mark.parametrize("service", BOTH)
def test_a_pause_is_counted_down_from_60_s_on(service: ServiceID) -> None:
    mode = ControlMode.DYNAMIC
    play = in_loop(mode, service=service).skip() >> PAUSE
    assert told(play, mode, service) == says(EVSENotification.Pause, 60)
    play.skip() >> after(7.5)
    assert told(play, mode, service) == says(EVSENotification.Pause, 52)
    play.skip() >> PAUSE  # wanted already
    assert told(play, mode, service) == says(EVSENotification.Pause, 52)


@pytest.mark.parametrize("service", BOTH)
def test_a_pause_takes_power_away_at_once_where_we_steer(service: ServiceID) -> None:
    play = in_loop(ControlMode.DYNAMIC, service=service)
    assert play.session.setpoint.current > 0.0
    play.skip() >> PAUSE
    assert play.session.setpoint.current == 0.0
    assert play.session.setpoint.contactor is True
    play.skip() >> Sent()
    response = turned(play, ControlMode.DYNAMIC, service).sent()
    assert response.control_mode.evse_maximum_charge_power.value == 0
    if service is ServiceID.DC_BPT:
        assert response.control_mode.evse_maximum_discharge_power.value == 0


@pytest.mark.case("NOT-03")
def test_a_pause_is_not_asked_for_while_the_profile_says_power() -> None:
    play = in_loop(ControlMode.SCHEDULED, 5e3).skip() >> PAUSE
    assert noted(play) == "the car is not asked for Pause: the car's power profile says 5000 W now, and a pause needs 0 W [V2G20-1198]"
    assert told(play, ControlMode.SCHEDULED) is None


@pytest.mark.case("NOT-03")
def test_a_pause_is_asked_for_inside_an_entry_of_0_w_and_no_longer() -> None:
    mode = ControlMode.SCHEDULED
    play = in_loop(mode, 0.0, 5e3).skip() >> PAUSE
    assert told(play, mode) == says(EVSENotification.Pause, 60)
    play.skip() >> after(590)
    assert told(play, mode) == says(EVSENotification.Pause, 0)
    play.skip() >> after(12)
    assert told(play, mode) is None


@pytest.mark.parametrize("mode", ControlMode)
def test_a_pause_wanted_before_the_loop_is_said_with_the_schedule(mode: ControlMode) -> None:
    play = charger_at(Phase.SCHEDULE_EXCHANGE, mode=mode)
    play.skip() >> request(ScheduleExchangeReq, mode=mode)
    assert play.sent().go_to_pause is None
    play = charger_at(Phase.SCHEDULE_EXCHANGE, mode=mode) >> PAUSE
    play.skip() >> request(ScheduleExchangeReq, mode=mode)
    assert play.sent().go_to_pause is True


def test_a_pause_wanted_before_the_loop_counts_from_the_moment_it_can_be_said() -> None:
    mode = ControlMode.SCHEDULED
    play = in_loop(mode, 5e3, 0.0)
    wish = Wish(EVSENotification.Pause, "wanted before")
    play.session = replace(play.session, wishes=(wish,))
    assert told(play, mode) is None
    play.skip() >> after(605) >> Tick()
    play.skip() >> after(10)
    assert told(play, mode) == says(EVSENotification.Pause, 50)


def test_a_pause_that_the_car_does_not_follow_is_told_once_and_stands() -> None:
    mode = ControlMode.DYNAMIC
    play = in_loop(mode).skip() >> PAUSE
    play.skip() >> after(60.5) >> Tick()
    assert noted(play) == "the car does not follow Pause within 60 s"
    assert told(play, mode) == says(EVSENotification.Pause, 0)
    assert play.session.setpoint.current == 0.0
    play.skip() >> after(1) >> Tick()
    assert noted(play) == ""


def test_a_pause_is_taken_back() -> None:
    mode = ControlMode.DYNAMIC
    play = in_loop(mode).skip() >> PAUSE
    play.skip() >> GO_ON
    assert told(play, mode) is None
    assert play.session.setpoint.current > 0.0
    assert play.session.pause_asked is False


def test_nobody_leaves_a_standby_who_is_in_none() -> None:
    play = in_loop(ControlMode.DYNAMIC).skip() >> GO_ON
    assert noted(play) == "the car is not asked for ExitStandby: the car is not in standby"


def test_the_end_is_said_before_a_pause_and_a_pause_before_the_rest() -> None:
    mode = ControlMode.DYNAMIC
    play = in_loop(mode, config=RENEGOTIABLE).skip() >> ANEW
    assert told(play, mode) == says(EVSENotification.ServiceRenegotiation, 60)
    play.skip() >> after(3) >> PAUSE
    assert told(play, mode) == says(EVSENotification.Pause, 60)
    play.skip() >> GO_ON
    assert told(play, mode) == says(EVSENotification.ServiceRenegotiation, 57)
    play.skip() >> StopWanted("closing time")
    assert told(play, mode) == says(EVSENotification.Terminate, 20)


@pytest.mark.case("NOT-01")
@pytest.mark.parametrize("service", BOTH)
@pytest.mark.parametrize("mode", ControlMode)
def test_an_end_is_said_in_the_next_response_and_counted_down(mode: ControlMode, service: ServiceID) -> None:
    play = in_loop(mode, service=service).skip() >> StopWanted("closing time")
    assert told(play, mode, service) == says(EVSENotification.Terminate, 20)
    play.skip() >> after(5.5)
    assert told(play, mode, service) == says(EVSENotification.Terminate, 14)


@pytest.mark.parametrize("wish", [PAUSE, GO_ON, ANEW])
def test_nothing_more_is_wanted_of_a_session_at_its_end(wish: NotificationWanted) -> None:
    play = in_loop(ControlMode.DYNAMIC, config=RENEGOTIABLE).skip() >> StopWanted("closing time")
    play.skip() >> wish
    assert noted(play).endswith("the session is at its end")
    play = charger_at(Phase.SESSION_STOP, config=RENEGOTIABLE) >> wish
    assert noted(play).endswith("the session is at its end")
