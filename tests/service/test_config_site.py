"""A site's file."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from iso15118.errors import LocalError
from iso15118.service.config.site import SiteSettings, load

SITE = """
name = "works"
[[circuit]]
name = "grid"
import_limit = 100_000
metered = true
[[circuit]]
name = "B"
parent = "grid"
fuse = 16
[[evse]]
name = "1"
circuit = "B"
phases = [2, 3, 1]
[[evse]]
name = "far"
circuit = "grid"
remote = true
[[battery]]
name = "cellar"
circuit = "grid"
capacity = 60
charge = 30_000
discharge = 30_000
[[pv]]
name = "roof"
circuit = "grid"
peak = 40_000
[[load]]
name = "house"
circuit = "grid"
base = 10_000
"""
DAILY = """
[tariff]
timezone = "Europe/Berlin"
daily = [{begin = "22:00", end = "06:00", buy = 0.2, retail = 0.3}, {begin = "06:00", end = "22:00", buy = 0.3, retail = 0.4}]
demand = {price = 10, peak = 5_000}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(text)
    return path


def stamp(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def read(tmp_path: Path, text: str, *outlets: str) -> SiteSettings:
    return load(written(tmp_path, text), outlets or None)


def test_a_site(tmp_path: Path) -> None:
    settings = read(tmp_path, SITE + DAILY, "1")
    site = settings.site
    assert [circuit.name for circuit in site.above("B")] == ["B", "grid"]
    assert site.evse("1").lines == (1, 2, 0)
    assert site.evse("1").charge == 22_080.0
    assert site.batteries[0].capacity == 60e3
    assert settings.remote == {"far"}
    assert settings.load == {"grid": (10e3,) * 24}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('parent = "grid"', 'parent = "gird"', "circuit[1].parent: 'gird'; allowed: one of the circuits, grid, B"),
        ('parent = "grid"', 'parent = "B"', "circuit[1].parent: a loop, B -> B; allowed: a tree"),
        ('parent = "grid"', "", "circuit: 2 without a parent; allowed: one, the connection to the grid"),
        ('circuit = "B"', 'circuit = "C"', "evse[0].circuit: 'C'; allowed: one of the circuits, grid, B"),
        ("[2, 3, 1]", "[2, 3, 4]", "evse[0].phases[2]: 4; allowed: one to three different ones of 1, 2 and 3"),
        ("[2, 3, 1]", "[2, 2]", "evse[0].phases: [2, 2]; allowed: one to three different ones of 1, 2 and 3"),
        (
            "base = 10_000",
            "base = 98_000",
            "circuit[0].import_limit: 100000 W with its margin are less than the 98000 W that are always used",
        ),
        ('name = "works"', 'policy = "unmanaged"', "policy: 'unmanaged'; allowed: one of equal_share,"),
        ('name = "works"', 'polcy = "x"', "polcy: unknown key; allowed: battery, circuit, evse"),
        ('name = "far"', 'name = "1"', "the name of a device twice: 1"),
        ("base = 10_000", "expected = [1.0]", "load[0].expected: 1 numbers; allowed: 24"),
        ('name = "works"', 'log = "no/where.jsonl"', "log: 'no/where.jsonl' can be no file"),
        ("capacity = 60", "capacity = 0", "battery[0].capacity: 0; allowed: a finite number > 0"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in SITE
    with pytest.raises(LocalError, match=re.escape(told)):
        read(tmp_path, SITE.replace(old, new, 1))


METER = """
[[circuit]]
name = "C"
parent = "grid"
[circuit.meter]
map = "map.toml"
device = "/dev/ttyMeter"
[[battery]]
name = "C"
circuit = "grid"
capacity = 60
charge = 30_000
discharge = 30_000
[battery.meter]
map = "map.toml"
host = "192.0.2.17"
"""
MAP = 'name = "any"\n' + "".join(
    f'[points.{what}_l{phase}]\naddress = 0\ntype = "f32"\n' for what in ("power", "voltage") for phase in (1, 2, 3)
)


def test_meters_that_are_read_by_ourselves(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAP)
    told = load(written(tmp_path, SITE + METER))
    assert {at: (mains.keys.host, mains.keys.device) for at, mains in told.meters.items()} == {
        ("circuit", "C"): ("", "/dev/ttyMeter"),
        ("battery", "C"): ("192.0.2.17", ""),
    }
    assert [circuit.name for circuit in told.site.circuits if circuit.metered] == ["grid", "C"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'host = "192.0.2.17"',
            'device = "/dev/ttyMeter"',
            r"battery[1].meter.device: '/dev/ttyMeter' is circuit[2].meter's; allowed: a line",
        ),
        ('host = "192.0.2.17"', "", "battery[1].meter: host and device are neither there; allowed: one of them"),
        ('map = "map.toml"', 'map = "none.toml"', "none.toml: cannot be read"),
        ('map = "map.toml"', 'map = "map.toml"\nunit = 300', "circuit[2].meter.unit: 300; allowed: 0..247"),
        ('map = "map.toml"', 'map = "map.toml"\ndriver = "abacus"', "circuit[2].meter.driver: 'abacus'; allowed: modbus"),
        ('map = "map.toml"', "", "circuit[2].meter.map: missing; allowed: a text"),
    ],
)
def test_a_meter_that_cannot_be_read(tmp_path: Path, old: str, new: str, told: str) -> None:
    (tmp_path / "map.toml").write_text(MAP)
    with pytest.raises(LocalError, match=re.escape(told)):
        load(written(tmp_path, SITE + METER.replace(old, new, 1)))


def test_outlets_are_those_of_the_charger(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=re.escape("evse[0].name: '1'; allowed: those of the charger, left, or remote = true")):
        read(tmp_path, SITE, "left")
    with pytest.raises(LocalError, match="evse: without 2 of the charger"):
        read(tmp_path, SITE, "1", "2")


def test_prices_by_the_day(tmp_path: Path) -> None:
    tariff = read(tmp_path, SITE + DAILY).tariff
    assert tariff is not None
    prices, retail = tariff.prices(stamp("2027-01-15T21:50:00+01:00"))
    assert prices.import_price.values[:2] == (0.3, 0.2)
    assert retail is not None
    assert retail.values[:2] == (0.4, 0.3)
    assert prices.import_price.start == stamp("2027-01-15T21:45:00+01:00")
    assert len(prices.import_price.values) == 144
    assert prices.demand is not None
    assert prices.demand.peak == 5_000.0
    assert prices.demand.left == pytest.approx(16.09 / 31, abs=0.001)


def test_prices_by_the_day_where_clocks_are_put_forward(tmp_path: Path) -> None:
    tariff = read(tmp_path, SITE + DAILY).tariff
    assert tariff is not None
    prices, _ = tariff.prices(stamp("2027-03-27T22:00:00+01:00"))
    cheap = [value for value in prices.import_price.values[:40] if value == 0.2]
    assert len(cheap) == 28  # a night of seven hours


@pytest.mark.parametrize(
    ("daily", "told"),
    [
        ('{begin = "00:00", end = "10:00", buy = 1}, {begin = "12:00", end = "24:00", buy = 1}', "no price from 10:00 to 12:00"),
        ('{begin = "00:00", end = "12:00", buy = 1}, {begin = "11:00", end = "24:00", buy = 1}', "two prices from 11:00 to 12:00"),
        ('{begin = "22:00", end = "06:00", buy = 1}, {begin = "06:00", end = "21:00", buy = 1}', "no price from 21:00 to 22:00"),
        ('{begin = "25:00", end = "06:00", buy = 1}', "tariff.daily[0].begin: '25:00'; allowed: a time of day"),
        ('{begin = "00:00", end = "24:00"}', "tariff.daily[0].buy: missing; allowed: -10000..10000, for a kWh"),
        ('{begin = "00:00", end = "24:00", buy = 1e9}', "tariff.daily[0].buy: 1000000000.0; allowed: -10000..10000, for a kWh"),
    ],
)
def test_a_day_has_one_price_at_each_moment(tmp_path: Path, daily: str, told: str) -> None:
    with pytest.raises(LocalError, match=re.escape(told)):
        read(tmp_path, f"{SITE}[tariff]\ndaily = [{daily}]")


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (("10:00", "11:00", "12:00", "13:00"), "tariff.step: no price from 2027-01-01T11:00+00:00 to 2027-01-01T12:00+00:00"),
        (("10:00", "12:00", "11:00", "13:00"), "tariff.step: two prices from 2027-01-01T11:00+00:00 to 2027-01-01T12:00+00:00"),
        (("10:00", "09:00", "11:00", "13:00"), "tariff.step: from 2027-01-01T10:00+00:00 to 2027-01-01T09:00+00:00; allowed: an end after"),
    ],
)
def test_steps_follow_each_other(tmp_path: Path, steps: tuple[str, ...], told: str) -> None:
    a, b, c, d = (f"2027-01-01T{clock}:00Z" for clock in steps)
    with pytest.raises(LocalError, match=re.escape(told)):
        read(tmp_path, f"{SITE}[tariff]\nstep = [{{begin = {a}, end = {b}, buy = 1}}, {{begin = {c}, end = {d}, buy = 2}}]")


def test_prices_of_a_file_and_their_end(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text(
        "begin,end,buy,carbon\n2027-01-01T00:00Z,2027-01-01T01:00Z,0.1,300\n2027-01-01T01:00Z,2027-01-01T03:00Z,0.2,400\n"
    )
    tariff = read(tmp_path, f'{SITE}[tariff]\nfile = "prices.csv"').tariff
    assert tariff is not None
    prices, retail = tariff.prices(stamp("2027-01-01T00:50Z"))
    assert prices.import_price.values == (0.1,) + (0.2,) * 8
    assert prices.carbon is not None
    assert retail is None
    with pytest.raises(LocalError, match=re.escape("no price at 2027-01-01T03:00+00:00")):
        tariff.prices(stamp("2027-01-01T03:00Z"))


@pytest.mark.parametrize(
    ("csv", "told"),
    [
        ("start,buy\n1,2\n", "line 1: start, buy; allowed: the columns begin, end, buy"),
        (
            "begin,end,buy\n2027-01-01T00:00,2027-01-01T01:00Z,0.1\n",
            "line 2: begin: '2027-01-01T00:00'; allowed: a date and time with its offset",
        ),
        ("begin,end,buy\n2027-01-01T00:00Z,2027-01-01T01:00Z,x\n", "line 2: {'buy': 'x'}; allowed: numbers of -10000..10000"),
        ("begin,end,buy\n2027-01-01T00:00Z,2027-01-01T01:00Z,nan\n", "line 2: {'buy': 'nan'}; allowed: numbers of -10000..10000"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, csv: str, told: str) -> None:
    (tmp_path / "prices.csv").write_text(csv)
    with pytest.raises(LocalError, match=re.escape(told)):
        read(tmp_path, f'{SITE}[tariff]\nfile = "prices.csv"')


@pytest.mark.parametrize(
    ("tariff", "told"),
    [
        ("", "tariff: no prices; allowed: one of daily, step and file"),
        ('file = "x.csv"', "x.csv: cannot be read: No such file or directory"),
        ('timezone = "Berlin"\nfile = "x.csv"', "tariff.timezone: 'Berlin'; allowed: the name of a time zone"),
        ('file = "x.csv"\ntiers = [{above = 50, surcharge = 1}, {above = 50, surcharge = 1}]', "tariff.tiers: above [50.0, 50.0] kWh"),
    ],
)
def test_a_tariff_that_is_none(tmp_path: Path, tariff: str, told: str) -> None:
    with pytest.raises(LocalError, match=re.escape(told)):
        read(tmp_path, f"{SITE}[tariff]\n{tariff}")
