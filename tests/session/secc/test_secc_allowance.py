"""`session.secc.allowance`: how much may flow each way, and the channel that a car selects for it."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.energy import Budget
from iso15118.messages.v20.ac import AC_ChargeLoopReq
from iso15118.messages.v20.common import ResponseCode
from iso15118.messages.v20.dc import DC_ChargeLoopReq, DC_ChargeParameterDiscoveryReq
from iso15118.messages.v20.delivery import ChannelSelection, ChargeProgress, PowerDeliveryReq
from iso15118.messages.v20.rational import number
from iso15118.messages.v20.schedule import ScheduleExchangeReq
from iso15118.sequence.phases import Phase
from iso15118.session import secc
from iso15118.session.events import Received, Sent
from iso15118.session.services import BptChannel, ControlMode, ServiceID, Variants, service_of
from tests.session.asked import ac_turn, profile, request, turn
from tests.session.playbook import Playbook, charger_at

AC, DC = ServiceID.AC_BPT, ServiceID.DC_BPT
SCHEDULED, DYNAMIC = ControlMode.SCHEDULED, ControlMode.DYNAMIC
CHARGE, DISCHARGE = ChannelSelection.Charge, ChannelSelection.Discharge


def loop(service: ServiceID, mode: ControlMode, selected: ChannelSelection | None, channel: int, **changes: Any) -> Playbook:
    """A charger in the loop whose car has selected this channel of a variant that has two (or one)."""
    variants = Variants(bpt_channels=(BptChannel(channel),))
    config = secc.Config(services=(service_of(service, variants=variants),))
    asks: dict[Any, Any] = {PowerDeliveryReq: {"bpt_channel_selection": selected}}
    if mode is SCHEDULED:
        asks[PowerDeliveryReq]["ev_power_profile"] = profile(5e3, -5e3)
    return charger_at(Phase.CHARGE_LOOP, service=service, mode=mode, config=config, asks=asks, **changes)


def flow(play: Playbook, current: float) -> float:
    """A, after a turn of a Scheduled car on direct current that wants this one."""
    play >> request(DC_ChargeLoopReq, control_mode=turn(DC, SCHEDULED, ev_target_current=current))
    assert play.sent().response_code is ResponseCode.OK
    play >> Sent()
    return float(play.session.setpoint.current)


@pytest.mark.case("BPT-09")
@pytest.mark.parametrize(
    ("selected", "channel", "into", "out"),
    [
        (CHARGE, 2, True, False),
        (DISCHARGE, 2, False, True),
        (None, 2, True, False),
        (None, 1, True, True),
        (CHARGE, 1, True, True),
    ],
)
def test_a_car_moves_energy_through_the_channel_it_has_selected(
    selected: ChannelSelection | None, channel: int, into: bool, out: bool
) -> None:
    """With one channel for both ways there is nothing to select, and a word on it changes nothing."""
    play = loop(DC, SCHEDULED, selected, channel)
    assert (flow(play, 10.0) > 0.0) is into
    assert (flow(play, -10.0) < 0.0) is out


@pytest.mark.case("BPT-09")
@pytest.mark.parametrize(("selected", "into", "out"), [(CHARGE, True, False), (DISCHARGE, False, True)])
def test_where_we_steer_the_car_is_told_the_limits_of_its_channel(selected: ChannelSelection, into: bool, out: bool) -> None:
    answer = (loop(DC, DYNAMIC, selected, 2) >> request(DC_ChargeLoopReq, control_mode=turn(DC, DYNAMIC))).sent()
    said = answer.control_mode
    assert (number(said.evse_maximum_charge_power) > 0.0) is into
    assert (number(said.evse_maximum_discharge_power) != 0.0) is out


@pytest.mark.case("BPT-09")
@pytest.mark.parametrize(("selected", "wanted", "told"), [(CHARGE, -6e3, 0.0), (DISCHARGE, -6e3, -6e3), (DISCHARGE, 6e3, 0.0)])
def test_on_alternating_current_no_power_is_asked_for_against_the_channel(selected: ChannelSelection, wanted: float, told: float) -> None:
    play = loop(AC, DYNAMIC, selected, 2, budget=Budget(22e3, 11e3, wanted))
    said = (play >> request(AC_ChargeLoopReq, control_mode=ac_turn(AC, DYNAMIC))).sent().control_mode
    assert number(said.evse_target_active_power) == told


@pytest.mark.case("BPT-09")
def test_another_channel_is_selected_beside_the_loop() -> None:
    play = loop(DC, DYNAMIC, CHARGE, 2)
    play.skip() >> request(DC_ChargeLoopReq, control_mode=turn(DC, DYNAMIC))
    for ask in (
        request(DC_ChargeParameterDiscoveryReq, service=DC),
        request(ScheduleExchangeReq, mode=DYNAMIC),
        request(PowerDeliveryReq, mode=DYNAMIC, charge_progress=ChargeProgress.ScheduleRenegotiation, bpt_channel_selection=DISCHARGE),
    ):
        assert play.session.channel is CHARGE
        play.skip() >> Received(ask, 0x8101)
    play.skip() >> request(DC_ChargeLoopReq, control_mode=turn(DC, DYNAMIC))
    assert play.sent().control_mode.evse_maximum_charge_power.value == 0
    assert play.session.channel is DISCHARGE
