"""Messages with their EXI streams, as other codecs agree on them. What a line holds: README.md."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@cache
def lines(name: str) -> tuple[dict[str, Any], ...]:
    """The objects of one file, in order; `name` without its suffixes."""
    with gzip.open(HERE / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return tuple(json.loads(line) for line in file)
