"""`session.secc.pause`: when a session may pause, what is kept of it, and who may join it again."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.energy import Authorisation
from iso15118.messages.app_protocol import supportedAppProtocolReq
from iso15118.messages.v20.authorization import AuthorizationSetupReq
from iso15118.messages.v20.common import EVSENotification, Header, Processing, ResponseCode
from iso15118.messages.v20.dc import (
    DC_CableCheckReq,
    DC_ChargeLoopReq,
    DC_ChargeParameterDiscoveryReq,
    DC_PreChargeReq,
    DC_WeldingDetectionReq,
)
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq
from iso15118.messages.v20.schedule import ScheduleExchangeReq
from iso15118.messages.v20.service import ServiceDiscoveryReq
from iso15118.messages.v20.session import ChargingSession, SessionSetupReq, SessionStopReq, SessionStopRes
from iso15118.procedures.wind_down import REST
from iso15118.sequence.phases import Phase
from iso15118.sequence.timers import Timer
from iso15118.session import secc
from iso15118.session.commands import Arm, Close
from iso15118.session.events import Connected, Elapsed, NotificationWanted, Sent, StopWanted, Tick
from iso15118.session.secc.pause import binding, renumbered
from iso15118.session.secc.state import Paused
from iso15118.session.services import ControlMode, ServiceID, service_of
from iso15118.value import replace
from tests.session.asked import NOBODY, SESSION_ID, STAMP, profile, protocol
from tests.session.playbook import Playbook, after, charger_at, given, request, said, snapshot

PAUSE: dict[str, Any] = {"charging_session": ChargingSession.Pause}
STOP: dict[str, Any] = {"charge_progress": ChargeProgress.Stop, "ev_power_profile": None}
ASKED = NotificationWanted(EVSENotification.Pause, "the site rests")
USUAL = secc.Config()
CAR = "WMIV1234567890ABCDEX"
FRESH_ID = bytes.fromhex("f0e1d2c3b4a59687")
AGREED = said(SessionStopRes, response_code=ResponseCode.OK)
REFUSED = said(SessionStopRes, response_code=ResponseCode.FAILED_PauseNotAllowed)
services = pytest.mark.parametrize("service", [ServiceID.DC, ServiceID.DC_BPT])
variants = pytest.mark.parametrize(("service", "mode"), [(s, m) for s in (ServiceID.DC, ServiceID.DC_BPT) for m in ControlMode])


def stopped(
    mode: ControlMode, *powers: float, asked: bool = False, service: ServiceID = ServiceID.DC_BPT, config: secc.Config | None = None
) -> Playbook:
    """A charger behind PowerDelivery(Stop), its car's profile of `powers`, ten minutes each; `asked`: it has been asked to pause."""
    asks: dict[Any, dict[str, Any]] = {PowerDeliveryReq: {"ev_power_profile": profile(*powers)}} if mode is ControlMode.SCHEDULED else {}
    play = charger_at(Phase.CHARGE_LOOP, mode=mode, service=service, config=config, asks=asks)
    play >> request(DC_ChargeLoopReq, service=service, mode=mode)
    play.skip() >> Sent()
    if asked:
        play >> ASKED
    play.skip() >> request(PowerDeliveryReq, **STOP)
    play.skip() >> Sent() >> request(DC_WeldingDetectionReq, ev_processing=Processing.Finished)
    play.skip() >> Sent()
    assert play.session.phase is Phase.SESSION_STOP
    return play


def paused(mode: ControlMode = ControlMode.SCHEDULED, **variant: Any) -> Playbook:
    """A charger whose session has gone into a pause."""
    play = stopped(mode, 0.0, asked=mode is ControlMode.DYNAMIC, **variant) >> request(SessionStopReq, **PAUSE)
    assert play.sent().response_code is ResponseCode.OK
    return play


def back(kept: Paused | None, session_id: bytes = SESSION_ID, *, evcc_id: str = CAR, config: secc.Config = USUAL, **world: Any) -> Playbook:
    """A new session at the same outlet, up to the SessionSetupReq of a car that names this id."""
    play = Playbook(secc.begin(config, FRESH_ID, kept), secc.step, snapshot(**world)) >> Connected()
    play >> request(supportedAppProtocolReq)
    play.skip() >> Sent() >> request(SessionSetupReq, header=Header(session_id=session_id, time_stamp=STAMP), evcc_id=evcc_id)
    return play


# When a session may pause.


@pytest.mark.case("PAU-01")
@services
def test_a_scheduled_session_pauses_inside_an_entry_of_0_w(service: ServiceID) -> None:
    """[V2G20-1197] [V2G20-1839]"""
    play = stopped(ControlMode.SCHEDULED, 0.0, service=service) >> request(SessionStopReq, **PAUSE)
    assert play << REST << AGREED
    assert (play.session.phase, play.session.clean) == (Phase.ENDED, True)
    assert play >> Sent() << Arm(Timer.HOLD, 5.0) >> Elapsed(Timer.HOLD) << Close("session stopped", clean=True)


@pytest.mark.parametrize("powers", [(5e3,), (-5e3,), (5e3, 0.0)])
def test_a_scheduled_session_does_not_pause_while_its_profile_says_power(powers: tuple[float, ...]) -> None:
    config = secc.Config()
    play = stopped(ControlMode.SCHEDULED, *(max(0.0, p) for p in powers), config=config)
    play.session = replace(play.session, profile=replace(play.session.profile, powers=powers))
    assert play >> request(SessionStopReq, **PAUSE) << REST << REFUSED >> Sent() << Close
    assert play.session.paused is None


def test_a_profile_that_comes_to_0_w_may_pause_then() -> None:
    play = stopped(ControlMode.SCHEDULED, 5e3, 0.0) >> after(600) >> request(SessionStopReq, **PAUSE)
    assert play.sent().response_code is ResponseCode.OK


@pytest.mark.case("PAU-02")
@services
def test_a_dynamic_session_pauses_only_when_we_have_asked(service: ServiceID) -> None:
    """[V2G20-1842] [V2G20-1195]"""
    assert stopped(ControlMode.DYNAMIC, service=service) >> request(SessionStopReq, **PAUSE) << REST << REFUSED >> Sent() << Close
    play = stopped(ControlMode.DYNAMIC, service=service, asked=True) >> request(SessionStopReq, **PAUSE)
    assert play << REST << AGREED


def test_a_pause_that_was_taken_back_is_not_asked_for() -> None:
    play = charger_at(Phase.CHARGE_LOOP, mode=ControlMode.DYNAMIC) >> ASKED
    play.skip() >> NotificationWanted(EVSENotification.ExitStandby, "the sun shines")
    play.skip() >> request(PowerDeliveryReq, **STOP)
    play.skip() >> Sent() >> request(SessionStopReq, **PAUSE)
    assert play.sent().response_code is ResponseCode.FAILED_PauseNotAllowed


@pytest.mark.parametrize("mode", ControlMode)
def test_a_pause_asked_for_with_the_schedule_needs_no_cable_check(mode: ControlMode) -> None:
    play = charger_at(Phase.SCHEDULE_EXCHANGE, mode=mode) >> ASKED
    play.skip() >> request(ScheduleExchangeReq, mode=mode)
    assert play.sent().go_to_pause is True
    play >> Sent() >> request(PowerDeliveryReq, **STOP)
    play.skip() >> Sent() >> request(SessionStopReq, **PAUSE)
    assert play.sent().response_code is ResponseCode.OK


@pytest.mark.parametrize("phase", [Phase.AUTHORIZATION, Phase.CABLE_CHECK, Phase.POWER_DELIVERY])
def test_no_pause_without_a_stop_of_power_delivery(phase: Phase) -> None:
    play = charger_at(phase, mode=ControlMode.DYNAMIC) >> ASKED
    play.skip() >> request(SessionStopReq, **PAUSE)
    assert play.sent().response_code is ResponseCode.FAILED_PauseNotAllowed


def test_no_pause_when_our_side_wants_the_end() -> None:
    play = stopped(ControlMode.DYNAMIC, asked=True) >> StopWanted("closing time")
    play.skip() >> request(SessionStopReq, **PAUSE)
    assert play.sent().response_code is ResponseCode.FAILED_PauseNotAllowed


# What is kept.


@variants
def test_what_is_kept(service: ServiceID, mode: ControlMode) -> None:
    play = paused(mode, service=service)
    kept = play.session.paused
    assert kept == Paused(
        session_id=SESSION_ID,
        binding=binding(SESSION_ID, CAR.encode()),
        service=play.session.service,
        parameters=play.session.parameters,
        value_added=play.session.value_added,
        tuples=play.session.tuples,
        selected=1 if mode is ControlMode.SCHEDULED else None,
        meter_base=(7000.0, 3000.0),
        since=play.snapshot.now,
    )
    assert kept.service.id is service
    assert kept.parameters.control_mode is mode


def test_nothing_is_kept_of_a_session_that_ends() -> None:
    play = stopped(ControlMode.SCHEDULED, 0.0) >> request(SessionStopReq)
    assert play.sent().response_code is ResponseCode.OK
    assert play.session.paused is None


@pytest.mark.parametrize(("config", "locked"), [(secc.Config(), True), (secc.Config(pause_locked=False), False)])
def test_power_is_off_in_a_pause_and_the_connector_locked_as_configured(config: secc.Config, locked: bool) -> None:
    play = paused(config=config).skip() >> given(voltage=0.0) >> Tick()
    play.skip()
    assert play.session.setpoint == (REST if locked else replace(REST, lock=False))


def test_the_binding_depends_on_both_ends() -> None:
    assert len(binding(SESSION_ID, b"car")) == 64
    assert len({binding(SESSION_ID, b"car"), binding(FRESH_ID, b"car"), binding(SESSION_ID, b"cat"), binding(SESSION_ID, b"")}) == 4


# Who comes back.


@pytest.mark.case("PAU-01")
@variants
def test_the_same_car_joins_its_old_session_and_goes_on_with_charge_parameters(service: ServiceID, mode: ControlMode) -> None:
    """Authorisation, service and meter readings go on; everything up to the loop is done anew [V2G20-1032] [V2G20-1844]."""
    kept = paused(mode, service=service).session.paused
    play = back(kept, authorisation=Authorisation.PENDING)
    setup = play.sent()
    assert (setup.response_code, setup.header.session_id) == (ResponseCode.OK_OldSessionJoined, SESSION_ID)
    assert play.session.phase is Phase.CHARGE_PARAMETERS
    for ask in (DC_ChargeParameterDiscoveryReq, ScheduleExchangeReq, DC_CableCheckReq):
        play >> Sent() >> request(ask, service=service, mode=mode)
        assert play.sent().response_code is ResponseCode.OK
    assert play.session.meter_base == (7000.0, 3000.0)


def test_the_authorisation_of_a_joined_session_can_be_withdrawn() -> None:
    play = back(paused().session.paused, authorisation=Authorisation.REFUSED)
    for ask in (DC_ChargeParameterDiscoveryReq, ScheduleExchangeReq):
        play.skip() >> Sent() >> request(ask)
    play.skip() >> Sent() >> request(DC_CableCheckReq)
    assert play.sent().response_code is ResponseCode.FAILED


@pytest.mark.parametrize("ask", [AuthorizationSetupReq, ServiceDiscoveryReq, DC_CableCheckReq, DC_PreChargeReq, PowerDeliveryReq])
def test_nothing_but_charge_parameters_follows_a_join(ask: Any) -> None:
    play = back(paused().session.paused)
    play.skip() >> Sent() >> request(ask)
    assert play.sent().response_code is ResponseCode.FAILED_SequenceError


def strangers(play: Playbook, *, left: bool = False) -> None:
    """A new session under a fresh id, to be authorised anew. `left`: what is kept stays there for the car whose it is."""
    kept, setup = play.session.paused, play.sent()
    assert (setup.response_code, setup.header.session_id) == (ResponseCode.OK_NewSessionEstablished, FRESH_ID)
    assert (play.session.phase, play.session.joined) == (Phase.AUTHORIZATION_SETUP, False)
    assert (kept is not None) is left
    assert (play.session.service, play.session.tuples) == (None, ())
    assert (play >> Sent() >> request(AuthorizationSetupReq, session_id=FRESH_ID)).sent().response_code is ResponseCode.OK


@pytest.mark.case("PAU-03")
@pytest.mark.parametrize("session_id", [NOBODY, FRESH_ID, SESSION_ID[:-1] + b"\xee"])
def test_an_id_that_is_not_known_opens_a_new_session(session_id: bytes) -> None:
    """[V2G20-2626]"""
    strangers(back(paused().session.paused, session_id))
    strangers(back(None, session_id))


@pytest.mark.case("PAU-03")
def test_another_car_opens_a_new_session() -> None:
    strangers(back(paused().session.paused, evcc_id="WMIV1234567890ABCDEY"), left=True)


def test_what_is_kept_is_left_to_its_car_until_another_one_takes_energy() -> None:
    """Whoever knocks with a SessionID that it has heard of does not cost the owner its pause."""
    kept = paused().session.paused
    play = charger_at(Phase.AUTHORIZATION_SETUP)
    play.session = replace(play.session, paused=kept)
    play >> request(SessionStopReq)
    play.skip()
    assert play.session.paused == kept
    started = charger_at(Phase.POWER_DELIVERY)
    started.session = replace(started.session, paused=kept)
    assert (started >> request(PowerDeliveryReq)).sent().response_code is ResponseCode.OK
    assert started.session.paused is None


def test_its_own_car_that_begins_anew_gives_it_up() -> None:
    strangers(back(paused().session.paused, session_id=NOBODY))


def test_a_certificate_is_believed_before_a_name() -> None:
    kept = paused().session.paused
    play = Playbook(secc.begin(secc.Config(), FRESH_ID, kept), secc.step, snapshot())
    play >> Connected(True, b"another car's") >> request(supportedAppProtocolReq)
    play.skip() >> Sent() >> request(SessionSetupReq, header=Header(session_id=SESSION_ID, time_stamp=STAMP))
    strangers(play, left=True)


def test_a_pause_that_lasted_too_long_is_over() -> None:
    config = secc.Config(pause_seconds=3600)
    kept = replace(paused().session.paused, since=snapshot().now - 3600)
    assert back(kept, config=config).sent().response_code is ResponseCode.OK_OldSessionJoined
    strangers(back(replace(kept, since=kept.since - 1), config=config))


def test_a_car_that_does_not_list_the_protocol_of_its_session_opens_a_new_one() -> None:
    config = secc.Config(services=(*secc.Config().services, service_of(ServiceID.AC)))
    play = Playbook(secc.begin(config, FRESH_ID, paused().session.paused), secc.step, snapshot()) >> Connected()
    play >> request(supportedAppProtocolReq, app_protocol=(protocol("urn:iso:std:iso:15118:-20:AC"),))
    play.skip() >> Sent() >> request(SessionSetupReq, header=Header(session_id=SESSION_ID, time_stamp=STAMP))
    strangers(play)


def test_a_pause_is_joined_once() -> None:
    play = back(paused().session.paused)
    assert play.sent().response_code is ResponseCode.OK_OldSessionJoined
    assert play.session.paused is None


def test_a_connection_that_breaks_before_session_setup_leaves_the_pause() -> None:
    kept = paused().session.paused
    play = Playbook(secc.begin(secc.Config(), FRESH_ID, kept), secc.step, snapshot()) >> Connected() >> Elapsed(Timer.SEQUENCE)
    play.skip()
    assert play.session.phase is Phase.ENDED
    assert play.session.paused == kept


@pytest.mark.case("REN-07")
def test_behind_a_pause_services_are_chosen_anew_only_where_that_is_offered() -> None:
    """[V2G20-1644] [V2G20-1955]: the join leads past the choice of services, and nothing leads back to it."""
    for config, code in (
        (secc.Config(), ResponseCode.FAILED_NoServiceRenegotiationSupported),
        (secc.Config(service_renegotiation=True), ResponseCode.OK),
    ):
        play = back(paused(config=config).session.paused, config=config)
        for ask in (DC_ChargeParameterDiscoveryReq, ScheduleExchangeReq):
            play.skip() >> Sent() >> request(ask)
        play.skip() >> Sent() >> request(PowerDeliveryReq, **STOP)
        play.skip() >> Sent() >> request(SessionStopReq, charging_session=ChargingSession.ServiceRenegotiation)
        assert play.sent().response_code is code


# Schedules behind a pause.


def test_an_id_means_one_schedule_for_good() -> None:
    """[V2G20-1058]"""
    first = charger_at(Phase.CABLE_CHECK).session.tuples
    assert renumbered(first, ()) == first
    assert renumbered(first, first) == first
    other = tuple(each.but(discharging_schedule=None) for each in first)
    assert [each.schedule_tuple_id for each in renumbered(other, first)] == [2]
    assert [each.schedule_tuple_id for each in renumbered((*other, *first), first)] == [2, 1]


def test_behind_a_pause_other_schedules_have_other_ids() -> None:
    play = back(paused().session.paused).skip() >> Sent() >> request(DC_ChargeParameterDiscoveryReq)
    play.skip() >> Sent() >> after(600) >> request(ScheduleExchangeReq)
    (offered,) = play.sent().control_mode.schedule_tuple
    assert offered.schedule_tuple_id == 2


@pytest.mark.parametrize("verdict", [Authorisation.REFUSED, Authorisation.PENDING])
def test_no_pause_keeps_an_authorisation_that_has_been_taken_back(verdict: Authorisation) -> None:
    play = stopped(ControlMode.DYNAMIC, asked=True).skip() >> Sent() >> given(authorisation=verdict)
    assert play >> request(SessionStopReq, **PAUSE) << REST << REFUSED
    assert play.session.paused is None
