#!/usr/bin/env python3
"""Our charger and our car against another implementation, over a real network: SDP by multicast, TCP, EXI by a codec of other authors.

`make interop`, or `python tools/interop/run.py [--only WORD] [--keep]`. Exit code 0 if every combination ended in order on both sides,
1 if not; without Java 0 and the word SKIPPED, since the other implementation cannot run then. Its session is judged by its own log, ours by
our own words. README.md tells what is set how, and why.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.interop import josev  # noqa: E402
from tools.interop.namespaces import Namespace, NamespaceError, Network  # noqa: E402

LOOPS = 30
READY_TIME, SESSION_TIME, END_TIME = 40.0, 90.0, 15.0
"""s until a program listens, until a session is over, and until the other side has noticed."""
LOOP_TIMEOUT = 2.0
"""s, for this counterparty alone: its EXI codec is a Java program that on a busy machine misses the 0.5 s of the standard."""
IN_ORDER = "session ended in order"


@dataclass(frozen=True, slots=True)
class Combination:
    """Who meets whom, in which service and control mode."""

    ours: str
    """"charger" or "car"."""
    mode: str
    control: str = "scheduled"
    as_published: bool = False

    @property
    def name(self) -> str:
        """For the table."""
        who = "foreign car -> our charger" if self.ours == "charger" else "our car -> foreign charger"
        return f"{who}, {self.mode} {self.control}" + (", figures as published" if self.as_published else "")


COMBINATIONS = (
    Combination("charger", "dc"),
    Combination("charger", "dc_bpt"),
    Combination("charger", "dc_bpt", "dynamic"),
    Combination("charger", "dc_bpt", as_published=True),
    Combination("car", "dc"),
    Combination("car", "dc_bpt"),
    Combination("car", "dc_bpt", "dynamic"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A line of the table."""

    combination: Combination
    story: josev.Story
    problems: tuple[str, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """Combination, verdict, charge loops, seconds, note."""
        low, high = self.story.currents
        note = f"{low:+.1f} .. {high:+.1f} A" if self.story.loops else ""
        return (self.combination.name, "FAIL" if self.problems else "ok", str(self.story.loops), f"{self.story.seconds:.1f}", note)


class CutShortError(Exception):
    """A combination could not be brought to its end: why."""


class Program:
    """A process of ours in a namespace, with its output in a file. It has a session of its own: what it starts ends with it."""

    def __init__(self, namespace: Namespace, command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.name = log.stem
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                namespace.held(*command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                env=environment,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        """All of its output so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait(self, what: str, done: Callable[[str], bool], seconds: float) -> None:
        """Until its output is as `done` wants it. Raises CutShortError when it has ended before, or after `seconds`."""
        until = time.monotonic() + seconds
        while not done(self.said):
            code = self.process.poll()
            if code is not None and not done(self.said):
                last = [line for line in self.said.splitlines() if line.strip()][-1:]
                raise CutShortError(f"{self.name} ended with {code} instead of {what}: {''.join(last)[:300]}")
            if time.monotonic() > until:
                raise CutShortError(f"{self.name}: not {what} within {seconds:.0f} s")
            time.sleep(0.05)

    def end(self) -> None:
        """Ask it, and then make it and its children end."""
        for number, seconds in ((signal.SIGTERM, 6.0), (signal.SIGKILL, 5.0)):
            if self.process.poll() is None:
                self.process.send_signal(number)
                try:
                    self.process.wait(seconds)
                except subprocess.TimeoutExpired:
                    continue
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # its Java, where that has stayed


@contextmanager
def running(*arguments: object) -> Iterator[Program]:
    """A `Program` that ends with the block."""
    program = Program(*arguments)  # type: ignore[arg-type]
    try:
        yield program
    finally:
        program.end()


def chargeloop(*arguments: str) -> list[str]:
    """Our command line: the one that is installed beside this interpreter, or straight from the sources."""
    script = Path(sys.executable).with_name("chargeloop")
    return [str(script), *arguments] if script.exists() else [sys.executable, "-m", "iso15118", *arguments]


def ours() -> dict[str, str]:
    """The environment of our programs."""
    return os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def charger_file(combination: Combination, interface: str, folder: Path) -> str:
    """Our charger's configuration. The imagined battery behind it takes on whatever voltage the foreign car pre-charges to."""
    modes = ["scheduled", "dynamic"] if combination.control == "scheduled" else ["dynamic", "scheduled"]
    text = f"""insecure_plain_tcp = true

[[evse]]
id = "DE*CLP*EINTEROP"
interface = "{interface}"
services = ["{combination.mode.upper()}"]
control_modes = {modes}  # the foreign car takes the first
charge_loop_timeout = {LOOP_TIMEOUT}
always_priced = true  # the foreign car rejects a schedule without prices
meter_at_start = false  # it cannot read a reading of discharged energy, and never asks for one
"""
    return _written(folder / "charger.toml", text)


def car_file(combination: Combination, interface: str, folder: Path) -> str:
    """Our car's configuration: it charges, and where it may it then discharges."""
    back = "" if combination.mode == "dc" or combination.control == "dynamic" else ", {seconds = 4, power = -800}"
    text = f"""insecure_plain_tcp = true
interface = "{interface}"
services = ["{combination.mode.upper()}"]
control_modes = ["{combination.control}"]
charge_loop_timeout = {LOOP_TIMEOUT}
loops = {LOOPS}
plan = [{{seconds = 4, power = 800}}{back}, {{seconds = 60, power = 500}}]

[battery]
voltage = 380
"""
    return _written(folder / "car.toml", text)


def _written(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def meet(combination: Combination, folder: Path) -> Outcome:
    """One session. Raises NamespaceError; whatever else goes wrong is in the outcome."""
    folder.mkdir(parents=True)
    problems: list[str] = []
    with Network() as network:
        charger, car = network.namespace(), network.namespace()
        interfaces = network.join(charger, car)
        try:
            if combination.ours == "charger":
                problems += _our_charger(combination, charger, car, interfaces, folder)
            else:
                problems += _our_car(combination, charger, car, interfaces, folder)
        except CutShortError as failure:
            problems.append(str(failure))
    log = folder / ("foreign-car.log" if combination.ours == "charger" else "foreign-charger.log")
    told = josev.story(log.read_text(encoding="utf-8", errors="replace") if log.exists() else "", combination.mode)
    return Outcome(combination, told, (*problems, *told.problems))


def _our_charger(combination: Combination, charger: Namespace, car: Namespace, interfaces: tuple[str, str], folder: Path) -> list[str]:
    command = chargeloop("secc", charger_file(combination, interfaces[0], folder))
    foreign = josev.car(combination.mode, LOOPS, folder, as_published=combination.as_published)
    with running(charger, command, folder / "our-charger.log", ours()) as mine:
        mine.wait("ready", lambda said: "SDP ready" in said, READY_TIME)
        with running(car, foreign, folder / "foreign-car.log", josev.environment(interfaces[1])) as other:
            other.wait("over", josev.over, SESSION_TIME)
            time.sleep(0.5)
        mine.wait("over", lambda said: "session ended" in said, END_TIME)
        return [] if IN_ORDER in mine.said else [_of_ours(mine)]


def _our_car(combination: Combination, charger: Namespace, car: Namespace, interfaces: tuple[str, str], folder: Path) -> list[str]:
    foreign = josev.charger()
    with running(charger, foreign, folder / "foreign-charger.log", josev.environment(interfaces[0])) as other:
        other.wait("ready", lambda said: josev.READY in said, READY_TIME)
        with running(car, chargeloop("evcc", car_file(combination, interfaces[1], folder)), folder / "our-car.log", ours()) as mine:
            mine.wait("over", lambda said: mine.process.poll() is not None, SESSION_TIME)
            code = mine.process.poll()
            found = [] if code == 0 and IN_ORDER in mine.said else [f"exit code {code}, {_of_ours(mine)}"]
        other.wait("over", josev.over, END_TIME)
    return found


def _of_ours(program: Program) -> str:
    lines = [line for line in program.said.splitlines() if "session ended" in line or "chargeloop:" in line] or program.said.splitlines()
    return f"{program.name}: {lines[-1][:300] if lines else 'silent'}"


def table(outcomes: list[Outcome]) -> str:
    """The lines under their heads, and below them what went wrong."""
    heads = ("combination", "verdict", "charge loops", "s", "note")
    lines = [heads, *(outcome.cells for outcome in outcomes)]
    widths = [max(len(line[i]) for line in lines) for i in range(4)]
    shown = ["  ".join((*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[4])) for line in lines]
    failures = [f"FAIL {outcome.combination.name}: {problem}" for outcome in outcomes for problem in outcome.problems]
    return "\n".join([shown[0], "-" * max(map(len, shown)), *shown[1:], *failures])


def main() -> int:
    """All combinations, one after the other."""
    parser = argparse.ArgumentParser(description="Our charger and our car against another implementation.")
    parser.add_argument("--only", metavar="WORD", default="", help='combinations with this in their name, such as "our car"')
    parser.add_argument("--keep", action="store_true", help="keep all logs; else only those of a failed run are kept")
    options = parser.parse_args()
    if shutil.which("java") is None:
        print("SKIPPED: no java on PATH, and the other implementation's EXI codec needs it (on Debian: openjdk-17-jre-headless)")
        return 0
    signal.signal(signal.SIGTERM, _interrupted)
    if subprocess.run([str(Path(__file__).with_name("setup.sh"))], check=False).returncode != 0:
        print("the other implementation cannot be installed", file=sys.stderr)
        return 1
    logs = Path(tempfile.mkdtemp(prefix="chargeloop-interop-"))
    outcomes: list[Outcome] = []
    keep = True
    try:
        for number, combination in enumerate(c for c in COMBINATIONS if options.only in c.name):
            print(f"{combination.name} ...", flush=True)
            outcomes.append(meet(combination, logs / str(number)))
        keep = options.keep or not outcomes or any(outcome.problems for outcome in outcomes)
    except NamespaceError as error:
        print(f"no network to meet on: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 1
    finally:
        if keep:
            print(f"logs: {logs}")
        else:
            shutil.rmtree(logs)
    print(f"\nJosev, the package iso15118 0.31.2 of PyPI; plain TCP; charge-loop timeout {LOOP_TIMEOUT:g} s for this counterparty alone,")
    print(f"because its own Java can miss the 0.5 s of the standard\n\n{table(outcomes)}")
    return 1 if not outcomes or any(outcome.problems for outcome in outcomes) else 0


def _interrupted(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
