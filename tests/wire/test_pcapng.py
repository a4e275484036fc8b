from __future__ import annotations

import struct

from iso15118.wire import pcapng
from iso15118.wire.pcapng import Place, TcpStream

CAR, CHARGER = Place("fe80::1", 50000), Place("fe80::2%veth0", 60000)


def blocks(data: bytes) -> list[tuple[int, bytes]]:
    """Kind and body of each block; both lengths of each agree."""
    found = []
    while data:
        kind, length = struct.unpack_from("<II", data)
        assert length % 4 == 0
        assert struct.unpack_from("<I", data, length - 4)[0] == length
        found.append((kind, data[8 : length - 4]))
        data = data[length:]
    return found


def frames(data: bytes) -> list[bytes]:
    return [body[20 : 20 + struct.unpack_from("<I", body, 12)[0]] for kind, body in blocks(data) if kind == 6]


def checked(frame: bytes) -> bool:
    """Is the checksum right? Over the pseudo-header and everything it comes to all ones (RFC 1071)."""
    ip = frame[14:]
    body = ip[40:]
    octets = ip[8:40] + struct.pack(">II", len(body), ip[6]) + body
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total == 0xFFFF


def test_a_file_begins_with_a_section_and_an_interface_in_nanoseconds() -> None:
    (head, section), (kind, interface) = blocks(pcapng.section())
    assert (head, section[:4], kind) == (0x0A0D0D0A, b"\x4d\x3c\x2b\x1a", 1)
    assert struct.unpack_from("<HHI", interface) == (1, 0, 0)
    assert interface[8:13] == b"\x09\0\x01\0\x09"


def test_secrets() -> None:
    ((kind, body),) = blocks(pcapng.secrets("CLIENT_RANDOM x\n"))
    assert (kind, body[:4], body[8:24]) == (10, b"KSLT", b"CLIENT_RANDOM x\n")


def test_time_is_kept_to_the_nanosecond() -> None:
    ((_, body),) = blocks(pcapng.packet(2.000000001, b"x"))
    high, low = struct.unpack_from("<II", body, 4)
    assert high << 32 | low == 2_000_000_001


def test_a_datagram() -> None:
    (frame,) = frames(pcapng.datagram(1.0, CAR, Place("ff02::1", 15118), b"abc"))
    assert frame[:6] == b"\x33\x33\0\0\0\x01"
    assert frame[12:14] == b"\x86\xdd"
    assert struct.unpack_from(">HHH", frame, 54) == (50000, 15118, 11)
    assert frame[62:] == b"abc"
    assert checked(frame)


def test_a_connection_is_numbered_and_acknowledged_through() -> None:
    stream = TcpStream(CAR, CHARGER)
    data = stream.opening(1.0) + stream.data(2.0, b"x" * 3000, from_client=True) + stream.data(3.0, b"yes", from_client=False)
    found = frames(data + stream.closing(4.0, from_client=False))
    assert all(checked(frame) for frame in found)
    said = [(struct.unpack_from(">H", f, 54)[0], *struct.unpack_from(">II", f, 58), f[67], len(f) - 74) for f in found]
    syn, psh, fin, ack = 2, 8, 1, 16
    assert said == [
        (50000, 1000, 0, syn, 0),
        (60000, 1000, 1001, syn | ack, 0),
        (50000, 1001, 1001, ack, 0),
        (50000, 1001, 1001, psh | ack, 1440),
        (50000, 2441, 1001, psh | ack, 1440),
        (50000, 3881, 1001, psh | ack, 120),
        (60000, 1001, 4001, psh | ack, 3),
        (60000, 1004, 4001, fin | ack, 0),
        (50000, 4001, 1005, fin | ack, 0),
        (60000, 1005, 4002, ack, 0),
    ]
