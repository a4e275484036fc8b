"""`service.contracts`: whose contracts are known here."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from iso15118.errors import LocalError
from iso15118.pki.emaid import read_emaid
from iso15118.pki.presented import Contract
from iso15118.service.contracts import ListAuthorizer
from tests.pki.trees import NOW


def said(authorizer: ListAuthorizer, emaid: str) -> str:
    return asyncio.run(authorizer.authorise(Contract(read_emaid(emaid), (b"",), NOW + timedelta(days=99))))


@pytest.mark.case("AUT-12")
def test_contracts_and_issuers_that_are_known() -> None:
    known = ListAuthorizer(["DE-ABC-C12345678-9", "NLXYZ000000001"], ["FR-DEF"], ["FRDEF000000666"])
    assert said(known, "DEABCC12345678") == "OK"
    assert said(known, "deabcc123456789") == "OK", "the check digit does not tell contracts apart"
    assert said(known, "NLXYZ000000001") == "OK"
    assert said(known, "NLXYZ000000002") == "WARNING_GeneralPnCAuthorizationError"
    assert said(known, "FRDEF000000001") == "OK"
    assert said(known, "FRDEF000000666") == "WARNING_GeneralPnCAuthorizationError"
    assert said(known, "ITABC000000001") == "WARNING_eMSPUnknown"


def test_nobody_is_known_unless_somebody_says_so() -> None:
    assert said(ListAuthorizer(), "DEABCC12345678") == "WARNING_eMSPUnknown"


def test_a_list_with_something_else_in_it_is_no_list() -> None:
    with pytest.raises(LocalError, match="no contract id"):
        ListAuthorizer(["DE"])
