"""`service.onlookers`: each sees everything in order, and one that fails only misses the rest."""

from __future__ import annotations

import pytest

from iso15118.service.log import Log
from iso15118.service.onlookers import Onlookers
from iso15118.service.seen import Noted, Seen


def test_what_comes_while_they_are_told_comes_after_it(caplog: pytest.LogCaptureFixture) -> None:
    onlookers, heard = Onlookers("rig", Log()), list[tuple[str, Seen]]()
    first, second = Noted(1.0, "first"), Noted(2.0, "second")

    def fails(seen: Seen) -> None:
        heard.append(("fails", seen))
        onlookers.later(second)
        raise ZeroDivisionError

    assert not onlookers
    onlookers.add(fails)
    onlookers.add(lambda seen: heard.append(("sees", seen)))
    assert onlookers
    onlookers.later(first)
    assert heard == []
    onlookers.show()
    assert heard == [("fails", first), ("sees", first), ("sees", second)]
    assert [record.getMessage() for record in caplog.records] == ["rig: a watcher failed and is dropped"]
