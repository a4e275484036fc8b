"""`chargeloop ledger FILE`: transactions and faults that a charger has kept, as tables or as JSON."""

from __future__ import annotations

import json
import time
from argparse import Namespace
from pathlib import Path
from typing import Any, Final

from iso15118.cli.report import write
from iso15118.errors import LocalError
from iso15118.service.ledger_records import Books, Closed, Found, Reset, Transaction, read
from iso15118.units import KWH, Second

_TRANSACTIONS: Final = ("transaction", "outlet", "from (UTC)", "until", "vehicle", "contract", "charged kWh", "discharged kWh", "ended")
_FAULTS: Final = ("out of order", "since (UTC)", "reset", "fault")
_NUMBERS: Final = ("transaction", "charged kWh", "discharged kWh")


def run(arguments: Namespace) -> int:
    """0, or 1 where a record is damaged. Raises LocalError for a file that cannot be read, or is no ledger."""
    path = Path(arguments.file)
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise LocalError(f"{path}: cannot be read: {error.strerror}") from None
    found = read(octets)
    if octets and not found.records:
        raise LocalError(f"{path}: no record in it; allowed: the ledger of a charger")
    transactions, faults = told(found)
    if arguments.json:
        write(json.dumps({"transactions": transactions, "faults": faults, "damaged": len(found.damaged)}))
        return 1 if found.damaged else 0
    _table(_TRANSACTIONS, [_transaction(each) for each in transactions])
    if faults:
        write("")
        _table(_FAULTS, [(each["outlet"], _time(each["from"]), _time(each["reset"]), each["fault"]) for each in faults])
    if found.damaged:
        write(f"damaged records: {len(found.damaged)}")
    return 1 if found.damaged else 0


def told(found: Found) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Transactions and faults, the oldest first: energies in Wh, times in s since the epoch; None where one goes on."""
    books = Books()
    for record in found.records:
        books.add(record)
    closed = [record for record in found.records if isinstance(record, Closed)]
    transactions = [*map(_fields, closed), *map(_fields, books.going_on.values())]
    past = [(record.latched, record.at) for record in found.records if isinstance(record, Reset)]
    faults = [*past, *((latched, None) for latched in books.latches.values())]
    return (
        sorted(transactions, key=lambda each: int(each["transaction"])),
        [
            {"outlet": latched.outlet, "fault": str(latched.fault), "from": latched.at, "reset": reset}
            for latched, reset in sorted(faults, key=lambda each: each[0].number)
        ],
    )


def _fields(each: Closed | Transaction) -> dict[str, Any]:
    opened, last = each.opened, each if isinstance(each, Closed) else each.last
    over = last if isinstance(last, Closed) else None
    return {
        "transaction": opened.number,
        "outlet": opened.outlet,
        "vehicle": opened.vehicle,
        "contract": opened.contract,
        "session": opened.session,
        "meter": opened.meter,
        "from": opened.at,
        "until": None if over is None else over.taken,
        "meter_from": {"charged": opened.charged, "discharged": opened.discharged},
        "meter_until": {"charged": last.charged, "discharged": last.discharged},
        "charged": last.charged - opened.charged,
        "discharged": last.discharged - opened.discharged,
        "why": None if over is None else over.why,
        "clean": None if over is None else over.clean,
    }


def _transaction(each: dict[str, Any]) -> tuple[str, ...]:
    """A row of the table."""
    kwh = [f"{each[name] / KWH:.3f}" for name in ("charged", "discharged")]
    words = [each[name] or "-" for name in ("vehicle", "contract")]
    number, ended = str(each["transaction"]), "goes on" if each["why"] is None else each["why"]
    return number, each["outlet"], _time(each["from"]), _time(each["until"]), *words, *kwh, ended


def _time(at: Second | None) -> str:
    return "-" if at is None else time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Columns as wide as what stands in them, numbers on the right."""
    lines = [heads, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        cells = (
            cell.rjust(width) if head in _NUMBERS else cell.ljust(width) for head, cell, width in zip(heads, line, widths, strict=True)
        )
        write("  ".join(cells).rstrip())
