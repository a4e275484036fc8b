"""What one reads of a message at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from iso15118.dissect.transcript import Said

DEEPEST: Final = 3
LONGEST: Final = 24
"""Characters of one value."""


def gist(said: Said, width: int = 100) -> str:
    """Why it was not read; or the response code, then as many of its values, in schema order, as `width` characters hold."""
    if said.problem:
        return said.problem
    words = [said.response_code] if said.response_code else []
    used = sum(map(len, words))
    for word in _words(said.inner, 0):
        used += len(word) + 2
        if used > width:
            break
        words.append(word)
    return "  ".join(words)


def _words(content: Mapping[str, Any], depth: int) -> Iterator[str]:
    for name, value in content.items():
        if name in ("Header", "ResponseCode"):
            continue
        if isinstance(value, Mapping):
            scaled = number(value)
            if scaled:
                yield f"{name}={scaled}"
            elif depth < DEEPEST:
                yield from _words(value, depth + 1)
        elif isinstance(value, list):
            yield f"{name}[{len(value)}]"
        else:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            yield f"{name}={text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}"


def number(value: Mapping[str, Any]) -> str:
    """A RationalNumber as digits, a PhysicalValue with its unit; "" for anything else."""
    exponent, digits, unit = value.get("Exponent", value.get("Multiplier")), value.get("Value"), value.get("Unit", "")
    if not isinstance(exponent, int) or not isinstance(digits, int) or len(value) > 3:
        return ""
    return f"{Decimal(digits).scaleb(exponent).normalize():f}{f' {unit}' if unit else ''}"
