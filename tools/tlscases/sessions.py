"""Cases of what comes behind the first message: records, what the car signs, Finished, and the session then."""

from __future__ import annotations

import hashlib
import os
from typing import Final

from tools.tlscases.cases import (
    BAD_CERTIFICATE,
    BAD_MAC,
    BOTH,
    CERTIFICATE_REQUIRED,
    DECODE,
    DECRYPT,
    FAILURE,
    ILLEGAL,
    MISSING,
    OVERFLOW,
    UNEXPECTED,
    add,
    hello,
)
from tools.tlscases.client import (
    CHACHA,
    FINISHED,
    SUITE,
    TO_SIGN,
    Client,
    message,
)
from tools.tlscases.plays import (
    ALERT,
    CHANGE,
    DATA,
    HANDSHAKE,
    begun_in_pieces,
    behind,
    certified,
    early,
    early_data,
    finish_padded,
    finished,
    finished_plain,
    flight,
    gone,
    in_pieces,
    no_ticket,
    padded,
    psk,
    random,
    same,
    sealed_change,
    stale,
    tampered,
    twice,
    unverified,
    updated,
    verified_twice,
)

GREASE: Final = (0x0A0A, 0x1A1A, 0xFAFA)

# A whole conversation, its records and its lengths.

add("conversation", "a whole session", Client.shake, curves=BOTH)
for suite, name in ((SUITE, "TLS_AES_256_GCM_SHA384"), (CHACHA, "TLS_CHACHA20_POLY1305_SHA256")):
    hello("symetric-ciphers", f"{name} alone", suites=(suite,))
    add("symetric-ciphers", f"{name}, a bit flipped in data", tampered(suite), BAD_MAC, proven=True)
hello("symetric-ciphers", "TLS_AES_128_GCM_SHA256 alone, which is not of the profile", FAILURE, suites=(0x1301,))
hello("symetric-ciphers", "TLS_AES_128_CCM_SHA256 alone", FAILURE, suites=(0x1304,))
hello("invalid-ciphers", "suites nobody knows, and one of ours", suites=(*GREASE, 0x9999, SUITE))
hello("invalid-ciphers", "suites nobody knows alone", FAILURE, suites=(*GREASE, 0x9999))
hello("invalid-ciphers", "suites of TLS 1.2 alone", FAILURE, suites=(0xC02C, 0xC02B, 0x009D))
hello("nociphers", "no suite", DECODE, ILLEGAL, FAILURE, suites=())
hello("nociphers", "a list of suites of an odd length", DECODE, ILLEGAL, suites=b"\x13\x02\x13")

for size in (1, 16, 255, 4096, 16_384):
    add("lengths", f"data of {size} octets", same(os.urandom(size)))
add("record-layer-limits", "a protected record of 2^14 octets", same(bytes(16_384)))
add(
    "record-layer-limits",
    "a protected record of 2^14 + 1 octets",
    behind(lambda client: client.record(DATA, bytes(16_385))),
    OVERFLOW,
    proven=True,
)
add(
    "record-layer-limits",
    "a record longer than any protected one",
    behind(lambda client: client.plain(DATA, bytes(16_384 + 257))),
    OVERFLOW,
    BAD_MAC,
    proven=True,
)
add("record-layer-limits", "a ClientHello record of 2^14 + 1 octets", lambda client: client.plain(HANDSHAKE, bytes(16_385)), OVERFLOW)
add(
    "record-layer-limits",
    "a protected record of 8 octets, too short for its tag",
    behind(lambda client: client.plain(DATA, bytes(8))),
    BAD_MAC,
    DECODE,
    UNEXPECTED,
    proven=True,
)
for padding in (1, 255, 8192):
    add("record-padding", f"data behind which {padding} zeros are", padded(DATA, b"hello", padding))
add("record-padding", "a Finished behind which 64 zeros are", flight(finish_padded))
add("zero-content-type", "a record of nothing but padding", padded(0, b"", 16), UNEXPECTED, proven=True)
add("zero-content-type", "data whose type is said as 0", behind(lambda client: client.record(0, b"hello")), UNEXPECTED, proven=True)
add("zero-length-data", "data of no octets, and then some", behind(lambda client: client.record(DATA, b"")))
add(
    "zero-length-data",
    "a handshake record of no octets before the ClientHello",
    lambda client: client.plain(HANDSHAKE, b""),
    UNEXPECTED,
    DECODE,
    quiet=True,
)
add(
    "zero-length-data",
    "a protected handshake record of no octets",
    behind(lambda client: client.record(HANDSHAKE, b"")),
    UNEXPECTED,
    DECODE,
    proven=True,
)
add("empty-alert", "a protected alert of no octets", behind(lambda client: client.record(ALERT, b"")), UNEXPECTED, DECODE, proven=True)
add("empty-alert", "an alert of no octets in the clear", lambda client: client.plain(ALERT, b""), UNEXPECTED, DECODE)
add(
    "unencrypted-alert",
    "an alert in the clear behind the handshake",
    behind(lambda client: client.plain(ALERT, b"\x02\x28")),
    UNEXPECTED,
    BAD_MAC,
    proven=True,
)
add(
    "unencrypted-alert",
    "an alert in the clear in place of the Certificate",
    flight(lambda client: client.plain(ALERT, b"\x02\x28")),
    UNEXPECTED,
    BAD_MAC,
    quiet=True,
)


# What the car signs.

for what, change in (
    ("its first bit flipped", lambda octets: bytes([octets[0] ^ 128]) + octets[1:]),
    ("its last bit flipped", lambda octets: octets[:-1] + bytes([octets[-1] ^ 1])),
    ("cut by an octet", lambda octets: octets[:-1]),
    ("longer by an octet", lambda octets: octets + b"\x00"),
    ("all zeros", lambda octets: bytes(len(octets))),
    ("empty", lambda octets: b""),
):
    for curve, script in (("secp521r1", "ecdsa-in-certificate-verify"), ("ed448", "eddsa-in-certificate-verify")):
        add(script, f"{curve}: a signature {what}", certified(change), DECRYPT, DECODE, ILLEGAL, curves=(curve,))
for what, scheme in (
    ("ecdsa_secp256r1_sha256", 0x0403),
    ("ecdsa_sha1", 0x0203),
    ("ed25519", 0x0807),
    ("rsa_pss_rsae_sha512", 0x0806),
    ("none that is known", 0x0A0A),
):
    add("certificate-verify", f"a signature said to be {what}", certified(scheme=scheme), ILLEGAL, FAILURE, DECRYPT, curves=BOTH)
add("certificate-verify", "a signature of the other curve of the profile", certified(scheme=0x0808), ILLEGAL, DECRYPT)
add("certificate-verify", "signed as a server signs", certified(to_sign=TO_SIGN.replace(b"client", b"server")), DECRYPT, curves=BOTH)
add("certificate-verify", "signed without what goes before the transcript", certified(to_sign=b""), DECRYPT, curves=BOTH)
add("certificate-verify", "no CertificateVerify", flight(unverified), UNEXPECTED)
add("certificate-verify", "CertificateVerify before Certificate", flight(lambda client: client.say(client.verify())), UNEXPECTED)
add("certificate-verify", "CertificateVerify twice", flight(verified_twice), UNEXPECTED)
add("certificate-verify", "octets behind the signature", certified(more=b"\x00"), DECODE)
add("certificate-verify", "no certificate", flight(lambda client: client.say(client.certificate([]))), CERTIFICATE_REQUIRED)
add(
    "certificate-verify",
    "a Certificate with a context nobody has given",
    flight(lambda client: client.say(client.certificate(context=b"x"))),
    ILLEGAL,
    DECODE,
)
add(
    "certificate-verify",
    "a Certificate that is none",
    flight(lambda client: client.say(client.certificate([os.urandom(300)]))),
    BAD_CERTIFICATE,
    DECODE,
)
add(
    "certificate-verify",
    "a Certificate cut in the middle",
    flight(lambda client: client.say(message(11, client.certificate()[4:-9]))),
    DECODE,
)


# Finished, and what comes before it.

for what, change in (
    ("a bit flipped", lambda octets: bytes([octets[0] ^ 1]) + octets[1:]),
    ("cut by an octet", lambda octets: octets[:-1]),
    ("longer by an octet", lambda octets: octets + b"\x00"),
    ("empty", lambda octets: b""),
    ("all zeros", lambda octets: bytes(len(octets))),
    ("of another hash", lambda octets: hashlib.sha256(octets).digest()),
):
    add("finished", f"Finished {what}", finished(change), DECRYPT, DECODE)
add("finished", "Finished in pieces of an octet", flight(in_pieces))
add("finished", "Finished in place of the Certificate", flight(lambda client: client.say(message(FINISHED, client.mac()))), UNEXPECTED)
add("finished-plaintext", "Finished in the clear", flight(finished_plain), UNEXPECTED, BAD_MAC, DECODE)
add(
    "finished-plaintext",
    "the Certificate in the clear",
    flight(lambda client: client.plain(HANDSHAKE, client.certificate())),
    UNEXPECTED,
    BAD_MAC,
    DECODE,
)
add("conversation", "data before the Certificate", flight(lambda client: client.record(DATA, b"hello")), UNEXPECTED)
add("conversation", "data before the Finished", flight(early_data), UNEXPECTED)
add("conversation", "data in place of a ClientHello", lambda client: client.plain(DATA, bytes(20)), UNEXPECTED)
add("conversation", "a ClientHello twice", twice, UNEXPECTED, BAD_MAC)
add("conversation", "a ServerHello from the car", lambda client: client.say(message(2, client.hello()[4:])), UNEXPECTED)
add("conversation", "a message nobody knows", flight(lambda client: client.say(message(99, b""))), UNEXPECTED, DECODE)
add("conversation", "a ClientHello in pieces of 7 octets", begun_in_pieces)
for octets, what in ((bytes([CHANGE, 3, 3, 0, 1, 1]), "one"), (bytes([CHANGE, 3, 3, 0, 1, 1]) * 3, "three")):
    add(
        "ccs" if what == "one" else "multiple-ccs-messages",
        f"{what} ChangeCipherSpec where they are let pass",
        flight(lambda client, octets=octets: (client.raw(octets), client.finish())),
    )
add("ccs", "a ChangeCipherSpec of another octet", flight(lambda client: client.raw(bytes([CHANGE, 3, 3, 0, 1, 2]))), UNEXPECTED, ILLEGAL)
add(
    "ccs",
    "a ChangeCipherSpec of two octets",
    flight(lambda client: client.raw(bytes([CHANGE, 3, 3, 0, 2, 1, 1]))),
    UNEXPECTED,
    DECODE,
    ILLEGAL,
)
add("ccs", "a ChangeCipherSpec before the ClientHello", lambda client: client.raw(bytes([CHANGE, 3, 3, 0, 1, 1])), UNEXPECTED)
add(
    "ccs",
    "a ChangeCipherSpec behind the handshake",
    behind(lambda client: client.raw(bytes([CHANGE, 3, 3, 0, 1, 1]))),
    UNEXPECTED,
    proven=True,
)
add("ccs", "a protected ChangeCipherSpec", behind(sealed_change), UNEXPECTED, proven=True)


# Keys that change, and what may come behind the handshake.

add("keyupdate", "new keys of the car's", behind(Client.update))
add("keyupdate", "ten times new keys", behind(lambda client: [client.update() for _ in range(10)]))
add("keyupdate", "new keys of both", behind(updated))
add("keyupdate", "a KeyUpdate in pieces", behind(lambda client: client.update(pieces=[1, 2])))
for body, what, alerts in (
    (b"\x02", "that says 2", (ILLEGAL,)),
    (b"\xff", "that says 255", (ILLEGAL,)),
    (b"", "of no octets", (DECODE,)),
    (b"\x00\x00", "of two octets", (DECODE, ILLEGAL)),
):
    add(
        "keyupdate",
        f"a KeyUpdate {what}",
        behind(lambda client, body=body: client.record(HANDSHAKE, message(24, body))),
        *alerts,
        proven=True,
    )
add("keyupdate", "a KeyUpdate in place of the Certificate", flight(lambda client: client.say(message(24, b"\x00"))), UNEXPECTED)
add(
    "keyupdate",
    "a KeyUpdate in the clear",
    behind(lambda client: client.plain(HANDSHAKE, message(24, b"\x00"))),
    UNEXPECTED,
    BAD_MAC,
    proven=True,
)
add("keyupdate", "data with the keys of before", behind(stale), BAD_MAC, proven=True)
hello("post-handshake-auth", "post_handshake_auth is offered: nobody asks", changes={49: b""})
add(
    "post-handshake-auth",
    "a Certificate behind the handshake",
    behind(lambda client: client.record(HANDSHAKE, client.certificate())),
    UNEXPECTED,
    proven=True,
)
add(
    "post-handshake-auth",
    "a ClientHello behind the handshake",
    behind(lambda client: client.record(HANDSHAKE, client.hello())),
    UNEXPECTED,
    proven=True,
)
add("count-tickets", "no ticket comes", no_ticket)
hello("session-resumption", "a ticket nobody has given: a whole handshake, with certificates", changes={45: b"\x01\x01", 41: psk()})
hello("psk_dhe_ke", "a secret nobody shares, with a key exchange: a whole handshake", changes={45: b"\x01\x01", 41: psk(b"a secret")})
hello("psk_ke", "a secret nobody shares, without: a whole handshake", changes={45: b"\x01\x00", 41: psk(b"a secret")})
hello("psk_dhe_ke", "a secret without psk_key_exchange_modes", MISSING, changes={41: psk()})
add("0rtt-garbage", "early data is announced, and comes", early, UNEXPECTED, BAD_MAC, quiet=True)
for where, until in (("ClientHello", 0), ("the charger's flight", 1), ("the Certificate", 2)):
    add("connection-abort", f"gone behind {where}", gone(until), quiet=True)
add("serverhello-random", "is not that of a lower version, nor a retry, nor the last one", random)
