"""What a supervisor of this process is told, by the words of systemd (sd_notify): that cars can come, that it ends, and that it is well.

Well is what `probe` finds from outside of the charger's parts, not that a timer runs. A supervisor that waits in vain starts the process
anew; metal does not wait for it: whatever becomes of this process, the guard brings it to rest.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from iso15118.service.log import Log
from iso15118.service.probe import Probe
from iso15118.units import MICROSECONDS, Second
from iso15118.value import Value

if TYPE_CHECKING:
    from iso15118.service.station import Station

LOOKS: Final = 4
"""In the time that a supervisor waits, so that one or two may fail."""


class Supervisor(Value):
    """`address`: of its datagram socket, "" where nobody listens. `waits`: s it waits for a sign of life; None: it does not."""

    address: str = ""
    waits: Second | None = None

    def tell(self, word: str) -> None:
        """Once, without waiting: a supervisor that is gone or does not read disturbs nothing."""
        if not self.address:
            return
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock, suppress(OSError):
            sock.setblocking(False)
            sock.sendto(word.encode(), address)


def supervisor(environment: Mapping[str, str] = os.environ) -> Supervisor:
    """Whoever has started this process and wants to be told. A wish for signs of life that is another process's, or no number, is none."""
    wanted = environment.get("WATCHDOG_USEC", "")
    ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    waits = int(wanted) / MICROSECONDS if ours and wanted.isdecimal() else 0.0
    return Supervisor(environment.get("NOTIFY_SOCKET", ""), waits or None)


class Supervised:
    """A station whose supervisor is told. `ready` when cars can come, `ending` before it stops."""

    def __init__(self, station: Station, by: Supervisor, *, log: Log | None = None) -> None:
        self._station, self._by = station, by
        self._log = log or Log()
        self._task: asyncio.Task[None] | None = None

    def ready(self) -> None:
        """Cars can come; from now on signs of life are given, where somebody waits for them."""
        self._by.tell("READY=1")
        if self._by.address and self._by.waits is not None:
            self._task = asyncio.create_task(self._live(Probe(self._station), self._by.waits / LOOKS), name="supervised")

    def ending(self) -> None:
        """The station stops: no more signs of life."""
        if self._task is not None:
            self._task.cancel()
        self._by.tell("STOPPING=1")

    async def _live(self, probe: Probe, every: Second) -> None:
        """Look, and give a sign where all are well, or where one that is well has a session: a new start would heal others, and end it."""
        while True:
            await asyncio.sleep(every)
            ill = await probe.look()
            for name, why in ill.items():
                self._log.error("not well", f"{name}: {why}")
            if not ill or probe.occupied(ill):
                self._by.tell("WATCHDOG=1")
