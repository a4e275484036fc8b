"""Whole sessions on alternating current: charger, guard, mains and car, over a connection in memory, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from iso15118.energy import Budget
from iso15118.hal.board import AC_BOARD, Board
from iso15118.messages.v20.ac import AC_ChargeLoopRes
from iso15118.messages.v20.common import EVSENotification
from iso15118.messages.v20.delivery import PowerDeliveryRes
from iso15118.messages.v20.rational import number
from iso15118.power import AcAbilities, Contactor
from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import Pair, PairResult, run_pair
from iso15118.service.seen import Exchanged, Seen
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode, ServiceID, Variants, service_of
from iso15118.units import PerPhase
from iso15118.value import replace

AC, BPT = ServiceID.AC, ServiceID.AC_BPT
SCHEDULED, DYNAMIC = ControlMode.SCHEDULED, ControlMode.DYNAMIC
pytestmark = pytest.mark.long

VARIANTS = pytest.mark.parametrize(("service", "mode"), [(service, mode) for service in (AC, BPT) for mode in ControlMode])


class Seeing:
    """What the charger said, and what its metal did meanwhile."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.readings: list[Any] = []
        self.pair: Pair | None = None

    def attach(self, pair: Pair) -> None:
        self.pair = pair
        pair.evse.subscribe(self._saw)

    def _saw(self, seen: Seen) -> None:
        if isinstance(seen, Exchanged) and type(seen.message).__name__.endswith("Res"):
            self.said.append(seen.message)
            assert self.pair is not None
            self.readings.append(self.pair.actuator.reading)

    def of(self, kind: type) -> list[Any]:
        return [message for message in self.said if isinstance(message, kind)]


def charger(service: ServiceID, budget: Budget | None = None, board: Board = AC_BOARD) -> EvseConfig:
    phases = 3 if board.ac is None else board.ac.phases
    config = secc.Config(services=(service_of(service, variants=Variants(phases=phases)),))
    return EvseConfig(board=board, session=config, budget=budget)


def car(service: ServiceID, mode: ControlMode, *legs: Leg) -> CarConfig:
    return CarConfig(session=replace(evcc.Config(), services=(service,), control_modes=(mode,)), plan=legs or (Leg(20.0, 7e3),))


def session(
    service: ServiceID = BPT,
    mode: ControlMode = DYNAMIC,
    *legs: Leg,
    budget: Budget | None = None,
    board: Board = AC_BOARD,
    breaks: Callable[[Pair], None] = lambda pair: None,
) -> tuple[PairResult, Seeing]:
    seeing = Seeing()

    def prepare(pair: Pair) -> None:
        seeing.attach(pair)
        breaks(pair)

    return run_pair(charger(service, budget, board), car(service, mode, *legs), prepare=prepare), seeing


def later(seconds: float, deed: Callable[[Pair], None]) -> Callable[[Pair], None]:
    return lambda pair: asyncio.get_running_loop().call_later(seconds, deed, pair) and None


def honest(service: ServiceID = BPT, mode: ControlMode = DYNAMIC) -> None:
    """The positive control: the same session without the fault."""
    result, _ = session(service, mode)
    assert result.clean
    assert result.charged > 10


@VARIANTS
def test_a_whole_session_charges(service: ServiceID, mode: ControlMode) -> None:
    result, seeing = session(service, mode, Leg(60.0, 7e3))
    assert result.clean
    assert result.charged == pytest.approx(116.7 if mode is SCHEDULED else 183.3, rel=0.05)
    assert result.discharged == 0
    assert 0.9 * result.charged < result.stored < result.charged
    start = next(i for i, message in enumerate(seeing.said) if isinstance(message, PowerDeliveryRes))
    assert seeing.readings[start].contactor.value is Contactor.CLOSED
    assert max(result.answer_times) < 1.0


@pytest.mark.case("BPT-03")
def test_a_negative_target_is_followed_and_told() -> None:
    result, seeing = session(BPT, DYNAMIC, Leg(60.0, 0.0), budget=Budget(11e3, 11e3, target=-6e3))
    assert result.clean
    assert (result.charged, result.discharged) == (0, pytest.approx(100, rel=0.05))
    told = [message.control_mode for message in seeing.of(AC_ChargeLoopRes)]
    assert {number(mode.evse_target_active_power) for mode in told} == {-6e3}
    assert number(told[-10].evse_present_active_power) == pytest.approx(-6e3, rel=0.01)


def test_scheduled_there_and_back() -> None:
    result, _ = session(BPT, SCHEDULED, Leg(30.0, 9e3), Leg(30.0, -6e3), budget=Budget(11e3, 11e3))
    assert result.clean
    assert result.charged == pytest.approx(75, rel=0.05)
    assert result.discharged == pytest.approx(50, rel=0.05)


@pytest.mark.parametrize("mode", ControlMode)
def test_a_single_phase(mode: ControlMode) -> None:
    board = replace(AC_BOARD, ac=AcAbilities(phases=1), limits=replace(AC_BOARD.limits, charge_power=7360.0, discharge_power=7360.0))
    result, seeing = session(AC, mode, Leg(30.0, 3e3), board=board)
    assert result.clean
    assert result.charged > 20
    assert all(reading.ac.value.active[1:] == (0.0, 0.0) for reading in seeing.readings)


@pytest.mark.case("CLP-12")
def test_phases_by_the_sites_word() -> None:
    budget = Budget(22e3, phases=PerPhase(3.4e3, 1.5e3, 2.5e3))
    result, seeing = session(AC, DYNAMIC, Leg(20.0, 0.0), budget=budget)
    assert result.clean
    assert seeing.readings[-40].ac.value.active == pytest.approx((3.4e3, 1.5e3, 2.5e3))


@pytest.mark.case("PWR-09")
@VARIANTS
def test_stop_takes_power_away_before_the_contactor_opens(service: ServiceID, mode: ControlMode) -> None:
    powers: list[tuple[Contactor, float]] = []

    def look(pair: Pair) -> None:
        reading = pair.actuator.reading
        powers.append((reading.contactor.value, abs(reading.current.value)))
        asyncio.get_running_loop().call_later(0.01, look, pair)

    result, seeing = session(service, mode, breaks=look)
    assert result.clean
    opening = max(i for i, (contactor, _) in enumerate(powers) if contactor is Contactor.CLOSED)
    assert powers[opening][1] < 1.0
    stop = [i for i, message in enumerate(seeing.said) if isinstance(message, PowerDeliveryRes)][-1]
    assert seeing.readings[stop].contactor.value is Contactor.OPEN


@pytest.mark.case("PWR-06")
@VARIANTS
def test_a_contactor_that_does_not_close(service: ServiceID, mode: ControlMode) -> None:
    def stuck(pair: Pair) -> None:
        pair.outlet.plant.faults.contactor_stuck_open = True

    result, seeing = session(service, mode, breaks=stuck)
    assert not result.clean
    (answer,) = seeing.of(PowerDeliveryRes)
    assert answer.response_code == "FAILED_ContactorError"
    assert result.charged == 0
    honest(service, mode)


@pytest.mark.case("BPT-11")
def test_grid_loss_while_energy_comes_back() -> None:
    opened: list[float] = []

    def lose(pair: Pair) -> None:
        pair.outlet.plant.faults.grid_lost = True
        began = asyncio.get_running_loop().time()

        def look() -> None:
            if pair.actuator.reading.contactor.value is Contactor.OPEN:
                opened.append(asyncio.get_running_loop().time() - began)
            else:
                asyncio.get_running_loop().call_later(0.01, look)

        look()

    result, seeing = session(BPT, DYNAMIC, Leg(30.0, 0.0), budget=Budget(11e3, 11e3, target=-6e3), breaks=later(15.0, lose))
    assert opened[0] <= 0.5
    assert result.discharged > 0
    told = [message.evse_status.evse_notification for message in seeing.of(AC_ChargeLoopRes) if message.evse_status]
    assert told
    assert set(told) == {EVSENotification.Terminate}
    honest()


@pytest.mark.parametrize("name", ["residual_current", "supply_dead", "meter_failed", "telemetry_frozen"])
def test_a_fault_in_the_loop(name: str) -> None:
    def break_(pair: Pair) -> None:
        setattr(pair.outlet.plant.faults, name, True)

    result, seeing = session(breaks=later(10.0, break_))
    assert not result.clean
    assert not seeing.pair.outlet.plant.contactor.conducting
    honest()


@pytest.mark.case("NOT-01")
@VARIANTS
def test_the_operators_stop(service: ServiceID, mode: ControlMode) -> None:
    result, seeing = session(service, mode, Leg(60.0, 7e3), breaks=later(10.0, lambda pair: pair.evse.stop("closed for today")))
    assert result.clean
    assert result.duration < 20
    notified = [message.evse_status.evse_notification for message in seeing.of(AC_ChargeLoopRes) if message.evse_status]
    assert EVSENotification.Terminate in notified
