"""A station or a vehicle as the one thing a process does: run to its end, stopped in order by SIGINT or SIGTERM.

For whoever may not wait itself, such as the command line.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

from iso15118.errors import LocalError
from iso15118.service.log import Log
from iso15118.service.loops import run
from iso15118.service.seen import Watcher
from iso15118.service.signals import signals
from iso15118.service.station import Station, StationConfig, StationWatcher, serve
from iso15118.service.supervised import Supervised, supervisor
from iso15118.service.sweeping import Sweeper, settle
from iso15118.units import Second
from iso15118.wire.sdp import PORT

if TYPE_CHECKING:  # the car's side is loaded when a car is run: a charger starts without it
    from iso15118.service.car import CarConfig
    from iso15118.service.config.site import SiteSettings
    from iso15118.service.misbehave import Wiring
    from iso15118.service.scenario import Result, Scenario
    from iso15118.service.site_station import Leading
    from iso15118.service.tls.engine import Credentials
    from iso15118.service.vehicle import Vehicle, VehicleResult

SETTLING: Final[Second] = 1.0
"""A charger that is ready answers first, and makes its codecs."""
WRITING: Final[Second] = 5.0
"""What is left to be written of a recording may take so long."""


def run_station(
    config: StationConfig,
    *,
    ready: Callable[[Station], None],
    watcher: StationWatcher | None = None,
    wiring: Wiring | None = None,
    certificates: Callable[[], Credentials | None] | None = None,
    control: Path | None = None,
    site: SiteSettings | None = None,
    log: Log | None = None,
) -> None:
    """Run a charger until a signal comes. `ready` is called when every outlet listens; `wiring` as of `Station`.

    `certificates` reads those of the station anew, in a thread: at each SIGHUP. Some that cannot be used are said, and the old ones stay.
    `site`: what it leads. `control`: where a `ControlSocket` listens. A supervisor that has started the process (`supervised`) is told.
    Raises LocalError where an outlet or the socket cannot listen.
    """

    async def main() -> None:
        station = Station(config, wiring=wiring, log=log)
        supervised = Supervised(station, supervisor(), log=log)
        station.subscribe(Sweeper(station))

        leading = None
        if site is not None:
            from iso15118.service.site_station import Leading  # a charger without a site starts without it

            leading = Leading(station, site, log=log)

        def listening() -> None:
            if leading is not None:
                leading.start()
            _settled(ready, station)
            supervised.ready()

        if watcher is not None:
            station.subscribe(watcher)
        try:
            async with _controlled(station, control, leading, log or Log()), leading or nullcontext():
                with _renewing(station, certificates, log or Log()):
                    await serve(station, ready=listening, ending=supervised.ending)
        except BaseException:  # such as a `ready` that cannot say so: metal is let go all the same
            await station.stop("the program ends", grace=0)
            raise

    run(main())
    _finish_recordings()


@asynccontextmanager
async def _controlled(station: Station, path: Path | None, leading: Leading | None, log: Log) -> AsyncIterator[None]:
    if path is None:
        yield
        return
    from iso15118.service.control_socket import ControlSocket  # a charger without it starts without it

    socket = ControlSocket(station, leading, log=log)
    await socket.listen(path)
    try:
        yield
    finally:
        socket.close()


@contextmanager
def _renewing(station: Station, certificates: Callable[[], Credentials | None] | None, log: Log) -> Iterator[None]:
    """Within the block SIGHUP brings the station the certificates that there are then."""
    loop, tasks = asyncio.get_running_loop(), set[asyncio.Task[None]]()
    if certificates is None:
        yield
        return

    async def renew(read: Callable[[], Credentials | None]) -> None:
        try:
            found = await loop.run_in_executor(None, read)
            if found is None:
                raise LocalError("the file has no table tls any more; allowed: the one it was started with")
            station.renew(found)
        except LocalError as error:
            log.error("certificates", f"SIGHUP: {error}; all is as before")

    def hung_up() -> None:
        task = loop.create_task(renew(certificates), name="certificates")
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    with signals(lambda name: hung_up(), (signal.SIGHUP,)):
        yield


def run_vehicle(
    config: CarConfig,
    *,
    sdp_port: int = PORT,
    record: Path | None = None,
    pcap: Path | None = None,
    tls: Credentials | None = None,
    watcher: Callable[[Vehicle], Watcher] | None = None,
    wiring: Wiring | None = None,
    log: Log | None = None,
) -> VehicleResult:
    """Run one session of a car, with its pauses; a signal ends it in order, a second one at once. `watcher` makes one for the vehicle.

    Raises PeerError where no charger answers, LocalError without the interface, KeyboardInterrupt where a signal has left no result.
    """

    from iso15118.service.vehicle import Vehicle

    async def main() -> VehicleResult | None:
        told: list[str] = []

        def on_signal(name: str) -> None:
            told.append(name)
            if len(told) > 1 or vehicle.car.conversation is None or vehicle.car.conversation.over:
                session.cancel()
            else:
                vehicle.stop(name)

        with signals(on_signal):
            vehicle = Vehicle(config, sdp_port=sdp_port, record=record, pcap=pcap, tls=tls, wiring=wiring, log=log)
            if watcher is not None:
                vehicle.subscribe(watcher(vehicle))
            session = asyncio.ensure_future(_to_its_end(vehicle))
            try:
                return await session
            except asyncio.CancelledError:
                if told:
                    return None
                raise

    result = run(main())
    _finish_recordings()
    if result is None:
        raise KeyboardInterrupt
    return result


async def _to_its_end(vehicle: Vehicle) -> VehicleResult:
    """Session after session, until one does not pause. What comes of the last."""
    result = await vehicle.run()
    while vehicle.car.paused is not None:
        result = await vehicle.run()
    return result


def run_scenario(
    scenario: Scenario, *, in_memory: bool, told: Callable[[Result], None], sdp_port: int = PORT, log: Log | None = None
) -> tuple[Result, ...]:
    """Play a scenario to its end, in memory and virtual time or against the charger on a link; `told` hears of each session.

    Raises LocalError without the interface, KeyboardInterrupt where a signal comes: the session it meets is dropped.
    """
    from iso15118.service import virtual
    from iso15118.service.scenario import InMemory, OnLink, play

    async def main() -> tuple[Result, ...]:
        ground = InMemory(scenario, log=log) if in_memory else OnLink(sdp_port=sdp_port, log=log)
        return await play(scenario, ground, told, log=log)

    return virtual.run(main()) if in_memory else run(main())


def _settled(ready: Callable[[Station], None], station: Station) -> None:
    ready(station)
    asyncio.get_running_loop().call_later(SETTLING, settle)


def _finish_recordings() -> None:
    """Let the threads that write recordings come to their end, so that the end of the program does not cut one off."""
    for thread in threading.enumerate():
        if thread.name == "recording":
            thread.join(WRITING)
