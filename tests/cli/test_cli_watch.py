"""What is seen of a session: whose word the power is, and the energies each way."""

from __future__ import annotations

import pytest

from iso15118.cli.lines import state
from iso15118.cli.watch import LINES, POINTS, Watch, shaped_by
from iso15118.energy import Budget
from iso15118.messages.v20.session import SessionStopReq
from iso15118.power import Abilities, Contactor, Insulation, Limits, Measured, Pilot, Reading
from iso15118.procedures.transfer import Decision
from iso15118.sequence.phases import Phase
from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import Pair, run_pair
from iso15118.service.seen import Direction, Noted, Seen
from iso15118.session import secc
from iso15118.session.secc.state import Ask
from iso15118.session.services import ControlMode, dc_service
from iso15118.session.snapshot import SeccSnapshot
from iso15118.value import replace

HARD = Limits(150.0, 500.0, 125.0, 50_000.0, 125.0, 50_000.0)
CAR = Limits(300.0, 420.0, 250.0, 90_000.0, 150.0, 50_000.0)
FREE = Budget(50_000.0, 50_000.0)
SERVICE = dc_service(bidirectional=True)
SCHEDULED, DYNAMIC = SERVICE.sets


def snapshot(budget: Budget) -> SeccSnapshot:
    """The charger at 400 V."""
    reading = Reading(
        voltage=Measured(400.0, 0.0),
        current=Measured(0.0, 0.0),
        contactor=Measured(Contactor.CLOSED, 0.0),
        pilot=Measured(Pilot.C, 0.0),
        locked=Measured(True, 0.0),
        insulation=Measured(Insulation.VALID, 0.0),
        resistance=Measured(1e6, 0.0),
        charged=Measured(0.0, 0.0),
        discharged=Measured(0.0, 0.0),
    )
    return SeccSnapshot(now=0.0, clock=0, reading=reading, abilities=Abilities(HARD), limits=HARD, budget=budget)


def session(current: float, target: float | None, **flags: bool) -> secc.Session:
    """One in the charge loop whose last decision was this current; `target` None: Dynamic mode."""
    return replace(
        secc.begin(secc.Config(), bytes(range(8))),
        phase=Phase.CHARGE_LOOP,
        service=SERVICE,
        parameters=DYNAMIC if target is None else SCHEDULED,
        ask=Ask(CAR, 400.0, target),
        decision=Decision(400.0, current, **flags),
    )


@pytest.mark.parametrize(
    ("who", "now", "budget"),
    [
        ("the car's wish", session(30.0, 30.0), FREE),
        ("the car's wish", session(0.0, 0.0), FREE),
        ("the car's wish", session(-30.0, -30.0), FREE),
        ("the car's limits", session(60.0, None), FREE),
        ("the charger's current", session(125.0, 200.0, current_limited=True), replace(FREE, charge=60_000.0)),
        ("the charger's voltage", session(20.0, 30.0, voltage_limited=True), FREE),
        ("the charger's power", session(125.0, 200.0, power_limited=True), FREE),
        ("the charger's power", session(-125.0, -200.0, power_limited=True), FREE),
        ("the site's limit: peak", session(50.0, 200.0, power_limited=True), Budget(20_000.0, why="peak")),
        ("the site's limit", session(-25.0, -200.0, power_limited=True), Budget(50_000.0, 10_000.0)),
        # A car that keeps to what it was told raises no flag.
        ("the site's limit", session(25.0, 25.0), Budget(10_000.0)),
        ("the site's target: sun", session(25.0, None, power_limited=True), Budget(50_000.0, 0.0, 10_000.0, why="sun")),
        ("the site's limit", session(25.0, None, power_limited=True), Budget(10_000.0, 0.0, 40_000.0)),
        ("", replace(session(0.0, 0.0), phase=Phase.WELDING_DETECTION), FREE),
        ("", replace(session(0.0, 0.0), ask=None), FREE),
    ],
)
def test_whose_word_the_power_is(who: str, now: secc.Session, budget: Budget) -> None:
    assert shaped_by(now, snapshot(budget)) == who


def watched(plan: tuple[Leg, ...], budget: Budget | None = None) -> tuple[Watch, list[str]]:
    """A whole session under watch, and the state of each charge loop in words."""
    watches: list[Watch] = []
    states: list[str] = []

    def prepare(pair: Pair) -> None:
        watches.append(Watch(pair, sum(leg.seconds for leg in plan)))
        pair.evse.subscribe(saw)

    def saw(seen: Seen) -> None:
        watches[0].saw(seen)
        if watches[0].phase is Phase.CHARGE_LOOP:
            states.append(state(watches[0].scene()))

    result = run_pair(EvseConfig(budget=budget), CarConfig(plan=plan), prepare=prepare)
    assert result.clean
    watch = watches[0]
    watch.measure()
    total = watch.into.stored + watch.out.stored
    assert total == pytest.approx(result.stored, abs=1e-6)
    assert watch.into.heat + watch.out.heat == pytest.approx(result.lost, abs=1e-6)
    return watch, states


def test_energies_are_told_apart() -> None:
    watch, states = watched((Leg(20.0, 20_000.0), Leg(10.0, -10_000.0)))
    assert 90.0 < watch.into.stored < 112.0
    assert -29.0 < watch.out.stored < -20.0
    assert watch.soc_start < watch.soc_highest
    assert len(watch.curve) == POINTS
    assert max(power for power, _ in watch.curve) > 19_000
    assert min(power for power, _ in watch.curve) < -9_000
    assert any("into the vehicle  (the car's wish)" in told for told in states)
    assert any("out of the vehicle  (the car's wish)" in told for told in states)
    assert watch.phase is Phase.ENDED


def test_a_site_that_grants_little_is_named() -> None:
    _, states = watched((Leg(10.0, 20_000.0), Leg(5.0, -20_000.0)), Budget(5_000.0, 3_000.0, why="peak"))
    assert any("+5.0 kW  into the vehicle  (the site's limit: peak)" in told for told in states)
    assert any("-3.0 kW  out of the vehicle  (the site's limit: peak)" in told for told in states)


def test_exchanges_are_counted_and_remarks_stand_between() -> None:
    watch, _ = watched((Leg(5.0, 10_000.0),))
    (loop,) = [line for line in watch.lines if line.text == "DC_ChargeLoop"]
    assert loop.count == watch.pair.car.loops > 15
    assert loop.asked > 50
    assert loop.answered > 50
    assert 0.0 < loop.answer < 1.0
    stops = watch.kinds[Direction.IN, SessionStopReq]
    assert (stops.count, stops.octets) == (1, len(stops.raw))
    for i in range(LINES + 5):
        watch.saw(Noted(99.0, f"remark {i}"))
    assert len(watch.lines) == LINES
    assert [line.text for line in watch.remarks][-1] == f"remark {LINES + 4}"


def test_modes_are_the_variants_of_the_service() -> None:
    assert (SCHEDULED.control_mode, DYNAMIC.control_mode) == (ControlMode.SCHEDULED, ControlMode.DYNAMIC)
