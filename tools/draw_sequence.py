"""Writes docs/sequence.md from the sequence table, so that the picture cannot differ from what is obeyed."""

from __future__ import annotations

from pathlib import Path

from iso15118.exi import Message
from iso15118.sequence import streams
from iso15118.sequence.phases import Phase
from iso15118.sequence.streams import Stream
from iso15118.sequence.table import EVERY, ROWS, Outcome, Row, Transfer, diagram

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

## The vehicle as a resource of the grid (AC_DER_IEC, AC_DER_SAE)

As above, but in charge parameter discovery the car may weigh the grid code, and turn to another service.

```mermaid
{diagram(Transfer.AC_DER_IEC)}
```

## The car's side

The same table, as the car goes through it: a state is the response that it waits for, an arrow the request it may send then. Without the
early way out: SessionStopReq may also follow everything between SessionSetupRes and the first PowerDeliveryRes with Start. A timer
or a refusal ends the session from anywhere.

### Direct current

```mermaid
{car_diagram(Transfer.DC)}
```

### Alternating current

```mermaid
{car_diagram(Transfer.AC)}
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


def car_diagram(transfer: Transfer) -> str:
    """The table as the car's awaited responses, as a Mermaid state diagram: an arrow a request that may follow."""
    rows = [row for row in ROWS if transfer in row.transfers and not _early_stop(row)]
    first = rows[0].request
    arrows = [f"    [*] --> {_awaited(first)}: {first.__name__}"]
    for row in rows:
        after = "" if row.outcome is Outcome.DONE else f" ({row.outcome})"
        arrows += [
            f"    {_awaited(row.request)} --> {_awaited(then.request)}: {then.request.__name__}{after}"
            for then in rows
            if then.phase is row.next
        ]
        if row.next is Phase.ENDED:
            arrows.append(f"    {_awaited(row.request)} --> [*]")
    return "\n".join(["stateDiagram-v2", *dict.fromkeys(arrows)])


def _awaited(request: type[Message]) -> str:
    return f"{request.__name__.removesuffix('Req')}Res"


def _early_stop(row: Row) -> bool:
    return row.next is Phase.ENDED and row.phase not in (Phase.WELDING_DETECTION, Phase.SESSION_STOP)


def _where(row: Row | streams.Row) -> str:
    """The kinds of transfer a row holds for."""
    return "all" if row.transfers == EVERY else ", ".join(transfer for transfer in Transfer if transfer in row.transfers)


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
