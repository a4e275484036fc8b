"""The `[tariff]` of a site's file: what energy costs the site, and its drivers, over time."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from iso15118.errors import LocalError
from iso15118.grid.prices import Demand, Prices, Tier
from iso15118.grid.series import Series
from iso15118.service.config.toml import Magnitude, Positive, Table, Text
from iso15118.units import HOUR, KWH, Second
from iso15118.value import Value

STEP: Final[Second] = 900.0
AHEAD: Final[Second] = 36 * HOUR
"""So far prices are told, as far as they are known."""
DAY: Final = timedelta(days=1)
COLUMNS: Final = ("begin", "end", "buy", "sell", "carbon", "retail")

Price = Annotated[float, Field(ge=-10_000, le=10_000, allow_inf_nan=False, description="-10000..10000, for a kWh")]
"""No currency has dearer or cheaper energy: such a number is for a MWh, or a slip."""
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$", description='a time of day, "00:00" to "24:00"')]
Moment = Annotated[datetime, Field(description="a date and time with its offset, such as 2027-01-31T18:00:00+01:00")]


class PriceKeys(Table):
    """What a kWh costs in a stretch of time."""

    buy: Price
    """What a kWh of import costs the site."""
    sell: Price = 0.0
    """What a kWh of export brings it."""
    carbon: Magnitude | None = None
    """g of CO2 in a kWh of import."""
    retail: Price | None = None
    """What a driver pays for a kWh."""


class DailyTable(PriceKeys):
    """The same stretch of every day."""

    begin: Clock
    """Local time."""
    end: Clock
    """Local time; not after `begin`: of the next day."""


class StepTable(PriceKeys):
    """One stretch of time."""

    begin: Moment
    """From here."""
    end: Moment
    """To here."""


class DemandTable(Table):
    """A charge on the highest mean power of the month."""

    price: Magnitude
    """Of a kW of import."""
    window: Positive = 900.0
    """s of the mean, on the clock."""
    peak: Magnitude = 0.0
    """W that have been reached in this month already. From then on the meter of the connection counts, and the site's log remembers."""


class TierTable(Table):
    """Energy above an amount costs more."""

    above: Magnitude
    """kWh in the month."""
    surcharge: Magnitude
    """On a kWh, on top of the tiers below."""


class TariffTable(Table):
    """What energy costs: by the day, by dated steps, or by a file of them. One of the three."""

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", description='a code of three capital letters, such as "EUR"')] = "EUR"
    """Of all prices."""
    timezone: Text = "UTC"
    """In which days and months are counted, such as "Europe/Berlin"."""
    daily: Annotated[list[DailyTable], Field(description="a list of {begin, end, buy, ...} that makes a day")] = Field(default=[])
    """The same prices every day."""
    step: Annotated[list[StepTable], Field(description="a list of {begin, end, buy, ...}")] = Field(default=[])
    """Prices with their dates."""
    file: Text | None = None
    """A CSV file beside this one, with the columns begin, end, buy and, if they are known, sell, carbon, retail."""
    carbon_price: Magnitude = 0.0
    """Of a kg of CO2, in a plan's objective."""
    demand: Annotated[DemandTable | None, Field(description="a table")] = None
    """A charge on power."""
    tiers: Annotated[list[TierTable], Field(description="a list of {above, surcharge}")] = Field(default=[])
    """A price that rises with the energy taken."""


class Step(NamedTuple):
    """A stretch of time (seconds since the epoch) and what a kWh costs in it."""

    begin: Second
    end: Second
    prices: PriceKeys


class SiteTariff(Value):
    """What energy costs over time; `steps` makes those of a stretch of time."""

    table: TariffTable
    steps: Callable[[Second, Second], Sequence[Step]]
    zone: ZoneInfo

    def prices(self, now: Second) -> tuple[Prices, Series | None]:
        """The site's prices and the drivers' from this quarter of an hour on, as far as they are known; None: drivers' are not told.

        Raises LocalError where none is known for this moment.
        """
        start = now - now % STEP
        values: list[PriceKeys] = []
        steps = self.steps(start, start + AHEAD)
        while (at := start + STEP * len(values)) < start + AHEAD:
            step = next((step for step in steps if step.begin <= at < step.end), None)
            if step is None:
                break
            values.append(step.prices)
        if not values:
            raise LocalError(f"tariff: no price at {_told(now)}")
        carbon = [value.carbon for value in values if value.carbon is not None]
        retail = [value.retail for value in values if value.retail is not None]
        demand, table = self.table.demand, self.table
        made = Prices(
            import_price=Series(start, STEP, tuple(value.buy for value in values)),
            export_price=Series(start, STEP, tuple(value.sell for value in values)),
            carbon=Series(start, STEP, tuple(carbon)) if len(carbon) == len(values) else None,
            carbon_price=table.carbon_price,
            demand=None if demand is None else Demand(demand.price, demand.window, demand.peak, *self._left(now)),
            tiers=tuple(Tier(tier.above * KWH, tier.surcharge) for tier in table.tiers),
            currency=table.currency,
        )
        return made, Series(start, STEP, tuple(retail)) if len(retail) == len(values) else None

    def _left(self, now: Second) -> tuple[float, Second]:
        """The part of the month that is to come, and its end."""
        local = datetime.fromtimestamp(now, self.zone)
        first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        after = (first + timedelta(days=32)).replace(day=1)
        return max(1e-3, (after.timestamp() - now) / (after.timestamp() - first.timestamp())), after.timestamp()


def site_tariff(path: Path, table: TariffTable | None) -> SiteTariff | None:
    """The tariff of the file `path`. Raises LocalError on prices that are missing or overlap, with the interval named."""
    if table is None:
        return None
    try:
        zone = ZoneInfo(table.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise LocalError(
            f'{path}: tariff.timezone: {table.timezone!r}; allowed: the name of a time zone, such as "Europe/Berlin"'
        ) from None
    given = [key for key in ("daily", "step", "file") if getattr(table, key)]
    if len(given) != 1:
        raise LocalError(f"{path}: tariff: {', '.join(given) or 'no prices'}; allowed: one of daily, step and file")
    rise = [tier.above for tier in table.tiers]
    if rise != sorted(set(rise)):
        raise LocalError(f"{path}: tariff.tiers: above {rise} kWh; allowed: each above the one before")
    if table.daily:
        whole = _day(f"{path}: tariff.daily", table.daily)
        return SiteTariff(table, lambda begin, end: _days(whole, zone, begin, end), zone)
    steps = (
        _read(path.parent / table.file) if table.file else [Step(s.begin.timestamp(), s.end.timestamp(), s) for s in _dated(path, table)]
    )
    steps = _contiguous(f"{path}: tariff.{given[0]}", steps)
    return SiteTariff(table, lambda begin, end: [step for step in steps if step.end > begin and step.begin < end], zone)


class Part(NamedTuple):
    """Of a day: from one minute of it to another."""

    begin: int
    end: int
    prices: PriceKeys


def _day(where: str, tables: Sequence[DailyTable]) -> list[Part]:
    """A whole day in parts."""
    parts = []
    for table in tables:
        begin, end = _minutes(table.begin), _minutes(table.end)
        parts += [Part(begin, end, table)] if begin < end else [Part(begin, 1440, table), Part(0, end, table)]
    parts = sorted(part for part in parts if part.begin < part.end)
    at = 0
    for part in (*parts, Part(1440, 1440, tables[0])):
        if part.begin != at:
            word, low, high = ("no price", at, part.begin) if part.begin > at else ("two prices", part.begin, at)
            raise LocalError(f"{where}: {word} from {_clock(low)} to {_clock(high)}; allowed: one for each moment of the day")
        at = part.end
    return parts


def _days(parts: Sequence[Part], zone: ZoneInfo, begin: Second, end: Second) -> list[Step]:
    """The parts of each day that has some of this stretch of time; where clocks are put back, the later hour has the price of the first."""
    date, steps = datetime.fromtimestamp(begin, zone).date() - DAY, []
    while (midnight := datetime.combine(date, time(), zone)).timestamp() < end:
        for part in parts:
            low, high = (midnight + timedelta(minutes=minute) for minute in (part.begin, part.end))
            steps.append(Step(low.timestamp(), high.timestamp(), part.prices))
        date += DAY
    return steps


def _dated(path: Path, table: TariffTable) -> list[StepTable]:
    for i, step in enumerate(table.step):
        for key in ("begin", "end"):
            if getattr(step, key).tzinfo is None:
                raise LocalError(f"{path}: tariff.step[{i}].{key}: without its offset from UTC; allowed: such as 2027-01-31T18:00:00+01:00")
    return table.step


def _read(path: Path) -> list[Step]:
    """The steps of a CSV file."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not rows or not {"begin", "end", "buy"} <= set(rows[0]) <= set(COLUMNS):
        columns = ", ".join(map(str, rows[0])) if rows else "nothing"
        raise LocalError(f"{path}: line 1: {columns}; allowed: the columns begin, end, buy and, if known, sell, carbon, retail")
    return [_row(f"{path}: line {number}", row) for number, row in enumerate(rows, 2)]


def _row(where: str, row: dict[str, Any]) -> Step:
    ends: list[Second] = []
    for key in ("begin", "end"):
        try:
            moment = datetime.fromisoformat(row[key] or "")
        except (ValueError, TypeError):
            moment = datetime.min
        if moment.tzinfo is None:
            raise LocalError(f"{where}: {key}: {row[key]!r}; allowed: a date and time with its offset, such as 2027-01-31T18:00:00+01:00")
        ends.append(moment.timestamp())
    said = {key: row[key] for key in ("buy", "sell", "carbon", "retail") if row.get(key)}
    try:
        prices = PriceKeys(**{key: float(text) for key, text in said.items()})
    except ValueError:
        raise LocalError(f"{where}: {said}; allowed: numbers of -10000..10000 for a kWh, buy in each line") from None
    return Step(ends[0], ends[1], prices)


def _contiguous(where: str, steps: Sequence[Step]) -> list[Step]:
    """In order, one after the other."""
    ordered = sorted(steps, key=lambda step: step[:2])
    for step in ordered:
        if step.end <= step.begin:
            raise LocalError(f"{where}: from {_told(step.begin)} to {_told(step.end)}; allowed: an end after the beginning")
    for one, two in pairwise(ordered):
        if one.end != two.begin:
            word, low, high = ("no price", one.end, two.begin) if one.end < two.begin else ("two prices", two.begin, min(one.end, two.end))
            raise LocalError(f"{where}: {word} from {_told(low)} to {_told(high)}; allowed: one for each moment")
    return ordered


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _told(moment: Second) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="minutes")
