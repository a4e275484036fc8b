"""Whole sessions under AC_DER_SAE: the car waits to enter service, follows the grid code, hears what changes of it, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from iso15118.der.words import Curve, DerFunctions, DsoSetpoint, FrequencyWatt, GridCode, Response, VoltWatt
from iso15118.energy import Budget
from iso15118.hal.board import AC_BOARD
from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import Pair, PairResult, run_pair
from iso15118.service.seen import Exchanged, Seen
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode, ServiceID, service_of
from iso15118.value import replace
from tests.der.grid_codes import protection

pytestmark = pytest.mark.long

SAE = ServiceID.AC_DER_SAE
FAST = Response(0.5, pt1=True)
CODE = GridCode(
    over_frequency_watt=FrequencyWatt(50.2, 50.2, 40.0, response=FAST),
    under_frequency_watt=FrequencyWatt(49.8, 49.8, 40.0, response=FAST),
    volt_watt=VoltWatt(242.0, 252.0, response=FAST),
    volt_var=Curve(((213.9, -4e3), (223.1, 0.0), (236.9, 0.0), (246.1, 4e3)), FAST),
    protection=protection(),
)
"""Figures of this test, of no grid operator."""
FORBIDDEN = replace(CODE, protection=protection(permit=False))
Deed = Callable[[Pair], None]


class Watched:
    """A session of 30 s with what was said, and the power (W, var) at the seconds looked at; the deed is done at 15 s."""

    def __init__(
        self,
        deed: Deed = lambda pair: None,
        *,
        target: float = -8e3,
        mode: ControlMode = ControlMode.DYNAMIC,
        code: GridCode = CODE,
        able: DerFunctions | None = None,
    ) -> None:
        self.said: list[Any] = []
        self.power: dict[float, tuple[float, float]] = {}
        self.events: list[int] = []
        self.turns: list[int] = []
        services = (service_of(SAE), service_of(ServiceID.AC_BPT))
        charger = EvseConfig(
            board=AC_BOARD, session=secc.Config(services=services), budget=Budget(11e3, 11e3, target=target), grid_code=code
        )
        wants = evcc.Config(services=(SAE, ServiceID.AC_BPT), control_modes=(mode,))
        wants = wants if able is None else replace(wants, der_functions=int(able))

        def look(pair: Pair, at: float) -> None:
            reading = pair.outlet.plant.reading
            self.power[at] = reading.active.total, reading.reactive.total
            self.events.append(pair.evse.grid_event)
            self.turns.append(len(self.named("AC_ChargeLoopRes")))

        def prepare(pair: Pair) -> None:
            loop = asyncio.get_running_loop()
            pair.evse.subscribe(self._saw)
            for at in (1.8, 14.5, 17.0, 25.0):
                loop.call_later(at, look, pair, at)
            loop.call_later(15.0, deed, pair)

        self.result: PairResult = run_pair(charger, CarConfig(session=wants, plan=(Leg(30.0, target),)), prepare=prepare)

    def _saw(self, seen: Seen) -> None:
        if isinstance(seen, Exchanged):
            self.said.append(seen.message)

    def named(self, name: str) -> list[Any]:
        return [message for message in self.said if type(message).__name__ == name]


def grid(**faults: float) -> Deed:
    def deed(pair: Pair) -> None:
        for name, value in faults.items():
            setattr(pair.outlet.plant.faults, name, value)

    return deed


@pytest.mark.parametrize("mode", ControlMode)
def test_a_whole_session(mode: ControlMode) -> None:
    seen = Watched(mode=mode)
    assert seen.result.clean
    assert seen.turns[0] > 3, "the loop has not begun"
    assert seen.power[1.8][0] == pytest.approx(0.0, abs=1.0), "it gives before the delay has passed"
    assert seen.power[14.5][0] == pytest.approx(-8e3, rel=0.02)
    asked = seen.named("AC_ChargeParameterDiscoveryReq")
    assert [str(message.energy_transfer_mode.ev_processing) for message in asked] == ["Ongoing", "Finished"]
    assert asked[0].energy_transfer_mode.enabled_modes < asked[1].energy_transfer_mode.enabled_modes
    told = seen.named("AC_ChargeParameterDiscoveryRes")[-1].energy_transfer_mode.der_control_cpd_res
    assert told.reactive_power_support_cpd_res.volt_var.enable
    assert not told.reactive_power_support_cpd_res.watt_var.enable
    turns = [message.control_mode.der_control_cl_res for message in seen.named("AC_ChargeLoopRes")]
    assert len(turns) > 50
    assert all(a == b for a, b in pairwise(turns)), "nothing has changed, so nothing is told again"
    assert turns[0].active_power_support_cl_res is None


@pytest.mark.parametrize(
    ("faults", "active", "reactive"),
    [
        ({"grid_frequency": 50.7}, -8e3 + 0.4 * 0.5 * 11e3, 0.0),  # 40 % of 11 kW a Hz
        ({"grid_voltage": 247.0 / 230.0}, -5.5e3, 4e3),  # half way from 242 to 252 V: half of 11 kW
        ({"grid_voltage": 218.5 / 230.0}, -8e3, -2e3),
    ],
)
def test_the_inverter_follows_the_grid(faults: dict[str, float], active: float, reactive: float) -> None:
    seen = Watched(grid(**faults))
    assert seen.power[25.0] == pytest.approx((active, reactive), abs=50)


@pytest.mark.case("DER-07")
@pytest.mark.parametrize("target", [-8e3, 8e3])
@pytest.mark.parametrize("mode", ControlMode)
def test_without_permission_the_inverter_is_off_and_charging_goes_on(mode: ControlMode, target: float) -> None:
    seen = Watched(lambda pair: pair.evse.set_grid_code(FORBIDDEN), target=target, mode=mode)
    assert seen.power[14.5][0] == pytest.approx(target, rel=0.02)
    assert seen.power[25.0][0] == pytest.approx(max(0.0, target), rel=0.02, abs=1.0)
    assert seen.result.clean
    assert seen.result.duration > 30
    states = [str(message.control_mode.der_operational_state) for message in seen.named("AC_ChargeLoopReq")]
    assert (states[0], states[-1]) == ("On", "Off")


def test_permission_comes_back_with_the_delay_to_enter_service() -> None:
    def deed(pair: Pair) -> None:
        pair.evse.set_grid_code(CODE)

    seen = Watched(deed, code=FORBIDDEN)
    assert seen.power[14.5][0] == pytest.approx(0.0, abs=1.0)
    assert seen.power[17.0][0] == pytest.approx(0.0, abs=1.0)
    assert seen.power[25.0][0] == pytest.approx(-8e3, rel=0.02)


def test_one_function_that_changes_is_told_alone_and_followed() -> None:
    other = replace(CODE, over_frequency_watt=FrequencyWatt(50.2, 50.2, 80.0, response=FAST))

    def deed(pair: Pair) -> None:
        pair.outlet.plant.faults.grid_frequency = 50.7
        pair.evse.set_grid_code(other)

    seen = Watched(deed)
    assert seen.power[25.0][0] == pytest.approx(-8e3 + 0.8 * 0.5 * 11e3, abs=50)
    changed = [
        turn for turn in (m.control_mode.der_control_cl_res for m in seen.named("AC_ChargeLoopRes")) if turn.active_power_support_cl_res
    ]
    assert len(changed) == 1
    assert changed[0].active_power_support_cl_res.volt_watt is None
    assert (changed[0].voltage_trip, changed[0].reactive_power_support_cl_res) == (None, None)


@pytest.mark.parametrize(
    ("demand", "active", "reactive"),
    [
        (DsoSetpoint(reactive=3e3), -8e3, 3e3),
        (DsoSetpoint(cos_phi=0.95, under_excited=False), -8e3, -8e3 * 0.3287),
        (DsoSetpoint(discharge_power=5.5e3), -5.5e3, 0.0),
    ],
)
def test_the_grid_operators_demand(demand: DsoSetpoint, active: float, reactive: float) -> None:
    seen = Watched(lambda pair: pair.evse.set_dso_setpoint(demand))
    assert seen.power[25.0] == pytest.approx((active, reactive), abs=50)


def test_a_trip_is_told_and_the_session_goes_on() -> None:
    seen = Watched(grid(grid_voltage=255.0 / 230.0))
    assert seen.power[25.0][0] == pytest.approx(0.0, abs=1.0)
    assert seen.events[-1] == 1
    assert seen.result.clean


def test_a_car_that_cannot_do_it_takes_another_service() -> None:
    seen = Watched(able=CODE.functions & ~DerFunctions.VOLT_VAR)
    assert seen.result.clean
    assert [message.selected_energy_transfer_service.service_id for message in seen.named("ServiceSelectionReq")] == [11, 5]
