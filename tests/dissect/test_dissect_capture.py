from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.dissect.capture import Capture, Packet, is_capture, read_capture
from iso15118.errors import CodecError
from iso15118.wire import pcapng

FRAMES = [bytes(range(20)), b"", b"x" * 61]


def pcap(order: str = "<", *, nano: bool = False, link: int = 1) -> bytes:
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    head = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    part = 250_000_000 if nano else 250_000
    return head + b"".join(struct.pack(f"{order}IIII", 100 + i, part, len(f), 9999) + f for i, f in enumerate(FRAMES))


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(f"{order}I", 12 + len(body))
    return struct.pack(f"{order}I", kind) + length + body + length


def section(order: str) -> bytes:
    return block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order: str, link: int, *, snap: int = 0, options: bytes = b"") -> bytes:
    return block(order, 1, struct.pack(f"{order}HHI", link, 0, snap) + options)


def enhanced(order: str, number: int, stamp: int, octets: bytes) -> bytes:
    return block(order, 6, struct.pack(f"{order}IIIII", number, stamp >> 32, stamp & 0xFFFFFFFF, len(octets), len(octets)) + octets)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_pcap(order: str, nano: bool) -> None:
    expected = tuple(Packet(i + 1, 100.25 + i, 1, f) for i, f in enumerate(FRAMES))
    assert read_capture(pcap(order, nano=nano)) == Capture(expected)


def test_what_is_written_is_read() -> None:
    data = (
        pcapng.section() + pcapng.secrets("CLIENT_RANDOM a b\n") + pcapng.packet(1_780_000_000.5, FRAMES[0]) + pcapng.packet(3, FRAMES[2])
    )
    assert read_capture(data) == Capture((Packet(1, 1_780_000_000.5, 1, FRAMES[0]), Packet(2, 3.0, 1, FRAMES[2])), "CLIENT_RANDOM a b\n")


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_of_several_sections_and_interfaces(order: str) -> None:
    resolution = struct.pack(f"{order}HHB3x", 9, 1, 0x80 | 10)
    offset = struct.pack(f"{order}HHq", 14, 8, 1000)
    other = ">" if order == "<" else "<"
    data = (
        section(order)
        + interface(order, 1)
        + interface(order, 101, options=resolution + offset + struct.pack(f"{order}HH", 0, 0))
        + enhanced(order, 0, 5_000_000, b"a")
        + block(order, 0x0BAD, b"unknown")
        + enhanced(order, 1, 2048 + 512, b"b")
        + section(other)
        + interface(other, 113, snap=2)
        + block(other, 3, struct.pack(f"{other}I", 4) + b"cd")
        + block(other, 2, struct.pack(f"{other}HHIIII", 0, 0, 0, 7_000_000, 1, 1) + b"e")
    )
    assert read_capture(data).packets == (
        Packet(1, 5.0, 1, b"a"),
        Packet(2, 1002.5, 101, b"b"),
        Packet(3, 0.0, 113, b"cd"),
        Packet(4, 7.0, 113, b"e"),
    )


@pytest.mark.parametrize("data", [pcap(), section("<") + interface("<", 1) + enhanced("<", 0, 1, b"abc") * 3])
def test_a_file_cut_anywhere_gives_what_is_before_the_cut(data: bytes) -> None:
    whole = read_capture(data)
    assert not whole.problems
    for cut in range(4, len(data)):
        capture = read_capture(data[:cut])
        assert capture.packets == whole.packets[: len(capture.packets)]
        assert capture.problems or len(capture.packets) <= len(whole.packets)
        assert all("\n" not in problem for problem in capture.problems)
    assert "breaks off" in read_capture(data[:-1]).problems[0]


@pytest.mark.parametrize(
    ("tail", "problem"),
    [
        (enhanced("<", 3, 0, b"x"), "interface 3 is not described"),
        (block("<", 6, struct.pack("<IIIII", 0, 0, 0, 99, 99) + b"x"), "a packet of 99 octets in 4"),
        (block("<", 6, b"abc"), "too few for its kind"),
        (struct.pack("<II", 6, 4), "breaks off"),
        (struct.pack("<IIII", 6, 4, 0, 0), "a block of 4 octets"),
        (struct.pack("<IIII", 6, 0xFFFFFFFF, 0, 0), "a block of 4294967295 octets"),
        (b"\x0a\x0d\x0d\x0a" + bytes(24), "a section without a byte order"),
    ],
)
def test_what_cannot_be_ends_the_file_with_a_line(tail: bytes, problem: str) -> None:
    capture = read_capture(section("<") + interface("<", 1) + enhanced("<", 0, 1, b"ok") + tail)
    assert [packet.octets for packet in capture.packets] == [b"ok"]
    assert problem in capture.problems[0]
    assert len(capture.problems) == 1


def test_a_block_that_cannot_be_read_costs_no_other() -> None:
    head, good = section("<") + interface("<", 1), enhanced("<", 0, 1, b"ok")
    capture = read_capture(head + block("<", 6, b"abc") + good + enhanced("<", 3, 0, b"x") + good)
    assert [packet.octets for packet in capture.packets] == [b"ok", b"ok"]
    assert len(capture.problems) == 2
    capture = read_capture(head + block("<", 6, b"abc") * 1000 + good)
    assert (len(capture.packets), len(capture.problems)) == (0, 21)
    capture = read_capture(head + block("<", 1, b"abc") + good)
    assert (len(capture.packets), len(capture.problems)) == (0, 1)


def test_what_is_no_capture() -> None:
    for data in (b"", b"PK\3\4", b"\x01\xfe\x80\x01"):
        assert not is_capture(data)
        with pytest.raises(CodecError, match="neither pcap nor pcapng"):
            read_capture(data)


@given(
    st.sampled_from([pcap()[:24], section("<"), section(">") + interface(">", 1), section("<") + interface("<", 1)]),
    st.binary(max_size=200),
)
def test_any_octets_are_read_without_a_crash(head: bytes, data: bytes) -> None:
    read_capture(head + data)


@given(st.integers(0, 300), st.integers(0, 255))
def test_any_octet_may_be_wrong(at: int, value: int) -> None:
    data = bytearray(section("<") + interface("<", 1, options=struct.pack("<HHB3x", 9, 1, 9)) + enhanced("<", 0, 1, b"abc") * 3)
    data[at % len(data)] = value
    if is_capture(bytes(data)):
        read_capture(bytes(data))
