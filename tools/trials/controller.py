"""The charger's process in a trial: `python -m tools.trials.controller TRACE AMPERES`. A guard in a process of its own, an actuator, and a
set-point that is renewed every 100 ms from the event loop, as the ticks of a session do it.

Says "ready" when the current flows. Then a line on standard input: "block" and "deadlock" never let the loop go on, "close" cuts the line
to the guard, and the loop goes on without it.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time

from iso15118.hal.board import Board
from iso15118.power import Setpoint
from iso15118.service.actuate import Actuator
from iso15118.service.guard_link import GuardLink
from iso15118.service.log import Log

TICK = 0.1
BATTERY = 400.0
"""V that the imagined car takes for its battery's."""
READY = 0.9
"""Of the current that is wanted."""


async def main(trace: str, current: float) -> None:
    """Charge or discharge until something happens."""
    board, loop = Board(), asyncio.get_running_loop()
    link = GuardLink("trial", board, board.limits, discharge_allowed=True, trace=trace, log=Log())
    actuator = Actuator(link, loop=loop, name="trial")
    actuator.start()
    live = Setpoint(contactor=True, lock=True)
    held = Setpoint(voltage=BATTERY, trickle=2.0, contactor=True, lock=True)
    away = 450.0 if current > 0 else 200.0
    flowing = Setpoint(voltage=away, current=current, contactor=True, lock=True, bidirectional=current < 0)
    wanted = [live] * 5 + [held] * 8

    def tick() -> None:
        actuator.apply(wanted.pop(0) if wanted else flowing)
        loop.call_later(TICK, tick)

    tick()
    reached = asyncio.Event()

    def look() -> None:
        if abs(actuator.reading.current.value) >= READY * abs(current):
            reached.set()
        else:
            loop.call_later(0.02, look)

    look()
    await reached.wait()
    await asyncio.sleep(0.3)
    print("ready", link.pid, flush=True)
    what = (await loop.run_in_executor(None, sys.stdin.readline)).strip()
    print(time.monotonic(), flush=True)
    if what == "block":
        time.sleep(3600)  # noqa: ASYNC251 - that is what it is about
    elif what == "deadlock":
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
    elif what == "close":
        link.close()
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
