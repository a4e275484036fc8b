"""`session.lenience`: each known deviation is accepted or refused by configuration, and told once with its requirement."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.errors import PeerError
from iso15118.messages.v20.authorization import AuthorizationSetupReq
from iso15118.messages.v20.common import Header, ResponseCode
from iso15118.messages.v20.dc import DC_ChargeLoopReq, DC_ChargeParameterDiscoveryReq, DC_PreChargeReq
from iso15118.messages.v20.delivery import PowerDeliveryReq
from iso15118.messages.v20.schedule import ScheduleExchangeReq
from iso15118.messages.v20.session import SessionStopReq
from iso15118.sequence.phases import Phase
from iso15118.session import secc
from iso15118.session.commands import Close, Note
from iso15118.session.events import Sent
from iso15118.session.lenience import KNOWN, STRICT, USUAL, Deviation, Lenience
from iso15118.session.services import BptChannel, ControlMode, ServiceID, Variants, service_of
from iso15118.value import replace
from tests.session.asked import SESSION_ID, STAMP, limits, need, request, turn
from tests.session.playbook import Playbook, applied, charger_at

LENIENT = Lenience(frozenset(Deviation))
DYNAMIC = {"service": ServiceID.DC_BPT, "mode": ControlMode.DYNAMIC}
BACK = Header(session_id=SESSION_ID, time_stamp=STAMP - 20_000_000)
SEPARATED = secc.Config(services=(service_of(ServiceID.DC_BPT, variants=Variants(bpt_channels=(BptChannel.SEPARATED,))),))
SECONDS = Header(session_id=SESSION_ID, time_stamp=STAMP // 1_000_000)

CASES: dict[Deviation, tuple[Phase, dict[str, Any], Any]] = {
    Deviation.TIME_STAMP_UNIT: (Phase.AUTHORIZATION_SETUP, {}, request(AuthorizationSetupReq, header=SECONDS)),
    Deviation.TIME_STAMP_BACK: (Phase.AUTHORIZATION_SETUP, {}, request(AuthorizationSetupReq, header=BACK)),
    Deviation.PRE_CHARGE_ENDED_ONGOING: (Phase.PRE_CHARGE, {}, request(PowerDeliveryReq)),
    Deviation.WELDING_SKIPPED: (Phase.WELDING_DETECTION, {}, request(SessionStopReq)),
    Deviation.STOP_IN_LOOP: (Phase.CHARGE_LOOP, {}, request(SessionStopReq)),
    Deviation.ENERGY_ORDER: (
        Phase.SCHEDULE_EXCHANGE,
        DYNAMIC,
        request(ScheduleExchangeReq, control_mode=need(ControlMode.DYNAMIC, ev_minimum_energy_request=25e3)),
    ),
    Deviation.SOC_ORDER: (
        Phase.SCHEDULE_EXCHANGE,
        DYNAMIC,
        request(ScheduleExchangeReq, control_mode=need(ControlMode.DYNAMIC, minimum_soc=81, target_soc=80)),
    ),
    Deviation.DEPARTURE_ZERO: (Phase.SCHEDULE_EXCHANGE, {}, request(ScheduleExchangeReq, control_mode=need(departure_time=0))),
    Deviation.POWER_ABOVE_PRODUCT: (
        Phase.CHARGE_PARAMETERS,
        {},
        request(DC_ChargeParameterDiscoveryReq, energy_transfer_mode=limits(ev_maximum_charge_power=60e3)),
    ),
    Deviation.CHANNEL_MISSING: (Phase.POWER_DELIVERY, {"config": SEPARATED}, request(PowerDeliveryReq)),
}
"""Of those a charger reads: where it stands, how the session came there, and what the car sends."""


def at(phase: Phase, lenience: Lenience, config: secc.Config | None = None, **how: Any) -> Playbook:
    return charger_at(phase, config=replace(config or secc.Config(), lenience=lenience), **how)


def notes(play: Playbook) -> list[str]:
    return [command.text for command in play.commands if isinstance(command, Note)]


def test_every_deviation_that_a_charger_reads_has_a_case() -> None:
    assert set(CASES) == {deviation for deviation, known in KNOWN.items() if known.reader != "car"}
    assert set(KNOWN) == set(Deviation)


@pytest.mark.parametrize("deviation", CASES)
def test_accepted_it_is_served_and_told_once_with_its_requirement(deviation: Deviation) -> None:
    phase, how, sent = CASES[deviation]
    play = at(phase, LENIENT, **how) >> sent
    told = [text for text in notes(play) if text.startswith(f"deviation {deviation}: ")]
    assert len(told) == 1
    assert f"[{KNOWN[deviation].requirement}]" in told[0] or not KNOWN[deviation].requirement
    assert play.sent().response_code.startswith("OK")


@pytest.mark.parametrize("deviation", CASES)
def test_refused_it_ends_the_session_with_the_code_of_its_rule(deviation: Deviation) -> None:
    phase, how, sent = CASES[deviation]
    play = at(phase, STRICT, **how) >> sent
    assert not any(text.startswith("deviation") for text in notes(play))
    answer = play << applied(contactor=False, current=0.0)
    assert answer.sent().response_code is ResponseCode(KNOWN[deviation].code)
    assert play >> Sent() << Close


@pytest.mark.parametrize("deviation", CASES)
def test_the_usual_policy_is_the_one_in_the_table(deviation: Deviation) -> None:
    phase, how, sent = CASES[deviation]
    answer = (at(phase, USUAL, **how) >> sent).sent()
    assert answer.response_code.startswith("OK") is KNOWN[deviation].accepted


def test_without_a_deviation_nothing_is_told() -> None:
    """The positive control: the strictest charger has nothing to say of an honest car."""
    for phase, how, message in (
        (Phase.PRE_CHARGE, {}, request(DC_PreChargeReq)),
        (Phase.SCHEDULE_EXCHANGE, DYNAMIC, request(ScheduleExchangeReq, control_mode=need(ControlMode.DYNAMIC))),
        (Phase.CHARGE_LOOP, DYNAMIC, request(DC_ChargeLoopReq, control_mode=turn(**DYNAMIC))),
        (Phase.SESSION_STOP, {}, request(SessionStopReq)),
    ):
        play = at(phase, STRICT, **how) >> message
        assert play.sent().response_code is ResponseCode.OK
        assert notes(play) == []


def test_a_stop_in_the_loop_takes_the_power_away_before_it_is_answered() -> None:
    play = at(Phase.CHARGE_LOOP, LENIENT) >> request(SessionStopReq)
    assert (play << applied(contactor=False, current=0.0)).sent().response_code is ResponseCode.OK
    assert play.session.clean


def test_a_deviation_within_the_loop_is_told_once_a_session() -> None:
    play = at(Phase.CHARGE_LOOP, LENIENT, **DYNAMIC)
    odd = request(DC_ChargeLoopReq, control_mode=turn(**DYNAMIC, ev_minimum_energy_request=25e3))
    told = []
    for _ in range(3):
        told += notes(play >> odd)
        play.skip() >> Sent()
    assert len(told) == 1


def test_a_refusal_knows_its_requirement() -> None:
    with pytest.raises(PeerError) as refused:
        STRICT.judged(Deviation.PRE_CHARGE_ENDED_ONGOING, "at 12 V")
    assert (refused.value.requirement, refused.value.code) == ("V2G20-2006", "FAILED_SequenceError")
    assert "at 12 V" in str(refused.value)


@pytest.mark.parametrize(("least", "most", "odd"), [(-5e3, 5e3, False), (5e3, -5e3, True), (-20e3, 5e3, True), (-5e3, 50e3, True)])
def test_the_range_for_cycling_lies_within_the_outer_energies(least: float, most: float, odd: bool) -> None:
    """[V2G20-2682]: between -10 and 30 kWh."""
    mode = need(
        ControlMode.DYNAMIC,
        ev_minimum_energy_request=-10e3,
        ev_maximum_energy_request=30e3,
        ev_minimum_v2x_energy_request=least,
        ev_maximum_v2x_energy_request=most,
    )
    play = at(Phase.SCHEDULE_EXCHANGE, USUAL, **DYNAMIC) >> request(ScheduleExchangeReq, control_mode=mode)
    assert any(text.startswith("deviation energy_order") for text in notes(play)) is odd
    assert play.sent().response_code is ResponseCode.OK
