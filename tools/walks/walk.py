"""A walk: one car at one charger, honest until some step, after that as foul as its dice want."""

from __future__ import annotations

from random import Random
from typing import Any, Final, NamedTuple

from iso15118.energy import Authorisation
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import Transfer
from iso15118.session import secc
from iso15118.session.services import ControlMode, ServiceID
from tools.walks import ac_cars, cars
from tools.walks.ac_bench import AcBench
from tools.walks.bench import Bench, World
from tools.walks.checker import Violation

PACES: Final = (0.02, 0.1, 0.1, 0.2, 0.25, 0.4)
END: Final = 3.0
"""s after the last step, in which everything comes to rest."""


class Result(NamedTuple):
    """What came of a walk: the rules broken, the phases seen, and the greatest currents either way (A)."""

    violations: list[Violation]
    phases: frozenset[Phase]
    most: float
    least: float
    joined: bool = False
    """A session that paused went on."""


def walk(seed: str, kind: ServiceID, mode: ControlMode, *, length: int = 60, step: Any = secc.step) -> Result:
    """One walk of at most `length` steps."""
    chance = Random(seed)
    pending = chance.random() < 0.1
    authorisation = chance.choice((Authorisation.PENDING, Authorisation.REFUSED)) if pending else Authorisation.ACCEPTED
    world = World(authorisation, permitted=chance.random() < 0.8, renegotiation=chance.random() < 0.3)
    alternating = kind.transfer is Transfer.AC
    bench = (AcBench if alternating else Bench)(kind, world, soc=chance.choice((20.0, 50.0, 90.0)), step=step)
    car = (ac_cars.AcCar if alternating else cars.Car)(bench, chance, kind, mode)
    foul = ac_cars.FOUL if alternating else cars.FOUL
    words, weights = [word for _, word in foul], [weight for weight, _ in foul]
    phases, most, least, joined = {bench.session.phase}, 0.0, 0.0, False
    honest, foulness = chance.randrange(length), chance.choice((0.1, 0.3, 0.6))
    for number in range(length):
        if number >= honest and chance.random() < foulness:
            chance.choices(words, weights)[0](car)
        else:
            car.honest()
        # Metal takes its time where an honest car waits for it.
        slow = bench.session.phase in (Phase.CABLE_CHECK, Phase.PRE_CHARGE)
        bench.run(0.4 if slow else chance.choice(PACES))
        phases.add(bench.session.phase)
        joined = joined or bench.session.joined
        current = bench.current
        most, least = max(most, current), min(least, current)
        if not bench.connected or bench.session.phase is Phase.ENDED:
            if chance.random() < (0.1 if bench.kept is None else 0.8):
                car.come_back()
            elif not bench.connected:
                break
    bench.run(END)
    return Result(bench.checker.violations, frozenset(phases), most, least, joined)
