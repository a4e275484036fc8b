"""A side that hangs, is late or leaves while alternating current flows: the other one ends, and the outlet opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from iso15118.hal.board import load
from iso15118.power import Contactor
from iso15118.service.evse import EvseConfig
from iso15118.sim.misbehaviour import Garbled, Gone, Late, Misbehaviour, Silent, WrongSession
from iso15118.testing import car, station, virtual_time

BOARD = load(Path(__file__).parents[2] / "hw" / "simulated" / "ac.toml")
MODES = [(service, mode) for service in ("AC", "AC_BPT") for mode in ("scheduled", "dynamic")]


async def broken_off(service: str, mode: str, misbehaviour: Misbehaviour) -> tuple[Any, Any]:
    """The car's and the charger's journal of a session with this misbehaviour. What always holds is checked, also behind it."""
    by_charger = misbehaviour.at.endswith("Res")
    wish: dict[str, Any] = {"services": [service], "control_modes": [mode], "plan": [(5.0, 7_000.0)] if mode == "scheduled" else []}
    config = EvseConfig(board=BOARD)
    async with station(services=[service], config=config, misbehaviour=misbehaviour if by_charger else None) as charger:
        async with car(charger, misbehaviour=None if by_charger else misbehaviour, **wish) as driver:
            ended = [await driver.ended(), await charger.ended()]
            assert not any(each.clean for each in ended)
            assert await charger.rest()
            assert charger.reading.contactor.value is Contactor.OPEN
            assert charger.power == 0.0
            assert max(each.power for each in charger.journal.measured) > 1_000.0
            journals = driver.journal, charger.journal
        if not by_charger:
            async with car(charger, loops=4, **wish) as driver:
                assert (await driver.ended()).clean
    return journals


@pytest.mark.case("TIM-05")
@pytest.mark.parametrize(("service", "mode"), MODES)
@virtual_time
async def test_a_car_that_hangs(service: str, mode: str) -> None:
    _, charger = await broken_off(service, mode, Silent(at="AC_ChargeLoopReq", nth=6))
    last = charger.messages("AC_ChargeLoopRes")[4]
    assert charger.ends[0].at - last.at == pytest.approx(0.5, abs=0.001)


@pytest.mark.case("CLP-03")
@pytest.mark.parametrize(("service", "mode"), MODES)
@virtual_time
async def test_a_charger_that_is_late(service: str, mode: str) -> None:
    own, _ = await broken_off(service, mode, Late(at="AC_ChargeLoopRes", nth=5, by=0.6))
    last = own.messages("AC_ChargeLoopReq")[-1]
    assert own.ends[0].at - last.at == pytest.approx(0.5, abs=0.001)


@pytest.mark.case("SES-05", "STP-03", "MAL-01")
@pytest.mark.parametrize(
    "misbehaviour",
    [
        WrongSession(at="AC_ChargeLoopReq", nth=4),
        Gone(at="AC_ChargeLoopReq", nth=4, reset=True),
        Garbled(at="AC_ChargeLoopReq", nth=4, octets=b"\x80\xff\xff"),
    ],
)
@virtual_time
async def test_a_car_that_does_wrong_in_the_loop(misbehaviour: Misbehaviour) -> None:
    await broken_off("AC_BPT", "dynamic", misbehaviour)
