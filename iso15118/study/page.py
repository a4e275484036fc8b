"""The page of the scenario table, docs/scenarios.md, and its pictures: from what `table` has found."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from iso15118.study.metrics import SERVICE, captured
from iso15118.study.pictures import picture
from iso15118.study.scenarios import NAMES, scenario
from iso15118.study.table import FORESEEN, PERFECT, PLANNER, SECONDS, STEPS, Task, key_of, lines, means

TITLES: Final = {
    "unmanaged": "unmanaged",
    "equal_share": "equal share",
    "earliest_deadline": "earliest deadline",
    "least_laxity": "least laxity",
    "round_robin": "round robin",
    PERFECT: "perfect foresight",
    FORESEEN: "planner, forecasts come true",
    PLANNER: "planner",
}
TARGETS: Final = {name: 85.0 for name in ("home", "home_v1g", "workplace", "depot", "apartment", "v2b")} | {"demand_response": 75.0}
INTRODUCTION: Final = """# Scenarios

What a planner is worth, on eight made-up sites that anybody can make up again. Everything follows from a name and a seed.

    python tools/study.py          # fills build/study/table.jsonl, goes on where it was broken off, and writes this page
    chargeloop site compare workplace --seed 3
    chargeloop site simulate v2b --seed 1 --json run.json
"""
METHOD: Final = """
## Days of one's own

`chargeloop site simulate workplace --csv DIR` takes what is there of these files in place of what is made up, and moves the rest to the day
on which they begin. Moments are ISO 8601 with an offset from UTC; a day on which the clock is changed has its 92 or 100 quarters of an
hour. A gap, an overlap or a series that ends too early is refused with the interval; a forecast may be short and goes on with its last day.

| file | columns |
|---|---|
| `prices.csv` | `start`, `import` a kWh; optional `export` |
| `load.csv`, `load_forecast.csv` | `start`, `power` W of the whole connection |
| `pv.csv`, `pv_forecast.csv` | `start`, `power` W of all photovoltaics, magnitude |
| `visits.csv` | `evse`, `arrival`, `departure`, `energy` kWh; optional `declared`, `user`, `power` W, `capacity` and `stored` kWh |

## How it is measured

* **The sites** are in `iso15118/study/scenarios/`, one file each, with every number. Prices are day-ahead like (a market's shape with a
  daily factor and noise, plus a fixed part), sun is a bell with a daily clearness and clouds, load is a profile with 25 % noise.
* **What the planner knows**: cars that are there and what their drivers said, prices that are published (of the next day from 13 h on),
  forecasts of load and sun with wandering errors (15 % and 25 %), the load and sun of the step that begins, how each driver kept to his
  word on ten earlier days, and one day of the past for who may come (S4: five days, and its battery holds what the worst of them asked
  for: a rule of the study, not yet of a station). A limit that held yesterday is expected today until it is said or over. Nothing of the
  future besides: a test swaps the future and finds every decision before it unchanged.
* **Planner, forecasts come true**: the same without the errors of forecasts and departures; who will arrive is not known.
* **Perfect foresight**: one linear program over the whole scenario that knows all of it. Its formulation is apart from the planner's. In S4
  only the battery is free, beside cars that are served as by equal share, and below the table beside those that the planner served.
* **Costs** are energy and the demand charge as billed (the days' part of a month), and wear (0.04 EUR a kWh that cars give, 0.03 of a
  battery). A battery that ends emptier than it began pays the difference at the mean import price, a fuller one is paid; a car that leaves
  without a part of its target pays that part alike, and so does the house's car after its last stay.
* **Satisfied** is a departure with 98 % of what was asked for, as far as the car at full power from plugging in to leaving could have
  had it.
* **Violation** is what flows beyond a limit of the tree (connection, feeder, phase) as far as outlets and batteries could have kept it.
* **Captured** is the part of what can be saved against equal share: (share - x) / (share - perfect). In brackets where the run breaks the
  rule: violation 0 and 99 % satisfied, or it scores nothing.
* In steps of 15 minutes (S4: 5), means are compared with limits, and a car is there for whole steps. The table **second by second** is the
  proof: the station's allocator each second on meters that tell of the second before and are silent for some seconds twice an hour, cars
  that follow after one to three seconds, load and sun that vary about the mean of the step (AR(1), 6 % in 30 s and 10 % in 60 s).
"""


def write(folder: Path, table: Path, wanted: list[Task]) -> None:
    """The page and its pictures into `folder`."""
    found = lines(table)
    there = {key_of(line) for line in found}
    missing = sum(task.key not in there for task in wanted)
    (folder / "scenarios.md").write_text(page(found, missing, len(wanted)), encoding="utf-8")
    for name in NAMES:
        paths = [(policy, table.parent / f"{name}-{policy}.json") for policy in ("equal_share", PLANNER)]
        if all(path.exists() for _, path in paths):
            runs = [(TITLES[policy], json.loads(path.read_text(encoding="utf-8"))) for policy, path in paths]
            (folder / "scenarios").mkdir(exist_ok=True)
            (folder / "scenarios" / f"{name}.svg").write_text(picture(runs[0][1]["title"], runs), encoding="utf-8")


def page(found: list[dict[str, Any]], missing: int, wanted: int) -> str:
    """The text."""
    took = sum(line["took_s"] for line in found) / 60.0
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    parts = [INTRODUCTION]
    parts.append(
        f"The figures below come from {len(found)} runs, {took:.0f} minutes of one core in all ({machine}, shared with other work)."
    )
    if missing:
        parts.append(
            f"\n**This table is not whole: {missing} of {wanted} runs are missing.** Means are over the seeds that every policy has."
        )
    parts += ["", *_summary(found)]
    for name in NAMES:
        if name != "fcr":
            parts += _scenario(found, name)
    parts += _reserve(found)
    parts += _proof(found)
    return "\n".join(parts) + "\n" + METHOD


def _captured(row: Mapping[str, float], share: float, perfect: float) -> str:
    part = captured(row["cost"], share, perfect)
    if part is None:
        return "-"
    breaks = row["violation_kwh"] > 0.0 or row["satisfied"] < SERVICE
    return f"({part:.0f} %)" if breaks else f"{part:.1f} %"


def _summary(found: list[dict[str, Any]]) -> list[str]:
    parts = [
        "| scenario | equal share EUR | planner EUR | perfect EUR | captured | target | satisfied | violation |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in NAMES:
        rows = means(found, name)
        if not {"equal_share", PERFECT, PLANNER} <= rows.keys():
            continue
        share, perfect, planner = (rows[policy] for policy in ("equal_share", PERFECT, PLANNER))
        goal = f"{TARGETS[name]:.0f} %" if name in TARGETS else "cost within 3 % of perfect"
        got = _captured(planner, share["cost"], perfect["cost"])
        if name not in TARGETS:
            got += f", {100.0 * (planner['cost'] / perfect['cost'] - 1.0):+.1f} %"
        parts.append(
            f"| [{scenario(name, 1, 1).title}](#{_anchor(name)}) | {share['cost']:.1f} | {planner['cost']:.1f} | {perfect['cost']:.1f} "
            f"| {got} "
            f"| {goal} | {planner['satisfied']:.2f} % | {planner['violation_kwh']:.1f} kWh |"
        )
    return parts


def _anchor(name: str) -> str:
    title = scenario(name, 1, 1).title.lower()
    return "".join(letter for letter in title.replace(" ", "-") if letter.isalnum() or letter == "-")


def _scenario(found: list[dict[str, Any]], name: str) -> list[str]:
    rows = means(found, name, STEPS)
    if not rows:
        return []
    told = scenario(name, 1)
    share, perfect = rows.get("equal_share"), rows.get(PERFECT)
    seeds = int(next(iter(rows.values()))["seeds"])
    parts = ["", f"## {told.title}", "", f"{told.days:g} days, means of {seeds} seeds.", ""]
    parts += [
        "| policy | EUR | energy | demand | wear | left over | peak kW | over the limit kWh | satisfied | worst seed | unserved kWh "
        "| own sun | V2X kWh | Jain | changes/h | plan ms | captured |",
        "|" + "---|" * 17,
    ]
    for policy, title in TITLES.items():
        if (row := rows.get(policy)) is None:
            continue
        sun = f"{row['self_consumption']:.0f} %" if "self_consumption" in row else "-"
        plan = f"{row['plan_ms']:.0f}" if "plan_ms" in row else "-"
        part = _captured(row, share["cost"], perfect["cost"]) if share is not None and perfect is not None else "-"
        parts.append(
            f"| {title} | {row['cost']:.1f} | {row['energy_cost']:.1f} | {row['demand_cost']:.1f} | {row['wear_cost']:.1f} "
            f"| {row['stored_cost']:.1f} | {row['peak_kw']:.1f} | {row['violation_kwh']:.1f} | {row['satisfied']:.2f} % "
            f"| {row['worst_satisfied']:.1f} % | {row['unserved_kwh']:.2f} | {sun} | {row['v2x_kwh']:.0f} | {row['jain']:.3f} "
            f"| {row['changes_per_hour']:.1f} | {plan} | {part} |"
        )
    if name == "public_dc":
        parts += ["", "| policy | waits for an outlet, min | at the outlet, min | drove on |", "|---|---|---|---|"]
        for policy, row in rows.items():
            parts.append(f"| {TITLES[policy]} | {row['waited_minutes']:.2f} | {row['plugged_minutes']:.2f} | {row['lost']:.1f} |")
        if "optimum" in (planned := rows.get(PLANNER, {})):
            above = 100.0 * (planned["cost"] / planned["optimum"] - 1.0)
            told_of = (
                f"Beside the cars as the planner served them, its bill is {above:.1f} % above the best that a battery could have done."
            )
            parts += ["", told_of]
    if name == "depot" and {PERFECT, PLANNER} <= rows.keys():
        peaks = {
            (line["policy"], line["seed"]): line["peak_kw"] for line in found if line["scenario"] == name and line["resolution"] == STEPS
        }
        worst = max(peaks[PLANNER, s] / peaks[PERFECT, s] for policy, s in peaks if policy == PLANNER and (PERFECT, s) in peaks)
        parts += ["", f"In {told.days * seeds:.0f} nights the planner's peak is at most {worst:.2f} times that of perfect foresight."]
    return [*parts, "", f"![{told.title}](scenarios/{name}.svg)"]


def _reserve(found: list[dict[str, Any]]) -> list[str]:
    rows = means(found, "fcr", SECONDS)
    if not rows:
        return []
    told = scenario("fcr", 1)
    seeds = int(next(iter(rows.values()))["seeds"])
    parts = ["", f"## {told.title}", "", f"{told.days:g} nights second by second, means of {seeds} seeds; the frequency is made up", ""]
    parts[-2] += " (Ornstein-Uhlenbeck, 18.5 mHz, 240 s; with 120 s errors are 1.4 times as large). Goal: 2 % rms at 2 s."
    parts += [
        "| from meter to car | error rms | worst | mean power | energy kWh | given kWh | wear EUR | earned EUR | held | satisfied |",
        "|" + "---|" * 10,
    ]
    for policy, row in rows.items():
        parts.append(
            f"| {policy} | {row['rms_percent']:.2f} % | {row['worst_percent']:.1f} % | {row['mean_percent']:.1f} % "
            f"| {row['lowest_kwh']:.1f} to {row['highest_kwh']:+.1f} | {row['throughput_kwh']:.1f} | {row['wear_cost']:.2f} "
            f"| {row['revenue']:.2f} | {row['held_percent']:.0f} % | {row['satisfied']:.1f} % |"
        )
    return parts


def _proof(found: list[dict[str, Any]]) -> list[str]:
    parts = [
        "",
        "## Second by second",
        "",
        "| scenario | policy | seeds | days | EUR | peak kW | s over a limit | worst kW | s granted over | satisfied | unserved kWh |",
        "|" + "---|" * 11,
    ]
    count = len(parts)
    for name in NAMES:
        for policy, row in means(found, name, SECONDS).items():
            if name != "fcr":
                parts.append(
                    f"| {scenario(name, 1, 1).title} | {TITLES[policy]} | {row['seeds']:.0f} | {row['days']:g} | {row['cost']:.1f} "
                    f"| {row['peak_kw']:.1f} | {row['seconds_over']:.1f} | {row['worst_over_kw']:.2f} | {row['granted_over']:.1f} "
                    f"| {row['satisfied']:.2f} % | {row['unserved_kwh']:.2f} |"
                )
    return parts if len(parts) > count else []
