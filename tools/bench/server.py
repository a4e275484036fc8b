"""The processes that answer, for `answer`: `session` is a charger as it is sold (an outlet on loopback, simulated metal, recorder),
`echo` an asyncio protocol that gives back as many octets as it is told to, and does nothing else; `fleet N` that many outlets. With a
folder of certificates behind it, each over TLS: the echo with asyncio's own.

Says its TCP ports on standard output, then serves until standard input ends. For each line it reads there, `session` says as JSON how long
the answers of the latest session have taken inside the process, from a request's octets to the response written.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from iso15118.hal.board import Board
from iso15118.service.evse_config import EvseConfig
from iso15118.service.log import Log
from iso15118.service.loops import run
from iso15118.service.station import Station, StationConfig
from iso15118.service.sweeping import settle
from iso15118.service.tls.store import credentials
from iso15118.value import replace

SIZES = 8
"""Octets of a connection's first words to `echo`: how long a request is, and how long a response, 4 octets each."""


class Echo(asyncio.Protocol):
    """Counts octets; for every request's worth writes a response's worth."""

    def __init__(self) -> None:
        self._request = 0
        self._response = b""
        self._have = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not self._response:
            self._request, size = (int.from_bytes(data[i : i + 4], "big") for i in (0, 4))
            self._response = bytes(size)
            data = data[SIZES:]
        self._have += len(data)
        while self._have >= self._request and self._transport is not None:
            self._have -= self._request
            self._transport.write(self._response)


def _free_udp_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind(("::1", 0))
        return int(sock.getsockname()[1])


def _secure(folder: Path | None) -> dict[str, Any]:
    """Fields of a `StationConfig`."""
    return {} if folder is None else {"tls": credentials(folder, "secc"), "plain_tcp": False}


def bare_tls(folder: Path | None, role: str) -> ssl.SSLContext | None:
    """The standard library's own, with the certificate of a role, for a peer that has to show one."""
    if folder is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if role == "secc" else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.load_cert_chain(folder / f"chain/{role}.pem", folder / f"key/{role}.key")
    context.load_verify_locations(folder / f"ca/{'oem' if role == 'secc' else 'v2g'}_root.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_ecdh_curve("secp521r1")
    if role == "secc":
        context.num_tickets = 0
    return context


async def _session(folder: Path | None) -> tuple[int, Callable[[], list[float]]]:
    """The product; only the insulation test of the simulated monitor is quicker, so that sessions follow each other without a wait."""
    board = replace(Board(), settings={"insulation_test_time": 0.02})
    config = StationConfig(evses=(EvseConfig(interface="lo", board=board),), sdp_port=_free_udp_port(), **_secure(folder))
    station = Station(config, log=Log())
    await station.start()

    def answer_times() -> list[float]:
        conversation = station.evse("1").conversation
        return [] if conversation is None else list(conversation.pace.turnarounds)

    return station.status()[0].port, answer_times


async def _fleet(outlets: int, folder: Path | None) -> list[int]:
    """A station of so many outlets, each with its simulated metal, guard and recorder."""
    board = replace(Board(), settings={"insulation_test_time": 0.02})
    evses = tuple(EvseConfig(name=str(i), interface="lo", board=board) for i in range(outlets))
    station = Station(StationConfig(evses=evses, sdp_port=0, period=0.05, **_secure(folder)), log=Log())
    await station.start()
    return [status.port for status in station.status()]


async def _echo(folder: Path | None) -> tuple[int, Callable[[], list[float]]]:
    server = await asyncio.get_running_loop().create_server(Echo, "::1", 0, ssl=bare_tls(folder, "secc"))
    return int(server.sockets[0].getsockname()[1]), list


async def _serve(kind: str, outlets: int, folder: Path | None) -> None:
    answer_times: Callable[[], list[float]] = list
    if kind == "fleet":
        ports = await _fleet(outlets, folder)
    else:
        port, answer_times = await (_session if kind == "session" else _echo)(folder)
        ports = [port]
    settle()
    print(*ports, flush=True)
    while await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
        print(json.dumps(answer_times()), flush=True)


if __name__ == "__main__":
    # The echo is a bare one; a station runs on what its program runs on.
    kind, *more = sys.argv[1:]
    count = int(more.pop(0)) if kind == "fleet" else 1
    (asyncio.run if kind == "echo" else run)(_serve(kind, count, Path(more[0]) if more else None))
