"""What a case is. Each belongs to a script of tlsfuzzer by its subject; the words are our own. Registered in `hellos` and `sessions`.

A case is played on a connection of its own. It ends where the charger has the next word: an echo of data, or a fatal alert.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from tools.tlscases.client import Client
from tools.tlscases.plays import Play

UNEXPECTED, BAD_MAC, OVERFLOW, FAILURE, BAD_CERTIFICATE, ILLEGAL = 10, 20, 22, 40, 42, 47
DECODE, DECRYPT, PROTOCOL, MISSING, CERTIFICATE_REQUIRED = 50, 51, 70, 109, 116
"""Alerts [RFC 8446 6]."""


class Case(NamedTuple):
    """One conversation. `alerts`: one of these has to come; none of them: data is echoed. `curves`: of the certificates."""

    script: str
    """Of tlsfuzzer, without "test-tls13-"."""
    what: str
    play: Play
    alerts: frozenset[int] = frozenset()
    curves: tuple[str, ...] = ("secp521r1",)
    quiet: bool = False
    """Nothing has to come: a server may look it over, or the connection has gone; it is the next one that counts."""
    proven: bool = False
    """The handshake is through before anything is wrong."""


CASES: Final[list[Case]] = []
BOTH: Final = ("secp521r1", "ed448")


def add(
    script: str,
    what: str,
    play: Play,
    *alerts: int,
    curves: tuple[str, ...] = ("secp521r1",),
    quiet: bool = False,
    proven: bool = False,
) -> None:
    """One more."""
    CASES.append(Case(script, what, play, frozenset(alerts), curves, quiet, proven))


def hello(script: str, what: str, *alerts: int, changes: dict[int, bytes | None] | None = None, **words: object) -> None:
    """A ClientHello that is another one; with alerts it is refused, without it goes through."""

    def play(client: Client) -> None:
        octets = client.hello(changes, **words)  # type: ignore[arg-type]
        client.say(octets) if alerts else client.shake(octets)

    add(script, what, play, *alerts)


def cut(script: str, what: str, change: Callable[[bytes], bytes], *alerts: int) -> None:
    """A ClientHello whose octets are tampered with."""
    add(script, what, lambda client: client.say(change(client.hello())), *alerts)
