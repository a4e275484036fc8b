"""Network namespaces joined by veth pairs, for programs that are to meet over a real network: multicast, link-local IPv6, TCP.

A namespace here has no name: it belongs to a process that holds it open and ends with us, however we end, so nothing is ever left
behind, and any number of runs share a machine. As root it is a plain network namespace; without root a user namespace around it, where the
system allows that. Needs `unshare`, `nsenter`, `setpriv` (util-linux) and `ip` (iproute2).

By hand: `python -m tools.interop.namespaces` makes two, tells how to enter them, and keeps them until it is interrupted.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

PROGRAMS = ("unshare", "nsenter", "setpriv", "ip")
ADDRESS_TIME = 10.0
"""s until an interface has its link-local address."""


class NamespaceError(RuntimeError):
    """Why there can be none on this machine, in words for whoever runs it."""


class Namespace:
    """One network namespace. `interfaces`: what `join` has put into it."""

    def __init__(self, holder: subprocess.Popen[bytes], entry: Sequence[str]) -> None:
        self.interfaces: list[str] = []
        self.pid = holder.pid
        self._entry = tuple(entry)

    def command(self, *command: str) -> list[str]:
        """`command`, to be run inside. `nsenter` becomes the command, so that a process started with this has the command's id."""
        return ["nsenter", *self._entry, "--", *command]

    def held(self, *command: str) -> list[str]:
        """The same, killed when the thread that has started it is gone: nothing keeps running in here that nobody looks after."""
        return self.command("setpriv", "--pdeathsig", "KILL", "--", *command)

    def run(self, *command: str) -> str:
        """Run to its end inside; what it printed. Raises NamespaceError with what it complained about."""
        return _run(self.command(*command))


class Network:
    """Namespaces and the cables between them; gone when the block ends, or this process does."""

    def __init__(self) -> None:
        """Raises NamespaceError if there can be none, with the reason."""
        missing = [program for program in PROGRAMS if shutil.which(program) is None]
        if missing:
            raise NamespaceError(f"{', '.join(missing)} not found (on Debian: apt-get install iproute2 util-linux)")
        self._holders: list[subprocess.Popen[bytes]] = []
        self._user: list[str] = []
        self._cables = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go: a namespace whose last process is gone is gone too, with its interfaces."""
        for holder in self._holders:
            holder.kill()
        for holder in self._holders:
            holder.wait()
        self._holders.clear()

    def namespace(self) -> Namespace:
        """A new one, with its loopback up. Raises NamespaceError."""
        if os.geteuid() == 0 or self._user:
            enter = ["nsenter", *self._user, "--"] if self._user else []
            holder = _hold([*enter, "unshare", "--net"])
        else:
            holder = _hold(["unshare", "--user", "--map-root-user", "--net"])
            self._user = ["--target", str(holder.pid), "--user", "--preserve-credentials"]
        self._holders.append(holder)
        made = Namespace(holder, [*self._user, f"--net=/proc/{holder.pid}/ns/net"])
        made.run("ip", "link", "set", "lo", "up")
        return made

    def join(self, one: Namespace, other: Namespace) -> tuple[str, str]:
        """A cable between two namespaces; the interfaces' names, once both have their link-local addresses. Raises NamespaceError."""
        names = f"cl{self._cables}a", f"cl{self._cables}b"
        self._cables += 1
        peer = ("type", "veth", "peer", "name", names[1], "netns", str(other.pid))
        one.run("ip", "link", "add", names[0], *peer)
        for namespace, name in zip((one, other), names, strict=True):
            # A cable with two ends knows no duplicates: waiting for their detection would only cost two seconds.
            for setting in ("disable_ipv6", "accept_dad"):
                namespace.run("sh", "-c", f"echo 0 > /proc/sys/net/ipv6/conf/{name}/{setting}")
            namespace.run("ip", "link", "set", name, "up")
            namespace.interfaces.append(name)
        for namespace, name in zip((one, other), names, strict=True):
            _await_address(namespace, name)
        return names


def _hold(command: list[str]) -> subprocess.Popen[bytes]:
    """A process in a namespace of its own that ends when our end of its input does. Raises NamespaceError."""
    pipe = subprocess.PIPE
    holder = subprocess.Popen([*command, "sh", "-c", "echo; exec cat"], stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    if holder.stdout is not None and holder.stdout.read(1):
        return holder
    complaint = holder.stderr.read().decode(errors="replace").strip() if holder.stderr is not None else ""
    holder.wait()
    who = "root" if os.geteuid() == 0 else "this user, who is not root"
    raise NamespaceError(f"no network namespace for {who}: {complaint or 'unshare failed'}")


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NamespaceError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def _await_address(namespace: Namespace, interface: str) -> None:
    until = time.monotonic() + ADDRESS_TIME
    while time.monotonic() < until:
        told = namespace.run("ip", "-6", "-oneline", "address", "show", "dev", interface, "scope", "link")
        if told and "tentative" not in told:
            return
        time.sleep(0.05)
    raise NamespaceError(
        f"{interface} has no usable link-local IPv6 address after {ADDRESS_TIME:.0f} s: is IPv6 switched off on this machine?"
    )


def main() -> int:
    """Two namespaces for whoever wants to try something by hand."""
    try:
        with Network() as network:
            charger, car = network.namespace(), network.namespace()
            for what, namespace, interface in zip(("charger", "car"), (charger, car), network.join(charger, car), strict=True):
                print(f"{what}: {' '.join(namespace.command('PROGRAM'))}    # interface {interface}")
            print("until interrupted (Ctrl-C)", flush=True)
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        return 0
    except NamespaceError as error:
        print(f"namespaces: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
