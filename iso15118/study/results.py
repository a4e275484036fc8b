"""Results as other programs read them: a whole run as one JSON document."""

from __future__ import annotations

from typing import Any, Final

from iso15118.study.metrics import Row, satisfied
from iso15118.study.record import Outcome, Record
from iso15118.study.scenarios import Scenario

FORMAT: Final = "chargeloop study 1"


def document(told: Scenario, policy: str, record: Record, figures: Row) -> dict[str, Any]:
    """All that was seen of a run. Series have one value for each step of `step` s from `start` (s since the epoch) on; what was
    `planned` of a stay, one for each `plan_step` s.

    W, + import and into cars and batteries (photovoltaics: magnitude); Wh in batteries; A; prices of a kWh.
    """
    prices, count = told.prices, len(record.grid)

    def price(series: Any) -> list[float]:
        return list(series.sampled(record.start, record.step, count, lambda moment: series.values[-1]))

    return {
        "format": FORMAT,
        "scenario": told.name,
        "title": told.title,
        "policy": policy,
        "seed": told.seed,
        "days": told.days,
        "currency": prices.currency,
        "start": record.start,
        "step": record.step,
        "plan_step": told.step,
        "figures": figures,
        "series": {
            "load": record.load,
            "pv": record.pv,
            "curtailed": record.curtailed,
            "grid": record.grid,
            "limit": record.limit,
            "excess": record.excess,
            "import_price": price(prices.import_price),
            "export_price": price(prices.export_price),
            "internal_price": record.internal,
            "currents": record.currents,
        },
        "fuse": told.site.root.fuse,
        "batteries": {name: {"power": powers, "stored": record.stored[name]} for name, powers in record.batteries.items()},
        "evses": {name: {"power": powers, "stored": record.cars[name]} for name, powers in record.evses.items()},
        "stays": [_stay(stay, record) for stay in record.outcomes],
    }


def _stay(stay: Outcome, record: Record) -> dict[str, Any]:
    told = {name: getattr(stay, name) for name in Outcome.__fields__}
    return told | {"satisfied": satisfied(stay), "planned": record.planned.get((stay.evse, stay.plugged))}
