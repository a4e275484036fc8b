"""The counterparty as a process, and what its log says of a session. Both of its programs exit with 0 whatever happened, so the log
decides. Set up by `setup.sh`; the hardware behind it is in `peer/`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

SERVICE_IDS = {"ac": 1, "dc": 2, "ac_bpt": 5, "dc_bpt": 6}
READY = "UDP server started"
"""Its charger answers SDP."""
OVER = ("Reason: ", "SDPRequest was not successful")
"""Its session has ended, or has never begun. After that it lingers for five seconds or for ever."""
PEER = Path(__file__).parent / "peer"

_WELL = "Reason: Communication session terminated"
_STOPPED = re.compile(r'"SessionStopRes".*"ResponseCode": ?"OK"')
_LOOP = re.compile(r'"(AC|DC)_ChargeLoopRes"')
_FLOW = re.compile(r'"EVSEPresent(?:Current|ActivePower(?:_L[23])?)": ?\{"Exponent": ?(-?\d+), ?"Value": ?(-?\d+)\}')
_REFUSED = re.compile(r'"ResponseCode": ?"(FAILED\w*)')
_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}")
_SAID = re.compile(r'\{"(supportedAppProtocolRes|SessionStopRes)"')


@dataclass(frozen=True, slots=True)
class Story:
    """A session as the counterparty saw it. `flow`: the least and the most in the charge loop, + into the vehicle; A, or W of AC."""

    problems: tuple[str, ...]
    loops: int
    seconds: float
    flow: tuple[float, float]


def home() -> Path:
    """Where it is installed: PEER_DIR, or a folder in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("PEER_DIR") or cache / "iso15118-peer")


PASSWORD = "12345"
"""Of all keys in its PKI."""


def pki() -> Path:
    """Its certificates, in its own layout; of that name for every edition. Curve secp256r1 throughout."""
    return home() / "pki/iso15118_2"


def protocol(mode: str) -> str:
    """Its name for the messages of a mode."""
    return f"ISO_15118_20_{mode[:2].upper()}"


def environment(interface: str, mode: str, *, tls: bool = False) -> Mapping[str, str]:
    """What its programs are told; nothing of our own Python environment."""
    ours = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")}
    return ours | {
        "NETWORK_INTERFACE": interface,
        "PROTOCOLS": protocol(mode),
        "AUTH_MODES": "EIM",
        "SECC_ENFORCE_TLS": str(tls),
        "ENABLE_TLS_1_3": str(tls),
        "PKI_PATH": f"{pki().parent}/",
        "LOG_LEVEL": "INFO",  # the story is read from it
    }


def charger() -> list[str]:
    """Its charger, for one session after another."""
    return [str(home() / "venv/bin/python"), str(PEER / "charger.py")]


def car(mode: str, loops: int, folder: Path, *, tls: bool = False, as_published: bool = False) -> list[str]:
    """Its car, for one session of about `loops` charge loops. `as_published`: with the voltages and currents of the package."""
    settings = {
        "supportedProtocols": [protocol(mode)],
        "supportedEnergyServices": [mode.upper()],
        "useTls": tls,
        "enforceTls": tls,
        "isCertInstallNeeded": False,
        "sdpRetryCycles": 1,
        "chargeLoopCycle": loops,
        "chargeLoopDelay": 0,
    }
    file = folder / "car.json"
    file.write_text(json.dumps(settings), encoding="utf-8")
    program = ["-m", "iso15118.evcc.main"] if as_published else [str(PEER / "car.py")]
    return [str(home() / "venv/bin/python"), *program, str(file)]


def over(log: str) -> bool:
    """Has the session of this log come to its end, good or bad?"""
    return any(word in log for word in OVER)


def story(log: str, mode: str, control: str) -> Story:
    """What happened in a log that holds one session. `mode` and `control`: in which service and control mode it was to be."""
    lines = log.splitlines()
    loops = [_flow(line) for line in lines if _LOOP.search(line)]
    problems = []
    if _WELL not in log:
        told = [line.partition("Reason: ")[2] for line in lines if "Reason: " in line]
        problems.append(told[-1][:300] if told else "its session has not ended")
    if not _STOPPED.search(log):
        problems.append("no SessionStopRes with OK")
    if f'"SelectedEnergyTransferService":{{"ServiceID":{SERVICE_IDS[mode]},' not in log.replace(": ", ":"):
        problems.append(f"energy service {SERVICE_IDS[mode]} was not selected")
    if refused := _REFUSED.search(log):
        problems.append(f"response code {refused[1]}")
    if not loops:
        problems.append("no charge loop")
    if any(f"{control.title()}_{mode[:2].upper()}_CLResControlMode" not in line for line in lines if _LOOP.search(line)):
        problems.append(f"a charge loop that is not in {control} mode")
    said = [found[0] for line in lines if _SAID.search(line) and (found := _STAMP.search(line))]
    stamps = [datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S,%f") for stamp in said]
    seconds = (stamps[-1] - stamps[0]).total_seconds() if stamps else 0.0
    return Story(tuple(problems), len(loops), seconds, (min(loops, default=0.0), max(loops, default=0.0)))


def _flow(line: str) -> float:
    """Present current, or power of all phases, of a charge loop response."""
    return sum(int(value) * 10.0 ** int(exponent) for exponent, value in _FLOW.findall(line))
