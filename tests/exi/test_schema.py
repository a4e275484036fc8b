"""Documents and fragments end to end: examples of the format, all-or-nothing, bounded, and honest about where it went wrong."""

from __future__ import annotations

import copy
import json
import pickle
import random
from collections.abc import Iterator
from typing import Annotated, Any

import pytest

from iso15118.errors import CodecError
from iso15118.exi import Attribute, Binary, Content, Message, Name, Occurs, Relaxed, Schema, Text, from_json, plan, to_json
from iso15118.exi.decoding import decode_source, usual_width
from iso15118.exi.encoding import encode_source
from iso15118.exi.generate import decoder, warming
from iso15118.exi.grammar import lower
from iso15118.messages.catalogue import SCHEMAS
from iso15118.messages.din import common as din
from iso15118.messages.iso2 import common as iso2
from iso15118.messages.v20.common import Header, RationalNumber
from iso15118.messages.v20.session import SessionSetupReq
from tests.vectors import lines

SETUP = bytes.fromhex("808c0400555de66ef77f80880e2cfaa0620b2ba6a4ab1899199a1a9b1b9c1c9820a121a222ac00")
LOOP = bytes.fromhex(
    "80340400555de66ef77f80880e2cfaa06201b98441fc2807c02407020c0a010607808311304184b008200000100158040800840704006400820c02c10000008001e200"
)
SIGNED_INFO = bytes.fromhex(
    "808112b43a3a381d1797bbbbbb973b999737b93397aa2917b1b0b737b734b1b0b616b2bc3497a1ab43a3a381d1797bbbbbb973b999737b933979918181897981a17bc3"
    "6b63239b4b396b6b7b93291b2b1b239b096b9b4309a9899220623696431025687474703a2f2f7777772e77332e6f72672f54522f63616e6f6e6963616c2d6578692f48"
    "52d0e8e8e0745e5eeeeeee5cee665cdee4ce5e646060625e60685ef0dad8cadcc646e6d0c26a6264806000204370"
)


def test_a_document_both_ways() -> None:
    message = SCHEMAS["CommonMessages"].decode(SETUP)
    header = Header(session_id=bytes.fromhex("00AABBCCDDEEFF01"), time_stamp=1700000000)
    assert message == SessionSetupReq(header=header, evcc_id="WMIV1234567890ABCDEX")
    assert SCHEMAS["CommonMessages"].encode(message) == SETUP


def test_a_fragment_both_ways() -> None:
    element, message = SCHEMAS["XMLDSIG"].decode_fragment(SIGNED_INFO)
    assert element == "SignedInfo"
    assert SCHEMAS["XMLDSIG"].encode_fragment(message) == SIGNED_INFO


@pytest.mark.parametrize("stream", [SETUP, LOOP])
def test_cut_anywhere_it_is_refused_with_a_place(stream: bytes) -> None:
    schema = SCHEMAS["DC" if stream is LOOP else "CommonMessages"]
    for length in range(len(stream)):
        with pytest.raises(CodecError) as caught:
            schema.decode(stream[:length])
        assert caught.value.bit is not None
        assert caught.value.bit <= 8 * length


def test_the_error_names_path_and_bit() -> None:
    with pytest.raises(CodecError) as caught:
        SCHEMAS["DC"].decode(LOOP[:40])
    assert caught.value.path == "DC_ChargeLoopReq/BPT_Dynamic_DC_CLReqControlMode/EVMaximumChargePower/Value"
    assert caught.value.bit is not None
    assert 300 <= caught.value.bit <= 320


@pytest.mark.parametrize("header", [0x00, 0x81, 0x90, 0xA0, 0x24, 0xFF])
def test_only_the_plain_header_is_taken(header: int) -> None:
    with pytest.raises(CodecError, match="header"):
        SCHEMAS["DC"].decode(bytes([header]) + LOOP[1:])


def test_padding_must_be_zero_and_octets_behind_are_not_read() -> None:
    with pytest.raises(CodecError, match="padding"):
        SCHEMAS["DC"].decode(LOOP[:-1] + b"\x01")
    assert SCHEMAS["DC"].decode(LOOP + b"\xff\xff") == SCHEMAS["DC"].decode(LOOP)


def test_a_root_that_is_no_message_is_named() -> None:
    code = sorted(SCHEMAS["DC"]._codes).index("CLReqControlMode")
    with pytest.raises(CodecError, match="not a message"):
        SCHEMAS["DC"].decode(bytes([0x80, code << 2]))


def test_a_message_of_another_set_is_not_encoded() -> None:
    with pytest.raises(CodecError, match="no root element of SAP"):
        SCHEMAS["SAP"].encode(SCHEMAS["CommonMessages"].decode(SETUP))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"evcc_id": "x" * 256}, "SessionSetupReq/EVCCID"),
        ({"evcc_id": 7}, "SessionSetupReq/EVCCID"),
        ({"header": None}, "SessionSetupReq/Header: missing"),
        ({"header": Header(session_id=b"1", time_stamp=0)}, "SessionSetupReq/Header/SessionID"),
        ({"header": Header(session_id=bytes(8), time_stamp=-1)}, "SessionSetupReq/Header/TimeStamp"),
    ],
)
def test_encoding_says_which_field_does_not_fit(change: dict[str, object], what: str) -> None:
    good = SessionSetupReq(header=Header(session_id=bytes(8), time_stamp=0), evcc_id="x")
    with pytest.raises(CodecError, match=what):
        SCHEMAS["CommonMessages"].encode(good.but(**change))


class Item(Message):
    name: Annotated[str, Text(5)]
    data: Annotated[bytes, Binary(4)] = b""


class Box(Message):
    item: Annotated[tuple[Item, ...], Occurs(2, 4)]
    tail: bool | None = None


BOXES = Schema("boxes", elements=("Box",), roots={"Box": Box}, fragment_elements=("Box", "Data", "Item"), fragment_roots={"Item": Item})


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("tail", [None, True])
def test_lists_with_a_minimum_and_at_their_maximum(count: int, tail: bool | None) -> None:
    box = Box(item=tuple(Item(name=str(i), data=bytes(i)) for i in range(count)), tail=tail)
    assert BOXES.decode(BOXES.encode(box)) == box


def test_list_sizes_are_held() -> None:
    for count in (0, 1, 5):
        with pytest.raises(CodecError, match=r"Box/Item: \d items"):
            BOXES.encode(Box(item=(Item(name="a"),) * count))


def test_at_the_maximum_the_codes_are_narrower() -> None:
    three, four = (BOXES.encode(Box(item=(Item(name=""),) * n)) for n in (3, 4))
    # root 1 + per item SE 1 or 2, name 12, data 11, EE 1; behind the last item Tail or EE: 2 bits either way, the loop's own code gone.
    assert len(three) < len(four) <= len(three) + 4
    assert BOXES.decode(four) == Box(item=(Item(name=""),) * 4)


def test_messages_are_frozen_values() -> None:
    item = Item(name="a")
    with pytest.raises(AttributeError, match="frozen"):
        item.name = "b"  # type: ignore[misc]
    with pytest.raises(TypeError, match=r"unexpected keyword argument .colour."):
        Item(name="a", colour=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"missing 1 required keyword-only argument: .name."):
        Item()  # type: ignore[call-arg]
    assert item.but(name="b") == Item(name="b") != item
    assert len({item, Item(name="a"), Item(name="b")}) == 2
    assert copy.deepcopy(item) == item == pickle.loads(pickle.dumps(item))
    decoded = BOXES.decode(BOXES.encode(Box(item=(item, item))))
    with pytest.raises(AttributeError, match="frozen"):
        decoded.tail = True  # type: ignore[attr-defined]


def test_json_errors_name_the_path() -> None:
    for data, what in [
        ({"Item": [{"Name": "x"}]}, "Item: 1 items"),
        ({"Item": [{"Name": "x"}, {"Nome": "x"}]}, r"Item\[1\]/Nome: unknown"),
        ({"Item": [{"Name": "x", "Data": "!"}, {}]}, r"Item\[0\]/Data: '!' is not base64"),
        ({"Item": [{"Name": "toolong"}, {"Name": "x"}]}, r"Item\[0\]/Name"),
        ({"Item": {"Name": "x"}}, "Item: dict instead of a list"),
        ([], "list instead of an object"),
    ]:
        with pytest.raises(CodecError, match=what):
            from_json(Box, data)


@pytest.fixture
def pure() -> Iterator[None]:
    """The pure codec, also where the compiled one has been built: that one is quicker than a table of values."""
    before = plan.used()
    plan.use(None)
    yield
    plan.use(before)


@pytest.mark.usefixtures("pure")
def test_equal_small_values_are_one_object_and_never_a_wrong_one() -> None:
    message = SCHEMAS["DC"].decode(LOOP)
    again = SCHEMAS["DC"].decode(LOOP)
    mode, other = message.control_mode, again.control_mode  # type: ignore[attr-defined]
    assert mode.ev_maximum_voltage is other.ev_maximum_voltage
    assert mode.ev_maximum_voltage == RationalNumber(exponent=0, value=900)


@pytest.mark.parametrize(("cls", "width"), [(RationalNumber, 40), (iso2.PhysicalValue, 41), (din.PhysicalValue, 43)])
def test_a_shared_value_is_looked_up_by_as_many_bits_as_it_usually_has(cls: type[Message], width: int) -> None:
    assert usual_width(lower(cls)) == width


class Pair(Message):
    one: din.PhysicalValue
    other: din.PhysicalValue


PAIRS = Schema("pairs", elements=("Pair",), roots={"Pair": Pair})


@pytest.mark.parametrize("unit", [None, din.UnitSymbol.V])
@pytest.mark.parametrize("value", [0, 1, 127, 128, 16383, 16384, 32767, -1, -128, -129, -16385, -32768])
def test_shared_values_of_every_length_are_read_as_they_were_said(unit: din.UnitSymbol | None, value: int) -> None:
    body = [din.PhysicalValue(multiplier=m, unit=unit, value=value) for m in range(-3, 4)]
    for one in body:
        for other in body:
            pair = Pair(one=one, other=other)
            assert PAIRS.decode(PAIRS.encode(pair)) == pair


def test_random_octets_give_a_message_or_a_codec_error() -> None:
    rng = random.Random(15118)
    frames = [bytes.fromhex(vector["exi"]) for vector in lines("DC")]
    outcomes = {"message": 0, "error": 0}
    for _ in range(4000):
        frame = bytearray(rng.choice(frames))
        for _ in range(rng.randint(1, 4)):
            frame[rng.randrange(1, len(frame))] = rng.randrange(256)
        try:
            message = SCHEMAS["DC"].decode(bytes(frame))
        except CodecError:
            outcomes["error"] += 1
        else:
            outcomes["message"] += 1
            assert SCHEMAS["DC"].decode(SCHEMAS["DC"].encode(message)) == message
            assert from_json(type(message), json.loads(json.dumps(to_json(message)))) == message
    assert min(outcomes.values()) > 100


def test_the_source_of_the_generated_code_is_readable() -> None:
    assert "def d_Item(s, p):" in decode_source(lower(Item))
    assert "def e_Item(o):" in encode_source(lower(Item))


class Said(Message):
    content = Relaxed(attributes=3, elements=2, at={"id": 1})
    id: Annotated[str | None, Text(), Attribute(), Name("Id")] = None
    value: Annotated[str, Text(5, 1), Content()]


SAYINGS = Schema("sayings", elements=(), roots={}, fragment_elements=("Said", "Then"), fragment_roots={"Said": Said})


@pytest.mark.parametrize(
    ("message", "told", "octets"),
    [
        (Said(value="a"), "a", "80200d85e0"),
        (Said(id="x", value="a"), {"Id": "x", "value": "a"}, "80040de200d85e"),
    ],
)
def test_an_element_of_several_types_is_its_text_or_has_attributes_too(message: Said, told: object, octets: str) -> None:
    assert SAYINGS.encode_fragment(message).hex() == octets
    assert SAYINGS.decode_fragment(bytes.fromhex(octets)) == ("Said", message)
    assert to_json(message) == told
    assert from_json(Said, told) == message


@pytest.mark.parametrize("told", ["", "toolong", {"Id": "x"}, {}, 7, ["a"]])
def test_text_of_several_types_has_its_facets_too(told: object) -> None:
    with pytest.raises(CodecError):
        from_json(Said, told)


def test_only_an_element_of_several_types_is_plain_text() -> None:
    with pytest.raises(CodecError, match="str instead of an object"):
        from_json(Item, "a")


def word() -> Any:
    """A class by the name of Word, whose code needs several tables."""

    class Word(Message):
        first: bool
        item: Annotated[tuple[Item, ...], Occurs(0, 2)] = ()
        last: bool | None = None

    return Word


def test_classes_of_one_name_do_not_meet_in_generated_code() -> None:
    words = [word() for _ in range(3)]
    schemas = [Schema(str(i), elements=("Word",), roots={"Word": cls}) for i, cls in enumerate(words)]
    for _ in range(2):  # made in the first round, called in the second
        for schema, cls in zip(schemas, words, strict=True):
            message = schema.decode(schema.encode(cls(first=True, item=(Item(name="a"),), last=False)))
            assert type(message) is cls
            assert schema.encode(message) == schemas[0].encode(words[0](first=True, item=(Item(name="a"),), last=False))


class Inner(Message):
    name: Annotated[str, Text(5)]


class Outer(Message):
    inner: Inner
    left: Box | None = None


def test_codecs_are_made_turn_by_turn() -> None:
    turns = list(warming([Outer], without=[Box]))
    assert len(turns) == 4, "decoder and encoder of Outer and Inner, not of Box"
    assert not hasattr(decoder(Inner), "stub")
