"""A value is frozen, compared by its fields, and `replace` makes the next one."""

from __future__ import annotations

import copy
import pickle
from typing import ClassVar, Generic, TypeVar

import pytest

from iso15118.sequence.phases import Phase
from iso15118.session import evcc, secc
from iso15118.value import Value, replace

T = TypeVar("T")


class Pair(Value, Generic[T]):
    KIND: ClassVar[str] = "pair"
    first: T
    second: float = 2.0


class Triple(Pair[int]):
    third: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if len(self.third) > 2:
            raise ValueError("too long")


class Named(Value, kw_only=True):
    name: str


class Empty(Value):
    pass


class Other(Value):
    first: int
    second: float = 2.0


def test_it_is_built_like_a_dataclass() -> None:
    assert (Pair(1).first, Pair(1).second, Pair(1, second=3.0).second, Triple(1, 2.0, (3,)).third) == (1, 2.0, 3.0, (3,))
    assert Named(name="a").name == "a"
    for wrong in (lambda: Pair(), lambda: Pair(1, 2.0, 3), lambda: Pair(1, third=3), lambda: Named("a"), lambda: Empty(1)):  # type: ignore
        for _ in range(2):  # the first one of a class makes its `__init__`
            with pytest.raises(TypeError):
                wrong()


def test_it_is_equal_by_class_and_fields() -> None:
    assert Pair(1) == Pair(1, 2.0) != Pair(2)
    assert Pair(1) != Other(1)
    assert Pair(1) != (1, 2.0)
    assert Empty() == Empty()
    assert {Pair(1): "a"}[Pair(1)] == "a"
    assert len({Pair(1), Other(1), Empty(), Pair(1)}) == 3
    assert repr(Triple(1)) == "Triple(first=1, second=2.0, third=())"


def test_it_matches_by_position() -> None:
    match Triple(1, third=(5,)):
        case Triple(first, _, (third,)):
            assert (first, third) == (1, 5)
        case _:
            pytest.fail("no match")


def test_nothing_in_it_changes() -> None:
    value = Triple(1)
    with pytest.raises(AttributeError, match="Triple is frozen"):
        value.first = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="Triple is frozen"):
        del value.first  # type: ignore[misc]
    with pytest.raises(AttributeError):
        value.colour = "red"  # type: ignore[attr-defined]


def test_it_can_be_copied_and_pickled() -> None:
    for value in (Triple(1, 3.0, (4,)), Named(name="a"), Empty()):
        assert copy.copy(value) == copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == value


def test_a_check_of_its_own_runs_each_time() -> None:
    with pytest.raises(ValueError, match="too long"):
        Triple(1, third=(1, 2, 3))
    with pytest.raises(ValueError, match="too long"):
        replace(Triple(1), third=(1, 2, 3))


@pytest.mark.parametrize("session", [secc.begin(secc.Config(), bytes(range(8))), evcc.begin(evcc.Config())], ids=["secc", "evcc"])
def test_the_next_session(session: secc.Session | evcc.Session) -> None:
    other = replace(session, phase=Phase.CHARGE_LOOP, stamp=7)
    assert (type(other), other.phase, other.stamp) == (type(session), Phase.CHARGE_LOOP, 7)
    assert session.phase is not Phase.CHARGE_LOOP
    assert replace(other, phase=session.phase, stamp=session.stamp) == session
    with pytest.raises(AttributeError):
        other.stamp = 8  # type: ignore[misc]
    with pytest.raises(TypeError, match="Session has no field colour"):
        replace(session, colour="red")  # type: ignore[call-arg]
