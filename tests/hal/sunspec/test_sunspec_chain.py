"""The chain of models: any order, three places for its mark, and no end."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.hal.modbus.line import RefusedError
from iso15118.hal.sunspec.chain import BASES, MARK, MOST, scan


class Registers:
    """What is not there is refused."""

    def __init__(self, base: int, words: list[int]) -> None:
        self.words = dict(enumerate(words, base))
        self.reads = 0

    def read(self, address: int, count: int) -> list[int]:
        self.reads += 1
        try:
            return [self.words[address + i] for i in range(count)]
        except KeyError:
            raise RefusedError("illegal data address") from None


def chain(*models: tuple[int, int], end: bool = True) -> list[int]:
    words = list(MARK)
    for number, length in models:
        words += [number, length, *[0] * length]
    return words + ([0xFFFF, 0] if end else [])


@pytest.mark.parametrize("base", BASES)
def test_the_mark_stands_in_one_of_three_places(base: int) -> None:
    found = scan(Registers(base, chain((1, 66), (704, 65), (701, 153))).read)
    assert found == {1: (base + 2, 66), 704: (base + 70, 65), 701: (base + 137, 153)}


def test_the_worked_layout() -> None:
    found = scan(Registers(40000, chain((1, 66), (701, 153), (702, 50), (703, 17), (704, 65))).read)
    assert {number: address for number, (address, _) in found.items()} == {1: 40002, 701: 40070, 702: 40225, 703: 40277, 704: 40296}


def test_of_a_model_that_is_there_twice_the_first() -> None:
    assert scan(Registers(0, chain((1, 66), (714, 18), (714, 43))).read)[714] == (70, 18)


def test_an_end_without_a_length() -> None:
    assert scan(Registers(0, [*chain((1, 2), end=False), 0xFFFF]).read) == {1: (2, 2)}


@pytest.mark.parametrize(
    ("base", "words", "what"),
    [
        (40000, [0] * 4, "no mark SunS; allowed: at 40000, 0, 50000"),
        (40000, MARK + [1, 0] * 2 * MOST, "has no end"),
        (50000, chain((1, 66), (64_000, 20_000), end=False), "leads to register 70072"),
    ],
    ids=["no mark", "no end", "out of the registers"],
)
def test_what_is_no_chain(base: int, words: list[int], what: str) -> None:
    registers = Registers(base, words)
    with pytest.raises(LocalError, match=what):
        scan(registers.read)
    assert registers.reads < 3 * MOST


def test_a_chain_that_breaks_off() -> None:
    with pytest.raises(RefusedError):
        scan(Registers(0, chain((1, 66), end=False)).read)


def test_silence_is_not_tried_in_three_places() -> None:
    asked = []

    def silent(address: int, count: int) -> list[int]:
        asked.append(address)
        raise OSError("no answer")

    with pytest.raises(OSError, match="no answer"):
        scan(silent)
    assert asked == [40000]
