"""The command line `chargeloop`: one file a command group, imported when used.

Here: the arguments, and what becomes of errors. Exit codes: 0 done, 1 failed, 2 wrong use or configuration. Whatever goes wrong on
purpose is one line on standard error that begins with `chargeloop:`.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from iso15118._collision import stop_if_foreign
from iso15118.errors import ChargeloopError, LocalError

DONE, FAILED, WRONG_USE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line with `argv` (the process's arguments if None); the exit code."""
    # Asked again: if the other distribution was installed after ours, it has put its own `__init__` in the place of the one that asks.
    stop_if_foreign(sys.path, sys.argv, sys.orig_argv)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever has started us: nobody listens
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - lives as long as the process
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without these characters is no reason to fail
    try:
        parser = _parser()
        try:
            arguments = _parsed(parser, argv)
        except SystemExit as stop:  # argparse's way to say that it has answered already
            return stop.code if isinstance(stop.code, int) else DONE
        if arguments.command is None:
            parser.print_help()
            code = DONE
        else:
            code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has seen enough
        _let_go_of_output()
        return DONE
    except KeyboardInterrupt:
        return complain("interrupted", FAILED)
    except LocalError as error:
        return complain(str(error), WRONG_USE)
    except (ChargeloopError, OSError) as error:
        return complain(str(error) or type(error).__name__, FAILED)
    return code


def complain(what: str, code: int) -> int:
    """Say in one line what is wrong; `code` again, to be returned."""
    from iso15118.service.log import one_line

    sys.stderr.write(f"chargeloop: {one_line(what)}\n")
    return code


def _run(arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "demo":
            from iso15118.cli import demo

            return demo.run(arguments)
        case "secc":
            gc.disable()  # what is imported is no garbage, and looking for some costs its start 20 ms: `service.sweeping` begins it again
            from iso15118.cli import secc

            return secc.run(arguments)
        case "evcc":
            from iso15118.cli import evcc

            return evcc.run(arguments)
        case "scenario":
            from iso15118.cli import scenario

            return scenario.run(arguments)
        case "replay":
            from iso15118.cli import replay

            return replay.run(arguments)
        case "decode":
            from iso15118.cli import decode

            return decode.run(arguments)
        case "tls":
            from iso15118.cli import tls

            return tls.doctor(arguments)
        case "hal":
            from iso15118.cli import hal

            return hal.check(arguments)
        case "ledger":
            from iso15118.cli import ledger

            return ledger.run(arguments)
        case "site":
            from iso15118.cli import site

            return site.run(arguments)
        case "pki":
            from iso15118.cli import pki

            return pki.run(arguments)
        case _:
            from iso15118.cli import exi

            return exi.run(arguments)


def _let_go_of_output() -> None:
    """Point standard output at nothing, so that the interpreter's own flush at exit does not complain once more."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # an output that is no file
        pass


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage above it."""

    def error(self, message: str) -> NoReturn:
        self.exit(complain(f"{message} (see {self.prog} --help)", WRONG_USE))


def _parsed(parser: _Parser, argv: Sequence[str] | None) -> argparse.Namespace:
    """`parser.parse_args`, but an optional argument may also stand behind an option (`exi decode DC --fragment 80...`)."""
    arguments, left = parser.parse_known_args(argv)
    if left and hasattr(arguments, "input") and not any(len(word) > 1 and word.startswith("-") for word in left):
        arguments.input += left
    elif left:
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    return arguments


def _parser() -> _Parser:
    from iso15118 import __version__
    from iso15118.cli import pki_arguments, site_arguments

    parser = _Parser(prog="chargeloop", description="An ISO 15118-20 controller for bidirectional charging.")
    parser.add_argument("--version", action="version", version=f"chargeloop {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_demo(commands.add_parser("demo", help="a car and a charger on this machine, without hardware", description=_DEMO))
    secc = commands.add_parser("secc", help="run a charger", description=_SECC)
    _add_role(secc)
    secc.add_argument("--site", metavar="SITE.toml", help="lead this site (docs/site.md); else the one that the file names, if it does")
    secc.add_argument("--control", metavar="SOCKET", help="be told by lines of JSON at this Unix socket (docs/bench.md)")
    _add_role(commands.add_parser("evcc", help="run a simulated car", description=_EVCC))
    _add_scenario(commands.add_parser("scenario", help="cars in turn, and what they do wrong", description=_SCENARIO))
    _add_exi(commands.add_parser("exi", help="read and write messages in EXI", description=_EXI))
    replay = commands.add_parser("replay", help="live a recording again", description=_REPLAY)
    replay.add_argument("file", metavar="FILE", help="what --record has kept")
    _add_decode(commands.add_parser("decode", help="show what was said in a capture", description=_DECODE))
    tls = commands.add_parser("tls", help="what TLS on this machine can and cannot do")
    tls.add_argument("action", choices=("doctor",), help="try every engine, and say which requirement it meets")
    hal = commands.add_parser("hal", help="the metal of a charger, without a car")
    hal.add_argument(
        "action", choices=("check",), help="read each device, and say what it can do and what does not fit; nothing is switched on"
    )
    hal.add_argument("config", metavar="CONFIG.toml", help="a charger's file")
    ledger = commands.add_parser("ledger", help="what a charger has kept: transactions and faults", description=_LEDGER)
    ledger.add_argument("file", metavar="FILE", help="what `ledger` names in the charger's file")
    ledger.add_argument("--json", action="store_true", help="one JSON object")
    pki_arguments.add(commands.add_parser("pki", help="make, show, check and renew certificates", description=pki_arguments.HELP))
    site_arguments.add(commands.add_parser("site", help="many outlets: plans, simulated days, costs", description=site_arguments.HELP))
    return parser


_DEMO = """A charger and a simulated car in one process: real EXI over bytes in memory, simulated metal, virtual time. The car charges,
discharges, and stops. Exit code 0 if the session ended in order and both energies agree with the battery within 2 percent."""
_SECC = "A charger: SDP and TCP on an interface, one outlet, as CONFIG.toml describes it. Runs until it is interrupted."
_EVCC = "A simulated car: finds a charger by SDP and runs one session, as CONFIG.toml describes it."
_SCENARIO = """Simulated cars that come in turn, as FILE describes them: their wishes, what their drivers do, how they misbehave. Against
the charger that answers on an interface, or against our own in memory and virtual time. Exit code 1 if a session ends otherwise than
expected."""
_EXI = """Messages between EXI (hexadecimal) and JSON. SCHEMA is one of `chargeloop exi schemas`; the JSON of a message is
{"<name>": {...}} on one line."""
_REPLAY = """Lives a recorded session again: the same inputs must make the same commands. Exit code 1 if a turn decides otherwise, or if
the recording breaks off."""
_LEDGER = """Transactions, what their meter counted and how they ended, and the faults that wait for a person. FILE may be that of a charger
that runs. Exit code 1 if a record in it is damaged."""
_DECODE = """What a car and a charger said, as a sequence chart. FILE is a capture (pcap, pcapng), or V2GTP frames in hexadecimal or
base64, one a line; - is standard input. Exit code 1 if anything in it could not be read."""


def _add_demo(demo: argparse.ArgumentParser) -> None:
    demo.add_argument("--service", choices=("dc_bpt", "ac_bpt"), default="dc_bpt", help="direct or alternating current (dc_bpt)")
    demo.add_argument("--mode", choices=("scheduled", "dynamic"), default="scheduled", help="who plans the power: the car or the charger")
    demo.add_argument("--minutes", type=_minutes, metavar="N", help="virtual minutes in the charge loop (30); real ones with --board (1)")
    demo.add_argument("--board", metavar="FOLDER", help="a board's file, with a simulated program for each of its devices, in real time")
    demo.add_argument("--fault", action="append", default=[], metavar="NAME=VALUE", help="break something, such as meter-gain=1.05")
    demo.add_argument("--eim", action="store_true", help="payment outside of the car, not by a contract in it")
    demo.add_argument("--plain-tcp", action="store_true", help="without TLS, and so without a contract")
    demo.add_argument("--site", choices=("workplace",), help="a day of ten cars on a small connection, with plans and V2G")
    demo.add_argument("--html", metavar="FILE", help="with --site: write a page about the day")
    demo.add_argument("--fast", action="store_true", help="no pacing: as fast as it goes")
    demo.add_argument("--json", action="store_true", help="nothing but the summary, as JSON")
    _add_common(demo)


def _add_role(role: argparse.ArgumentParser) -> None:
    role.add_argument("config", metavar="CONFIG.toml", help="what it is, and on which interface")
    role.add_argument(
        "--sdp-port", type=_port, default=15118, metavar="PORT", help="UDP port of discovery (15118), for tests on one machine"
    )
    role.add_argument("--misbehave", metavar="FILE", help="do on purpose what stands there ([[misbehaviour]] tables, TOML)")
    _add_common(role)


def _add_scenario(scenario: argparse.ArgumentParser) -> None:
    scenario.add_argument("file", metavar="FILE", help="the scenario (TOML)")
    scenario.add_argument("--pair", action="store_true", help="our own charger, in memory and virtual time")
    scenario.add_argument(
        "--sdp-port", type=_port, default=15118, metavar="PORT", help="UDP port of discovery (15118), for tests on one machine"
    )
    scenario.add_argument("--messages", metavar="FILE", help="write every message and change of phase (JSON lines)")
    scenario.add_argument("--csv", metavar="FILE", help="write voltage, current and power at every message")
    scenario.add_argument("--json", action="store_true", help="nothing but the results, as JSON")


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--record", metavar="FILE", help="keep the session's inputs, for replay")
    command.add_argument("--pcap", metavar="FILE", help="keep what was said as packets (pcapng), for `chargeloop decode` and any analyser")
    command.add_argument("--plain", action="store_true", help="lines of text: no colours, no moving view")


def _add_exi(exi: argparse.ArgumentParser) -> None:
    actions = exi.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("schemas", help="what SCHEMA may be")
    describe = actions.add_parser("describe", help="the elements of a message or type, with their types and units")
    describe.add_argument("schema", metavar="SCHEMA")
    describe.add_argument("type", nargs="?", metavar="TYPE", help="all names of the schema if absent")
    decode = actions.add_parser("decode", help="EXI to JSON")
    encode = actions.add_parser("encode", help="JSON to EXI")
    for action in (decode, encode):
        action.add_argument("schema", metavar="SCHEMA")
        action.add_argument("--fragment", action="store_true", help="a fragment, as digests are made of, not a document")
        action.add_argument("--lines", action="store_true", help="a batch: a line in, a line out; a bad one gives `error: ...`")
    decode.add_argument("input", nargs="*", metavar="HEX", help="standard input if absent or -")
    encode.add_argument("input", nargs="*", metavar="JSON", help="standard input if absent or -")


def _add_decode(decode: argparse.ArgumentParser) -> None:
    decode.add_argument("file", metavar="FILE", help="a capture, or text; - is standard input")
    decode.add_argument("--keylog", metavar="FILE", help="TLS secrets (SSLKEYLOGFILE) beside those that a pcapng file holds")
    decode.add_argument("--schema", metavar="SCHEMA", help="the lines are EXI without V2GTP headers, of this schema set")
    form = decode.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="JSON lines")
    form.add_argument("--html", metavar="FILE", help="write one web page that needs nothing else")
    decode.add_argument("--plain", action="store_true", help="no colours")


def _minutes(text: str) -> float:
    """The length of a demo. Raises argparse's own error for anything else."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.5 <= value <= 24 * 60:
        raise argparse.ArgumentTypeError(f"{text!r} is no number within 0.5..1440")
    return value


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port within 1..65535")
    return int(text)
