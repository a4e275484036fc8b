"""Writes docs/sequence.md from the sequence table, so that the picture cannot differ from what is obeyed."""

from __future__ import annotations

from pathlib import Path

from iso15118.sequence import streams
from iso15118.sequence.phases import Phase
from iso15118.sequence.streams import Stream
from iso15118.sequence.table import EVERY, ROWS, Row, Transfer, diagram

TARGET = Path(__file__).parents[1] / "docs" / "sequence.md"


def page() -> str:
    """The page: diagram, then the rows."""
    rows = "\n".join(f"| {row.phase} | {row.request.__name__} | {row.outcome} | {row.next} | {_where(row)} |" for row in ROWS)
    aside = "\n".join(
        f"| {row.stream} | {row.due} | {row.request.__name__} | {row.outcome} | {row.next} | {_where(row)} |" for row in streams.ROWS
    )
    return f"""# The order of messages

Drawn by `tools/draw_sequence.py` from `iso15118/sequence/table.py` and `streams.py`. The charger waits in a phase for what the car is
about to send; a request without a row is refused with FAILED_SequenceError by the charger, and never sent by our car. {len(Phase)}
phases, {len(ROWS)} rows.

## Direct current (DC, DC_BPT, MCS, MCS_BPT)

```mermaid
{diagram(Transfer.DC)}
```

## Alternating current (AC, AC_BPT)

```mermaid
{diagram(Transfer.AC)}
```

## The rows

| phase | request | answered with | next | transfer |
|---|---|---|---|---|
{rows}

## Beside the main stream

Side streams have payload types, an outstanding request and timers of their own. They open with the first pair of the charge loop and end
with it; the loop goes on meanwhile. The parking status opens when that value-added service is selected, whatever energy does.

### Schedule renegotiation (0x8101)

```mermaid
{streams.diagram(Stream.SCHEDULE)}
```

### Metering confirmation (0x8102)

```mermaid
{streams.diagram(Stream.METERING)}
```

### Parking status (0x8104)

```mermaid
{streams.diagram(Stream.PARKING)}
```

| stream | awaited | request | answered with | next | transfer |
|---|---|---|---|---|---|
{aside}
"""


def _where(row: Row | streams.Row) -> str:
    """The kinds of transfer a row holds for."""
    return "all" if row.transfers == EVERY else ", ".join(transfer for transfer in Transfer if transfer in row.transfers)


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
