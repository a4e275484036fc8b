"""Station and vehicle over mutual TLS 1.3 on the loopback interface: whole sessions, wrong cars, and the next honest one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from iso15118.errors import LocalError, PeerError
from iso15118.hal.board import Board
from iso15118.messages.v20.session import SessionSetupRes
from iso15118.pki.keys import curve_of, new_key
from iso15118.pki.profiles import profiles
from iso15118.pki.tree import NAMES, Member, Tree, issue, make_tree
from iso15118.service.car import CarConfig
from iso15118.service.config.scenario import load as load_scenario
from iso15118.service.evse_config import EvseConfig
from iso15118.service.fresh import FreshContracts
from iso15118.service.links import link, udp_socket
from iso15118.service.pki.folder import write
from iso15118.service.scenario import OnLink, play
from iso15118.service.seen import Exchanged
from iso15118.service.station import Station, StationConfig
from iso15118.service.tls.engine import Credentials
from iso15118.service.tls.store import chain_of, of_tree
from iso15118.service.vehicle import Vehicle
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode
from iso15118.value import replace
from iso15118.wire.sdp import Security

pytestmark = pytest.mark.waits

BOARD = Board(settings={"insulation_test_time": 0.05, "bleed_time": 0.05, "lock_delay": 0.01, "contactor_delay": 0.01})
SECURE = EvseConfig(name="one", board=BOARD, session=secc.Config(plain_tcp=False))
QUICK = evcc.Config(control_modes=(ControlMode.DYNAMIC,), loops=3, plain_tcp=False)


@pytest.fixture(scope="module", params=["secp521r1", "ed448"])
def tree(request: pytest.FixtureRequest) -> Tree:
    return make_tree(request.param, now=datetime.now(UTC))


@asynccontextmanager
async def open_station(tree: Tree, **words: Any) -> AsyncIterator[Station]:
    with udp_socket(link("lo"), 0) as sock:
        port = int(sock.getsockname()[1])
    config = StationConfig(evses=(SECURE,), sdp_port=port, tls=of_tree(tree, "secc"), plain_tcp=False)
    station = Station(replace(config, **words))
    await station.start()
    try:
        yield station
    finally:
        await station.stop("the test is over", grace=0.5)


def car_for(station: Station, tls: Credentials) -> Vehicle:
    return Vehicle(CarConfig(session=QUICK), sdp_port=station.config.sdp_port, tls=tls)


@pytest.mark.case("TLS-01", "TLS-16")
async def test_a_session_over_tls(tree: Tree, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with open_station(tree) as station:
        result = await asyncio.wait_for(car_for(station, of_tree(tree, "vehicle")).run(), 30)
        assert (result.clean, result.loops) == (True, 3)
    told = [record.getMessage() for record in caplog.records if "TLSv1.3" in record.getMessage()]
    assert len(told) == 2
    assert all("TLS_AES_256_GCM_SHA384" in line for line in told)


@pytest.mark.case("TLS-06", "TLS-07")
@pytest.mark.parametrize("wrong", ["contract", "another root"])
@pytest.mark.long
async def test_a_wrong_car_is_told_why_and_the_next_one_is_served(tree: Tree, wrong: str) -> None:
    chain = chain_of(tree, "contract") if wrong == "contract" else chain_of(make_tree("ed448", now=datetime.now(UTC)), "vehicle")
    async with open_station(tree) as station:
        result = await asyncio.wait_for(car_for(station, replace(of_tree(tree, "vehicle"), chains=(chain,))).run(), 10)
        assert not result.clean
        assert "the charger refuses our certificate: unknown_ca" in result.why
        (status,) = station.status()
        assert status.sessions == 0
        assert (await asyncio.wait_for(car_for(station, of_tree(tree, "vehicle")).run(), 30)).clean


@pytest.mark.case("TLS-12")
async def test_a_car_does_not_talk_to_a_charger_whose_certificate_is_revoked(tree: Tree) -> None:
    from cryptography.x509.ocsp import OCSPCertStatus

    mine = of_tree(tree, "secc")
    staple = tree.ocsp_response("secc", status=OCSPCertStatus.REVOKED)
    revoked = replace(mine, chains=(mine.chains[0]._replace(staples=(staple,)),))
    async with open_station(tree, tls=revoked) as station:
        with pytest.raises(PeerError, match=r"the certificate is revoked.*sent bad_certificate_status_response"):
            await asyncio.wait_for(car_for(station, of_tree(tree, "vehicle")).run(), 10)


@pytest.mark.long
@pytest.mark.case("TLS-17")
@pytest.mark.long
async def test_garbage_on_the_port_is_answered_with_an_alert_and_the_next_car_served(tree: Tree) -> None:
    async with open_station(tree) as station:
        (status,) = station.status()
        for junk in (b"GET / HTTP/1.1\r\n\r\n", bytes(100), b"\x01\xfe\x80\x01" + bytes(60)):
            reader, writer = await asyncio.open_connection("::1", status.port)
            writer.write(junk)
            said = await asyncio.wait_for(reader.read(), 2)
            assert said == b"" or (said[0], said[5]) == (21, 2)
            writer.close()
        assert (await asyncio.wait_for(car_for(station, of_tree(tree, "vehicle")).run(), 30)).clean


@pytest.mark.long
async def test_more_connections_than_hands_lock_nobody_out(tree: Tree) -> None:
    async with open_station(tree) as station:
        (status,) = station.status()
        silent = [await asyncio.open_connection("::1", status.port) for _ in range(12)]
        for reader, _ in silent[:8]:  # the oldest have had to go, one by one
            assert await asyncio.wait_for(reader.read(), 1) == b""
        assert (await asyncio.wait_for(car_for(station, of_tree(tree, "vehicle")).run(), 30)).clean
        for _, writer in silent:
            writer.close()


@pytest.mark.long
async def test_a_charger_with_tls_may_let_benches_in_without(tree: Tree) -> None:
    evse = replace(SECURE, session=secc.Config())
    async with open_station(tree, evses=(evse,), plain_tcp=True) as station:
        plain = CarConfig(session=replace(QUICK, plain_tcp=True))
        bare = Vehicle(plain, sdp_port=station.config.sdp_port, security=Security.NONE)
        assert (await asyncio.wait_for(bare.run(), 30)).clean
        assert (await asyncio.wait_for(car_for(station, of_tree(tree, "vehicle")).run(), 30)).clean


@pytest.mark.long
@pytest.mark.parametrize("contract", [True, False])
async def test_plug_and_charge_over_tls(tree: Tree, contract: bool) -> None:
    """Only a contract pays, the one in the car or one that is installed; keys and verification are in threads."""
    made = FreshContracts(tree=tree)
    session = replace(SECURE.session, plug_and_charge=secc.PlugAndCharge(eim=False, installation=True))
    evse = replace(SECURE, session=session, contracts=made.desk, authorised_after=None)
    async with open_station(tree, evses=(evse,)) as station:
        wish = replace(QUICK, plug_and_charge=evcc.PlugAndCharge())
        car = CarConfig(session=wish, wallet=made.wallet(contract=contract))
        vehicle = Vehicle(car, sdp_port=station.config.sdp_port, tls=of_tree(tree, "vehicle"))
        result = await asyncio.wait_for(vehicle.run(), 30)
        assert (result.clean, result.loops) == (True, 3)


def with_another_car(tree: Tree) -> Tree:
    """The same with another vehicle, which calls itself what the first one does."""
    key, maker = new_key(curve_of(tree["vehicle"].key)), tree["vehicle"].issuer
    certificate = issue(profiles()["vehicle"], key.public_key(), now=tree.now, names=NAMES, issuer=maker)
    return Tree({**tree.members, "vehicle": Member("vehicle", certificate, key, maker)}, tree.now)


@pytest.mark.long
@pytest.mark.case("PAU-01", "PAU-03")
async def test_only_the_certificate_that_paused_a_session_joins_it_again(tree: Tree) -> None:
    """Whoever knows SessionID and EVCCID, and has another certificate, begins a new one; the pause is left to its owner."""
    said: list[str] = []

    def heard(name: str, seen: Any) -> None:
        if isinstance(seen, Exchanged) and isinstance(seen.message, SessionSetupRes):
            said.append(str(seen.message.response_code))

    wish = replace(QUICK, control_modes=(ControlMode.SCHEDULED,), pause=evcc.Break(2, 0.2), loops=12)
    async with open_station(tree) as station:
        station.subscribe(heard)
        owner, stranger = (
            Vehicle(CarConfig(session=wish), sdp_port=station.config.sdp_port, tls=of_tree(whose, "vehicle"))
            for whose in (tree, with_another_car(tree))
        )
        assert (await asyncio.wait_for(owner.run(), 30)).why == "paused"
        stranger.car.conversation = owner.car.conversation  # it knows what the owner knows
        station.subscribe(lambda name, seen: stranger.stop("it knows enough") if said[1:] == ["OK_NewSessionEstablished"] else None)
        knocked = await asyncio.wait_for(stranger.run(), 30)
        assert (knocked.why, knocked.loops) == ("it knows enough", 0)
        assert (await asyncio.wait_for(owner.run(), 30)).clean
    assert said == ["OK_NewSessionEstablished", "OK_NewSessionEstablished", "OK_OldSessionJoined"]


SCENARIO = """
[tls]
pki = "pki"
[plug_and_charge]
[[car]]
evcc_id = "PAYS"
loops = 3
[[car]]
evcc_id = "STRANGER"
loops = 3
ends = "broken off"
tls = { pki = "stranger" }
"""


@pytest.mark.long
async def test_a_scenario_of_cars_over_tls(tree: Tree, tmp_path: Path) -> None:
    """The second has certificates that the charger does not trust."""
    write(tree, tmp_path / "pki")
    write(make_tree("secp521r1", now=tree.now), tmp_path / "stranger")
    (tmp_path / "cars.toml").write_text(SCENARIO)
    made = FreshContracts(tree=tree)
    session = replace(SECURE.session, plug_and_charge=secc.PlugAndCharge(eim=False))
    evse = replace(SECURE, session=session, contracts=made.desk, authorised_after=None)
    async with open_station(tree, evses=(evse,)) as station:
        scenario = load_scenario(tmp_path / "cars.toml", in_memory=False).scenario
        pays, stranger = await play(scenario, OnLink(sdp_port=station.config.sdp_port), lambda result: None)
    assert (pays.clean, pays.loops, pays.ok) == (True, 3, True)
    assert (stranger.loops, stranger.ok) == (0, True), stranger.why


def test_a_scenario_says_how_its_connections_are_kept_safe(tmp_path: Path) -> None:
    (tmp_path / "cars.toml").write_text('[[car]]\nevcc_id = "A"\n')
    with pytest.raises(LocalError, match="tls: missing"):
        load_scenario(tmp_path / "cars.toml", in_memory=False)
    load_scenario(tmp_path / "cars.toml", in_memory=True)


@pytest.mark.long
async def test_other_certificates_from_the_next_handshake_on(tree: Tree) -> None:
    """A session that is on goes on with those it has begun with."""
    other = make_tree("secp521r1", now=datetime.now(UTC))
    async with open_station(tree) as station:
        stays = Vehicle(CarConfig(session=replace(QUICK, loops=12)), sdp_port=station.config.sdp_port, tls=of_tree(tree, "vehicle"))
        begun = asyncio.Event()
        station.subscribe(lambda name, seen: begun.set())
        running = asyncio.create_task(stays.run())
        await begun.wait()
        with pytest.raises(LocalError):
            station.renew(replace(of_tree(other, "secc"), chains=()))
        station.renew(of_tree(other, "secc"))
        first = await asyncio.wait_for(running, 30)
        assert (first.clean, first.loops) == (True, 12)
        assert (await asyncio.wait_for(car_for(station, of_tree(other, "vehicle")).run(), 30)).clean
        with pytest.raises(PeerError, match="no TLS with the charger"):
            await asyncio.wait_for(car_for(station, of_tree(tree, "vehicle")).run(), 30)
