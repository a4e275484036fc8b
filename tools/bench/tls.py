"""What mutual TLS 1.3 costs on secp521r1: seconds from nothing to a charger's first answer, and of an answer in the charge loop.

Beside it the echo behind asyncio's own TLS, with the same certificates, asked by the same client (the standard library's, on a blocking
socket).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from iso15118.pki.tree import make_tree
from iso15118.service.pki.folder import write
from iso15118.session.services import ControlMode
from tools.bench.measure import Goal, Progress, Row, Table, Timing, micro
from tools.bench.peer import Visit, echo_greeted, echoed, greeted
from tools.bench.server import bare_tls
from tools.bench.serving import server

MOST = 3.0
"""The goal: a charge-loop answer takes at most so many times the echo, by medians."""
BREATH = 0.24
"""s between a charge-loop answer and the next request, at a car's pace."""
LOOPS = 40
HANDSHAKES = 100


@contextmanager
def certificates() -> Iterator[Path]:
    """A folder of them for charger and car, for the length of the block."""
    with TemporaryDirectory(prefix="chargeloop-bench-") as name:
        write(make_tree(now=datetime.now(UTC)), folder := Path(name) / "pki")
        yield folder


def bench(repeats: int, calls: int, progress: Progress) -> Table:
    """A row for the handshake and one for the charge loop in each control mode. Raises OSError or ValueError where a server fails."""
    shakes = max(10, HANDSHAKES * calls // 2_000)
    ours: defaultdict[str, list[Timing]] = defaultdict(list)
    echo: defaultdict[str, list[Timing]] = defaultdict(list)
    with certificates() as folder, server("session", str(folder)) as charger, server("echo", str(folder)) as echoing:
        client = bare_tls(folder, "vehicle")
        if client is None:
            raise OSError("no certificates")
        for repeat in range(repeats):
            progress(f"tls: repeat {repeat + 1} of {repeats}")
            ours["to the first answer"].append(Timing.of([greeted(charger.port, client) for _ in range(shakes)]))
            echo["to the first answer"].append(Timing.of([echo_greeted(echoing.port, client) for _ in range(shakes)]))
            for mode in ControlMode:
                visit = Visit(charger.port, mode, BREATH, tls=client)
                visit.run(LOOPS)
                (name,) = (name for name in visit.times if name.startswith("DC_ChargeLoop"))
                ours[name].append(Timing.of(visit.times[name]))
                echo[name].append(Timing.of(echoed(echoing.port, *visit.sizes[name], LOOPS, BREATH, tls=client)))
    rows = [_row(name, Timing.median(ours[name]), Timing.median(echo[name])) for name in ours]
    loops = [name for name in ours if name.startswith("DC_ChargeLoop")]
    goals = tuple(Goal(f"{name}, times the echo", Timing.median(ours[name]) / Timing.median(echo[name]), MOST) for name in loops)
    title = f"us over loopback, mutual TLS 1.3 on secp521r1; median of {repeats} times {shakes} handshakes, or {LOOPS} charge loops"
    return Table("tls", title, ("what", "p50", "p99", "echo p50", "echo p99", "ratio"), tuple(rows), goals=goals)


def _row(name: str, own: Timing, echo: Timing) -> Row:
    figures = (own.p50, own.p99, echo.p50, echo.p99)
    told: dict[str, object] = dict(zip(("p50_s", "p99_s", "echo_p50_s", "echo_p99_s"), figures, strict=True))
    return Row((name, *map(micro, figures), f"{own / echo:.2f}"), {"what": name, "ratio": own / echo, **told})
