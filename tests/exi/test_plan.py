"""The compiled codec does what the pure one does, to the bit and to the word of an error, and leaves nothing behind."""

from __future__ import annotations

import random
import sys
from types import ModuleType
from typing import Any

import pytest

from iso15118.errors import CodecError
from iso15118.exi import Message, Schema, plan
from iso15118.messages.catalogue import SCHEMAS
from iso15118.messages.v20.common import Header, RationalNumber
from iso15118.messages.v20.dc import DC_CableCheckReq, DC_PreChargeRes
from tests.vectors import lines

NAMES = sorted({line["schema"] for name in ("malformed", "fragments") for line in lines(name)} & set(SCHEMAS))


def outcome(schema: Schema, data: bytes) -> Any:
    try:
        return schema.decode(data)
    except CodecError as error:
        return str(error), error.path, error.bit


def both(compiled: ModuleType, schema: Schema, data: bytes) -> tuple[Any, Any]:
    """What the pure and the compiled codec make of `data`."""
    before = plan.used()
    try:
        plan.use(None)
        pure = outcome(schema, data)
        plan.use(compiled)
        return pure, outcome(schema, data)
    finally:
        plan.use(before)


def streams(name: str) -> list[bytes]:
    chosen = {line["root"]: bytes.fromhex(line["exi"]) for line in lines(name)} if name != "XMLDSIG" else {}
    return list(chosen.values())


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_nearly_everything_itself(name: str, compiled: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only integers beyond 64 bits are left to the pure codec."""
    monkeypatch.setattr(plan, "_module", compiled)
    monkeypatch.setattr(plan, "_plans", {})
    schema = SCHEMAS[name]
    all_of_it = [line for line in lines(name) if len(line["exi"]) > 4] if name != "XMLDSIG" else []
    left = [line for line in all_of_it if schema._quick.decode(bytes.fromhex(line["exi"])) is None]
    assert all("X509SerialNumber" in line["xml"] or "HMACOutputLength" in line["xml"] for line in left)
    assert len(left) <= len(all_of_it) / 6


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_cut_anywhere_is_told_of_in_the_same_words(name: str, compiled: ModuleType) -> None:
    for stream in streams(name)[:12]:
        for length in range(min(len(stream), 300)):
            pure, quick = both(compiled, SCHEMAS[name], stream[:length])
            assert pure == quick


@pytest.mark.parametrize("name", NAMES)
def test_a_mutated_stream_comes_to_the_same(name: str, compiled: ModuleType) -> None:
    chance = random.Random(20)
    seeds = streams(name)
    for _ in range(600 if seeds else 0):
        stream = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(1, 4)):
            stream[chance.randrange(1, len(stream))] ^= 1 << chance.randrange(8)
        pure, quick = both(compiled, SCHEMAS[name], bytes(stream))
        assert pure == quick
        if isinstance(pure, Message):
            assert hash(pure) == hash(quick)


HEADER = Header(session_id=bytes(8), time_stamp=2**64 - 1)
GOOD = DC_PreChargeRes(
    header=HEADER,
    response_code="OK",  # type: ignore[arg-type]  # as text: the pure codec takes it
    evse_present_voltage=RationalNumber(exponent=-128, value=-32768),
)
WRONG = [
    GOOD.but(header=None),
    GOOD.but(header=HEADER.but(session_id=bytes(7))),
    GOOD.but(header=HEADER.but(session_id="00000000")),
    GOOD.but(header=HEADER.but(time_stamp=-1)),
    GOOD.but(header=HEADER.but(time_stamp=2**64)),
    GOOD.but(header=HEADER.but(time_stamp=1.0)),
    GOOD.but(response_code="OKAY"),
    GOOD.but(response_code=[]),
    GOOD.but(evse_present_voltage=RationalNumber(exponent=128, value=0)),
    GOOD.but(evse_present_voltage=RationalNumber(exponent=0, value=32768)),
    GOOD.but(evse_present_voltage=HEADER),
    GOOD.but(evse_present_voltage=None),
]


@pytest.mark.usefixtures("codec")
def test_what_is_just_right_is_encoded() -> None:
    assert SCHEMAS["DC"].decode(SCHEMAS["DC"].encode(GOOD)) == GOOD


@pytest.mark.parametrize("wrong", WRONG, ids=[str(i) for i in range(len(WRONG))])
def test_what_cannot_be_said_is_refused_in_the_same_words(wrong: Message, compiled: ModuleType) -> None:
    said = []
    before = plan.used()
    for module in (None, compiled):
        plan.use(module)
        with pytest.raises(CodecError) as caught:
            SCHEMAS["DC"].encode(wrong)
        said.append((str(caught.value), caught.value.path))
    plan.use(before)
    assert said[0] == said[1]


def test_nothing_is_left_behind(compiled: ModuleType) -> None:
    """As many objects after 2,000 messages and 2,000 refusals as before."""
    before = plan.used()
    plan.use(compiled)
    good = [(SCHEMAS[name], stream) for name in NAMES for stream in streams(name)[:20]]

    def work(rounds: int) -> None:
        for _ in range(rounds):
            for schema, stream in good:
                message = schema._quick.decode(stream)
                schema._quick.decode(stream[: len(stream) // 2])
                schema._quick.decode(stream[:-1] + b"\xff")
                if message is not None:
                    schema.encode(message)

    work(3)
    blocks = sys.getallocatedblocks()
    work(60)
    assert sys.getallocatedblocks() - blocks < 200
    plan.use(before)


def test_a_wrong_use_is_an_exception(compiled: ModuleType) -> None:
    class Odd(Message):
        pass

    made = compiled.Plan(DC_CableCheckReq, lambda cls: "nonsense")
    assert made.encode(DC_CableCheckReq(header=HEADER), b"\x80", 8, 0, 0) is None
    for arguments in ((), (b"", 0), (b"", 0, None, 0, 0), (b"", 99, (), 0, 0), (b"", "x", (), 0, 0)):
        with pytest.raises((TypeError, ValueError)):
            compiled.decode(*arguments)
    for arguments in ((), (None, b"", 1, 0, 0), (None, b"", 0, 0, 33), (None, "", 0, 0, 0)):
        with pytest.raises((TypeError, ValueError)):
            made.encode(*arguments)
    assert compiled.decode(b"\x80\x00", 3, (None,) * 8, 0, 0) is None
    assert compiled.decode(b"", 3, (made,), 0, 0) is None
    assert compiled.decode("text", 3, (made,), 0, 0) is None
    assert made.encode(Odd(), b"\x80", 8, 0, 0) is None
    for wrong in ((("header", False),), (("nothing", 0),)):
        broken = compiled.Plan(DC_CableCheckReq, lambda cls, wrong=wrong: (wrong, (), (), ((1, (9,)),), ()))
        assert broken.encode(DC_CableCheckReq(header=HEADER), b"\x80", 8, 0, 0) is None
