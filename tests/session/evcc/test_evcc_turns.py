"""Which request follows where: every phase asks something legal, and a session that is to stop leaves by the way the table shows."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.messages.v20 import dc
from iso15118.messages.v20.session import ChargingSession, SessionStopReq
from iso15118.power import Contactor
from iso15118.sequence.phases import Phase
from iso15118.session.evcc import Config, Renegotiation, Session, ac_loop, ac_parameters, begin, dc_loop, dc_parameters, services, turns
from iso15118.session.evcc import delivery as power
from iso15118.session.evcc.state import Rest
from iso15118.session.services import ControlMode, ServiceID
from iso15118.value import replace
from tests.session.evcc.bench import HEADER, in_mode, reading, snapshot

NEW = in_mode(ServiceID.DC_BPT, ControlMode.SCHEDULED)
AC = in_mode(ServiceID.AC_BPT, ControlMode.SCHEDULED)
WORLD = snapshot()
D = ControlMode.DYNAMIC


def at(phase: Phase, **changes: object) -> Session:
    return replace(NEW, phase=phase, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("phase", [p for p in Phase if p is not Phase.ENDED])
def test_every_phase_has_something_to_ask(phase: Phase) -> None:
    assert turns.upcoming(at(phase), WORLD) is not None


def test_limits_and_loop_are_asked_in_the_words_of_the_transfer() -> None:
    assert turns.upcoming(at(Phase.CHARGE_PARAMETERS), WORLD) is dc_parameters.ask_charge_parameters
    assert turns.upcoming(replace(AC, phase=Phase.CHARGE_PARAMETERS), WORLD) is ac_parameters.ask_charge_parameters
    for phase, rest in ((Phase.CHARGE_LOOP, None), (Phase.STANDBY, Rest.STANDBY)):
        assert turns.upcoming(at(phase, rest=rest), WORLD) is dc_loop.ask_charge_loop
        assert turns.upcoming(replace(AC, phase=phase, rest=rest), WORLD) is ac_loop.ask_charge_loop
    assert turns.upcoming(replace(AC, phase=Phase.CHARGE_LOOP, stop="driver"), WORLD) is power.ask_power_stop
    for unspoken in (replace(begin(Config()), phase=Phase.CHARGE_LOOP), replace(begin(Config()), phase=Phase.CHARGE_PARAMETERS)):
        with pytest.raises(LocalError, match="nothing to ask"):
            turns.upcoming(unspoken, WORLD)


LAST = [Phase.CHARGE_LOOP, Phase.STANDBY, Phase.WELDING_DETECTION, Phase.ENDED]


@pytest.mark.parametrize("phase", [p for p in Phase if p not in LAST])
def test_a_session_that_is_to_stop(phase: Phase) -> None:
    assert turns.upcoming(at(phase, stop="driver"), WORLD) is power.ask_session_stop


def test_another_choice_of_service_leaves_the_loop_like_an_end_and_says_what_it_is() -> None:
    assert turns.upcoming(at(Phase.CHARGE_LOOP, renegotiating=True), WORLD) is power.ask_power_stop
    for stop, wish in (("", ChargingSession.ServiceRenegotiation), ("driver", ChargingSession.Terminate)):
        asked = power.ask_session_stop(at(Phase.SESSION_STOP, renegotiating=True, stop=stop), HEADER, WORLD)
        assert asked.charging_session is wish


@pytest.mark.parametrize(("renegotiable", "done", "leaves"), [(True, 0, True), (False, 0, False), (True, 1, False)])
def test_the_cars_own_plan_is_followed_once_and_where_it_is_offered(renegotiable: bool, done: int, leaves: bool) -> None:
    plan = Renegotiation(5, (ServiceID.DC,))
    session = at(Phase.CHARGE_LOOP, config=Config(renegotiation=plan), loops=5, renegotiable=renegotiable, renegotiations=done)
    assert turns.leaving(session, snapshot(reading=reading(contactor=Contactor.CLOSED))).renegotiating is leaves
    assert session.wanted == (plan.services if done else Config().services)


def test_the_loop_is_left_by_power_delivery() -> None:
    assert turns.upcoming(at(Phase.CHARGE_LOOP), WORLD) is dc_loop.ask_charge_loop
    assert turns.upcoming(at(Phase.CHARGE_LOOP, stop="driver"), WORLD) is power.ask_power_stop


def test_welding_detection_waits_for_the_contactor() -> None:
    moving = snapshot(reading=reading(contactor=Contactor.MOVING))
    assert turns.upcoming(at(Phase.WELDING_DETECTION, stop="driver"), moving) is None
    assert turns.upcoming(at(Phase.WELDING_DETECTION, stop="driver"), WORLD) is power.ask_welding_detection
    assert turns.upcoming(at(Phase.WELDING_DETECTION, welding_over=True), moving) is power.ask_session_stop


def test_details_of_every_candidate_before_the_selection() -> None:
    session = at(Phase.SERVICE_SELECTION, candidates=(ServiceID.DC,))
    assert turns.upcoming(session, WORLD) is services.ask_service_detail
    assert turns.upcoming(at(Phase.SERVICE_SELECTION), WORLD) is services.ask_service_selection


def test_only_the_loop_ends_by_itself() -> None:
    done = snapshot(complete=True, reading=reading(contactor=Contactor.CLOSED))
    assert turns.leaving(at(Phase.CHARGE_LOOP), done).stop == "the wish is fulfilled"
    assert turns.leaving(at(Phase.PRE_CHARGE), snapshot(complete=True)).stop == ""
    assert turns.leaving(at(Phase.CHARGE_LOOP, stop="driver"), done).stop == "driver"
    going_on = snapshot(reading=reading(contactor=Contactor.CLOSED))
    assert turns.leaving(at(Phase.CHARGE_LOOP), going_on).stop == ""


@pytest.mark.parametrize("phase", [p for p in Phase if p is not Phase.CHARGE_LOOP])
def test_no_voltage_is_asked_for_behind_a_contactor_that_is_closed(phase: Phase) -> None:
    welded = snapshot(reading=reading(390.0, contactor=Contactor.CLOSED))
    forbidden = phase in (Phase.CABLE_CHECK, Phase.PRE_CHARGE)
    assert turns.leaving(at(phase), welded).stop_code == ("ContactorError" if forbidden else "")


@pytest.mark.parametrize("message", [dc.DC_CableCheckReq(header=HEADER), HEADER])
def test_what_is_no_response_is_not_read(message: object) -> None:
    with pytest.raises(LocalError):
        turns.read(NEW, message, WORLD)  # type: ignore[arg-type]


def test_the_stop_is_the_same_request_everywhere() -> None:
    ask = turns.upcoming(at(Phase.PRE_CHARGE, stop="driver"), WORLD)
    assert ask is not None
    assert type(ask(at(Phase.PRE_CHARGE, stop="driver"), HEADER, WORLD)) is SessionStopReq
