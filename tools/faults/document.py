"""Writes docs/faults.md: a line for each fault, with the longest times of all its cells."""

from __future__ import annotations

from itertools import product

from tools.faults.catalogue import BREAKAGES, LIMITS, Breakage, Severity
from tools.faults.play import PHASES, Cell, cell

HEADS = ("fault", "class", "latched", "< 5 A", "open", "< 60 V", "cells")


def cells(breakage: Breakage) -> list[Cell]:
    """In every phase, charging and discharging."""
    return [cell(breakage, phase, discharging) for phase, discharging in product(PHASES, (False, True))]


def row(breakage: Breakage, found: list[Cell]) -> str:
    """Its line of the table: the longest of the cells in which energy flowed, charging or discharging."""
    flowed = [each for each in found if each.flowed]
    times = [max(each[i] for each in flowed) for i in range(3)]
    held = (True, breakage.opens, breakage.discharges)
    shown = [f"{took:.2f} s" if holds else "" for took, holds in zip(times, held, strict=True)]
    if breakage.severity is Severity.WARNING:
        shown = ["", "", ""]
    latched = "" if breakage.latched is None else breakage.latched.value
    return f"| {' | '.join((breakage.name, breakage.severity.name.lower(), latched, *shown, str(len(found))))} |"


def page(rows: list[str]) -> str:
    """The page."""
    lines = ((severity.name.lower(), _MEANT[severity], *(f"{most:g} s" for most in bounds)) for severity, bounds in LIMITS.items())
    classes = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"""# What breaks, and what becomes of metal

Written by `make faults ARGS="--document"`, which plays {len(BREAKAGES)} faults in {len(PHASES)} phases of a DC_BPT session,
charging and discharging, in virtual time, over the simulated plant. [test_a_fault_in_every_phase](../tests/pair/test_faults.py) holds each
cell against its class, and each line of the table against what was played.

| class | what comes of it | < 5 A | contactor open | < 60 V |
|---|---|---|---|---|
{classes}
| warning | the session goes on, if with less, and ends in order | | | |

The bounds count from the fault where energy flows, else from the moment at which the guard finds it: what breaks at rest is found when it
is needed. A measurement that does not come any more is a fault after 1 s, a contactor that does not follow after 0.2 s: so much later
everything is. What is latched keeps the outlet off until it is reset: with the next session, or by a person (emergency stop, contactor,
over-voltage, over-current, supply). Somebody hears of each: the car by a code, people by a note in the journal.

The times are the longest of the cells in which energy flowed. Where the place is empty, the fault is that it cannot be so (a welded
contactor), or somebody else holds the voltage (a battery whose car has not heard of it).

| {" | ".join(HEADS)} |
|{"---|" * len(HEADS)}
{chr(10).join(rows)}

These are functional figures of software, and no safety case: what protects people acts by itself.
"""


_MEANT = {
    Severity.EMERGENCY: "the contactor opens, whatever the car says",
    Severity.ERROR: "the current goes down, the session ends",
    Severity.NORMAL: "the car is told, or it is its doing",
}
