"""`chargeloop site plan`: the next day of a site as it would be planned now, as a table and a picture."""

from __future__ import annotations

import json
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from iso15118.cli.report import write
from iso15118.cli.site_arguments import CAR
from iso15118.energy import Need
from iso15118.errors import LocalError
from iso15118.units import HOUR, KW, KWH, Second

if TYPE_CHECKING:
    from iso15118.grid.planning import Question, SitePlan
    from iso15118.grid.visits import Visit
    from iso15118.service.config.site import SiteSettings

BARS: Final = " ▁▂▃▄▅▆▇█"


def run(arguments: Namespace) -> int:
    """Plan and show. Raises LocalError on a wrong file, or without a solver."""
    from iso15118.grid.planning import Objective, Question
    from iso15118.grid.planning.program import plan
    from iso15118.grid.policies import policy
    from iso15118.service.config import load_site
    from iso15118.service.plain import plain
    from iso15118.service.site import HORIZON
    from iso15118.service.site_parties import Expected

    path = Path(arguments.file)
    settings = load_site(path)
    if settings.tariff is None:
        raise LocalError(f"{path}: tariff: missing; allowed: a table, since a plan needs prices")
    now = _moment(arguments.at)
    prices, _ = settings.tariff.prices(now)
    question = Question(
        now=now,
        site=settings.site,
        visits=tuple(_visit(settings, told, now) for told in arguments.car),
        outlook=Expected(load=settings.load, pv=settings.pv).outlook(now),
        prices=prices,
        objective=policy(arguments.policy or settings.policy).objective or Objective(),
        horizon=HORIZON,
    )
    made = plan(question)
    if arguments.json:
        write(json.dumps(plain(made)))
        return 0
    for line in shown(question, made):
        write(line)
    return 0


def _moment(told: str | None) -> Second:
    if told is None:
        return float(int(time.time()))
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        raise LocalError(f"--at {told}: no time; allowed: a date and time, such as 2027-01-31T18:00") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _visit(settings: SiteSettings, told: str, now: Second) -> Visit:
    from iso15118.grid.visits import Visit

    try:
        evse, energy, until = told.split(",")
        at = datetime.strptime(until, "%H:%M").replace(tzinfo=UTC)
        wanted = float(energy) * KWH
    except ValueError:
        raise LocalError(f"--car {told}; allowed: {CAR}, such as 1,45,07:00") from None
    outlet = settings.site.evse(evse)
    today = datetime.fromtimestamp(now, UTC).replace(hour=at.hour, minute=at.minute, second=0)
    leaves = today.timestamp() if today.timestamp() > now else (today + timedelta(days=1)).timestamp()
    need = Need(wanted, wanted, 0.0, leaves - now, outlet.charge, outlet.discharge)
    return Visit(evse=evse, need=need, arrival=now, departure=leaves, phases=outlet.phases)


def shown(question: Question, plan: SitePlan) -> Iterator[str]:
    """The plan in lines: an hour a row, then the pictures of the day, then what comes of each car."""
    names = [car.evse for car in plan.evses]
    batteries = list(plan.batteries)
    yield f"{question.site.name}, from {_clock(plan.made)} UTC, {plan.how}; kW, + into the site, car and battery"
    yield ""
    heads = ["hour", "price", "worth", "grid", *(f"car {name}" for name in names), *batteries]
    rows = [list(_row(question, plan, begin, end)) for begin, end in _hours(plan)]
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    for row in (heads, *rows):
        yield "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    price = [question.prices.import_price.mean(a, b) or 0.0 for a, b in _steps(plan)]
    for name, series in (("price", price), ("grid", plan.grid), *((f"car {car.evse}", car.power) for car in plan.evses)):
        yield f"{name:>{max(map(len, heads))}}  {bars(series)}"
    yield ""
    for car, visit in zip(plan.evses, question.visits, strict=False):
        energy = car.energy[-1] / KWH
        short = f", {car.missing / KWH:.1f} kWh short" if car.missing else ""
        yield f"car {car.evse} leaves at {_clock(visit.departure)} with {energy:.1f} kWh{short}{f': {car.why}' if car.why else ''}"
    peak = f"peak {plan.peak / KW:.1f} kW{f' ({plan.why_peak})' if plan.why_peak else ''}"
    yield f"{peak}, cost {plan.cost:.2f} {question.prices.currency}"


def _steps(plan: SitePlan) -> list[tuple[Second, Second]]:
    return list(zip(plan.edges[:-1], plan.edges[1:], strict=True))


def _hours(plan: SitePlan) -> Iterator[tuple[Second, Second]]:
    begin = plan.edges[0]
    while begin < plan.edges[-1]:
        end = min(begin - begin % HOUR + HOUR, plan.edges[-1])
        yield begin, end
        begin = end


def _row(question: Question, plan: SitePlan, begin: Second, end: Second) -> Iterator[str]:
    """The means of an hour."""
    parts = [(k, max(0.0, min(end, b) - max(begin, a)) / (end - begin)) for k, (a, b) in enumerate(_steps(plan))]

    def mean(series: Sequence[float]) -> float:
        return sum(part * series[k] for k, part in parts if part)

    yield _clock(begin)
    yield f"{question.prices.import_price.mean(begin, end) or 0.0:.3f}"
    yield f"{mean(plan.price):.3f}"
    yield f"{mean(plan.grid) / KW:.1f}"
    for series in (*(car.power for car in plan.evses), *plan.batteries.values()):
        yield f"{mean(series) / KW:.1f}"


def bars(series: Sequence[float]) -> str:
    """A picture in one line: from the lowest, or 0, to the highest."""
    low, high = min(0.0, *series), max(0.0, *series)
    scale = (len(BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(BARS[round((value - low) * scale)] for value in series)


def _clock(moment: Second) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M")
