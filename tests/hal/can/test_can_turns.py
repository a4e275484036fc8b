"""Whose turn it is."""

from __future__ import annotations

from itertools import pairwise

from iso15118.hal.can.line import Frame
from iso15118.hal.can.turns import Order, Press, Turns

V, I, S, D = (Frame(number, b"") for number in range(4))  # noqa: E741
A, B, C = (Frame(0x10 + number, b"") for number in range(3))


def played(turns: Turns, count: int, *orders: Order, look: tuple[Frame, ...] = ()) -> list[Frame]:
    return [turns.next(orders, look)[0] for _ in range(count)]


def test_two_turns_in_three_are_measurements() -> None:
    frames = played(Turns([V, I], [S, D]), 300)
    assert [frames.count(it) for it in (V, I, S, D)] == [100, 100, 50, 50]


def test_new_orders_go_first_in_their_order_and_old_ones_are_said_again() -> None:
    orders = Order("a", A), Order("b", B), Order("c", C)
    frames = [it for it in played(Turns([V], [S]), 27, *orders) if it != V]
    assert frames[:3] == [A, B, C]
    assert frames[3:] == [B, S, C, S, A, S]


def test_the_state_is_looked_at_though_orders_change_all_the_time() -> None:
    turns, seen = Turns([V], [S]), []
    for number in range(60):
        seen += played(turns, 1, Order("a", Frame(0x100 + number, b"")))
    assert seen.count(S) == 5
    assert seen.count(V) == 40


def test_what_is_waited_for_is_looked_at_three_times_between_orders() -> None:
    frames = [it for it in played(Turns([V], [S]), 40, Order("a", A), look=(D, C)) if it != V]
    assert frames == [A, C, D, A, C, D, C, A, D, C, D, A, C]


def test_each_second_look_is_beside_whatever_is_waited_for() -> None:
    turns = Turns([V], [S], [B, C])
    frames = [it for look in ((), (D,), (), (D,)) for it in played(turns, 9, look=look) if it != V]
    assert frames == [B, S, C, D, B, D, C, S, B, D, C, D]


def test_so_many_new_orders_in_a_row() -> None:
    turns = Turns([V], [S], in_a_row=2)
    new = iter(range(0x100, 0x200))
    changing = [it for _ in range(30) for it in played(turns, 1, Order("a", Frame(next(new), b""))) if it != V]
    assert [it == S for it in changing] == [False, False, True] * 3 + [False]


def test_off_goes_out_at_once_and_once() -> None:
    turns = Turns([V, I], [S])
    played(turns, 2)
    assert played(turns, 4, Order("a", A, Press.NOW)).index(A) == 0
    assert played(turns, 2, Order("a", B, Press.NOW), Order("b", C, Press.NOW)) == [B, C]


def test_an_order_that_presses_leaves_room_for_measurements() -> None:
    turns, seen = Turns([V, I], [S]), []
    for number in range(300):
        seen += played(turns, 1, Order("a", Frame(0x100 + number, b""), Press.SOON))
    places = [place for place, it in enumerate(seen) if it == V]
    assert max(b - a for a, b in pairwise(places)) <= 5
    several = [Order(name, A, Press.SOON) for name in "xyz"]
    assert played(Turns([V], [S]), 3, *several) == [A, A, A]


def test_what_is_forgotten_is_new() -> None:
    turns = Turns([V], [S])
    played(turns, 9, Order("a", A))
    assert turns.said("a") == A
    turns.forget("a", "nothing")
    assert turns.said("a") is None
    played(turns, 9, Order("a", A))
    turns.forget()
    assert turns.said("a") == A
    turns.forget_all()
    assert turns.said("a") is None
