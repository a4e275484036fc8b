"""`service.config.schedules`: what an outlet offers over time and what it costs, and what is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from iso15118.energy import Mobility, Offer, Plan, Slot
from iso15118.errors import LocalError
from iso15118.service.config.evcc import load as load_evcc
from iso15118.service.config.secc import load
from iso15118.service.evse_config import EvseConfig
from iso15118.session import evcc, secc
from iso15118.tariff import Algorithm, Extra, Level, Overstay, Rule, Stack, Tariff, Tax
from iso15118.units import PerPhase

BARE = """insecure_plain_tcp = true
[[evse]]
id = "DE*ABC*E1"
interface = "lo"
"""
WHOLE = (
    BARE
    + """pricing = ["none", "absolute", "levels"]
mobility_needs = [1, 2]
proposal = { departure = 7200, minimum_soc = 30, target_soc = 80, reaction = 20 }
watch = { settle = 5, correction = 12.5, declined = "stop" }
[[evse.schedule]]
tolerance = 500
available_energy = 40000
available_back = 20000
currency = "SEK"
language = "swe"
algorithm = "stacked_energy"
description = "night and day"
minimum_cost = 0.5
maximum_cost = 100
overstay_after = 300
overstay_below = 100.0
taxes = [{ rate = 25, name = "moms", included = true, on = ["energy", "limits"] }]
overstay = [{ start = 600, fee = 0.1, period = 60, name = "blocking" }]
services = [{ name = "reservation", fee = 2 }]
[[evse.schedule.slots]]
duration = 3600
charge = 11000
discharge = 5000
price = 0.3
pays = 0.25
back_level = 1
carbon = 250
renewable = 40
parking = 1.5
parking_period = 900
above = [{ power = 7000, price = 0.4 }, { power = 3000, pays = 0.2 }]
[[evse.schedule.slots]]
duration = 7200.5
charge = 9000
phases = [3000, 3000, 3000]
price = -0.02
pays = 0
back_level = 0
[[evse.schedule]]
slots = [{ duration = 60, charge = 0, price = 1 }]
"""
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "secc.toml"


def test_every_key(file: Path) -> None:
    file.write_text(WHOLE)
    (evse,) = load(file).station.evses
    beside = {
        "currency": "SEK",
        "language": "swe",
        "algorithm": Algorithm.STACKED_ENERGY,
        "description": "night and day",
        "minimum_cost": 0.5,
        "maximum_cost": 100,
        "taxes": (Tax(25, "moms", True, True, False, False, True),),
        "overstays": (Overstay(600, 0.1, 60, "blocking"),),
        "overstay_after": 300,
        "overstay_below": 100.0,
        "extras": (Extra("reservation", 2),),
    }
    night = Stack(3600, (Rule(0.3, 0.0, 1.5, 900, 250, 40), Rule(0.4, 7000)))
    back = Stack(3600, (Rule(-0.25, 0.0, None, None, 250, 40), Rule(-0.2, 3000)))
    first, second = evse.schedules
    assert first == Plan(
        0.0,
        (Slot(3600, 11e3, 5e3), Slot(7200.5, 9e3, 0.0, PerPhase(3e3, 3e3, 3e3))),
        500,
        40_000,
        20_000,
        Tariff((night, Stack(7200.5, (Rule(-0.02),))), **beside),
        Tariff((back, Stack(7200.5, (Rule(0.0),))), (Level(3600, 1), Level(7200.5, 0)), **beside),
    )
    assert second == Plan(0.0, (Slot(60, 0),), tariff=Tariff((Stack(60, (Rule(1),)),)))
    assert evse.session.watch == secc.Watch(5, 12.5, False)
    assert evse.proposal == Mobility(7200, 30, 80, 20)


def test_none_of_it(file: Path) -> None:
    file.write_text(BARE)
    (evse,) = load(file).station.evses
    assert (evse.schedules, evse.proposal, evse.session.watch) == ((), None, EvseConfig().session.watch)


SCHEDULE = "[[evse.schedule]]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SCHEDULE, "evse[0].schedule[0].slots: missing; allowed: a list of 1 to 1024"),
        (SCHEDULE + "slots = []", "evse[0].schedule[0].slots: []; allowed: a list of 1 to 1024"),
        (SCHEDULE + "slots = [{ charge = 1 }]", "evse[0].schedule[0].slots[0].duration: missing; allowed: 1..4294967295 s"),
        (SCHEDULE + "slots = [{ duration = 60, charge = -1 }]", "slots[0].charge: -1; allowed: a finite number >= 0"),
        (SCHEDULE + "slots = [{ duration = 60, charge = 1, cost = 2 }]", "slots[0].cost: unknown key; allowed: above, back_level, carbon"),
        (SCHEDULE + "slots = [{ duration = 60, charge = 1, level = 256 }]", "level: 256; allowed: 0..255"),
        (SCHEDULE + "slots = [{ duration = 60, charge = 1, phases = [1, 2] }]", "phases: [1, 2]; allowed: a list of three numbers"),
        (SCHEDULE + 'currency = "euro"\nslots = [{ duration = 60, charge = 1 }]', "currency: 'euro'; allowed: a code of three capital"),
        (
            SCHEDULE + "slots = [{ duration = 60, charge = 1, price = 1 }, { duration = 60, charge = 1 }]",
            "evse[0].schedule[0].slots: price in 1 of 2; allowed: in each of them, or in none",
        ),
        (
            SCHEDULE + "slots = [{ duration = 60, charge = 1, price = 1, parking = 1 }]",
            "evse[0].schedule[0]: a parking fee goes with its period",
        ),
        (
            SCHEDULE + "slots = [{ duration = 60, charge = 1, price = 1, above = [{ power = 5, price = 2 }, { power = 5, price = 3 }] }]",
            "evse[0].schedule[0]: price rules above [0.0, 5.0, 5.0] W",
        ),
        ("tuples = 2\n" + SCHEDULE + "slots = [{ duration = 60, charge = 1 }]", "evse[0].tuples: 2 beside schedule tables"),
        (
            'pricing = ["absolute"]\n' + SCHEDULE + "slots = [{ duration = 60, charge = 1, level = 1 }]",
            "evse[0].schedule[0].slots: no price; allowed: a price in each slot",
        ),
        ('pricing = ["levels"]\n' + SCHEDULE + "slots = [{ duration = 60, charge = 1 }]", "evse[0].schedule[0].slots: no level; allowed"),
        ("proposal = { minimum_soc = 80, target_soc = 30 }", "evse[0].proposal: states of charge [80, 30]"),
        ("proposal = { reaction = 0 }", "evse[0].proposal.reaction: 0; allowed: 1..65535 s"),
        ('watch = { declined = "ask" }', 'evse[0].watch.declined: \'ask\'; allowed: "renegotiate" or "stop"'),
    ],
)
def test_one_line_says_what_is_wrong(file: Path, text: str, told: str) -> None:
    file.write_text(BARE + text + "\n")
    with pytest.raises(LocalError) as refused:
        load(file)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


CAR = 'insecure_plain_tcp = true\ninterface = "lo"\n'


def test_a_cars_choice_and_offer(file: Path) -> None:
    file.write_text(CAR + 'schedule_choice = "cheapest"\ngive_back = true\nenergy_offer = { power = 7000, seconds = 3600, asks = 0.2 }\n')
    session = load_evcc(file).car.session
    assert (session.schedule_choice, session.give_back) == (evcc.ScheduleChoice.CHEAPEST, True)
    assert session.energy_offer == Offer(0.0, (Slot(3600, 0.0, 7000),), (Stack(3600, (Rule(-0.2),)),))


def test_a_car_without_them(file: Path) -> None:
    file.write_text(CAR)
    session = load_evcc(file).car.session
    assert (session.schedule_choice, session.give_back, session.energy_offer) == (evcc.ScheduleChoice.FIRST, False, None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('schedule_choice = "best"', 'schedule_choice: \'best\'; allowed: "first", "most_energy" or "cheapest"'),
        ("energy_offer = { asks = 1 }", "energy_offer.power: missing; allowed: a finite number > 0"),
    ],
)
def test_one_line_says_what_is_wrong_with_a_car(file: Path, text: str, told: str) -> None:
    file.write_text(CAR + text + "\n")
    with pytest.raises(LocalError) as refused:
        load_evcc(file)
    assert told in str(refused.value)
