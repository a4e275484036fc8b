"""One outlet, one session after the other: whatever a session has taken is given back with its end."""

from __future__ import annotations

import asyncio
import gc
import os
import sys

import pytest

from iso15118.hal.board import Board
from iso15118.messages.app_protocol import supportedAppProtocolReq
from iso15118.messages.catalogue import schema_for
from iso15118.service.car import CarConfig
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import Pair
from iso15118.service.station import Station, StationConfig
from iso15118.service.virtual import run
from iso15118.session import evcc
from iso15118.session.services import ControlMode
from iso15118.wire.v2gtp import frame_bytes
from tests.service.test_station import free_udp_port
from tests.session.asked import request

pytestmark = pytest.mark.long

SESSIONS = 200
WARM = 100
"""Sessions until nearly everything that is made once has been made."""
SPREAD = 300
"""Blocks of memory that the sessions after that may leave in caches, 3 each (seen: 1.7, falling); a session that is kept is thousands."""
BOARD = Board(settings={"insulation_test_time": 0.05, "bleed_time": 0.05, "lock_delay": 0.01, "contactor_delay": 0.01})
QUICK = evcc.Config(control_modes=(ControlMode.DYNAMIC,), loops=1)
ASK = frame_bytes(0x8001, schema_for(0x8001).encode(request(supportedAppProtocolReq)))


def blocks() -> int:
    """Blocks of memory that are held once rubbish is collected."""
    gc.collect()
    return sys.getallocatedblocks()


def sockets() -> int:
    """Sockets that this process has open."""
    return sum("socket:" in os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd"))


@pytest.mark.case("MAL-08")
def test_two_hundred_sessions_leave_neither_memory_nor_tasks_behind() -> None:
    async def main() -> tuple[int, set[int]]:
        pair = Pair(EvseConfig(board=BOARD), CarConfig(session=QUICK))
        pair.actuator.start()
        tasks, warm = set[int](), 0
        for number in range(SESSIONS):
            if number == WARM:
                warm = blocks()
            result = await pair.session()
            assert result.clean
            tasks.add(len(asyncio.all_tasks()))
        grown = blocks() - warm
        pair.actuator.stop()
        return grown, tasks

    grown, tasks = run(main())
    assert grown < SPREAD
    assert tasks == {1}


@pytest.mark.case("MAL-08")
async def test_two_hundred_connections_leave_neither_sockets_nor_tasks_behind() -> None:
    """Each speaks, so that a session begins, and goes away: in order and, every second one, with a reset."""
    station = Station(StationConfig(evses=(EvseConfig(name="one", board=BOARD),), sdp_port=free_udp_port()))
    await station.start()
    try:
        (status,) = station.status()
        open_before, tasks = sockets(), len(asyncio.all_tasks())
        for number in range(SESSIONS):
            reader, writer = await asyncio.open_connection("::1", status.port)
            writer.write(ASK)
            assert await asyncio.wait_for(reader.readexactly(8), 5)
            conversation = station.evse("one").conversation
            assert conversation is not None
            if number % 2:
                writer.transport.abort()
            else:
                writer.close()
            await asyncio.wait_for(asyncio.shield(conversation.ended), 5)
        await asyncio.sleep(0)
        (status,) = station.status()
        assert (status.sessions, status.phase) == (SESSIONS, None)
        for _ in range(500):  # closing is the loop's, a turn or two later
            if (left := (sockets(), len(asyncio.all_tasks()))) == (open_before, tasks):
                break
            await asyncio.sleep(0.01)
        assert left == (open_before, tasks)
    finally:
        await station.stop("the test is over", grace=0.5)
