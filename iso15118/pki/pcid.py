"""Provisioning ids (PCID): what a vehicle is known by where contracts are made for it. 18 capitals and digits, without separators."""

from __future__ import annotations

import re
from typing import Final

from iso15118.errors import LocalError

_FORM: Final = re.compile(r"[0-9A-Z]{18}")
LENGTH: Final = 18


def read_pcid(text: str) -> str:
    """The provisioning id in `text`, as it stands in associated data: capitals, no separators [V2G20-2492]. Raises LocalError."""
    plain = text.upper().replace("-", "").replace(" ", "")
    if not _FORM.fullmatch(plain):
        raise LocalError(f"{text!r:.60} is no provisioning id; allowed: {LENGTH} capitals and digits, such as WMIV1234567890ABCD")
    return plain
