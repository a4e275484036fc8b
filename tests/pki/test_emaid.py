"""Contract ids in their writings, and the check digit against ids that are public."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.pki.emaid import check_digit, read_emaid

PUBLIC = (
    "NN123ABCDEFGHI-T",
    "FRXYZ123456789-2",
    "ITA1B2C3E4F5G6-4",
    "ESZU8WOX834H1D-R",
    "PT73902837ABCZ-Z",
    "DE83DUIEN83QGZ-D",
    "DE83DUIEN83ZGQ-M",
    "DE8AA001234567-0",
)


@pytest.mark.parametrize("text", PUBLIC)
def test_the_check_digit_of_public_ids(text: str) -> None:
    key, _, digit = text.partition("-")
    assert check_digit(key) == digit
    assert not read_emaid(text).doubtful


def test_one_contract_in_several_writings() -> None:
    ids = [read_emaid(text) for text in ("DE-8AA-001234567-0", "de8aa001234567", "DE8AA0012345670")]
    assert {each.key for each in ids} == {"DE8AA001234567"}
    assert {each.issuer for each in ids} == {"DE8AA"}
    assert str(ids[0]) == "DE8AA0012345670"


def test_another_check_digit_is_doubtful_and_no_more() -> None:
    assert read_emaid("DE8AA1A2B3C4D59").doubtful


@pytest.mark.parametrize(
    "text", ["", "DE8AA00123456", "DE8AA00123456700", "D18AA001234567", "DE8AA00123456\n", "DE8AA00123456é", "-" * 500]
)
def test_no_contract_id(text: str) -> None:
    with pytest.raises(LocalError, match="no contract id"):
        read_emaid(text)
