from __future__ import annotations

import asyncio

import pytest

from iso15118.power import Contactor, Pilot
from iso15118.sequence.phases import Phase
from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse import EvseConfig
from iso15118.service.pair import Pair, PairResult, run_pair
from iso15118.service.seen import Ended, PhaseChanged, Seen
from iso15118.service.virtual import run
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode, ServiceID, dc_service, service_of

SCHEDULED = evcc.Config(control_modes=(ControlMode.SCHEDULED,))
DYNAMIC = evcc.Config(control_modes=(ControlMode.DYNAMIC,), loops=40)


def balanced(result: PairResult) -> None:
    """What the meter counted is in the battery or became heat (some of it in the cable)."""
    passed = result.charged - result.discharged
    assert passed == pytest.approx(result.stored + result.lost, abs=0.01 * (result.charged + result.discharged) + 0.1)


def test_a_scheduled_bidirectional_session() -> None:
    result = run_pair(car=CarConfig(session=SCHEDULED, plan=(Leg(20.0, 20_000.0), Leg(20.0, -10_000.0))))
    assert result.clean
    assert result.charged == pytest.approx(111, rel=0.05)
    assert result.discharged == pytest.approx(55, rel=0.05)
    assert result.loops > 140
    assert len(result.answer_times) == result.messages // 2
    balanced(result)


def test_a_dynamic_bidirectional_session() -> None:
    result = run_pair(car=CarConfig(session=DYNAMIC))
    assert result.clean
    assert result.loops == 40
    balanced(result)


@pytest.mark.parametrize("mode", ControlMode)
@pytest.mark.parametrize("service", [ServiceID.MCS, ServiceID.MCS_BPT])
def test_a_megawatt_session_runs_on_the_messages_of_dc(service: ServiceID, mode: ControlMode) -> None:
    outlet = EvseConfig(session=secc.Config(services=(dc_service(), service_of(service))))
    wish = evcc.Config(services=(service, ServiceID.DC), control_modes=(mode,), loops=None if mode is ControlMode.SCHEDULED else 20)
    pairs: list[Pair] = []
    result = run_pair(outlet, CarConfig(session=wish, plan=(Leg(5.0, 20_000.0), Leg(5.0, -10_000.0))), prepare=pairs.append)
    assert result.clean
    charger = pairs[0].charger
    assert charger is not None
    assert charger.session.service.id is service
    assert charger.session.parameters.control_mode is mode
    if mode is ControlMode.SCHEDULED:
        assert (result.discharged > 1.0) is (service is ServiceID.MCS_BPT)
    balanced(result)


def test_the_same_session_twice_is_the_same() -> None:
    first, second = (run_pair(car=CarConfig(session=DYNAMIC)) for _ in range(2))
    assert (first.messages, first.charged, first.duration, first.soc_after) == (
        second.messages,
        second.charged,
        second.duration,
        second.soc_after,
    )


@pytest.mark.parametrize("size", [1, 5])
def test_any_cut_makes_the_same_session(size: int) -> None:
    async def main() -> PairResult:
        pair = Pair(car=CarConfig(session=DYNAMIC), cut=lambda data: (data[i : i + size] for i in range(0, len(data), size)))
        return await pair.run()

    cut, whole = run(main()), run_pair(car=CarConfig(session=DYNAMIC))
    assert (cut.messages, cut.charged, cut.duration) == (whole.messages, whole.charged, whole.duration)


def test_a_charger_without_discharge_serves_dc() -> None:
    config = EvseConfig(session=secc.Config(services=(dc_service(),)), discharge_allowed=False)
    result = run_pair(config, CarConfig(session=SCHEDULED, plan=(Leg(5.0, 20_000.0), Leg(5.0, -10_000.0))))
    assert result.clean
    assert result.discharged == 0
    assert result.charged > 0


@pytest.mark.parametrize("fault", ["contactor_welded", "meter_failed", "supply_dead", "telemetry_frozen", "lock_stuck"])
def test_a_fault_in_the_loop_ends_off(fault: str) -> None:
    async def main() -> tuple[PairResult, Pair]:
        pair = Pair(car=CarConfig(session=SCHEDULED, plan=(Leg(3600.0, 20_000.0),)))

        def break_it(seen: Seen) -> None:
            if isinstance(seen, PhaseChanged) and seen.after is Phase.CHARGE_LOOP:
                loop = asyncio.get_running_loop()
                loop.call_later(5.0, setattr, pair.outlet.plant.faults, fault, True)
                if fault in ("contactor_welded", "lock_stuck"):  # these show when something is to move
                    loop.call_later(6.0, pair.evse.stop, "test")

        pair.evse.subscribe(break_it)
        return await pair.run(), pair

    result, pair = run(main())
    assert result.duration < 60
    bus = pair.outlet.plant.bus
    assert bus.current == 0
    assert bus.contactor.feedback is (Contactor.CLOSED if fault == "contactor_welded" else Contactor.OPEN)
    assert pair.outlet.plant.pilot is Pilot.B


def test_a_cut_connection_in_the_loop_ends_off_on_both_sides() -> None:
    async def main() -> tuple[PairResult, Pair]:
        pair = Pair(car=CarConfig(session=SCHEDULED, plan=(Leg(3600.0, 20_000.0),)))

        def cut(seen: Seen) -> None:
            if isinstance(seen, PhaseChanged) and seen.after is Phase.CHARGE_LOOP and pair.driver is not None:
                asyncio.get_running_loop().call_later(2.0, pair.driver.drop, "pulled")

        pair.evse.subscribe(cut)
        return await pair.run(), pair

    result, pair = run(main())
    assert not result.clean
    assert result.charger.phase is Phase.CHARGE_LOOP
    assert pair.outlet.plant.bus.contactor.feedback is Contactor.OPEN
    assert not pair.car.metal.conducting
    assert pair.outlet.plant.bus.output_voltage < 60


def test_a_car_that_stops_reading_is_dropped_with_power_off() -> None:
    async def main() -> tuple[PairResult, Pair, float]:
        pair = Pair(car=CarConfig(session=SCHEDULED, plan=(Leg(3600.0, 20_000.0),)), kernel=0)
        loop = asyncio.get_running_loop()
        stopped: list[float] = []

        def go_deaf() -> None:
            assert pair.driver is not None
            assert pair.driver._transport is not None
            pair.driver._transport.pause_reading()
            stopped.append(loop.time())

        def watch(seen: Seen) -> None:
            if isinstance(seen, PhaseChanged) and seen.after is Phase.CHARGE_LOOP:
                loop.call_later(2.1, go_deaf)

        pair.evse.subscribe(watch)
        return await pair.run(), pair, stopped[0]

    result, pair, stopped = run(main())
    assert not result.clean
    assert result.charger.phase is Phase.CHARGE_LOOP
    assert result.charger.at - stopped <= 0.5 + 0.25  # counted from the next answer
    assert pair.outlet.plant.bus.contactor.feedback is Contactor.OPEN


def test_the_operator_stops_it_in_order() -> None:
    async def main() -> tuple[PairResult, list[Ended]]:
        pair = Pair(car=CarConfig(session=SCHEDULED, plan=(Leg(3600.0, 20_000.0),)))
        ends: list[Ended] = []

        def watch(seen: Seen) -> None:
            if isinstance(seen, PhaseChanged) and seen.after is Phase.CHARGE_LOOP:
                asyncio.get_running_loop().call_later(3.0, pair.evse.stop, "closing time")
            if isinstance(seen, Ended):
                ends.append(seen)

        pair.evse.subscribe(watch)
        return await pair.run(), ends

    result, ends = run(main())
    assert result.clean
    assert result.duration < 10
    assert ends == [result.charger]


def test_an_unwanted_service_is_not_taken() -> None:
    result = run_pair(
        EvseConfig(session=secc.Config(services=(dc_service(),))), CarConfig(session=evcc.Config(services=(ServiceID.DC_BPT,)))
    )
    assert result.loops == 0
    assert result.charged == 0
