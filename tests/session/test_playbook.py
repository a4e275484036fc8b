"""`tests.session.playbook` itself: a chart that does not hold must fail, and say where."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from iso15118.messages.v20.dc import DC_ChargeLoopReq, DC_ChargeLoopRes, DC_PreChargeReq, DC_PreChargeRes
from iso15118.messages.v20.rational import rational
from iso15118.power import Contactor, Measured, Setpoint
from iso15118.sequence.phases import Phase
from iso15118.sequence.timers import Timer
from iso15118.session.commands import Apply, Arm, Close, Disarm, Note, Send
from iso15118.session.events import Elapsed, Sent, Tick
from iso15118.session.services import BIDIRECTIONAL, ControlMode, ServiceID
from tests.session.asked import DIRECT
from tests.session.playbook import Playbook, after, applied, charger_at, given, request, said, snapshot

HELD = Setpoint(voltage=400.0, trickle=2.0, contactor=True, lock=True)


def asked() -> Playbook:
    return charger_at(Phase.PRE_CHARGE) >> given(voltage=123.0) >> request(DC_PreChargeReq)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("mode", ControlMode)
@pytest.mark.parametrize("service", DIRECT)
def test_every_phase_is_reached(phase: Phase, service: ServiceID, mode: ControlMode) -> None:
    play = charger_at(phase, service=service, mode=mode)
    assert play.session.phase is phase
    if phase is Phase.CHARGE_LOOP:
        assert play.session.parameters is not None
        assert (play.session.bidirectional, play.session.parameters.control_mode) == (service in BIDIRECTIONAL, mode)
        assert play.snapshot.reading.contactor.value is Contactor.CLOSED


def test_commands_may_be_expected_in_many_ways() -> None:
    assert asked() << HELD << DC_PreChargeRes
    assert asked() << Apply(HELD) << said(DC_PreChargeRes, evse_present_voltage=rational(123))
    assert asked() << applied(voltage=400.0) << Send
    assert asked() << Apply << DC_PreChargeRes << Arm(Timer.WRITE, 0.5)
    assert asked() << Disarm(Timer.SEQUENCE) << HELD << DC_PreChargeRes << Arm
    answer = asked().sent()
    assert asked() << HELD << answer


def test_what_repeats_itself_and_what_is_quiet_may_pass() -> None:
    play = asked() << HELD << DC_PreChargeRes
    assert play >> Sent() >> Tick() >> request(DC_PreChargeReq) << DC_PreChargeRes


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        pytest.param(lambda: bool(asked()), "nobody expected Apply", id="a changed set-point"),
        pytest.param(lambda: bool(asked() << HELD), "nobody expected Send DC_PreChargeRes", id="a message at the end"),
        pytest.param(lambda: asked() << HELD >> Tick(), "nobody expected Send", id="a message before the next event"),
        pytest.param(lambda: asked() << DC_PreChargeRes, "not Apply", id="a changed set-point on the way"),
        pytest.param(
            lambda: asked() << HELD << DC_ChargeLoopRes, "expected DC_ChargeLoopRes, not Send DC_PreChargeRes", id="another class"
        ),
        pytest.param(lambda: asked() << applied(voltage=401.0), "voltage=401.0", id="another field"),
        pytest.param(lambda: asked() << HELD << said(DC_PreChargeRes, evse_present_voltage=rational(0)), "not Send", id="another word"),
        pytest.param(lambda: asked() << HELD << DC_PreChargeRes << Close, "nothing more", id="nothing more"),
        pytest.param(lambda: asked() << HELD << DC_PreChargeRes << Arm(Timer.WRITE, 0.6), "nothing more", id="another time"),
        pytest.param(lambda: asked() << HELD << DC_PreChargeRes << Note, "nothing more", id="no note"),
        pytest.param(
            lambda: bool(charger_at(Phase.CHARGE_LOOP) >> Elapsed(Timer.SEQUENCE) << applied(contactor=False)), "Close", id="a close"
        ),
        pytest.param(lambda: (charger_at(Phase.CHARGE_LOOP) >> Tick()).sent(), "not 0", id="silence"),
    ],
)
def test_a_chart_that_does_not_hold_fails(wrong: Callable[[], object], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        wrong()


def test_a_failure_shows_the_chart_so_far() -> None:
    with pytest.raises(AssertionError) as failed:
        asked() << HELD >> Tick()
    lines = str(failed.value).splitlines()
    assert [line[:6].strip() for line in lines[1:]] == ["", "", ">>", "", "<<", "**"]
    assert "a charger at PRE_CHARGE" in lines[1]
    assert "voltage=123.0" in lines[2]


def test_what_is_neither_event_nor_command_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="no event"):
        charger_at(Phase.CHARGE_LOOP) >> "tick"
    with pytest.raises(TypeError, match="cannot be expected"):
        asked() << "apply"


def test_time_is_data() -> None:
    world = snapshot()
    later = after(0.25).change(world)
    assert (later.now, later.clock) == (world.now + 0.25, world.clock + 250_000)
    assert later.reading.voltage == Measured(0.0, later.now)
    assert after(0.25, fresh=False).change(world).reading == world.reading
    changed = given(voltage=5.0, clock=7).change(later)
    assert (changed.reading.voltage, changed.clock) == (Measured(5.0, later.now), 7)


def test_a_request_is_filled_for_its_session() -> None:
    ask = request(DC_ChargeLoopReq, service=ServiceID.DC, mode=ControlMode.DYNAMIC, meter_info_requested=True)
    assert type(ask.control_mode).__name__ == "Dynamic_DC_CLReqControlMode"
    assert ask.meter_info_requested is True
