"""XML Signature over elements of a message, in EXI [V2G20-765] [V2G20-767] [V2G20-1449]: made, and verified for what is consumed.

The digest is of the EXI fragment of an element, the signature of that of SignedInfo. A verifier names the very elements that it is going
to use; each has to be referred to by its own Id, once, and nothing else may be. Whose key it is, is the business of the chain.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from cryptography.hazmat.primitives import hashes

from iso15118.errors import CodecError, LocalError, PeerError
from iso15118.exi import Message
from iso15118.messages import xmldsig
from iso15118.messages.catalogue import COMMON, SCHEMAS
from iso15118.messages.v20.certificate import SignedCertificateChain
from iso15118.pki.keys import PublicKey, curve_of
from iso15118.pki.signer import Signer, verifies
from iso15118.value import Value

CANONICAL: Final = "http://www.w3.org/TR/canonical-exi/"
STANDALONE, COMBINED = "XMLDSIG", COMMON
"""The grammars that SignedInfo is coded in: that of XML Signature alone, as the standard says, or that of all common messages."""
_ELEMENTS: Final[dict[type[Message], str]] = {SignedCertificateChain: "OEMProvisioningCertificateChain"}
"""Signed elements that are not named after their class."""


class Algorithm(Value):
    """A signature method with its digest, by their URIs."""

    method: str
    digest: str
    hash: str
    """Of the digest."""

    def digest_of(self, octets: bytes) -> bytes:
        """The digest; that of SHAKE256 is 64 octets long."""
        kinds: dict[str, hashes.HashAlgorithm] = {
            "sha512": hashes.SHA512(),
            "sha256": hashes.SHA256(),
            "shake256": hashes.SHAKE256(64),
        }
        hashed = hashes.Hash(kinds[self.hash])
        hashed.update(octets)
        return hashed.finalize()


class Policy(Value):
    """Which signatures are made and believed: the algorithm of each curve, and the grammars of SignedInfo, the first of which signs."""

    name: str
    secp521r1: Algorithm | None
    ed448: Algorithm | None
    secp256r1: Algorithm | None = None
    grammars: tuple[str, ...] = (STANDALONE, COMBINED)

    def algorithm(self, curve: str) -> Algorithm | None:
        """Of a key on this curve; None: it may not sign."""
        return {"secp521r1": self.secp521r1, "ed448": self.ed448, "secp256r1": self.secp256r1}.get(curve)


_ECDSA_512: Final = Algorithm(
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512", "sha512"
)  # [V2G20-2473] [V2G20-2475]
_ED448: Final = Algorithm(
    "urn:iso:std:iso:15118:-20:Security:xmldsig#Ed448", "urn:iso:std:iso:15118:-20:Security:xmlenc#SHAKE256", "shake256"
)  # [V2G20-2474] [V2G20-2476]
_ECDSA_256: Final = Algorithm("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256", "sha256")

STRICT: Final = Policy("iso15118-20, one grammar", _ECDSA_512, _ED448, grammars=(STANDALONE,))
STANDARD: Final = Policy("iso15118-20", _ECDSA_512, _ED448)
"""The algorithms are pinned; of peers the other grammar is believed too, since both are in the field."""
JOSEV: Final = Policy("josev", None, None, _ECDSA_256, grammars=(COMBINED, STANDALONE))
"""secp256r1 with SHA-256: a counterparty on a bench that knows nothing else; never on a street."""
POLICIES: Final = {policy.name: policy for policy in (STANDARD, STRICT, JOSEV)}


def sign(elements: Sequence[Message], key: Signer, policy: Policy = STANDARD) -> xmldsig.Signature:
    """The signature for the header of the message that `elements` stand in; each has an Id.

    Raises LocalError where the policy has no algorithm for the key, CodecError for what is no element to sign.
    """
    algorithm = policy.algorithm(curve_of(key.public))
    if algorithm is None:
        raise LocalError(f"a key on {curve_of(key.public)} does not sign under the policy {policy.name!r}")
    info = xmldsig.SignedInfo(
        canonicalization_method=xmldsig.CanonicalizationMethod(algorithm=CANONICAL),
        signature_method=xmldsig.SignatureMethod(algorithm=algorithm.method),
        reference=tuple(_reference(element, algorithm) for element in elements),
    )
    value = xmldsig.SignatureValue(value=key.sign(_octets(info, policy.grammars[0])))
    return xmldsig.Signature(signed_info=info, signature_value=value)


def verify(signature: xmldsig.Signature | None, elements: Sequence[Message], message: Message, key: PublicKey, policy: Policy) -> None:
    """Nothing, where `signature` of `message` is by `key` over exactly `elements`, which are what the caller goes on to use.

    Raises PeerError (FAILED_SignatureError) [V2G20-461] for everything else.
    """
    if signature is None:
        raise _wrong("is missing")
    algorithm = policy.algorithm(curve_of(key))
    if algorithm is None:
        raise _wrong(f"is by a key on {curve_of(key)}, which is not allowed")
    info = signature.signed_info
    _only_what_may_stand(signature)
    if info.canonicalization_method.algorithm != CANONICAL:
        raise _wrong(f"has the canonicalization {info.canonicalization_method.algorithm:.80}")
    if info.signature_method.algorithm != algorithm.method:
        raise _wrong(f"has the method {info.signature_method.algorithm:.80}")
    if len(info.reference) != len(elements):
        raise _wrong(f"has {len(info.reference)} references to {len(elements)} signed elements")
    times = Counter(_ids(message))
    for element in elements:
        _referred(element, info.reference, times, algorithm)
    for grammar in policy.grammars:
        if verifies(key, signature.signature_value.value, _octets(info, grammar)):
            return
    raise _wrong("does not verify")


def _only_what_may_stand(signature: xmldsig.Signature) -> None:
    """[V2G20-771]"""
    info = signature.signed_info
    named = info.id is not None or signature.signature_value.id is not None
    if named or signature.key_info is not None or signature.object or info.signature_method.hmac_output_length is not None:
        raise _wrong("has parts that ISO 15118-20 does not allow")


def _referred(element: Message, references: Sequence[xmldsig.Reference], times: Counter[str], algorithm: Algorithm) -> None:
    """Raises PeerError unless exactly one reference is to this very element, and its digest is right."""
    name, id = _ELEMENTS.get(type(element), type(element).__name__), _id(element)
    if times[id] != 1:
        raise _wrong(f"has an Id that stands {times[id]} times")
    found = [reference for reference in references if reference.uri == f"#{id}"]
    if len(found) != 1:
        raise _wrong(f"refers {len(found)} times to {name}")
    reference = found[0]
    transforms = () if reference.transforms is None else reference.transforms.transform
    if reference.type is not None or len(transforms) != 1 or transforms[0].algorithm != CANONICAL or transforms[0].xpath:
        raise _wrong(f"has not exactly the one transform for {name}")
    if reference.digest_method.algorithm != algorithm.digest:
        raise _wrong(f"has the digest {reference.digest_method.algorithm:.80}")
    if not hmac.compare_digest(reference.digest_value, _digest(element, algorithm)):
        raise _wrong(f"has another digest than {name}")


def _reference(element: Message, algorithm: Algorithm) -> xmldsig.Reference:
    return xmldsig.Reference(
        uri=f"#{_id(element)}",
        transforms=xmldsig.Transforms(transform=(xmldsig.Transform(algorithm=CANONICAL),)),
        digest_method=xmldsig.DigestMethod(algorithm=algorithm.digest),
        digest_value=_digest(element, algorithm),
    )


def _digest(element: Message, algorithm: Algorithm) -> bytes:
    name = _ELEMENTS.get(type(element), type(element).__name__)
    return algorithm.digest_of(SCHEMAS[COMMON].encode_fragment(element, name))


def _octets(info: xmldsig.SignedInfo, grammar: str) -> bytes:
    return SCHEMAS[grammar].encode_fragment(info)


def _id(element: Message) -> str:
    """Raises CodecError where there is none to refer to."""
    id: str | None = getattr(element, "id", None)
    if not id:
        raise CodecError("no Id to refer to by a signature", path=type(element).__name__)
    return id


def _ids(part: object) -> Iterator[str]:
    """Every Id of a message, as often as it stands."""
    if isinstance(part, tuple):
        for item in part:
            yield from _ids(item)
    elif isinstance(part, Message):
        for name in type(part).__fields__:
            value = getattr(part, name)
            if name == "id" and isinstance(value, str):
                yield value
            else:
                yield from _ids(value)


def _wrong(what: str) -> PeerError:
    return PeerError(f"the signature {what}", requirement="V2G20-461", code="FAILED_SignatureError")
