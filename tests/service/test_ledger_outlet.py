"""What of an outlet gets into the ledger, and what of the ledger into an outlet: by whole sessions, and by hand."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from iso15118.energy import Authorisation
from iso15118.errors import DeviceFault
from iso15118.hal.board import AC_BOARD, Board
from iso15118.hal.guard import Guard
from iso15118.hal.simulated import SimulatedOutlet, outlet
from iso15118.power import Contactor, Setpoint
from iso15118.sequence.phases import Phase
from iso15118.service.actuate import Actuator
from iso15118.service.car import CarConfig
from iso15118.service.evse import Evse
from iso15118.service.evse_config import EvseConfig
from iso15118.service.ledger import Ledger
from iso15118.service.ledger_file import LedgerFile
from iso15118.service.ledger_outlet import UPDATE, Book
from iso15118.service.ledger_records import Closed, Flowed, Latched, Opened, Record, Reset, read
from iso15118.service.pair import Pair
from iso15118.service.seen import Ended
from iso15118.service.virtual import run
from iso15118.session import evcc, secc
from iso15118.session.services import ServiceID, service_of
from tests.service.meeting import told

QUICK = Board(settings={"insulation_test_time": 0.05, "bleed_time": 0.05, "lock_delay": 0.01, "contactor_delay": 0.01})
LIVE = Setpoint(450.0, 20.0, contactor=True, lock=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


def written(path: Path, ledger: Ledger) -> tuple[Record, ...]:
    ledger.close()
    return read(path.read_bytes()).records


def opened(path: Path) -> Ledger:
    return Ledger(path, clock=asyncio.get_running_loop().time)


def of(kind: type, records: tuple[Record, ...]) -> list[Any]:
    return [record for record in records if isinstance(record, kind)]


@pytest.mark.parametrize(("service", "board"), [(ServiceID.DC, QUICK), (ServiceID.DC_BPT, QUICK), (ServiceID.AC, AC_BOARD)])
def test_a_session_is_one_transaction(path: Path, service: ServiceID, board: Board) -> None:
    async def main() -> None:
        ledger = opened(path)
        config = EvseConfig(board=board, session=secc.Config(services=(service_of(service),), meter_id="M-1"))
        pair = Pair(config, CarConfig(session=evcc.Config(services=(service,), loops=60)))
        Book(ledger, pair.evse)
        told: list[float] = []
        flowed, clock = ledger.flowed, asyncio.get_running_loop().time
        ledger.flowed = lambda *words: (told.append(clock()), flowed(*words))[1]  # type: ignore[method-assign]
        result = await pair.run()
        records = written(path, ledger)
        (first,), (closed,), flows = of(Opened, records), of(Closed, records), of(Flowed, records)
        assert result.clean
        assert (first.outlet, first.vehicle, first.meter) == ("1", evcc.Config().evcc_id, "M-1")
        assert pair.charger is not None
        assert first.session == pair.charger.session.id.hex()
        assert (closed.opened, closed.why, closed.clean) == (first, result.charger.why, True)
        assert closed.charged - first.charged == pytest.approx(result.charged, abs=0.01)
        assert closed.discharged == result.discharged == 0
        assert result.charged > 40.0
        assert [later - earlier for earlier, later in pairwise(told[:-1])] == pytest.approx([UPDATE] * (len(told) - 2))
        assert 5 < len(told) <= result.duration / UPDATE + 1  # no call more often than that, but one when the contactor opens
        assert flows[-1].charged == closed.charged
        assert records[-1] == closed

    run(main())


def test_a_car_that_never_gets_so_far_is_no_transaction(path: Path) -> None:
    async def main() -> None:
        ledger = opened(path)
        pair = Pair(EvseConfig(board=QUICK, authorised_after=None), CarConfig())
        Book(ledger, pair.evse)
        asyncio.get_running_loop().call_later(1.0, pair.evse.authorise, Authorisation.REFUSED)
        assert (await pair.run()).charged == 0.0
        assert written(path, ledger) == ()

    run(main())


def test_a_disk_that_is_full_disturbs_no_session(path: Path) -> None:
    class Full(LedgerFile):
        def rewrite(self, octets: bytes) -> None:
            with open("/dev/full", "wb", buffering=0) as full:
                full.write(b"x")

        append = rewrite

    async def main() -> None:
        ledger = Ledger(path, file=Full)
        pair = Pair(EvseConfig(board=QUICK), CarConfig(session=evcc.Config(loops=60)))
        Book(ledger, pair.evse)
        assert (await pair.run()).clean
        ledger.close()
        assert not ledger.healthy

    run(main())


async def charging(pair: Pair, seconds: float) -> asyncio.Task[Any]:
    """A session that has been in its charge loop for so long."""
    pair.actuator.start()
    task = asyncio.create_task(pair.session())
    while pair.charger is None or pair.charger.session.phase is not Phase.CHARGE_LOOP:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    await asyncio.sleep(seconds)
    return task


@pytest.mark.parametrize("fault", [DeviceFault.EMERGENCY_STOP, DeviceFault.OVER_CURRENT])
def test_a_fault_that_needs_a_person_survives_the_start_until_it_is_reset(
    path: Path, fault: DeviceFault, caplog: pytest.LogCaptureFixture
) -> None:
    async def before() -> None:
        ledger = opened(path)
        pair = Pair(EvseConfig(board=QUICK))
        Book(ledger, pair.evse)
        session = await charging(pair, 5.0)
        pair.actuator.trip(DeviceFault.INSULATION)  # this one goes with the session
        pair.actuator.trip(fault)
        await session
        await asyncio.sleep(5.0)
        records = written(path, ledger)
        (latched,), (closed,) = of(Latched, records), of(Closed, records)
        assert (latched.outlet, latched.fault) == ("1", fault)
        assert not closed.clean
        assert closed.charged > 10.0

    async def after() -> None:
        ledger = opened(path)
        pair = Pair(EvseConfig(board=QUICK), CarConfig(session=evcc.Config(loops=4)))
        assert pair.evse.snapshot().faults == frozenset()
        Book(ledger, pair.evse)
        assert pair.evse.snapshot().faults == {fault}
        pair.actuator.start()
        assert not (await pair.session()).clean
        assert pair.evse.snapshot().faults == {fault}
        assert pair.actuator.clear(by_person=True)
        assert (await pair.session()).clean
        records = written(path, ledger)
        assert [record.latched for record in of(Reset, records)] == of(Latched, records)
        assert [record.why for record in of(Closed, records)][1:] == ["the peer closed the connection"]

    async def later() -> None:
        ledger = opened(path)
        assert ledger.latched == frozenset()
        ledger.close()

    for each in (before, after, later):
        run(each())
    assert f"1: out of order, as before the start, until somebody resets it: {fault}" in told(caplog)


def test_a_start_closes_no_contactor_without_a_new_authorised_session(path: Path) -> None:
    """Killed in the charge loop, and started again: nothing of that session is left, and the same car has to be authorised anew."""

    killed = path.with_name("killed")

    async def before() -> None:
        ledger = opened(path)
        pair = Pair(EvseConfig(board=QUICK))
        Book(ledger, pair.evse)
        session = await charging(pair, 5.0)
        ledger.close()
        shutil.copy(path, killed)
        session.cancel()

    async def after() -> None:
        ledger = opened(killed)
        pair = Pair(EvseConfig(board=QUICK, authorised_after=None), CarConfig(session=evcc.Config(loops=4)))
        wanted: list[bool] = []
        command = pair.guard.command
        pair.guard.command = lambda said, now: (wanted.append(said.setpoint.contactor), command(said, now))[1]  # type: ignore[method-assign]
        Book(ledger, pair.evse)
        pair.actuator.start()
        await asyncio.sleep(120.0)
        assert pair.evse.paused is None
        session = asyncio.create_task(pair.session())
        await asyncio.sleep(20.0)
        assert pair.charger is not None
        assert pair.charger.session.phase is Phase.AUTHORIZATION
        assert not pair.charger.session.joined
        assert pair.evse.actuator.reading.contactor.value is Contactor.OPEN
        assert not any(wanted)
        pair.evse.authorise(Authorisation.ACCEPTED)
        assert (await session).clean
        assert any(wanted)
        first, second = of(Closed, written(killed, ledger))
        assert (first.opened.number, first.why, first.clean) == (1, "power lost", False)
        assert first.charged > 10.0
        assert second.clean

    run(before())
    run(after())


class Hand:
    """An outlet whose sessions are made by hand."""

    def __init__(self, path: Path) -> None:
        self.metal: SimulatedOutlet = outlet(QUICK)
        self.actuator = Actuator(Guard(self.metal))
        self.evse = Evse(EvseConfig(board=QUICK), self.actuator)
        self.ledger = opened(path)
        self.book = Book(self.ledger, self.evse)
        self.actuator.start()
        self._wanted = Setpoint()

    def begins(self) -> asyncio.Future[Ended]:
        """A session; how it ends is for the test to say."""
        ended: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        session = SimpleNamespace(id=b"\xaa", evcc_id="WMIV1", emaid="")
        self.book.follow(cast(Any, SimpleNamespace(session=session, ended=ended)))
        return ended

    async def drive(self, setpoint: Setpoint, seconds: float) -> None:
        for _ in range(round(seconds / 0.1)):
            self.actuator.apply(setpoint)
            await asyncio.sleep(0.1)

    async def charge(self, seconds: float) -> None:
        await self.drive(Setpoint(lock=True), 0.5)
        await self.drive(Setpoint(400.0, 0.0, trickle=2.0, contactor=True, lock=True), 1.0)
        await self.drive(LIVE, seconds)
        assert self.actuator.reading.contactor.value is Contactor.CLOSED


def by_hand(path: Path, play: Callable[[Hand], Any]) -> tuple[Record, ...]:
    """What is in the ledger afterwards."""

    async def main() -> tuple[Record, ...]:
        hand = Hand(path)
        await play(hand)
        return written(path, hand.ledger)

    return run(main())


def end(why: str) -> Ended:
    return Ended(0.0, why, False, Phase.CHARGE_LOOP)


def test_a_contactor_without_a_session_is_no_transaction(path: Path) -> None:
    async def play(hand: Hand) -> None:
        await hand.charge(2.0)
        hand.begins().set_result(end("nobody came"))
        await asyncio.sleep(2.0)

    assert of(Opened, by_hand(path, play)) == []


def test_what_flows_until_the_contactor_opens_counts(path: Path) -> None:
    """The connection is gone in full flow: the reason is kept, and the readings are those of metal at rest."""
    last: list[float] = []

    async def play(hand: Hand) -> None:
        ended = hand.begins()
        await hand.charge(10.0)
        ended.set_result(end("connection lost"))
        await hand.drive(LIVE, 0.2)
        await asyncio.sleep(2.0)
        assert hand.actuator.reading.contactor.value is Contactor.OPEN
        last.append(hand.actuator.reading.charged.value)

    (closed,) = of(Closed, by_hand(path, play))
    assert (closed.why, closed.clean, closed.charged) == ("connection lost", False, last[0])


def test_a_contactor_that_does_not_open_is_not_waited_for_for_ever(path: Path) -> None:
    async def play(hand: Hand) -> None:
        ended = hand.begins()
        await hand.charge(2.0)
        ended.set_result(end("over"))
        await hand.drive(LIVE, 5.0)

    (closed,) = of(Closed, by_hand(path, play))
    assert closed.at - closed.opened.at == pytest.approx(3.0 + 3.0, abs=0.3)


def test_the_next_session_ends_the_account_of_the_one_before(path: Path) -> None:
    """Its connection is dropped while metal still moves; how it ended is known a moment later."""

    async def play(hand: Hand) -> None:
        first = hand.begins()
        await hand.charge(5.0)
        second = hand.begins()
        first.set_result(end("the next session begins"))
        await hand.drive(LIVE, 3.0)
        await asyncio.sleep(1.0)
        assert hand.actuator.clear()
        await hand.charge(5.0)
        second.set_result(end("over"))
        await asyncio.sleep(4.0)

    one, two = of(Closed, by_hand(path, play))
    assert (one.why, two.why) == ("the next session begins", "over")
    assert one.charged <= two.opened.charged < two.charged


def test_a_meter_that_starts_anew_takes_nothing_back(path: Path) -> None:
    seen: list[float] = []

    async def play(hand: Hand) -> None:
        ended = hand.begins()
        await hand.charge(10.0)
        seen.append(hand.actuator.reading.charged.value)
        hand.metal.plant.meter.charged = 0.0
        ended.set_result(end("over"))
        await asyncio.sleep(4.0)

    (closed,) = of(Closed, by_hand(path, play))
    assert closed.charged == pytest.approx(seen[0], abs=LIVE.current * 450.0 * UPDATE / 3600)


def test_an_outlet_that_is_let_go_is_closed_as_it_is(path: Path) -> None:
    async def play(hand: Hand) -> None:
        hand.begins()
        await hand.charge(5.0)
        hand.actuator.trip(DeviceFault.SUPPLY)
        hand.actuator.stop()
        hand.book.close()
        hand.book.close()

    records = by_hand(path, play)
    assert [(record.why, record.clean) for record in of(Closed, records)] == [("the charger stops", False)]
    assert [record.fault for record in of(Latched, records)] == [DeviceFault.SUPPLY]
