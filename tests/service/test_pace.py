"""`service.pace`: who answers after how long."""

from __future__ import annotations

from itertools import count

import pytest

from iso15118.service.pace import Pace


def test_each_side_is_timed_by_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count(10)
    monkeypatch.setattr("iso15118.service.pace.perf_counter", lambda: float(next(clock)))
    pace = Pace()
    pace.came()  # 10
    pace.left()  # 11: an answer
    pace.left()  # 12: more of it
    pace.came()  # 13
    pace.came()  # 14: the rest of a message
    pace.left()  # 15
    assert (list(pace.turnarounds), list(pace.waits)) == ([1.0, 1.0], [1.0])
