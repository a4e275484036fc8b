"""What is mutated: the streams of the vectors, and lines of the regressions that once broke something."""

from __future__ import annotations

import json
from pathlib import Path

from iso15118.messages.catalogue import SCHEMAS
from tests.vectors import lines

REGRESSIONS = Path("tests/exi/regressions.jsonl")


def documents(schema: str) -> list[bytes]:
    """The messages of a set; none for a set whose elements are only parts of messages."""
    return [bytes.fromhex(line["exi"]) for line in lines(schema)] if schema != "XMLDSIG" else []


def fragments(schema: str) -> list[bytes]:
    """The fragments of a set."""
    both = (line for name in ("fragments", "fragments_der") for line in lines(name))
    return [bytes.fromhex(line["exi"]) for line in both if line["schema"] == schema]


def regressions() -> list[dict[str, str]]:
    """Streams that broke something once, each with its `schema`, `exi` and `why`; `fragment` if it is one."""
    return [json.loads(line) for line in REGRESSIONS.read_text(encoding="utf-8").splitlines()]


def keep(schema: str, stream: bytes, why: str, *, fragment: bool) -> None:
    """Add a regression. Raises OSError."""
    line = {"schema": schema, "exi": stream.hex(), "why": why} | ({"fragment": "yes"} if fragment else {})
    with REGRESSIONS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def seeds() -> list[tuple[str, bool, list[bytes]]]:
    """Every set with its documents, then every set with its fragments: name, whether fragments, streams."""
    both = [(name, False, documents(name)) for name in SCHEMAS] + [(name, True, fragments(name)) for name in SCHEMAS]
    return [each for each in both if each[2]]
