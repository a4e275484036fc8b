"""`python -m tools.trials.charger TRACE CONFIG.toml ...`: the program `chargeloop secc`, whose meter is read by somebody else, too.

TRACE gets a line each 20 ms, from the moment when cars can come: Wh charged and discharged, W, the contactor.
"""

from __future__ import annotations

import asyncio
import os
import sys

from iso15118.cli import main, secc
from iso15118.service.station import Station

EVERY = 0.02


def traced(path: str) -> None:
    """Let the program trace its one outlet there."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    told = secc._Lines.ready

    def ready(lines: secc._Lines, station: Station) -> None:
        def sample() -> None:
            for status in station.status():
                r = status.reading
                os.write(file, f"{r.charged.value:.4f} {r.discharged.value:.4f} {r.power:.1f} {r.contactor.value.name}\n".encode())
                asyncio.get_running_loop().call_later(EVERY, sample)

        sample()
        told(lines, station)

    secc._Lines.ready = ready  # type: ignore[method-assign]


if __name__ == "__main__":
    traced(sys.argv[1])
    sys.exit(main(["secc", *sys.argv[2:]]))
