from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.sim.misbehaviour import Silent


@pytest.mark.parametrize(
    ("nth", "times", "meant"),
    [(1, 1, [1]), (3, 1, [3]), (2, 2, [2, 3]), (4, 0, [4, 5, 6])],
)
def test_when_it_happens(nth: int, times: int, meant: list[int]) -> None:
    misdeed = Silent(at="DC_ChargeLoopReq", nth=nth, times=times)
    assert [count for count in range(1, 7) if misdeed.meant("DC_ChargeLoopReq", count)] == meant
    assert not any(misdeed.meant("SessionStopReq", count) for count in range(1, 7))


@pytest.mark.parametrize(("nth", "times"), [(0, 1), (1, -1)])
def test_a_moment_that_never_comes_is_refused(nth: int, times: int) -> None:
    with pytest.raises(LocalError, match="nth is at least 1"):
        Silent(at="DC_ChargeLoopReq", nth=nth, times=times)
