"""Streams that are broken on purpose: a message that codes back to itself, or a CodecError, and nothing else ever."""

from __future__ import annotations

import tracemalloc
from itertools import islice
from random import Random
from time import thread_time

import pytest

from iso15118.errors import CodecError
from iso15118.messages.catalogue import SCHEMAS
from tools.bench.messages import schedules
from tools.fuzz.campaign import campaign, judge
from tools.fuzz.corpus import regressions, seeds
from tools.fuzz.mutate import MUTATIONS, mutated

FRAMES = 2_000
SEEDS = {f"{name}, fragments" if fragments else name: (name, fragments, streams) for name, fragments, streams in seeds()}

pytestmark = pytest.mark.usefixtures("codec")


@pytest.mark.long
@pytest.mark.parametrize("label", SEEDS)
def test_no_mutation_breaks_the_codec(label: str) -> None:
    name, fragments, streams = SEEDS[label]
    frames = FRAMES if not fragments or name == "XMLDSIG" else FRAMES // 10
    found = campaign(SCHEMAS[name], streams, frames=frames, seed=15118, fragments=fragments)
    assert [(stream.hex(), why) for stream, why in found.broken] == []
    assert found.accepted + found.rejections.total() == found.frames == frames
    assert min(found.accepted, found.rejections.total()) > frames / 20  # both ends of the road are walked


def test_what_once_broke_does_not() -> None:
    for line in regressions():
        schema, stream = SCHEMAS[line["schema"]], bytes.fromhex(line["exi"])
        try:
            read = schema.decode_fragment(stream) if line.get("fragment") else schema.decode(stream)
        except CodecError:
            continue
        assert judge(schema, read) == "", line


def varint(number: int) -> str:
    """An unsigned integer as EXI has it, as bits."""
    groups = format(number, "b")
    groups = groups.zfill((len(groups) + 6) // 7 * 7)
    octets = [groups[i : i + 7] for i in range(0, len(groups), 7)][::-1]
    return "".join("1" + octet for octet in octets[:-1]) + "0" + octets[-1]


NAMESPACE = "1000000000000"
"""Of a supportedAppProtocolReq all that stands before the length of its first ProtocolNamespace."""

BOMBS = {
    **{f"length 2**{power}": varint(2**power + 2) + "01000001" * 4 for power in (7, 14, 31, 32, 63, 64, 70, 200)},
    "a length that never ends": "10000000" * 4000,
    "a code point that never ends": varint(1 + 2) + "11111111" * 4000,
    "code points of 4 MB": varint(100 + 2) + "1" * 7 * 4_000_000,
    **{f"code point {point:#x}": varint(1 + 2) + varint(point) for point in (0xD800, 0xDFFF, 0x110000, 2**32, 2**63, 2**64, 2**70)},
    "a string of nothing but its length": varint(100 + 2),
    "noughts in front of a length": "10000010100000000000000001000001",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_rejected_before_it_takes_memory(bomb: str) -> None:
    bits = NAMESPACE + BOMBS[bomb]
    stream = int(bits + "0" * (-len(bits) % 8), 2).to_bytes((len(bits) + 7) // 8, "big")
    schema = SCHEMAS["SAP"]
    with pytest.raises(CodecError):
        schema.decode(stream)
    tracemalloc.start()
    try:
        with pytest.raises(CodecError):
            schema.decode(stream)
        assert tracemalloc.get_traced_memory()[1] < 100_000 + 20 * len(stream)  # a string of bits, twice for a moment
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("tuples", "entries"), [(3, 1024)])
def test_a_list_takes_time_and_memory_by_its_length(tuples: int, entries: int) -> None:
    schema = SCHEMAS["CommonMessages"]
    short, long = (schema.encode(schedules(tuples, count)) for count in (entries // 8, entries))
    growth = len(long) / len(short)

    def spent(stream: bytes) -> tuple[float, int]:
        times = []
        for _ in range(5):
            began = thread_time()
            schema.decode(stream)
            times.append(thread_time() - began)
        tracemalloc.start()
        try:
            schema.decode(stream)
            return min(times), tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    (soon, little), (later, much) = spent(short), spent(long)
    assert later < 5 * growth * soon  # were it quadratic, it would be 8 times that
    assert much < 2 * growth * little


@pytest.mark.parametrize("name", [name for name, fragments, _ in SEEDS.values() if not fragments])
def test_a_message_cut_after_any_octet_is_rejected(name: str) -> None:
    schema, shortest = SCHEMAS[name], {}
    for stream in SEEDS[name][2]:
        root = type(schema.decode(stream)).__name__
        shortest[root] = min(shortest.get(root, stream), stream, key=len)
    for stream in shortest.values():
        for end in range(len(stream)):
            with pytest.raises(CodecError):
                schema.decode(stream[:end])


def test_the_same_seed_gives_the_same_frames() -> None:
    streams = SEEDS["DC"][2]
    first, second, other = (list(islice(mutated(streams, Random(seed)), 200)) for seed in (1, 1, 2))
    assert first == second != other


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_every_mutation_changes_something_and_keeps_to_octets(mutation: object) -> None:
    stream, random = SEEDS["DC"][2][0], Random(1)
    made = [mutation(stream, random) for _ in range(50)]  # type: ignore[operator]
    assert all(isinstance(each, bytes) for each in made)
    assert sum(each != stream for each in made) > 25
