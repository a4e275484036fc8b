"""`tariff`: what a kWh costs, by power and over time."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.tariff import Algorithm, Extra, Level, Overstay, Rule, Stack, Tariff, Tax

STEEP = Stack(3600, (Rule(0.20), Rule(0.40, 11_000), Rule(1.00, 22_000)))


@pytest.mark.parametrize(
    ("algorithm", "power", "rate"),
    [
        (Algorithm.POWER, 10_000, 2.0),
        (Algorithm.POWER, 11_000, 4.4),
        (Algorithm.PEAK_POWER, 30_000, 30.0),
        (Algorithm.STACKED_ENERGY, 10_000, 2.0),
        (Algorithm.STACKED_ENERGY, 21_000, 2.2 + 4.0),
        (Algorithm.STACKED_ENERGY, 30_000, 2.2 + 4.4 + 8.0),
        (Algorithm.POWER, 0, 0.0),
    ],
)
def test_the_price_of_an_hour(algorithm: Algorithm, power: float, rate: float) -> None:
    assert STEEP.rate(power, algorithm) == pytest.approx(rate)


def test_taxes_that_are_not_in_the_price_come_on_top() -> None:
    taxes = (Tax(19.0), Tax(7.0, included=True), Tax(50.0, on_energy=False))
    assert Tariff((STEEP,), taxes=taxes).cost(STEEP, 10_000, 1800) == pytest.approx(1.19)


def test_prices_are_graded_where_no_levels_are_told() -> None:
    stacks = tuple(Stack(60, (Rule(fee),)) for fee in (0.3, -0.1, 0.3, 0.2))
    assert Tariff(stacks).graded == tuple(Level(60, level) for level in (2, 0, 2, 1))
    assert Tariff(stacks, (Level(60, 7),)).graded == (Level(60, 7),)
    assert Tariff().graded == ()


def test_more_prices_than_there_are_levels() -> None:
    graded = Tariff(tuple(Stack(1, (Rule(float(i)),)) for i in range(1000))).graded
    assert (graded[0].level, graded[-1].level) == (0, 255)
    assert [level.level for level in graded] == sorted(level.level for level in graded)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"stacks": (Stack(60, ()),)}, id="no rule"),
        pytest.param({"stacks": (Stack(60, tuple(Rule(0.1, float(i)) for i in range(9))),)}, id="nine rules"),
        pytest.param({"stacks": (Stack(60, (Rule(0.1, 5.0),)),)}, id="nothing from 0 W on"),
        pytest.param({"stacks": (Stack(60, (Rule(0.1), Rule(0.2, 9.0), Rule(0.3, 9.0))),)}, id="one power twice"),
        pytest.param({"stacks": (Stack(0, (Rule(0.1),)),)}, id="no time"),
        pytest.param({"stacks": (Stack(60, (Rule(0.1, parking=1.0),)),)}, id="parking for no period"),
        pytest.param({"levels": (Level(60, 256),)}, id="level"),
        pytest.param({"currency": "EURO"}, id="currency"),
        pytest.param({"language": "e1"}, id="language"),
        pytest.param({"taxes": (Tax(1.0),) * 11}, id="taxes"),
        pytest.param({"overstays": (Overstay(0, 1.0, 60),) * 6}, id="overstay rules"),
        pytest.param({"extras": (Extra("car wash", 5.0),) * 6}, id="services"),
    ],
)
def test_what_cannot_be_said(wrong: dict[str, Any]) -> None:
    with pytest.raises(LocalError):
        Tariff(**wrong)
