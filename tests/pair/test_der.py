"""Whole sessions with a car that is a resource of the grid: it follows the grid code by its own measurement, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iso15118.der.words import Curve, DerFunctions, DsoSetpoint, FrequencyWatt, GridCode, Response, VoltWatt
from iso15118.energy import Budget
from iso15118.hal.board import AC_BOARD
from iso15118.power import AcReading
from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import Pair, PairResult, run_pair
from iso15118.service.plain import plain
from iso15118.service.recorder import Head, Recorder
from iso15118.service.replay import replay
from iso15118.service.seen import Exchanged, Seen
from iso15118.service.virtual import run
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode, ServiceID, Variants, service_of
from iso15118.value import replace

pytestmark = pytest.mark.long

DER = ServiceID.AC_DER_IEC
FAST = Response(0.5, pt1=True)
CODE = GridCode(
    over_frequency_watt=FrequencyWatt(50.2, 50.2, 40.0, response=FAST),
    under_frequency_watt=FrequencyWatt(49.8, 49.8, 40.0, response=FAST),
    volt_watt=VoltWatt(250.0, 260.0, response=FAST),
    volt_var=Curve(((213.9, -4e3), (223.1, 0.0), (236.9, 0.0), (246.1, 4e3)), FAST),
    dso_q_setpoint=True,
    dso_cos_phi_setpoint=True,
)
"""Figures of this test, of no grid operator. Reactive power + inductive."""
GIVING = Budget(11e3, 11e3, target=-8e3)
Deed = Callable[[Pair], None]


class Watched:
    """A session with what went over the connection, and what the mains showed 20 s after it began."""

    def __init__(
        self,
        deed: Deed,
        *,
        code: GridCode = CODE,
        budget: Budget = GIVING,
        mode: ControlMode = ControlMode.DYNAMIC,
        able: DerFunctions | None = None,
        power: float = -8e3,
    ) -> None:
        self.said: list[Any] = []
        self.before: AcReading | None = None
        self.after: AcReading | None = None
        self.notes: list[str] = []
        self.pair: Pair | None = None
        services = (service_of(DER, variants=Variants(der_functions=code.functions)), service_of(ServiceID.AC_BPT))
        charger = EvseConfig(board=AC_BOARD, session=secc.Config(services=services), budget=budget, grid_code=code)
        wants = evcc.Config(services=(DER, ServiceID.AC_BPT), control_modes=(mode,))
        wants = wants if able is None else replace(wants, der_functions=int(able))

        def look(when: str) -> None:
            assert self.pair is not None
            setattr(self, when, self.pair.outlet.plant.reading)

        def prepare(pair: Pair) -> None:
            self.pair, loop = pair, asyncio.get_running_loop()
            pair.evse.subscribe(self._saw)
            loop.call_later(14.5, look, "before")
            loop.call_later(15.0, deed, pair)
            loop.call_later(25.0, look, "after")

        self.result: PairResult = run_pair(charger, CarConfig(session=wants, plan=(Leg(30.0, power),)), prepare=prepare)

    def _saw(self, seen: Seen) -> None:
        if isinstance(seen, Exchanged):
            self.said.append(seen.message)

    def named(self, name: str) -> list[Any]:
        return [message for message in self.said if type(message).__name__ == name]


def grid(**faults: Any) -> Deed:
    def deed(pair: Pair) -> None:
        for name, value in faults.items():
            setattr(pair.outlet.plant.faults, name, value)

    return deed


def nothing(pair: Pair) -> None:
    pass


@pytest.mark.case("DER-01", "DER-02", "DER-03")
@pytest.mark.parametrize("mode", ControlMode)
def test_a_whole_session(mode: ControlMode) -> None:
    seen = Watched(nothing, mode=mode)
    assert seen.result.clean
    assert seen.result.discharged == pytest.approx(8e3 * 30 / 3600, rel=0.1)
    detail = seen.named("ServiceDetailRes")[0]
    bitmaps = {p.int_value for s in detail.service_parameter_list.parameter_set for p in s.parameter if p.name == "DERControlFunctions"}
    assert bitmaps == {int(CODE.functions)}
    asked = [str(message.energy_transfer_mode.ev_processing) for message in seen.named("AC_ChargeParameterDiscoveryReq")]
    assert asked == ["Ongoing", "Finished"]
    told = seen.named("AC_ChargeParameterDiscoveryRes")[-1].energy_transfer_mode
    assert abs(told.evse_maximum_discharge_power.value) >= abs(told.evse_nominal_discharge_power.value)
    control = told.der_control
    assert control.active_power_support.volt_watt is not None
    assert control.reactive_power_support.volt_var is not None
    assert (control.zero_current, control.maximum_level_dc_injection, control.overvoltage_fault_ride_through) == (None, None, None)


@pytest.mark.parametrize(
    ("faults", "active"),
    [
        ({"grid_frequency": 50.7}, -8e3 + 0.4 * 0.5 * 11e3),  # 40 % of 11 kW a Hz, 0.5 Hz above the start
        ({"grid_frequency": 51.9}, -8e3 + 0.4 * 1.7 * 11e3),
        ({"grid_voltage": 255.0 / 230.0}, -5.5e3),  # half way from 250 to 260 V: half of 11 kW
        ({"grid_frequency": 50.1}, -8e3),
    ],
)
def test_power_given_follows_frequency_and_voltage(faults: dict[str, float], active: float) -> None:
    seen = Watched(grid(**faults))
    assert seen.before is not None
    assert seen.after is not None
    assert seen.before.active.total == pytest.approx(-8e3, rel=0.01)
    assert seen.after.active.total == pytest.approx(active, abs=50)


def test_power_taken_follows_a_low_frequency() -> None:
    seen = Watched(grid(grid_frequency=49.6), budget=Budget(11e3, 11e3, target=9e3), power=9e3)
    assert seen.after is not None
    assert seen.after.active.total == pytest.approx(9e3 - 0.4 * 0.2 * 11e3, abs=50)


@pytest.mark.parametrize(("volts", "reactive"), [(230.0, 0.0), (241.5, 2e3), (218.5, -2e3), (248.0, 4e3)])
def test_reactive_power_follows_the_voltage(volts: float, reactive: float) -> None:
    seen = Watched(grid(grid_voltage=volts / 230.0))
    assert seen.after is not None
    assert seen.after.reactive.total == pytest.approx(reactive, abs=20)


@pytest.mark.parametrize(
    ("demand", "active", "reactive"),
    [
        (DsoSetpoint(reactive=3e3), -8e3, 3e3),
        (DsoSetpoint(reactive=-3e3), -8e3, -3e3),
        (DsoSetpoint(cos_phi=0.95), -8e3, 8e3 * 0.3287),
        (DsoSetpoint(cos_phi=0.95, under_excited=False), -8e3, -8e3 * 0.3287),
        (DsoSetpoint(discharge_power=3e3), -3e3, 0.0),
    ],
)
def test_the_grid_operators_demand(demand: DsoSetpoint, active: float, reactive: float) -> None:
    seen = Watched(lambda pair: pair.evse.set_dso_setpoint(demand))
    assert seen.after is not None
    assert seen.after.active.total == pytest.approx(active, abs=50)
    assert seen.after.reactive.total == pytest.approx(reactive, abs=20)


@pytest.mark.case("DER-06")
def test_a_grid_event_is_told_and_the_session_goes_on() -> None:
    events: list[int] = []

    def deed(pair: Pair) -> None:
        pair.outlet.plant.faults.grid_frequency = 50.7
        asyncio.get_running_loop().call_later(5.0, lambda: events.append(pair.evse.grid_event))

    seen = Watched(deed)
    assert events == [1]
    assert seen.result.clean
    assert seen.result.duration > 30


@pytest.mark.case("DER-05")
def test_a_car_that_cannot_do_it_takes_another_service() -> None:
    seen = Watched(nothing, able=CODE.functions & ~DerFunctions.VOLT_VAR)
    assert seen.result.clean
    assert len(seen.named("ServiceDiscoveryReq")) == 2
    assert [message.selected_energy_transfer_service.service_id for message in seen.named("ServiceSelectionReq")] == [10, 5]
    assert seen.result.discharged > 10


def test_a_schedule_is_renewed_beside_the_loop() -> None:
    services = (service_of(DER, variants=Variants(der_functions=CODE.functions)),)
    charger = EvseConfig(board=AC_BOARD, session=secc.Config(services=services), grid_code=CODE)
    wants = evcc.Config(services=(DER,), control_modes=(ControlMode.SCHEDULED,), renew_schedule_after=20)
    kept: list[Pair] = []
    result = run_pair(charger, CarConfig(session=wants, plan=(Leg(20.0, -5e3),)), prepare=kept.append)
    assert result.clean
    assert kept[0].driver is not None
    assert kept[0].driver.session.renewals == 1


def test_both_sides_replay(tmp_path: Path) -> None:
    session_id = bytes(range(1, 9))
    services = (service_of(DER, variants=Variants(der_functions=CODE.functions)),)
    charger = EvseConfig(board=AC_BOARD, session=secc.Config(services=services), grid_code=CODE, budget=GIVING)
    car = CarConfig(session=evcc.Config(services=(DER,), control_modes=(ControlMode.DYNAMIC,)), plan=(Leg(20.0, 0.0),))
    heads = Head("secc", plain(charger.session), session_id.hex()), Head("evcc", plain(car.session))
    recorders = [Recorder(head) for head in heads]

    async def main() -> None:
        pair = Pair(charger, car)
        converse = pair.evse.converse
        pair.evse.converse = lambda **words: converse(**words | {"session_id": session_id})  # type: ignore[method-assign]
        asyncio.get_running_loop().call_later(10.0, pair.evse.set_dso_setpoint, DsoSetpoint(cos_phi=0.95, under_excited=False))
        assert (await pair.run(charger_scribe=recorders[0], car_scribe=recorders[1])).clean

    run(main())
    for recorder in recorders:
        path = tmp_path / recorder.head.role
        assert recorder.dump(path, "test").result()
        result = replay(path)
        assert (result.equal, result.complete, result.remark) == (True, True, "")
