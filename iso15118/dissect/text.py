"""The transcript of octets that somebody has copied as text, hexadecimal or base64, or has saved as they are."""

from __future__ import annotations

import binascii
import re
from contextlib import suppress
from typing import Final

from iso15118.dissect.transcript import START, Reader, Said, Transcript, told
from iso15118.errors import CodecError
from iso15118.exi import Schema
from iso15118.exi.schema import HEADER

_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")
PIECE: Final = 65536
"""Octets read at a time, as many as a packet has at most: looking for a header costs no more than one of them."""
_NAME: Final = "frame in hexadecimal or base64"


def transcribe(data: bytes, schema: Schema | None = None) -> Transcript:
    """V2GTP frames, or with `schema` bare EXI streams, one a line.

    A line that begins with a V2GTP header begins a frame, another one continues it, so that a wrapped dump is read too. Lines that are
    empty or begin with # are skipped. Octets that begin with a V2GTP header themselves are no text: they are read as one stream.
    Other octets that are no text are one problem, not one a line.
    """
    if data.startswith(START):
        return Transcript(said=_frames([(1, data)]))
    if b"\0" in data or data[:1] == bytes([HEADER]):
        return Transcript(problems=(f"neither a capture nor text: {data[:8].hex(' ')} ...; a {_NAME} a line is wanted",))
    said: list[Said] = []
    blocks: list[tuple[int, bytes]] = []
    for number, line in enumerate(data.decode("utf-8", errors="replace").splitlines(), 1):
        word = line.strip().strip("\ufeff\"'")
        if not word or word.startswith("#"):
            continue
        try:
            octets = octets_of(word)
        except CodecError as error:
            said.append(Said(packet=number, problem=f"line {number}: {error}"))
            continue
        if schema is not None:
            said.append(_bare(octets, number, schema))
        elif octets.startswith(START) or not blocks:
            blocks.append((number, octets))
        else:
            blocks[-1] = (blocks[-1][0], blocks[-1][1] + octets)
    said += _frames(blocks)
    if not said:
        return Transcript(problems=(f"empty: a capture, or a {_NAME} a line is wanted",))
    return Transcript(said=tuple(sorted(said, key=lambda each: each.packet)))


def octets_of(text: str) -> bytes:
    """Octets written in hexadecimal (0x, white space and colons allowed) or in base64. Raises CodecError for anything else."""
    octets = b""
    digits = re.sub(r"^0x|[\s:]", "", text)
    with suppress(ValueError):  # binascii.Error is one
        octets = bytes.fromhex(digits) if _HEX.fullmatch(digits) else binascii.a2b_base64("".join(text.split()), strict_mode=True)
    if not octets:
        raise CodecError(f"neither hexadecimal nor base64: {text:.40}")
    return octets


def _frames(blocks: list[tuple[int, bytes]]) -> tuple[Said, ...]:
    """All frames are of one conversation, both ways; each block stands for itself, so that a broken one costs no other."""
    reader, said = Reader(), list[Said]()
    for number, octets in blocks:
        if octets[0] == HEADER:
            what = "EXI without a V2GTP header: nothing tells its schema; name it with --schema"
            said.append(Said(packet=number, octets=octets, problem=f"line {number}: {what}"))
            continue
        for at in range(0, len(octets), PIECE):
            said += reader.feed(octets[at : at + PIECE], time=None, packet=number, from_car=None)
        said += reader.end(time=None, packet=number)
    return tuple(said)


def _bare(octets: bytes, number: int, schema: Schema) -> Said:
    try:
        return told(schema.decode(octets), schema.name, {"packet": number, "octets": octets})
    except CodecError as error:
        return Said(packet=number, octets=octets, problem=f"line {number}: {error}")
