"""A TLS 1.3 client without a will of its own: each message is made by hand, and may be anything.

Records are protected by tlslite-ng, which also has the key schedule. One suite and one group at a time, and a certificate of its own.
"""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from tlslite.constants import TLS_1_3_HRR, ContentType, GroupName
from tlslite.errors import TLSAbruptCloseError, TLSError, TLSProtocolException
from tlslite.keyexchange import ECDHKeyExchange
from tlslite.mathtls import HKDF_expand_label, derive_secret, secureHMAC
from tlslite.messages import Message
from tlslite.recordlayer import RecordLayer

from iso15118.pki.tree import Member

PATIENCE: Final = 2.0
"""s for anything the charger says."""
SUITE, CHACHA = 0x1302, 0x1303
VERSIONS, GROUPS, SIGNATURES, SHARES, STATUS = 43, 10, 13, 51, 5
"""Types of extensions."""
HELLO, SERVER_HELLO, CERTIFICATE, REQUEST, VERIFY, FINISHED, KEY_UPDATE = 1, 2, 11, 13, 15, 20, 24
"""Types of handshake messages."""
SCHEMES: Final = {"secp521r1": 0x0603, "ed448": 0x0808}
"""Signature schemes by curve."""
TO_SIGN: Final = bytes([32]) * 64 + b"TLS 1.3, client CertificateVerify\0"


class Heard(NamedTuple):
    """A record of the charger: its type and what was in it."""

    kind: int
    octets: bytes
    at: float
    """Monotonic s."""

    @property
    def alert(self) -> int | None:
        """The description of a fatal alert."""
        return self.octets[1] if self.kind == ContentType.alert and self.octets[:1] == b"\x02" else None


class ClosedError(Exception):
    """The charger has closed the connection."""


def vector(octets: bytes, size: int) -> bytes:
    """Octets behind their number, which takes `size` octets."""
    return len(octets).to_bytes(size, "big") + octets


def numbers(values: Sequence[int], size: int = 2) -> bytes:
    """Two octets each, behind the number of all octets."""
    return vector(b"".join(value.to_bytes(2, "big") for value in values), size)


def message(kind: int, body: bytes) -> bytes:
    """A handshake message."""
    return bytes([kind]) + vector(body, 3)


class _Tap:
    """A socket that keeps for itself what is to be sent while `held` is a list."""

    def __init__(self, inner: socket.socket) -> None:
        self.inner = inner
        self.held: list[bytes] | None = None

    def send(self, octets: bytes) -> int:
        if self.held is None:
            return self.inner.send(octets)
        self.held.append(bytes(octets))
        return len(octets)

    def recv(self, size: int) -> bytes:
        return self.inner.recv(size)


class Client:
    """One connection. `curve` is that of the certificate in `own`."""

    def __init__(self, port: int, own: Member, curve: str) -> None:
        self.socket = socket.create_connection(("::1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tap = _Tap(self.socket)
        self.records = RecordLayer(self._tap)
        self.records.client = True
        self.records.version = (3, 3)
        self.own, self.curve = own, curve
        self.group = GroupName.secp521r1
        self.suite = SUITE
        self.heard: dict[int, bytes] = {}
        """The charger's handshake messages by type, their bodies."""
        self.said_at = 0.0
        """Monotonic s of the last octets that have left."""
        self._hashed = b""
        self._buffer = b""
        self._exchange: Any = ECDHKeyExchange(self.group, (3, 4))
        self._private = self._exchange.get_random_private_key()
        self._handshake = bytearray()
        self._master = bytearray()
        self.traffic: tuple[bytearray, bytearray] = bytearray(), bytearray()

    # What goes out.

    def raw(self, octets: bytes) -> None:
        """These octets, and nothing around them."""
        self.socket.sendall(octets)
        self.said_at = monotonic()

    def record(self, kind: int, octets: bytes, padding: int = 0, kind_inside: int | None = None) -> None:
        """One record, protected where there are keys, whatever its size; `kind_inside`: the type said within, where it is another."""
        inside = kind if kind_inside is None else kind_inside
        self.records.padding_cb = (lambda *_: padding) if padding else None
        made = bytearray(octets)
        if inside != kind or (not kind and self.records.tls13record):
            made += bytearray([inside])  # what tlslite-ng puts behind it then counts as padding
            kind = 0
        for _ in self.records.sendRecord(Message(kind, made)):
            pass
        self.said_at = monotonic()

    def sealed(self, kind: int, octets: bytes) -> bytes:
        """The same, but not sent."""
        self._tap.held = held = []
        self.record(kind, octets)
        self._tap.held = None
        return b"".join(held)

    def plain(self, kind: int, octets: bytes) -> None:
        """One record that is not protected."""
        self.raw(bytes([kind, 3, 3]) + vector(octets, 2))

    def say(self, octets: bytes, pieces: Sequence[int] = ()) -> None:
        """A handshake message, which counts in the transcript; in records of so many octets, the last of what is left."""
        self._hashed += octets
        for size in pieces:
            self.record(ContentType.handshake, octets[:size])
            octets = octets[size:]
        if octets:
            self.record(ContentType.handshake, octets)

    def use(self, group: int) -> None:
        """Another group for the key share."""
        self.group, self._exchange = group, ECDHKeyExchange(group, (3, 4))
        self._private = self._exchange.get_random_private_key()

    @property
    def share(self) -> bytes:
        """Our public value of the key exchange."""
        return bytes(self._exchange.calc_public_value(self._private))

    def extensions(self) -> dict[int, bytes]:
        """Those that a car sends."""
        return {
            VERSIONS: numbers([0x0304], 1),
            GROUPS: numbers([GroupName.secp521r1, GroupName.x448]),
            SIGNATURES: numbers([*SCHEMES.values()]),
            SHARES: self.shares((self.group, self.share)),
            STATUS: b"\x01" + bytes(4),
        }

    @staticmethod
    def shares(*entries: tuple[int, bytes]) -> bytes:
        """The body of key_share."""
        return vector(b"".join(group.to_bytes(2, "big") + vector(octets, 2) for group, octets in entries), 2)

    def hello(
        self,
        changes: Mapping[int, bytes | None] | None = None,
        *,
        version: int = 0x0303,
        session: bytes | None = None,
        suites: Sequence[int] | bytes = (SUITE, CHACHA),
        compressions: bytes = b"\x00",
        order: Sequence[int] = (),
    ) -> bytes:
        """A ClientHello. `changes`: extensions that are others, or None and not there; `order`: of the first of them."""
        found = {**self.extensions(), **(changes or {})}
        kept = {kind: found[kind] for kind in (*order, *found)}
        listed = b"".join(kind.to_bytes(2, "big") + vector(body, 2) for kind, body in kept.items() if body is not None)
        body = version.to_bytes(2, "big") + os.urandom(32) + vector(os.urandom(32) if session is None else session, 1)
        listed_suites = vector(suites, 2) if isinstance(suites, bytes) else numbers(suites)
        return message(HELLO, body + listed_suites + vector(compressions, 1) + vector(listed, 2))

    # What comes in.

    def next(self) -> Heard:
        """The next record, opened. Raises ClosedError at the end, TimeoutError where nothing comes."""
        try:
            found: Any = None
            for found in self.records.recvRecord():
                if found not in (0, 1):
                    break
        except TLSAbruptCloseError:
            raise ClosedError from None
        except ConnectionError:
            raise ClosedError from None
        except (TLSError, TLSProtocolException) as error:
            raise ClosedError(f"unreadable: {error!r}") from None
        header, parser = found
        return Heard(header.type, bytes(parser.bytes), monotonic())

    def answer(self) -> Heard:
        """The next record that is an alert or data. Raises as `next`."""
        while (heard := self.next()).kind not in (ContentType.alert, ContentType.application_data):
            pass
        return heard

    def _message(self) -> tuple[int, bytes]:
        """The next handshake message. Raises RefusedError at anything else."""
        while len(self._buffer) < 4 or len(self._buffer) < 4 + int.from_bytes(self._buffer[1:4], "big"):
            heard = self.next()
            if heard.kind == ContentType.change_cipher_spec:
                continue
            if heard.kind != ContentType.handshake:
                raise RefusedError(heard)
            self._buffer += heard.octets
        size = 4 + int.from_bytes(self._buffer[1:4], "big")
        octets, self._buffer = self._buffer[:size], self._buffer[size:]
        self.heard[octets[0]] = octets[4:]
        self._hashed += octets
        return octets[0], octets[4:]

    # The handshake as it should be, in its parts.

    def flight(self) -> None:
        """All that the charger says before it is our turn. Raises RefusedError, ClosedError."""
        kind, body = self._message()
        if kind != SERVER_HELLO or body[2:34] == bytes(TLS_1_3_HRR):
            return
        self._keys(body)
        while self._message()[0] != FINISHED:
            pass
        digest = _Digest(self._hashed)
        self.traffic = self._secret(self._master, b"c ap traffic", digest), self._secret(self._master, b"s ap traffic", digest)
        self.records.calcTLS1_3PendingState(self.suite, *self.traffic, ["python"])
        self.records.changeReadState()  # the charger speaks with these from here on

    def again(self) -> None:
        """Take the answer for a HelloRetryRequest: the transcript begins anew, with a digest [RFC 8446 4.4.1]."""
        first = 4 + int.from_bytes(self._hashed[1:4], "big")
        self._hashed = message(254, hashlib.new(self._hash, self._hashed[:first]).digest()) + self._hashed[first:]

    def certificate(self, chain: Sequence[bytes] | None = None, context: bytes = b"") -> bytes:
        """A Certificate message."""
        listed = b"".join(vector(der, 3) + vector(b"", 2) for der in (self.own.chain if chain is None else chain))
        return message(CERTIFICATE, vector(context, 1) + vector(listed, 3))

    def signature(self, to_sign: bytes = TO_SIGN) -> bytes:
        """Over the transcript so far."""
        content, key = to_sign + self._digest(), self.own.key
        signed: bytes = key.sign(content, ECDSA(hashes.SHA512())) if self.curve == "secp521r1" else key.sign(content)  # type: ignore
        return signed

    def verify(self, signature: bytes | None = None, scheme: int | None = None) -> bytes:
        """A CertificateVerify message."""
        named = SCHEMES[self.curve] if scheme is None else scheme
        return message(VERIFY, named.to_bytes(2, "big") + vector(self.signature() if signature is None else signature, 2))

    def mac(self) -> bytes:
        """What our Finished says."""
        key = HKDF_expand_label(self._handshake, b"finished", b"", self._size, self._hash)
        return bytes(secureHMAC(key, bytearray(self._digest()), self._hash))

    def established(self) -> None:
        """From here on we speak with the keys for data."""
        self.records.calcTLS1_3PendingState(self.suite, *self.traffic, ["python"])
        self.records.changeWriteState()

    def shake(self, hello: bytes | None = None) -> None:
        """The whole handshake."""
        self.say(self.hello() if hello is None else hello)
        self.flight()
        self.finish()

    def finish(self) -> None:
        """Our share of it, behind the charger's flight."""
        self.say(self.certificate())
        self.say(self.verify())
        self.say(message(FINISHED, self.mac()))
        self.established()

    def echoes(self, octets: bytes = b"hello") -> bool:
        """Does the charger say `octets` again? Raises as `next`."""
        self.record(ContentType.application_data, octets)
        got = b""
        while len(got) < len(octets):
            heard = self.answer()
            if heard.kind == ContentType.alert:
                raise RefusedError(heard)
            got += heard.octets
        return got == octets

    def update(self, body: bytes = b"\x00", pieces: Sequence[int] = ()) -> None:
        """A KeyUpdate, and from then on our next keys."""
        octets = message(KEY_UPDATE, body)
        for size in pieces:
            self.record(ContentType.handshake, octets[:size])
            octets = octets[size:]
        self.record(ContentType.handshake, octets)
        self.traffic = self.records.calcTLS1_3KeyUpdate_reciever(self.suite, *self.traffic)

    def updated(self) -> None:
        """The charger's next keys, when it has said so."""
        self.traffic = self.records.calcTLS1_3KeyUpdate_sender(self.suite, *self.traffic)

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def _keys(self, body: bytes) -> None:
        """From a ServerHello to the keys of the handshake."""
        at = 2 + 32 + 1 + body[34]
        self.suite = int.from_bytes(body[at : at + 2], "big")
        found, rest = {}, body[at + 5 :]
        while rest:
            size = int.from_bytes(rest[2:4], "big")
            found[int.from_bytes(rest[:2], "big")] = rest[4 : 4 + size]
            rest = rest[4 + size :]
        shared = self._exchange.calc_shared_key(self._private, bytearray(found[SHARES][4:]))
        nothing = bytearray(self._size)
        early = secureHMAC(nothing, nothing, self._hash)
        handshake = secureHMAC(self._secret(early, b"derived", None), shared, self._hash)
        digest = _Digest(self._hashed)
        self._handshake = self._secret(handshake, b"c hs traffic", digest)
        self._master = secureHMAC(self._secret(handshake, b"derived", None), nothing, self._hash)
        self.records.version = (3, 4)
        self.records.tls13record = True
        self.records.calcTLS1_3PendingState(self.suite, self._handshake, self._secret(handshake, b"s hs traffic", digest), ["python"])
        self.records.changeWriteState()
        self.records.changeReadState()

    def _secret(self, secret: bytearray, label: bytes, transcript: _Digest | None) -> bytearray:
        derived: bytearray = derive_secret(secret, bytearray(label), transcript, self._hash)
        return derived

    @property
    def _hash(self) -> str:
        return "sha256" if self.suite == CHACHA else "sha384"

    @property
    def _size(self) -> int:
        return 32 if self.suite == CHACHA else 48

    def _digest(self) -> bytes:
        return hashlib.new(self._hash, self._hashed).digest()


class RefusedError(Exception):
    """The charger has said something else than the handshake goes on with: `heard`."""

    def __init__(self, heard: Heard) -> None:
        super().__init__(f"record of type {heard.kind}: {heard.octets[:2].hex()}")
        self.heard = heard


class _Digest:
    """A transcript as tlslite-ng wants it."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def digest(self, name: str) -> bytearray:
        """Of it all."""
        return bytearray(hashlib.new(name, self._octets).digest())
