"""Documents of `results`, read from files that anybody may have written, and brought together: what reports and pictures show."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any, Final

from iso15118.errors import LocalError
from iso15118.study.metrics import Row
from iso15118.study.record import Outcome
from iso15118.study.results import FORMAT
from iso15118.units import Ampere, Second, Watt, WattHour
from iso15118.value import Value

Line = tuple[float, ...]
Gaps = tuple[float | None, ...]
BASELINES: Final = ("unmanaged", "equal_share", "perfect")
"""What others are compared with, in the order of reports."""
_TOTALS: Final = ("cost", "energy_cost", "demand_cost", "wear_cost", "stored_cost", "peak_kw", "violation_kwh", "satisfied")
"""Figures that no report can do without."""


class Stay(Outcome, kw_only=True):
    """A stay that is over, and what the first plan made of it."""

    satisfied: bool
    planned: Line | None
    """Wh at the end of each step of the plan from `plugged` on; None: there was no plan."""


class Study(Value, kw_only=True):
    """A run. Each line has one value a step: W, + import and into cars and batteries (`pv`: magnitude); A; prices of a kWh."""

    title: str
    scenario: str
    policy: str
    seed: int
    currency: str
    start: Second
    """Since the epoch; the site's own clock is UTC."""
    step: Second
    plan_step: Second
    """Of the stays' plans."""
    figures: Row
    load: Line
    pv: Line
    """What the sun would have given."""
    curtailed: Line
    """What of it was not taken."""
    grid: Line
    limit: Gaps
    """At the connection; None: none."""
    excess: Line
    import_price: Line
    export_price: Line
    internal_price: Gaps
    currents: tuple[tuple[Ampere, Ampere, Ampere], ...]
    fuse: Ampere | None
    batteries: Mapping[str, Line]
    evses: Mapping[str, Line]
    cars: Mapping[str, Gaps]
    """Wh in the car at each outlet at the end of each step; None: none is there."""
    stays: tuple[Stay, ...]

    @property
    def end(self) -> Second:
        """Of the last step."""
        return self.start + self.step * len(self.grid)

    @property
    def generated(self) -> Line:
        """W that the sun gave."""
        return tuple(pv - lost for pv, lost in zip(self.pv, self.curtailed, strict=True))

    @property
    def cars_power(self) -> Line:
        """W of all outlets together."""
        return summed(self.evses.values(), len(self.grid))

    @property
    def battery_power(self) -> Line:
        """W of all batteries together."""
        return summed(self.batteries.values(), len(self.grid))

    def total(self, figure: str) -> float:
        """A figure that each document has."""
        return float(self.figures[figure] or 0.0)

    def course(self, stay: Stay) -> list[tuple[Second, WattHour]]:
        """What was in a car, from plugging in until it left."""
        seen = [(stay.plugged, stay.stored)]
        first = int((stay.plugged - self.start) // self.step)
        for k, stored in enumerate(self.cars.get(stay.evse, ())[max(0, first) :], max(0, first)):
            end = self.start + (k + 1) * self.step
            if stored is None or end > stay.left + 1e-6:
                break
            seen.append((end, stored))
        return [*seen, (stay.left, stay.ended)] if seen[-1][0] < stay.left else seen


def summed(lines: Iterable[Line], count: int) -> Line:
    """Value by value; zeros where there are none."""
    return tuple(map(sum, zip(*lines, strict=True))) or (0.0,) * count


def read(path: Path) -> Study:
    """The document in a file. Raises LocalError, in one line, for one that cannot be read or is not whole."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LocalError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise LocalError(f"{path}: is no JSON: {error}") from None
    try:
        return study(told)
    except LocalError as error:
        raise LocalError(f"{path}: {error}") from None


def study(told: Any) -> Study:
    """A document. Raises LocalError naming what is missing or wrong in it."""
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise LocalError(f"is no study: `format` has to be {FORMAT!r} (chargeloop site simulate --json writes it)")
    made: dict[str, Any] = {}
    with _at("the document"):
        made |= {name: str(told[name]) for name in ("title", "scenario", "policy", "currency")}
        made |= {name: _number(told[name]) for name in ("seed", "start", "step", "plan_step")} | {
            "fuse": _number(told["fuse"], optional=True)
        }
        series, batteries, evses, stays, figures = (told[name] for name in ("series", "batteries", "evses", "stays", "figures"))
    with _at("series"):
        count = len(series["grid"])
        if not count or made["step"] <= 0.0 or made["plan_step"] <= 0.0:
            raise ValueError("there is no step, or none of any length")
    for name in ("load", "pv", "curtailed", "grid", "excess", "import_price", "export_price", "limit", "internal_price"):
        optional = name in ("limit", "internal_price")
        with _at(f"series.{name}"):
            made[name] = _line((None,) * count if optional and series[name] is None else series[name], count, optional=optional)
    with _at("series.currents"):
        made["currents"] = tuple(_line(current, 3) for current in series["currents"])
        if len(made["currents"]) != count:
            raise ValueError(f"{len(made['currents'])} values in the place of {count}")
    with _at("batteries"):
        made["batteries"] = {str(name): _line(battery["power"], count) for name, battery in batteries.items()}
    with _at("evses"):
        made["evses"] = {str(name): _line(evse["power"], count) for name, evse in evses.items()}
        made["cars"] = {str(name): _line(evse["stored"], count, optional=True) for name, evse in evses.items()}
    with _at("stays"):
        made["stays"] = tuple(map(_stay, stays))
    with _at("figures"):
        made["figures"] = dict(figures) | {name: _number(figures[name]) for name in _TOTALS}
    return Study(**made)


@contextmanager
def _at(place: str) -> Iterator[None]:
    try:
        yield
    except KeyError as error:
        raise LocalError(f"is no whole study: {place} lacks {error}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise LocalError(f"is no whole study: {place}: {error}") from None


def _number(value: Any, *, optional: bool = False) -> float | None:
    if (value is None and optional) or (isinstance(value, int | float) and isfinite(value)):
        return value
    raise ValueError(f"{value!r} is no number")


def _line(values: Sequence[Any], count: int, *, optional: bool = False) -> Gaps:
    if len(values) != count:
        raise ValueError(f"{len(values)} values in the place of {count}")
    return tuple(_number(value, optional=optional) for value in values)


def _stay(told: dict[str, Any]) -> Stay:
    words = ("evse", "user")
    marks = ("chained", "satisfied")
    made: dict[str, Any] = {name: str(told[name]) for name in words} | {name: bool(told[name]) for name in marks}
    made |= {name: _number(told[name]) for name in Outcome.__fields__ if name not in made}
    planned = told["planned"]
    made["planned"] = None if planned is None else _line(planned, len(planned))
    return Stay(**made)


def arranged(studies: Sequence[Study]) -> tuple[Study, tuple[Study, ...]]:
    """The one a report is about, the first that is no baseline, and those it is compared with. Raises LocalError for other days, or
    two of one policy."""
    if not studies:
        raise LocalError("a report needs a study: chargeloop site simulate --json writes one")
    main = next((one for one in studies if one.policy not in BASELINES), studies[0])
    policies = [one.policy for one in studies]
    for one in studies:
        if (one.scenario, one.seed, one.start, one.end) != (main.scenario, main.seed, main.start, main.end):
            raise LocalError(f"{one.policy} is a study of other days than {main.policy}: one report needs one scenario, seed and length")
        if policies.count(one.policy) > 1:
            raise LocalError(f"there are two studies of {one.policy}: one report shows each policy once")
    rank = {policy: place for place, policy in enumerate(BASELINES)}
    return main, tuple(sorted((one for one in studies if one is not main), key=lambda one: rank.get(one.policy, len(rank))))


def called(policy: str) -> str:
    """A policy in words."""
    return {"planner": "planned", "perfect": "perfect foresight"}.get(policy, policy.replace("_", " "))


def kilowatts(watts: Sequence[Watt]) -> list[float]:
    """The same in kW."""
    return [watt / 1e3 for watt in watts]
