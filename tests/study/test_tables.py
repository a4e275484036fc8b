"""Series and stays from files: days of 23 and 25 hours, gaps, overlaps, short forecasts, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from iso15118.errors import LocalError
from iso15118.study.baselines import studied
from iso15118.study.run import simulate
from iso15118.study.scenarios import scenario
from iso15118.study.tables import read, series

BERLIN = ZoneInfo("Europe/Berlin")


def quarters(day: datetime, count: int, value: str = "100") -> list[str]:
    """Lines from midnight in Berlin on, `count` of them."""
    begin = day.astimezone(UTC)
    return [f"{(begin + timedelta(minutes=15 * k)).astimezone(BERLIN).isoformat()},{value}" for k in range(count)]


def csv(folder: Path, name: str, head: str, lines: list[str]) -> Path:
    path = folder / name
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(("day", "count"), [(datetime(2026, 3, 29, tzinfo=BERLIN), 92), (datetime(2026, 10, 25, tzinfo=BERLIN), 100)])
def test_days_on_which_the_clock_is_changed(tmp_path: Path, day: datetime, count: int) -> None:
    found = series(csv(tmp_path, "load.csv", "start,power", quarters(day, count)), "power")
    assert len(found.values) == count
    assert found.end == (day + timedelta(days=1)).astimezone(UTC).timestamp()


def test_a_gap_and_an_overlap_are_named(tmp_path: Path) -> None:
    lines = quarters(datetime(2026, 6, 1, tzinfo=BERLIN), 8)
    with pytest.raises(LocalError, match=r"load.csv: nothing from 2026-05-31 22:45 UTC to 2026-05-31 23:15 UTC, in steps of 15 minutes"):
        series(csv(tmp_path, "load.csv", "start,power", [*lines[:3], *lines[5:]]), "power")
    with pytest.raises(LocalError, match=r"two values from 2026-05-31 22:15 UTC to 2026-05-31 22:30 UTC"):
        series(csv(tmp_path, "load.csv", "start,power", [*lines[:2], lines[1], *lines[2:]]), "power")


@pytest.mark.parametrize(
    ("head", "line", "said"),
    [
        ("when,power", "2026-06-01T00:00:00Z,1", "no column start; needed: start, power"),
        ("start,power", "yesterday,1", "line 2: start 'yesterday' is no moment"),
        ("start,power", "2026-06-01T00:00:00,1", "says no offset from UTC"),
        ("start,power", "2026-06-01T00:00:00Z,much", "line 2: power 'much'; allowed: a number"),
        ("start,power", "2026-06-01T00:00:00Z,nan", "line 2: power 'nan'; allowed: a number"),
        ("start,power", "2026-06-01T00:00:00Z,1", "1 values; allowed: two and more"),
    ],
)
def test_what_is_no_series_is_told(tmp_path: Path, head: str, line: str, said: str) -> None:
    with pytest.raises(LocalError, match=said):
        series(csv(tmp_path, "load.csv", head, [line]), "power")


def test_own_series_and_visits_make_a_scenario(tmp_path: Path) -> None:
    day = datetime(2027, 1, 11, tzinfo=BERLIN)
    csv(tmp_path, "load.csv", "start,power", quarters(day, 96, "2000"))
    csv(tmp_path, "load_forecast.csv", "start,power", quarters(day, 20, "1500"))
    csv(tmp_path, "prices.csv", "start,import,export", [f"{line},0.05" for line in quarters(day, 96, "0.3")])
    csv(
        tmp_path,
        "visits.csv",
        "evse,arrival,departure,energy,user",
        ["outlet 1,2027-01-11T08:00:00+01:00,2027-01-11T16:00:00+01:00,10,Ada"],
    )
    told = read(tmp_path, scenario("workplace", 1, 5))
    assert (told.start, told.days) == (day.astimezone(UTC).timestamp(), 1.0)
    assert set(told.load["grid"].values) == {2000.0}
    assert set(told.load_forecast["grid"].values) == {1500.0}, "a short forecast goes on"
    record = simulate(told, studied("equal_share"))
    assert [stay.user for stay in record.outcomes] == ["Ada"]
    assert record.outcomes[0].ended == pytest.approx(10_000.0)


def test_series_that_end_too_early_are_refused(tmp_path: Path) -> None:
    day = datetime(2027, 1, 11, tzinfo=BERLIN)
    csv(tmp_path, "load.csv", "start,power", quarters(day, 96))
    csv(tmp_path, "pv.csv", "start,power", quarters(day, 90))
    with pytest.raises(LocalError, match=r"pv.csv: nothing from 2027-01-11 21:30 UTC to 2027-01-11 23:00 UTC; the scenario ends later"):
        read(tmp_path, scenario("home", 1, 1))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["wallbox,2027-01-11T18:00:00Z,2027-01-11T08:00:00Z,1"], "leaves before it comes"),
        (["garage,2027-01-11T08:00:00Z,2027-01-11T18:00:00Z,1"], "no EVSE 'garage'; there are: wallbox"),
        (["wallbox,2027-01-11T08:00:00Z,2027-01-11T18:00:00Z,-1"], "energy '-1'; allowed: a number from 0 on"),
        (
            ["wallbox,2027-01-11T08:00:00Z,2027-01-11T18:00:00Z,1", "wallbox,2027-01-11T17:00:00Z,2027-01-11T19:00:00Z,1"],
            "line 3: two cars at wallbox from 2027-01-11 17:00 UTC to 2027-01-11 18:00 UTC",
        ),
    ],
)
def test_visits_that_cannot_be_are_named(tmp_path: Path, lines: list[str], said: str) -> None:
    csv(tmp_path, "visits.csv", "evse,arrival,departure,energy", lines)
    with pytest.raises(LocalError, match=said):
        read(tmp_path, scenario("home", 1, 1))


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"none of prices.csv, load.csv"):
        read(tmp_path, scenario("home", 1, 1))
