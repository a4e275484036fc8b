"""Both sides of a handshake in one process, without a network."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from iso15118.service.tls.engine import Credentials, Engine, Outcome, Session, TlsError


class Shaken(NamedTuple):
    """What each side says of it, and whether octets go through."""

    charger: Outcome
    car: Outcome
    talks: bool


def shake(engine: Engine, charger: Credentials, car: Credentials) -> Shaken:
    """Let both shake hands until neither has anything to say."""
    return between(engine.context(charger, server=True).session(), engine.context(car, server=False).session())


def between(charger: Session, car: Session) -> Shaken:
    done: dict[Session, bool | None] = {charger: False, car: False}
    for _ in range(6):
        for side, other in ((car, charger), (charger, car)):
            if done[side] is False:
                try:
                    done[side] = side.handshake()
                except TlsError:
                    done[side] = None
            other.feed(side.outgoing())
    return Shaken(charger.outcome(), *_talk(charger, car))


def _talk(charger: Session, car: Session) -> tuple[Outcome, bool]:
    """A car hears of its refusal with its first octets only."""
    try:
        car.write(b"request")
        charger.feed(car.outgoing())
        heard = charger.read()
        charger.write(b"response")
        car.feed(charger.outgoing())
        return car.outcome(), (heard, car.read()) == (b"request", b"response")
    except TlsError:
        with suppress(TlsError):
            car.read()
        return car.outcome(), False
