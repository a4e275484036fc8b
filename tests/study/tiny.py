"""A studied day so small that its pictures can be reckoned by hand: four steps of a quarter of an hour, two outlets."""

from __future__ import annotations

import copy
from typing import Any

START = 1_780_272_000.0 + 36_000.0
"""Monday, 10:00."""
STEP = 900.0

_STAY = {
    "came": START,
    "plugged": START,
    "left": START + 3_600.0,
    "declared": START + 3_600.0,
    "stored": 10_000.0,
    "target": 14_000.0,
    "reach": 14_000.0,
    "ended": 14_000.0,
    "given": 0.0,
    "capacity": 40_000.0,
    "charge": 8_000.0,
    "discharge": 0.0,
    "floor": 0.0,
    "efficiency": 1.0,
    "chained": False,
    "satisfied": True,
    "planned": [10_000.0, 12_000.0, 14_000.0, 14_000.0],
}
_DOCUMENT = {
    "format": "chargeloop study 1",
    "scenario": "tiny",
    "title": "A tiny site",
    "policy": "planner",
    "seed": 1,
    "days": 1 / 24,
    "currency": "EUR",
    "start": START,
    "step": STEP,
    "plan_step": STEP,
    "figures": {
        "cost": 60.0,
        "energy_cost": 40.0,
        "demand_cost": 18.0,
        "wear_cost": 2.0,
        "stored_cost": 0.0,
        "peak_kw": 10.0,
        "violation_kwh": 0.5,
        "violation_steps": 1,
        "departures": 2,
        "satisfied": 50.0,
        "satisfied_all": 50.0,
        "v2x_kwh": 1.0,
        "self_consumption": None,
    },
    "series": {
        "load": [2_000.0, 2_000.0, 2_000.0, 2_000.0],
        "pv": [0.0, 1_000.0, 1_000.0, 0.0],
        "curtailed": [0.0, 0.0, 500.0, 0.0],
        "grid": [10_000.0, 1_000.0, 5_500.0, -2_000.0],
        "limit": [8_000.0, 8_000.0, None, None],
        "excess": [2_000.0, 0.0, 0.0, 0.0],
        "import_price": [0.2, 0.3, 0.2, 0.1],
        "export_price": [0.05, 0.05, 0.05, 0.05],
        "internal_price": [None, 0.25, 9.0, 0.1],
        "currents": [[20.0, 10.0, 10.0], [2.0, 1.0, 1.0], [13.0, 5.0, 5.0], [-3.0, -3.0, -3.0]],
    },
    "fuse": 16.0,
    "batteries": {"store": {"power": [0.0, 0.0, 0.0, -1_000.0], "stored": [5_000.0, 5_000.0, 5_000.0, 4_750.0]}},
    "evses": {
        "left": {"power": [8_000.0, 0.0, 8_000.0, 0.0], "stored": [12_000.0, 12_000.0, 14_000.0, 14_000.0]},
        "right": {"power": [0.0, 0.0, -4_000.0, -4_000.0], "stored": [None, 30_000.0, 29_000.0, 28_000.0]},
    },
    "stays": [
        {**_STAY, "evse": "left", "user": "Ada"},
        {
            **_STAY,
            "evse": "right",
            "user": "Bob & <b>Co</b>",
            "came": START,
            "plugged": START + STEP,
            "left": START + 3_600.0,
            "declared": START + 5_400.0,
            "stored": 30_000.0,
            "target": 32_000.0,
            "reach": 32_000.0,
            "ended": 28_000.0,
            "given": 2_000.0,
            "discharge": 4_000.0,
            "floor": 10_000.0,
            "satisfied": False,
            "planned": None,
        },
    ],
}


def document(policy: str = "planner", **figures: float) -> dict[str, Any]:
    """A new one, with these figures in the place of its own."""
    made = copy.deepcopy(_DOCUMENT)
    made["policy"] = policy
    made["figures"] |= figures  # type: ignore[operator]
    return made
