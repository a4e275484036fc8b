"""Chains: good ones, and a hundred that somebody might try. None is believed, none raises anything but its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from iso15118.pki.chain import STANDARD_CURVES, ChainError, Reason, revoked_in, verify
from iso15118.pki.trust import Purpose, TrustStore
from iso15118.value import replace
from tests.pki.forge import PROFILES, Tree, make_tree
from tests.pki.trees import CURVES, NOW, tree

GOOD = {
    "contract": Purpose.CONTRACT,
    "oem_provisioning": Purpose.PROVISIONING,
    "vehicle": Purpose.VEHICLE,
    "cps": Purpose.CPS,
    "secc": Purpose.SECC,
}
DAY = timedelta(days=1)


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("member", GOOD)
def test_a_good_chain_is_good_for_its_purpose_only(member: str, curve: str) -> None:
    made = tree(curve)
    chain = made.members[member].chain
    assert verify(chain, GOOD[member], made.trust, NOW).name == PROFILES[member].name
    for purpose in GOOD.values():
        fits = purpose is GOOD[member] or (member, purpose) == ("vehicle", Purpose.PROVISIONING)  # told apart by its name
        if not fits:
            with pytest.raises(ChainError):
                verify(chain, purpose, made.trust, NOW)


Forge = Callable[[Tree], tuple[bytes, ...]]


def _changed(**values: object) -> Forge:
    return lambda made: made.changed("contract", **values).chain


def _authority(name: str, **values: object) -> Forge:
    """The whole tree made anew with another authority in it; only its roots are not trusted anew."""

    def forge(made: Tree) -> tuple[bytes, ...]:
        other = Tree(made.curve, made.now)
        for member, profile in PROFILES.items():
            if member == "mo_root":
                other.members[member] = made.mo_root
            elif member.startswith(("mo_", "contract")):
                other.members[member] = other.issue(replace(profile, **values) if member == name else profile)
        return other.contract.chain

    return forge


def _raw(change: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]) -> Forge:
    return lambda made: change(made.contract.chain)


def _bits(at: float) -> Forge:
    """One bit of the leaf is another."""

    def forge(made: Tree) -> tuple[bytes, ...]:
        leaf = bytearray(made.contract.der)
        leaf[int(at * (len(leaf) - 1))] ^= 4
        return (bytes(leaf), *made.contract.chain[1:])

    return forge


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
CONSTRAINTS = x509.NameConstraints([x509.DNSName("example.com")], None)
FORGED: dict[str, tuple[Forge, Reason | None]] = {
    "expired leaf": (_changed(begins=-800 * DAY), Reason.EXPIRED),
    "expired this second": (_changed(begins=-timedelta(days=730, seconds=1)), Reason.EXPIRED),
    "future leaf": (_changed(begins=DAY), Reason.NOT_YET_VALID),
    "expired sub 2": (_authority("mo_sub2", lasts=timedelta(minutes=30)), Reason.EXPIRED),
    "expired sub 1": (_authority("mo_sub1", lasts=timedelta(minutes=30)), Reason.EXPIRED),
    "future sub 2": (_authority("mo_sub2", begins=DAY), Reason.NOT_YET_VALID),
    "other curve": (_changed(curve="secp256r1"), Reason.PROFILE),
    "sub on another curve": (_authority("mo_sub2", curve="secp256r1"), Reason.PROFILE),
    "no digital signature": (_changed(usages=("key_agreement",)), Reason.PROFILE),
    "leaf that may sign certificates": (_changed(usages=("digital_signature", "key_cert_sign")), Reason.PROFILE),
    "leaf that is an authority": (_changed(ca=True), Reason.PROFILE),
    "server leaf": (_changed(extended=(ExtendedKeyUsageOID.SERVER_AUTH,)), Reason.PROFILE),
    "client leaf": (_changed(extended=(ExtendedKeyUsageOID.CLIENT_AUTH,)), Reason.PROFILE),
    "ocsp leaf": (_changed(extended=(ExtendedKeyUsageOID.OCSP_SIGNING,)), Reason.PROFILE),
    "critical unknown extension": (_changed(extensions=((UNKNOWN, True),)), Reason.PROFILE),
    "name constraints": (_changed(extensions=((CONSTRAINTS, True),)), Reason.PROFILE),
    "name constraints in sub": (_authority("mo_sub2", extensions=((CONSTRAINTS, True),)), Reason.PROFILE),
    "sub 2 no authority": (_authority("mo_sub2", ca=False, path_length=None), Reason.PROFILE),
    "sub 1 no authority": (_authority("mo_sub1", ca=False, path_length=None), Reason.PROFILE),
    "sub 2 signs no certificates": (_authority("mo_sub2", usages=("crl_sign",)), Reason.PROFILE),
    "sub 1 signs no certificates": (_authority("mo_sub1", usages=("digital_signature",)), Reason.PROFILE),
    "path length of sub 1": (_authority("mo_sub1", path_length=0), Reason.PROFILE),
    "issued by v2g": (_changed(issuer="cpo_sub2"), Reason.NO_ANCHOR),
    "issued by oem": (_changed(issuer="oem_sub2"), Reason.NO_ANCHOR),
    "issued by sub 1": (_changed(issuer="mo_sub1"), None),  # an honest shorter chain: not a forgery
    "self-signed": (lambda made: (made.changed("contract", issuer=None).der,), Reason.NO_ANCHOR),
    "self-made tree": (lambda made: make_tree(made.curve, NOW).contract.chain, Reason.NO_ANCHOR),
    "self-made leaf": (lambda made: (make_tree(made.curve, NOW).contract.der, *made.contract.chain[1:]), Reason.BAD_SIGNATURE),
    "self-made subs": (lambda made: (made.contract.der, *make_tree(made.curve, NOW).contract.chain[1:]), Reason.NO_ANCHOR),
    "self-made sub 2": (lambda made: (made.contract.der, make_tree(made.curve, NOW).mo_sub2.der, made.mo_sub1.der), Reason.BAD_SIGNATURE),
    "swapped subs": (_raw(lambda chain: (chain[0], chain[2], chain[1])), Reason.NO_ANCHOR),
    "missing sub 2": (_raw(lambda chain: (chain[0], chain[2])), Reason.BAD_SIGNATURE),
    "missing sub 1": (_raw(lambda chain: chain[:2]), Reason.NO_ANCHOR),
    "leaf alone": (_raw(lambda chain: chain[:1]), Reason.NO_ANCHOR),
    "nothing": (_raw(lambda chain: ()), Reason.PROFILE),
    "too many": (_raw(lambda chain: (*chain, *chain)), Reason.PROFILE),
    "sub as leaf": (_raw(lambda chain: chain[1:]), Reason.PROFILE),
    "leaf twice": (_raw(lambda chain: (chain[0], *chain)), Reason.BAD_SIGNATURE),
    "root in the chain": (lambda made: (*made.contract.chain, made.mo_root.der), Reason.NO_ANCHOR),
    "random octets": (_raw(lambda chain: (bytes(range(64)), *chain[1:])), Reason.MALFORMED),
    "empty leaf": (_raw(lambda chain: (b"", *chain[1:])), Reason.MALFORMED),
    "random sub": (_raw(lambda chain: (chain[0], bytes(range(64)), chain[2])), Reason.MALFORMED),
    "trailing octets": (_raw(lambda chain: (chain[0] + b"\0", *chain[1:])), Reason.MALFORMED),
    "cut off": (_raw(lambda chain: (chain[0][:-9], *chain[1:])), Reason.MALFORMED),
    "long subject": (
        _changed(
            name="A" * 64,
            organisation="B" * 64,
            extensions=((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), bytes(1600)), False),),
        ),
        Reason.PROFILE,
    ),
    "thirty extensions": (
        _changed(extensions=tuple((x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.2.3.{i}"), b"\5\0"), False) for i in range(30))),
        Reason.PROFILE,
    ),
    **{f"bit at {at:.2f}": (_bits(at), None) for at in (i / 40 for i in range(3, 40))},
}
HONEST = {"issued by sub 1"}


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("how", [name for name in FORGED if name not in HONEST])
def test_a_forged_chain_is_refused_for_its_reason(how: str, curve: str) -> None:
    forge, reason = FORGED[how]
    made = tree(curve)
    with pytest.raises(ChainError) as caught:
        verify(forge(made), Purpose.CONTRACT, made.trust, NOW)
    assert reason in (None, caught.value.reason)


def test_there_are_enough_of_them() -> None:
    assert len(FORGED) - len(HONEST) >= 80


def test_a_shorter_chain_is_as_good() -> None:
    made = tree("secp521r1")
    assert verify(made.changed("contract", issuer="mo_sub1").chain, Purpose.CONTRACT, made.trust, NOW)


@pytest.mark.parametrize("curve", CURVES)
def test_without_an_anchor_nothing_is_believed(curve: str) -> None:
    made = tree(curve)
    for store in (TrustStore(), replace(made.trust, mo=()), TrustStore(v2g=made.trust.mo, oem=made.trust.mo)):
        with pytest.raises(ChainError) as caught:
            verify(made.contract.chain, Purpose.CONTRACT, store, NOW)
        assert caught.value.reason is Reason.NO_ANCHOR


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize(
    ("above", "component", "believed"),
    [("MO", "MO", True), ("V2G", "MO", False), ("MO", "CPO", False), ("MO", None, False)],
)
def test_under_a_v2g_root_a_contract_is_a_mobility_operators_or_none(curve: str, above: str, component: str, believed: bool) -> None:
    """Chargers hang there, too: an authority of theirs that issues a contract is not believed."""
    made = tree(curve)
    other = Tree(curve, NOW)
    other.members["v2g_root"] = made.v2g_root
    other.members["mo_sub1"] = other.issue(replace(PROFILES["mo_sub1"], issuer="v2g_root", component=above))
    other.members["mo_sub2"] = other.issue(PROFILES["mo_sub2"])
    other.members["contract"] = other.issue(replace(PROFILES["contract"], component=component))
    wider = replace(made.trust, contracts_at_v2g=True)
    with pytest.raises(ChainError):
        verify(other.contract.chain, Purpose.CONTRACT, made.trust, NOW)
    if believed:
        assert verify(other.contract.chain, Purpose.CONTRACT, wider, NOW).root == made.v2g_root.certificate
        return
    with pytest.raises(ChainError) as caught:
        verify(other.contract.chain, Purpose.CONTRACT, wider, NOW)
    assert caught.value.reason is Reason.NO_ANCHOR


def test_an_operators_own_root_vouches_for_whatever_it_has_issued() -> None:
    made = tree("secp521r1")
    assert verify(made.changed("contract", component=None).chain, Purpose.CONTRACT, made.trust, NOW)


def test_expired_outranks_not_yet_valid_and_a_forgery_outranks_both() -> None:
    made = tree("secp521r1")
    chain = _authority("mo_sub2", begins=DAY)(made)
    late = made.changed("contract", begins=-800 * DAY)
    with pytest.raises(ChainError) as caught:
        verify((late.der, *chain[1:]), Purpose.CONTRACT, made.trust, NOW)
    assert caught.value.reason is Reason.BAD_SIGNATURE
    early = Tree("secp521r1", NOW)
    early.members |= {"mo_root": made.mo_root, "mo_sub1": made.mo_sub1}
    early.members["mo_sub2"] = early.issue(replace(PROFILES["mo_sub2"], begins=DAY))
    with pytest.raises(ChainError) as caught:
        verify(early.changed("contract", begins=-800 * DAY).chain, Purpose.CONTRACT, made.trust, NOW)
    assert caught.value.reason is Reason.EXPIRED


@pytest.mark.parametrize("curve", CURVES)
def test_what_is_revoked_is_refused_by_a_list_in_force_of_its_issuer(curve: str) -> None:
    made = tree(curve)

    def known(*lists: bytes, require: bool = False) -> Reason | None:
        try:
            verify(made.contract.chain, Purpose.CONTRACT, made.trust, NOW, revoked_in(lists, NOW), require_status=require)
        except ChainError as error:
            return error.reason
        return None

    none = made.mo_sub1.crl(at=NOW), made.mo_root.crl(at=NOW)
    assert known(made.mo_sub2.crl(made.contract, at=NOW)) is Reason.REVOKED
    assert known(made.mo_sub1.crl(made.mo_sub2, at=NOW)) is Reason.REVOKED
    assert known(made.mo_sub2.crl(at=NOW), *none, require=True) is None
    assert known(require=True) is Reason.UNKNOWN_STATUS
    assert known(made.mo_sub2.crl(made.contract, at=NOW - 30 * DAY), *none, require=True) is Reason.UNKNOWN_STATUS
    assert known(make_tree(curve, NOW).mo_sub2.crl(at=NOW), *none, require=True) is Reason.UNKNOWN_STATUS


def test_a_broken_list_is_said() -> None:
    with pytest.raises(ChainError, match="revocation list"):
        revoked_in([b"\0"], NOW)


def test_an_older_curve_is_believed_only_where_it_is_named() -> None:
    made = make_tree("secp256r1", NOW)
    assert verify(made.contract.chain, Purpose.CONTRACT, made.trust, NOW, curves=(*STANDARD_CURVES, "secp256r1"))
    with pytest.raises(ChainError, match="secp256r1"):
        verify(made.contract.chain, Purpose.CONTRACT, made.trust, NOW)
