"""Network interfaces by name, and sockets that belong to exactly one of them.

A charger serves one link an outlet: each socket is bound to its interface's own link-local address, and to the device where that is
permitted, so that two outlets never answer for each other. On the loopback interface (tests, two programs in one machine) the address is
::1, and there is no multicast.
"""

from __future__ import annotations

import secrets
import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import Final

from iso15118.errors import LocalError
from iso15118.value import Value
from iso15118.wire.sdp import address_text

ADDRESSES: Final = Path("/proc/net/if_inet6")
DYNAMIC: Final = range(49152, 65536)
"""Ports a charger's listener is on; drawn, not counted up, so that a restart does not meet the car's memory of the last one."""
UNREAD: Final = 4096
"""Octets that the kernel may hold for a peer on a listener's connections (it doubles this, and counts its own book-keeping): a few answers
of a charge loop, so that a peer that never reads is noticed soon. What is longer leaves in parts, as always."""
_DRAWS: Final = 100
_HOST_SCOPE, _LINK_SCOPE = 0x10, 0x20
_DAD_FAILED, _TENTATIVE = 0x08, 0x40
_MULTICAST_ALL: Final = 29  # IPV6_MULTICAST_ALL of linux/in6.h: whether groups that *other* sockets joined are heard here


class Link(Value):
    """An interface as SDP and the listener need it. `address`: 16 octets, link-local, or ::1 on loopback."""

    name: str
    index: int
    address: bytes

    @property
    def loopback(self) -> bool:
        """Is this the inside of one machine?"""
        return self.address == bytes(15) + b"\x01"

    @property
    def text(self) -> str:
        """The address as people write it, without a scope."""
        return address_text(self.address)

    def sockaddr(self, port: int) -> tuple[str, int, int, int]:
        """Our own address for `bind` and `connect`, with the scope where it needs one."""
        return self.text, port, 0, 0 if self.loopback else self.index


def link(name: str, addresses: Path = ADDRESSES) -> Link:
    """The interface called `name`. Raises LocalError if there is none (naming those there are), or if it has no usable address."""
    there = {interface: index for index, interface in socket.if_nameindex()}
    if name not in there:
        raise LocalError(f"there is no network interface {name!r}; there are: {', '.join(sorted(there))}")
    try:
        table = addresses.read_text("ascii")
    except OSError as error:
        raise LocalError(f"IPv6 is not available ({addresses}: {error.strerror})") from None
    tentative = False
    for line in table.splitlines():
        address, _, _, scope, flags, interface = line.split()
        if interface != name or int(scope, 16) not in (_HOST_SCOPE, _LINK_SCOPE) or int(flags, 16) & _DAD_FAILED:
            continue
        if int(flags, 16) & _TENTATIVE:
            tentative = True
            continue
        return Link(name, there[name], bytes.fromhex(address))
    why = "is still being checked for duplicates" if tentative else "is missing: is the interface up, and IPv6 on?"
    raise LocalError(f"the link-local IPv6 address of interface {name!r} {why}")


def udp_socket(on: Link, port: int, *, multicast: bytes | None = None) -> socket.socket:
    """A UDP socket on `port` of this link only, joined to the group `multicast` (16 octets). Raises LocalError if the port is taken."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if on.loopback:
            sock.bind(on.sockaddr(port))
            return sock
        if not _bind_to_device(sock, on) and multicast is not None:
            # Only then: with the device bound, nobody else's socket clashes, and a second charger on this link should be noticed.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if multicast is None:
            sock.bind(on.sockaddr(port))
            return sock
        sock.bind(("::", port, 0, 0))  # multicast does not arrive at a socket bound to a unicast address
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_IPV6, _MULTICAST_ALL, 0)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, multicast + struct.pack("@I", on.index))
    except OSError as error:
        sock.close()
        raise LocalError(f"UDP port {port} on interface {on.name!r}: {error.strerror}") from None
    return sock


def listener(on: Link) -> socket.socket:
    """A TCP socket bound to a dynamic port of this link, not yet listening. Raises LocalError if none can be had."""
    why = "all tried are in use"
    for _ in range(_DRAWS):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD)  # connections inherit it
            if not on.loopback:
                _bind_to_device(sock, on)
            sock.bind(on.sockaddr(DYNAMIC[secrets.randbelow(len(DYNAMIC))]))
        except OSError as error:
            sock.close()
            why = error.strerror or str(error)
        else:
            return sock
    raise LocalError(f"no TCP port on interface {on.name!r}: {why}")


def _bind_to_device(sock: socket.socket, on: Link) -> bool:
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, on.name.encode() + b"\0")
    except OSError:
        return False  # not permitted to this user: address and scope still tell links apart
    return True
