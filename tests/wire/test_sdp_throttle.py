"""`wire.sdp.SdpThrottle`: how many answers a second a charger gives, to one source and to all."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.errors import LocalError
from iso15118.wire.sdp import (
    TRIES,
    WAIT,
    SdpThrottle,
)
from tests.wire.test_sdp import CHARGER


def source(number: int) -> bytes:
    return CHARGER[:8] + number.to_bytes(8, "big")


def test_a_source_that_floods_gets_20_answers_a_second() -> None:  # SDP-07
    throttle = SdpThrottle()
    answered = [count / 10_000 for count in range(30_000) if throttle.allow(source(1), count / 10_000)]
    assert len(answered) == 60
    assert [sum(second <= at < second + 1 for at in answered) for second in range(3)] == [20, 20, 20]


def test_a_flood_from_many_sources_gets_100_answers_a_second() -> None:  # SDP-07
    throttle = SdpThrottle()
    assert sum(throttle.allow(source(count), count / 10_000) for count in range(30_000)) == 300


def test_one_flooding_source_does_not_starve_another() -> None:
    throttle = SdpThrottle()
    for count in range(10_000):
        throttle.allow(source(1), count / 10_000)
        if count % 2500 == 2499:
            assert throttle.allow(source(2), count / 10_000)


def test_when_a_flood_ends_the_next_request_is_answered_within_the_wait() -> None:
    throttle = SdpThrottle()
    for count in range(1000):
        throttle.allow(source(count), 7.0)
    assert not throttle.allow(source(5000), 7.0)
    assert throttle.allow(source(5000), 7.0 + WAIT)


def test_a_car_that_keeps_the_wait_is_always_answered() -> None:
    throttle = SdpThrottle()
    assert all(throttle.allow(source(1), 0.25 * count) for count in range(TRIES))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 7)), max_size=400))
def test_no_second_has_more_answers_than_allowed(requests: list[tuple[int, int]]) -> None:
    """Steps of 1/1024 s, so that the sums are exact."""
    throttle, now, answered = SdpThrottle(per_source=8, total=24), 0.0, []
    for step, who in requests:
        now += step / 1024
        if throttle.allow(source(who), now):
            answered.append((now, who))
        assert len(throttle) <= 6
    for start, _ in answered:
        within = [who for at, who in answered if start <= at < start + 1]
        assert len(within) <= 24
        assert all(count <= 8 for count in Counter(within).values())


def test_a_hundred_thousand_sources_leave_a_bounded_trace() -> None:
    throttle = SdpThrottle()
    for number in range(100_000):
        throttle.allow(source(number), number / 1000)
        assert len(throttle) <= 25
        assert len(throttle._by_source) <= 25
    throttle.allow(source(0), 1e6)
    assert len(throttle) == len(throttle._by_source) == 1


@pytest.mark.parametrize(("per_source", "total"), [(3, 100), (20, 3), (0, 0)])
def test_a_throttle_that_lets_nothing_through_is_our_own_mistake(per_source: int, total: int) -> None:
    with pytest.raises(LocalError):
        SdpThrottle(per_source, total)
