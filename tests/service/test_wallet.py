"""`service.wallet` against `service.provider`: what a car takes for its contract, and everything that it does not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from iso15118.errors import ChargeloopError
from iso15118.messages import xmldsig
from iso15118.messages.v20.authorization import AuthorizationReq
from iso15118.messages.v20.certificate import (
    CertificateInstallationReq,
    CertificateInstallationRes,
    SignedCertificateChain,
    SubCertificates,
)
from iso15118.messages.v20.common import Header, ListOfRootCertificateIDs
from iso15118.pki.presented import Rules
from iso15118.pki.signature import sign
from iso15118.pki.signer import SoftKey
from iso15118.pki.trust import TrustStore
from iso15118.service.fresh import FreshContracts
from iso15118.service.pair import EPOCH
from iso15118.service.wallet import Wallet
from iso15118.session.consult import Advice, Matter, Question
from iso15118.value import replace
from tests.pki.trees import CURVES

EMAID = "DECLPI000000001"


def fresh(curve: str = "secp521r1", **options: Any) -> FreshContracts:
    return FreshContracts(curve, clock=lambda: EPOCH, beside=False, **options)


def request(made: FreshContracts, role: str = "oem_provisioning") -> CertificateInstallationReq:
    member = made.tree[role]
    leaf, *subs = member.chain
    chain = SignedCertificateChain(id="oem", certificate=leaf, sub_certificates=SubCertificates(certificate=tuple(subs)))
    roots = (xmldsig.X509IssuerSerial(x509_issuer_name="CN=Root", x509_serial_number=1),)
    return CertificateInstallationReq(
        header=Header(session_id=bytes(8), time_stamp=1, signature=sign([chain], SoftKey(member.key))),
        oem_provisioning_certificate_chain=chain,
        list_of_root_certificate_ids=ListOfRootCertificateIDs(root_certificate_id=roots),
        maximum_contract_certificate_chains=1,
    )


def provided(made: FreshContracts) -> CertificateInstallationRes:
    assert made.desk._provisioning is not None
    return asyncio.run(made.desk._provisioning.provide(request(made)))


def opened(wallet: Wallet, response: CertificateInstallationRes) -> Advice:
    return asyncio.run(wallet.consulted(Question(1, Matter.OPEN, response)))


@pytest.mark.case("AUT-22")
@pytest.mark.parametrize("curve", CURVES)
def test_a_contract_is_taken_kept_and_signed_with(curve: str) -> None:
    made = fresh(curve)
    wallet = made.wallet(contract=False)
    advice = opened(wallet, provided(made))
    assert advice.name == EMAID
    assert [contract.emaid for contract in wallet.wanted().contracts] == [EMAID]
    assert asyncio.run(wallet.consulted(Question(2, Matter.SIGN, request(made).oem_provisioning_certificate_chain, EMAID))).octets


def resigned(made: FreshContracts, response: CertificateInstallationRes, role: str = "cps") -> CertificateInstallationRes:
    """As somebody with this key would sign it."""
    signature = sign([response.signed_installation_data], SoftKey(made.tree[role].key))
    return response.but(header=response.header.but(signature=signature))


def data(response: CertificateInstallationRes, **changes: Any) -> CertificateInstallationRes:
    return response.but(signed_installation_data=response.signed_installation_data.but(**changes))


def flipped(octets: bytes, at: int) -> bytes:
    changed = bytearray(octets)
    changed[at] ^= 1
    return bytes(changed)


def chain_of(made: FreshContracts, response: CertificateInstallationRes, role: str) -> CertificateInstallationRes:
    leaf, *subs = made.tree[role].chain
    chain = response.cps_certificate_chain.but(certificate=leaf, sub_certificates=SubCertificates(certificate=tuple(subs)))
    return resigned(made, response.but(cps_certificate_chain=chain), role)


BAD = {
    "no signature": lambda m, r: r.but(header=r.header.but(signature=None)),
    "key altered, unsigned": lambda m, r: data(
        r, secp521_encrypted_private_key=flipped(r.signed_installation_data.secp521_encrypted_private_key, 20)
    ),
    "key altered, signed": lambda m, r: resigned(
        m, data(r, secp521_encrypted_private_key=flipped(r.signed_installation_data.secp521_encrypted_private_key, 20))
    ),
    "tag altered": lambda m, r: resigned(
        m, data(r, secp521_encrypted_private_key=flipped(r.signed_installation_data.secp521_encrypted_private_key, 93))
    ),
    "ephemeral key altered": lambda m, r: resigned(m, data(r, dh_public_key=flipped(r.signed_installation_data.dh_public_key, 100))),
    "key shorter": lambda m, r: resigned(
        m, data(r, secp521_encrypted_private_key=r.signed_installation_data.secp521_encrypted_private_key[:-1])
    ),
    "another contract": lambda m, r: resigned(
        m,
        data(r, contract_certificate_chain=r.signed_installation_data.contract_certificate_chain.but(certificate=m.tree["contract"].der)),
    ),
    "by the operator": lambda m, r: chain_of(m, r, "contract"),
    "by a charger": lambda m, r: chain_of(m, r, "secc"),
    "by another key": lambda m, r: resigned(m, r, "secc"),
    "by another pki": lambda m, r: chain_of(fresh(), r, "cps"),
    "for another car": lambda m, r: provided(fresh()),
}


@pytest.mark.case("AUT-25")
@pytest.mark.parametrize("how", BAD)
def test_a_contract_that_is_not_right_is_refused_and_the_old_one_kept(how: str) -> None:
    """PNC-16."""
    made = fresh()
    wallet = made.wallet()
    before = wallet.wanted()
    with pytest.raises(ChargeloopError):
        opened(wallet, BAD[how](made, provided(made)))
    assert wallet.wanted() == before


def test_a_car_that_trusts_nobody_takes_no_contract() -> None:
    made = fresh()
    wallet = made.wallet(contract=False)
    wallet._rules = replace(made.rules, trust=TrustStore())
    with pytest.raises(ChargeloopError, match="no trusted root"):
        opened(wallet, provided(made))


def test_a_wallet_signs_with_what_it_has_only() -> None:
    made = fresh()
    element = request(made).oem_provisioning_certificate_chain
    with pytest.raises(ChargeloopError, match="no key"):
        asyncio.run(made.wallet().consulted(Question(1, Matter.SIGN, element, "DECLPX999999999")))
    bare = Wallet(Rules(made.trust), clock=lambda: EPOCH, beside=False)
    with pytest.raises(ChargeloopError, match="no key"):
        asyncio.run(bare.consulted(Question(1, Matter.SIGN, element)))
    with pytest.raises(ChargeloopError, match="does not ask to authorise"):
        asyncio.run(bare.consulted(Question(1, Matter.AUTHORISE, element)))
    assert bare.wanted().provisioning == ()


# The charger's desk.


@pytest.mark.case("AUT-23", "AUT-24")
def test_what_a_desk_says_of_cars_that_ask_for_contracts() -> None:
    made = fresh(installed=(EMAID,))

    def asked(message: CertificateInstallationReq) -> str:
        return asyncio.run(made.desk.consulted(Question(1, Matter.PROVIDE, message))).code

    good = request(made)
    assert asked(good) == "OK"
    assert asked(good) == "WARNING_NoCertificateAvailable", "it was the only one"
    assert asked(request(made, "vehicle")) == "WARNING_CertificateValidationError", "no provisioning id"
    assert asked(request(fresh())) == "WARNING_CertificateValidationError"
    assert asked(good.but(header=good.header.but(signature=None))) == "FAILED_SignatureError"
    assert made.desk._provisioning is not None
    made.desk._provisioning._left = {}  # type: ignore[attr-defined]
    assert asked(good) == "WARNING_NoContractMatchingPCIDFound"


def test_a_desk_without_provider_has_no_contracts() -> None:
    made = fresh()
    made.desk._provisioning = None
    with pytest.raises(ChargeloopError, match="nobody has contracts"):
        asyncio.run(made.desk.consulted(Question(1, Matter.PROVIDE, request(made))))
    with pytest.raises(ChargeloopError, match="does not ask to sign"):
        asyncio.run(made.desk.consulted(Question(1, Matter.SIGN, AuthorizationReq)))  # type: ignore[arg-type]
