"""Cases of a first message that is another one: versions, groups and shares, extensions, signature algorithms."""

from __future__ import annotations

import os
from typing import Final

from tlslite.constants import GroupName

from tools.tlscases.cases import BOTH, DECODE, FAILURE, ILLEGAL, MISSING, PROTOCOL, UNEXPECTED, add, cut, hello
from tools.tlscases.client import (
    CHACHA,
    GROUPS,
    HELLO,
    SCHEMES,
    SHARES,
    SIGNATURES,
    VERSIONS,
    message,
    numbers,
    vector,
)
from tools.tlscases.plays import (
    asks,
    by_x448,
    doubled,
    flight,
    only,
    psk,
    retried,
    shared,
    versions,
    x448,
)

GREASE: Final = (0x0A0A, 0x1A1A, 0xFAFA)

# Which version.

hello("version-negotiation", "versions nobody knows, and 1.3", changes=versions(0x0A0A, 0x0305, 0x0304, 0x0303))
hello("version-negotiation", "1.2 alone in supported_versions", PROTOCOL, changes=versions(0x0303))
hello("version-negotiation", "a version to come alone", PROTOCOL, changes=versions(0x0305))
hello("version-negotiation", "a draft alone", PROTOCOL, changes=versions(0x7F1C))
hello("version-negotiation", "no supported_versions, so 1.2", PROTOCOL, changes={VERSIONS: None})
hello("version-negotiation", "supported_versions without any", DECODE, PROTOCOL, changes={VERSIONS: b"\x00"})
hello("version-negotiation", "supported_versions of no octets", DECODE, PROTOCOL, changes={VERSIONS: b""})
hello("version-negotiation", "supported_versions of an odd length", DECODE, PROTOCOL, changes={VERSIONS: b"\x03\x03\x04\x03"})
hello("legacy-version", "legacy_version 1.0", version=0x0301)
hello("legacy-version", "legacy_version 1.3, which is to be ignored or refused", version=0x0304)
hello("legacy-version", "legacy_version SSL 3.0", PROTOCOL, FAILURE, version=0x0300)
for compressions in (b"\x01", b"\x00\x01", b""):
    hello("conversation", f"compression methods {compressions.hex() or 'none'}", ILLEGAL, DECODE, compressions=compressions)
hello("conversation", "a session id of 33 octets", DECODE, ILLEGAL, session=bytes(33))
hello("conversation", "no session id, so no compatibility mode", session=b"")


# Groups and key shares.

hello("keyshare-omitted", "no key_share", MISSING, changes={SHARES: None})
hello("keyshare-omitted", "no supported_groups", MISSING, ILLEGAL, changes={GROUPS: None})
hello("keyshare-omitted", "neither of them", MISSING, changes={GROUPS: None, SHARES: None})
hello("ecdhe-curves", "secp256r1 alone, which is not of the profile", FAILURE, changes=only(GroupName.secp256r1))
hello("ecdhe-curves", "secp384r1 alone, which is not of the profile", FAILURE, changes=only(GroupName.secp384r1))
hello("crfg-curves", "x25519 alone, which is not of the profile", FAILURE, changes=only(GroupName.x25519))
hello("obsolete-curves", "curves of old alone", FAILURE, changes=only(1, 14, 19, 22))
hello("obsolete-curves", "curves of old, and one of ours", changes={GROUPS: numbers([1, 14, 19, GroupName.secp521r1])})
hello("unrecognised-groups", "groups nobody knows, and one of ours", changes={GROUPS: numbers([*GREASE, 0x4242, GroupName.secp521r1])})
hello("unrecognised-groups", "groups nobody knows alone", FAILURE, changes=only(0x4242))
hello("ffdhe-groups", "ffdhe2048 and ffdhe8192 alone, which are not of the profile", FAILURE, changes=only(0x0100, 0x0104))
hello("ffdhe-groups", "ffdhe2048, and one of ours", changes={GROUPS: numbers([0x0100, GroupName.secp521r1])})
hello("ffdhe-sanity", "no group at all", DECODE, ILLEGAL, FAILURE, changes={GROUPS: b"\x00\x00"})
add("crfg-curves", "x448", by_x448)
for what, share in (("zero", bytes(56)), ("one", b"\x01" + bytes(55))):
    add("crfg-curves", f"x448 with the point {what}", lambda client, share=share: client.say(x448(client, share)), ILLEGAL, FAILURE)
for size in (0, 55, 57):
    add("crfg-curves", f"x448 with {size} octets", lambda client, size=size: client.say(x448(client, os.urandom(size))), ILLEGAL, DECODE)
for what, change in (
    ("a bit flipped: not on the curve", lambda share: share[:-1] + bytes([share[-1] ^ 1])),
    ("compressed", lambda share: bytes([2 + share[-1] % 2]) + share[1:67]),
    ("hybrid", lambda share: bytes([6 + share[-1] % 2]) + share[1:]),
    ("infinity", lambda share: b"\x00"),
    ("one octet short", lambda share: share[:-1]),
    ("one octet long", lambda share: share + b"\x00"),
    ("of another kind", lambda share: b"\x05" + share[1:]),
    ("empty", lambda share: b""),
    ("all zero", lambda share: b"\x04" + bytes(132)),
):
    add("ecdhe-curves", f"secp521r1, {what}", shared(change), ILLEGAL, DECODE)
add(
    "ecdhe-curves",
    "a share twice",
    lambda client: client.say(client.hello({SHARES: client.shares(*[(client.group, client.share)] * 2)})),
    ILLEGAL,
    quiet=True,
)
add(
    "ecdhe-curves",
    "a share of a group that is not among supported_groups",
    lambda client: client.say(client.hello({GROUPS: numbers([GroupName.x448])})),
    ILLEGAL,
    quiet=True,
)
hello("ecdhe-curves", "key_share of no octets", DECODE, changes={SHARES: b""})
add(
    "ecdhe-curves",
    "key_share that ends in the middle",
    lambda client: client.say(client.hello({SHARES: client.extensions()[SHARES][:-7]})),
    DECODE,
)
add("hrr", "no share yet: asked for it, and then a whole session", retried())
add("hrr", "no share yet, and no share again", retried(share=False), ILLEGAL, FAILURE)
add("hrr", "no share yet, and then one of another group than asked for", retried(group=GroupName.x448), ILLEGAL)
add("hrr", "no share yet, and then other suites", retried(suites=(CHACHA,)), ILLEGAL, FAILURE)


# Extensions.

hello("large-number-of-extensions", "200 extensions nobody knows", changes={kind: os.urandom(3) for kind in range(0x2000, 0x20C8)})
cut("large-number-of-extensions", "an extension twice", doubled, ILLEGAL, DECODE)
for order in ((SHARES, SIGNATURES, GROUPS, VERSIONS), (SIGNATURES, VERSIONS, SHARES), (GROUPS, 5, VERSIONS)):
    hello("shuffled-extentions", f"in the order {', '.join(map(str, order))}", order=order)
hello("shuffled-extentions", "pre_shared_key that is not the last", ILLEGAL, changes={45: b"\x01\x01", 41: psk()}, order=(41,))
cut("large-number-of-extensions", "extensions longer than the message", lambda octets: message(HELLO, octets[4:-3]), DECODE)
cut("large-number-of-extensions", "octets behind the extensions", lambda octets: message(HELLO, octets[4:] + bytes(3)), DECODE)
hello("certificate-compression", "compress_certificate is offered: nothing is compressed", changes={27: b"\x02\x00\x02"})
hello("client-certificate-compression", "the same, and the charger asks for none", changes={27: b"\x04\x00\x01\x00\x02"})
add(
    "client-certificate-compression",
    "a CompressedCertificate nobody has asked for",
    flight(lambda client: client.say(message(25, b"\x00\x02" + bytes(3) + vector(bytes(8), 3)))),
    UNEXPECTED,
)


# Signature algorithms, the charger's and the car's.

hello("signature-algorithms", "no signature_algorithms", MISSING, FAILURE, changes={SIGNATURES: None})
hello("signature-algorithms", "signature_algorithms without any", DECODE, changes={SIGNATURES: b"\x00\x00"})
hello("signature-algorithms", "signature_algorithms of no octets", DECODE, changes={SIGNATURES: b""})
hello("signature-algorithms", "signature_algorithms of an odd length", DECODE, changes={SIGNATURES: b"\x00\x03\x06\x03\x08"})
hello("signature-algorithms", "algorithms nobody knows alone", FAILURE, changes={SIGNATURES: numbers(GREASE)})
hello("signature-algorithms", "algorithms nobody knows, and ours", changes={SIGNATURES: numbers([*GREASE, *SCHEMES.values()])})
hello("signature-algorithms", "ours a hundred times", changes={SIGNATURES: numbers([*SCHEMES.values()] * 100)})
hello("ecdsa-support", "ecdsa_secp256r1_sha256 alone", FAILURE, changes={SIGNATURES: numbers([0x0403])})
hello("ecdsa-support", "ecdsa_secp521r1_sha512 alone", changes={SIGNATURES: numbers([0x0603])})
add("eddsa", "ed448 alone", lambda client: client.shake(client.hello({SIGNATURES: numbers([0x0808])})), curves=("ed448",))
add("eddsa", "ed25519 alone", lambda client: client.say(client.hello({SIGNATURES: numbers([0x0807])})), FAILURE, curves=("ed448",))
hello(
    "rsa-signatures", "algorithms of RSA alone, for which the charger has no key", FAILURE, changes={SIGNATURES: numbers([0x0804, 0x0401])}
)
hello("rsapss-signatures", "algorithms of RSASSA-PSS alone", FAILURE, changes={SIGNATURES: numbers([0x0809, 0x080B])})
hello("pkcs-signature", "algorithms of PKCS #1 alone", FAILURE, changes={SIGNATURES: numbers([0x0401, 0x0501, 0x0601])})
add("certificate-request", "asks for what the profile has, and names its roots", asks, curves=BOTH)
