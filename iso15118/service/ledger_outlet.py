"""What the ledger is told of one outlet: a transaction from the closing of its contactor to the end of the session, and latched faults.

It asks nobody to wait and is asked by no message: what metal has to say comes with its changes, and a timer reads the meter meanwhile.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from iso15118.errors import DeviceFault
from iso15118.power import Contactor
from iso15118.service.ledger import Ledger
from iso15118.service.ledger_records import Latched
from iso15118.service.log import Log
from iso15118.service.seen import Ended
from iso15118.units import Second, WattHour

if TYPE_CHECKING:
    from iso15118.service.evse import Charger, Evse

UPDATE: Final[Second] = 1.5
"""Between two readings that are kept. With what a disk takes, and what flows on until a guard has opened, a kill loses 2 s of power."""
SETTLE: Final[Second] = 3.0
"""After the end of a session the contactor has opened by then, and the meter been read."""
LOOK: Final[Second] = 0.1


class Book:
    """The part of a ledger that an outlet has. Made before its first session: what was latched when power went is latched again."""

    def __init__(self, ledger: Ledger, evse: Evse, *, log: Log | None = None) -> None:
        self._ledger = ledger
        self._evse = evse
        self._account: Account | None = None
        self._conversation: Charger | None = None
        self._latches: dict[DeviceFault, Latched] = {latched.fault: latched for latched in ledger.latches(evse.config.name)}
        if self._latches:
            evse.actuator.keep(frozenset(self._latches))
            told = f"out of order, as before the start, until somebody resets it: {', '.join(sorted(self._latches))}"
            (log or Log()).warning("fault stands", f"{evse.config.name}: {told}")
        evse.keep(self)
        self.changed()

    def follow(self, conversation: Charger) -> None:
        """The conversation that begins; the transaction of one before it, if it still waits for metal, is over."""
        if self._account is not None:
            self._account.leave()
        self._account, self._conversation = None, conversation

    def changed(self) -> None:
        """A fault or a level of metal is another one."""
        self._compare()
        contactor = self._evse.actuator.reading.contactor.value
        if self._account is not None:
            self._account.changed(contactor)
        elif contactor is Contactor.CLOSED and self._conversation is not None and not self._conversation.ended.done():
            self._account = Account(self._ledger, self._evse, self._conversation)

    def close(self) -> None:
        """The outlet is let go: what is known by now is all there is."""
        self._compare()
        if self._account is not None:
            self._account.close("the charger stops")

    def _compare(self) -> None:
        """Faults that have latched or been reset since the last time."""
        latched = self._evse.actuator.latched
        for fault in sorted(latched - self._latches.keys()):
            self._latches[fault] = self._ledger.latch(self._evse.config.name, fault)
        for fault in sorted(self._latches.keys() - latched):
            self._ledger.reset(self._latches.pop(fault))


class Account:
    """One transaction, from now on; closed once, when its session has ended and the meter has been read with the contactor open."""

    def __init__(self, ledger: Ledger, evse: Evse, conversation: Charger) -> None:
        self._ledger = ledger
        self._evse = evse
        self._loop = asyncio.get_running_loop()
        self._conversation = conversation
        self._reading = self._read(0.0, 0.0)
        session, meter = conversation.session, evse.config.session.meter_id
        self._opened = ledger.opened(
            evse.config.name, *self._reading, meter=meter, vehicle=session.evcc_id, contract=session.emaid, session=session.id.hex()
        )
        self._open_since: Second | None = None
        """The contactor is open again, since when."""
        self._over: Second | None = None
        """When the session ended."""
        self._left = False
        self._closed = False
        self._timer = self._loop.call_later(UPDATE, self._due)
        conversation.ended.add_done_callback(lambda ended: self._ended())

    def changed(self, contactor: Contactor) -> None:
        """The contactor may be in another place; once it is open the meter has its last word, for now."""
        before, self._open_since = self._open_since, None
        if contactor is Contactor.OPEN:
            self._open_since = self._loop.time() if before is None else before
            self._update()

    def leave(self) -> None:
        """Metal is another session's from now on."""
        self._update()
        self._left = True
        self._timer.cancel()
        if self._conversation.ended.done():
            self.close()

    def close(self, why: str = "") -> None:
        """Close it as it is; `why`: where the session has not ended."""
        if self._closed:
            return
        self._update()
        self._closed = True
        self._timer.cancel()
        ended: Ended | None = self._conversation.ended.result() if self._conversation.ended.done() else None
        why, clean = (why, False) if ended is None else (ended.why, ended.clean)
        self._ledger.closed(self._opened, *self._reading, why, clean=clean)

    def _due(self) -> None:
        self._timer = self._loop.call_later(UPDATE, self._due)
        self._update()

    def _update(self) -> None:
        """Tell the meter's reading, if it is another one."""
        if self._left or self._closed:
            return
        reading = self._read(*self._reading)
        if reading != self._reading:
            self._reading = reading
            self._ledger.flowed(self._opened, *reading)

    def _read(self, charged: WattHour, discharged: WattHour) -> tuple[WattHour, WattHour]:
        """The meter's reading, at least these: one that starts anew takes nothing back."""
        r = self._evse.actuator.reading
        return max(r.charged.value, charged), max(r.discharged.value, discharged)

    def _ended(self) -> None:
        """The session has: close, once nothing flows any more."""
        now = self._loop.time()
        self._over = now if self._over is None else self._over
        if self._left or self._settled() or now - self._over >= SETTLE:
            self.close()
        elif not self._closed:
            self._loop.call_later(LOOK, self._ended)

    def _settled(self) -> bool:
        r = self._evse.actuator.reading
        return self._open_since is not None and min(r.charged.at, r.discharged.at) >= self._open_since
