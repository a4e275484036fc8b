from __future__ import annotations

import asyncio
import csv
import io
import json

import pytest

from iso15118.errors import LocalError
from iso15118.power import Pilot
from iso15118.sequence.phases import Phase
from iso15118.service.journal import COLUMNS
from iso15118.service.seen import Direction
from iso15118.session.services import ServiceID
from iso15118.sim.misbehaviour import Gone, Late
from iso15118.testing import car, real_time, station, virtual_time


@virtual_time
async def test_every_message_and_watt_can_be_had() -> None:
    async with station() as charger, car(charger, plan=[(5.0, 20_000.0), (5.0, -10_000.0)], soc=40.0) as driver:
        assert (await driver.ended()).clean
        loops = driver.journal.messages("DC_ChargeLoopReq", Direction.OUT)
        assert len(loops) == driver.car.loops == len(charger.journal.messages("DC_ChargeLoopReq", Direction.IN))
        assert [m.at for m in loops] == sorted(m.at for m in loops)
        lines = [json.loads(line) for line in charger.journal.json_lines()]
        assert len(lines) == len(charger.journal.seen)
        first = next(line for line in lines if "message" in line)
        assert (first["direction"], first["payload_type"]) == ("in", "0x8001")
        assert list(first["message"]) == ["supportedAppProtocolReq"]
        assert bytes.fromhex(first["exi"])[0] == 0x80
        assert lines[-1]["clean"] is True
        rows = list(csv.DictReader(io.StringIO(charger.journal.csv())))
        assert tuple(rows[0]) == COLUMNS
        power = [float(row["power"]) for row in rows if row["phase"] == Phase.CHARGE_LOOP]
        assert max(power) == pytest.approx(20_000, rel=0.02)
        assert min(power) == pytest.approx(-10_000, rel=0.02)
        assert driver.soc > 40.0


@virtual_time
async def test_a_car_is_unplugged_under_load() -> None:
    async with station() as charger, car(charger, plan=[(60.0, 20_000.0)]) as driver:
        await driver.loops(10)
        driver.unplug()
        assert not (await charger.ended()).clean
        assert await charger.rest()
        assert charger.reading.pilot.value is Pilot.A


@virtual_time
async def test_a_driver_leaves_in_order() -> None:
    async with station() as charger, car(charger, plan=[(600.0, 20_000.0)], target_soc=90.0, departure=3600.0) as driver:
        answer = await driver.exchanged("DC_ChargeLoopRes", times=3)
        assert answer.direction is Direction.IN
        driver.stop("had enough")
        ended = await driver.ended()
        assert (ended.clean, ended.why) == (True, "had enough")


@virtual_time
async def test_a_car_with_two_misbehaviours() -> None:
    misdeeds = [Late(at="ServiceDetailReq", by=3.0), Gone(at="DC_ChargeLoopReq", nth=4, reset=True)]
    async with station() as charger, car(charger, services=[ServiceID.DC], misbehaviour=misdeeds) as driver:
        ended = await charger.ended()
        assert ended.why == "connection reset by peer"
        assert sum("misbehaves" in note for note in driver.journal.notes) == 2


@virtual_time
async def test_a_car_wants_what_there_is() -> None:
    async with station() as charger:
        with pytest.raises(LocalError, match="'DCX' is none of"):
            async with car(charger, services=["DCX"]):
                raise AssertionError("it began")


@real_time
async def test_in_real_time_they_meet_on_the_loopback() -> None:
    """Discovery, a socket, the door of the outlet; one plant all the same. A reset is one on the wire."""
    async with station(services=["DC_BPT"]) as charger:
        async with car(charger, services=["MCS"]) as driver:  # not there: an orderly end on which no busy machine has a say
            assert (await driver.ended(within=20.0)).clean
            assert (await charger.ended(within=20.0)).clean
        async with car(charger) as driver:
            await driver.until(Phase.SCHEDULE_EXCHANGE, within=20.0)
            assert charger.reading.pilot.value is not Pilot.A
            driver.unplug()
            await charger.ended(within=20.0)
            await asyncio.sleep(0.1)
            assert charger.reading.pilot.value is Pilot.A
        async with car(charger, misbehaviour=Gone(at="ServiceDiscoveryReq", reset=True)):
            ended = await charger.ended(within=20.0)
            assert "reset" in ended.why.lower()
            assert ended.phase is Phase.SERVICE_DISCOVERY


@real_time
async def test_a_misbehaving_charger_in_real_time() -> None:
    async with station(misbehaviour=Gone(at="AuthorizationRes")) as charger, car(charger) as driver:
        ended = await driver.ended(within=20.0)
        assert (ended.clean, ended.phase) == (False, Phase.AUTHORIZATION)
