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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.interop import josev  # noqa: E402
from tools.interop.namespaces import Namespace, NamespaceError, Network  # noqa: E402
from tools.interop.program import INTERRUPTED, CutShortError, Program, running  # noqa: E402

LOOPS = 20
TOGETHER = 2
"""Combinations at a time. Each waits more than it computes, but for the starts of Java."""
READY_TIME, SESSION_TIME, END_TIME = 60.0, 90.0, 15.0
"""s until a program listens, until a session is over, and until the other side has noticed."""
LOOP_TIMEOUT = 2.0
"""s, for this counterparty alone: its EXI codec is a Java program that on a busy machine misses the 0.5 s of the standard."""
IN_ORDER = "session ended in order"
MODES = ("ac", "ac_bpt", "dc", "dc_bpt")


@dataclass(frozen=True, slots=True)
class Combination:
    """Who meets whom, in which service and control mode."""

    ours: str
    """"charger" or "car"."""
    mode: str
    control: str
    """What our car chooses, or our charger offers first: the foreign car takes the first."""
    tls: bool = False
    as_published: bool = False

    @property
    def name(self) -> str:
        """For the table."""
        who = "foreign car -> our charger" if self.ours == "charger" else "our car -> foreign charger"
        how = ", over TLS" if self.tls else ""
        return f"{who}, {self.mode} {self.control}{how}" + (", figures as published" if self.as_published else "")

    @property
    def security(self) -> str:
        """What our side's file says of it: over TLS with the counterparty's own certificates."""
        return '[tls]\npki = "../pki/secp256r1"\npassword_file = "../password"\nprofile = "lenient"' if self.tls else ""

    @property
    def ways(self) -> tuple[bool, bool]:
        """Is energy to go (into the vehicle, out of it)? The foreign car's Dynamic wishes of direct current leave nothing to give."""
        if self.as_published:
            return False, False
        if self.ours == "charger" and self.control == "dynamic":
            return self.mode != "ac_bpt", self.mode == "ac_bpt"
        return True, self.mode.endswith("bpt")

    def misses(self, low: float, high: float) -> tuple[str, ...]:
        """What is wrong with a session in which `low` to `high` flowed."""
        flowed = (high > 0.0, low < 0.0)
        words = ("into the vehicle", "out of the vehicle")
        found = zip(words, self.ways, flowed, strict=True)
        return tuple(f"{'nothing' if wanted else 'something'} flowed {way}" for way, wanted, did in found if wanted is not did)


COMBINATIONS = (
    *(Combination(ours, mode, control) for ours in ("charger", "car") for mode in MODES for control in ("scheduled", "dynamic")),
    *(Combination(ours, mode, "scheduled", tls=True) for ours in ("charger", "car") for mode in ("ac_bpt", "dc_bpt")),
    Combination("charger", "dc_bpt", "scheduled", as_published=True),
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
        low, high = self.story.flow
        note = f"{low:+.1f} .. {high:+.1f} {'W' if self.combination.mode.startswith('ac') else 'A'}" if self.story.loops else ""
        return (self.combination.name, "FAIL" if self.problems else "ok", str(self.story.loops), f"{self.story.seconds:.1f}", note)


def chargeloop(*arguments: str) -> list[str]:
    """Our command line: the one that is installed beside this interpreter, or straight from the sources."""
    script = Path(sys.executable).with_name("chargeloop")
    return [str(script), *arguments] if script.exists() else [sys.executable, "-m", "iso15118", *arguments]


def take_over(logs: Path) -> bool:
    """The counterparty's certificates, as a folder of ours, for the sessions in folders beside it."""
    password = _written(logs / "password", josev.PASSWORD + "\n")
    command = chargeloop("pki", "import", str(josev.pki()), str(logs / "pki"), "--password-file", password)
    return subprocess.run(command, check=False, env=ours()).returncode == 0


def ours() -> dict[str, str]:
    """The environment of our programs."""
    return os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def charger_file(combination: Combination, interface: str, folder: Path) -> str:
    """Our charger's configuration. The imagined car behind it takes on whatever voltage the foreign car pre-charges to, or takes what
    alternating current the outlet offers."""
    modes = ["scheduled", "dynamic"] if combination.control == "scheduled" else ["dynamic", "scheduled"]
    alternating = combination.mode.startswith("ac")
    gives = combination.mode == "ac_bpt" and combination.control == "dynamic"
    text = f"""insecure_plain_tcp = {str(not combination.tls).lower()}
{combination.security}

[[evse]]
id = "DE*CLP*EINTEROP"
interface = "{interface}"
board = "{"simulated_ac" if alternating else "simulated"}"
services = ["{combination.mode.upper()}"]
control_modes = {modes}  # the foreign car takes the first
charge_loop_timeout = {LOOP_TIMEOUT}
always_priced = true  # the foreign car rejects a schedule without prices
meter_at_start = false  # it cannot read a reading of discharged energy, and never asks for one
{"budget = {charge = 22000, discharge = 22000, target = -3000}" if gives else ""}
"""
    return _written(folder / "charger.toml", text)


def car_file(combination: Combination, interface: str, folder: Path) -> str:
    """Our car's configuration: it charges, and where it may it then discharges."""
    power = 6000 if combination.mode.startswith("ac") else 800
    gives = combination.mode.endswith("bpt") and combination.control == "scheduled"
    back = f", {{seconds = 2, power = -{power}}}" if gives else ""
    text = f"""insecure_plain_tcp = {str(not combination.tls).lower()}
interface = "{interface}"
services = ["{combination.mode.upper()}"]
control_modes = ["{combination.control}"]
charge_loop_timeout = {LOOP_TIMEOUT}
loops = {LOOPS}
plan = [{{seconds = 2, power = {power}}}{back}, {{seconds = 60, power = {power}}}]

[battery]
voltage = 380

{combination.security}
{"staple_needed = false  # it staples nothing" if combination.tls else ""}
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
    told = josev.story(log.read_text(encoding="utf-8", errors="replace") if log.exists() else "", combination.mode, combination.control)
    return Outcome(combination, told, (*problems, *told.problems, *(combination.misses(*told.flow) if told.loops else ())))


def _our_charger(combination: Combination, charger: Namespace, car: Namespace, interfaces: tuple[str, str], folder: Path) -> list[str]:
    command = chargeloop("secc", charger_file(combination, interfaces[0], folder))
    foreign = josev.car(combination.mode, LOOPS, folder, tls=combination.tls, as_published=combination.as_published)
    environment = josev.environment(interfaces[1], combination.mode, tls=combination.tls)
    with running(charger, command, folder / "our-charger.log", ours()) as mine:
        mine.wait("ready", lambda said: "SDP ready" in said, READY_TIME)
        with running(car, foreign, folder / "foreign-car.log", environment) as other:
            other.wait("over", josev.over, SESSION_TIME)
            time.sleep(0.5)
        mine.wait("over", lambda said: "session ended" in said, END_TIME)
        return [] if IN_ORDER in mine.said else [_of_ours(mine)]


def _our_car(combination: Combination, charger: Namespace, car: Namespace, interfaces: tuple[str, str], folder: Path) -> list[str]:
    foreign = josev.charger()
    environment = josev.environment(interfaces[0], combination.mode, tls=combination.tls)
    with running(charger, foreign, folder / "foreign-charger.log", environment) as other:
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
    """All combinations, and their table."""
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
        if not take_over(logs):
            return 1
        outcomes = _all([combination for combination in COMBINATIONS if options.only in combination.name], logs)
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
    print("\nJosev, the package iso15118 0.31.2 of PyPI; plain TCP unless the name says TLS, then with its own certificates")
    print(f"charge-loop timeout {LOOP_TIMEOUT:g} s for this counterparty alone: its own Java can miss the 0.5 s of the standard")
    print(f"\n{table(outcomes)}")
    return 1 if not outcomes or any(outcome.problems for outcome in outcomes) else 0


def _all(combinations: list[Combination], logs: Path) -> list[Outcome]:
    """What became of all of them, `TOGETHER` at a time. Raises NamespaceError."""
    with ThreadPoolExecutor(TOGETHER) as pool:
        try:
            return list(pool.map(lambda numbered: _told(numbered[1], logs / str(numbered[0])), enumerate(combinations)))
        except BaseException:
            INTERRUPTED.set()
            pool.shutdown(cancel_futures=True)
            raise


def _told(combination: Combination, folder: Path) -> Outcome:
    """Its outcome, and a line for whoever waits."""
    outcome = meet(combination, folder)
    print(f"{combination.name}: {outcome.cells[1]}", flush=True)
    return outcome


def _interrupted(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
