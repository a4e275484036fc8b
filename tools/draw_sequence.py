"""Writes docs/sequence.md from the sequence table, so that the picture cannot differ from what is obeyed."""

from __future__ import annotations

from pathlib import Path

from iso15118.sequence.phases import Phase
from iso15118.sequence.table import EVERY, ROWS, Row, Transfer, diagram

TARGET = Path(__file__).parents[1] / "docs" / "sequence.md"


def page() -> str:
    """The page: diagram, then the rows."""
    rows = "\n".join(f"| {row.phase} | {row.request.__name__} | {row.outcome} | {row.next} | {_where(row)} |" for row in ROWS)
    return f"""# The order of messages

Drawn by `tools/draw_sequence.py` from `iso15118/sequence/table.py`. The charger waits in a phase for what the car is about to send; a
request without a row is refused with FAILED_SequenceError by the charger, and never sent by our car. {len(Phase)} phases, {len(ROWS)} rows.

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
"""


def _where(row: Row) -> str:
    """The kinds of transfer a row holds for."""
    return "all" if row.transfers == EVERY else ", ".join(transfer for transfer in Transfer if transfer in row.transfers)


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
