"""`session.secc.profile`: the car's profile held against its schedule, and its power against its profile."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.energy import Plan, Slot
from iso15118.errors import PeerError
from iso15118.messages.v20.common import EVSENotification, ResponseCode
from iso15118.messages.v20.dc import DC_ChargeLoopReq, DC_ChargeLoopRes
from iso15118.messages.v20.delivery import EVPowerProfileEntryList, PowerDeliveryReq, PowerToleranceAcceptance
from iso15118.messages.v20.rational import rational
from iso15118.messages.v20.schedule import PowerScheduleEntry, Scheduled_SEResControlMode, ScheduleExchangeReq
from iso15118.procedures.wind_down import REST
from iso15118.sequence.phases import Phase
from iso15118.session import secc
from iso15118.session.commands import Close, Note
from iso15118.session.events import Sent
from iso15118.session.secc.profile import accept_profile, watch_profile
from iso15118.session.services import ControlMode, Service, ServiceID
from iso15118.units import PerPhase
from iso15118.value import replace
from tests.session.asked import EPOCH, STAMP, profile, turn
from tests.session.playbook import WIDE, Playbook, after, charger_at, given, request, said

DAY = 86_400
CONFIRMED, DECLINED = PowerToleranceAcceptance.PowerToleranceConfirmed, PowerToleranceAcceptance.PowerToleranceNotConfirmed


def started(*powers: float, planned: tuple[Plan, ...] = (), service: ServiceID = ServiceID.DC_BPT, **changes: Any) -> Any:
    """The answer to a Start with this profile."""
    play = charger_at(Phase.POWER_DELIVERY, service=service, plans=planned)
    return (play >> request(PowerDeliveryReq, ev_power_profile=profile(*powers, **changes))).sent()


INVALID = ResponseCode.FAILED_EVPowerProfileInvalid
HALVED = (Plan(EPOCH, (Slot(600.0, 10e3, 5e3), Slot(600.0, 4e3, 0.0), Slot(DAY, 8e3, 2e3))),)


@pytest.mark.parametrize(
    ("powers", "code"),
    [
        pytest.param((10e3, 4e3, 8e3), ResponseCode.OK, id="as offered"),
        pytest.param((-5e3, 0.0, -2e3), ResponseCode.OK, id="back, as offered"),
        pytest.param((10e3, -0.0, -2e3), ResponseCode.OK, id="both ways"),
        pytest.param((10010.0,), INVALID, id="above the first slot", marks=pytest.mark.case("PWR-02")),
        pytest.param((10e3, 4010.0), INVALID, id="second entry above"),
        pytest.param((-5010.0,), INVALID, id="back, above"),
        pytest.param((10e3, -100.0), INVALID, id="back, where nothing may"),
    ],
)
def test_a_profile_within_the_schedule(powers: tuple[float, ...], code: ResponseCode) -> None:
    assert started(*powers, planned=HALVED).response_code is code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"seconds": 1200}, INVALID, id="an entry counts against every slot it overlaps"),
        pytest.param({"seconds": 0}, INVALID, id="no duration"),
        pytest.param({"anchor": STAMP + 300_000_000}, INVALID, id="begins later, so reaches the second slot"),
        pytest.param({"anchor": STAMP - 7200_000_000}, INVALID, id="another time, which the schedule does not cover"),
        pytest.param({"anchor": 0}, ResponseCode.OK, id="no time: from the schedule's start"),
        pytest.param({"anchor": EPOCH}, ResponseCode.OK, id="an anchor in seconds"),
        pytest.param({"tuple_id": 2}, ResponseCode.FAILED_ScheduleSelectionInvalid, id="not offered", marks=pytest.mark.case("PWR-01")),
        pytest.param({"power_tolerance_acceptance": CONFIRMED}, ResponseCode.OK, id="nothing to confirm"),
        pytest.param({"power_tolerance_acceptance": DECLINED}, ResponseCode.OK, id="nothing to decline"),
    ],
)
def test_profiles(changes: dict[str, Any], code: ResponseCode) -> None:
    assert started(9e3, planned=HALVED, **changes).response_code is code


@pytest.mark.case("PWR-03")
def test_no_profile() -> None:
    play = charger_at(Phase.POWER_DELIVERY) >> request(PowerDeliveryReq, ev_power_profile=None)
    assert play.sent().response_code is INVALID
    assert play >> Sent() << Close


def test_dynamic_needs_no_profile() -> None:
    for sent in (None, profile(5e3)):
        play = charger_at(Phase.POWER_DELIVERY, mode=ControlMode.DYNAMIC) >> request(PowerDeliveryReq, ev_power_profile=sent)
        assert play.sent().response_code is ResponseCode.OK


def test_giving_back_under_a_schedule_without_a_way_back() -> None:
    assert started(-1.0, service=ServiceID.DC).response_code is INVALID


@pytest.mark.parametrize(
    ("seconds", "powers"),
    [(-5, (10e3, 5e3)), (0, (10e3, 5e3)), (599, (10e3, 5e3)), (600, (4e3, 0.0)), (1200, (8e3, 2e3)), (1200 + DAY, (0.0, 0.0))],
)
def test_the_power_of_the_moment(seconds: int, powers: tuple[float, float]) -> None:
    play = charger_at(Phase.CHARGE_LOOP, plans=HALVED)
    assert play.session.chosen is not None
    assert play.session.chosen.power(STAMP + seconds * 1_000_000) == powers
    assert Scheduled_SEResControlMode(schedule_tuple=play.session.tuples).schedule_tuple[0].schedule_tuple_id == play.session.chosen.id


# Phases.

IN_PHASES = (Plan(EPOCH, (Slot(DAY, 12e3, phases=PerPhase(6e3, 3e3, 3e3)),)),)


def in_phases(*powers: float) -> Any:
    entry = PowerScheduleEntry(duration=60, power=rational(powers[0]), power_l2=rational(powers[1]), power_l3=rational(powers[2]))
    return profile().but(ev_power_profile_entries=EVPowerProfileEntryList(ev_power_profile_entry=(entry,)))


def test_a_phase_of_its_own_under_direct_current() -> None:
    """[V2G20-1815]."""
    play = charger_at(Phase.POWER_DELIVERY) >> request(PowerDeliveryReq, ev_power_profile=in_phases(1.0, 1.0, 1.0))
    assert play.sent().response_code is INVALID


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(in_phases(6e3, 3e3, 3e3), ResponseCode.OK, id="as offered"),
        pytest.param(in_phases(6e3, 3.1e3, 0.0), INVALID, id="one phase above"),
        pytest.param(in_phases(6e3, -1e3, 0.0), INVALID, id="both ways at once"),
        pytest.param(profile(9e3), ResponseCode.OK, id="a sum is evenly spread"),
        pytest.param(profile(12e3), INVALID, id="and each third counts in its phase"),
    ],
)
def test_phase_by_phase(sent: Any, code: ResponseCode) -> None:
    """[V2G20-1817] [V2G20-1818]: as an outlet of three phases sees it."""
    play = charger_at(Phase.SCHEDULE_EXCHANGE, plans=IN_PHASES)
    play >> request(ScheduleExchangeReq)
    play.skip()
    parameters = replace(play.session.parameters, connector=2)
    session = replace(play.session, service=Service(ServiceID.AC, (parameters,)), parameters=parameters)
    if code is ResponseCode.OK:
        assert accept_profile(session, sent, play.snapshot)[1] is code
        return
    with pytest.raises(PeerError) as refused:
        accept_profile(session, sent, play.snapshot)
    assert refused.value.code == code


# The tolerance.

TOLERANT = (Plan(EPOCH, (Slot(600.0, 10e3, 5e3), Slot(DAY, 4e3, 4e3)), tolerance=500.0),)


def promised(word: PowerToleranceAcceptance | None, watch: secc.Watch | None = None, *powers: float) -> Playbook:
    """A car's word on the tolerance that comes with its schedule, at its Start."""
    config = secc.Config() if watch is None else secc.Config(watch=watch)
    sent = profile(*(powers or (9e3, 4e3)), power_tolerance_acceptance=word)
    return charger_at(Phase.POWER_DELIVERY, plans=TOLERANT, config=config) >> request(PowerDeliveryReq, ev_power_profile=sent)


@pytest.mark.case("PWR-04")
@pytest.mark.parametrize(("word", "code"), [(None, ResponseCode.OK), (CONFIRMED, ResponseCode.OK_PowerToleranceConfirmed)])
def test_a_tolerance_accepted_or_passed_over(word: Any, code: ResponseCode) -> None:
    play = promised(word)
    answer = play.sent()
    assert (answer.response_code, answer.evse_status) == (code, None)
    assert play.session.phase is Phase.CHARGE_LOOP
    assert play.session.chosen.tolerance == (500.0 if word else None)


@pytest.mark.case("PWR-05")
def test_a_tolerance_declined_leads_to_another_schedule() -> None:
    play = promised(DECLINED)
    answer = play.sent()
    assert answer.response_code is ResponseCode.WARNING_PowerToleranceNotConfirmed
    assert answer.evse_status.evse_notification is EVSENotification.ScheduleRenegotiation
    assert play.session.phase is Phase.CHARGE_LOOP
    assert play.session.chosen.tolerance is None


def test_a_tolerance_declined_where_that_ends_it() -> None:
    play = promised(DECLINED, secc.Watch(renegotiates=False))
    assert play.sent().response_code is ResponseCode.FAILED_PowerToleranceNotConfirmed
    assert play >> Sent() << Close


def looped(play: Playbook, current: float, *, seconds: float = 0.25) -> ResponseCode:
    """One turn of the loop with this current measured (400 V), and so much time after it."""
    play >> given(voltage=400.0, current=current) >> request(DC_ChargeLoopReq, control_mode=turn(ev_target_current=25))
    code = play.sent().response_code
    if code.startswith("FAILED"):
        return code
    play >> Sent() >> after(seconds)
    return code


def watched(watch: secc.Watch | None = None, **world: Any) -> Playbook:
    play = promised(CONFIRMED, watch)
    return play.skip() >> Sent() >> given(**world) if world else play.skip() >> Sent()


OK, ASTRAY = ResponseCode.OK, ResponseCode.WARNING_EVPowerProfileViolation


@pytest.mark.case("CLP-17")
@pytest.mark.parametrize("current", [21.0, 24.0, -20.0], ids=["too little", "too much", "backwards"])
def test_a_car_that_leaves_its_profile(current: float) -> None:
    """Warned in every turn for as long as it may take to correct itself, then cut off, power first."""
    play = watched()
    assert looped(play, 22.5, seconds=10.0) is OK
    assert [looped(play, current, seconds=5.0) for _ in range(6)] == [ASTRAY] * 6
    play >> given(current=current) >> request(DC_ChargeLoopReq, control_mode=turn(ev_target_current=25))
    assert play << REST << said(DC_ChargeLoopRes, response_code=ResponseCode.FAILED_EVPowerProfileViolation)
    assert play >> Sent() << Close


@pytest.mark.case("CLP-18")
def test_a_car_that_corrects_itself() -> None:
    """The warning ceases, and the next one begins a time of its own."""
    play = watched()
    looped(play, 22.5, seconds=10.0)
    assert [looped(play, 10.0, seconds=14.0) for _ in range(2)] == [ASTRAY] * 2
    assert looped(play, 22.0, seconds=100.0) is OK
    assert [looped(play, 10.0, seconds=29.0) for _ in range(2)] == [ASTRAY] * 2


def test_it_is_told_once_what_the_car_does() -> None:
    play = watched()
    looped(play, 22.5, seconds=10.0)
    play >> given(current=10.0) >> request(DC_ChargeLoopReq, control_mode=turn())
    notes = [command.text for command in play.commands if isinstance(command, Note)]
    assert notes == ["the car does not keep its power profile: 4000 W where it says 9000 to 9000 W [V2G20-1864]"]
    play.skip() >> Sent() >> after(0.25) >> request(DC_ChargeLoopReq, control_mode=turn())
    assert not [command for command in play.commands if isinstance(command, Note)]


def test_time_to_follow_a_step() -> None:
    """At the start from nothing, then from 9 kW to 4 kW at 600 s: for ten seconds anything between is right."""
    play = watched()
    assert [looped(play, 0.0, seconds=10.0), looped(play, 0.0)] == [OK, ASTRAY]
    play >> after((STAMP + 600_000_000 - play.snapshot.clock) / 1e6)
    assert [looped(play, current) for current in (22.5, 15.0, 10.0, 24.0)] == [OK, OK, OK, ASTRAY]
    play >> after(10.0)
    assert [looped(play, current) for current in (22.5, 10.0)] == [ASTRAY, OK]


def test_our_own_limit_is_not_the_cars_fault() -> None:
    play = watched()
    looped(play, 22.5, seconds=10.0)
    play >> given(limits=replace(WIDE, charge_power=2e3))
    assert looped(play, 5.0) is OK
    assert looped(play, 24.0) is ASTRAY


@pytest.mark.parametrize("word", [None, DECLINED])
def test_who_has_confirmed_nothing_is_not_watched(word: Any) -> None:
    play = promised(word).skip() >> Sent()
    assert [looped(play, 0.0, seconds=20.0), looped(play, 5.0)] == [OK, OK]


def test_an_old_measurement_accuses_nobody() -> None:
    play = watched()
    looped(play, 22.5, seconds=10.0)
    play >> given(current=0.0) >> after(0.6, fresh=False) >> request(DC_ChargeLoopReq, control_mode=turn())
    assert play.sent().response_code is OK


def test_in_standby_there_is_no_profile_to_keep() -> None:
    play = watched()
    looped(play, 22.5, seconds=10.0)
    play >> given(current=0.0)
    assert watch_profile(play.session, play.snapshot, held=False)[1] is ASTRAY
    assert watch_profile(replace(play.session, phase=Phase.STANDBY), play.snapshot, held=False)[1] is OK
