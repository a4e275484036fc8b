"""A contract's key on its way into the vehicle: every profile against a computation by hand, and everything that is not right refused."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, x448
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from iso15118.errors import LocalError, PeerError
from iso15118.messages.catalogue import COMMON, SCHEMAS
from iso15118.messages.v20.certificate import SignedInstallationData
from iso15118.pki.chain import key_identifier, key_of
from iso15118.pki.contract import AADS, KDFS, SoftAgreement, Transport, fresh_ephemeral, montgomery, seal, unseal
from iso15118.value import replace
from tests.pki.forge import new_key
from tests.pki.trees import CURVES, contract_chain, tree

PCID = "WMIV1234567890ABCD"
IV = bytes(range(12))
OPEN = Transport(ed448_seed=True)
FIELD = {"secp521r1": "secp521_encrypted_private_key", "ed448": "x448_encrypted_private_key"}


def _sealed(curve: str, profile: Transport = OPEN, pcid: str = PCID) -> SignedInstallationData:
    made = tree(curve)
    vehicle = key_of(made.oem_provisioning.certificate)
    ski = key_identifier(made.contract.certificate)
    return seal("x", contract_chain(made.contract), made.contract.key, ski, pcid, vehicle, fresh_ephemeral(vehicle), IV, profile)


def _unsealed(curve: str, data: SignedInstallationData, profile: Transport = OPEN, pcid: str = PCID) -> object:
    made = tree(curve)
    certificate = made.contract.certificate
    return unseal(data, SoftAgreement(made.oem_provisioning.key), key_of(certificate), key_identifier(certificate), pcid, profile)


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("kdf", KDFS)
@pytest.mark.parametrize("aad", AADS)
def test_a_contract_arrives(curve: str, kdf: str, aad: str) -> None:
    profile = Transport(KDFS[kdf], aad, ed448_seed=True)
    data = _sealed(curve, profile)
    element, heard = SCHEMAS[COMMON].decode_fragment(SCHEMAS[COMMON].encode_fragment(data))
    assert element == "SignedInstallationData"
    assert isinstance(heard, SignedInstallationData)
    key = _unsealed(curve, heard, profile)
    assert isinstance(key, ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey)
    assert key.public_key() == tree(curve).contract.key.public_key()
    assert len(getattr(data, FIELD[curve])) == {"secp521r1": 94, "ed448": 84}[curve]
    assert len(data.dh_public_key) == {"secp521r1": 133, "ed448": 57}[curve]


SECRET = bytes(range(66))
BY_HAND = {
    "concat-sha512": hashlib.sha512(b"\0\0\0\1" + SECRET).digest()[:32],
    "concat-sha256": hashlib.sha256(b"\0\0\0\1" + SECRET).digest(),
    "concat-sha256-iso2": hashlib.sha256(b"\0\0\0\1" + SECRET + b"\x01\x55\x56").digest(),
    "x963-sha512": hashlib.sha512(SECRET + b"\0\0\0\1").digest()[:32],
}


@pytest.mark.parametrize("kdf", KDFS)
def test_each_derivation_is_its_definition(kdf: str) -> None:
    assert KDFS[kdf].derive(SECRET) == BY_HAND[kdf]


def test_what_is_encrypted_is_the_scalar_with_its_own_associated_data() -> None:
    made = tree("secp521r1")
    data = _sealed("secp521r1")
    assert data.secp521_encrypted_private_key is not None
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP521R1(), data.dh_public_key)
    assert isinstance(made.oem_provisioning.key, ec.EllipticCurvePrivateKey)
    assert isinstance(made.contract.key, ec.EllipticCurvePrivateKey)
    secret = made.oem_provisioning.key.exchange(ec.ECDH(), point)
    key = hashlib.sha512(b"\0\0\0\1" + secret).digest()[:32]
    aad = PCID.encode() + key_identifier(made.contract.certificate).hex().upper().encode()
    scalar = AESGCM(key).decrypt(IV, data.secp521_encrypted_private_key[12:], aad)
    assert int.from_bytes(scalar, "big") == made.contract.key.private_numbers().private_value
    assert data.secp521_encrypted_private_key[:12] == IV


@pytest.mark.case("AUT-26")
@pytest.mark.parametrize("curve", CURVES)
def test_another_provisioning_id_or_profile_does_not_open_it(curve: str) -> None:
    with pytest.raises(PeerError, match="does not decrypt"):
        _unsealed(curve, _sealed(curve, pcid=PCID.lower()))
    for other in (replace(OPEN, kdf=KDFS["x963-sha512"]), replace(OPEN, aad="none"), replace(OPEN, aad="pcid-ski-octets")):
        with pytest.raises(PeerError, match="does not decrypt"):
            _unsealed(curve, _sealed(curve), other)


@pytest.mark.parametrize("curve", CURVES)
def test_no_octet_of_the_encrypted_key_may_differ(curve: str) -> None:
    data = _sealed(curve)
    sealed = getattr(data, FIELD[curve])
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 0x10
        with pytest.raises(PeerError, match="does not decrypt"):
            _unsealed(curve, data.but(**{FIELD[curve]: bytes(changed)}))


def _with_scalar(scalar: bytes) -> SignedInstallationData:
    """As an issuer would seal these octets in the place of the key."""
    made = tree("secp521r1")
    data = _sealed("secp521r1")
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP521R1(), data.dh_public_key)
    assert isinstance(made.oem_provisioning.key, ec.EllipticCurvePrivateKey)
    key = hashlib.sha512(b"\0\0\0\1" + made.oem_provisioning.key.exchange(ec.ECDH(), point)).digest()[:32]
    aad = PCID.encode() + key_identifier(made.contract.certificate).hex().upper().encode()
    return data.but(secp521_encrypted_private_key=IV + AESGCM(key).encrypt(IV, scalar, aad))


@pytest.mark.case("AUT-25")
@pytest.mark.parametrize(
    ("scalar", "why"),
    [
        (bytes(66), "no scalar"),
        (b"\xff" + bytes(64) + b"\1", "no scalar"),
        (b"\x02" + bytes(64) + b"\1", "no scalar"),
        (b"\x01" + b"\xff" * 65, "no scalar"),
        (bytes(65) + b"\1", "not that of its certificate"),
    ],
)
def test_a_scalar_that_is_none_or_of_another_key_is_refused(scalar: bytes, why: str) -> None:
    with pytest.raises(PeerError, match=why):
        _unsealed("secp521r1", _with_scalar(scalar))


def test_an_ephemeral_key_that_is_no_point_is_refused() -> None:
    for curve, octets in (("secp521r1", b"\4" + bytes(131) + b"\1"), ("secp521r1", bytes(57)), ("ed448", bytes(56)), ("ed448", bytes(133))):
        with pytest.raises(PeerError, match="no point"):
            _unsealed(curve, _sealed(curve).but(dh_public_key=octets))


def test_a_key_for_another_curve_is_refused() -> None:
    with pytest.raises(PeerError, match="agrees on X448"):
        _unsealed("ed448", _sealed("secp521r1"))


def test_the_ephemeral_key_may_come_without_its_leading_octet() -> None:
    data = _sealed("ed448")
    assert _unsealed("ed448", data.but(dh_public_key=data.dh_public_key[1:]))


def test_an_ed448_contract_is_refused_unless_a_profile_says_how_it_travels() -> None:
    with pytest.raises(LocalError, match="57 octets"):
        _sealed("ed448", Transport())
    with pytest.raises(PeerError, match="57 octets"):
        _unsealed("ed448", _sealed("ed448"), Transport())


def test_the_point_of_an_ed448_key_on_the_curve_of_x448() -> None:
    """The base point of one curve is that of the other: 5 (RFC 7748), and both keys of one seed agree."""
    key = new_key("ed448")
    assert isinstance(key, ed448.Ed448PrivateKey)
    scalar = hashlib.shake_256(key.private_bytes_raw()).digest(57)[:56]
    assert montgomery(key.public_key()).public_bytes_raw() == x448.X448PrivateKey.from_private_bytes(scalar).public_key().public_bytes_raw()


def test_an_older_curve_carries_no_contract() -> None:
    key = new_key("secp256r1")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    with pytest.raises(LocalError, match="secp256r1"):
        SoftAgreement(key)
