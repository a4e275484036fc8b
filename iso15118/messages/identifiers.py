"""Identifiers that people read, and the check characters in them.

Doubts are for logs and reports. Nobody is refused for them: contracts with wrong check characters are out in the field and are paid for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from iso15118.errors import LocalError

_CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_EMAID: Final = re.compile(r"[A-Z]{2}[0-9A-Z]{3}[0-9A-Z]{9}[0-9A-Z]?")
_PCID: Final = re.compile(r"[0-9A-Z]{18}")
_SEPARATORS: Final = str.maketrans("", "", "-")


def canonical(identifier: str) -> str:
    """Without separators and in capitals: two ways to write one eMAID or PCID compare equal."""
    return identifier.translate(_SEPARATORS).upper()


def check_character(characters: str) -> str:
    """The character that makes `characters` followed by it an eMAID with the right check.

    Each character is two digits modulo 2 and two modulo 3; at position i they are multiplied by the i-th power of one matrix each, and
    everything sums up to 0 (eMI3, part 2; ISO 15118-2, annex H). `characters`: digits and capitals. Raises LocalError on anything else.
    """
    so_far = _sum(characters)
    return next(last for last in _CHARACTERS if not any(_sum([last], len(characters), so_far)))  # powers of the matrices have an inverse


def _sum(characters: Iterable[str], position: int = 0, start: tuple[int, int, int, int] = (0, 0, 0, 0)) -> tuple[int, int, int, int]:
    """`start` and what the characters add to it, the first standing behind `position` others."""
    a, b, c, d = start
    for i, character in enumerate(characters, position + 1):
        index = _CHARACTERS.find(character)
        if index < 0:
            raise LocalError(f"{character!r} has no place in an eMAID: digits and capitals are wanted")
        two, three = divmod(index, 9)
        p, q, r, s = two // 2, two % 2, three // 3, three % 3
        for _ in range(i):
            p, q = q, (p + q) % 2
            r, s = s, (r + 2 * s) % 3
        a, b, c, d = (a + p) % 2, (b + q) % 2, (c + r) % 3, (d + s) % 3
    return a, b, c, d


def emaid_doubt(emaid: str) -> str:
    """What is wrong with the eMAID of a contract: its form, or its check character if it has one; "" if nothing is.

    Country (2 letters), provider (3), instance (9), check character (may be left out); separators and case do not count.
    """
    bare = canonical(emaid)
    if not _EMAID.fullmatch(bare):
        return f"{emaid!r} is no eMAID: two letters and 12 letters or digits are wanted, and perhaps a check character"
    if len(bare) == 14:
        return ""
    return _checked(emaid, bare)


def pcid_doubt(pcid: str) -> str:
    """What is wrong with a provisioning certificate id, 18 characters with separators left out [V2G20-2492]; "" if nothing is.

    The check character is computed as that of an eMAID; whether the standard means just that could not be verified with a real one.
    """
    bare = canonical(pcid)
    return _checked(pcid, bare) if _PCID.fullmatch(bare) else f"{pcid!r} is no PCID: 18 letters and digits are wanted"


def _checked(told: str, bare: str) -> str:
    right = check_character(bare[:-1])
    return "" if right == bare[-1] else f"{told!r} has the check character {bare[-1]}, computed is {right}"


def session_id(text: str) -> bytes:
    """The SessionID written as `text`, 16 hexadecimal digits. Raises LocalError on anything else."""
    try:
        octets = bytes.fromhex(text)
    except ValueError:
        octets = b""
    if len(octets) != 8:
        raise LocalError(f"{text!r} is no SessionID: 16 hexadecimal digits are wanted")
    return octets


def evcc_id(octets: bytes) -> str:
    """The EVCCID of the older editions as people write it, a MAC address: `02:00:00:AB:CD:EF`.

    DIN 70121 has room for 8 octets; the two that many cars fill up with zeros, before or behind, are left out.
    """
    if len(octets) == 8 and (octets.startswith(b"\0\0") or octets.endswith(b"\0\0")):
        octets = octets[2:] if octets.startswith(b"\0\0") else octets[:-2]
    return octets.hex(":").upper()
