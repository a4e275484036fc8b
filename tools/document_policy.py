"""Writes docs/policy.md: what is done about deviations and impossible numbers, from the tables that decide it."""

from __future__ import annotations

from pathlib import Path

from iso15118.session.lenience import KNOWN, Deviation
from iso15118.session.sense import Sense

TARGET = Path(__file__).parents[1] / "docs" / "policy.md"


def page() -> str:
    """The page: deviations, then inconsistencies."""
    return f"""# What is accepted of a peer, and what is not

Written by `tools/document_policy.py` from `iso15118/session/lenience.py` and `iso15118/session/sense.py`.

## Known deviations

Each may be accepted or refused by its name: for a charger in the `[evse.lenience]` table of its file, for a car in `[lenience]`, as in
`pre_charge_ended_ongoing = "accept"`. What is accepted is told once a session, by name and requirement; what a charger refuses is
answered with the code and ends the session, what a car refuses ends its session.

| name | read by | the peer | rule | usually | code |
|---|---|---|---|---|---|
{_deviations()}

## Impossible numbers

None of this is configurable. Discharge limits are read by their magnitude first, since both signs are in use. An *error shutdown*
takes the power away before anything is said; what is *clamped* is served as far as every limit allows, and the response tells the truth
about it.

| in | what | done | code | rule |
|---|---|---|---|---|
{_inconsistencies()}
"""


def _deviations() -> str:
    rows = []
    for deviation in Deviation:
        known = KNOWN[deviation]
        usual, code = ("accepted", known.code if known.reader != "car" else "") if known.accepted else ("refused", known.code)
        rows.append(f"| `{deviation}` | {known.reader} | {known.what} | {known.requirement} | {usual} | {code} |")
    return "\n".join(rows)


def _inconsistencies() -> str:
    rules = [row.rule for row in Sense]
    return "\n".join(f"| {r.where} | {r.what} | {r.reaction} | {r.code} | {r.requirement} |" for r in rules)


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
