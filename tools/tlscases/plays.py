"""What is said in a case, where one line is too little for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from tlslite.constants import TLS_1_3_HRR, ContentType, GroupName

from tools.tlscases.client import (
    FINISHED,
    GROUPS,
    KEY_UPDATE,
    REQUEST,
    SCHEMES,
    SERVER_HELLO,
    SHARES,
    SIGNATURES,
    SUITE,
    TO_SIGN,
    VERSIONS,
    Client,
    ClosedError,
    message,
    numbers,
    vector,
)

HANDSHAKE, ALERT, CHANGE, DATA = ContentType.handshake, ContentType.alert, ContentType.change_cipher_spec, ContentType.application_data
AUTHORITIES: Final = 47
DOWNGRADES: Final = (b"DOWNGRD\x00", b"DOWNGRD\x01")
Play: TypeAlias = Callable[[Client], object]
Change: TypeAlias = Callable[[bytes], bytes]


def behind(play: Play) -> Play:
    """What is done behind a handshake that is through."""

    def whole(client: Client) -> None:
        client.shake()
        play(client)

    return whole


def flight(play: Play) -> Play:
    """What is done where the car's Certificate is due."""

    def begun(client: Client) -> None:
        client.say(client.hello())
        client.flight()
        play(client)

    return begun


def check(right: bool, what: str) -> None:
    """Raises AssertionError where the charger is not as it should be."""
    if not right:
        raise AssertionError(what)


# Records.


def same(octets: bytes) -> Play:
    """Data that has to come back, in as many records as it takes."""
    return behind(lambda client: check(client.echoes(octets), "other octets came back"))


def padded(kind: int, octets: bytes, padding: int) -> Play:
    """A protected record with zeros behind it; behind it an echo is still right, where its octets were data."""

    def play(client: Client) -> None:
        client.record(kind, octets, padding)
        if octets:
            check(client.answer().octets == octets, "other octets came back")

    return behind(play)


def finish_padded(client: Client) -> None:
    """Our Finished with zeros behind it."""
    client.say(client.certificate())
    client.say(client.verify())
    client.record(HANDSHAKE, message(FINISHED, client.mac()), 64)
    client.established()


def tampered(suite: int) -> Play:
    """Data of which a bit is wrong."""

    def play(client: Client) -> None:
        client.shake(client.hello(suites=(suite,)))
        octets = client.sealed(DATA, b"hello")
        client.raw(octets[:-1] + bytes([octets[-1] ^ 1]))

    return play


# Groups.


def only(*groups: int) -> dict[int, bytes | None]:
    """Extensions that know these groups alone, and come with a share of the first, of random octets."""
    return {GROUPS: numbers(groups), SHARES: Client.shares((groups[0], os.urandom(65)))}


def x448(client: Client, share: bytes) -> bytes:
    """A ClientHello with this share of x448."""
    return client.hello({GROUPS: numbers([GroupName.x448]), SHARES: client.shares((GroupName.x448, share))})


def by_x448(client: Client) -> None:
    """A whole handshake on x448."""
    client.use(GroupName.x448)
    client.shake(x448(client, client.share))


def shared(change: Change) -> Play:
    """A ClientHello with another share of secp521r1."""
    return lambda client: client.say(client.hello({SHARES: client.shares((client.group, change(client.share)))}))


def retried(*, share: bool = True, group: int = GroupName.secp521r1, suites: Sequence[int] = (SUITE,)) -> Play:
    """A ClientHello without a share, which the charger asks for, and the next one."""

    def play(client: Client) -> None:
        session = os.urandom(32)
        client.say(client.hello({SHARES: client.shares()}, session=session, suites=(SUITE,)))
        client.flight()
        check(client.heard[SERVER_HELLO][2:34] == bytes(TLS_1_3_HRR), "no HelloRetryRequest came")
        client.again()
        if group != client.group:
            client.use(group)
        entries = [(client.group, client.share)] if share else []
        client.say(client.hello({SHARES: client.shares(*entries)}, session=session, suites=suites))
        if share and group == GroupName.secp521r1 and SUITE in suites:
            client.flight()
            client.finish()

    return play


# Signatures and certificates.


def certified(signature: Change | None = None, *, scheme: int | None = None, to_sign: bytes = TO_SIGN, more: bytes = b"") -> Play:
    """Certificate, and a CertificateVerify that is another one."""

    def play(client: Client) -> None:
        client.say(client.certificate())
        signed = client.signature(to_sign)
        octets = client.verify(signed if signature is None else signature(signed), scheme)
        client.say(message(octets[0], octets[4:] + more))

    return flight(play)


def unverified(client: Client) -> None:
    """No CertificateVerify."""
    client.say(client.certificate())
    client.say(message(FINISHED, client.mac()))


def verified_twice(client: Client) -> None:
    """CertificateVerify, and once more."""
    client.say(client.certificate())
    client.say(client.verify())
    client.say(client.verify())


def asks(client: Client) -> None:
    """The CertificateRequest is that of the profile."""
    client.shake()
    rest, found = client.heard[REQUEST][3:], {}
    while rest:
        size = int.from_bytes(rest[2:4], "big")
        found[int.from_bytes(rest[:2], "big")] = rest[4 : 4 + size]
        rest = rest[4 + size :]
    schemes = found.get(SIGNATURES, b"")[2:]
    listed = {int.from_bytes(schemes[at : at + 2], "big") for at in range(0, len(schemes), 2)}
    check(client.heard[REQUEST][0] == 0, "a context in a handshake")
    check(listed == set(SCHEMES.values()), f"signature_algorithms {sorted(map(hex, listed))}")
    root = client.own.root.certificate.subject.public_bytes()
    check(root in found.get(AUTHORITIES, b""), "the car's root is not named")


# Finished, and behind it.


def finished(change: Change) -> Play:
    """A Finished that is another one."""

    def play(client: Client) -> None:
        client.say(client.certificate())
        client.say(client.verify())
        client.say(message(FINISHED, change(client.mac())))

    return flight(play)


def in_pieces(client: Client) -> None:
    """A Finished in records of an octet."""
    client.say(client.certificate())
    client.say(client.verify())
    client.say(message(FINISHED, client.mac()), [1] * 20)
    client.established()


def finished_plain(client: Client) -> None:
    """A Finished in the clear."""
    client.say(client.certificate())
    client.say(client.verify())
    client.plain(HANDSHAKE, message(FINISHED, client.mac()))


def early_data(client: Client) -> None:
    """Data before our Finished."""
    client.say(client.certificate())
    client.say(client.verify())
    client.record(DATA, b"hello")


def begun_in_pieces(client: Client) -> None:
    """A ClientHello in records of 7 octets."""
    client.say(client.hello(), [7] * 20)
    client.flight()
    client.finish()


def twice(client: Client) -> None:
    """A ClientHello, and before any answer is read another one."""
    client.say(client.hello())
    client.plain(HANDSHAKE, client.hello())
    client.flight()


def doubled(octets: bytes) -> bytes:
    """A ClientHello with its first extension twice."""
    at = 4 + 2 + 32 + 1 + 32
    at += 2 + int.from_bytes(octets[at : at + 2], "big")
    at += 1 + octets[at]
    listed = octets[at + 2 :]
    first = listed[: 4 + int.from_bytes(listed[2:4], "big")]
    return message(octets[0], octets[4:at] + vector(listed + first, 2))


def updated(client: Client) -> None:
    """New keys of ours, and the charger is asked for its own."""
    client.update(b"\x01")
    client.record(DATA, b"and yours")
    got = b""
    while got != b"and yours":
        heard = client.next()
        if heard.kind == HANDSHAKE and heard.octets[0] == KEY_UPDATE:
            client.updated()
        elif heard.kind == DATA:
            got += heard.octets


def stale(client: Client) -> None:
    """A KeyUpdate, and then data with the keys of before."""
    before = client.records._writeState
    client.update()
    client.records._writeState = before
    client.record(DATA, b"hello")


def sealed_change(client: Client) -> None:
    """A ChangeCipherSpec as a protected record."""
    client.record(DATA, b"\x01", kind_inside=CHANGE)


def psk(identity: bytes = b"a ticket of somebody else's") -> bytes:
    """The body of pre_shared_key; its binder is none."""
    return vector(vector(identity, 2) + bytes(4), 2) + vector(vector(os.urandom(48), 1), 2)


def early(client: Client) -> None:
    """Early data is announced, and records that nobody can open come behind the ClientHello."""
    client.say(client.hello({42: b"", 45: b"\x01\x01", 41: psk()}))
    client.plain(DATA, os.urandom(200))
    client.flight()
    client.plain(DATA, os.urandom(200))


def no_ticket(client: Client) -> None:
    """Behind the handshake nothing comes but what is said again, also where the car has said that it takes tickets."""
    client.shake(client.hello({45: b"\x01\x01"}))
    client.record(DATA, b"hello")
    heard = client.next()
    check((heard.kind, heard.octets) == (DATA, b"hello"), f"a record of type {heard.kind} came: {heard.octets[:8].hex()}")


def gone(parts: int) -> Play:
    """Hung up behind so many parts of the handshake."""

    def play(client: Client) -> None:
        client.say(client.hello())
        if parts:
            client.flight()
        if parts > 1:
            client.say(client.certificate())
        raise ClosedError("by ourselves")

    return play


def random(client: Client) -> None:
    """ServerHello.random is fresh, and marks no lower version."""
    client.say(client.hello())
    client.flight()
    found = client.heard[SERVER_HELLO][2:34]
    check(found != bytes(TLS_1_3_HRR) and found[-8:] not in DOWNGRADES and len(set(found)) > 12, "a random that is none")
    client.finish()


def versions(*listed: int) -> dict[int, bytes | None]:
    """Extensions with these versions."""
    return {VERSIONS: numbers(listed, 1)}
