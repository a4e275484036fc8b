"""A charger on a real interface and its supervisor: asked inside the machine, and nothing of it on the wire."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

import pytest

from tests.netns.programs import INSECURE, Program
from tools.interop.namespaces import Network

pytestmark = [pytest.mark.long, pytest.mark.waits]


class Signs:
    """Words that have come from a charger, over a file that namespaces of networks do not divide."""

    def __init__(self, path: Path) -> None:
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._sock.bind(str(path))

    def next(self, within: float) -> str:
        """The next word, "" where none comes within s."""
        self._sock.settimeout(within)
        try:
            return self._sock.recv(1024).decode()
        except TimeoutError:
            return ""

    def close(self) -> None:
        self._sock.close()


def test_a_supervisor_hears_of_an_interface_that_is_there_without_a_cable_and_gone(network: Network, tmp_path: Path) -> None:
    here, far = network.namespace(), network.namespace()
    interface, other = network.join(here, far)
    (tmp_path / "charger.toml").write_text(f'{INSECURE}\n[[evse]]\nid = "DE*CLP*E1"\ninterface = "{interface}"\n', encoding="utf-8")
    signs = Signs(tmp_path / "notify")
    environment = ("env", f"NOTIFY_SOCKET={tmp_path / 'notify'}", "WATCHDOG_USEC=400000")
    charger = Program(here.held(*environment, sys.executable, "-m", "iso15118", "secc", "charger.toml"), tmp_path)
    try:
        assert signs.next(20) == "READY=1", charger.told
        assert [signs.next(2) for _ in range(2)] == ["WATCHDOG=1"] * 2, charger.told
        heard = dict(line.split() for line in far.run("cat", "/proc/net/snmp6").splitlines() if line.startswith("Udp6"))
        assert {heard["Udp6InDatagrams"], heard["Udp6NoPorts"], heard["Udp6IgnoredMulti"]} == {"0"}
        far.run("ip", "link", "set", other, "down")
        assert [signs.next(2) for _ in range(3)] == ["WATCHDOG=1"] * 3, charger.told
        here.run("ip", "link", "del", interface)
        until = time.monotonic() + 10
        while signs.next(1.5):
            assert time.monotonic() < until
        assert f"there is no network interface '{interface}'" in charger.told
    finally:
        charger.process.kill()
        charger.wait()
        signs.close()
