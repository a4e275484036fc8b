"""Whole sessions that rest: paused and joined again, or stood by in, in both control modes and directions."""

from __future__ import annotations

import asyncio

import pytest

from iso15118.energy import Authorisation
from iso15118.errors import LocalError
from iso15118.hal.board import AC_BOARD, Board
from iso15118.messages.v20.common import ResponseCode
from iso15118.power import Contactor, Pilot
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import Transfer
from iso15118.service.car import CarConfig
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import Pair, PairResult
from iso15118.service.seen import Exchanged, PhaseChanged, Seen
from iso15118.service.virtual import run
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode, ServiceID, service_of
from iso15118.value import replace

pytestmark = pytest.mark.long

SERVICES = (ServiceID.DC, ServiceID.DC_BPT, ServiceID.AC, ServiceID.AC_BPT)
variants = pytest.mark.parametrize(("service", "mode"), [(s, m) for s in SERVICES for m in ControlMode], ids=lambda x: x.name)
services = pytest.mark.parametrize("service", SERVICES, ids=lambda x: x.name)


def outlet(service: ServiceID = ServiceID.DC, **changes: object) -> EvseConfig:
    config = secc.Config(services=(service_of(service),), standby=True, **changes)  # type: ignore[arg-type]
    return EvseConfig(board=AC_BOARD if service.transfer is Transfer.AC else Board(), session=config)


def wish(service: ServiceID = ServiceID.DC, mode: ControlMode = ControlMode.SCHEDULED, **changes: object) -> CarConfig:
    session = evcc.Config(services=(service,), control_modes=(mode,), loops=60)
    return CarConfig(session=replace(session, **changes))


class Watch:
    """What was seen at the charger."""

    def __init__(self, pair: Pair) -> None:
        self.phases: list[Phase] = []
        self.names: list[str] = []
        self.codes: list[str] = []
        pair.evse.subscribe(self._seen)

    def _seen(self, seen: Seen) -> None:
        if isinstance(seen, PhaseChanged):
            self.phases.append(seen.after)
        elif isinstance(seen, Exchanged):
            self.names.append(type(seen.message).__name__)
            code = getattr(seen.message, "response_code", None)
            if code is not None and code is not ResponseCode.OK:
                self.codes.append(str(code))


@pytest.mark.case("PAU-01")
@services
def test_a_scheduled_session_pauses_by_plan_and_goes_on(service: ServiceID) -> None:
    async def main() -> None:
        pair = Pair(outlet(service), wish(service, pause=evcc.Break(20, 120.0)))
        watch = Watch(pair)
        first = await pair.run()
        kept = pair.evse.paused
        assert (first.clean, first.car.why) == (True, "paused")
        assert kept is not None
        assert first.charged > 1.0
        assert 20 <= first.loops < 40
        assert pair.actuator.reading.contactor.value is Contactor.OPEN
        began = pair._loop.time()
        second = await pair.run()
        assert pair._loop.time() - began > 110.0
        assert (second.clean, second.car.why) == (True, "60 exchanges done")
        assert second.charged > 1.0
        assert "OK_OldSessionJoined" in watch.codes
        joined = watch.names.index("SessionSetupRes", watch.names.index("SessionStopRes"))
        assert watch.names[joined + 1].endswith("ChargeParameterDiscoveryReq")
        assert watch.names.count("AuthorizationReq") == 1
        assert pair.charger is not None
        assert pair.charger.session.id == kept.session_id
        assert pair.car.paused is None
        assert pair.evse.paused is None

    run(main())


@pytest.mark.case("PAU-01", "NOT-04")
@services
def test_a_dynamic_session_pauses_when_asked_and_goes_on(service: ServiceID) -> None:
    async def main() -> None:
        pair = Pair(outlet(service), wish(service, ControlMode.DYNAMIC))
        watch = Watch(pair)
        pair._loop.call_later(10.0, pair.evse.pause, "the site rests")
        first = await pair.run()
        assert (first.clean, first.car.why) == (True, "paused")
        assert first.duration < 10.0 + 60.0
        assert pair.evse.paused is not None
        second = await pair.run()
        assert (second.clean, second.loops) == (True, 60)
        assert "OK_OldSessionJoined" in watch.codes
        assert watch.names.count("ServiceDiscoveryReq") == 1

    run(main())


@pytest.mark.case("PWR-11", "NOT-05")
@variants
def test_a_car_stands_by_by_plan_and_goes_on(service: ServiceID, mode: ControlMode) -> None:
    async def main() -> None:
        pair = Pair(outlet(service), wish(service, mode, standby=evcc.Break(20, 5.0)))
        watch = Watch(pair)
        result = await pair.run()
        assert (result.clean, result.loops) == (True, 60)
        assert watch.codes == ["OK_SuccessfulNegotiation", "OK_NewSessionEstablished"]
        assert [p for p in watch.phases if p.loop] == [Phase.CHARGE_LOOP, Phase.STANDBY, Phase.CHARGE_LOOP]
        assert watch.names.count("PowerDeliveryReq") >= 4

    run(main())


@pytest.mark.case("NOT-04", "NOT-05")
@services
def test_a_car_that_prefers_to_stand_by_does_so_until_it_is_asked_out(service: ServiceID) -> None:
    async def main() -> None:
        pair = Pair(outlet(service), wish(service, ControlMode.DYNAMIC, on_pause=evcc.Rest.STANDBY, loops=100))
        watch = Watch(pair)
        closed: list[object] = []
        pair._loop.call_later(10.0, pair.evse.pause, "the site rests")

        def look() -> None:
            reading = pair.actuator.reading
            closed.extend((watch.phases[-1], reading.contactor.value, abs(reading.current.value) < 1.0))

        pair._loop.call_later(15.0, look)
        pair._loop.call_later(18.0, pair.evse.exit_standby, "the sun shines")
        result = await pair.run()
        assert (result.clean, result.loops) == (True, 100)
        assert closed == [Phase.STANDBY, Contactor.CLOSED, True]
        assert [p for p in watch.phases if p.loop] == [Phase.CHARGE_LOOP, Phase.STANDBY, Phase.CHARGE_LOOP]

    run(main())


@pytest.mark.case("PWR-10", "PWR-12")
@variants
def test_a_refused_standby_disturbs_nobody(service: ServiceID, mode: ControlMode) -> None:
    async def main() -> None:
        config = outlet(service)
        config = replace(config, session=replace(config.session, standby=False))
        pair = Pair(config, wish(service, mode, standby=evcc.Break(20, 5.0)))
        watch = Watch(pair)
        result = await pair.run()
        assert (result.clean, result.loops) == (True, 60)
        assert watch.codes.count("WARNING_StandbyNotAllowed") == 1
        assert Phase.STANDBY not in watch.phases

    run(main())


@pytest.mark.case("PAU-05")
@pytest.mark.parametrize("mode", ControlMode)
def test_a_cable_that_was_out_ends_the_pause(mode: ControlMode) -> None:
    """And the car, which does not know of it, is authorised from zero."""

    async def main() -> None:
        pair, watch, first = await _paused(mode)
        assert first.car.why == "paused"
        assert pair.evse.paused is not None
        pair.car.metal.plugged = False
        await _for(1.0)
        assert pair.actuator.reading.pilot.value is Pilot.A
        assert pair.evse.paused is None
        pair.car.metal.plugged = True
        second = await pair.run()
        assert second.clean
        assert "OK_OldSessionJoined" not in watch.codes
        assert watch.codes.count("OK_NewSessionEstablished") == 2
        assert watch.names.count("AuthorizationReq") == 2

    run(main())


@pytest.mark.case("PAU-03", "PAU-04")
def test_a_pause_that_was_too_long_begins_anew() -> None:
    async def main() -> None:
        pair, watch, first = await _paused(ControlMode.DYNAMIC, pause_seconds=100.0)
        assert first.clean
        assert pair.evse.paused is not None
        await _for(101.0)
        assert pair.evse.paused is None
        second = await pair.run()
        assert (second.clean, second.loops) == (True, 60)
        assert watch.names.count("AuthorizationReq") == 2

    run(main())


@pytest.mark.parametrize("locked", [True, False])
def test_the_connector_in_a_pause(locked: bool) -> None:
    async def main() -> None:
        pair, _, _ = await _paused(ControlMode.DYNAMIC, pause_locked=locked)
        for _ in range(10):
            await _for(3.0)
            assert pair.actuator.reading.locked.value is locked
        pair.evse.stop("the operator frees the outlet")
        await _for(3.0)
        assert pair.actuator.reading.locked.value is False
        assert pair.evse.paused is None

    run(main())


@pytest.mark.case("NOT-03")
def test_a_pause_is_refused_to_the_station_where_it_must_not_be() -> None:
    async def main() -> None:
        pair = Pair(outlet(), wish())
        told: list[str] = []

        def ask() -> None:
            for wish_ in (pair.evse.pause, pair.evse.exit_standby):
                with pytest.raises(LocalError) as refused:
                    wish_("the site rests")
                told.append(str(refused.value))

        ask()
        pair._loop.call_later(10.0, ask)
        assert (await pair.run()).clean
        assert told[:2] == [f"1: no car to ask for {name}: there is no session" for name in ("Pause", "ExitStandby")]
        assert told[2].endswith("a pause needs 0 W [V2G20-1198]")
        assert told[3] == "1: the car is not asked for ExitStandby: the car is not in standby"

    run(main())


@pytest.mark.parametrize("mode", ControlMode)
@services
def test_a_pause_before_the_loop_needs_no_power(service: ServiceID, mode: ControlMode) -> None:
    """GoToPause: the car turns back behind the schedule exchange, and joins again when it is let."""

    async def main() -> None:
        pair = Pair(replace(outlet(service), authorised_after=5.0), wish(service, mode))
        watch = Watch(pair)
        pair._loop.call_later(2.0, pair.evse.pause, "the site rests")
        first = await pair.run()
        assert (first.clean, first.car.why, first.charged) == (True, "paused", 0.0)
        assert Phase.CHARGE_LOOP not in watch.phases
        second = await pair.run()
        assert (second.clean, second.loops) == (True, 60)
        assert "OK_OldSessionJoined" in watch.codes

    run(main())


async def _paused(mode: ControlMode, **changes: object) -> tuple[Pair, Watch, PairResult]:
    """A pair whose session pauses."""
    pause = evcc.Break(20, 60.0) if mode is ControlMode.SCHEDULED else None
    pair = Pair(outlet(ServiceID.DC_BPT, **changes), wish(ServiceID.DC_BPT, mode, pause=pause))
    watch = Watch(pair)
    if mode is ControlMode.DYNAMIC:
        pair._loop.call_later(10.0, pair.evse.pause, "the site rests")
    return pair, watch, await pair.run()


async def _for(seconds: float) -> None:
    """Virtual time passes."""
    await asyncio.sleep(seconds)


def test_an_authorisation_taken_back_in_a_pause_ends_it() -> None:
    async def main() -> None:
        pair = Pair(outlet(), wish(pause=evcc.Break(20, 120.0)))
        await pair.run()
        assert pair.evse.paused is not None
        pair.evse.authorise(Authorisation.ACCEPTED)
        assert pair.evse.paused is not None
        pair.evse.authorise(Authorisation.REFUSED)
        assert pair.evse.paused is None

    run(main())
