"""`session.energy_offer`: what a car offers, on the wire and back."""

from __future__ import annotations

import pytest

from iso15118.energy import Offer, Slot
from iso15118.messages.v20.rational import number
from iso15118.session.energy_offer import read_offer, say_offer
from iso15118.tariff import Rule, Stack
from iso15118.value import replace

EPOCH = 1_767_225_600
OFFER = Offer(float(EPOCH), (Slot(600, 11e3), Slot(1200, 0.0, 7e3)), (Stack(1800, (Rule(-0.25), Rule(-0.3, 5e3))),), "SEK")


def test_there_and_back() -> None:
    said = say_offer(OFFER, EPOCH * 1_000_000)
    powers = [number(e.power) for e in said.ev_power_schedule.ev_power_schedule_entries.ev_power_schedule_entry]
    assert powers == [11e3, -7e3]
    assert read_offer(said, 0) == OFFER


@pytest.mark.parametrize("anchor", [0, EPOCH, EPOCH * 1000])
def test_an_anchor_that_tells_no_time_or_another_unit(anchor: int) -> None:
    assert read_offer(say_offer(replace(OFFER, start=0.0), anchor), EPOCH * 1_000_000) == OFFER
