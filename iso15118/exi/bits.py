"""EXI's built-in values on a stream of bits, each pair of reader and writer side by side.

While it is worked on, a stream is a Python string of "0" and "1": slices are cheap, dictionary look-ups replace shifting and
masking, and the cost stays linear in the input however long it is. A reader takes the stream, a position and the facets and
returns the value and the position behind it; a writer returns the bits. Every length is compared with what is left before
anything is allocated, and every Unsigned Integer is capped.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from iso15118.errors import CodecError

OCTETS: Final = {format(i, "08b"): i for i in range(256)}
BITS: Final = tuple(OCTETS)
UNBOUNDED_OCTETS: Final = 74
"""Cap on an Unsigned Integer without an upper bound (xs:integer): 518 bits, more than any serial number."""


@cache
def _illegal() -> re.Pattern[str]:
    """What XML 1.0 does not allow in a string."""
    return re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _legal(text: str) -> bool:
    """May XML 1.0 hold this? What can be printed may; only the rest is looked at closely."""
    return text.isprintable() or not _illegal().search(text)


def to_bits(data: bytes) -> str:
    """The stream of bits of `data`, most significant bit first."""
    return format(int.from_bytes(data, "big"), f"0{len(data) * 8}b") if data else ""


def to_bytes(bits: str) -> bytes:
    """The octets of a stream, padded with zero bits to a whole octet."""
    size = (len(bits) + 7) // 8
    return (int(bits, 2) << size * 8 - len(bits)).to_bytes(size, "big") if bits else b""


def truncated(name: str, position: int) -> CodecError:
    """The stream ended where `name` should go on."""
    return CodecError("the stream ends here", path=name, bit=position)


def read_unsigned(s: str, p: int, low: int, high: int | None, name: str) -> tuple[int, int]:
    """Unsigned Integer: octets of 7 bits, least significant first. Raises CodecError when it is overlong or outside low..high."""
    octet = OCTETS.get(s[p : p + 8], -1)
    if octet < 128:
        if octet >= low and (high is None or octet <= high):
            return octet, p + 8
    else:  # two or three octets, which most numbers have; all else and what is wrong goes through the loop
        value, q = octet & 127, p + 16
        octet = OCTETS.get(s[p + 8 : q], -1)
        if octet < 128:
            value |= octet << 7
        else:
            q = p + 24
            value |= (octet & 127) << 7
            octet = OCTETS.get(s[p + 16 : q], -1)
            value |= octet << 14
        if 0 < octet < 128 and value >= low and (high is None or value <= high):
            return value, q
    value = shift = 0
    begin = p
    end = p + 8 * (UNBOUNDED_OCTETS if high is None else (high.bit_length() + 6) // 7 or 1)
    while True:
        octet = OCTETS.get(s[p : p + 8], -1)
        if octet < 0:
            raise truncated(name, begin)
        p += 8
        if octet < 128:
            break
        value |= (octet & 127) << shift
        shift += 7
        if p >= end:
            raise CodecError("more octets than its type allows", path=name, bit=begin)
    if shift and not octet:
        raise CodecError("a number longer than it needs to be", path=name, bit=begin)
    value |= octet << shift
    if value < low or (high is not None and value > high):
        raise CodecError(f"{value} is not within {low}..{high}", path=name, bit=begin)
    return value, p


def learn_unsigned(known: dict[str, int], before: int, s: str, p: int, low: int, high: int, name: str) -> tuple[int, int]:
    """As `read_unsigned`; a number of two octets goes into `known` by its bits and `before` bits in front: at most 2**14 ever."""
    value, q = read_unsigned(s, p, low, high, name)
    if q - p == 16:
        known[s[p - before : q]] = value
    return value, q


def write_unsigned(value: int, low: int, high: int | None) -> str:
    """The shortest Unsigned Integer. Raises ValueError outside low..high, TypeError on anything but an int."""
    if type(value) is not int:
        raise TypeError
    if value < low or (high is not None and value > high):
        raise ValueError
    if value < 128:
        return BITS[value]
    if value < 16_384:
        return BITS[value & 127 | 128] + BITS[value >> 7]
    bits = ""
    while value > 127:
        bits += BITS[value & 127 | 128]
        value >>= 7
    return bits + BITS[value]


def read_integer(s: str, p: int, low: int | None, high: int | None, name: str) -> tuple[int, int]:
    """Integer: a sign bit, then the Unsigned Integer of v or of -v-1. Raises CodecError outside low..high."""
    sign = s[p : p + 1]
    if not sign:
        raise truncated(name, p)
    bound = None if low is None or high is None else high if high >= -low - 1 else -low - 1
    value, q = read_unsigned(s, p + 1, 0, bound, name)
    if sign == "1":
        value = -value - 1
    if (low is not None and value < low) or (high is not None and value > high):
        raise CodecError(f"{value} is not within {low}..{high}", path=name, bit=p)
    return value, q


def write_integer(value: int, low: int | None, high: int | None) -> str:
    """Sign and magnitude. Raises ValueError outside low..high, TypeError on anything but an int."""
    if type(value) is not int:
        raise TypeError
    if (low is not None and value < low) or (high is not None and value > high):
        raise ValueError
    return "0" + write_unsigned(value, 0, None) if value >= 0 else "1" + write_unsigned(-value - 1, 0, None)


def read_text(s: str, p: int, low: int, high: int | None, name: str) -> tuple[str, int]:
    """A literal: code points + 2, then each an Unsigned Integer. Raises CodecError on a table hit, length or character it may not have."""
    count, q = read_unsigned(s, p, 0, 2**32, name)
    count -= 2
    if count < 0:
        raise CodecError("a string table hit, which this format does not use", path=name, bit=p)
    if count < low or (high is not None and count > high):
        raise CodecError(f"{count} characters are not within {low}..{'any' if high is None else high}", path=name, bit=p)
    end = q + 8 * count
    if end > len(s):
        raise CodecError(f"{count} characters announced, but the stream ends before", path=name, bit=p)
    if not count:
        return "", q
    octets = int(s[q:end], 2).to_bytes(count, "big")
    if octets.isascii():
        text = octets.decode("ascii")
    else:
        points: list[str] = []
        end = q
        for _ in range(count):
            point, end = read_unsigned(s, end, 0, 0x10FFFF, name)
            points.append(chr(point))
        text = "".join(points)
    if not _legal(text):
        raise CodecError("a character that XML does not allow", path=name, bit=p)
    return text, end


def write_text(value: str, low: int, high: int | None) -> str:
    """The literal form, always. Raises ValueError on a length or character outside the facets, TypeError on anything but a str."""
    if not isinstance(value, str):
        raise TypeError
    count = len(value)
    if count < low or (high is not None and count > high) or not _legal(value):
        raise ValueError
    if value.isascii():
        return write_unsigned(count + 2, 2, None) + to_bits(value.encode("ascii"))
    return write_unsigned(count + 2, 2, None) + "".join(write_unsigned(ord(c), 0, None) for c in value)


def read_binary(s: str, p: int, low: int, high: int | None, name: str) -> tuple[bytes, int]:
    """Octet count, then the octets. Raises CodecError when the count is outside the facets or beyond the stream."""
    count, q = read_unsigned(s, p, 0, 2**32, name)
    if count < low or (high is not None and count > high):
        raise CodecError(f"{count} octets are not within {low}..{'any' if high is None else high}", path=name, bit=p)
    end = q + 8 * count
    if end > len(s):
        raise CodecError(f"{count} octets announced, but the stream ends before", path=name, bit=p)
    return (int(s[q:end], 2).to_bytes(count, "big") if count else b""), end


def write_binary(value: bytes, low: int, high: int | None) -> str:
    """Count and octets. Raises ValueError on a length outside the facets, TypeError on anything but bytes."""
    if not isinstance(value, bytes):
        raise TypeError
    if len(value) < low or (high is not None and len(value) > high):
        raise ValueError
    return write_unsigned(len(value), 0, None) + to_bits(value)
