"""`pki.presented`: each thing that can be wrong with a contract that is shown, and the code that answers it, in their order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from iso15118.errors import PeerError
from iso15118.messages import xmldsig
from iso15118.messages.v20.authorization import Authorization, AuthorizationReq, EIM_AReqAuthorizationMode
from iso15118.messages.v20.certificate import CertificateInstallationReq, SignedCertificateChain, SubCertificates
from iso15118.messages.v20.common import Header, ListOfRootCertificateIDs
from iso15118.pki.chain import revoked_in
from iso15118.pki.presented import SOON, Rules, asking, shown
from iso15118.pki.signature import JOSEV, sign
from iso15118.value import replace
from tests.pki.forge import PROFILES, Member, make_tree
from tests.pki.trees import CURVES, NOW, tree
from tests.pki.trees import shown as mode_of

INVALID = "WARNING_CertificateValidationError"
DAY = timedelta(days=1)


def request(member: Member, by: Member | None = None, **changes: Any) -> AuthorizationReq:
    """A contract that is shown, signed with the key of `by`; `changes` of the signed element come after."""
    mode = mode_of(member)
    signature = sign([mode], (by or member).signer)
    header = Header(session_id=bytes(8), time_stamp=1, signature=signature)
    return AuthorizationReq(
        header=header, selected_authorization_service=Authorization.PnC, authorization_mode=mode.but(**changes) if changes else mode
    )


def code(asked: AuthorizationReq, rules: Rules) -> str:
    try:
        shown(asked, rules, NOW)
    except PeerError as error:
        return error.code
    return "OK"


@pytest.mark.parametrize("curve", CURVES)
def test_a_good_contract(curve: str) -> None:
    made = tree(curve)
    contract = shown(request(made.contract), Rules(made.trust), NOW)
    assert str(contract.emaid) == PROFILES["contract"].name
    assert contract.chain == made.contract.chain
    assert not contract.soon(NOW)


@pytest.mark.case("AUT-13")
@pytest.mark.parametrize(("days", "soon"), [(13, True), (15, False)])
def test_a_contract_that_ends_soon(days: int, soon: bool) -> None:
    made = tree("secp521r1")
    member = made.changed("contract", begins=-DAY, lasts=(days + 1) * DAY)
    assert shown(request(member), Rules(made.trust), NOW).soon(NOW) is soon
    assert SOON == 14 * DAY


@pytest.mark.case("AUT-07", "AUT-08")
@pytest.mark.parametrize("curve", CURVES)
def test_a_signature_that_is_altered_missing_or_of_another_key(curve: str) -> None:
    """Also PNC-08: of the sub-CA's key, or of another leaf of the same issuer."""
    made, rules = tree(curve), Rules(tree(curve).trust)
    good = request(made.contract)
    assert good.header.signature is not None
    value = bytearray(good.header.signature.signature_value.value)
    value[7] ^= 1
    altered = good.header.signature.but(signature_value=xmldsig.SignatureValue(value=bytes(value)))
    assert code(good.but(header=good.header.but(signature=altered)), rules) == INVALID
    assert code(good.but(header=good.header.but(signature=None)), rules) == INVALID
    assert code(request(made.contract, by=made.mo_sub2), rules) == INVALID
    assert code(request(made.contract, by=made.changed("contract")), rules) == INVALID
    assert code(request(made.contract, gen_challenge=bytes(16)), rules) == INVALID
    assert code(good.but(header=good.header.but(time_stamp=2, session_id=bytes(7) + b"1")), rules) == "OK", "the header is not signed"


@pytest.mark.case("AUT-09", "AUT-10")
@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"begins": -800 * DAY}, "WARNING_CertificateExpired"),
        ({"begins": DAY}, "WARNING_CertificateNotYetValid"),
        ({"name": "no id"}, INVALID),
        ({"issuer": "cpo_sub2"}, INVALID),
        ({"issuer": "oem_sub2"}, INVALID),
        ({"usages": ("key_agreement",)}, INVALID),
    ],
)
def test_a_leaf_that_is_not_right(changes: dict[str, Any], wanted: str) -> None:
    made = tree("secp521r1")
    assert code(request(made.changed("contract", **changes)), Rules(made.trust)) == wanted


@pytest.mark.case("AUT-09")
@pytest.mark.parametrize("sub", ["mo_sub1", "mo_sub2"])
def test_an_expired_authority(sub: str) -> None:
    made = make_tree("secp521r1", NOW, {**PROFILES, sub: replace(PROFILES[sub], lasts=timedelta(minutes=1))})
    assert code(request(made.contract), Rules(made.trust)) == "WARNING_CertificateExpired"


@pytest.mark.case("AUT-11")
def test_a_revoked_contract_and_one_nobody_knows_of() -> None:
    made = tree("secp521r1")
    rules = Rules(made.trust, status=revoked_in([made.mo_sub2.crl(made.contract, at=NOW)], NOW))
    assert code(request(made.contract), rules) == "WARNING_CertificateRevoked"
    assert code(request(made.contract), Rules(made.trust, require_status=True)) == INVALID


@pytest.mark.case("AUT-15")
def test_an_older_curve_or_digest_is_refused_but_for_the_policy_that_names_it() -> None:
    made = make_tree("secp256r1", NOW)
    mode = mode_of(made.contract)
    header = Header(session_id=bytes(8), time_stamp=1, signature=sign([mode], made.contract.signer, JOSEV))
    asked = AuthorizationReq(header=header, selected_authorization_service=Authorization.PnC, authorization_mode=mode)
    assert code(asked, Rules(made.trust)) == INVALID
    assert code(asked, Rules(made.trust, policy=JOSEV)) == "OK"


def test_a_forged_signature_outranks_dates_and_dates_outrank_revocation() -> None:
    made = tree("secp521r1")
    late = made.changed("contract", begins=-800 * DAY)
    status = revoked_in([made.mo_sub2.crl(late, at=NOW)], NOW)
    assert code(request(late, by=made.mo_sub2), Rules(made.trust, status=status)) == INVALID
    assert code(request(late), Rules(made.trust, status=status)) == "WARNING_CertificateExpired"


def test_random_octets_in_the_place_of_certificates() -> None:
    """PNC-01."""
    made = tree("secp521r1")
    good = request(made.contract)
    mode: Any = good.authorization_mode
    chain = mode.contract_certificate_chain
    for leaf in (bytes(range(64)), b"", bytes(1600), b"\x30\x82\xff\xff"):
        assert (
            code(good.but(authorization_mode=mode.but(contract_certificate_chain=chain.but(certificate=leaf))), Rules(made.trust))
            == INVALID
        )
    other = chain.but(sub_certificates=SubCertificates(certificate=(bytes(range(64)),)))
    assert code(good.but(authorization_mode=mode.but(contract_certificate_chain=other)), Rules(made.trust)) == INVALID


def test_no_anchor_no_contract() -> None:
    """PNC-11, PNC-18: without the root, or under one that somebody has made himself."""
    made = tree("secp521r1")
    assert code(request(made.contract), Rules(replace(made.trust, mo=()))) == INVALID
    assert code(request(make_tree("secp521r1", NOW).contract), Rules(made.trust)) == INVALID


def test_no_contract_at_all() -> None:
    asked = AuthorizationReq(
        header=Header(session_id=bytes(8), time_stamp=1),
        selected_authorization_service=Authorization.PnC,
        authorization_mode=EIM_AReqAuthorizationMode(),
    )
    assert code(asked, Rules(tree("secp521r1").trust)) == "WARNING_AuthorizationSelectionInvalid"


# Cars that ask for contracts.


def installation(member: Member, by: Member | None = None) -> CertificateInstallationReq:
    leaf, *subs = member.chain or (member.der,)
    chain = SignedCertificateChain(id="oem", certificate=leaf, sub_certificates=SubCertificates(certificate=tuple(subs)) if subs else None)
    return CertificateInstallationReq(
        header=Header(session_id=bytes(8), time_stamp=1, signature=sign([chain], (by or member).signer)),
        oem_provisioning_certificate_chain=chain,
        list_of_root_certificate_ids=ListOfRootCertificateIDs(
            root_certificate_id=(xmldsig.X509IssuerSerial(x509_issuer_name="CN=Root", x509_serial_number=1),)
        ),
        maximum_contract_certificate_chains=1,
    )


@pytest.mark.parametrize("curve", CURVES)
def test_a_car_is_known_by_its_provisioning_id(curve: str) -> None:
    made = tree(curve)
    assert asking(installation(made.oem_provisioning), Rules(made.trust), NOW).pcid == PROFILES["oem_provisioning"].name


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"begins": -800 * DAY}, "WARNING_CertificateExpired"),
        ({"begins": DAY}, "WARNING_CertificateNotYetValid"),
        ({"issuer": "mo_sub2"}, INVALID),
        ({"name": "SHORT"}, INVALID),
    ],
)
def test_a_car_whose_chain_is_not_right(changes: dict[str, Any], wanted: str) -> None:
    made = tree("secp521r1")
    with pytest.raises(PeerError) as caught:
        asking(installation(made.changed("oem_provisioning", **changes)), Rules(made.trust), NOW)
    assert caught.value.code == wanted


def test_a_car_that_does_not_sign_with_its_own_key() -> None:
    made = tree("secp521r1")
    with pytest.raises(PeerError) as caught:
        asking(installation(made.oem_provisioning, by=made.contract), Rules(made.trust), NOW)
    assert caught.value.code == "FAILED_SignatureError"
