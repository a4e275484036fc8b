"""The matrix of handshakes: every one that is wrong is refused with the alert that says why, on both curves."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.ocsp import OCSPCertStatus

from iso15118.errors import LocalError
from iso15118.pki.profiles import profiles
from iso15118.pki.tls_profile import LENIENT, SECOND, STRICT
from iso15118.pki.tree import NAMES, Member, Tree, issue, make_tree
from iso15118.service.tls.choose import candidates, context
from iso15118.service.tls.engine import Chain, Credentials, Engine, TlsError
from iso15118.service.tls.engine_std import StdEngine
from iso15118.service.tls.store import chain_of, of_tree
from iso15118.value import replace
from tests.service.tls.handshake import Shaken, between, shake

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of pyOpenSSL
CURVES = ("secp521r1", "ed448")


@cache
def tree_of(curve: str, *changed: tuple[str, str, Any]) -> Tree:
    changes: dict[str, dict[str, Any]] = {}
    for role, field, value in changed:
        changes.setdefault(role, {})[field] = value
    return make_tree(curve, now=datetime.now(UTC), changes=changes)


ENGINES = dict(candidates())


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    return ENGINES[request.param]()


@pytest.fixture(params=CURVES)
def tree(request: pytest.FixtureRequest) -> Tree:
    return tree_of(request.param)


def both(engine: Engine, tree: Tree, charger: Chain | None = None, car: Chain | None = None, **changes: Any) -> Shaken:
    """A handshake in which one side shows another chain than it should, or has other credentials (`charger_x`, `car_x`)."""
    ours, theirs = of_tree(tree, "secc"), of_tree(tree, "vehicle")
    ours = ours if charger is None else replace(ours, chains=(charger,))
    theirs = theirs if car is None else replace(theirs, chains=(car,))
    for key, value in changes.items():
        side, _, field = key.partition("_")
        if side == "charger":
            ours = replace(ours, **{field: value})
        else:
            theirs = replace(theirs, **{field: value})
    return shake(engine, ours, theirs)


@pytest.mark.case("TLS-01", "TLS-11", "TLS-16")
def test_an_honest_handshake(engine: Engine, tree: Tree) -> None:
    seen = both(engine, tree)
    assert seen.talks
    assert (seen.car.version, seen.car.suite) == ("TLSv1.3", "TLS_AES_256_GCM_SHA384")
    assert seen.car.peer == tree["secc"].chain, "the whole chain, not a bare leaf"
    assert seen.charger.peer == tree["vehicle"].chain
    assert seen.car.staples[0] == ""
    named = (tree["v2g_root"].certificate.subject.public_bytes(),)
    assert seen.charger.authorities == (named if engine.names_roots else ())
    assert {name for name in seen.car.authorities} <= {tree[root].certificate.subject.public_bytes() for root in ("oem_root", "v2g_root")}
    assert len(seen.charger.fingerprint) == 64
    assert (seen.charger.error, seen.car.error) == ("", "")


@pytest.mark.parametrize("narrow", [{"groups": ("X448",)}, {"suites": ("TLS_CHACHA20_POLY1305_SHA256",)}])
def test_the_second_of_each_list_will_do(engine: Engine, tree: Tree, narrow: dict[str, tuple[str, ...]]) -> None:
    assert both(engine, tree, car_profile=replace(STRICT, **narrow)).talks


@pytest.mark.case("TLS-07")
@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize(
    ("changed", "alert", "told"),
    [
        ((("vehicle", "begins", -800.0),), "certificate_expired", "certificate has expired"),
        ((("vehicle", "begins", 1.0),), "bad_certificate", "certificate is not yet valid"),
        ((("vehicle", "extended_key_usage", ("server_auth",)),), "unsupported_certificate", "unsuitable certificate purpose"),
        ((("vehicle_sub1", "path_length", 0),), "unknown_ca", "path length constraint exceeded"),
        ((("vehicle_sub2", "ca", False),), "unknown_ca", "invalid CA certificate"),
    ],
)
def test_a_vehicle_certificate_that_is_wrong(engine: Engine, curve: str, changed: tuple[Any, ...], alert: str, told: str) -> None:
    seen = both(engine, tree_of(curve, *changed))
    assert not seen.talks
    assert told in seen.charger.error
    assert (seen.charger.alert_sent, seen.car.alert_got) == (alert, alert)
    assert seen.car.error == f"the charger refuses our certificate: {alert}"


@pytest.mark.case("TLS-06", "TLS-07")
def test_a_vehicle_under_another_root_or_with_another_kind_of_certificate(engine: Engine, tree: Tree) -> None:
    other = make_tree("secp521r1", now=datetime.now(UTC))
    for chain in (chain_of(tree, "contract"), chain_of(other, "vehicle")):
        seen = both(engine, tree, car=chain)
        assert (seen.talks, seen.charger.alert_sent) == (False, "unknown_ca")
    # The OEM's other certificate ends at a root that is trusted, but is not for this [V2G20-2342].
    seen = both(engine, tree, car=chain_of(tree, "oem_provisioning"))
    assert not seen.talks
    assert seen.charger.error == "unsuitable certificate purpose"
    assert seen.charger.alert_sent == ("unsupported_certificate" if engine.name == "ssl" else "internal_error")


def test_a_vehicle_that_is_on_a_revocation_list(engine: Engine, tree: Tree) -> None:
    assert both(engine, tree, charger_crls=(tree.crl("vehicle_sub2"),)).talks
    seen = both(engine, tree, charger_crls=(tree.crl("vehicle_sub2", ["vehicle"]),))
    assert (seen.talks, seen.charger.alert_sent) == (False, "certificate_revoked")
    seen = both(engine, tree, charger_crls=(tree.crl("oem_sub2"),))
    assert not seen.talks, "no list of the vehicle's authority: it may be revoked"


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize(
    ("changed", "alert"),
    [
        ((("secc", "begins", -90.0),), "certificate_expired"),
        ((("secc", "extended_key_usage", ("client_auth",)),), "unsupported_certificate"),
        ((("cpo_sub1", "path_length", 0),), "unknown_ca"),
    ],
)
def test_a_charger_certificate_that_is_wrong(engine: Engine, curve: str, changed: tuple[Any, ...], alert: str) -> None:
    seen = both(engine, tree_of(curve, *changed))
    assert (seen.talks, seen.car.alert_sent, seen.charger.alert_got) == (False, alert, alert)


@pytest.mark.case("TLS-12", "TLS-13")
@pytest.mark.parametrize("what", ["revoked", "unknown", "none", "stale", "expired", "forged", "another's", "junk"])
def test_a_response_that_does_not_prove_the_charger_good(engine: Engine, tree: Tree, what: str) -> None:
    other, now = make_tree("secp521r1", now=datetime.now(UTC)), datetime.now(UTC)
    staples = {
        "revoked": tree.ocsp_response("secc", status=OCSPCertStatus.REVOKED),
        "unknown": tree.ocsp_response("secc", status=OCSPCertStatus.UNKNOWN),
        "none": b"",
        "stale": tree.ocsp_response("secc", this_update=now - timedelta(days=8), next_update=now + timedelta(days=1)),
        "expired": tree.ocsp_response("secc", this_update=now - timedelta(days=2), next_update=now - timedelta(hours=1)),
        "forged": tree.ocsp_response("secc", signer=other["ocsp_cpo_sub2"]),
        "another's": tree.ocsp_response("cpo_sub2"),
        "junk": b"\x30\x03\x0a\x01\x00",
    }
    chain = chain_of(tree, "secc")._replace(staples=(staples[what],) if staples[what] else ())
    seen = both(engine, tree, charger=chain)
    assert not seen.talks
    assert seen.car.alert_sent == "bad_certificate_status_response"
    assert seen.charger.alert_got == "bad_certificate_status_response"
    assert seen.car.error.startswith("OCSP of the charger's certificates: ")


def test_a_bench_may_go_without_a_response_but_not_with_a_bad_one(engine: Engine, tree: Tree) -> None:
    bare = chain_of(tree, "secc")._replace(staples=())
    assert both(engine, tree, charger=bare, car_staple_needed=False).talks
    revoked = bare._replace(staples=(tree.ocsp_response("secc", status=OCSPCertStatus.REVOKED),))
    assert not both(engine, tree, charger=revoked, car_staple_needed=False).talks


@pytest.mark.case("TLS-02", "TLS-03")
@pytest.mark.parametrize(
    "profile",
    [
        replace(LENIENT, suites=("TLS_AES_128_GCM_SHA256",)),
        replace(LENIENT, groups=("secp256r1", "X25519")),
        replace(LENIENT, signatures=("ecdsa_secp256r1_sha256",)),
    ],
    ids=["suites", "groups", "signatures"],
)
def test_a_car_that_offers_nothing_of_the_profile(engine: Engine, tree: Tree, profile: Any) -> None:
    seen = both(engine, tree, car_profile=profile)
    assert not seen.talks
    assert "handshake_failure" in (seen.charger.alert_sent, seen.car.alert_sent)


@pytest.mark.case("TLS-14")
def test_a_charger_that_sends_a_bare_leaf(engine: Engine, tree: Tree) -> None:
    chain = chain_of(tree, "secc")
    seen = both(engine, tree, charger=chain._replace(certificates=chain.certificates[:1]))
    assert (seen.talks, seen.car.alert_sent) == (False, "unknown_ca")


@pytest.mark.case("TLS-08", "TLS-09")
def test_of_two_chains_the_one_under_a_root_that_the_car_names(tree: Tree) -> None:
    engine = StdEngine()
    renamed = make_tree("ed448", now=datetime.now(UTC), changes={"v2g_root": {"cn": "Another root"}})
    chains = (chain_of(renamed, "secc"), chain_of(tree, "secc"))
    seen = both(engine, tree, charger_chains=chains)
    assert seen.talks
    assert seen.car.peer == tree["secc"].chain
    assert shake(engine, replace(of_tree(tree, "secc"), chains=chains), _car_of(tree, renamed)).car.peer == renamed["secc"].chain
    nobody = replace(of_tree(tree, "vehicle"), anchors=(tree["mo_root"].der,))
    seen = shake(engine, replace(of_tree(tree, "secc"), chains=chains), nobody)
    assert seen.charger.error == "no chain of ours ends at a root that the car trusts"
    assert seen.car.alert_got == "handshake_failure"


def _car_of(tree: Tree, root: Tree) -> Credentials:
    return replace(of_tree(tree, "vehicle"), anchors=(root["v2g_root"].der,))


def test_other_staples_from_now_on(engine: Engine, tree: Tree) -> None:
    context = engine.context(of_tree(tree, "secc"), server=True)
    car = engine.context(of_tree(tree, "vehicle"), server=False)
    assert between(context.session(), car.session()).talks
    context.renew([(tree.ocsp_response("secc", status=OCSPCertStatus.REVOKED),)])
    assert not between(context.session(), car.session()).talks


def test_keys_are_logged_for_whoever_asks(engine: Engine, tree: Tree, tmp_path: Path) -> None:
    path = tmp_path / "keys"
    assert both(engine, tree, charger_key_log=str(path)).talks
    assert "SERVER_TRAFFIC_SECRET_0" in path.read_text()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"chains": ()}, "allowed: both"),
        ({"anchors": ()}, "allowed: both"),
        ({"profile": replace(STRICT, groups=("x1",))}, "does not know all of the groups x1"),
        ({"profile": replace(STRICT, suites=("TLS_X",))}, "does not know all of the suites TLS_X"),
        ({"crls": (b"junk",)}, "no revocation list"),
    ],
)
def test_credentials_that_are_none(engine: Engine, tree: Tree, change: dict[str, Any], told: str) -> None:
    with pytest.raises(LocalError) as caught:
        engine.context(replace(of_tree(tree, "secc"), **change), server=True)
    assert told in str(caught.value)


def test_a_key_of_another_certificate(engine: Engine, tree: Tree) -> None:
    mixed = chain_of(tree, "secc")._replace(key=chain_of(tree, "vehicle").key)
    with pytest.raises(LocalError, match="is not that of the certificate"):
        engine.context(replace(of_tree(tree, "secc"), chains=(mixed,)), server=True)


def test_octets_that_are_no_tls(engine: Engine, tree: Tree) -> None:
    session = engine.context(of_tree(tree, "secc"), server=True).session()
    session.feed(b"GET / HTTP/1.1\r\n\r\n" + bytes(100))
    with pytest.raises(TlsError):
        session.handshake()
    assert session.outcome().error


@pytest.mark.case("TLS-07")
def test_a_vehicle_with_a_key_of_the_older_edition_meets_a_lenient_bench_only(engine: Engine) -> None:
    old = tree_of("secp256r1")
    bench = {"charger_profile": LENIENT, "car_profile": LENIENT}
    assert both(engine, old, **bench).talks
    assert not both(engine, old).talks, "neither side has a certificate that the profile allows"
    tree = tree_of("secp521r1")
    trusting = replace(of_tree(tree, "secc"), anchors=(*of_tree(tree, "secc").anchors, old["oem_root"].der))
    seen = shake(engine, trusting, replace(of_tree(tree, "vehicle"), chains=(chain_of(old, "vehicle"),), profile=LENIENT))
    assert not seen.talks
    assert seen.charger.alert_sent or seen.car.alert_sent


def test_a_connection_that_breaks_off_inside_a_record_gives_nothing(engine: Engine, tree: Tree) -> None:
    charger, car = (engine.context(of_tree(tree, role), server=role == "secc").session() for role in ("secc", "vehicle"))
    assert between(charger, car).talks
    car.write(b"half a request")
    charger.feed(car.outgoing()[:-5])
    assert charger.read() == b"", "neither octets nor an end"


def test_records_without_octets_are_no_octets(engine: Engine, tree: Tree) -> None:
    charger, car = (engine.context(of_tree(tree, role), server=role == "secc").session() for role in ("secc", "vehicle"))
    assert between(charger, car).talks
    with suppress(TlsError):
        for _ in range(1000):
            car.write(b"")
    charger.feed(car.outgoing())
    assert charger.read() == b""


def test_the_profile_of_the_older_edition() -> None:
    """ISO 15118-2: TLS 1.2 with a key exchange of its own, and the charger alone shows a certificate, stapled."""
    tree = tree_of("secp256r1")
    ours, theirs = (replace(of_tree(tree, role), profile=SECOND) for role in ("secc", "vehicle"))
    seen = shake(StdEngine(), ours, theirs)
    assert seen.talks, (seen.charger, seen.car)
    assert (seen.car.version, seen.car.suite) == ("TLSv1.2", "ECDHE-ECDSA-AES128-SHA256")
    assert (seen.car.peer, seen.car.staples[0], seen.charger.peer) == (tree["secc"].chain, "", ())
    unstapled = replace(ours, chains=(ours.chains[0]._replace(staples=()),))
    assert not shake(StdEngine(), unstapled, theirs).talks


@pytest.mark.parametrize("role", ["secc", "vehicle"])
def test_the_profile_of_the_older_edition_is_none_for_this_one(role: str) -> None:
    tree = tree_of("secp256r1")
    with pytest.raises(LocalError, match=r"allowed: one of TLSv1\.3"):
        context(replace(of_tree(tree, role), profile=SECOND), server=role == "secc")
    newer = tree_of("secp521r1")
    charger, car = of_tree(newer, "secc"), replace(of_tree(tree, "vehicle"), profile=SECOND)
    if role == "vehicle":
        charger, car = replace(of_tree(tree, "secc"), profile=SECOND), of_tree(newer, "vehicle")
    assert not shake(StdEngine(), charger, car).talks


@pytest.mark.case("TLS-06")
@pytest.mark.parametrize("wrong", ["sub-CA 2 missing", "sub-CA 1 missing", "sub-CAs of the charger", "all sub-CAs missing"])
def test_a_chain_of_a_car_without_its_authorities(engine: Engine, tree: Tree, wrong: str) -> None:
    chain = chain_of(tree, "vehicle")
    leaf, below, above = chain.certificates
    certificates = {
        "sub-CA 2 missing": (leaf, above),
        "sub-CA 1 missing": (leaf, below),
        "sub-CAs of the charger": (leaf, *chain_of(tree, "secc").certificates[1:]),
        "all sub-CAs missing": (leaf,),
    }[wrong]
    seen = both(engine, tree, car=chain._replace(certificates=certificates))
    assert not seen.talks
    assert seen.charger.alert_sent == "unknown_ca"


def test_a_chain_of_a_car_in_disorder_is_put_in_order(engine: Engine, tree: Tree) -> None:
    """RFC 8446 4.4.2 lets a peer take it; what it ends at is checked all the same."""
    chain = chain_of(tree, "vehicle")
    leaf, below, above = chain.certificates
    assert both(engine, tree, car=chain._replace(certificates=(leaf, above, below))).talks


def foreign(kind: str) -> Any:
    match kind:
        case "rsa":
            return rsa.generate_private_key(65537, 2048)
        case "brainpool":
            return ec.generate_private_key(ec.BrainpoolP512R1())
        case _:
            return ed25519.Ed25519PrivateKey.generate()


@pytest.mark.case("TLS-08")
@pytest.mark.parametrize("kind", ["rsa", "brainpool", "ed25519"])
def test_a_car_with_a_key_of_another_kind(engine: Engine, tree: Tree, kind: str) -> None:
    """Its own chain is in order: it cannot say anything that the charger lets it say."""
    key, maker = foreign(kind), tree["vehicle"].issuer
    certificate = issue(profiles()["vehicle"], key.public_key(), now=tree.now, names=NAMES, issuer=maker)
    other = Tree({**tree.members, "vehicle": Member("vehicle", certificate, key, maker)}, tree.now)
    wide = replace(STRICT, signatures=(*STRICT.signatures, "rsa_pss_rsae_sha512", "ed25519"))
    car = replace(of_tree(tree, "vehicle"), chains=(chain_of(other, "vehicle"),), profile=wide)
    seen = shake(engine, of_tree(tree, "secc"), car)
    assert not seen.talks
    assert seen.charger.alert_sent in ("certificate_required", "illegal_parameter", "handshake_failure", "")
    assert seen.charger.error
