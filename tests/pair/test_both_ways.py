"""Energy both ways over whole sessions, and one way where no other was agreed."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.energy import Budget
from iso15118.sequence.phases import Phase
from iso15118.sim.misbehaviour import WrongValues
from iso15118.testing import car, station, virtual_time


@pytest.mark.case("BPT-01")
@virtual_time
async def test_in_out_and_in_again_by_the_plan_of_the_car() -> None:
    plan = [(6.0, 20_000.0), (6.0, -15_000.0), (6.0, 10_000.0)]
    async with station() as charger, car(charger, services=["DC_BPT"], control_modes=["scheduled"], plan=plan) as driver:
        assert (await driver.ended()).clean
        began = next(each.at for each in charger.journal.measured if each.phase is Phase.CHARGE_LOOP)
        for until, wanted in ((6.0, 20_000.0), (12.0, -15_000.0), (18.0, 10_000.0)):
            power = [each.power for each in charger.journal.measured if until - 2.0 < each.at - began < until]
            assert power == [pytest.approx(wanted, rel=0.03)] * len(power)
            assert power
        asked: list[Any] = [each.message for each in charger.journal.messages("DC_ChargeLoopReq")]
        currents = [each.control_mode.ev_target_current.value for each in asked]
        assert min(currents) < 0 < max(currents)


@pytest.mark.case("BPT-02")
@virtual_time
async def test_the_charger_turns_the_flow_round_in_dynamic_mode() -> None:
    async with station() as charger, car(charger, services=["DC_BPT"], control_modes=["dynamic"], loops=80) as driver:
        await driver.loops(20)
        assert driver.power > 10_000.0
        charger.evse.set_budget(Budget(0.0, 20_000.0, -20_000.0))
        await driver.loops(40)
        assert driver.power == pytest.approx(-20_000.0, rel=0.05)
        assert (await driver.ended()).clean


@pytest.mark.case("BPT-04")
@virtual_time
async def test_no_current_comes_back_where_only_charging_was_agreed() -> None:
    backwards = WrongValues(at="DC_ChargeLoopReq", nth=8, times=0, values={"EVTargetCurrent": -50})
    async with station() as charger:
        async with car(charger, services=["DC"], control_modes=["scheduled"], plan=[(10.0, 20_000.0)], misbehaviour=backwards):
            await charger.ended()
            await charger.rest()
        assert min(each.current for each in charger.journal.measured) >= 0.0
        assert charger.reading.discharged.value == 0.0
