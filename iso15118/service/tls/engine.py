"""What a TLS engine is to the rest: credentials in, contexts out, octets through, and one typed outcome of a handshake."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

from iso15118.errors import PeerError
from iso15118.pki.tls_profile import STRICT, TlsProfile
from iso15118.units import Second
from iso15118.value import Value

ALERTS: Final = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    22: "record_overflow",
    40: "handshake_failure",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    90: "user_canceled",
    109: "missing_extension",
    110: "unsupported_extension",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    116: "certificate_required",
    120: "no_application_protocol",
}
"""Of RFC 8446 section 6, by number."""


class Chain(NamedTuple):
    """A certificate of our own: the leaf and the sub-CAs above it (DER), its private key (PKCS #8 DER), and what is stapled to it."""

    certificates: tuple[bytes, ...]
    key: bytes
    root: bytes = b""
    """DER of the name (subject) of the root it ends at: what a peer's list of authorities is compared with."""
    staples: tuple[bytes, ...] = ()
    """Responses about revocation, in the order of `certificates`."""


class Credentials(Value):
    """All that one side brings to a handshake. `anchors`: the roots (DER) that the peer's certificate may end at."""

    chains: tuple[Chain, ...]
    anchors: tuple[bytes, ...]
    crls: tuple[bytes, ...] = ()
    """Revocation lists (DER); where there are any, every peer's leaf has to be on none and its issuer has to have one."""
    profile: TlsProfile = STRICT
    key_log: str = ""
    """A file that session keys are written to. For benches only: whoever has it can read everything."""
    staple_needed: bool = True
    """A car that gets no response about its charger's revocation goes no further [V2G20-1240]."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class Outcome(NamedTuple):
    """What came of a handshake."""

    engine: str
    version: str = ""
    suite: str = ""
    peer: tuple[bytes, ...] = ()
    """The peer's chain, DER, leaf first."""
    staples: tuple[str, ...] = ()
    """What is held against the staple of each of its certificates: empty, nothing; "none": none came."""
    authorities: tuple[bytes, ...] = ()
    """Names (DER) of the roots that the peer has said it trusts."""
    alert_sent: str = ""
    alert_got: str = ""
    error: str = ""
    """Why there is no connection; empty: there is one."""
    seconds: Second = 0.0

    @property
    def fingerprint(self) -> bytes:
        """SHA-512 of the peer's leaf: what a session that goes on is bound to [V2G20-2677]."""
        return hashlib.sha512(self.peer[0]).digest() if self.peer else b""

    def __str__(self) -> str:
        if not self.error:
            return f"{self.version} {self.suite}, handshake {self.seconds * 1e3:.0f} ms ({self.engine})"
        alerts = [f"{way} {alert}" for way, alert in (("sent", self.alert_sent), ("got", self.alert_got)) if alert]
        return f"{self.error} (alert {', '.join(alerts)})" if alerts else self.error


class TlsError(PeerError):
    """The peer, or what it has shown, is not let in; or its records are not TLS."""


class Session(Protocol):
    """One connection's TLS. None of it blocks; octets go in and out by hand."""

    def feed(self, octets: bytes) -> None:
        """Take octets that came from the peer."""
        ...

    def outgoing(self) -> bytes:
        """What has to go to the peer; also behind an error: that is the alert."""
        ...

    def handshake(self) -> bool:
        """Go on with the handshake; True: it is through. Raises TlsError. This is the one that takes milliseconds."""
        ...

    def outcome(self) -> Outcome:
        """What came of it so far."""
        ...

    def read(self) -> bytes | None:
        """Octets from the peer, decrypted; empty: none yet; None: it has closed in order. Raises TlsError."""
        ...

    def write(self, octets: bytes) -> None:
        """Encrypt these. Raises TlsError."""
        ...

    def close(self) -> None:
        """Say that we close."""
        ...


class Context(Protocol):
    """Credentials, made ready for many sessions of one role."""

    def session(self) -> Session:
        """A fresh one."""
        ...

    def renew(self, staples: Sequence[tuple[bytes, ...]]) -> None:
        """Other staples from now on, those of each chain."""
        ...


class Engine(Protocol):
    """One library that can do it."""

    name: str
    version: str
    sends_every_staple: bool
    """A charger sends one response for each certificate of its chain [V2G20-2388]; otherwise the leaf's."""
    reads_every_staple: bool
    """A car checks each one that comes [V2G20-2409]."""
    gives_no_tickets: bool
    """A charger gives nothing to resume a session with."""
    names_roots: bool
    """A car names the roots that it trusts [V2G20-1006], and a charger chooses its chain by them [V2G20-1007]."""

    def context(self, credentials: Credentials, *, server: bool) -> Context:
        """Raises LocalError for credentials that are no such."""
        ...
