"""A peer that means harm, for one outlet of a station: run in that outlet's namespace as `hostile.py INTERFACE`.

Begins like a car and then turns, over and over, until its standard input ends: octets that are no frames, frames that stop half-way,
requests in heaps whose answers it never reads, discovery requests (good and bad) as fast as they go. Bounded by `MOST` in any case.
Prints as JSON how often it did what, and whether the outlet still answers a well-meant search at the end.
"""

from __future__ import annotations

import json
import os
import random
import select
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from iso15118.exi import Message
from iso15118.messages.app_protocol import AppProtocol, supportedAppProtocolReq
from iso15118.messages.catalogue import payload_type_of, schema_for
from iso15118.messages.v20.authorization import Authorization, AuthorizationReq, AuthorizationSetupReq, EIM_AReqAuthorizationMode
from iso15118.messages.v20.common import Header
from iso15118.messages.v20.session import SessionSetupReq
from iso15118.wire.sdp import MULTICAST, PORT, SdpRequest, Security, decode_response
from iso15118.wire.v2gtp import frame_bytes

MOST = 60.0
"""s, whatever happens."""
FLOOD = 1.0
"""s of discovery requests at a time."""
HEAP = 2_000
"""Requests that are sent without reading an answer."""
LATE = 0.5
"""s of patience for an answer."""

OFFER = AppProtocol(
    protocol_namespace="urn:iso:std:iso:15118:-20:DC", version_number_major=1, version_number_minor=0, schema_id=1, priority=1
)

did: Counter[str] = Counter()
rng = random.Random(15118)


def frame(message: Message) -> bytes:
    """As a car sends it."""
    payload_type = payload_type_of(message)
    return frame_bytes(payload_type, schema_for(payload_type).encode(message))


def search(interface: str) -> tuple[str, int, int, int]:
    """The outlet on this link. Raises TimeoutError if it does not answer four requests in a row."""
    index = socket.if_nametoindex(interface)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        sock.settimeout(LATE)
        for _ in range(4):
            sock.sendto(SdpRequest(Security.NONE).to_datagram(), (MULTICAST, PORT, 0, index))
            with suppress(TimeoutError):
                found = decode_response(sock.recv(1024))
                return found.text, found.port, 0, index
    raise TimeoutError("no answer to four searches")


def connect(to: tuple[str, int, int, int]) -> socket.socket:
    """A connection, with a receive buffer that is soon full."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    sock.settimeout(LATE)
    sock.connect(to)
    return sock


def ask(sock: socket.socket, message: Message) -> Message:
    """One well-meant exchange."""
    sock.sendall(frame(message))
    data = sock.recv(65536)
    return schema_for(int.from_bytes(data[2:4], "big")).decode(data[8:])


def garbage(to: tuple[str, int, int, int]) -> None:
    """No V2GTP at all; V2GTP around no EXI; EXI that is no message."""
    broken = frame(supportedAppProtocolReq(app_protocol=(OFFER,)))[:-3] + b"\xff\xff\xff"
    for octets in (rng.randbytes(4096), frame_bytes(0x8001, rng.randbytes(300)), broken, frame_bytes(0x8004, b"")):
        with connect(to) as sock, suppress(OSError):
            sock.sendall(octets)
            sock.recv(1024)
            did["garbage"] += 1


def halves(to: tuple[str, int, int, int], open_ones: list[socket.socket]) -> None:
    """Connections that begin a frame and leave it there, more of them than anybody has a use for."""
    for octets in (b"\x01", b"\x01\xfe\x80\x01\x00\x00", b"\x01\xfe\x80\x01\x00\x00\x10\x00" + bytes(17), b""):
        open_ones.append(connect(to))
        open_ones[-1].sendall(octets)
        did["half frames"] += 1
    while len(open_ones) > 16:
        open_ones.pop(0).close()


def deaf(to: tuple[str, int, int, int]) -> None:
    """A session up to its authorisation, then a heap of requests, and not one answer is read."""
    stamp = time.time_ns() // 1000
    with connect(to) as sock, suppress(OSError):
        ask(sock, supportedAppProtocolReq(app_protocol=(OFFER,)))
        begun = ask(sock, SessionSetupReq(header=Header(session_id=bytes(8), time_stamp=stamp), evcc_id="WMIV1234567890ABCDEX"))
        if not hasattr(begun, "header"):
            return
        header = Header(session_id=begun.header.session_id, time_stamp=stamp + 1)
        ask(sock, AuthorizationSetupReq(header=header))
        did["sessions turned"] += 1
        request = AuthorizationReq(
            header=header, selected_authorization_service=Authorization.EIM, authorization_mode=EIM_AReqAuthorizationMode()
        )
        octets = frame(request)
        for _ in range(HEAP):
            sock.sendall(octets)
            did["requests whose answers are not read"] += 1


def flood(interface: str) -> None:
    """Discovery, as fast as it goes: asked for well, badly, and not at all."""
    index = socket.if_nametoindex(interface)
    asked = tuple(SdpRequest(security).to_datagram() for security in Security)
    kinds = (*asked, b"\x01\xfe\x90\x00\x00\x00", rng.randbytes(900))
    until = time.monotonic() + FLOOD
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        while time.monotonic() < until:
            for datagram in kinds:
                with suppress(OSError):
                    sock.sendto(datagram, (MULTICAST, PORT, 0, index))
                    did["discovery datagrams"] += 1


def told_to_stop() -> bool:
    """Has whoever started this closed its input?"""
    readable, _, _ = select.select([0], [], [], 0)
    return bool(readable) and os.read(0, 1) == b""


def main(interface: str) -> None:
    """All tricks in turn, then one honest search."""
    open_ones: list[socket.socket] = []
    tricks: tuple[Callable[[tuple[str, int, int, int]], None], ...] = (
        deaf,
        garbage,
        lambda to: halves(to, open_ones),
        lambda to: flood(interface),
    )
    end = time.monotonic() + MOST
    while time.monotonic() < end and not told_to_stop():
        for trick in tricks:
            try:
                trick(search(interface))
            except OSError as refused:  # what it deserves
                did[f"refused: {type(refused).__name__}"] += 1
    for sock in open_ones:
        sock.close()
    try:
        search(interface)
        answers = True
    except OSError:
        answers = False
    print(json.dumps({"did": did, "answers": answers}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
