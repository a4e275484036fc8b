"""`session.secc.delivery`: services are chosen anew within the session."""

from __future__ import annotations

import pytest

from iso15118.messages.v20.common import EVSENotification, EVSEStatus, ResponseCode
from iso15118.messages.v20.dc import (
    DC_ChargeLoopReq,
)
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq
from iso15118.messages.v20.service import ServiceDiscoveryReq
from iso15118.messages.v20.session import SessionStopReq
from iso15118.procedures.wind_down import REST
from iso15118.sequence.phases import Phase
from iso15118.session import secc
from iso15118.session.events import Sent, StopWanted
from tests.session.playbook import charger_at, request
from tests.session.secc.test_secc_delivery import ANEW, ASKED, OFFERED, failed, noted


@pytest.mark.case("REN-06")
@pytest.mark.parametrize("phase", [Phase.WELDING_DETECTION, Phase.SESSION_STOP])
def test_services_are_chosen_anew_under_the_same_id_and_authorisation(phase: Phase) -> None:
    play = charger_at(phase, config=OFFERED)
    assert (play.session.service, play.session.tuples) != (None, ())
    play >> request(SessionStopReq, **ANEW)
    session = play.session
    assert play.sent().response_code is ResponseCode.OK
    assert play.session.setpoint == REST
    assert (session.phase, session.id, session.clean) == (Phase.SERVICE_DISCOVERY, session.fresh_id, False)
    assert (session.service, session.parameters, session.announced, session.chosen, session.tuples) == (None, None, None, None, ())
    assert session.meter_base is not None
    play.skip() >> Sent() >> request(ServiceDiscoveryReq)
    assert play.sent().service_renegotiation_supported is True


@pytest.mark.parametrize("phase", [Phase.SERVICE_DISCOVERY, Phase.CABLE_CHECK, Phase.POWER_DELIVERY])
def test_services_are_not_chosen_anew_before_the_loop(phase: Phase) -> None:
    failed(charger_at(phase, config=OFFERED) >> request(SessionStopReq, **ANEW), ResponseCode.FAILED_SequenceError)


def test_no_other_service_when_our_side_wants_the_end() -> None:
    play = charger_at(Phase.SESSION_STOP, config=OFFERED) >> StopWanted("the site closes")
    failed(play.skip() >> request(SessionStopReq, **ANEW))


def test_the_wish_for_another_choice_is_told_in_the_loop_until_the_car_leaves_it() -> None:
    status = EVSEStatus(notification_max_delay=60, evse_notification=EVSENotification.ServiceRenegotiation)
    play = charger_at(Phase.CHARGE_LOOP, config=OFFERED) >> ASKED
    for _ in range(2):
        play.skip() >> request(DC_ChargeLoopReq)
        assert play.sent().evse_status == status
        play.skip() >> Sent()
    play >> request(PowerDeliveryReq, charge_progress=ChargeProgress.Stop)
    play.skip() >> Sent() >> request(SessionStopReq, **ANEW)
    assert play.session.wishes == ()


@pytest.mark.parametrize(("phase", "config"), [(Phase.CABLE_CHECK, OFFERED), (Phase.CHARGE_LOOP, secc.Config())])
def test_a_wish_for_another_choice_that_cannot_be_told_is_noted(phase: Phase, config: secc.Config) -> None:
    play = charger_at(phase, config=config) >> ASKED
    assert "not asked for ServiceRenegotiation" in noted(play)
    assert play.session.wishes == ()
