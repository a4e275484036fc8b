"""The scenario table: every policy on every scenario for some seeds. A run is a line of JSON, so that one can break off and go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from statistics import mean
from time import perf_counter
from typing import Any, Final

from iso15118.errors import LocalError
from iso15118.study.baselines import BASELINES, planner, studied
from iso15118.study.controller import Tuning
from iso15118.study.metrics import Row, row
from iso15118.study.perfect import best
from iso15118.study.proof import prove
from iso15118.study.record import Record
from iso15118.study.reserve import follow
from iso15118.study.results import document
from iso15118.study.run import Progress, simulate
from iso15118.study.scenarios import NAMES, Scenario, perfect, scenario
from iso15118.value import Value

PERFECT: Final = "perfect"
FORESEEN: Final = "foreseen"
"""The planner with forecasts that come true."""
PLANNER: Final = "planner"
POLICIES: Final = (*BASELINES, PERFECT, FORESEEN, PLANNER)
PROVED: Final = ("equal_share", PLANNER)
PROOF_DAYS: Final = 2
LAGS: Final = (1, 2, 5)
STEPS: Final = "steps"
SECONDS: Final = "seconds"


class Task(Value):
    """One run."""

    scenario: str
    policy: str
    seed: int
    resolution: str = STEPS
    days: int | None = None

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What tells it from others."""
        return self.scenario, self.policy, self.seed, self.resolution


def tasks(seeds: int, proofs: int, names: tuple[str, ...] = NAMES) -> Iterator[Task]:
    """In the order in which they are done: what is broken off early has few seeds of everything rather than much of little."""
    ordinary = [name for name in names if name != "fcr"]
    for seed in range(1, max(seeds, proofs) + 1):
        if seed <= seeds:
            yield from (Task(name, policy, seed) for name in ordinary for policy in POLICIES)
            if "fcr" in names:
                yield from (Task("fcr", f"lag {lag} s", seed, SECONDS) for lag in LAGS)
        if seed <= proofs:
            yield from (Task(name, policy, seed, SECONDS, PROOF_DAYS) for name in ordinary for policy in PROVED)


def best_of(told: Scenario) -> Record:
    """The best there can be. Where cars are served first, that of the batteries beside what an equal share gives the cars."""
    if not told.objective.serve_first:
        return best(told)
    return _beside(told, simulate(told, studied("equal_share")))


def _beside(told: Scenario, served: Record) -> Record:
    """The best that batteries could have done beside cars that are served so."""
    found = best(told, served.evses)
    found.outcomes, found.cars, found.lost = served.outcomes, served.cars, served.lost
    return found


def run(told: Scenario, policy: str, progress: Progress | None = None) -> tuple[Scenario, Record]:
    """One policy by its name in the table, in the steps of plans; the scenario as it was told to it, and what happened."""
    if policy == PERFECT:
        return told, best_of(told)
    if policy == FORESEEN:
        told = perfect(told)
        return told, simulate(told, planner(told), Tuning(foresees_departures=True), progress)
    return told, simulate(told, planner(told) if policy == PLANNER else studied(policy), None, progress)


def done(task: Task, folder: Path | None = None) -> dict[str, Any]:
    """The line of a task. Of the first seed the whole document is kept in `folder` as well."""
    began = perf_counter()
    told = scenario(task.scenario, task.seed, task.days)
    figures: Row
    if task.scenario == "fcr":
        figures = follow(told, planner(told), int(task.policy.split()[1]))
    elif task.resolution == SECONDS:
        record, seconds = prove(told, planner(told) if task.policy == PLANNER else studied(task.policy))
        figures = {**row(told, record), **seconds}
    else:
        told, record = run(told, task.policy)
        figures = row(told, record)
        if told.objective.serve_first and task.policy == PLANNER:
            figures["optimum"] = row(told, _beside(told, record))["cost"]
        if task.seed == 1 and folder is not None:
            path = folder / f"{task.scenario}-{task.policy}.json"
            path.write_text(json.dumps(document(told, task.policy, record, figures)), encoding="utf-8")
    head = {"scenario": task.scenario, "policy": task.policy, "seed": task.seed, "resolution": task.resolution, "days": told.days}
    return head | figures | {"took_s": perf_counter() - began}


def lines(path: Path) -> list[dict[str, Any]]:
    """What has been done so far. A last line that was cut off is left out. Raises LocalError on one that is no JSON elsewhere."""
    if not path.exists():
        return []
    found, told = [], path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(told, 1):
        try:
            found.append(json.loads(line))
        except ValueError:
            if number < len(told):
                raise LocalError(f"{path}, line {number}: no JSON; remove the line, or the file to begin anew") from None
    return found


def key_of(line: dict[str, Any]) -> tuple[str, str, int, str]:
    """Of which task a line is."""
    return line["scenario"], line["policy"], line["seed"], line["resolution"]


def fill_table(path: Path, wanted: list[Task], jobs: int, progress: Progress | None = None) -> None:
    """Do what is not there yet, each as a line at the end of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = lines(path)
    path.write_text("".join(json.dumps(line) + "\n" for line in known), encoding="utf-8")
    there = {key_of(line) for line in known}
    missing = [task for task in wanted if task.key not in there]
    count = len(wanted) - len(missing)
    with ProcessPoolExecutor(jobs) as pool, path.open("a", encoding="utf-8") as file:
        pending: set[Future[dict[str, Any]]] = {pool.submit(done, task, path.parent) for task in missing}
        while pending:
            ready, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in ready:
                file.write(json.dumps(future.result()) + "\n")
                file.flush()
                count += 1
                if progress is not None:
                    progress(count, len(wanted))


def means(found: list[dict[str, Any]], name: str, resolution: str = STEPS) -> dict[str, dict[str, float]]:
    """By policy: the mean of each figure over the seeds that all policies of the scenario have, and how many these are (`seeds`)."""
    mine = [line for line in found if line["scenario"] == name and line["resolution"] == resolution]
    policies = dict.fromkeys(line["policy"] for line in mine)
    seeds = set.intersection(*({line["seed"] for line in mine if line["policy"] == policy} for policy in policies)) if policies else set()
    table = {}
    for policy in policies if seeds else ():
        chosen = [line for line in mine if line["policy"] == policy and line["seed"] in seeds]
        names = [key for key, value in chosen[0].items() if isinstance(value, int | float) and key not in ("seed",)]
        table[policy] = {key: mean(line[key] for line in chosen) for key in names if all(line.get(key) is not None for line in chosen)}
        table[policy]["seeds"] = len(seeds)
        table[policy]["worst_satisfied"] = min((line["satisfied"] for line in chosen if "satisfied" in line), default=100.0)
    return table
