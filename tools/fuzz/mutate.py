"""Streams that are nearly right: what a bug or an attacker makes of a valid one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

Mutation = Callable[[bytes, Random], bytes]


def _cut(stream: bytes, random: Random) -> bytes:
    return stream[: random.randrange(len(stream))]


def _flip(stream: bytes, random: Random) -> bytes:
    """One to four bits the other way round."""
    number = int.from_bytes(stream, "big")
    for _ in range(random.randint(1, 4)):
        number ^= 1 << random.randrange(len(stream) * 8)
    return number.to_bytes(len(stream), "big")


def _octet(stream: bytes, random: Random) -> bytes:
    """Another octet in one place, most often one at an end of its range."""
    at = random.randrange(len(stream))
    return stream[:at] + bytes([random.choice((0x00, 0x7F, 0x80, 0xFF, random.randrange(256)))]) + stream[at + 1 :]


def _bits(stream: bytes, random: Random) -> bytes:
    """A field of up to 24 bits to all ones or all zeros, at any bit: event codes, enumerations, bounded integers, lengths."""
    size, width = len(stream) * 8, random.randint(1, 24)
    at = random.randrange(size)
    mask = ((1 << min(width, size - at)) - 1) << max(0, size - at - width)
    number = int.from_bytes(stream, "big")
    return (number | mask if random.random() < 0.5 else number & ~mask).to_bytes(len(stream), "big")


def _shift(stream: bytes, random: Random) -> bytes:
    """One to eight bits put in or taken out, so that all behind them means something else."""
    text = format(int.from_bytes(stream, "big"), f"0{len(stream) * 8}b")
    at, count = random.randrange(8, len(text) + 1), random.randint(1, 8)
    text = text[:at] + (format(random.getrandbits(count), f"0{count}b") + text[at:] if random.random() < 0.5 else text[at + count :])
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def _varint(stream: bytes, random: Random) -> bytes:
    """A number or a length of any size at any bit: 127, 128, 2**14, 2**32, 2**63, 2**64 and beyond, or one that never ends."""
    text = format(int.from_bytes(stream, "big"), f"0{len(stream) * 8}b")
    at, octets = random.randrange(8, len(text) + 1), random.choice((1, 2, 5, 9, 10, 11, 40))
    number = "".join(random.choice(("11111111", "10000000")) for _ in range(octets - 1))
    number += random.choice(("01111111", "11111111", "00000001"))
    text = text[:at] + number + text[at + random.choice((0, 8)) :]
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def _twice(stream: bytes, random: Random) -> bytes:
    """A stretch of it once more, up to 40 times: lists that grow beyond their bounds."""
    at = random.randrange(1, len(stream))
    end = min(len(stream), at + random.randint(1, 16))
    return stream[:end] + stream[at:end] * random.choice((1, 2, 40)) + stream[end:]


def _behind(stream: bytes, random: Random) -> bytes:
    return stream + random.randbytes(random.randint(1, 32))


def _header(stream: bytes, random: Random) -> bytes:
    """Other headers: options, a cookie, a later version, anything."""
    return random.choice((b"", b"\x80\x80", b"$EXI\x80", b"\xa0", b"\x90", b"\x9f", random.randbytes(1))) + stream[1:]


def _noise(stream: bytes, random: Random) -> bytes:
    """The header and the root of a message, then anything."""
    return stream[: random.randint(1, 3)] + random.randbytes(random.randint(0, 200))


MUTATIONS: Sequence[Mutation] = (_cut, _behind, _header, _noise, _shift, _twice, *2 * (_flip, _octet, _bits, _varint))


def mutated(streams: Sequence[bytes], random: Random) -> Iterator[bytes]:
    """Endless: one of `streams` after one to three mutations, or the head of one with the tail of another."""
    while True:
        stream = random.choice(streams)
        if random.random() < 0.1:
            other = random.choice(streams)
            stream = stream[: random.randrange(1, len(stream) + 1)] + other[random.randrange(len(other)) :]
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            if len(stream) < 2:
                break
            stream = random.choice(MUTATIONS)(stream, random)
        yield stream
