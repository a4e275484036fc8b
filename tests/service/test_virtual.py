from __future__ import annotations

import asyncio
import threading
import time

import pytest

from iso15118.errors import LocalError
from iso15118.service.virtual import VirtualTimeLoop, run


def test_an_hour_takes_no_time() -> None:
    async def main() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    began = time.perf_counter()
    assert run(main()) == pytest.approx(3600)
    assert time.perf_counter() - began < 5


def test_timers_run_in_order_and_at_their_time() -> None:
    seen: list[tuple[str, float]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for name, at in (("c", 3.0), ("a", 0.1), ("b", 0.30000000000000004)):
            loop.call_at(at, lambda name=name: seen.append((name, loop.time())))
        await asyncio.sleep(10)

    run(main())
    assert [name for name, _ in seen] == ["a", "b", "c"]
    assert [at for _, at in seen] == pytest.approx([0.1, 0.3, 3.0])


def test_what_is_ready_goes_before_time() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        loop.call_later(0.001, lambda: None)
        for _ in range(1000):
            await asyncio.sleep(0)
        return loop.time()

    assert run(main()) == 0.0


def test_waiting_for_nothing_is_an_error() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(LocalError, match="for ever"):
        run(main())


def test_a_pace_slows_it_down() -> None:
    async def main() -> None:
        await asyncio.sleep(5)

    began = time.monotonic()
    run(main(), pace=100)
    assert 0.045 <= time.monotonic() - began < 2


def test_a_thread_cuts_a_paced_wait_short() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        threading.Thread(target=lambda: loop.call_soon_threadsafe(woken.set)).start()
        loop.call_later(1000, lambda: None)
        await woken.wait()
        return loop.time()

    assert run(main(), pace=10) < 500


@pytest.mark.parametrize("pace", [0, -1, float("nan")])
def test_a_pace_is_above_zero(pace: float) -> None:
    with pytest.raises(LocalError, match="pace"):
        VirtualTimeLoop(pace=pace)
