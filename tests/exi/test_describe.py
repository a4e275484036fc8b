"""What a class says of itself is what the codec does with it."""

from __future__ import annotations

from typing import Annotated

import pytest

from iso15118.exi import Attribute, Binary, Content, Element, Enumeration, Head, Integer, Message, Name, Occurs, Sequence, Text, Wildcard
from iso15118.exi import Choice as OneOf
from iso15118.exi.bits import write_integer, write_unsigned
from iso15118.exi.describe import facets, model, reached, rows, used, width


class Colour(Enumeration):
    red = "red"
    green = "green"
    blue = "blue"


class Leaf(Message):
    value: Annotated[int, Integer(0, 100)]


class Left(Message):
    pass


class Right(Message):
    pass


class Tree(Message):
    choice = (("apple", "pear"), ("bird", "bat", ""))

    id: Annotated[str | None, Text(), Attribute(), Name("Id")] = None
    leaf: Annotated[tuple[Leaf, ...], Occurs(1, 8)]
    more: tuple[Leaf, ...] = ()
    apple: bool | None = None
    pear: bool | None = None
    bird: bool | None = None
    bat: bool | None = None
    colour: Colour | None = None
    side: Annotated[Left | Right, Head("Side")]
    other: Annotated[Left | None, Head("Other")] = None


class Labelled(Message):
    zeta: Annotated[str, Text(), Attribute()]
    alpha: Annotated[str, Text(), Attribute()]
    text: Annotated[bytes, Binary(2, 2), Content()]


class Loose(Message):
    content = Sequence(Sequence(Element("p"), Element("q"), min=0), OneOf(Element("r"), Wildcard(1, 1), max=None), Wildcard())

    p: bool | None = None
    q: bool | None = None
    r: tuple[bool, ...] = ()


def test_rows_tell_how_often() -> None:
    assert [(row.wire, row.field, row.occurs, row.head) for row in rows(Tree)] == [
        ("Id", "id", "0..1", ""),
        ("Leaf", "leaf", "1..8", ""),
        ("More", "more", "0..∞", ""),
        ("Apple", "apple", "1 of 2", ""),
        ("Pear", "pear", "1 of 2", ""),
        ("Bird", "bird", "0..1 of 2", ""),
        ("Bat", "bat", "0..1 of 2", ""),
        ("Colour", "colour", "0..1", ""),
        ("Left", "side", "1 of 2", "Side"),
        ("Right", "side", "1 of 2", "Side"),
        ("Left", "other", "0..1", "Other"),
    ]


def test_attributes_stand_first_and_by_name() -> None:
    assert [(row.kind, row.wire) for row in rows(Labelled)] == [
        ("attribute", "Alpha"),
        ("attribute", "Zeta"),
        ("characters", "Text"),
    ]


def test_used_are_classes_and_enumerations_once() -> None:
    assert used(Tree) == (Leaf, Colour, Left, Right)


def test_reached_are_those_and_what_stands_in_them() -> None:
    class Wood(Message):
        tree: Tree

    assert set(reached([Wood])) == {Wood, Tree, Leaf, Colour, Left, Right}


def test_a_model_is_told_where_rows_do_not_say_it() -> None:
    assert model(Tree) == ""
    assert model(Loose) == "(P, Q)?, (R | any)+, any*"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Integer(0, 100), "integer 0..100, 7 bits"),
        (Integer(5, 5), "integer 5..5, 0 bits"),
        (Integer(0, 2**8 - 1), "unsignedByte 0..255, 8 bits"),
        (Integer(0, 2**32 - 1), "unsignedInt 0..4294967295, 8..40 bits"),
        (Integer(-(2**15), 2**15 - 1), "short -32768..32767, 9..25 bits"),
        (Integer(-(2**63), 2**63 - 1), "long -2^63..2^63-1, 9..73 bits"),
        (Integer(0, 2**64 - 1), "unsignedLong 0..2^64-1, 8..80 bits"),
        (Integer(None, None), "integer, 9..593 bits"),
        (Text(32), "string, 0..32 characters"),
        (Text(15, 14), "string, 14..15 characters"),
        (Text(), "string, any number of characters"),
        (Binary(8, 8, hex=True), "hexBinary, 8 octets"),
        (Binary(1, 1), "base64Binary, 1 octet"),
        (Binary(None, 2), "base64Binary, 2 or more octets"),
        (bool, "boolean, 1 bit"),
        (Leaf, "Leaf"),
    ],
)
def test_facets(value: object, said: str) -> None:
    assert facets(value) == said  # type: ignore[arg-type]


def test_an_enumeration_is_as_wide_as_its_last_index() -> None:
    assert width(Colour) == "2 bits"


@pytest.mark.parametrize("high", [4096, 2**14 - 1, 2**14, 2**16 - 1, 2**32 - 1, 2**64 - 1])
def test_widths_are_what_is_written(high: int) -> None:
    assert width(Integer(0, high)) == f"{len(write_unsigned(0, 0, high))}..{len(write_unsigned(high, 0, high))} bits"
    low = -high - 1
    written = [len(write_integer(value, low, high)) for value in (0, low)]
    assert width(Integer(low, high)) == f"{written[0]}..{written[1]} bits"


def test_text_has_no_width() -> None:
    with pytest.raises(TypeError, match="no width"):
        width(Text(3))
