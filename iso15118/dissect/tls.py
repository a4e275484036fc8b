"""TLS 1.3 connections opened with the secrets of an NSS key log: what was said inside (RFC 8446; the log: draft-ietf-tls-keylogfile).

Nothing is verified but that each record authenticates under its key: certificates and transcripts are the endpoints' business. A connection
that cannot be opened, or only up to a point, says why. Neighbour: `streams` gives the octets of a connection.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from iso15118.dissect.streams import Chunk
from iso15118.value import Value

if TYPE_CHECKING:
    from typing import TypeAlias

    Secrets: TypeAlias = Mapping[tuple[str, bytes], bytes]
    """(label, client random) -> secret."""

_CHANGE_CIPHER_SPEC, _ALERT, _HANDSHAKE, _APPLICATION = 20, 21, 22, 23
_CLIENT_HELLO, _SERVER_HELLO, _FINISHED, _KEY_UPDATE = 1, 2, 20, 24
_TLS_1_2, _TLS_1_3 = 0x0303, 0x0304
_SUPPORTED_VERSIONS: Final = 43
_RETRY: Final = sha256(b"HelloRetryRequest").digest()
"""The random of a ServerHello that asks for another ClientHello, RFC 8446, 4.1.3."""
LONGEST: Final = 2**14 + 256
"""Octets of an encrypted record."""
HANDSHAKE, TRAFFIC = "HANDSHAKE_TRAFFIC_SECRET", "TRAFFIC_SECRET_0"


class _Suite(NamedTuple):
    name: str
    hash: str
    key: int


_SUITES: Final = {
    0x1301: _Suite("TLS_AES_128_GCM_SHA256", "sha256", 16),
    0x1302: _Suite("TLS_AES_256_GCM_SHA384", "sha384", 32),
    0x1303: _Suite("TLS_CHACHA20_POLY1305_SHA256", "sha256", 32),
}


class Opened(Value):
    """What came of it. `chunks`: application data; `cipher`: version and cipher suite, "" where none was agreed on.

    `closed`: why nothing more could be read; "" if all was.
    """

    chunks: tuple[Chunk, ...]
    cipher: str = ""
    closed: str = ""


class _StaysClosedError(Exception):
    """Nothing more can be read, and why."""


def secrets(key_log: str) -> Secrets:
    """The secrets in the lines of a key log; comments and what is no such line are passed over."""
    found: dict[tuple[str, bytes], bytes] = {}
    for line in key_log.splitlines():
        words = line.split()
        if len(words) == 3 and not line.startswith("#"):
            try:
                found[words[0], bytes.fromhex(words[1])] = bytes.fromhex(words[2])
            except ValueError:
                continue
    return found


def is_tls(octets: bytes) -> bool:
    """Does a connection that begins with these octets begin with a ClientHello?"""
    return len(octets) >= 6 and octets[0] == _HANDSHAKE and octets[1] == 3 and octets[5] == _CLIENT_HELLO


def is_record(octets: bytes) -> bool:
    """Does a connection whose beginning was not seen go on with a TLS record?"""
    return len(octets) >= 3 and _CHANGE_CIPHER_SPEC <= octets[0] <= _APPLICATION and octets[1] == 3 and octets[2] <= 4


def opened(chunks: Iterable[Chunk], known: Secrets) -> Opened:
    """The application data of a connection. Any octets give an answer."""
    connection = _Connection(known)
    try:
        for chunk in chunks:
            connection.take(chunk)
        connection.end()
    except _StaysClosedError as why:
        return Opened(tuple(connection.said), connection.cipher, str(why))
    return Opened(tuple(connection.said), connection.cipher)


class _Connection:
    def __init__(self, known: Secrets) -> None:
        self.said: list[Chunk] = []
        self.cipher = ""
        self._known = known
        self._random: bytes | None = None
        self._suite: _Suite | None = None
        self._sides = {True: _Side("client"), False: _Side("server")}

    def take(self, chunk: Chunk) -> None:
        side = self._sides[chunk.from_client]
        if chunk.gap:
            raise _StaysClosedError(f"{chunk.gap} octets of the {side.name} are missing at packet {chunk.number}")
        for kind, octets in side.records(chunk.octets):
            self._record(side, kind, octets, chunk)

    def end(self) -> None:
        if not self.cipher:
            raise _StaysClosedError("the handshake is not there")

    def _record(self, side: _Side, kind: int, octets: bytes, chunk: Chunk) -> None:
        if kind == _CHANGE_CIPHER_SPEC:  # says nothing in TLS 1.3
            return
        if kind == _APPLICATION and side.key is not None:
            kind, octets = side.decrypt(octets, chunk.number)
        elif kind == _APPLICATION:
            raise _StaysClosedError(f"encrypted data of the {side.name} before its key, at packet {chunk.number}")
        if kind == _ALERT and not self.cipher and len(octets) == 2:
            raise _StaysClosedError(f"the {side.name} has refused: alert {octets[1]}, at packet {chunk.number}")
        if kind == _HANDSHAKE:
            for what, body in side.messages(octets):
                self._handshake(side, what, body)
        elif kind == _APPLICATION and octets:
            self.said.append(Chunk(chunk.number, chunk.time, chunk.from_client, octets))

    def _handshake(self, side: _Side, what: int, body: bytes) -> None:
        if what == _CLIENT_HELLO and self._random is None:
            self._random = body[2:34]
        elif what == _SERVER_HELLO and body[2:34] != _RETRY:
            self._agreed(body)
        elif what == _FINISHED and self._suite is not None:
            side.key = self._key(side, TRAFFIC)
        elif what == _KEY_UPDATE and side.key is not None:
            side.key = side.key.following()

    def _agreed(self, hello: bytes) -> None:
        """A ServerHello: from here on both sides are encrypted."""
        try:
            at = 35 + hello[34]
            number = struct.unpack_from(">H", hello, at)[0]
            extensions = hello[at + 5 :]
        except (IndexError, struct.error):
            raise _StaysClosedError("a ServerHello that breaks off") from None
        if _version(extensions) != _TLS_1_3:
            raise _StaysClosedError("not TLS 1.3, and older versions are not opened")
        self._suite = _SUITES.get(number)
        if self._suite is None:
            raise _StaysClosedError(f"cipher suite {number:#06x} is not known here")
        self.cipher = f"TLS 1.3 {self._suite.name}"
        for side in self._sides.values():
            side.key = self._key(side, HANDSHAKE)

    def _key(self, side: _Side, label: str) -> _Key:
        name = f"{side.name.upper()}_{label}"
        secret = self._known.get((name, self._random or b""))
        if secret is None or self._suite is None:
            raise _StaysClosedError(f"no {name} for its client random {(self._random or b'').hex()[:16]}… in a key log")
        return _Key(self._suite, secret)


class _Side:
    """What one side sends: its octets cut into records, its handshake messages put together, its key."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.key: _Key | None = None
        self._octets = bytearray()
        self._handshake = bytearray()

    def records(self, octets: bytes) -> Iterable[tuple[int, bytes]]:
        """Content type and octets of each record that is complete now. Lazy: a key may change between two."""
        self._octets += octets
        at = 0
        try:
            while len(self._octets) - at >= 5:
                kind, version, length = struct.unpack_from(">BHH", self._octets, at)
                if version >> 8 != 3 or length > LONGEST or not _CHANGE_CIPHER_SPEC <= kind <= _APPLICATION:
                    raise _StaysClosedError(f"what the {self.name} sends is no TLS record")
                if len(self._octets) - at - 5 < length:
                    return
                record = bytes(self._octets[at + 5 : at + 5 + length])
                at += 5 + length
                yield kind, record
        finally:
            del self._octets[:at]

    def messages(self, octets: bytes) -> Iterable[tuple[int, bytes]]:
        """Type and body of each handshake message that is complete now."""
        self._handshake += octets
        while len(self._handshake) >= 4:
            length = int.from_bytes(self._handshake[1:4], "big")
            if len(self._handshake) - 4 < length:
                return
            what, body = self._handshake[0], bytes(self._handshake[4 : 4 + length])
            del self._handshake[: 4 + length]
            yield what, body

    def decrypt(self, octets: bytes, packet: int) -> tuple[int, bytes]:
        """The content type and the octets inside a protected record."""
        if self.key is None:
            raise _StaysClosedError(f"no key of the {self.name}")
        inner = self.key.open(octets)
        if inner is None:
            raise _StaysClosedError(f"a record of the {self.name} does not authenticate, at packet {packet}: another key, or other octets")
        inner = inner.rstrip(b"\0")
        return (inner[-1], inner[:-1]) if inner else (_ALERT, b"")


class _Key:
    """A traffic secret at work: RFC 8446, 5.2 and 7.3."""

    def __init__(self, suite: _Suite, secret: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

        self._suite = suite
        self._secret = secret
        cipher: Callable[[bytes], Any] = ChaCha20Poly1305 if "CHACHA" in suite.name else AESGCM
        self._cipher = cipher(_expanded(suite, secret, b"key", suite.key))
        self._iv = int.from_bytes(_expanded(suite, secret, b"iv", 12), "big")
        self._count = 0

    def open(self, record: bytes) -> bytes | None:
        """The inner plaintext of the next record; None if it does not authenticate."""
        from cryptography.exceptions import InvalidTag

        nonce = (self._iv ^ self._count).to_bytes(12, "big")
        self._count += 1
        header = struct.pack(">BHH", _APPLICATION, _TLS_1_2, len(record))
        try:
            return bytes(self._cipher.decrypt(nonce, record, header))
        except (InvalidTag, ValueError):
            return None

    def following(self) -> _Key:
        """The key after a KeyUpdate."""
        return _Key(self._suite, _expanded(self._suite, self._secret, b"traffic upd", len(self._secret)))


def _expanded(suite: _Suite, secret: bytes, label: bytes, length: int) -> bytes:
    """HKDF-Expand-Label with an empty context, RFC 8446, 7.1."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

    info = struct.pack(">HB", length, 6 + len(label)) + b"tls13 " + label + b"\0"
    algorithm = hashes.SHA384() if suite.hash == "sha384" else hashes.SHA256()
    return HKDFExpand(algorithm, length, info).derive(secret)


def _version(extensions: bytes) -> int:
    """The version that a ServerHello has selected; that of TLS 1.2 where it says nothing."""
    at = 0
    while len(extensions) - at >= 4:
        kind, length = struct.unpack_from(">HH", extensions, at)
        if kind == _SUPPORTED_VERSIONS and length == 2 and len(extensions) - at >= 6:
            return int(struct.unpack_from(">H", extensions, at + 4)[0])
        at += 4 + length
    return _TLS_1_2
