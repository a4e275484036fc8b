"""`service.contracts` with responders: a contract that is proven is asked about, for two seconds at most; silence is no "good"."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import pytest
from cryptography.x509 import ocsp

from iso15118.messages.v20.authorization import Authorization, AuthorizationReq
from iso15118.messages.v20.common import Header
from iso15118.pki.chain import revoked_in
from iso15118.pki.keys import ED448
from iso15118.pki.ocsp import Heard, OcspError
from iso15118.pki.presented import Rules
from iso15118.pki.signature import sign
from iso15118.pki.signer import SoftKey
from iso15118.pki.tree import Tree, make_tree
from iso15118.pki.trust import TrustStore
from iso15118.service import staples
from iso15118.service.contracts import ContractDesk, ListAuthorizer
from iso15118.service.staples import about
from iso15118.session.consult import Matter, Question
from tests.pki.trees import NOW
from tests.pki.trees import shown as mode_of

TREE = make_tree(ED448, now=NOW, ocsp_url="http://ocsp.test/")
Answer = Callable[[str, bytes], Awaitable[bytes]]


def request(tree: Tree = TREE) -> AuthorizationReq:
    mode = mode_of(tree["contract"])  # type: ignore[arg-type]
    header = Header(session_id=bytes(8), time_stamp=1, signature=sign([mode], SoftKey(tree["contract"].key)))
    return AuthorizationReq(header=header, selected_authorization_service=Authorization.PnC, authorization_mode=mode)


async def code(answer: Answer, *, required: bool = False, lists: tuple[bytes, ...] = (), asked: AuthorizationReq | None = None) -> str:
    rules = Rules(TrustStore(mo=(TREE["mo_root"].der,)), status=revoked_in(lists, NOW), require_status=required)
    responders = partial(about, known=Heard(), now=lambda: NOW, fetch=answer)
    desk = ContractDesk(
        rules, ListAuthorizer(providers=["DECLP"]), responders=responders, clock=lambda: int(NOW.timestamp() * 1e6), beside=False
    )
    return (await desk.consulted(Question(1, Matter.AUTHORISE, asked or request()))).code


def saying(status: ocsp.OCSPCertStatus, about: str = "contract", others: bool = True) -> Answer:
    async def answer(url: str, question: bytes) -> bytes:
        serial = ocsp.load_der_ocsp_request(question).serial_number
        role = next(role for role, each in TREE.members.items() if each.certificate.serial_number == serial)
        if role != about and not others:
            raise OcspError("silent")
        return TREE.ocsp_response(role, status=status if role == about else ocsp.OCSPCertStatus.GOOD)

    return answer


GOOD, REVOKED, UNKNOWN = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN
WARNED, INVALID = "WARNING_CertificateRevoked", "WARNING_CertificateValidationError"


@pytest.mark.parametrize("required", [False, True])
async def test_what_a_responder_says_counts(required: bool) -> None:
    assert await code(saying(GOOD), required=required) == "OK"
    assert await code(saying(REVOKED), required=required) == WARNED
    assert await code(saying(REVOKED, "mo_sub1"), required=required) == WARNED
    assert await code(saying(UNKNOWN), required=required) == (INVALID if required else "OK")
    assert await code(saying(GOOD, others=False), required=required) == (INVALID if required else "OK")


async def test_lists_and_responders_know_it_together() -> None:
    lists = (TREE.crl("mo_root"), TREE.crl("mo_sub1"))
    assert await code(saying(GOOD, others=False), required=True, lists=lists) == "OK"
    assert await code(saying(GOOD), lists=(TREE.crl("mo_sub2", ["contract"]),)) == WARNED


@pytest.mark.parametrize("required", [False, True])
async def test_a_responder_that_hangs_is_not_waited_for_longer(required: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staples, "PATIENCE", 0.05)

    async def hanging(url: str, question: bytes) -> bytes:
        await asyncio.Event().wait()
        return b""

    began = time.monotonic()
    assert await code(hanging, required=required) == (INVALID if required else "OK")
    assert time.monotonic() - began < 1.0


async def test_nobody_is_asked_about_what_is_not_proven() -> None:
    asked: list[str] = []

    async def answer(url: str, question: bytes) -> bytes:
        asked.append(url)
        return b""

    assert await code(answer, asked=request(make_tree(ED448, now=NOW, ocsp_url="http://elsewhere.test/"))) == INVALID
    late = make_tree(ED448, now=NOW - timedelta(days=9999))
    assert await code(answer, asked=request(late)) == INVALID
    assert asked == []
