"""`pki.ocsp`: what a responder's answer is worth. Other people's answers, old ones and broken ones are worth nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from iso15118.errors import LocalError
from iso15118.pki.chain import ChainError, Reason, verify
from iso15118.pki.keys import ED448, SECP521R1, hash_of
from iso15118.pki.ocsp import KEPT, WEEK, Heard, OcspError, Standing, Statement, ask, heard, objection, responder, stapled
from iso15118.pki.tree import Member, Tree, make_tree
from iso15118.pki.trust import Purpose, TrustStore
from iso15118.value import replace

GOOD, REVOKED, UNKNOWN = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN
HOUR = timedelta(hours=1)


def said(tree: Tree, response: bytes, role: str = "secc", at: timedelta = HOUR, nonce: bytes = b"") -> Statement:
    member = tree[role]
    assert member.issuer is not None
    return heard(response, member.certificate, member.issuer.certificate, tree.now + at, nonce=nonce)


def answered(tree: Tree, signer: Member, *, nonce: bytes = b"", extension: bool = False, certificates: bool = True) -> bytes:
    """An answer about the charger by somebody."""
    member = tree["secc"]
    assert member.issuer is not None
    builder = ocsp.OCSPResponseBuilder().add_response(
        member.certificate, member.issuer.certificate, hashes.SHA1(), GOOD, tree.now, tree.now + WEEK, None, None
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, signer.certificate)
    if certificates:
        builder = builder.certificates([signer.certificate])
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    if extension:
        builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\5\0"), critical=True)
    return builder.sign(signer.key, hash_of(signer.key)).public_bytes(Encoding.DER)


@pytest.mark.parametrize(("status", "standing"), [(GOOD, Standing.GOOD), (REVOKED, Standing.REVOKED), (UNKNOWN, Standing.UNKNOWN)])
def test_an_answer_says_what_it_says_and_until_when(tree: Tree, status: ocsp.OCSPCertStatus, standing: Standing) -> None:
    response = tree.ocsp_response("secc", status=status)
    statement = said(tree, response)
    assert (statement.standing, statement.response) == (standing, response)
    assert statement.until - statement.since <= WEEK
    assert statement.since < statement.renew < statement.until


@pytest.mark.parametrize(("status", "told"), [(GOOD, ""), (REVOKED, "the certificate is revoked"), (UNKNOWN, "the certificate is unknown")])
def test_only_good_is_no_objection(tree: Tree, status: ocsp.OCSPCertStatus, told: str) -> None:
    member = tree["secc"]
    assert member.issuer is not None
    pair = member.certificate, member.issuer.certificate
    assert objection(tree.ocsp_response("secc", status=status), *pair, tree.now) == told
    assert objection(b"", *pair, tree.now)


def test_the_issuer_may_answer_itself(tree: Tree) -> None:
    assert said(tree, answered(tree, tree["cpo_sub2"], certificates=False)).standing is Standing.GOOD


def test_an_answer_counts_for_a_week_whatever_it_says(tree: Tree) -> None:
    response = tree.ocsp_response("secc", this_update=tree.now, next_update=tree.now + 30 * WEEK)
    assert said(tree, response, at=WEEK).until == tree.now + WEEK
    with pytest.raises(OcspError, match="holds from"):
        said(tree, response, at=WEEK + timedelta(seconds=1))


WORTHLESS: dict[str, tuple[Callable[[Tree], bytes], str]] = {
    "nothing": (lambda tree: b"", "an answer of 0 octets"),
    "too long": (lambda tree: bytes(9000), "an answer of 9000 octets"),
    "noise": (lambda tree: bytes(range(99)), "not an answer"),
    "cut off": (lambda tree: tree.ocsp_response("secc")[:-1], "not an answer"),
    "more behind it": (lambda tree: tree.ocsp_response("secc") + b"\0", "not an answer"),
    "a refusal": (
        lambda tree: ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER),
        "the responder answers try_later",
    ),
    "another certificate": (lambda tree: tree.ocsp_response("vehicle"), "not of the certificate's issuer"),
    "a sub-CA": (lambda tree: tree.ocsp_response("cpo_sub2", signer=tree["ocsp_cpo_sub2"]), "says nothing of this certificate"),
    "another tree": (lambda tree: make_tree("secp256r1", now=tree.now).ocsp_response("secc"), "not of the certificate's issuer"),
    "of last month": (lambda tree: tree.ocsp_response("secc", this_update=tree.now - 30 * WEEK / 7), "holds from"),
    "of tomorrow": (lambda tree: tree.ocsp_response("secc", this_update=tree.now + 24 * HOUR), "holds from"),
    "by the leaf itself": (lambda tree: tree.ocsp_response("secc", signer=tree["secc"]), "not made for this"),
    "by the responder of another authority": (
        lambda tree: tree.ocsp_response("secc", signer=tree["ocsp_mo_sub2"]),
        "not of the certificate's issuer",
    ),
    "by nobody that is named": (lambda tree: answered(tree, tree["ocsp_cpo_sub2"], certificates=False), "is not in it"),
    "a critical extension": (lambda tree: answered(tree, tree["ocsp_cpo_sub2"], extension=True), "critical extension"),
    "one bit less": (lambda tree: _flipped(tree.ocsp_response("secc")), "wrong|not an answer"),
}


def _flipped(response: bytes) -> bytes:
    read = ocsp.load_der_ocsp_response(response)
    at = response.index(read.signature) + 20
    return response[:at] + bytes([response[at] ^ 1]) + response[at + 1 :]


@pytest.mark.parametrize("how", WORTHLESS)
def test_an_answer_that_is_worth_nothing(tree: Tree, how: str) -> None:
    make, told = WORTHLESS[how]
    with pytest.raises(OcspError, match=told):
        said(tree, make(tree))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"extended_key_usage": ("server_auth",)}, "not made for this"),
        ({"days": 0.01}, "not valid now"),
        ({"begins": 1.0}, "not valid now"),
    ],
)
def test_a_responder_that_may_not_answer(change: dict[str, object], told: str) -> None:
    made = make_tree("ed448", now=datetime.fromisoformat("2026-01-01T00:00Z"), changes={"ocsp": change})
    with pytest.raises(OcspError, match=told):
        said(made, made.ocsp_response("secc"))


def test_no_single_bit_of_a_good_answer_may_be_another(tree: Tree) -> None:
    response, standing = tree.ocsp_response("secc", status=REVOKED), set()
    for at in range(0, len(response), 7):
        other = response[:at] + bytes([response[at] ^ 4]) + response[at + 1 :]
        try:
            standing.add(said(tree, other).standing)  # a bit of what is not looked at, such as the responder's own name, may differ
        except OcspError:
            continue
    assert standing <= {Standing.REVOKED}


def test_an_answer_to_another_question(tree: Tree) -> None:
    response = answered(tree, tree["ocsp_cpo_sub2"], nonce=b"1" * 16)
    assert said(tree, response, nonce=b"1" * 16).standing is Standing.GOOD
    assert said(tree, tree.ocsp_response("secc"), nonce=b"1" * 16).standing is Standing.GOOD
    with pytest.raises(OcspError, match="another question"):
        said(tree, response, nonce=b"2" * 16)


def test_a_question_names_the_certificate_and_where_to_ask(tree: Tree) -> None:
    member = tree["secc"]
    assert member.issuer is not None
    question = ocsp.load_der_ocsp_request(ask(member.certificate, member.issuer.certificate, b"1" * 16))
    assert question.serial_number == member.certificate.serial_number
    assert question.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"1" * 16
    assert responder(member.certificate) == "http://ocsp.invalid/"
    assert responder(tree["v2g_root"].certificate) is None
    with pytest.raises(LocalError, match="nonce of 33 octets"):
        ask(member.certificate, member.issuer.certificate, bytes(33))


@pytest.mark.parametrize("curve", [SECP521R1, ED448])
def test_another_implementation_answers_our_question(curve: str, tmp_path: Path) -> None:
    tree = make_tree(curve, now=datetime.now(UTC))  # openssl answers by the machine's clock
    member, answering = tree["secc"], tree["ocsp_cpo_sub2"]
    assert member.issuer is not None
    for name, each in (("issuer", member.issuer), ("responder", answering)):
        (tmp_path / f"{name}.pem").write_bytes(each.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "responder.key").write_bytes(answering.pem_key())
    (tmp_path / "index").write_text(f"V\t401231235959Z\t\t{member.certificate.serial_number:X}\tunknown\t/CN=any\n")
    (tmp_path / "question").write_bytes(ask(member.certificate, member.issuer.certificate, b"1" * 16))
    words = "openssl ocsp -index index -CA issuer.pem -rsigner responder.pem -rkey responder.key -reqin question -respout answer -ndays 5"
    if (digest := hash_of(answering.key)) is not None:
        words += f" -rmd {digest.name}"
    subprocess.run(words.split(), cwd=tmp_path, check=True, capture_output=True)
    statement = said(tree, (tmp_path / "answer").read_bytes(), nonce=b"1" * 16)
    assert (statement.standing, statement.until - statement.since) == (Standing.GOOD, timedelta(days=5))


def test_staples_stand_beside_their_certificates(tree: Tree) -> None:
    member = tree["secc"]
    path = [each.certificate for each in (*member.members, member.root)]
    staples = tree.staples("secc")
    assert [each.standing for each in stapled(staples, path, tree.now) if each] == [Standing.GOOD] * 3
    assert [each is None for each in stapled(staples[:1], path, tree.now)] == [False, True, True]
    assert [each is None for each in stapled((b"", staples[1]), path, tree.now)] == [True, False, True]
    with pytest.raises(OcspError, match=r"says nothing|not of the"):
        stapled(staples[::-1], path, tree.now)
    with pytest.raises(OcspError, match="4 staples for 3"):
        stapled((*staples, b""), path, tree.now)


def test_what_was_heard_decides_about_a_chain(tree: Tree) -> None:
    member, store = tree["secc"], TrustStore(v2g=(tree["v2g_root"].der,))
    known = Heard()

    def refused() -> Reason | None:
        now = tree.now + HOUR
        try:
            verify(member.chain, Purpose.SECC, store, now, known.status(now), require_status=True)
        except ChainError as error:
            return error.reason
        return None

    assert refused() is Reason.UNKNOWN_STATUS
    for each in member.members:
        known.add(said(tree, tree.ocsp_response(each.role), each.role))
    assert refused() is None
    known.add(said(tree, tree.ocsp_response("secc", status=UNKNOWN, this_update=tree.now)))
    assert refused() is Reason.UNKNOWN_STATUS
    known.add(said(tree, tree.ocsp_response("secc", status=REVOKED, this_update=tree.now + HOUR / 2)))
    assert refused() is Reason.REVOKED
    known.add(said(tree, tree.ocsp_response("secc", this_update=tree.now + HOUR / 4)))
    assert refused() is Reason.REVOKED


def test_no_more_is_remembered_than_fits_and_nothing_too_long(tree: Tree) -> None:
    known, statement = Heard(), said(tree, tree.ocsp_response("secc"))
    known.add(statement)
    assert known.of(tree["secc"].certificate, tree.now) == statement
    assert known.of(tree["secc"].certificate, tree.now + 2 * WEEK) is None
    for number in range(KEPT):
        known.add(replace(statement, certificate=number.to_bytes(2, "big"), until=statement.until + HOUR))
    assert known.of(tree["secc"].certificate, tree.now) is None
