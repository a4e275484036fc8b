"""A report of a studied site: one page of HTML that needs nothing else, its pictures drawn by `day`, `fleet` and `costs`."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from time import gmtime, strftime
from typing import Final

from iso15118.study.metrics import captured
from iso15118.study.report.costs import scorecard, told, waterfall
from iso15118.study.report.day import beside, coarse, phase_bars, phases, power, power_legend, power_told, prices, prices_legend, unbalance
from iso15118.study.report.documents import Stay, Study, called
from iso15118.study.report.fleet import FAN_LEGEND, chosen, fan, gantt, gantt_legend, ready, reason
from iso15118.study.report.page import head, note, section, table
from iso15118.study.report.plot import DAY, clock, weekday
from iso15118.units import HOUR


def report(main: Study, others: Sequence[Study] = ()) -> str:
    """The whole page. `others`: the same days under other policies, to be compared with."""
    seen = coarse(main)
    return "".join(
        [
            head(f"{main.title}, {called(main.policy)}"),
            _header(main),
            _tiles(main, others),
            _day(seen),
            _beside(seen, [coarse(other) for other in others]),
            _costs(main, others),
            _outlets(seen),
            _cars(seen),
            _phases(main),
            _numbers(main),
            f"<footer>{_NOTES}</footer></main></html>\n",
        ]
    )


def _header(main: Study) -> str:
    first, last = (strftime("%Y-%m-%d", gmtime(moment)) for moment in (main.start, main.end - main.step))
    days = first if first == last else f"{first} to {last}"
    step = f"{main.step:g} s" if main.step < 60.0 else f"{main.step / 60:g} min"
    about = f"{called(main.policy)}, {days}, steps of {step}, scenario {main.scenario}, seed {main.seed}"
    return f"<header><h1>{escape(main.title)}</h1><p>{escape(about)}</p></header><main>\n"


def _tiles(main: Study, others: Sequence[Study]) -> str:
    by_policy = {other.policy: other for other in others}
    cost = main.total("cost")
    tiles = [("cost", f"{cost:.2f} {main.currency}", _against(cost, by_policy.get("unmanaged")))]
    bound = min((limit for limit in main.limit if limit is not None), default=None)
    tiles.append(("peak", f"{told(main, 'peak_kw', 1)} kW", f"limit {bound / 1e3:g} kW" if bound is not None else "no limit"))
    count = len(main.stays)
    short = sum(not stay.satisfied for stay in main.stays)
    tiles.append(
        ("satisfied", f"{told(main, 'satisfied', 1)} %", f"{short} of {count} left short" if short else f"all of {count} departures")
    )
    tiles.append(("above limits", f"{told(main, 'violation_kwh', 2)} kWh", f"in {told(main, 'violation_steps', 0)} steps"))
    if {"equal_share", "perfect"} <= by_policy.keys():
        part = captured(cost, by_policy["equal_share"].total("cost"), by_policy["perfect"].total("cost"))
        if part is not None:
            tiles.append(("captured", f"{part:.0f} %", "of what can be saved against equal share"))
    if main.total("v2x_kwh") > 0.0:
        tiles.append(("given by cars", f"{told(main, 'v2x_kwh', 1)} kWh", f"wear {told(main, 'wear_cost', 2)} {main.currency}"))
    boxes = "".join(
        f"<div><span>{escape(name)}</span><b>{escape(value)}</b><small>{escape(more)}</small></div>" for name, value, more in tiles
    )
    return f'<section id="key" class="tiles">{boxes}</section>\n'


def _against(cost: float, unmanaged: Study | None) -> str:
    if unmanaged is None:
        return "energy, demand, wear, stored"
    saved = unmanaged.total("cost") - cost
    part = f" ({100.0 * abs(saved) / unmanaged.total('cost'):.0f} %)" if cost > 0.0 and unmanaged.total("cost") > 0.0 else ""
    return f"{abs(saved):.2f} {unmanaged.currency}{part} {'less' if saved >= 0.0 else 'more'} than unmanaged"


def _day(study: Study) -> str:
    plot, top = power(study), max(study.grid)
    plot.moments(power_told(study), study.step)
    label = f"power at the connection over time; from the grid at most {top / 1e3:.1f} kW"
    step = f"{study.step:.0f} s" if study.step < 60.0 else f"{study.step / 60:g} min"
    cheap, dear = min(study.import_price), max(study.import_price)
    strip = prices(study).svg(f"prices over time; import {cheap:.3f} to {dear:.3f} {study.currency}/kWh")
    return section(
        "power",
        "Power at the connection",
        power_legend(study, plot),
        f"<figure>{plot.svg(label)}</figure>",
        note(f"Means of {step}. Above zero what takes power, below what gives it; the line is what the grid gives. {_INLETS}"),
    ) + section("prices", "Prices", prices_legend(study), f"<figure>{strip}</figure>")


def _beside(study: Study, others: Sequence[Study]) -> str:
    if not others:
        return ""
    plot, key = beside(study, others)
    label = "power from the grid by policy: " + ", ".join(
        f"{called(one.policy)} at most {max(one.grid) / 1e3:.1f} kW" for one in (*others, study)
    )
    return section("beside", "The same days under other policies", key, f"<figure>{plot.svg(label)}</figure>")


def _costs(main: Study, others: Sequence[Study]) -> str:
    before = next((other for other in others if other.policy == "unmanaged"), None)
    picture = ""
    if before is not None:
        picture = f'<figure class="wide">{waterfall(before, main)}</figure>'
        picture += note(f"From the bill of the unmanaged site to that of the {called(main.policy)} one, {main.currency}.")
    rows = scorecard([*others, main])
    return section("costs", "What it costs, and how well it serves", picture, table(rows[0], rows[1:], strong=len(others) + 1))


def _outlets(study: Study) -> str:
    stays = len(study.stays)
    label = f"{len(study.evses)} outlets over time, {stays} stays"
    return section("outlets", "Outlets", gantt_legend(study), f'<figure class="names">{gantt(study).svg(label)}</figure>')


def _cars(study: Study) -> str:
    fans = []
    for stay in chosen(study):
        said = reason(study, stay)
        label = f"energy in the car of {stay.user} at {stay.evse}: {stay.stored / 1e3:.1f} to {stay.ended / 1e3:.1f} kWh; {said}"
        style = "" if stay.satisfied else ' class="short"'
        when = "" if study.end - study.start <= DAY else f", {weekday(stay.plugged)}"
        name = f"<h3>{escape(stay.user)} <small>{escape(stay.evse + when)}</small></h3>"
        fans.append(f"<article{style}>{name}<figure>{fan(study, stay).svg(label)}</figure><p>{escape(said)}</p></article>")
    count = len(study.stays)
    which = f"{len(fans)} of {count} stays: who left short, and who came first. " if len(fans) < count else ""
    rows = table(_STAYS, (_stay(study, stay) for stay in study.stays))
    return section(
        "cars",
        "Energy of each car",
        FAN_LEGEND,
        note(f"{which}All stays are in the table below.") if which else "",
        f'<div class="fans">{"".join(fans)}</div>\n<details><summary>All {count} stays</summary>{rows}</details>',
    )


def _stay(study: Study, stay: Stay) -> list[str]:
    at = clock if study.end - study.start <= DAY else lambda moment: f"{weekday(moment)} {clock(moment)}"
    done = ready(study, stay)
    times = [at(stay.came), at(stay.plugged), "-" if done is None else at(done), at(stay.declared), at(stay.left)]
    energies = [f"{energy / 1e3:.1f}" for energy in (stay.stored, stay.target, stay.ended, stay.given)]
    return [stay.user, stay.evse, *times, *energies, reason(study, stay)]


def _phases(main: Study) -> str:
    most, mean = unbalance(main)
    fuse = main.fuse
    rows = []
    for k, phase in enumerate(phases(main)):
        part = "-" if fuse is None else f"{100.0 * phase.most / fuse:.0f}"
        rows.append(
            [f"L{k + 1}", f"{phase.most:.1f}", part, *("-" if fuse is None else f"{span / 60.0:.0f}" for span in (phase.warm, phase.over))]
        )
    return section(
        "phases",
        "Lines of the connection",
        f'<figure class="lines">{phase_bars(main)}</figure>',
        table(("line", "most, A", "of the fuse, %", "above 80 %, min", "above the fuse, min"), rows),
        note(f"Unbalance: {most:.1f} A between lines at most, {mean:.1f} A in the mean."),
    )


def _numbers(main: Study) -> str:
    cars, battery, generated = main.cars_power, main.battery_power, main.generated
    rows = []
    count = max(1, round(DAY / main.step))
    for first in range(0, len(main.grid), count):
        part = slice(first, first + count)
        hours = main.step / HOUR / 1e3
        bought, sold = (sum(max(0.0, sign * watt) for watt in main.grid[part]) for sign in (1, -1))
        energies = [sum(cars[part]), sum(main.load[part]), sum(generated[part]), sum(battery[part]), bought, sold]
        moment = main.start + first * main.step
        rows.append([weekday(moment), *(f"{energy * hours:.1f}" for energy in energies), f"{max(main.grid[part]) / 1e3:.1f}"])
    heads = ("day", "cars, kWh", "load", "sun", "battery", "from the grid", "to the grid", "most of a step, kW")
    return section("days", "Days in numbers", table(heads, rows))


_STAYS: Final = (
    *("driver", "outlet", "came", "plugged in", "ready", "said", "left"),
    *("arrived with, kWh", "wanted", "left with", "gave", "how it went"),
)
_INLETS: Final = "Cars are shown without what their chargers lose."
_NOTES: Final = """Positive power flows into cars, batteries and the site. Times are of the site's clock, UTC in a study. Satisfied: a
car left with 98 % of what it asked for, as far as full power all the time could have given it. Stored: what batteries hold less than at
the start, and what cars lack of their targets, at the mean import price. In brackets: a limit was broken, or fewer than 99 % were
satisfied. Point at a picture for its figures."""
