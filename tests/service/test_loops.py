"""`service.loops`: the loop of an extra where it is there."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from iso15118.service.loops import run


async def answer() -> int:
    return 42


def test_it_is_the_one_of_asyncio_where_the_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert run(answer()) == 42


def test_it_is_that_of_the_extra_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def fast(main: Any) -> Any:
        ran.append("uvloop")
        return asyncio.run(main)

    monkeypatch.setitem(sys.modules, "uvloop", SimpleNamespace(run=fast))
    assert run(answer()) == 42
    assert ran == ["uvloop"]
