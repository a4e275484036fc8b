"""Signatures over elements: made, verified, and refused for whatever is not exactly as it has to be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from iso15118.errors import CodecError, LocalError, PeerError
from iso15118.messages import xmldsig
from iso15118.messages.catalogue import COMMON, SCHEMAS
from iso15118.messages.v20.authorization import Authorization as Way
from iso15118.messages.v20.authorization import AuthorizationReq, PnC_AReqAuthorizationMode
from iso15118.messages.v20.common import Header
from iso15118.pki.signature import CANONICAL, COMBINED, JOSEV, STANDALONE, STANDARD, STRICT, Policy, sign, verify
from iso15118.pki.signer import SoftKey, verifies
from iso15118.value import replace
from tests.pki.forge import new_key
from tests.pki.trees import CURVES, shown, tree

LENGTHS = {"secp521r1": 132, "ed448": 114}


def _request(mode: PnC_AReqAuthorizationMode, signature: xmldsig.Signature | None) -> AuthorizationReq:
    header = Header(session_id=bytes(8), time_stamp=1, signature=signature)
    return AuthorizationReq(header=header, selected_authorization_service=Way.PnC, authorization_mode=mode)


def _signed(curve: str, policy: Policy = STANDARD) -> tuple[PnC_AReqAuthorizationMode, xmldsig.Signature, SoftKey]:
    contract = tree(curve).contract
    mode = shown(contract)
    return mode, sign([mode], contract.signer, policy), contract.signer


def _refused(mode: PnC_AReqAuthorizationMode, signature: xmldsig.Signature | None, key: SoftKey, policy: Policy = STANDARD) -> str:
    with pytest.raises(PeerError) as caught:
        verify(signature, [mode], _request(mode, signature), key.public, policy)
    assert caught.value.code == "FAILED_SignatureError"
    return str(caught.value)


@pytest.mark.parametrize("curve", CURVES)
def test_a_signature_survives_its_journey_and_verifies(curve: str) -> None:
    mode, signature, key = _signed(curve)
    octets = SCHEMAS[COMMON].encode(_request(mode, signature))
    heard = SCHEMAS[COMMON].decode(octets)
    assert isinstance(heard, AuthorizationReq)
    assert isinstance(heard.authorization_mode, PnC_AReqAuthorizationMode)
    verify(heard.header.signature, [heard.authorization_mode], heard, key.public, STANDARD)
    assert len(signature.signature_value.value) == LENGTHS[curve]


@pytest.mark.case("AUT-16")
@pytest.mark.parametrize("curve", CURVES)
def test_signed_info_is_believed_in_either_grammar_but_for_strict(curve: str) -> None:
    for grammar in (STANDALONE, COMBINED):
        mode, signature, key = _signed(curve, replace(STANDARD, grammars=(grammar,)))
        verify(signature, [mode], _request(mode, signature), key.public, STANDARD)
    assert "does not verify" in _refused(mode, signature, key, STRICT)


def _leaves(message: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The octets and texts of a message, and where they stand."""
    for name in type(message).__fields__:
        value = getattr(message, name)
        if isinstance(value, tuple):
            for i, item in enumerate(value):
                yield from _leaves(item, (*path, (name, i)))
        elif isinstance(value, bytes | str):
            yield (*path, name), value
        elif value is not None:
            yield from _leaves(value, (*path, name))


def _with(message: Any, path: tuple[Any, ...], value: Any) -> Any:
    step, *rest = path
    if not rest:
        return message.but(**{step: value})
    if isinstance(step, tuple):
        name, at = step
        items = list(getattr(message, name))
        items[at] = _with(items[at], tuple(rest), value)
        return message.but(**{name: tuple(items)})
    return message.but(**{step: _with(getattr(message, step), tuple(rest), value)})


@pytest.mark.parametrize("curve", CURVES)
def test_no_single_bit_of_signature_digest_or_signed_info_may_differ(curve: str) -> None:
    mode, signature, key = _signed(curve)
    tried = 0
    for path, value in _leaves(signature):
        octets = value.encode() if isinstance(value, str) else value
        for bit in range(0, 8 * len(octets), 1 if isinstance(value, bytes) else 8):
            changed = bytearray(octets)
            changed[bit // 8] ^= 1 << (bit + bit // 8) % (8 if isinstance(value, bytes) else 5)
            other: bytes | str = bytes(changed)
            if isinstance(value, str):
                other = bytes(changed).decode("latin-1")
            if other == value:
                continue
            _refused(mode, _with(signature, path, other), key)
            tried += 1
    assert tried >= 600


@pytest.mark.parametrize("curve", CURVES)
def test_no_octet_of_the_signed_element_may_differ(curve: str) -> None:
    mode, signature, key = _signed(curve)
    for i in range(16):
        challenge = bytearray(mode.gen_challenge)
        challenge[i] ^= 1
        assert "another digest" in _refused(mode.but(gen_challenge=bytes(challenge)), signature, key)


def _reference(signature: xmldsig.Signature, **values: Any) -> xmldsig.Signature:
    reference = signature.signed_info.reference[0].but(**values)
    return signature.but(signed_info=signature.signed_info.but(reference=(reference,)))


def _resigned(signature: xmldsig.Signature, key: SoftKey) -> xmldsig.Signature:
    """As the holder of the key would have signed it."""
    octets = SCHEMAS["XMLDSIG"].encode_fragment(signature.signed_info)
    return signature.but(signature_value=xmldsig.SignatureValue(value=key.sign(octets)))


CANON = xmldsig.Transform(algorithm=CANONICAL)
MISREFERENCED = {
    "other id": lambda s: _reference(s, uri="#id2"),
    "no uri": lambda s: _reference(s, uri=None),
    "empty uri": lambda s: _reference(s, uri=""),
    "external uri": lambda s: _reference(s, uri="http://example.com/#id1"),
    "bare id": lambda s: _reference(s, uri="id1"),
    "pointer": lambda s: _reference(s, uri="#xpointer(id('id1'))"),
    "no transforms": lambda s: _reference(s, transforms=None),
    "two transforms": lambda s: _reference(s, transforms=xmldsig.Transforms(transform=(CANON, CANON))),
    "other transform": lambda s: _reference(
        s, transforms=xmldsig.Transforms(transform=(xmldsig.Transform(algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"),))
    ),
    "xpath": lambda s: _reference(s, transforms=xmldsig.Transforms(transform=(xmldsig.Transform(algorithm=CANONICAL, xpath=("//*",)),))),
    "type": lambda s: _reference(s, type="http://www.w3.org/2000/09/xmldsig#Object"),
    "sha256": lambda s: _reference(s, digest_method=xmldsig.DigestMethod(algorithm="http://www.w3.org/2001/04/xmlenc#sha256")),
    "same element twice": lambda s: s.but(signed_info=s.signed_info.but(reference=s.signed_info.reference * 2)),
    "id of signed info": lambda s: s.but(signed_info=s.signed_info.but(id="x")),
    "reference takes the id": lambda s: _reference(s, id="id1"),
    "signature takes the id": lambda s: s.but(id="id1"),
    "other canonicalization": lambda s: s.but(
        signed_info=s.signed_info.but(
            canonicalization_method=xmldsig.CanonicalizationMethod(algorithm="http://www.w3.org/2006/12/xml-c14n11")
        )
    ),
    "hmac length": lambda s: s.but(
        signed_info=s.signed_info.but(signature_method=s.signed_info.signature_method.but(hmac_output_length=8))
    ),
    "other method": lambda s: s.but(
        signed_info=s.signed_info.but(
            signature_method=xmldsig.SignatureMethod(algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")
        )
    ),
    "key info": lambda s: s.but(key_info=xmldsig.KeyInfo(key_name=("mine",))),
    "object": lambda s: s.but(object=(xmldsig.Object(),)),
}


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("how", MISREFERENCED)
def test_what_is_not_as_the_profile_says_is_refused_though_the_mathematics_are_right(how: str, curve: str) -> None:
    """Each is signed anew, so that only the rule can find it."""
    mode, signature, key = _signed(curve)
    _refused(mode, _resigned(MISREFERENCED[how](signature), key), key)


def test_an_id_that_stands_twice_is_refused() -> None:
    mode, signature, key = _signed("secp521r1")
    header = Header(session_id=bytes(8), time_stamp=1, signature=signature.but(id=mode.id))
    request = AuthorizationReq(header=header, selected_authorization_service=Way.PnC, authorization_mode=mode)
    with pytest.raises(PeerError, match="stands 2 times"):
        verify(signature, [mode], request, key.public, STANDARD)


@pytest.mark.parametrize("curve", CURVES)
def test_a_signature_of_another_length_or_form_is_refused(curve: str) -> None:
    from cryptography.hazmat.primitives.asymmetric import utils

    mode, signature, key = _signed(curve)
    value = signature.signature_value.value
    half = len(value) // 2
    der = utils.encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))
    for other in (b"", value[:-1], value + b"\0", b"\0" + value, der, bytes(len(value)), b"\xff" * len(value)):
        assert "does not verify" in _refused(mode, signature.but(signature_value=xmldsig.SignatureValue(value=other)), key)


@pytest.mark.parametrize("curve", CURVES)
def test_a_missing_signature_and_one_of_another_key_are_refused(curve: str) -> None:
    mode, signature, key = _signed(curve)
    assert "missing" in _refused(mode, None, key)
    assert "does not verify" in _refused(mode, signature, tree(curve).mo_sub2.signer)
    other = next(each for each in CURVES if each != curve)
    assert "method" in _refused(mode, signature, tree(other).contract.signer)


def test_an_older_curve_signs_only_under_the_policy_for_it() -> None:
    key = SoftKey(new_key("secp256r1"))
    mode = shown(tree("secp521r1").contract)
    with pytest.raises(LocalError, match="secp256r1"):
        sign([mode], key)
    signature = sign([mode], key, JOSEV)
    verify(signature, [mode], _request(mode, signature), key.public, JOSEV)
    assert "not allowed" in _refused(mode, signature, key)
    assert signature.signed_info.signature_method.algorithm.endswith("ecdsa-sha256")


def test_an_element_without_id_is_not_signed() -> None:
    with pytest.raises(CodecError, match="no Id"):
        sign([shown(tree("secp521r1").contract, id="")], tree("secp521r1").contract.signer)


def test_a_key_verifies_only_what_it_has_signed() -> None:
    key = tree("ed448").contract.signer
    assert verifies(key.public, key.sign(b"a"), b"a")
    assert not verifies(key.public, key.sign(b"a"), b"b")
