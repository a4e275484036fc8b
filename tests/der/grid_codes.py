"""Grid codes of the tests, of no grid operator."""

from __future__ import annotations

from typing import Any

from iso15118.der.words import EnterService, Protection
from iso15118.value import replace

ENTER = EnterService(210.0, 240.0, 49.5, 50.1, delay=2.0)
"""V, Hz and s."""


def protection(**enter: Any) -> Protection:
    """Trips by voltage and frequency over time; `enter`: changes of when to enter service."""
    return Protection(
        over_voltage=((0.2, 276.0), (2.0, 253.0)),
        under_voltage=((0.2, 103.5), (2.0, 161.0)),
        over_frequency=((0.2, 52.0), (2.0, 51.5)),
        under_frequency=((0.2, 46.5), (2.0, 48.5)),
        enter=replace(ENTER, **enter),
    )
