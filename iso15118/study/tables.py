"""Series and stays of one's own, from CSV files. Every fault is one line that names the file and the line or the interval.

A file begins with its columns' names. Moments are ISO 8601 with an offset from UTC (`2026-03-29T01:00:00+01:00`) or end in `Z`: a day on
which the clock is changed has its 92 or 100 quarters of an hour without a gap.

| file | columns |
|---|---|
| prices.csv | `start`, `import` EUR/kWh, optional `export` EUR/kWh |
| load.csv, pv.csv, load_forecast.csv, pv_forecast.csv | `start`, `power` W |
| visits.csv | `evse`, `arrival`, `departure`, `energy` kWh asked for; optional `declared`, `user`, `power` W, `capacity`, `stored` kWh |
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Final

from iso15118.errors import LocalError
from iso15118.grid.prices import Prices
from iso15118.grid.series import Series
from iso15118.study.scenarios import Scenario, Stay, moved
from iso15118.units import Second
from iso15118.value import replace

FILES: Final = ("prices.csv", "load.csv", "pv.csv", "load_forecast.csv", "pv_forecast.csv", "visits.csv")


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in needed if name not in (reader.fieldnames or [])]
            if missing:
                raise LocalError(f"{path}: no column {', '.join(missing)}; needed: {', '.join(needed)}")
            for row in reader:
                yield reader.line_num, {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
    except OSError as error:
        raise LocalError(f"{path}: {error.strerror or error}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise LocalError(f"{path}: no CSV in UTF-8: {error}") from None


def _moment(path: Path, line: int, name: str, text: str) -> Second:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise LocalError(f"{path}, line {line}: {name} {text!r} is no moment; wanted: as 2026-03-29T01:00:00+01:00") from None
    if moment.tzinfo is None:
        raise LocalError(f"{path}, line {line}: {name} {text} says no offset from UTC; wanted: as 2026-03-29T01:00:00+01:00 or with Z")
    return moment.timestamp()


def _number(path: Path, line: int, name: str, text: str, *, least: float = -float("inf")) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number) or number < least:
        raise LocalError(f"{path}, line {line}: {name} {text!r}; allowed: a number{'' if least < 0.0 else f' from {least:g} on'}")
    return number


def clock(moment: Second) -> str:
    """A moment as messages say it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")


def series(path: Path, column: str, *, least: float = -float("inf")) -> Series:
    """One column over time, in equal steps. Raises LocalError naming a gap, an overlap or a value that is none."""
    told = [
        (_moment(path, line, "start", row["start"]), _number(path, line, column, row[column], least=least))
        for line, row in _rows(path, ("start", column))
    ]
    if len(told) < 2:
        raise LocalError(f"{path}: {len(told)} values; allowed: two and more")
    step = told[1][0] - told[0][0]
    for (before, _), (begin, _) in pairwise(told):
        if begin - before > step > 0.0:
            raise LocalError(f"{path}: nothing from {clock(before + step)} to {clock(begin)}, in steps of {step / 60.0:g} minutes")
        if begin - before < step or step <= 0.0:
            raise LocalError(f"{path}: two values from {clock(begin)} to {clock(before + step)}, in steps of {step / 60.0:g} minutes")
    return Series(told[0][0], step, tuple(value for _, value in told))


def _cover(path: Path, found: Series, told: Scenario) -> Series:
    """The series in the steps of a scenario. Raises LocalError naming the interval that it does not reach."""
    if found.start > told.start:
        raise LocalError(f"{path}: nothing from {clock(told.start)} to {clock(found.start)}; the scenario begins earlier")
    if found.end < told.end:
        raise LocalError(f"{path}: nothing from {clock(found.end)} to {clock(told.end)}; the scenario ends later")
    return Series(told.start, told.step, found.sampled(told.start, told.step, told.steps, lambda moment: 0.0))


def _forecast(path: Path, found: Series, told: Scenario) -> Series:
    """A forecast may be short: it goes on with its last day, or with its mean if it has none."""
    if found.start > told.start:
        raise LocalError(f"{path}: nothing from {clock(told.start)} to {clock(found.start)}; a forecast begins with the scenario")
    mean, day = sum(found.values) / len(found.values), 86_400.0

    def beyond(moment: Second) -> float:
        days = (moment - found.end) // day + 1.0
        value = found.at(moment - days * day)
        return mean if value is None else value

    return Series(told.start, told.step, found.sampled(told.start, told.step, told.steps, beyond))


def visits(path: Path, told: Scenario) -> tuple[Stay, ...]:
    """Stays at the outlets of a scenario. Raises LocalError naming a line that cannot be, or two cars at one outlet."""
    evses = {evse.name: evse for evse in told.site.evses}
    found: list[tuple[int, Stay]] = []
    for line, row in _rows(path, ("evse", "arrival", "departure", "energy")):
        name = row["evse"]
        if name not in evses:
            raise LocalError(f"{path}, line {line}: there is no EVSE {name!r}; there are: {', '.join(evses)}")
        arrival, departure = (_moment(path, line, key, row[key]) for key in ("arrival", "departure"))
        declared = _moment(path, line, "declared", row["declared"]) if row.get("declared") else departure
        if not arrival < departure or not arrival < declared:
            raise LocalError(f"{path}, line {line}: the car at {name} leaves before it comes, at {clock(min(departure, declared))}")
        energy = 1e3 * _number(path, line, "energy", row["energy"], least=0.0)
        power = _number(path, line, "power", row["power"], least=0.0) if row.get("power") else 11_040.0
        stored = 1e3 * _number(path, line, "stored", row["stored"], least=0.0) if row.get("stored") else 0.0
        capacity = 1e3 * _number(path, line, "capacity", row["capacity"], least=0.0) if row.get("capacity") else stored + energy
        if stored + energy > capacity + 1e-6:
            raise LocalError(
                f"{path}, line {line}: {energy / 1e3:g} kWh more than {stored / 1e3:g} kWh do not go into {capacity / 1e3:g} kWh"
            )
        stay = Stay(
            evse=name,
            user=row.get("user") or name,
            arrival=arrival,
            departure=departure,
            declared=declared,
            stored=stored,
            target=stored + energy,
            capacity=capacity,
            charge=power,
            efficiency=1.0 if evses[name].dc else 0.93,
        )
        found.append((line, stay))
    for name in evses:
        mine = sorted(((line, stay) for line, stay in found if stay.evse == name), key=lambda pair: pair[1].arrival)
        for (_, before), (line, stay) in pairwise(mine):
            if stay.arrival < before.departure:
                raise LocalError(f"{path}, line {line}: two cars at {name} from {clock(stay.arrival)} to {clock(before.departure)}")
    return tuple(sorted((stay for _, stay in found), key=lambda stay: stay.arrival))


def read(folder: Path, told: Scenario) -> Scenario:
    """The scenario with those of its series and stays that have a file in the folder; its days begin where the first series does.

    `load.csv` is of the whole connection, `pv.csv` of all photovoltaics together. Raises LocalError.
    """
    there = {name: folder / name for name in FILES if (folder / name).exists()}
    if not there:
        raise LocalError(f"{folder}: none of {', '.join(FILES)}")
    raw = {name: series(path, "import" if name == "prices.csv" else "power") for name, path in there.items() if name != "visits.csv"}
    if raw:
        first = next(iter(raw.values()))
        told = moved(told, first.start - told.start)
        told = replace(told, steps=min(told.steps, int((first.end - first.start + 1e-6) // told.step)))
    if "prices.csv" in raw:
        told = replace(told, prices=_prices(there["prices.csv"], raw["prices.csv"], told))
    for name in ("load.csv", "load_forecast.csv", "pv.csv", "pv_forecast.csv"):
        if name not in raw:
            continue
        path, found = there[name], raw[name]
        fitted = _forecast(path, found, told) if "forecast" in name else _cover(path, found, told)
        if name.startswith("pv"):
            if min(found.values) < 0.0:
                raise LocalError(f"{path}: {min(found.values):g} W of photovoltaics; allowed: 0 W and more")
            parts = _parts(fitted, told)
            told = replace(told, pv_forecast=parts) if "forecast" in name else replace(told, pv=parts, pv_forecast=parts)
        else:
            whole = {told.site.root.name: fitted}
            told = replace(told, load_forecast=whole) if "forecast" in name else replace(told, load=whole, load_forecast=whole)
    if "visits.csv" in there:
        told = replace(told, stays=visits(there["visits.csv"], told), history=(), sampled=False)
    return told


def _prices(path: Path, bought: Series, told: Scenario) -> Prices:
    sold = told.prices.export_price
    if any("export" in row for _, row in _rows(path, ("start", "import"))):
        sold = _cover(path, series(path, "export"), told)
    return replace(told.prices, import_price=_cover(path, bought, told), export_price=sold)


def _parts(whole: Series, told: Scenario) -> dict[str, Series]:
    """What each plant gives of all photovoltaics, by its peak power."""
    peak = sum(plant.peak for plant in told.site.pvs)
    return {p.name: Series(whole.start, whole.step, tuple(v * p.peak / peak for v in whole.values)) for p in told.site.pvs}
