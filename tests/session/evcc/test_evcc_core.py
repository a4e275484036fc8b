"""Whole sessions, and everything that can end one: bad responses, timers, a lost connection, a driver who wants to leave."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from iso15118.errors import CodecError
from iso15118.exi import Message
from iso15118.messages.catalogue import payload_type_of, response_of, schema_for
from iso15118.messages.v20.common import Header, ResponseCode
from iso15118.messages.v20.dc import DC_CableCheckReq, DC_ChargeLoopReq
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq
from iso15118.messages.v20.session import SessionStopReq
from iso15118.power import Contactor, Pilot, VehicleSetpoint
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import Transfer, legal
from iso15118.sequence.timers import Timer
from iso15118.session.commands import Apply, Arm, Close, Disarm, Note, Send
from iso15118.session.evcc import Config, begin, step, turns
from iso15118.session.events import Closed, Connected, Elapsed, Event, Garbled, Received, Sent, StopWanted, Tick
from iso15118.session.services import ControlMode
from iso15118.value import replace
from tests.session.evcc.bench import DYNAMIC, EPOCH, PHASES, SCHEDULED, SESSION_ID, Bench, reading, snapshot

pytestmark = pytest.mark.long

BEFORE_POWER = PHASES[2:11]
HEADED = PHASES[1:]
"""Requests whose responses have a header."""


def received(message: Message) -> Received:
    return Received(message, payload_type_of(message))


# Whole sessions.


@pytest.mark.parametrize("modes", [SCHEDULED, DYNAMIC])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_a_whole_session(modes: tuple[ControlMode, ...], bidirectional: bool) -> None:
    bench = Bench(Config(control_modes=modes, loops=5), bidirectional=bidirectional).run()
    assert bench.names() == [
        *(cls.__name__ for cls in PHASES[:13]),
        "PowerDeliveryReq",
        "DC_WeldingDetectionReq",
        "SessionStopReq",
    ]
    assert [type(m) for m in bench.sent].count(DC_ChargeLoopReq) == bench.session.loops == 5
    assert bench.closed == Close("5 exchanges done", clean=True)
    assert bench.notes == []
    assert bench.setpoint == VehicleSetpoint()
    assert bench.timers == {}
    assert bench.safe()
    assert (bench.session.phase, bench.session.clean) == (Phase.ENDED, True)


@pytest.mark.parametrize("modes", [SCHEDULED, DYNAMIC])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_every_request_can_be_sent(modes: tuple[ControlMode, ...], bidirectional: bool) -> None:
    """The codec checks every facet as it encodes; what it reads again is what was said."""
    for message in Bench(Config(control_modes=modes), bidirectional=bidirectional, complete=False).run(DC_ChargeLoopReq).sent:
        schema = schema_for(payload_type_of(message))
        assert schema.decode(schema.encode(message)) == message


@pytest.mark.case("SES-09", "SES-10")
def test_time_stamps_strictly_increase_and_follow_the_charger() -> None:
    """The charger's clock is an hour ahead of ours: ours is used until it has told its own."""
    bench = Bench(Config(loops=3)).run()
    stamps = [m.header.time_stamp for m in bench.sent[1:]]
    assert abs(stamps[0] - (EPOCH - 3_600_000_000)) < 10
    assert all(a < b for a, b in itertools.pairwise(stamps))
    assert all(abs(stamp - EPOCH) < 10_000_000 for stamp in stamps[1:])


def test_a_charger_whose_clock_is_behind_ours() -> None:
    bench = Bench(clock=EPOCH + 3_600_000_000).run(DC_ChargeLoopReq)
    assert abs(bench.sent[1].header.time_stamp - (EPOCH + 3_600_000_000)) < 10
    assert EPOCH < bench.last.header.time_stamp < EPOCH + 10_000_000


@pytest.mark.case("SES-11")
@pytest.mark.parametrize(("divisor", "unit"), [(1_000_000, "seconds"), (1_000, "milliseconds")])
def test_a_charger_that_stamps_in_another_unit_is_told_of_once(divisor: int, unit: str) -> None:
    bench = Bench(Config(loops=3))
    good = bench.charger.header
    bench.charger.header = lambda: good().but(time_stamp=bench.charger.stamp // divisor)  # type: ignore[method-assign]
    bench.run()
    assert bench.closed is not None
    assert bench.closed.clean
    assert [note for note in bench.notes if unit in note] == bench.notes
    assert len(bench.notes) == 1
    assert abs(bench.last.header.time_stamp - EPOCH) < 10_000_000


@pytest.mark.case("SES-12")
def test_a_clock_that_jumps_back_is_told_of_and_survived() -> None:
    bench = Bench(Config(loops=3)).run(DC_CableCheckReq)
    bench.charger.stamp -= 10_000_000
    bench.run()
    assert bench.closed is not None
    assert bench.closed.clean
    assert bench.notes == ["deviation time_stamp_back: time stamps that do not increase [V2G20-1537]"]


# Responses that are none of ours.


@pytest.mark.parametrize("kind", HEADED)
@pytest.mark.parametrize("code", [c for c in ResponseCode if c.startswith("FAILED")])
def test_a_refusal_ends_the_session(kind: type[Message], code: ResponseCode) -> None:
    bench = Bench(Config(loops=1)).run(kind)
    sent = len(bench.sent)
    bench.answer(response_code=code)
    assert bench.closed is not None
    assert code in bench.closed.why
    assert not bench.closed.clean
    assert bench.safe()
    assert len(bench.sent) == sent


@pytest.mark.parametrize("kind", HEADED[1:])
def test_a_foreign_session_id_ends_the_session(kind: type[Message]) -> None:
    bench = Bench(Config(loops=1)).run(kind)
    flipped = bytes([SESSION_ID[0] ^ 1, *SESSION_ID[1:]])
    bench.answer(header=Header(session_id=flipped, time_stamp=EPOCH * 2))
    assert bench.closed is not None
    assert "V2G20-1022" in bench.closed.why
    assert bench.safe()


@pytest.mark.parametrize("kind", PHASES)
def test_a_response_of_another_type_is_ignored_and_the_timer_runs_on(kind: type[Message]) -> None:
    bench = Bench(Config(loops=1)).run(kind)
    bench.feed(Sent())
    before = bench.session
    for other in PHASES:
        if other is kind:
            continue
        asked = Bench(Config(loops=1)).run(other)
        commands = bench.feed(received(asked.charger.good(asked.last)))
        assert {type(c) for c in commands} == {Note}
    assert replace(bench.session, notes=before.notes) == before
    assert Timer.MESSAGE in bench.timers


@pytest.mark.parametrize("kind", PHASES)
def test_a_request_is_no_response(kind: type[Message]) -> None:
    bench = Bench(Config(loops=1)).run(kind)
    commands = bench.feed(received(bench.last))
    assert [type(c) for c in commands] == [Note]


def test_unsolicited_and_repeated_responses_are_ignored() -> None:
    bench = Bench(Config()).run(DC_ChargeLoopReq)
    good = bench.charger.good(bench.last)
    bench.feed(received(good))
    after = bench.session
    first = bench.feed(received(good))
    assert [type(c) for c in first] == [Note]
    assert bench.feed(received(good)) == ()  # told once
    assert bench.session.loops == after.loops == 1


@pytest.mark.parametrize("kind", PHASES)
def test_what_is_no_message_ends_the_session(kind: type[Message]) -> None:
    bench = Bench(Config(loops=1)).run(kind)
    bench.feed(Garbled(CodecError("nonsense", path="X", bit=7)))
    assert bench.closed is not None
    assert "nonsense" in bench.closed.why
    assert bench.safe()


@pytest.mark.case("STP-04")
@pytest.mark.parametrize("kind", PHASES)
def test_a_lost_connection_opens_the_contactor(kind: type[Message]) -> None:
    bench = Bench(Config(loops=1)).run(kind)
    commands = bench.feed(Closed("reset"))
    assert any(isinstance(c, Apply) and not c.setpoint.contactor and c.setpoint.pilot is Pilot.B for c in commands)
    assert bench.session.phase is Phase.ENDED


# Metal.


@pytest.mark.parametrize("kind", PHASES)
def test_every_tick_renews_the_set_point(kind: type[Message]) -> None:
    bench = Bench(Config(loops=1)).run(kind)
    for _ in range(2):
        assert bench.feed(Tick()) == (Apply(bench.setpoint),)


def test_the_contactor_is_closed_only_around_the_transfer() -> None:
    bench = Bench(Config(loops=2)).run()
    asked: type[Message] | None = None
    closed_during = set()
    told = False
    for command in bench.trace:
        if isinstance(command, Apply):
            told = command.setpoint.contactor
        if isinstance(command, Send):
            asked = type(command.message)
            if told:
                closed_during.add(asked)
    assert closed_during == {PowerDeliveryReq, DC_ChargeLoopReq}


def test_a_welded_contactor_stops_the_session_before_the_cable_check() -> None:
    bench = Bench(Config())
    bench.contactor_follows = False
    bench.world = replace(bench.world, reading=reading(390.0, contactor=Contactor.CLOSED))
    bench.run()
    assert bench.last.ev_termination_code == "ContactorError"
    assert DC_CableCheckReq not in map(type, bench.sent)
    assert bench.closed is not None
    assert bench.closed.clean


def test_our_own_contactor_failing_in_the_loop_is_reported() -> None:
    bench = Bench(Config()).run(DC_ChargeLoopReq)
    bench.contactor_follows = False
    bench.world = replace(bench.world, reading=reading(390.0, contactor=Contactor.OPEN))
    bench.turn()
    assert bench.last.charge_progress is ChargeProgress.Stop
    bench.run(SessionStopReq)
    assert bench.last.ev_termination_code == "ContactorError"


def test_a_measurement_that_is_no_number_ends_the_session_safely() -> None:
    bench = Bench(Config()).run(DC_ChargeLoopReq)
    bench.answer()
    bench.world = replace(bench.world, target_current=float("nan"))
    bench.feed(Elapsed(Timer.PACE))
    assert bench.closed is not None
    assert bench.safe()


def test_a_request_that_must_not_stand_here_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench().run(DC_CableCheckReq)
    monkeypatch.setattr(turns, "upcoming", lambda session, world: turns.dc_loop.ask_charge_loop)
    bench.answer()
    assert bench.closed is not None
    assert "must not be sent" in bench.closed.why
    assert bench.safe()


# The end.


@pytest.mark.parametrize(
    "event",
    [Connected(), Sent(), StopWanted("x"), Closed("x"), Garbled(CodecError("x")), *(Elapsed(timer) for timer in Timer)],
    ids=repr,
)
def test_after_the_end_nothing_happens(event: Event) -> None:
    bench = Bench(Config(loops=1)).run()
    last: Any = bench.session
    assert bench.feed(event) == ()
    assert bench.session == last
    assert bench.feed(received(bench.charger.good(bench.last))) == ()


def test_after_the_end_ticks_keep_the_car_safe_and_free_the_connector() -> None:
    bench = Bench(Config()).run(DC_ChargeLoopReq)
    bench.contactor_follows = False
    bench.feed(Closed("reset"))
    held = VehicleSetpoint(contactor=False, pilot=Pilot.B, lock=True)
    assert bench.feed(Tick()) == (Apply(held),)
    bench.contactor_follows = True
    bench.wait(0.1)
    assert bench.feed(Tick()) == (Apply(VehicleSetpoint()),)


def test_the_end_stops_every_timer_before_it_closes() -> None:
    bench = Bench(Config()).run(DC_ChargeLoopReq)
    commands = bench.feed(Closed("reset"))
    assert isinstance(commands[-1], Close)
    assert {c.timer for c in commands if isinstance(c, Disarm)} == set(Timer)


@pytest.mark.parametrize("event", [Tick(), Sent(), Elapsed(Timer.PACE), Elapsed(Timer.MESSAGE)])
def test_before_the_connection_the_car_is_silent(event: Event) -> None:
    _, commands = step(begin(Config()), event, snapshot())
    assert not [c for c in commands if isinstance(c, Send | Arm | Close)]


def test_connected_counts_once() -> None:
    bench = Bench()
    bench.feed(Connected())
    assert bench.feed(Connected()) == ()


def test_every_request_pairs_with_a_response_and_stands_in_the_table() -> None:
    assert all(map(response_of, PHASES))
    assert all(any(legal(phase, kind, Transfer.DC) for phase in Phase) for kind in PHASES)


@pytest.mark.case("STP-02")
def test_the_car_closes_the_connection_once_its_stop_is_confirmed() -> None:
    """[V2G20-1463]"""
    bench = Bench().run(SessionStopReq)
    assert bench.closed is None
    commands = bench.turn()
    assert commands[-1] == Close("3 exchanges done", clean=True)
    assert bench.safe()
