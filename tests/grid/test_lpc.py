"""`grid.lpc`: every state and what leads out of it, and the log of events."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.grid.lpc import Entry, Event, Failsafe, Heartbeat, Limit, Limitation, State, in_force, start, step
from iso15118.grid.paragraph_14a import minimum_power

SAFE = Failsafe(minimum_power(4), 7200.0)
BEAT = Heartbeat()


def run(at: Limitation, *events: tuple[float, Event | None]) -> tuple[Limitation, list[Entry]]:
    """Each event at its second."""
    log: list[Entry] = []
    for now, event in events:
        at, ended = step(at, event, now, SAFE)
        log += ended
    return at, log


def beats(begin: float, end: float) -> list[tuple[float, Event | None]]:
    """A heartbeat each minute."""
    return [(begin + 60.0 * n, BEAT) for n in range(int((end - begin) // 60) + 1)]


LIMITED = Limitation(State.LIMITED, 0.0, 0.0, 5e3)
LOST = run(LIMITED, (120.0, None))[0]


def test_a_limit_with_start_end_and_power_in_the_log() -> None:
    at, log = run(start(0.0), (10.0, BEAT), (20.0, Limit(13.02e3)), *beats(60, 600))
    assert (at.state, in_force(at, SAFE), log) == (State.LIMITED, 13.02e3, [])
    at, log = run(at, (620.0, Limit(None)))
    assert (at.state, in_force(at, SAFE)) == (State.UNLIMITED_CONTROLLED, None)
    assert log == [Entry(20.0, 620.0, 13.02e3, State.LIMITED)]


def test_while_nobody_has_said_anything() -> None:
    assert in_force(start(0.0), SAFE) == pytest.approx(13.02e3)
    assert run(start(0.0), (119.0, BEAT))[0].state is State.INIT
    at, log = run(start(0.0), (119.0, BEAT), (120.0, None))
    assert (at.state, in_force(at, SAFE), log) == (State.UNLIMITED_AUTONOMOUS, None, [])
    assert run(at, (200.0, Limit(5e3)))[0].state is State.LIMITED
    assert run(at, (200.0, BEAT), (9e4, BEAT))[0].state is State.UNLIMITED_AUTONOMOUS


@pytest.mark.parametrize("state", [State.LIMITED, State.UNLIMITED_CONTROLLED])
def test_without_a_heartbeat_for_120_s_the_failsafe_holds(state: State) -> None:
    at = LIMITED._replace(state=state)
    assert run(at, (119.9, None))[0].state is state
    lost = run(at, (120.0, None))[0]
    assert (lost.state, in_force(lost, SAFE)) == (State.FAILSAFE, SAFE.power)
    assert run(at, (119.0, BEAT), (238.0, None))[0].state is state


def test_a_limit_that_arrives_ends_the_failsafe_at_once() -> None:
    at, log = run(LOST, (500.0, Limit(6e3)))
    assert (at.state, in_force(at, SAFE)) == (State.LIMITED, 6e3)
    assert log == [Entry(120.0, 500.0, SAFE.power, State.FAILSAFE)]
    assert run(LOST, (500.0, Limit(None)))[0].state is State.UNLIMITED_CONTROLLED


def test_heartbeats_that_are_back_are_given_120_s_for_a_limit() -> None:
    assert run(LOST, *beats(500, 560), (619.0, None))[0].state is State.FAILSAFE
    assert run(LOST, *beats(500, 560), (620.0, None))[0].state is State.UNLIMITED_AUTONOMOUS
    assert run(LOST, (500.0, BEAT), (621.0, None), (622.0, BEAT), (700.0, None))[0].state is State.FAILSAFE


def test_without_a_sign_of_life_the_failsafe_holds_for_its_time() -> None:
    assert run(LOST, (7319.0, None))[0].state is State.FAILSAFE
    at, log = run(LOST, (7320.0, None))
    assert at.state is State.UNLIMITED_AUTONOMOUS
    assert log == [Entry(120.0, 7320.0, SAFE.power, State.FAILSAFE)]


def test_a_limit_ends_by_its_duration_and_a_new_one_begins_a_new_entry() -> None:
    at, log = run(start(0.0), (0.0, Limit(5e3, 300.0)), (60.0, Limit(5e3, 300.0)), (100.0, Limit(4.2e3, 50.0)), (149.0, BEAT))
    assert (at.state, at.limit) == (State.LIMITED, 4.2e3)
    assert log == [Entry(0.0, 100.0, 5e3, State.LIMITED)]
    at, log = run(at, (150.0, None))
    assert at.state is State.UNLIMITED_CONTROLLED
    assert log == [Entry(100.0, 150.0, 4.2e3, State.LIMITED)]


def test_a_late_look_logs_both_that_have_ended() -> None:
    at, log = run(LIMITED, (300.0, Limit(3e3)))
    assert at.state is State.LIMITED
    assert [(entry.state, entry.limit) for entry in log] == [(State.LIMITED, 5e3), (State.FAILSAFE, SAFE.power)]


@pytest.mark.parametrize("event", [None, BEAT, Limit(1e3), Limit(None)])
@pytest.mark.parametrize("state", State)
def test_every_state_and_event(state: State, event: Event | None) -> None:
    at, _ = step(Limitation(state, 0.0, 0.0, 5e3 if state is State.LIMITED else None), event, 1.0, SAFE)
    wanted = state if event is None or event is BEAT else State.LIMITED if event == Limit(1e3) else State.UNLIMITED_CONTROLLED
    assert at.state is wanted


@pytest.mark.parametrize("power", [-1.0, float("nan")])
def test_what_is_no_limit(power: float) -> None:
    with pytest.raises(LocalError, match=r"a limit of .* W; allowed"):
        step(start(0.0), Limit(power), 1.0, SAFE)
    with pytest.raises(LocalError, match="a failsafe limit of"):
        Failsafe(power)
    with pytest.raises(LocalError, match="a limit for 0 s"):
        step(start(0.0), Limit(1e3, 0.0), 1.0, SAFE)


@pytest.mark.parametrize("hours", [1.9, 24.1])
def test_the_failsafe_holds_for_2_to_24_h(hours: float) -> None:
    with pytest.raises(LocalError, match=r"at least .* h; allowed: 2 to 24 h"):
        Failsafe(4.2e3, hours * 3600)
