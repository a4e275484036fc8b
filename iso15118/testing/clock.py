"""Tests that are coroutines, run on a loop of their own: in virtual time an hour takes as long as its computing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from iso15118.service.virtual import VirtualTimeLoop, run

P = ParamSpec("P")
T = TypeVar("T")


def virtual_time(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """`test` as a plain function that runs in virtual time. Fixtures reach it by their names as usual."""

    @wraps(test)
    def plain(*args: P.args, **words: P.kwargs) -> T:
        return run(test(*args, **words))

    return plain


def real_time(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """`test` as a plain function that runs in real time."""

    @wraps(test)
    def plain(*args: P.args, **words: P.kwargs) -> T:
        return asyncio.run(test(*args, **words))

    return plain


def virtual() -> bool:
    """True on a loop in virtual time."""
    return isinstance(asyncio.get_running_loop(), VirtualTimeLoop)
