"""Who is on where not everybody can be: below 6 A a car on alternating current does not charge, so some wait, and they take turns.

Neighbour: `allocate`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from iso15118.units import Ampere, Second
from iso15118.value import Value

if TYPE_CHECKING:
    from iso15118.grid.grants import Wish

TURN: Final[Second] = 900.0
"""So long a turn lasts where others wait. All end at once: else who needs several lines would never find all of them free."""
REST: Final[Second] = 300.0
"""So long at least one is off that was on, and on that was off: contactors do not chatter."""


class Seat(Value):
    """Whether an outlet is on, and since when (monotonic)."""

    on: bool
    since: Second
    urgent: bool = False
    """It was so when it went off. Only a limit can have done that, which may hover: it rests like anybody else."""


def admit(
    asked: Sequence[tuple[str, Wish, Ampere, Ampere]],
    seated: Callable[[int, bool], bool],
    seats: Mapping[str, Seat],
    now: Second,
) -> tuple[dict[str, Seat], list[bool]]:
    """Who is on: those who must, those whose turn it is, those who have waited longest, as long as all at their least fit.

    Before that, tenants up to what they are guaranteed. `asked`: name, wish, A that it takes at least, A that it could have. `seated` gives
    one its least, beside those before it, if that fits; if True, only within what its tenant is guaranteed.
    """
    on = [least <= 0.0 < most for _, _, least, most in asked]
    order = sorted((i for i, (_, _, least, most) in enumerate(asked) if most >= least > 0.0), key=lambda i: _rank(asked[i], seats, now))
    for guaranteed in (True, False):
        for i in order:
            name, wish = asked[i][:2]
            seat = seats.get(name)
            rests = seat is not None and not seat.on and 0.0 <= now - seat.since < REST and (seat.urgent or not wish.urgent)
            on[i] = on[i] or (not rests and seated(i, guaranteed and not _begun(seat, now)))
    found: dict[str, Seat] = {}
    for i, (name, wish, _, most) in enumerate(asked):
        seat = seats.get(name)
        if seat is not None and seat.on is on[i]:
            found[name] = seat
        elif seat is not None or on[i]:
            found[name] = Seat(on[i], now, wish.urgent and not on[i])
        if not on[i] and most <= 0.0 and name in found and now - found[name].since >= REST:
            del found[name]
    return found, on


def _begun(seat: Seat | None, now: Second) -> bool:
    """It has been on for so short a time that it stays."""
    return seat is not None and seat.on and 0.0 <= now - seat.since < REST


def _rank(asked: tuple[str, Wish, Ampere, Ampere], seats: Mapping[str, Seat], now: Second) -> tuple[object, ...]:
    """Sorts first who goes first; the name decides what nothing else does."""
    name, wish = asked[:2]
    seat = seats.get(name)
    turn = False
    waiting = wish.since if seat is None else seat.since
    if seat is not None and seat.on:
        turn = seat.since // TURN == now // TURN
        waiting = seat.since if turn else now
    return (not wish.urgent, not _begun(seat, now), -wish.priority, not turn, waiting, wish.laxity, name)
