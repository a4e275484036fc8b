from __future__ import annotations

import asyncio

import pytest

from iso15118.power import Contactor, Pilot
from iso15118.sequence.phases import Phase
from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse_config import EvseConfig
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


@pytest.mark.case("MCS-01")
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
    assert charger.session.parameters.connector == 1
    assert charger.session.namespace == "urn:iso:std:iso:15118:-20:DC"
    if mode is ControlMode.SCHEDULED:
        assert (result.discharged > 1.0) is (service is ServiceID.MCS_BPT)
    balanced(result)


def watched(pair: Pair, phases: list[Phase]) -> None:
    """`phases` is told every phase that the charger enters."""

    def saw(seen: Seen) -> None:
        if isinstance(seen, PhaseChanged):
            phases.append(seen.after)

    pair.evse.subscribe(saw)


RENEGOTIABLE = EvseConfig(session=secc.Config(service_renegotiation=True))


@pytest.mark.parametrize("mode", ControlMode)
def test_a_car_changes_its_service_within_a_session(mode: ControlMode) -> None:
    """From DC to DC_BPT, then back out: same id, no second authorisation, energy of both parts counted."""
    change = evcc.Renegotiation(10, (ServiceID.DC_BPT,))
    wish = evcc.Config(services=(ServiceID.DC,), control_modes=(mode,), renegotiation=change, loops=30)
    phases: list[Phase] = []
    pairs: list[Pair] = []

    def prepare(pair: Pair) -> None:
        pairs.append(pair)
        watched(pair, phases)

    result = run_pair(RENEGOTIABLE, CarConfig(session=wish), prepare=prepare)
    assert (result.clean, result.loops) == (True, 30)
    charger, driver = pairs[0].charger, pairs[0].driver
    assert charger is not None
    assert driver is not None
    assert (charger.session.service.id, driver.session.service.id) == (ServiceID.DC_BPT, ServiceID.DC_BPT)
    assert charger.session.id == charger.session.fresh_id == driver.session.id
    assert [phases.count(phase) for phase in (Phase.AUTHORIZATION, Phase.SERVICE_DISCOVERY, Phase.CHARGE_LOOP)] == [1, 2, 2]
    assert phases.index(Phase.WELDING_DETECTION) < len(phases) - 1 - phases[::-1].index(Phase.SERVICE_DISCOVERY)
    assert driver.session.meter.charged_energy_reading_wh > result.charged / 2  # read in the second part: the first one counts too
    balanced(result)


@pytest.mark.case("REN-06", "REN-08")
def test_a_charger_asks_for_another_choice_of_service() -> None:
    phases: list[Phase] = []

    def prepare(pair: Pair) -> None:
        watched(pair, phases)
        pair._loop.call_later(8.0, pair.evse.renegotiate)

    result = run_pair(RENEGOTIABLE, CarConfig(session=evcc.Config(loops=40)), prepare=prepare)
    assert result.clean
    assert [phases.count(phase) for phase in (Phase.AUTHORIZATION, Phase.SERVICE_DISCOVERY, Phase.CHARGE_LOOP)] == [1, 2, 2]


def test_no_other_choice_of_service_where_it_is_not_offered() -> None:
    phases: list[Phase] = []

    def prepare(pair: Pair) -> None:
        watched(pair, phases)
        pair._loop.call_later(8.0, pair.evse.renegotiate)

    wish = evcc.Config(renegotiation=evcc.Renegotiation(10, (ServiceID.DC,)), loops=40)
    result = run_pair(car=CarConfig(session=wish), prepare=prepare)
    assert (result.clean, result.loops, phases.count(Phase.SERVICE_DISCOVERY)) == (True, 40, 1)


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
