"""`chargeloop demo`: a charger and a simulated car in one process, in virtual time: the story they play, its pace, its end.

Everything between them is real: EXI over a connection in memory, both session cores, the guard, a simulated plant. What is shown is
looked at (`watch`), never steered by; the only influence from here is what a site has: a budget, and the faults asked for.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from iso15118.cli.faults import parse_faults
from iso15118.cli.lines import PlainView, summary_lines
from iso15118.cli.report import writable
from iso15118.cli.story import Act, Pacer, story
from iso15118.cli.summary import Summary, as_json, sum_up
from iso15118.cli.watch import Watch
from iso15118.errors import LocalError
from iso15118.hal.board import AC_BOARD
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import Transfer
from iso15118.service.capture import Capture
from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse_config import EvseConfig
from iso15118.service.foreground import WRITING
from iso15118.service.pair import EPOCH, Pair, run_pair
from iso15118.service.plain import plain
from iso15118.service.recorder import Head, Recorder
from iso15118.service.seen import Direction, Exchanged, Seen
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode, ServiceID, service_of
from iso15118.sim.battery import Battery
from iso15118.sim.onboard import OnBoardCharger
from iso15118.sim.vehicle import Trip
from iso15118.units import Second
from iso15118.value import replace

if TYPE_CHECKING:
    from iso15118.cli.stand import OnStand

PERIOD: Final[Second] = 0.05
"""Between two turns of the guard: the slowest it allows, because nothing here takes harm."""
AC_SCALE: Final = 22.08 / 50
"""Of the powers of the story: what 50 kW of direct current are to a socket of 32 A on three phases."""


class View(Protocol):
    """Where the demo is shown."""

    def look(self, watch: Watch, *, now: bool = False) -> None:
        """Something has happened; `now`: worth a picture at once."""

    def close(self, watch: Watch | None) -> None:
        """No more comes."""


def run(arguments: Namespace) -> int:
    """One session, or a day of a site; 0 if all ended in order and the figures agree, else 1.

    Raises LocalError on faults or a file that cannot be.
    """
    if arguments.site is not None:
        from iso15118.cli import site_demo

        site_demo.check(arguments)
        return site_demo.run(arguments)
    faults = parse_faults(arguments.fault)
    record = None if arguments.record is None else writable(arguments.record)
    pcap = None if arguments.pcap is None else writable(arguments.pcap, "--pcap")
    view = _view(arguments)
    service = ServiceID[arguments.service.upper()]
    stand = None
    if arguments.board is not None:
        from iso15118.cli.stand import OnStand, load

        if service is not ServiceID.DC_BPT:
            raise LocalError(f"--board with --service {arguments.service}; allowed: dc_bpt")
        stand = OnStand(load(Path(arguments.board)))
    summary = play(
        service=service,
        mode=arguments.mode,
        length=60.0 * (arguments.minutes or (30.0 if arguments.board is None else 1.0)),
        faults=faults,
        contract=not arguments.eim and not arguments.plain_tcp,
        secure=not arguments.plain_tcp,
        record=record,
        pcap=pcap,
        view=view,
        paced=not (arguments.fast or arguments.json),
        stand=stand,
    )
    if arguments.json:
        print(json.dumps(as_json(summary)))
    elif isinstance(view, PlainView):
        print("\n".join(summary_lines(summary)))
    else:
        from iso15118.cli.view import show_summary

        show_summary(summary)
    return 0 if summary.ok else 1


def play(
    *,
    service: ServiceID = ServiceID.DC_BPT,
    mode: str,
    length: Second,
    faults: dict[str, object],
    contract: bool = False,
    secure: bool = False,
    record: Path | None = None,
    pcap: Path | None = None,
    view: View | None,
    paced: bool,
    stand: OnStand | None = None,
) -> Summary:
    """The summary of a session of the story `mode` whose charge loop lasts `length` virtual seconds.

    `secure`: over TLS 1.3 with certificates made on the spot; `contract`: the one in the car pays.
    `stand`: in real time, with a board whose devices are programs.
    """
    alternating = service.transfer is not Transfer.DC
    outlet, scale = EvseConfig(board=AC_BOARD) if alternating else EvseConfig(), AC_SCALE if alternating else 1.0
    if stand is not None:
        scale = stand.board.abilities.limits.charge_power / outlet.board.limits.charge_power
        outlet = EvseConfig(board=stand.board)
    acts = story(mode, scale)
    evse = replace(outlet, session=secc.Config(services=(service_of(service),)))
    wanted = ControlMode.DYNAMIC if mode == "dynamic" else ControlMode.SCHEDULED
    car = CarConfig(
        session=replace(evcc.Config(), services=(service,), control_modes=(wanted,)),
        battery=partial(Battery, soc=48.0),
        onboard=partial(OnBoardCharger, power=22_080.0, current=32.0),
        trip=Trip(departure=length, target_soc=80.0, min_soc=20.0),
        plan=tuple(Leg(act.share * length, act.wish) for act in acts),
    )
    began_at, tls = EPOCH, None
    if secure or contract:
        from iso15118.cli.trust import trusted

        began_at, evse, car, tls = trusted(evse, car, contract=contract)
    recorder = None if record is None else Recorder(Head("secc", plain(evse.session), name="demo"), ring=sys.maxsize)
    capture = None if pcap is None else Capture(pcap)
    stage: list[Stage] = []

    def prepare(pair: Pair) -> None:
        for name, value in faults.items():
            setattr(pair.outlet.plant.faults, name, value)
        pacer = Pacer(length) if paced and stand is None else None
        stage.append(Stage(Watch(pair, length, asyncio.get_running_loop().time()), acts, view, pacer))
        for line in [] if stand is None else stand.lines:
            stage[0].watch.remark(line)
        pair.evse.subscribe(stage[0].saw)

    began = time.perf_counter()
    listener = _listen(lambda text: stage[0].watch.remark(text) if stage else None)
    try:
        result = run_pair(evse, car, period=PERIOD, scribe=recorder, capture=capture, prepare=prepare, epoch=began_at, tls=tls, metal=stand)
    finally:
        logging.getLogger("iso15118").removeHandler(listener)
        if view is not None:
            view.close(stage[0].watch if stage else None)
        if capture is not None:
            capture.close(patience=WRITING)
    wall, watch = time.perf_counter() - began, stage[0].watch
    if recorder is not None and record is not None:
        session_id = "" if watch.pair.charger is None else watch.pair.charger.session.fresh_id.hex()
        challenge = "" if watch.pair.charger is None else watch.pair.charger.session.fresh_challenge.hex()
        recorder.head = replace(recorder.head, session_id=session_id, challenge=challenge)
        if not recorder.dump(record, result.charger.why).result():
            record = None
    return sum_up(result, watch, mode=mode, wall=wall, record="" if record is None else str(record), service=service.name)


@dataclass(slots=True)
class Stage:
    """The charger's watcher: keeps the watch, turns the pages of the story, shows, and holds the pace."""

    watch: Watch
    story: tuple[Act, ...]
    view: View | None
    pacer: Pacer | None
    _act: Act | None = None
    _shown: Phase | None = None

    def saw(self, seen: Seen) -> None:
        """Everything slow is done when an answer has left: between a request and its answer it would count as answer time."""
        self.watch.saw(seen)
        if not isinstance(seen, Exchanged) or seen.direction is not Direction.OUT:
            return
        self._turn_page()
        changed, self._shown = self.watch.phase is not self._shown, self.watch.phase
        if self.view is not None:
            self.view.look(self.watch, now=changed)
        if self.pacer is not None:
            self.pacer.hold(self.watch)

    def _turn_page(self) -> None:
        """The site's budget follows the story."""
        watch = self.watch
        if watch.phase is not Phase.CHARGE_LOOP:
            return
        ends = accumulate(act.share * watch.length for act in self.story)
        act = next((act for act, end in zip(self.story, ends, strict=True) if watch.planned < end), self.story[-1])
        if act is not self._act:
            self._act = act
            watch.pair.evse.set_budget(act.site)


def _view(arguments: Namespace) -> View | None:
    """None for --json; the live view on a terminal that is large enough, with `rich` installed; else plain lines."""
    if arguments.json:
        return None
    if not arguments.plain and sys.stdout.isatty():
        from iso15118.cli import view

        try:
            live = view.live()
        except ImportError:
            print("(for the live view: pip install 'chargeloop[cli]')")
        else:
            if live is not None:
                return live
    return PlainView()


class _Listener(logging.Handler):
    """Hands on warnings of the shell as single lines."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self._say(record.getMessage() if error is None else f"{record.getMessage()}: {type(error).__name__}: {error}")


def _listen(say: Callable[[str], None]) -> logging.Handler:
    logger, listener = logging.getLogger("iso15118"), _Listener(say)
    logger.addHandler(listener)
    return listener
