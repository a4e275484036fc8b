from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.dissect.text import octets_of, transcribe
from iso15118.errors import CodecError
from iso15118.messages.catalogue import SCHEMAS
from iso15118.wire.v2gtp import frame_bytes
from tests.vectors import lines

LINES = [line for line in lines("DC") if line["root"].startswith("DC_")][:6]
FRAMES = [frame_bytes(0x8004, bytes.fromhex(line["exi"])) for line in LINES]
NAMES = [line["root"] for line in LINES]


def names(data: bytes) -> list[str]:
    return [each.name for each in transcribe(data).said]


def test_a_frame_a_line_in_either_form() -> None:
    assert names("\n".join(frame.hex() for frame in FRAMES).encode()) == NAMES
    assert names("\r\n".join(frame.hex(" ").upper() for frame in FRAMES).encode()) == NAMES
    assert names("\n".join(f"0x{frame.hex(':')}" for frame in FRAMES).encode()) == NAMES
    assert names(b"\n".join(base64.b64encode(frame) for frame in FRAMES)) == NAMES


def test_octets_as_they_are() -> None:
    assert names(b"".join(FRAMES)) == NAMES


def test_a_wrapped_dump_comments_and_empty_lines() -> None:
    digits = FRAMES[0].hex()
    wrapped = "\n".join(digits[at : at + 32] for at in range(0, len(digits), 32))
    assert names(f"# what the charger said\n\n{wrapped}\n{FRAMES[1].hex()}\n".encode()) == NAMES[:2]


def test_a_broken_line_costs_no_other() -> None:
    said = transcribe(f"{FRAMES[0].hex()}\nnot hexadecimal!\n{FRAMES[1].hex()[:-4]}\n{FRAMES[2].hex()}".encode()).said
    assert [each.name for each in said] == [NAMES[0], "", "", NAMES[2]]
    assert said[1].problem == "line 2: neither hexadecimal nor base64: not hexadecimal!"
    assert said[2].problem.startswith("frame cut off")
    assert [each.packet for each in said] == [1, 2, 3, 4]


def test_bare_streams_need_their_schema() -> None:
    bare = LINES[0]["exi"]
    (said,) = transcribe(bare.encode()).said
    assert "nothing tells its schema; name it with --schema" in said.problem
    (said,) = transcribe(bare.encode(), SCHEMAS["DC"]).said
    assert (said.name, said.content) == (NAMES[0], LINES[0]["json"])
    (said,) = transcribe(b"80ffff", SCHEMAS["DC"]).said
    assert said.problem.startswith("line 1: ")


def test_nothing_is_a_problem() -> None:
    for data in (b"", b"\n\n", b"# nothing"):
        assert transcribe(data).unread == 1


@pytest.mark.parametrize("text", ["0", "xyz", "=", "0x", "-", ":", ""])
def test_what_is_neither(text: str) -> None:
    with pytest.raises(CodecError, match="neither"):
        octets_of(text + "!")


@given(st.binary(max_size=200))
def test_any_octets_give_a_transcript(data: bytes) -> None:
    transcript = transcribe(data)
    assert transcript.said or transcript.problems
    transcribe(data.hex().encode())
    transcribe(data, SCHEMAS["DC"])


@pytest.mark.parametrize("data", [b"\x7fELF\n\0\n\1\n", b"\x80\x0c\n\n", "01fe".encode("utf-16")])
def test_octets_that_are_no_text_are_one_problem(data: bytes) -> None:
    found = transcribe(data)
    assert found.unread == 1
    assert found.problems[0].startswith("neither a capture nor text: ")


def test_a_long_stream_of_broken_frames_is_read_in_pieces() -> None:
    found = transcribe((frame_bytes(0x8004, b"") + b"?") * 8000)
    assert found.unread == pytest.approx(16_000, abs=4)
