"""A charger on the network: every outlet with its own interface, discovery and listener, its own metal and one conversation at a time.

Nothing of one outlet disturbs another, and no connection disturbs the one that charges.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from iso15118.der.words import DsoSetpoint, GridCode
from iso15118.energy import Authorisation, Budget
from iso15118.errors import DeviceFault, LocalError
from iso15118.power import Contactor, Reading
from iso15118.sequence.phases import Phase
from iso15118.service.actuate import PERIOD
from iso15118.service.evse import Charger, Evse
from iso15118.service.evse_config import EvseConfig
from iso15118.service.log import Log
from iso15118.service.recorder import Head, Recorder, Stream, numbered
from iso15118.service.seen import Seen
from iso15118.service.served import Served
from iso15118.service.signals import signals
from iso15118.service.warmup import warm_up
from iso15118.units import Second
from iso15118.value import Value
from iso15118.wire.sdp import PORT

if TYPE_CHECKING:
    from iso15118.hal.protocols import AcOutlet, Outlet
    from iso15118.service.capture import Capture
    from iso15118.service.ledger import Ledger
    from iso15118.service.misbehave import Wiring
    from iso15118.service.tls.engine import Context, Credentials
    from iso15118.service.tls.stapling import Stapling

GRACE: Final[Second] = 5.0
"""An orderly stop of a session takes no longer, or it is cut off."""
PROCESS_GRACE: Final[Second] = 1.8
"""The same when the process is to end: metal has to be safe within 2.5 s."""
SETTLE: Final[Second] = 0.6
"""Within this from the command power is off and the contactor open; the guard turns on until then."""

StationWatcher: TypeAlias = Callable[[str, Seen], None]
"""Is told the name of the outlet and what was seen there."""


class StationConfig(Value, kw_only=True):
    """A charger: its outlets, and what they share."""

    evses: tuple[EvseConfig, ...]
    sdp_port: int = PORT
    """Another one for tests only."""
    period: Second = PERIOD
    """Of the guards."""
    tls: Credentials | None = None
    """What the charger shows to cars, and whom it trusts; None: it speaks without TLS only."""
    plain_tcp: bool = True
    """Cars may come without TLS; ISO 15118-20 then only where the outlets' sessions allow it."""
    record: Path | None = None
    """Stream every session into this file (the second one into its neighbour `-2`, and so on)."""
    pcap: Path | None = None
    """Capture discovery and all connections into this file."""
    recordings: Path | None = None
    """Folder for the last minutes of a session that did not end in order."""
    ledger: Path | None = None
    """Keep transactions and latched faults in this file; None: neither survives this process."""


class EvseStatus(Value):
    """One outlet at this moment. `phase` None: no session; `peer` the other end's address."""

    name: str
    evse_id: str
    interface: str
    port: int
    phase: Phase | None
    reading: Reading
    faults: frozenset[DeviceFault]
    budget: Budget
    sessions: int
    messages: int
    found: int
    """Searches that have been answered."""


class Station:
    """A charger. `start`, then it runs by itself; everything that may be done to it is a method here."""

    def __init__(self, config: StationConfig, *, wiring: Wiring | None = None, log: Log | None = None) -> None:
        """`wiring`: what a bench puts between conversations and connections.

        Raises LocalError where two outlets claim the same name, or for certificates that cannot be used.
        """
        names = [evse.name for evse in config.evses]
        if len(set(names)) != len(names) or not names:
            raise LocalError(f"a station has outlets with different names, not {names}")
        self.config = config
        self._wiring = wiring
        self._log = log or Log()
        self._served: dict[str, Served] = {}
        self._watchers: list[StationWatcher] = []
        self._streams = count(1)
        self._stopping: list[Charger] = []
        self._capture: Capture | None = None
        self._ledger: Ledger | None = None
        self._tls: Context | None = None
        self._stapling: Stapling | None = None
        if config.tls is not None:
            self._tls, self._stapling = self._secure(config.tls)

    async def start(self) -> None:
        """Open every outlet. Raises LocalError (an interface or a port that is not to be had), and then nothing is left open."""
        if self.config.pcap is not None:
            from iso15118.service.capture import Capture  # a charger without it starts without it

            self._capture = Capture(self.config.pcap, log=self._log)
        try:
            self._ledger = self._open_ledger()
            for evse in self.config.evses:
                await self._open(evse).start()
        except BaseException:
            await self.stop("the start failed", grace=0)
            raise
        if self._stapling is not None:
            self._stapling.start()
        evses = self.config.evses
        served = {service.id.transfer for service in evses[0].session.services} if len(evses) == 1 else None
        warm_up(asyncio.get_running_loop(), served)

    def _open_ledger(self) -> Ledger | None:
        """Raises LocalError as `Ledger`."""
        names, path = {evse.name for evse in self.config.evses}, self.config.ledger
        if path is None:
            if any(evse.board.family != "simulated" for evse in self.config.evses):
                self._log.info("ledger", "no ledger: transactions and latched faults are forgotten with this process")
            return None
        from iso15118.service.ledger import Ledger  # a charger without it starts without it

        ledger = Ledger(path, log=self._log)
        for name in sorted(ledger.latched - names):
            self._log.warning("ledger", f"ledger {path}: out of order is {name}, which is no outlet here")
        return ledger

    def _secure(self, credentials: Credentials) -> tuple[Context, Stapling]:
        from iso15118.service.tls.choose import context  # a charger without it starts without it
        from iso15118.service.tls.stapling import Stapling

        made = context(credentials, server=True)
        return made, Stapling(made, credentials, log=self._log)

    def renew(self, credentials: Credentials) -> None:
        """Other certificates, roots and lists from the next handshake on; sessions go on with those they have begun with.

        Raises LocalError for some that cannot be used, or where the station has none to renew: then all is as before.
        """
        if self._stapling is None:
            raise LocalError("certificates for a station without TLS; allowed: where it was started with some")
        before, (self._tls, self._stapling) = self._stapling, self._secure(credentials)
        before.stop()
        self._stapling.start()
        for served in self._served.values():
            served.tls = self._tls
        self._log.info("certificates", "other certificates from the next handshake on")

    def _open(self, evse: EvseConfig) -> Served:
        config, name = self.config, evse.name
        served = self._served[name] = Served(
            evse,
            sdp_port=config.sdp_port,
            period=config.period,
            record=self._recorder,
            recordings=config.recordings,
            capture=self._capture,
            wiring=self._wiring,
            tls=self._tls,
            plain_tcp=self.config.plain_tcp,
            ledger=self._ledger,
            log=self._log,
        )
        served.evse.subscribe(lambda seen: self._seen(name, seen))
        return served

    def _recorder(self, head: Head) -> Recorder:
        path = self.config.record
        return Recorder(head, stream=None if path is None else Stream(numbered(path, next(self._streams)), head, log=self._log))

    async def stop(self, why: str, grace: Second = GRACE) -> None:
        """No new cars; sessions end in order within `grace` seconds or are cut off; metal is off when this returns."""
        if self._stapling is not None:
            self._stapling.stop()
        served = tuple(self._served.values())
        self._served = {}
        for one in served:
            one.deaf()
            one.evse.stop(why)
        conversations = [one.evse.conversation for one in served if one.evse.busy and one.evse.conversation is not None]
        self._stopping = conversations
        deadline = asyncio.get_running_loop().time() + grace
        while any(not _nearly_over(conversation) for conversation in conversations):
            if asyncio.get_running_loop().time() >= deadline:
                break
            await asyncio.sleep(0.02)
        for conversation in conversations:
            if not conversation.ended.done():
                conversation.drop(why)
        if conversations:
            await asyncio.wait([conversation.ended for conversation in conversations], timeout=0.1)
        await _rest([one.evse for one in served])
        for one in served:
            one.off()
        if self._ledger is not None:
            await asyncio.to_thread(self._ledger.close)
        if self._capture is not None:
            self._capture.close()

    def cut(self, why: str) -> None:
        """End every session now, while `stop` is still waiting for them."""
        for conversation in self._stopping:
            conversation.drop(why)

    # Control.

    def evse(self, name: str) -> Evse:
        """An outlet by its name. Raises LocalError naming those there are."""
        if name not in self._served:
            raise LocalError(f"there is no outlet {name!r}; there are: {', '.join(sorted(self._served))}")
        return self._served[name].evse

    def stop_session(self, name: str, why: str) -> None:
        """End an outlet's session in order."""
        self.evse(name).stop(why)

    def renegotiate_service(self, name: str) -> None:
        """Ask the car at an outlet to choose its service anew. Raises LocalError where it must not be asked."""
        self.evse(name).renegotiate()

    def renegotiate_schedule(self, name: str) -> None:
        """Ask the car at an outlet to negotiate its schedule anew. Raises LocalError where it must not be asked."""
        self.evse(name).renegotiate_schedule()

    def confirm_meter(self, name: str) -> None:
        """Ask the car at an outlet to confirm the meter's reading. Raises LocalError where it must not be asked."""
        self.evse(name).confirm_meter()

    def pause(self, name: str, why: str) -> None:
        """Ask the car at an outlet to pause or to stand by. Raises LocalError where it must not be asked."""
        self.evse(name).pause(why)

    def exit_standby(self, name: str, why: str) -> None:
        """Ask the car at an outlet to go on. Raises LocalError where it neither stands by nor was asked to pause."""
        self.evse(name).exit_standby(why)

    def set_budget(self, name: str, budget: Budget) -> None:
        """What the site grants an outlet from now on."""
        self.evse(name).set_budget(budget)

    def set_grid_code(self, name: str, code: GridCode) -> None:
        """Another grid code for the vehicles there. Raises LocalError as `Evse.set_grid_code`."""
        self.evse(name).set_grid_code(code)

    def set_dso_setpoint(self, name: str, demand: DsoSetpoint) -> None:
        """What the grid operator demands of the vehicle there from now on."""
        self.evse(name).set_dso_setpoint(demand)

    def authorise(self, name: str, authorisation: Authorisation) -> None:
        """May the vehicle there take energy? Holds for the present session."""
        self.evse(name).authorise(authorisation)

    def emergency_stop(self, name: str) -> None:
        """Power away now; the outlet is out of order until `reset`."""
        self.evse(name).trip()

    def reset(self, name: str) -> bool:
        """A person says that the outlet may be used again. True: no fault is left."""
        return self.evse(name).actuator.clear(by_person=True)

    def metal(self, name: str) -> Outlet | AcOutlet | None:
        """The devices of an outlet, where its guard is in this process. Raises LocalError for one that is not there."""
        self.evse(name)
        return self._served[name].metal

    def subscribe(self, watcher: StationWatcher) -> None:
        """`watcher` sees what happens at every outlet from now on."""
        self._watchers.append(watcher)

    def status(self) -> tuple[EvseStatus, ...]:
        """Every outlet at this moment."""
        return tuple(_status(served) for served in self._served.values())

    def _seen(self, name: str, seen: Seen) -> None:
        for watcher in tuple(self._watchers):
            try:
                watcher(name, seen)
            except Exception as defect:
                self._watchers.remove(watcher)
                self._log.error("watcher dropped", f"a watcher of the station failed and is dropped: {defect}", error=defect)


def _nearly_over(conversation: Charger) -> bool:
    """Has it ended, or does only its connection linger [V2G20-1633]?"""
    return conversation.ended.done() or (conversation.session.phase is Phase.ENDED and conversation.session.clean)


def _status(served: Served) -> EvseStatus:
    evse = served.evse
    conversation = evse.conversation if evse.busy else None
    return EvseStatus(
        name=evse.config.name,
        evse_id=evse.config.session.evse_id,
        interface=evse.config.interface,
        port=served.port,
        phase=None if conversation is None else conversation.session.phase,
        reading=evse.actuator.reading,
        faults=evse.actuator.faults,
        budget=evse.budget,
        sessions=served.sessions,
        messages=0 if conversation is None else conversation.messages_in + conversation.messages_out,
        found=served.found,
    )


async def _rest(evses: list[Evse]) -> None:
    """Wait for contactors to open, but not longer than they may take."""
    for _ in range(round(SETTLE / 0.02)):
        if all(evse.actuator.reading.contactor.value is Contactor.OPEN for evse in evses):
            return
        await asyncio.sleep(0.02)


async def serve(station: Station, *, ready: Callable[[], None] = lambda: None, ending: Callable[[], None] = lambda: None) -> None:
    """Run `station` until SIGTERM or SIGINT: metal is safe 2.5 s later and the process may go. A second signal cuts it short.

    Raises LocalError as `Station.start` does. `ready` is called when cars can come, `ending` when a signal has come.
    """
    stopping = asyncio.Event()
    names: list[str] = []

    def told(name: str) -> None:
        names.append(name)
        stopping.set()
        if len(names) > 1:
            station.cut(name)

    with signals(told):
        await station.start()
        ready()
        await stopping.wait()
        ending()
        await station.stop(f"the process was told to end ({names[0]})", grace=PROCESS_GRACE)
