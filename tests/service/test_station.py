from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from iso15118.energy import Authorisation, Budget
from iso15118.errors import DeviceFault, LocalError
from iso15118.hal.board import Board
from iso15118.power import Contactor
from iso15118.sequence.phases import Phase
from iso15118.service.car import CarConfig
from iso15118.service.discovery import discover
from iso15118.service.evse_config import EvseConfig
from iso15118.service.links import link, udp_socket
from iso15118.service.replay import replay
from iso15118.service.seen import Direction, Ended, Exchanged, PhaseChanged, Seen
from iso15118.service.station import Station, StationConfig
from iso15118.service.vehicle import Vehicle, VehicleResult
from iso15118.session import evcc
from iso15118.session.services import ControlMode
from iso15118.value import replace
from iso15118.wire.sdp import Security

pytestmark = pytest.mark.waits

BOARD = Board(settings={"insulation_test_time": 0.05, "bleed_time": 0.05, "lock_delay": 0.01, "contactor_delay": 0.01})
ONE = EvseConfig(name="one", board=BOARD)
QUICK = evcc.Config(control_modes=(ControlMode.DYNAMIC,), loops=2)
LONG = replace(QUICK, loops=100_000)


def free_udp_port() -> int:
    with udp_socket(link("lo"), 0) as sock:
        return int(sock.getsockname()[1])


@asynccontextmanager
async def open_station(**words: Any) -> AsyncIterator[Station]:
    evse = words.pop("evse", ONE)
    station = Station(StationConfig(evses=(evse,), sdp_port=free_udp_port(), **words))
    await station.start()
    try:
        yield station
    finally:
        await station.stop("the test is over", grace=0.5)


def car_for(station: Station, session: evcc.Config = QUICK) -> Vehicle:
    return Vehicle(CarConfig(session=session), sdp_port=station.config.sdp_port)


def lived_again(folder: Path) -> dict[str, bool]:
    """Each recording in `folder` by the first word of its name: is it whole, and the same again?"""
    for thread in threading.enumerate():
        if thread.name == "recording":
            thread.join(10)
    results = {path.name.split("-")[0]: replay(path) for path in folder.glob("*.jsonl")}
    return {name: result.equal and result.complete for name, result in results.items()}


async def in_phase(station: Station, phase: Phase) -> None:
    """Until the session stands there."""
    reached = asyncio.Event()
    station.subscribe(lambda name, seen: reached.set() if isinstance(seen, PhaseChanged) and seen.after is phase else None)
    await asyncio.wait_for(reached.wait(), 20)


async def stranger(station: Station) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    (status,) = station.status()
    return await asyncio.open_connection("::1", status.port)


async def test_a_car_charges_over_sockets_and_metal_is_off_afterwards() -> None:
    async with open_station() as station:
        ends: list[tuple[str, Seen]] = []
        station.subscribe(lambda name, seen: ends.append((name, seen)) if isinstance(seen, Ended) else None)
        result = await asyncio.wait_for(car_for(station).run(), 30)
        assert (result.clean, result.loops) == (True, 2)
        assert len(result.waits) == result.messages // 2
        assert [(name, type(seen)) for name, seen in ends] in ([], [("one", Ended)])
        (status,) = station.status()
        assert 49152 <= status.port <= 65535
        assert (status.sessions, status.faults) == (1, frozenset())


@pytest.mark.long
@pytest.mark.case("MAL-07")
async def test_a_second_connection_is_refused_and_the_first_undisturbed(caplog: pytest.LogCaptureFixture) -> None:
    async with open_station() as station:
        car = car_for(station, replace(QUICK, loops=8))
        run = asyncio.create_task(car.run())
        await in_phase(station, Phase.CHARGE_LOOP)
        for _ in range(20):
            reader, writer = await stranger(station)
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await asyncio.wait_for(reader.readexactly(1), 5)
            writer.close()
        result = await asyncio.wait_for(run, 30)
        assert (result.clean, result.loops) == (True, 8)
    assert 1 <= sum("second connection" in record.getMessage() for record in caplog.records) <= 20


@pytest.mark.long
@pytest.mark.case("SDP-07")
async def test_a_car_that_searches_during_a_session_is_answered_and_disturbs_nobody() -> None:
    """It is told where the door is, as always; the door opens to it when the session is over."""
    async with open_station() as station:
        run = asyncio.create_task(car_for(station, replace(QUICK, loops=8)).run())
        await in_phase(station, Phase.CHARGE_LOOP)
        (during,) = station.status()
        here = link("lo")
        found = [await asyncio.wait_for(discover(here, security=Security.NONE, port=station.config.sdp_port), 5) for _ in range(3)]
        assert {(answer.port, answer.security) for answer in found} == {(during.port, Security.NONE)}
        (after,) = station.status()
        assert (after.phase, after.sessions) == (Phase.CHARGE_LOOP, 1)
        result = await asyncio.wait_for(run, 30)
        assert (result.clean, result.loops) == (True, 8)
        assert max(result.waits) < 1.0
        assert (await asyncio.wait_for(car_for(station).run(), 30)).clean


@pytest.mark.long
@pytest.mark.case("MAL-06")
async def test_fifty_silent_connections_lock_nobody_out() -> None:
    async with open_station() as station:
        strangers = [await stranger(station) for _ in range(50)]
        result = await asyncio.wait_for(car_for(station).run(), 30)
        assert result.clean
        for _, writer in strangers:
            writer.close()


@pytest.mark.long
async def test_after_every_abuse_an_honest_car_charges(caplog: pytest.LogCaptureFixture) -> None:
    async with open_station() as station:
        for octets in (
            b"",
            b"\x01\xfe",
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x01\xfe\x80\x01\xff\xff\xff\xff",
            b"\x01\xfe\x80\x01\x00\x00\x00\x02\x80\xff",
        ):
            _, writer = await stranger(station)
            writer.write(octets)
            writer.close()
        result = await asyncio.wait_for(car_for(station).run(), 30)
        assert result.clean
    assert not [record for record in caplog.records if record.exc_info]


async def test_control_reaches_the_session() -> None:
    async with open_station(evse=replace(ONE, authorised_after=None)) as station:
        car = car_for(station, LONG)
        run = asyncio.create_task(car.run())
        await in_phase(station, Phase.AUTHORIZATION)
        station.authorise("one", Authorisation.ACCEPTED)
        await in_phase(station, Phase.CHARGE_LOOP)
        station.set_budget("one", Budget(charge=0.0, target=0.0, why="test"))
        (status,) = station.status()
        assert (status.phase, status.budget.why) == (Phase.CHARGE_LOOP, "test")
        station.stop_session("one", "closing time")
        result = await asyncio.wait_for(run, 20)
        assert result.clean
        with pytest.raises(LocalError, match="there is no outlet 'two'; there are: one"):
            station.stop_session("two", "")


async def test_a_station_asks_for_a_new_schedule_and_a_confirmation_while_it_charges() -> None:
    """And the driver for another schedule: all of it beside the loop, over a socket."""
    aside: list[str] = []
    done = asyncio.Event()

    def watch(name: str, seen: Seen) -> None:
        if isinstance(seen, Exchanged) and seen.direction is Direction.OUT and seen.payload_type in (0x8101, 0x8102):
            aside.append(type(seen.message).__name__)
            if len(aside) == 7:
                done.set()
            elif aside[-1] == "PowerDeliveryRes" and aside.count("PowerDeliveryRes") == 1:
                car.renegotiate_schedule("the driver stays longer")

    async with open_station() as station:
        car = car_for(station, LONG)
        station.subscribe(watch)
        run = asyncio.create_task(car.run())
        await in_phase(station, Phase.CHARGE_LOOP)
        station.renegotiate_schedule("one")
        station.confirm_meter("one")
        await asyncio.wait_for(done.wait(), 20)
        station.stop_session("one", "closing time")
        assert (await asyncio.wait_for(run, 20)).clean
    three = ["DC_ChargeParameterDiscoveryRes", "ScheduleExchangeRes", "PowerDeliveryRes"]
    assert sorted(aside) == sorted([*three, *three, "MeteringConfirmationRes"])


async def test_an_emergency_stop_holds_until_somebody_resets_it() -> None:
    async with open_station() as station:
        run = asyncio.create_task(car_for(station, LONG).run())
        await in_phase(station, Phase.CHARGE_LOOP)
        station.emergency_stop("one")
        assert not (await asyncio.wait_for(run, 20)).clean
        assert station.status()[0].faults == {DeviceFault.EMERGENCY_STOP}
        assert not (await asyncio.wait_for(car_for(station).run(), 20)).clean
        assert station.reset("one")
        assert (await asyncio.wait_for(car_for(station).run(), 20)).clean


async def test_stop_in_the_loop_is_orderly_and_leaves_metal_off() -> None:
    async with open_station() as station:
        run = asyncio.create_task(car_for(station, LONG).run())
        await in_phase(station, Phase.CHARGE_LOOP)
        evse = station.evse("one")
        began = time.monotonic()
        await station.stop("the process ends", grace=2.0)
        assert time.monotonic() - began < 2.5 + 0.5
        assert evse.actuator.reading.contactor.value is Contactor.OPEN
        result: VehicleResult = await asyncio.wait_for(run, 5)
        assert result.clean
        assert station.status() == ()


@pytest.mark.long
async def test_a_watcher_that_fails_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    async with open_station() as station:
        station.subscribe(lambda name, seen: 1 / 0)
        assert (await asyncio.wait_for(car_for(station).run(), 20)).clean
    assert sum("watcher" in record.getMessage() for record in caplog.records) == 1


@pytest.mark.long
async def test_recordings_of_the_day(tmp_path: Path) -> None:
    async with open_station(record=tmp_path / "all.jsonl", recordings=tmp_path) as station:
        assert (await asyncio.wait_for(car_for(station).run(), 20)).clean
        run = asyncio.create_task(car_for(station, LONG).run())
        await in_phase(station, Phase.CHARGE_LOOP)
        station.emergency_stop("one")
        await asyncio.wait_for(run, 20)
    assert lived_again(tmp_path) == {"all.jsonl": True, "all": True, "one": True}


async def test_two_outlets_do_not_share_a_name_and_a_failed_start_leaves_nothing_open() -> None:
    with pytest.raises(LocalError, match="different names"):
        Station(StationConfig(evses=(EvseConfig(name="a"), EvseConfig(name="a"))))
    port = free_udp_port()
    with udp_socket(link("lo"), port):
        station = Station(StationConfig(evses=(EvseConfig(name="a"),), sdp_port=port))
        with pytest.raises(LocalError, match=f"UDP port {port}"):
            await station.start()
        assert station.status() == ()
    await station.start()
    await station.stop("done")
    with pytest.raises(LocalError, match="no network interface"):
        await Station(StationConfig(evses=(EvseConfig(name="a", interface="eth99"),))).start()


PROGRAM = """
import asyncio, sys
from iso15118.service.evse_config import EvseConfig
from iso15118.value import replace
from iso15118.service.station import Station, StationConfig, serve
station = Station(StationConfig(evses=(EvseConfig(name="one"),), sdp_port=int(sys.argv[1])))
asyncio.run(serve(station, ready=lambda: print("ready", flush=True)))
print("gone", flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_in_the_loop_ends_the_process_in_order(how: signal.Signals) -> None:
    port = free_udp_port()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(port), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 20) == b"ready\n"
        car = Vehicle(CarConfig(session=LONG), sdp_port=port)
        looping = asyncio.Event()
        car.subscribe(lambda seen: looping.set() if isinstance(seen, PhaseChanged) and seen.after is Phase.CHARGE_LOOP else None)
        run = asyncio.create_task(car.run())
        await asyncio.wait_for(looping.wait(), 20)
        process.send_signal(how)
        began = time.monotonic()
        out, err = await asyncio.wait_for(process.communicate(), 10)
        assert time.monotonic() - began < 5
        assert (process.returncode, out, err) == (0, b"gone\n", b"")
        assert (await asyncio.wait_for(run, 10)).clean
    finally:
        if process.returncode is None:
            process.kill()
