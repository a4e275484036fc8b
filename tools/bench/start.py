"""How soon a charger is there, and how much memory it holds: `chargeloop secc` from the start of its process until it has answered a
discovery request, beside an interpreter that does nothing, and one that only imports what every server imports.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from iso15118.wire.sdp import SdpRequest, Security
from tools.bench.measure import Goal, Progress, Row, Table

READY, MEMORY = 0.35, 50.0
"""The goals: s, and MB (of 2**20 octets)."""
IDLE = 1.5
"""s the charger is left alone before its memory is read: what it makes ready while idle belongs to it."""
PATIENCE = 20.0
ASK_EVERY = 0.002
BASELINES = {"python -c pass": "pass", "python -c 'import asyncio, ssl'": "import asyncio, ssl"}


@dataclass(frozen=True, slots=True)
class Start:
    """One start. `seconds` until ready (a baseline: until over), `memory` and `peak` resident octets."""

    seconds: float
    memory: int
    peak: int


def bench(repeats: int, calls: int, progress: Progress) -> Table:
    """Medians over twice the repeats. Raises OSError where the charger does not come up."""
    found: dict[str, list[Start]] = {name: [] for name in (*BASELINES, "chargeloop secc")}
    times = 2 * repeats if calls > 500 else repeats
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "charger.toml"
        config.write_text('insecure_plain_tcp = true\n\n[[evse]]\nid = "DE*CLP*EBENCH"\ninterface = "lo"\n', encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment = {**kept, "PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode")}
        _charger(config, environment)  # not timed: bytecode is written, as an installed charger has it
        for repeat in range(times):
            progress(f"start: {repeat + 1} of {times}")
            for name, program in BASELINES.items():
                found[name].append(_baseline(program))
            found["chargeloop secc"].append(_charger(config, environment))
    medians = {name: _median(starts) for name, starts in found.items()}
    least = medians["python -c pass"]
    rows = tuple(_row(name, start, least) for name, start in medians.items())
    charger = medians["chargeloop secc"]
    goals = (Goal("ready after", charger.seconds, READY, "s"), Goal("resident memory", charger.memory / 2**20, MEMORY, "MB"))
    title = (
        f"s from the process's start to its first SDP answer (baselines: to their end), MB resident after {IDLE} s idle; median of {times}"
    )
    return Table("start", title, ("process", "s", "times the least", "MB", "peak MB"), rows, goals=goals)


def _median(starts: list[Start]) -> Start:
    return Start(
        statistics.median(s.seconds for s in starts),
        round(statistics.median(s.memory for s in starts)),
        round(statistics.median(s.peak for s in starts)),
    )


def _row(name: str, start: Start, least: Start) -> Row:
    ratio = start.seconds / least.seconds
    cells = (name, f"{start.seconds:.3f}", f"{ratio:.1f}", f"{start.memory / 2**20:.1f}", f"{start.peak / 2**20:.1f}")
    return Row(
        cells, {"process": name, "seconds": start.seconds, "ratio": ratio, "resident_octets": start.memory, "peak_octets": start.peak}
    )


def _baseline(program: str) -> Start:
    """Timed as it is; its memory is told by another run, since what the system says of a child includes what forked it."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    seconds = time.perf_counter() - began
    telling = f"{program}\nprint(open('/proc/self/status', encoding='ascii').read())"
    told = subprocess.run([sys.executable, "-c", telling], check=True, capture_output=True, text=True).stdout
    return Start(seconds, *_memory(told))


def _memory(status: str) -> tuple[int, int]:
    """Resident octets, now and at most, by a process's `/proc/PID/status`."""
    values = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return int(values["VmRSS"].split()[0]) * 1024, int(values["VmHWM"].split()[0]) * 1024


def _charger(config: Path, environment: Mapping[str, str]) -> Start:
    port = _free_udp_port()
    script = Path(sys.executable).with_name("chargeloop")
    command = [str(script)] if script.exists() else [sys.executable, "-m", "iso15118"]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, "secc", str(config), "--sdp-port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        ready = _until_found(process, port) - began
        time.sleep(IDLE)
        memory = _memory(Path(f"/proc/{process.pid}/status").read_text("ascii"))
    finally:
        process.terminate()
        process.communicate()
    return Start(ready, *memory)


def _until_found(process: subprocess.Popen[str], port: int) -> float:
    """When the first answer came. Raises OSError if none does."""
    request = SdpRequest(Security.NONE).to_datagram()
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.settimeout(ASK_EVERY)
        until = time.perf_counter() + PATIENCE
        while time.perf_counter() < until:
            if process.poll() is not None:
                raise OSError(f"the charger ended with {process.returncode}: {process.stderr.read() if process.stderr else ''}")
            sock.sendto(request, ("::1", port))
            try:
                sock.recv(1024)
            except TimeoutError:
                continue
            return time.perf_counter()
    raise OSError(f"the charger has not answered within {PATIENCE:.0f} s")


def _free_udp_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind(("::1", 0))
        return int(sock.getsockname()[1])
