"""Draws docs/der.svg: a car that gives 8 kW while the frequency of the grid rises and falls, in virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path

from iso15118.der.words import FrequencyWatt, GridCode, Response
from iso15118.energy import Budget
from iso15118.hal.board import AC_BOARD
from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import Pair, run_pair
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode, ServiceID, Variants, service_of

CODE = GridCode(over_frequency_watt=FrequencyWatt(50.2, 50.2, 40.0, response=Response(1.0, pt1=True)))
"""Figures of the picture, of no grid operator."""
FROM, UNTIL = 10.0, 50.0
WIDTH, HEIGHT = 720, 300


def frequency(t: float) -> float:
    """Hz: up to 51.7 in 15 s from 15 s on, and back."""
    return 50.0 + 1.7 * max(0.0, min(1.0, (t - 15.0) / 15.0, (48.0 - t) / 15.0))


def samples() -> list[tuple[float, float, float]]:
    """(s, Hz, W) of a whole session."""
    seen: list[tuple[float, float, float]] = []

    def prepare(pair: Pair) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()

        def look() -> None:
            t = loop.time() - began
            pair.outlet.plant.faults.grid_frequency = frequency(t)
            if FROM <= t <= UNTIL:
                reading = pair.actuator.reading.ac
                seen.append((t, frequency(t), reading.value.active.total if reading else 0.0))
            loop.call_later(0.2, look)

        look()

    service = service_of(ServiceID.AC_DER_IEC, variants=Variants(der_functions=CODE.functions))
    charger = EvseConfig(board=AC_BOARD, session=secc.Config(services=(service,)), budget=Budget(11e3, 11e3, target=-8e3), grid_code=CODE)
    wants = evcc.Config(services=(ServiceID.AC_DER_IEC,), control_modes=(ControlMode.DYNAMIC,))
    run_pair(charger, CarConfig(session=wants, plan=(Leg(60.0, 0.0),)), prepare=prepare)
    return seen


def line(points: list[tuple[float, float]], low: float, high: float, colour: str) -> str:
    """A polyline of (s, value) between `low` and `high`."""
    spots = (
        f"{60 + (t - FROM) / (UNTIL - FROM) * (WIDTH - 120):.1f},{HEIGHT - 40 - (value - low) / (high - low) * (HEIGHT - 80):.1f}"
        for t, value in points
    )
    return f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(spots)}"/>'


def picture() -> str:
    """The SVG."""
    seen = samples()
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            line([(t, hertz) for t, hertz, _ in seen], 49.8, 51.8, "#1f6feb"),
            line([(t, -watts) for t, _, watts in seen], 0.0, 9e3, "#c0392b"),
            '<text x="60" y="24" fill="#1f6feb">frequency, 49.8 to 51.8 Hz</text>',
            '<text x="300" y="24" fill="#c0392b">power given by the car, 0 to 9 kW</text>',
            f'<text x="60" y="{HEIGHT - 14}">{FROM:g} s</text><text x="{WIDTH - 90}" y="{HEIGHT - 14}">{UNTIL:g} s</text>',
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    (Path(__file__).parents[1] / "docs" / "der.svg").write_text(picture())
