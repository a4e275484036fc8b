from __future__ import annotations

import pytest

from iso15118.errors import DeviceFault, LocalError
from iso15118.sequence.phases import Phase
from iso15118.session.services import ControlMode, ServiceID
from iso15118.sim.misbehaviour import Silent, WrongSession
from iso15118.testing import car, station, virtual_time


@virtual_time
async def test_a_charger_offers_what_is_asked_of_it() -> None:
    async with (
        station(services=["DC"], control_modes=["dynamic"], service_renegotiation=True) as charger,
        car(charger, services=["DC_BPT", "DC"], loops=3) as driver,
    ):
        assert (await driver.ended()).clean
        session = driver.conversation.session
        assert session.service.id is ServiceID.DC
        assert session.parameters.control_mode is ControlMode.DYNAMIC
        assert session.renegotiable


@virtual_time
async def test_several_cars_in_turn_meet_the_same_metal() -> None:
    async with station() as charger:
        for loops in (3, 5):
            async with car(charger, loops=loops) as driver:
                assert (await driver.ended()).clean
                assert (await charger.ended()).clean
            assert charger.safe
        assert [ended.clean for ended in charger.journal.ends] == [True, True]
        assert len(charger.journal.messages("DC_ChargeLoopRes")) == 8


@virtual_time
async def test_a_charger_misbehaves_and_then_it_does_so_again() -> None:
    """What it does wrong it does in every session."""
    async with station(misbehaviour=WrongSession(at="DC_ChargeLoopRes", nth=2)) as charger:
        for _ in range(2):
            async with car(charger) as driver:
                assert "another session" in (await driver.ended()).why
                assert await charger.rest()


@virtual_time
async def test_a_fault_on_demand() -> None:
    async with station() as charger, car(charger, plan=[(60.0, 20_000.0)]) as driver:
        await driver.until(Phase.CHARGE_LOOP)
        await driver.loops(10)
        assert charger.power == pytest.approx(20_000, rel=0.05)
        assert driver.power == pytest.approx(charger.power, rel=0.02)
        charger.faults.supply_dead = True
        ended = await charger.ended()
        assert DeviceFault.SUPPLY in charger.evse.actuator.faults
        assert not ended.clean
        assert await charger.rest()


@virtual_time
async def test_a_block_that_ends_early_leaves_metal_safe() -> None:
    async with station() as charger:
        async with car(charger, plan=[(60.0, 20_000.0)]) as driver:
            await driver.loops(5)
            assert not charger.safe
        assert charger.safe
        async with car(charger, loops=2) as driver:
            assert (await driver.ended()).clean


@virtual_time
async def test_waiting_has_an_end() -> None:
    async with station() as charger:
        with pytest.raises(LocalError, match="no car has come"):
            await charger.ended()
        async with car(charger, misbehaviour=Silent(at="ServiceDiscoveryReq")) as driver:
            with pytest.raises(TimeoutError):
                await driver.until(Phase.CHARGE_LOOP, within=5.0)
            with pytest.raises(LocalError, match="ended in ServiceDiscovery without ChargeLoop"):
                await charger.until(Phase.CHARGE_LOOP)


@pytest.mark.parametrize(
    ("words", "what", "error"),
    [
        ({"services": ["DCX"]}, "'DCX' is none of AC, DC", LocalError),
        ({"control_modes": ["manual"], "services": ["DC"]}, "'manual' is none of SCHEDULED, DYNAMIC", LocalError),
        ({"misbehaviour": Silent(at="DC_ChargeLop")}, "no message 'DC_ChargeLop'", LocalError),
        ({"evse_idd": "x"}, "evse_idd", TypeError),
    ],
)
def test_a_wish_that_cannot_be(words: dict[str, object], what: str, error: type[Exception]) -> None:
    @virtual_time
    async def ask() -> None:
        async with station(**words):  # type: ignore[arg-type]
            raise AssertionError("it began")

    with pytest.raises(error, match=what):
        ask()
