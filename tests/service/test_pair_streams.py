"""Whole sessions in which something goes on beside the charge loop: the loop has no gap, and both sides end as they should."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from iso15118.energy import Plan, Slot
from iso15118.errors import LocalError
from iso15118.messages.v20.common import ChargeLoopReq, ChargeLoopRes, EVSENotification, Receipt, ResponseCode
from iso15118.messages.v20.dc import DC_ChargeLoopRes
from iso15118.messages.v20.rational import number
from iso15118.service.car import Car, CarConfig
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import EPOCH, Pair, PairResult, run_pair
from iso15118.service.plain import plain
from iso15118.service.recorder import Head, Recorder
from iso15118.service.replay import replay
from iso15118.service.seen import Direction, Exchanged, Noted, Seen
from iso15118.service.virtual import run
from iso15118.session import evcc, secc
from iso15118.session.commands import Command, Send
from iso15118.session.events import Event
from iso15118.session.services import ControlMode, ServiceID, service_of
from iso15118.session.snapshot import EvccSnapshot
from iso15118.tariff import Rate
from iso15118.units import MICROSECONDS

pytestmark = pytest.mark.long

LOOPS = 40
MODES = pytest.mark.parametrize("mode", ControlMode)
SERVICES = pytest.mark.parametrize("service", [ServiceID.DC, ServiceID.DC_BPT, ServiceID.AC, ServiceID.AC_BPT])
THREE = ["ChargeParameterDiscovery", "ScheduleExchange", "PowerDelivery"]


class Eyes:
    """What passes at the charger's end; acts when so many loop responses have gone out."""

    def __init__(self, acts: dict[int, Callable[[Pair], None]] | None = None) -> None:
        self.acts = acts or {}
        self.seen: list[Exchanged] = []
        self.notes: list[str] = []
        self.loops = 0

    def __call__(self, pair: Pair) -> None:
        def watch(seen: Seen) -> None:
            if isinstance(seen, Noted):
                self.notes.append(seen.text)
            if not isinstance(seen, Exchanged):
                return
            self.seen.append(seen)
            if isinstance(seen.message, ChargeLoopRes):
                self.loops += 1
                if (act := self.acts.get(self.loops)) is not None:
                    act(pair)

        pair.evse.subscribe(watch)

    def aside(self, payload_type: int) -> list[str]:
        """The requests of a side stream, without their endings."""
        asked = (seen for seen in self.seen if seen.payload_type == payload_type and seen.direction is Direction.IN)
        return [type(seen.message).__name__.removeprefix("DC_").removeprefix("AC_").removesuffix("Req") for seen in asked]

    def responses(self) -> list[ChargeLoopRes]:
        return [seen.message for seen in self.seen if isinstance(seen.message, ChargeLoopRes)]

    def longest_gap(self) -> float:
        """s between two requests of the loop."""
        at = [seen.at for seen in self.seen if isinstance(seen.message, ChargeLoopReq)]
        return max(after - before for before, after in pairwise(at))


def session(
    eyes: Eyes, mode: ControlMode, service: ServiceID = ServiceID.DC_BPT, *, evse: EvseConfig | None = None, renew_after: int | None = None
) -> PairResult:
    config = evcc.Config(loops=LOOPS, services=(service,), control_modes=(mode,), renew_schedule_after=renew_after)
    outlet = evse or EvseConfig(session=secc.Config(services=(service_of(service),)))
    return run_pair(outlet, CarConfig(session=config), prepare=eyes)


def went_well(result: PairResult, eyes: Eyes) -> None:
    """In order, with all the exchanges of the loop, and none of them late."""
    assert (result.clean, result.loops) == (True, LOOPS)
    assert eyes.longest_gap() < 0.3


@MODES
@SERVICES
@pytest.mark.case("REN-01", "REN-02")
@pytest.mark.parametrize("side", ["charger", "car", "driver"])
def test_a_schedule_negotiated_anew_leaves_no_gap(side: str, mode: ControlMode, service: ServiceID) -> None:
    acts: dict[str, Callable[[Pair], None]] = {"charger": lambda pair: pair.evse.renegotiate_schedule(), "driver": changed_mind}
    eyes = Eyes({12: acts[side]} if side in acts else {})
    went_well(session(eyes, mode, service, renew_after=12 if side == "car" else None), eyes)
    assert eyes.aside(0x8101) == THREE


def changed_mind(pair: Pair) -> None:
    assert pair.driver is not None
    pair.driver.notify(EVSENotification.ScheduleRenegotiation, "the driver stays longer")


@MODES
def test_without_a_reason_nothing_goes_on_beside_the_loop(mode: ControlMode) -> None:
    """The control of all the others."""
    eyes = Eyes()
    went_well(session(eyes, mode), eyes)
    assert (eyes.aside(0x8101), eyes.aside(0x8102)) == ([], [])


def less(pair: Pair) -> None:
    """2 kW from here on."""
    pair.evse.set_plans((Plan(EPOCH / MICROSECONDS, (Slot(86_400.0, 2_000.0),)),))
    pair.evse.renegotiate_schedule()


@pytest.mark.case("REN-02")
def test_the_power_follows_the_new_schedule() -> None:
    eyes = Eyes({12: less})
    result = session(eyes, ControlMode.SCHEDULED, evse=EvseConfig(schedules=(Plan(0.0, (Slot(86_400.0, 10_000.0),)),)))
    went_well(result, eyes)
    powers = [number(r.evse_present_current) * number(r.evse_present_voltage) for r in eyes.responses() if isinstance(r, DC_ChargeLoopRes)]
    assert max(powers[5:12]) > 9_000.0
    assert max(powers[20:]) <= 2_000.0 * 1.02
    assert min(powers[20:]) > 1_500.0


def test_a_car_may_be_asked_many_times() -> None:
    eyes = Eyes({at: lambda pair: pair.evse.renegotiate_schedule() for at in (5, 15, 25)})
    went_well(session(eyes, ControlMode.SCHEDULED), eyes)
    assert eyes.aside(0x8101) == THREE * 3


class Forgetful(Eyes):
    """The car's end loses what it would say on the renegotiation stream, from the n-th message of it on."""

    def __init__(self, after: int, acts: dict[int, Callable[[Pair], None]] | None = None) -> None:
        super().__init__(acts)
        self.left = after

    def __call__(self, pair: Pair) -> None:
        super().__call__(pair)
        pair.car = Car(pair.car.config, detached=False, clock=pair.clock, step=self.step)
        pair.outlet.plug(pair.car.metal)

    def step(self, session: evcc.Session, event: Event, world: EvccSnapshot) -> tuple[evcc.Session, list[Command]]:
        session, commands = evcc.step(session, event, world)
        kept: list[Command] = []
        for command in commands:
            if isinstance(command, Send) and command.payload_type == 0x8101:
                self.left -= 1
                if self.left < 0:
                    continue
            kept.append(command)
        return session, kept


@MODES
@pytest.mark.case("REN-04")
def test_a_renegotiation_left_unfinished_leaves_no_gap(mode: ControlMode) -> None:
    """60 s later it has failed, the schedule in force stays, and the loop has gone on all the time."""
    eyes = Forgetful(2)
    config = evcc.Config(loops=300, control_modes=(mode,), renew_schedule_after=12)
    result = run_pair(None, CarConfig(session=config), prepare=eyes)
    assert (result.clean, result.loops) == (True, 300)
    assert eyes.longest_gap() < 0.3
    assert eyes.aside(0x8101) == THREE[:2]
    assert [note for note in eyes.notes if "unfinished" in note] == [
        "the car has left a schedule renegotiation unfinished: the schedule in force stays"
    ]


@pytest.mark.case("REN-05")
def test_a_car_that_twice_does_not_renegotiate_is_warned_and_then_refused() -> None:
    """[V2G20-2235]; and an honest car charges at the same outlet."""
    eyes = Forgetful(0, {12: lambda pair: pair.evse.renegotiate_schedule()})
    result = run_pair(None, CarConfig(session=evcc.Config(loops=1000)), prepare=eyes)
    assert result.clean is False
    assert "FAILED_ScheduleRenegotiation" in result.car.why
    codes = [response.response_code for response in eyes.responses()]
    assert codes.count(ResponseCode.WARNING_ScheduleRenegotiationFailed) == 1
    assert codes[-1] is ResponseCode.FAILED_ScheduleRenegotiation
    assert 100.0 < result.duration < 140.0
    assert eyes.longest_gap() < 0.3
    honest = Eyes({12: lambda pair: pair.evse.renegotiate_schedule()})
    went_well(session(honest, ControlMode.SCHEDULED), honest)


@MODES
@SERVICES
@pytest.mark.case("NOT-07")
def test_a_reading_confirmed_leaves_no_gap(mode: ControlMode, service: ServiceID) -> None:
    eyes = Eyes({12: lambda pair: pair.evse.confirm_meter()})
    went_well(session(eyes, mode, service), eyes)
    assert eyes.aside(0x8102) == ["MeteringConfirmation"]


def both(pair: Pair) -> None:
    pair.evse.renegotiate_schedule()
    pair.evse.confirm_meter()


@MODES
def test_both_may_be_wanted_at_once(mode: ControlMode) -> None:
    eyes = Eyes({12: both})
    went_well(session(eyes, mode), eyes)
    assert (eyes.aside(0x8101), eyes.aside(0x8102)) == (THREE, ["MeteringConfirmation"])


@pytest.mark.case("CLP-05", "BPT-08")
def test_readings_and_receipts_come_together() -> None:
    """[V2G20-1919]: in the first response, and on request."""
    eyes = Eyes()
    session(eyes, ControlMode.SCHEDULED, evse=EvseConfig(rate=Rate(0.5, (19.0,))))
    with_meter = [response for response in eyes.responses() if response.meter_info is not None]
    assert len(with_meter) >= 2
    assert with_meter[0] is eyes.responses()[0]
    for response in eyes.responses():
        assert (response.receipt is None) is (response.meter_info is None)
    last = with_meter[-1]
    assert last.meter_info is not None
    assert isinstance(last.receipt, Receipt)
    assert last.receipt.energy_costs is not None
    wh, cost = last.meter_info.charged_energy_reading_wh, number(last.receipt.energy_costs.amount)
    assert wh > 0
    assert cost == pytest.approx(wh / 1000 * 0.5, abs=1e-4)
    assert number(last.receipt.tax_costs[0].amount) == pytest.approx(cost * 0.19, abs=1e-4)
    assert number(last.receipt.energy_costs.cost_per_unit) == 0.5
    assert last.meter_info.bpt_discharged_energy_reading_wh == 0


def test_where_no_car_charges_nobody_can_be_asked() -> None:
    told: list[str] = []

    def ask(pair: Pair) -> None:
        for wish in (pair.evse.renegotiate_schedule, pair.evse.confirm_meter):
            with pytest.raises(LocalError) as refused:
                wish()
            told.append(str(refused.value))

    run_pair(None, CarConfig(session=evcc.Config(loops=1)), prepare=ask)
    assert told == [
        "1: no car to ask for ScheduleRenegotiation: there is no session",
        "1: no car to ask for MeteringConfirmation: there is no session",
    ]


def test_a_session_with_side_streams_is_lived_again(tmp_path: Path) -> None:
    """Two schemas on one payload type, several streams written at once: the recording tells them apart."""
    eyes = Eyes({6: both})
    car, evse, session_id = CarConfig(session=evcc.Config(loops=12)), EvseConfig(), bytes(range(1, 9))
    recorders = Recorder(Head("secc", plain(evse.session), session_id.hex())), Recorder(Head("evcc", plain(car.session)))

    async def main() -> PairResult:
        pair = Pair(evse, car)
        eyes(pair)
        converse = pair.evse.converse
        pair.evse.converse = lambda **words: converse(**words | {"session_id": session_id})  # type: ignore[method-assign]
        return await pair.run(charger_scribe=recorders[0], car_scribe=recorders[1])

    assert run(main()).clean is True
    assert (eyes.aside(0x8101), eyes.aside(0x8102)) == (THREE, ["MeteringConfirmation"])
    for recorder in recorders:
        path = tmp_path / recorder.head.role
        assert recorder.dump(path, "done").result(30) is True
        lived = replay(path)
        assert (lived.equal, lived.complete) == (True, True)
