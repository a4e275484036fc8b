"""Writes docs/mutants.md, and reads of it what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from tools.mutants.explained import EXPLAINED
from tools.mutants.nets import CHECKERS, NETS
from tools.mutants.operators import OPERATORS
from tools.mutants.run import Trial
from tools.mutants.source import MODULES, Mutant, everything

HEADS = ("where", "operator", "before", "after", "found by")


def cells(mutant: Mutant) -> str:
    """The mutant in its line of the table."""
    number = f" ({mutant.number})" if mutant.number > 1 else ""
    return f"| {mutant.where}{number} | {mutant.operator} | `{mutant.before}` | `{mutant.after}` | "


def row(trial: Trial) -> str:
    """Its line of the table."""
    if trial.mutant is None:
        raise ValueError("the code as it is has no line")
    return f"{cells(trial.mutant)}{f'{trial.net}: {trial.what}' if trial.net else 'nobody'} |"


def known(page: str) -> tuple[list[Trial], int]:
    """The trials of a page whose mutants are still there, and of how many they are."""
    there = {cells(mutant): mutant for mutant in everything()}
    lines = [line.rpartition("` | ") for line in page.splitlines() if line.endswith(" |") and "` | " in line]
    found = []
    for head, bar, tail in lines:
        net, _, what = tail.removesuffix(" |").partition(": ")
        if mutant := there.get(head + bar):
            found.append(Trial(mutant, net if what else "", what))
    return found, len(lines)


def page(seed: int, found: list[Trial]) -> str:
    """The page."""
    mutants = [each.mutant for each in found if each.mutant is not None]
    missed = [each.mutant for each in found if each.mutant is not None and not each.net]
    checked, caught = sum(each.net in CHECKERS for each in found), len(mutants) - len(missed)
    survivors = "\n".join(
        f"- {mutant.where}, {mutant.operator}: `{mutant.before}`, `{mutant.after}`: {EXPLAINED[str(mutant)]}" for mutant in missed
    )
    operators = "\n".join(f"| {name} | {_first(operator.__doc__)} |" for name, operator in OPERATORS.items())
    return f"""# Faults planted in guard and procedures, and who finds them

Written by `make mutants ARGS="--document"`: {len(mutants)} mutants of some {round(len(everything()), -2)}, drawn by seed {seed}. Each is
planted in a process of its own, then the nets look for it, the quick ones first, until one has found it. They look at the code as it is,
too, and must find nothing there. [test_the_page_is_still_true](../tests/hal/test_mutants.py) plays a few of the table again.

| net | what it is |
|---|---|
| law | the set-point law ([tools/setpoints](../tools/setpoints)), over random turns of a guard |
| faults | the fault matrix ([faults.md](faults.md)), one fault of each kind |
| walks | misbehaving cars at random, judged by the checkers of [tools/walks](../tools/walks) |
| tests | the tests of guard and procedures, and some of what uses them |

The first three are checkers, which know the product by its metal alone: they find {checked}. The whole net finds {caught}.

## What is drawn

| operator | what is wrong |
|---|---|
{operators}

Docstrings, annotations, messages, checks of a type and numbers that only make room for rounding are left alone. A mutant is known by
its function and its text; lines move.

## How many, and by whom they were found

{_table("module", found, MODULES, lambda mutant: mutant.module)}

{_table("operator", found, OPERATORS, lambda mutant: mutant.operator)}

## Found by nobody

{survivors or "None."}

## All of them

| {" | ".join(HEADS)} |
|{"---|" * len(HEADS)}
{chr(10).join(map(row, found))}
"""


def _first(doc: str | None) -> str:
    return (doc or "").strip().partition("\n")[0].rstrip(".")


def _table(head: str, found: list[Trial], keys: Iterable[str], of: Callable[[Mutant], str]) -> str:
    """Who found how many, by what `of` says of a mutant."""
    counts = Counter((of(each.mutant), each.net) for each in found if each.mutant is not None)
    lines = [f"| {head} | {' | '.join((*NETS, 'nobody'))} |", f"|---|{'---|' * (len(NETS) + 1)}"]
    for key in keys:
        lines.append(f"| {key} | {' | '.join(str(counts[key, net]) for net in (*NETS, ''))} |")
    return "\n".join(lines)
