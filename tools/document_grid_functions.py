"""Writes docs/grid_functions.md and its pictures: the grid-code profiles, where each function runs, the islanding table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from iso15118.der.follow import NEW, Followed, Grid, Rated, follow
from iso15118.der.modes import DerModes
from iso15118.der.words import DerFunctions, DerOrder
from iso15118.grid.curves import Connection, grid_code, imported
from iso15118.grid.frequency_reserve import FCR, droop
from iso15118.grid.islanding import ORDERS, State, diagram
from iso15118.grid.paragraph_14a import FACTORS, minimum_power
from iso15118.grid.profile import CONFIDENCES, PLACES, Function, Number, Profile, profile, shipped
from iso15118.value import replace

DOCS = Path(__file__).parents[1] / "docs"

MEANING = {
    "inverter": "Ours, of a DC outlet: it is set up for the curve (no driver writes one yet) and follows it by its own measurement. "
    "Trips and ride-through are only here, in a car's inverter, and in the relays around them.",
    "car": "The inverter is in the car: AC_DER_IEC or AC_DER_SAE tells it ([der.md](der.md)), it follows by its own measurement.",
    "python": "`grid.curves.support` computes the set-point for one turn of the charge loop, which comes each 0.1 to 1 s: slower "
    "than the codes want. A *support*, no compliance.",
}
TOLD = {
    "over_frequency_watt": (DerFunctions.OVER_FREQUENCY_WATT, DerModes.FREQUENCY_DROOP),
    "under_frequency_watt": (DerFunctions.UNDER_FREQUENCY_WATT, DerModes.FREQUENCY_DROOP),
    "volt_var": (DerFunctions.VOLT_VAR, DerModes.VOLT_VAR),
    "volt_watt": (DerFunctions.VOLT_WATT, DerModes.VOLT_WATT),
    "watt_var": (DerFunctions.WATT_VAR, DerModes.WATT_VAR),
    "watt_cos_phi": (DerFunctions.WATT_COS_PHI, None),
    "fixed_cos_phi": (DerFunctions.DSO_COS_PHI_SETPOINT, DerModes.FIXED_POWER_FACTOR_ABSORBING | DerModes.FIXED_POWER_FACTOR_INJECTING),
    "fixed_q": (DerFunctions.DSO_Q_SETPOINT, DerModes.FIXED_VAR),
    "trip_over_voltage": (None, DerModes.HIGH_VOLTAGE_MUST_TRIP),
    "trip_under_voltage": (None, DerModes.LOW_VOLTAGE_MUST_TRIP),
    "trip_over_frequency": (None, DerModes.HIGH_FREQUENCY_MUST_TRIP),
    "trip_under_frequency": (None, DerModes.LOW_FREQUENCY_MUST_TRIP),
    "ride_through_under_voltage": (DerFunctions.UNDER_VOLTAGE_RIDE_THROUGH, None),
    "ride_through_over_voltage": (DerFunctions.OVER_VOLTAGE_RIDE_THROUGH, None),
}
"""By what a car is told of a function: AC_DER_IEC, AC_DER_SAE."""


def pages() -> dict[str, str]:
    """The files in docs/, by name."""
    found = {"grid_functions.md": page()}
    for name in shipped():
        found[f"grid_functions_{name}.svg"] = picture(profile(name))
    return found


def page() -> str:
    """The page."""
    profiles = "\n\n".join(_profile(name) for name in shipped())
    told = "\n".join(f"| {name} | {_flags(iec)} | {_flags(sae)} |" for name, (iec, sae) in TOLD.items())
    confidences = "; ".join(f"**{key}** {meaning}" for key, meaning in CONFIDENCES.items())
    places = "\n".join(f"| {place} | {MEANING[place]} |" for place in PLACES)
    orders = "\n".join(f"| {state} | {_orders(state)} |" for state in State)
    factors = " | ".join(str(count) for count in FACTORS)
    return f"""# Functions of the grid

Written by `tools/document_grid_functions.py` from `iso15118/grid/` and its profiles. The functions are pure, and a library so far: no
service calls them by itself. A profile is data, not a certificate: what a connection needs is said by its grid operator.

## Where a function runs

| where | what that means |
|---|---|
{places}

All three use one evaluator, `iso15118/der/follow.py`: the simulated car's inverter each 10 ms, `support` turn by turn. In it, whatever asks
for less comes first: out of service, not measured or beyond the voltages, nothing is given; frequency above, voltage above and all limits
of discharge, the lowest counts; then frequency below; then the wish, whose ramp never slows a cut. Above a frequency a storage goes from
giving on into taking, below one from taking on into giving; AC_DER_IEC and AC_DER_SAE have no word for that, and a car that is told the
curve only gives, or takes, less.

| function | AC_DER_IEC (DERControlFunctions) | AC_DER_SAE (modes) |
|---|---|---|
{told}

## Profiles

In a profile powers count as in the codes: + is export, reactive power is + where it is given to the grid. `grid.curves.imported` turns
that round, there and nowhere else. Un is nominal from phase to neutral, Sn and Pn are rated, Qmax is `q_max` of Sn. A figure with a range
may be set within it, one without is fixed. *Off*: until the grid operator asks for it. Confidence: {confidences}.

{profiles}

## Back to the grid, and away from it

`grid.reconnect`: on a grid inside the window of `start`, after a trip inside that of `reconnect`, for `delay`; then power comes back
along the ramp. `grid.anti_islanding` says a trip when the meter has been silent for 1 s, beyond the first stages of voltage and
frequency, and where the frequency changes faster than what is to be ridden through; then nothing is given within 2 s, by a loop of 0.5 s.
The car's and the inverter's own detection, and the guard ([safety.md](safety.md)), are what counts.

## Islands

`grid.islanding`: a break before a make. What an island takes: a transfer switch that confirms that it is open, an earthed neutral, a
supply for the black start, a vehicle that forms a grid (GeneratorMode 2, GridForming) and knows that it is islanded. Without all of it
nothing is given while the grid is gone. A vehicle is not emptied below its V2X minimum and a reserve; PV is held back by a frequency from
50.2 Hz on.

```mermaid
{diagram()}
```

| state | transfer switch ordered | energy given | vehicle |
|---|---|---|---|
{orders}

## Frequency reserve

`grid.frequency_reserve`: nothing up to {FCR.dead_band * 1e3:g} mHz off, then {abs(droop(FCR.nominal - 0.1)) * 100:g} % of the reserve at
100 mHz and all of it at {FCR.full * 1e3:g} mHz. A vehicle holds ready what it has power for, both ways from its baseline, and energy for
a quarter of an hour; at most 1/1.25 of its rated power. The reserve is shared in proportion.

## § 14a EnWG

`grid.paragraph_14a` (confidence K), kW that the controllable consumers together may draw, by their number; own generation comes on top. A
heat pump or air conditioning above 11 kW counts 0.4 of its power in place of the first 4.2 kW. States, heartbeat and log are in
`grid.lpc`.

| consumers | {factors} or more |
|---|{"---|" * len(FACTORS)}
| factor | {" | ".join(f"{factor:g}" for factor in FACTORS.values())} |
| kW | {" | ".join(f"{minimum_power(count) / 1e3:.2f}" for count in FACTORS)} and more |
"""


def _flags(flags: DerFunctions | DerModes | None) -> str:
    return "" if flags is None else ", ".join(f"{flag.name}" for flag in flags)


def _orders(state: State) -> str:
    orders = ORDERS[state]
    words = "closed" if orders.switch_closed else "open", "yes" if orders.discharge else "no", "forms" if orders.forming else "follows"
    return " | ".join(words)


def _profile(name: str) -> str:
    code = profile(name)
    rows = "\n".join(f"| {key} | {_figures(function)} |" for key, function in code.functions.items())
    return f"""### {code.name} (`{name}`)

![Curves of {code.name}](grid_functions_{name}.svg)

| function | figures (allowed) | source | confidence | where | |
|---|---|---|---|---|---|
{rows}"""


def _figures(function: Function) -> str:
    numbers = function.numbers.values()
    figures = "; ".join(f"`{key}` {_figure(number)}" for key, number in function.numbers.items())
    sources, confidences = (", ".join(dict.fromkeys(words)) for words in ((n.source for n in numbers), (n.confidence for n in numbers)))
    note = "; ".join(each for each in ("" if function.enabled else "*off*", function.note) if each)
    return f"{figures} | {sources} | {confidences} | {', '.join(function.where)} | {note}"


def _figure(number: Number) -> str:
    unit = "" if number.unit == "1" else f" {number.unit}"
    return f"{number.value:g}{unit}" + ("" if number.low == number.high else f" ({number.low:g} to {number.high:g})")


# The pictures: what the evaluator makes of each profile, once every lag has settled.

AT = Connection(230.0, 10e3, 10e3)
RATED = Rated(10e3, 10e3, charge=10e3)
WIDTH, HEIGHT = 230, 170
STEPS = 230


def picture(code: Profile) -> str:
    """The curves of a profile, a panel each, as an SVG."""
    f = code.nominal_frequency

    def settled(function: str, wish: float, voltage: float = 1.0, frequency: float = f) -> Followed:
        volts = voltage * AT.voltage
        order = DerOrder(replace(grid_code(code, AT, (function,)), protection=None))
        return follow(order, imported(wish * AT.discharge), 0.0, Grid(volts, volts, volts, frequency), RATED, NEW, 1e6)

    def power(found: Followed) -> float:
        return imported(found.active) / AT.discharge * 100.0

    def reactive(found: Followed) -> float:
        return imported(found.reactive) / AT.apparent * 100.0

    panels: list[tuple[str, str, float, float, Callable[[float], float]]] = [
        (
            "P(f), at rest",
            "Hz",
            f - 2.5,
            f + 2.5,
            lambda x: power(settled("over_frequency_watt" if x > f else "under_frequency_watt", 0.0, frequency=x)),
        ),
        ("Q(U)", "Un", 0.85, 1.15, lambda x: reactive(settled("volt_var", 0.5, voltage=x))),
        ("P(U), from all", "Un", 0.95, 1.15, lambda x: power(settled("volt_watt", 1.0, voltage=x))),
    ]
    by_power = next(name for name in ("watt_var", "watt_cos_phi") if name in code.functions)
    panels.append(("Q(P)", "Pn", 0.0, 1.0, lambda x: reactive(settled(by_power, x))))
    drawn = "\n".join(_panel(place, *panel) for place, panel in enumerate(panels))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH * len(panels)} {HEIGHT}" font-family="sans-serif" font-size="10">\n'
        f'<rect width="{WIDTH * len(panels)}" height="{HEIGHT}" fill="white"/>\n{drawn}\n</svg>\n'
    )


def _panel(place: int, title: str, unit: str, low: float, high: float, y: Callable[[float], float]) -> str:
    """`y` in percent, + is export, from -100 to 100."""
    left, right, top, bottom = place * WIDTH + 30, place * WIDTH + WIDTH - 10, 24, HEIGHT - 22
    middle = (top + bottom) / 2

    def spot(step: int) -> str:
        x = low + (high - low) * step / STEPS
        return f"{left + (right - left) * step / STEPS:.1f},{middle - y(x) / 100.0 * (bottom - top) / 2:.1f}"

    points = " ".join(spot(step) for step in range(STEPS + 1))
    return "\n".join(
        [
            f'<text x="{left}" y="14">{title}, % exported</text>',
            f'<path d="M{left},{top}V{bottom}H{right}M{left},{middle}H{right}" stroke="#999" fill="none"/>',
            f'<text x="{left - 26}" y="{top + 4}">100</text><text x="{left - 12}" y="{middle + 4}">0</text>'
            f'<text x="{left - 28}" y="{bottom + 4}">-100</text>',
            f'<text x="{left}" y="{bottom + 14}">{low:g} {unit}</text>'
            f'<text x="{right}" y="{bottom + 14}" text-anchor="end">{high:g} {unit}</text>',
            f'<polyline fill="none" stroke="#1f6feb" stroke-width="1.5" points="{points}"/>',
        ]
    )


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
