"""Bytes: every message class against the vectors, both ways, and against streams that are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from iso15118.errors import CodecError
from iso15118.exi import Message, from_json, to_json
from iso15118.messages.catalogue import SCHEMAS
from tests.vectors import lines

MESSAGES = {
    "SAP": 160,
    "CommonMessages": 400,
    "AC": 240,
    "DC": 300,
    "ACDP": 200,
    "WPT": 280,
    "AC_DER_IEC": 200,
    "AC_DER_SAE": 200,
    "ISO2": 400,
    "DIN": 300,
}
FRAGMENTS = {"XMLDSIG": 24, "CommonMessages": 140, "AC": 5, "DC": 5, "ACDP": 5, "WPT": 5, "ISO2": 60}
FRAGMENTS_DER = {"AC_DER_IEC": 20, "AC_DER_SAE": 20}
REJECT = {"SAP": 173, "CommonMessages": 208, "AC": 188, "DC": 187, "ACDP": 197, "WPT": 228, "ISO2": 237, "DIN": 234}
ACCEPT = {"SAP": 74, "CommonMessages": 66, "AC": 74, "DC": 71, "ACDP": 70, "WPT": 73, "ISO2": 48, "DIN": 53}
EITHER = {"SAP": 69, "CommonMessages": 61, "AC": 61, "DC": 62, "ACDP": 53, "WPT": 53, "ISO2": 58, "DIN": 54}
STRING_TABLE = dict.fromkeys(("SAP", "CommonMessages", "AC", "DC", "ACDP", "WPT", "ISO2", "DIN"), 8)
EMPTY_STRINGS = {"CommonMessages": 11, "AC": 1, "DC": 3, "ACDP": 2, "WPT": 5, "AC_DER_IEC": 4, "AC_DER_SAE": 6, "ISO2": 8, "DIN": 4}
"""How many lines of each schema there are: none is passed over in silence."""
UNTOLD = {"DIN": {"CertificateInstallationRes", "CertificateUpdateRes"}}
"""Messages without a vector: judged in `din/test_din_ids.py`."""

Line = dict[str, Any]

pytestmark = pytest.mark.usefixtures("codec")


def judge(name: str, schema: str, count: int, check: Callable[[Line], None], only: Callable[[Line], bool] = lambda line: True) -> None:
    """Holds `check` against every line of a file that belongs to a schema; fails with the number of each line that breaks it, and why."""
    chosen = [(number, line) for number, line in enumerate(lines(name), 1) if line["schema"] == schema and only(line)]
    broken = []
    for number, line in chosen:
        try:
            check(line)
        except Exception as error:
            broken.append(f"{name}:{number} {line['root']}: {type(error).__name__}: {str(error)[:300]}")
    assert not broken, "\n".join([f"{len(broken)} of {len(chosen)}", *broken[:10]])
    assert len(chosen) == count


def told(message: Message) -> str:
    """The neutral form as text: order of keys, and the difference between 1 and true, count."""
    return json.dumps(to_json(message), indent=1)


def same(message: Message, line: Line) -> None:
    """Fails unless the message is what the line says, in the same order."""
    expected = json.dumps(line["json"], indent=1)
    if told(message) != expected:
        pairs = zip(told(message).splitlines(), expected.splitlines(), strict=False)
        got, wanted = next((pair for pair in pairs if pair[0] != pair[1]), ("", "a different end"))
        raise AssertionError(f"{got.strip()} instead of {wanted.strip()}")


@pytest.mark.parametrize("schema", MESSAGES)
def test_messages_decode_and_encode(schema: str) -> None:
    coder = SCHEMAS[schema]

    def check(line: Line) -> None:
        stream = bytes.fromhex(line["exi"])
        message = coder.decode(stream)
        assert type(message).__name__ == line["root"]
        same(message, line)
        built = from_json(coder.roots[line["root"]], line["json"])
        assert built == message
        assert coder.encode(built).hex() == line["exi"]
        assert coder.encode(message) == stream

    judge(schema, schema, MESSAGES[schema], check)


@pytest.mark.parametrize(
    ("name", "schema", "count"),
    [*(("fragments", *row) for row in FRAGMENTS.items()), *(("fragments_der", *row) for row in FRAGMENTS_DER.items())],
)
def test_fragments_decode_and_encode(name: str, schema: str, count: int) -> None:
    coder = SCHEMAS[schema]

    def check(line: Line) -> None:
        stream = bytes.fromhex(line["exi"])
        element, message = coder.decode_fragment(stream)
        assert element == line["root"]
        same(message, line)
        built = from_json(coder.fragment_roots[element], line["json"])
        assert built == message
        assert coder.encode_fragment(built, element).hex() == line["exi"]

    judge(name, schema, count, check)


@pytest.mark.parametrize("schema", REJECT)
def test_what_is_no_stream_is_rejected(schema: str) -> None:
    def check(line: Line) -> None:
        try:
            message = SCHEMAS[schema].decode(bytes.fromhex(line["exi"]))
        except CodecError:
            return
        raise AssertionError(f"{line['mutation']}: decoded to {message}")

    judge("malformed", schema, REJECT[schema], check, lambda line: line["verdict"] == "reject")


@pytest.mark.parametrize("schema", ACCEPT)
def test_a_mutation_that_is_another_message_is_that_message(schema: str) -> None:
    coder = SCHEMAS[schema]

    def check(line: Line) -> None:
        message = coder.decode(bytes.fromhex(line["exi"]))
        assert type(message).__name__ == line["decoded_root"]
        same(message, line)
        assert (coder.encode(message).hex() == line["exi"]) == line["canonical"]

    judge("malformed", schema, ACCEPT[schema], check, lambda line: line["verdict"] == "accept")


@pytest.mark.parametrize("schema", EITHER)
def test_a_doubtful_stream_is_rejected_or_a_valid_message(schema: str) -> None:
    coder = SCHEMAS[schema]

    def check(line: Line) -> None:
        try:
            message = coder.decode(bytes.fromhex(line["exi"]))
        except CodecError:
            return
        assert coder.decode(coder.encode(message)) == message

    judge("malformed", schema, EITHER[schema], check, lambda line: line["verdict"] == "either")


@pytest.mark.parametrize("schema", STRING_TABLE)
def test_a_string_table_never_gives_another_message(schema: str) -> None:
    coder = SCHEMAS[schema]

    def check(line: Line) -> None:
        same(coder.decode(bytes.fromhex(line["exi"])), line)
        try:
            message = coder.decode(bytes.fromhex(line["exi_with_table"]))
        except CodecError:
            return
        same(message, line)

    judge("stringtable", schema, STRING_TABLE[schema], check)


@pytest.mark.parametrize("schema", EMPTY_STRINGS)
def test_the_other_form_of_an_empty_string_never_gives_another_message(schema: str) -> None:
    def check(line: Line) -> None:
        try:
            message = SCHEMAS[schema].decode(bytes.fromhex(line["exi_alt"]))
        except CodecError:
            return
        same(message, line)

    judge(schema, schema, EMPTY_STRINGS[schema], check, lambda line: "exi_alt" in line)


def test_every_schema_is_judged() -> None:
    assert set(MESSAGES) | {"XMLDSIG"} == set(SCHEMAS)
    assert set(FRAGMENTS) | set(FRAGMENTS_DER) == set(SCHEMAS) - {"SAP", "DIN"}  # SAP signs nothing, DIN has no vectors of it
    assert set(REJECT) == set(ACCEPT) == set(EITHER) == set(STRING_TABLE) == set(MESSAGES) - set(FRAGMENTS_DER)


@pytest.mark.parametrize("schema", MESSAGES)
def test_every_request_and_response_has_vectors(schema: str) -> None:
    spoken = {name for name in SCHEMAS[schema].roots if name.endswith(("Req", "Res"))}
    said = {line["root"] for line in lines(schema)}
    if said == {"V2G_Message"}:
        said = {name for line in lines(schema) for name in line["json"]["Body"]}
    assert spoken - said == UNTOLD.get(schema, set())
    assert said <= spoken
