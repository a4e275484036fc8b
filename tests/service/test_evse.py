from __future__ import annotations

import asyncio
from typing import Any

import pytest

from iso15118.energy import Authorisation, Budget, Plan, Slot
from iso15118.errors import DeviceFault
from iso15118.hal.board import Board
from iso15118.hal.guard import Guard
from iso15118.hal.simulated import outlet
from iso15118.power import Limits
from iso15118.service import evse as module
from iso15118.service.actuate import Actuator
from iso15118.service.evse import Evse, fresh_session_id
from iso15118.service.evse_config import EvseConfig
from iso15118.service.virtual import run
from iso15118.session import secc
from iso15118.session.events import Tick
from iso15118.value import replace


def make(config: EvseConfig | None = None, **words: Any) -> Evse:
    config = config or EvseConfig()
    return Evse(config, Actuator(Guard(outlet(config.board))), clock=lambda: 1_780_000_000_000_000, **words)


def test_the_snapshot_is_what_was_said_last() -> None:
    async def main() -> None:
        limits = Limits(200.0, 400.0, 50.0, 20_000.0, 30.0, 10_000.0)
        schedules = (Plan(0.0, (Slot(60.0, 1.0),)),)
        evse = make(EvseConfig(limits=limits, schedules=schedules))
        await asyncio.sleep(7.5)
        evse.converse()
        await asyncio.sleep(2.5)
        world = evse.snapshot()
        assert (world.now, world.clock) == (10.0, 1_780_000_002_500_000)
        assert (world.limits, world.abilities) == (limits, evse.config.board.abilities)
        assert (world.budget.charge, world.budget.discharge) == (20_000.0, 10_000.0)
        assert world.plans == (Plan(1_780_000_000.0, schedules[0].slots),)
        evse.set_budget(Budget(5.0))
        evse.trip()
        world = evse.snapshot()
        assert world.budget == Budget(5.0)
        assert world.faults == {DeviceFault.EMERGENCY_STOP}

    run(main())


@pytest.mark.parametrize("site", [True, False])
@pytest.mark.parametrize("board", [True, False])
def test_discharge_is_promised_only_where_site_and_board_allow_it(site: bool, board: bool) -> None:
    """A car must not be told of a power that the guard will refuse."""

    async def main() -> None:
        evse = make(EvseConfig(board=Board(discharge_allowed=board), discharge_allowed=site))
        limits = evse.snapshot().limits
        assert (limits.discharge_current > 0, limits.discharge_power > 0) == (site and board, site and board)

    run(main())


@pytest.mark.parametrize(("after", "at_once", "later"), [(0.0, True, True), (5.0, False, True), (None, False, False)])
def test_authorisation_by_itself(after: float | None, at_once: bool, later: bool) -> None:
    async def main() -> None:
        evse = make(EvseConfig(authorised_after=after))
        evse.converse()
        assert (evse.snapshot().authorisation is Authorisation.ACCEPTED) is at_once
        await asyncio.sleep(5.0)
        assert (evse.snapshot().authorisation is Authorisation.ACCEPTED) is later
        evse.authorise(Authorisation.REFUSED)
        assert evse.snapshot().authorisation is Authorisation.REFUSED
        evse.converse()
        assert (evse.snapshot().authorisation is Authorisation.ACCEPTED) is at_once

    run(main())


def test_what_changes_reaches_the_session_at_once() -> None:
    async def main() -> None:
        seen: list[float] = []

        def step(session: Any, event: Any, world: Any) -> Any:
            if isinstance(event, Tick):
                seen.append(world.budget.charge)
            return session, ()

        evse = make(step=step)
        evse.set_budget(Budget(1.0))
        conversation = evse.converse()
        evse.set_budget(Budget(2.0))
        assert seen == []  # not connected yet
        conversation.connection_made(Wire())
        evse.set_budget(Budget(3.0))
        assert seen == [3.0]
        evse.trip()
        assert seen == [3.0, 3.0]
        conversation.connection_lost(None)
        evse.set_budget(Budget(4.0))
        assert seen == [3.0, 3.0]
        assert not evse.busy

    run(main())


@pytest.mark.parametrize("grave", [DeviceFault.EMERGENCY_STOP, DeviceFault.RESIDUAL_CURRENT])
def test_the_faults_of_the_last_session_go_and_grave_ones_stay(grave: DeviceFault, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        evse = make()
        evse.actuator.trip(DeviceFault.INSULATION)
        evse.converse()
        assert evse.snapshot().faults == frozenset()
        evse.actuator.trip(grave)
        evse.converse()
        assert evse.snapshot().faults == {grave}

    run(main())
    assert [record.getMessage() for record in caplog.records] == [f"1: out of order until somebody resets it: {grave}"]


def test_a_session_id_is_never_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = iter([bytes(8), bytes(8), b"\0" * 7 + b"\1"])
    monkeypatch.setattr(module.secrets, "token_bytes", lambda count: next(draws))
    assert fresh_session_id() == b"\0" * 7 + b"\1"


def test_every_session_has_its_own_id() -> None:
    async def main() -> None:
        evse = make(EvseConfig(session=replace(secc.Config(), evse_id="X")))
        ids = {evse.converse().session.fresh_id for _ in range(20)}
        assert len(ids) == 20
        assert evse.converse().session.config.evse_id == "X"

    run(main())


class Wire(asyncio.Transport):
    """A transport that takes everything."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0


@pytest.mark.case("SES-03")
def test_ten_thousand_session_ids_are_random() -> None:
    """None comes twice, and of their bits each is set about as often as not (six sigma)."""
    ids = [fresh_session_id() for _ in range(10_000)]
    assert len(set(ids)) == len(ids)
    assert {len(drawn) for drawn in ids} == {8}
    for bit in range(64):
        ones = sum(int.from_bytes(drawn) >> bit & 1 for drawn in ids)
        assert abs(ones - 5_000) < 300, f"bit {bit}: {ones} of 10000"
