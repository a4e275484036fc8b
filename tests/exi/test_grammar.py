"""The lowering: productions and widths of states, against the EXI rules worked out by hand."""

from __future__ import annotations

from typing import Annotated, ClassVar

import pytest

from iso15118.exi import Attribute, Choice, Content, Element, Head, Integer, Message, Name, Occurs, Relaxed, Sequence, Text, Wildcard
from iso15118.exi.grammar import START, fields, lower
from iso15118.messages import xmldsig
from iso15118.messages.app_protocol import supportedAppProtocolReq
from iso15118.messages.v20.common import DisplayParameters, Header
from iso15118.messages.v20.dc import DC_ChargeLoopReq
from iso15118.messages.v20.price import PriceLevelSchedule
from iso15118.messages.v20.schedule import ChargingSchedule


def productions(cls: type[Message], behind: str | int = START) -> tuple[list[str], int]:
    """Names of the productions of a state (START, or behind the named element), and the width of its code."""
    grammar = lower(cls)
    state = behind if isinstance(behind, int) else next(p.index for p in grammar.positions if p.wire == behind)
    targets = grammar.targets(state)
    names = ["EE" if t == grammar.end else grammar.positions[t].wire for t in targets]
    return names, grammar.width(targets)


@pytest.mark.parametrize(
    ("cls", "behind", "names", "width"),
    [
        (Header, START, ["SessionID"], 1),
        (Header, "TimeStamp", ["Signature", "EE"], 2),
        (Header, "Signature", ["EE"], 1),
        (PriceLevelSchedule, START, ["Id", "TimeAnchor"], 2),
        (PriceLevelSchedule, "Id", ["TimeAnchor"], 1),
        (ChargingSchedule, "PowerSchedule", ["AbsolutePriceSchedule", "PriceLevelSchedule", "EE"], 2),
        (supportedAppProtocolReq, "AppProtocol", ["AppProtocol", "EE"], 2),
        (xmldsig.Reference, START, ["Id", "Type", "URI", "Transforms", "DigestMethod"], 3),
        (xmldsig.Reference, "Type", ["URI", "Transforms", "DigestMethod"], 2),
        (xmldsig.CanonicalizationMethod, START, ["Algorithm"], 1),
        (xmldsig.CanonicalizationMethod, "Algorithm", ["*", "EE"], 2),
        (xmldsig.SignatureMethod, "Algorithm", ["HMACOutputLength", "*", "EE"], 3),
        (xmldsig.SignatureMethod, "HMACOutputLength", ["*", "EE"], 2),
        (xmldsig.DigestMethod, "Algorithm", ["*", "EE"], 2),
        (xmldsig.Signature, "SignatureValue", ["KeyInfo", "Object", "EE"], 2),
        (xmldsig.Signature, "KeyInfo", ["Object", "EE"], 2),
        (xmldsig.SignatureValue, START, ["Id", "Value"], 2),
    ],
)
def test_states(cls: type[Message], behind: str | int, names: list[str], width: int) -> None:
    assert productions(cls, behind) == (names, width)


def test_a_transform_may_repeat_its_choice() -> None:
    names, width = productions(xmldsig.Transform, "Algorithm")
    assert sorted(names) == ["*", "EE", "XPath"]
    assert width == 3
    assert sorted(productions(xmldsig.Transform, "XPath")[0]) == ["*", "EE", "XPath"]


def test_optional_elements_are_listed_up_to_the_first_mandatory() -> None:
    names, width = productions(DisplayParameters)
    assert names[0] == "PresentSOC"
    assert names[-1] == "EE"
    assert (len(names), width) == (11, 4)


def test_a_substitution_group_is_sorted_and_its_abstract_head_takes_a_code() -> None:
    names, width = productions(DC_ChargeLoopReq, "EVPresentVoltage")
    assert names == [
        "BPT_Dynamic_DC_CLReqControlMode",
        "BPT_Scheduled_DC_CLReqControlMode",
        "CLReqControlMode",
        "Dynamic_DC_CLReqControlMode",
        "Scheduled_DC_CLReqControlMode",
    ]
    assert width == 3


class Only(Message):
    flag: bool


class Alone(Message):
    before: Annotated[Only | None, Head("Head")] = None
    behind: Annotated[Only, Head("Zero")]


def test_a_group_of_one_member_has_its_head_too() -> None:
    assert productions(Alone) == (["Head", "Only", "Only", "Zero"], 3)
    assert productions(Alone, 1) == (["Only", "Zero"], 2)
    assert productions(Alone, 2) == (["EE"], 1)


class Said(Message):
    content = Relaxed(attributes=3, elements=5, at={"id": 1})
    id: Annotated[str | None, Text(), Attribute(), Name("Id")] = None
    value: Annotated[str, Text(), Content()]


def test_an_element_of_several_types_is_offered_all_that_the_set_has() -> None:
    grammar = lower(Said)
    assert [(len(grammar.targets(state)), grammar.width(grammar.targets(state))) for state in (START, 1, 2)] == [(12, 4), (12, 4), (8, 4)]
    assert grammar.codes(grammar.targets(START)) == {1: "0001", 2: "1011"}  # 3 attributes and any, 5 elements and any, END, text
    assert grammar.codes(grammar.targets(1)) == {2: "1011"}
    assert grammar.codes(grammar.targets(2)) == {grammar.end: "0110"}


class Few(Message):
    item: Annotated[tuple[bool, ...], Occurs(0, 3)] = ()
    tail: bool | None = None


def test_at_its_maximum_a_list_loses_its_own_production() -> None:
    grammar = lower(Few)
    assert len(grammar.targets(0)) == 3
    assert len(grammar.exhausted(0)) == 2


class Nested(Message):
    content: ClassVar = Sequence(Sequence(Element("p"), Element("q"), min=0), Element("g", 0), Element("y"), Wildcard(0, 1))
    p: bool | None = None
    q: bool | None = None
    g: bool | None = None
    y: bool


def test_an_optional_nested_sequence_is_skipped_as_a_whole() -> None:
    assert productions(Nested)[0] == ["P", "G", "Y"]
    assert productions(Nested, "P")[0] == ["Q"]
    assert productions(Nested, "Q")[0] == ["G", "Y"]
    assert productions(Nested, "Y")[0] == ["*", "EE"]


class Repeated(Message):
    content: ClassVar = Choice(Element("a"), Element("b"), min=1, max=None)
    a: Annotated[tuple[bool, ...], Occurs(0, None)] = ()
    b: Annotated[tuple[bool, ...], Occurs(0, None)] = ()


def test_a_repeated_choice_offers_itself_again() -> None:
    assert productions(Repeated)[0] == ["A", "B"]
    assert productions(Repeated, "A")[0] == ["A", "B", "EE"]
    assert lower(Repeated).loops


class Empty(Message):
    pass


def test_empty_content_ends_at_once() -> None:
    assert productions(Empty) == (["EE"], 1)


class Badly(Message):
    what: list[int]


class Abstract(Message):
    abstract = True


def test_what_has_no_grammar_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Badly\.what"):
        lower(Badly)
    with pytest.raises(TypeError, match="abstract"):
        lower(Abstract)


class Odd(Message):
    id: Annotated[str, Text(), Attribute(), Name("Id")]
    value: Annotated[int, Integer(0, 9), Content()]


def test_names_kinds_and_heads_come_from_the_annotations() -> None:
    positions = lower(Odd).positions
    assert [(p.kind, p.wire) for p in positions] == [("attribute", "Id"), ("characters", "Value")]
    group = fields(DC_ChargeLoopReq)["control_mode"]
    assert isinstance(group, list)
    assert [p.wire for p in group if not p.field] == [Head("CLReqControlMode").wire]
