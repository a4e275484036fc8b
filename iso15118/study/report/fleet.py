"""Pictures of a site's cars: when each outlet was in use, and what was in each car. Neighbour: `day` with the site's connection."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Final

from iso15118.study.report.documents import Stay, Study
from iso15118.study.report.plot import DAY, Plot, clock, legend, weekday
from iso15118.units import HOUR, Second, Watt, WattHour

ROW: Final = 18
"""Pixels of an outlet."""
AT_REST: Final[Watt] = 50.0
SHOWN: Final = 24
"""Cars with a picture of their own."""
NAME: Final = 14
"""Characters of an outlet's name."""


def gantt(study: Study) -> Plot:
    """A row for each outlet: who waits for it, is plugged in, charges, gives."""
    names = list(study.evses)
    plot = Plot(study.start, study.end, 0.0, 1.0, ROW * len(names))
    plot.times()
    for place, name in enumerate(names):
        y = place * ROW
        short = name if len(name) <= NAME else f"{name[: NAME - 1]}…"
        plot.word(f'<text class="name end" x="-6" y="{y + 13}">{escape(short)}<title>{escape(name)}</title></text>')
        stays = [stay for stay in study.stays if stay.evse == name]
        for stay in stays:
            told = f"{stay.user}, {span(study, stay.plugged, stay.left)}"
            plot.bar(stay.plugged, stay.left, y + 3, ROW - 6, "fill-idle", f"{told}: plugged in")
            if stay.plugged - stay.came >= study.step:
                plot.bar(
                    stay.came,
                    stay.plugged,
                    y + 7,
                    ROW - 14,
                    "fill-waiting",
                    f"{stay.user}, {span(study, stay.came, stay.plugged)}: waiting",
                )
        for begin, end, energy in runs(study, name):
            user = next((f"{stay.user}, " for stay in stays if stay.plugged < end and stay.left > begin), "")
            style, verb = ("fill-car", "charging") if energy > 0.0 else ("fill-giving", "giving")
            plot.bar(begin, end, y + 3, ROW - 6, style, f"{user}{span(study, begin, end)}: {verb} {abs(energy) / 1e3:.1f} kWh")
    return plot


def gantt_legend(study: Study) -> str:
    """Of that picture."""
    entries = [("fill-car", "charging"), ("fill-idle", "plugged in, idle")]
    entries += [("fill-giving", "giving")] if any(stay.given > 0.0 for stay in study.stays) else []
    entries += [("fill-waiting", "waiting")] if any(stay.plugged - stay.came >= study.step for stay in study.stays) else []
    return legend(entries)


def runs(study: Study, evse: str) -> Iterator[tuple[Second, Second, WattHour]]:
    """Times in which an outlet charges (+) or gives (-), and its energy in each."""
    k = 0
    for sign, run in groupby(study.evses[evse], key=lambda watt: (watt > AT_REST) - (watt < -AT_REST)):
        powers = list(run)
        begin, k = study.start + k * study.step, k + len(powers)
        if sign:
            yield begin, study.start + k * study.step, sum(powers) * study.step / HOUR


def span(study: Study, begin: Second, end: Second) -> str:
    """Two moments, with the day where there are several."""
    if study.end - study.start <= DAY:
        return f"{clock(begin)} to {clock(end)}"
    return (
        f"{weekday(begin)} {clock(begin)} to {clock(end)}"
        if begin // DAY == end // DAY
        else f"{weekday(begin)} {clock(begin)} to {weekday(end)} {clock(end)}"
    )


def ready(study: Study, stay: Stay) -> Second | None:
    """When a car had its target; None: never."""
    return next((moment for moment, stored in study.course(stay) if stored >= stay.target - max(1.0, 1e-3 * stay.target)), None)


def reason(study: Study, stay: Stay) -> str:
    """In words: when it was ready, or what is missing and why."""
    moment = ready(study, stay)
    early = (stay.declared - stay.left) / 60.0
    if moment is not None:
        return (
            f"ready {clock(moment)}, {_length(stay.left - moment)} before it leaves"
            if moment < stay.left
            else f"ready {clock(moment)}, as it leaves"
        )
    missing = f"leaves with {stay.ended / 1e3:.1f} of {stay.target / 1e3:.1f} kWh"
    if stay.reach < stay.target - 1.0:
        missing += f": full power all the time gives {stay.reach / 1e3:.1f}"
    elif stay.ended >= stay.target - 0.02 * max(stay.target - stay.stored, 1e3):
        missing += ": enough"
    return missing + (f", {early:.0f} min before it said" if early >= 1.0 else "")


def _length(seconds: Second) -> str:
    minutes = round(seconds / 60.0)
    return f"{minutes // 60} h {minutes % 60:02}" if minutes >= 60 else f"{minutes} min"


def chosen(study: Study) -> list[Stay]:
    """Those with a picture: who left short, then who came first."""
    ranked = sorted(study.stays, key=lambda stay: (stay.satisfied, stay.came))[:SHOWN]
    return sorted(ranked, key=lambda stay: stay.came)


def bounds(stay: Stay, moments: list[Second]) -> list[tuple[Second, WattHour, WattHour]]:
    """At each moment the least a car may hold so that full power still brings it to its target when it said it leaves; and the most."""
    rate = stay.charge * stay.efficiency / HOUR
    rest = min(stay.stored, stay.floor) if stay.discharge > 0.0 else stay.stored
    made = []
    for moment in moments:
        most = min(max(stay.capacity, stay.stored), stay.stored + rate * (moment - stay.plugged))
        least = max(rest, stay.target - rate * max(0.0, stay.declared - moment))
        made.append((moment, min(least, most), most))
    return made


def fan(study: Study, stay: Stay) -> Plot:
    """What was in a car over its stay, what its first plan meant, and between which bounds that had to be."""
    end = max(stay.left, stay.declared)
    edge = max(stay.capacity, stay.target, stay.ended) / 1e3
    plot = Plot(stay.plugged, end, 0.0, edge * 1.06, 120)
    plot.values("kWh", 3)
    plot.times(words=False)
    rate = max(1.0, stay.charge * stay.efficiency / HOUR)
    turns = [stay.plugged + (stay.capacity - stay.stored) / rate, stay.declared - (stay.target - stay.stored) / rate, stay.declared]
    moments = sorted({stay.plugged, end, *(moment for moment in turns if stay.plugged < moment < end)})
    corners = bounds(stay, moments)
    area = [*((moment, most) for moment, _, most in corners), *((moment, least) for moment, least, _ in reversed(corners))]
    plot.mark(
        f'<path class="fill-car faint" d="M{"L".join(f"{plot.x(moment):.1f} {plot.y(value / 1e3):.1f}" for moment, value in area)}Z"/>'
    )
    plot.curve([(moment, stay.target / 1e3) for moment in (stay.plugged, end)], "battery dotted")
    if stay.planned is not None:
        steps = int((end - stay.plugged) // study.plan_step)
        plan = [(stay.plugged + (k + 1) * study.plan_step, stored / 1e3) for k, stored in enumerate(stay.planned[:steps])]
        plot.curve([(stay.plugged, stay.stored / 1e3), *plan], "waiting dashed")
    plot.curve([(moment, stored / 1e3) for moment, stored in study.course(stay)], "car bold")
    plot.upright(stay.left, "grid", f"leaves {clock(stay.left)}")
    if abs(stay.declared - stay.left) >= 60.0:
        plot.upright(stay.declared, "grid dotted", f"said it would leave {clock(stay.declared)}")
    plot.word(f'<text x="0" y="137">{clock(stay.plugged)}</text><text class="end" x="100%" y="137">{clock(end)}</text>')
    return plot


FAN_LEGEND: Final = legend(
    [
        ("car bold", "in the car"),
        ("waiting dashed", "its first plan"),
        ("battery dotted", "target"),
        ("fill-car faint", "from the least that still suffices to the most it can have"),
        ("grid", "leaves"),
        ("grid dotted", "said it would"),
    ]
)
