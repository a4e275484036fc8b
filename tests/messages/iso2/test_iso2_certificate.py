"""The contract id as a fragment: the one element of ISO 15118-2 whose name has two types."""

from __future__ import annotations

import pytest

from iso15118.errors import CodecError
from iso15118.exi import from_json, to_json
from iso15118.messages.catalogue import SCHEMAS
from iso15118.messages.iso2.certificate import EMAID, EMAIDFragment

ISO2 = SCHEMAS["ISO2"]


@pytest.mark.parametrize(
    ("message", "told", "octets"),
    [
        (EMAIDFragment(value="DE123456789ABC"), "DE123456789ABC", "80ec800822229899199a1a9b1b9c1ca0a121fa7a00"),
        (
            EMAIDFragment(id="id1", value="DE123456789ABC"),
            {"Id": "id1", "value": "DE123456789ABC"},
            "80ec0202b4b218c00411114c4c8ccd0d4d8dce0e505090fd3d00",
        ),
    ],
    ids=["text", "signed"],
)
def test_with_and_without_an_id(message: EMAIDFragment, told: object, octets: str) -> None:
    """EXIficient, driven by the schema, writes these streams."""
    assert ISO2.encode_fragment(message, "eMAID").hex() == octets
    assert ISO2.decode_fragment(bytes.fromhex(octets)) == ("eMAID", message)
    assert to_json(message) == told
    assert from_json(EMAIDFragment, told) == message


def test_neither_of_its_types_is_a_fragment() -> None:
    with pytest.raises(CodecError, match="EMAID is no fragment"):
        ISO2.encode_fragment(EMAID(id="id1", value="DE123456789ABC"), "eMAID")


@pytest.mark.parametrize("value", ["DE12345678901", "DE12345678901234"])
def test_a_contract_id_has_14_or_15_characters(value: str) -> None:
    with pytest.raises(CodecError, match="eMAID"):
        ISO2.encode_fragment(EMAIDFragment(value=value), "eMAID")
