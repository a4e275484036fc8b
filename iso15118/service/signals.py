"""SIGINT and SIGTERM, or others, for as long as somebody minds them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals(on_signal: Callable[[str], None], numbers: tuple[signal.Signals, ...] = SIGNALS) -> Iterator[None]:
    """Let `on_signal` have the signals, by name, in the loop's thread; afterwards they are whose they were."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        loop.add_signal_handler(number, on_signal, number.name)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
