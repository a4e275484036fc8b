from __future__ import annotations

import socket
from pathlib import Path

import pytest

from iso15118.errors import LocalError
from iso15118.service.links import DYNAMIC, Link, link, listener, udp_socket

INDEX = dict((name, index) for index, name in socket.if_nameindex())
GLOBAL = "fd000000000000000000000000000002 {:02x} 40 00 {} {}\n"
LOCAL = "fe8000000000000000fc00fffe000001 {:02x} 40 20 {} {}\n"


def table(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "if_inet6"
    path.write_text("".join(line + " lo\n" if not line.endswith("\n") else line for line in lines))
    return path


def test_loopback_is_its_own_link() -> None:
    lo = link("lo")
    assert lo == Link("lo", INDEX["lo"], bytes(15) + b"\x01")
    assert lo.loopback
    assert lo.sockaddr(5) == ("::1", 5, 0, 0)


def test_the_link_local_address_is_taken_not_another(tmp_path: Path) -> None:
    found = link("lo", table(tmp_path, GLOBAL.format(1, "82", "lo"), LOCAL.format(1, "80", "lo")))
    assert found.text == "fe80::fc:ff:fe00:1"
    assert not found.loopback
    assert found.sockaddr(7) == ("fe80::fc:ff:fe00:1", 7, 0, INDEX["lo"])


def test_a_missing_interface_is_named_with_those_there_are() -> None:
    with pytest.raises(LocalError, match=r"no network interface 'eth99'; there are: .*\blo\b"):
        link("eth99")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([GLOBAL.format(1, "82", "lo")], "is missing"),
        ([LOCAL.format(1, "80", "other")], "is missing"),
        ([LOCAL.format(1, "88", "lo")], "is missing"),
        ([LOCAL.format(1, "c0", "lo")], "duplicates"),
        ([], "is missing"),
    ],
)
def test_an_interface_without_a_usable_address(tmp_path: Path, lines: list[str], told: str) -> None:
    with pytest.raises(LocalError, match=told):
        link("lo", table(tmp_path, *lines))


def test_no_ipv6_at_all(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="IPv6 is not available"):
        link("lo", tmp_path / "nothing")


def test_a_listener_is_on_a_dynamic_port_of_its_link_only() -> None:
    with listener(link("lo")) as one, listener(link("lo")) as two:
        assert one.getsockname()[0] == "::1"
        assert {one.getsockname()[1], two.getsockname()[1]} <= set(DYNAMIC)
        assert one.getsockname()[1] != two.getsockname()[1]


def test_a_peer_that_never_reads_is_noticed_after_a_few_answers() -> None:
    """What the kernel takes counts as written, so it must not take many minutes of a charge loop."""
    with listener(link("lo")) as server, socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as car:
        server.listen()
        server.settimeout(5)
        car.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        car.connect(server.getsockname())
        connection, _ = server.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as asyncio does
            connection.setblocking(False)
            with pytest.raises(BlockingIOError):
                any(connection.send(bytes(80)) == 0 for _ in range(100))


def test_a_taken_udp_port_is_said() -> None:
    with udp_socket(link("lo"), 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(LocalError, match=rf"UDP port {port} on interface 'lo'"):
            udp_socket(link("lo"), port)
