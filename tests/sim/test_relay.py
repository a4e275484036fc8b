"""`sim.relay`."""

from __future__ import annotations

from iso15118.power import Contactor
from iso15118.sim.relay import Relay


def run(relay: Relay, milliseconds: int) -> None:
    for _ in range(milliseconds // 10):
        relay.advance(0.01)


def test_contacts_follow_after_the_delay_and_say_moving_before() -> None:
    relay = Relay(0.05)
    relay.demand(True)
    run(relay, 40)
    assert (relay.conducting, relay.feedback) == (False, Contactor.MOVING)
    run(relay, 10)
    assert (relay.conducting, relay.feedback) == (True, Contactor.CLOSED)
    relay.demand(False)
    run(relay, 40)
    assert (relay.conducting, relay.feedback) == (True, Contactor.MOVING)
    run(relay, 10)
    assert (relay.conducting, relay.feedback) == (False, Contactor.OPEN)
    assert relay.operations == 2


def test_the_same_level_again_does_not_restart_the_delay() -> None:
    relay = Relay(0.05)
    for _ in range(5):
        relay.demand(True)
        run(relay, 10)
    assert relay.conducting


def test_a_change_of_mind_is_no_operation() -> None:
    relay = Relay(0.05)
    relay.demand(True)
    run(relay, 20)
    relay.demand(False)
    assert relay.settled
    run(relay, 100)
    assert (relay.conducting, relay.operations) == (False, 0)


def test_welded_conducts_whatever_is_demanded() -> None:
    relay = Relay()
    relay.welded = True
    assert relay.feedback is Contactor.CLOSED
    relay.demand(True)
    run(relay, 100)
    relay.demand(False)
    run(relay, 100)
    assert relay.conducting
    relay.welded = False
    assert not relay.conducting


def test_stuck_open_never_does() -> None:
    relay = Relay()
    relay.stuck_open = True
    relay.demand(True)
    run(relay, 100)
    assert (relay.conducting, relay.feedback) == (False, Contactor.OPEN)


def test_contacts_that_bounce_are_not_settled_before_they_rest() -> None:
    relay = Relay(0.010)
    relay.bounce = 0.020
    relay.demand(True)
    relay.advance(0.010)
    seen = []
    for _ in range(20):
        seen.append(relay.conducting)
        assert relay.feedback is (Contactor.CLOSED if relay.settled else Contactor.MOVING)
        relay.advance(0.001)
    assert set(seen) == {True, False}
    assert relay.settled
    assert relay.conducting
    assert relay.operations == 1
    relay.demand(False)
    relay.advance(0.010)
    assert not relay.conducting
    assert relay.settled, "they bounce when they close"
