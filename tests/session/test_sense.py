"""`session.sense`: the table is whole, and what is raised by it says rule, numbers and code. What it does: the tests of its places."""

from __future__ import annotations

import pytest

from iso15118.messages.v20.common import ResponseCode
from iso15118.sequence.table import Transfer
from iso15118.session.sense import Reaction, Sense, refused


@pytest.mark.parametrize("row", Sense)
def test_what_is_refused_has_a_code_and_what_is_clamped_has_none(row: Sense) -> None:
    rule = row.rule
    assert rule.what
    if rule.reaction is Reaction.CLAMPED:
        assert rule.code == ""
    else:
        assert ResponseCode(rule.code).startswith("FAILED")


@pytest.mark.parametrize(
    ("row", "transfer", "requirement", "code"),
    [
        (Sense.NEGATIVE, Transfer.DC, "V2G20-2272", "FAILED_WrongChargeParameter"),
        (Sense.NEGATIVE, Transfer.AC, "V2G20-1619", "FAILED_WrongChargeParameter"),
        (Sense.PHASES, Transfer.AC, "V2G20-1815", "FAILED_WrongChargeParameter"),
        (Sense.OTHER_MODE, None, "V2G20-458", "FAILED"),
        (Sense.ABOVE_OWN_MAXIMUM, None, "", "FAILED"),
    ],
)
def test_the_error_to_raise(row: Sense, transfer: Transfer | None, requirement: str, code: str) -> None:
    error = refused(row, "20000 V", transfer)
    assert (error.requirement, error.code) == (requirement, code)
    assert str(error).startswith(f"{row.rule.what}: 20000 V")
