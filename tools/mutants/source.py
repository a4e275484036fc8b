"""The code that is mutated, every mutant of it that there is, and the draw of some by a seed.

A mutant is known by its module, function and text, never by a line: code moves. What cannot differ or is only words is none: docstrings,
annotations, messages, checks of a type, numbers that only make room for rounding.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from itertools import islice, zip_longest
from typing import Final, NamedTuple

from tools.mutants.operators import OPERATORS, PACKAGE

MODULES: Final = (
    "hal.guard",
    "hal.ac_guard",
    "hal.watchdog",
    "hal.bounds",
    "procedures.isolate",
    "procedures.precharge",
    "procedures.transfer",
    "procedures.relay",
    "procedures.wind_down",
)
TEXT: Final = 72
"""Signs of code at most that are shown around what has changed."""


class Mutant(NamedTuple):
    """One of them. `number`: of those that read the same in one function."""

    module: str
    function: str
    operator: str
    before: str
    after: str
    number: int = 1

    def rank(self, seed: int) -> str:
        """Its place in the draw of this seed; code that changes elsewhere does not move it."""
        return hashlib.sha256(repr((seed, *self)).encode()).hexdigest()

    @property
    def where(self) -> str:
        """Module and function."""
        return f"{self.module}.{self.function}".rstrip(".")

    def __str__(self) -> str:
        times = f" (number {self.number})" if self.number > 1 else ""
        return f"{self.where}: {self.before}  ->  {self.after}{times}"


class Place(NamedTuple):
    """Where a node hangs: `node` in the field of `parent`, at `at` where that is a list."""

    parent: ast.AST
    field: str
    at: int | None
    node: ast.AST

    def put(self, node: ast.AST) -> None:
        """Hang `node` there."""
        if self.at is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.at] = node


class Edit(NamedTuple):
    """A mutant, the line where it begins, and how it is made."""

    mutant: Mutant
    line: int
    place: Place
    node: ast.AST


def planted(mutant: Mutant) -> ast.Module:
    """The module with the mutant in it. Raises LookupError where there is none such any more."""
    tree, edits = _read(mutant.module)
    edit = next((each for each in edits if each.mutant == mutant), None)
    if edit is None:
        raise LookupError(f"no such mutant any more: {mutant}")
    edit.place.put(edit.node)
    return ast.fix_missing_locations(tree)


@cache
def everything() -> dict[Mutant, int]:
    """All mutants of all modules, and the line of each."""
    return {edit.mutant: edit.line for module in MODULES for edit in _read(module)[1]}


def draw(seed: int, count: int) -> list[Mutant]:
    """Some of them: the first of each module, then each operator in its turn until there are enough."""
    ranked = sorted(everything(), key=lambda mutant: mutant.rank(seed))
    drawn = [next(each for each in ranked if each.module == module) for module in MODULES][:count]
    queues = [[each for each in ranked if each.operator == operator and each not in drawn] for operator in OPERATORS]
    turns = (each for turn in zip_longest(*queues) for each in turn if each is not None)
    drawn += islice(turns, count - len(drawn))
    return sorted(drawn, key=lambda each: (MODULES.index(each.module), everything()[each], each))


def _read(module: str) -> tuple[ast.Module, list[Edit]]:
    """The module, and everything that can be done to it. What two operators do alike is listed once."""
    tree = ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    seen: dict[tuple[str, ...], int] = {}
    shown: set[tuple[int, str]] = set()
    edits = []
    for path, function in _walk(tree, (), ""):
        place = path[-1]
        for operator, other in OPERATORS.items():
            for node in other(place.node):
                around = _around(path)
                before = ast.unparse(around)
                place.put(node)
                after = ast.unparse(node if around is place.node else around)
                place.put(place.node)
                if after == before or (id(around), after) in shown:
                    continue
                shown.add((id(around), after))
                before, after = _shown(place.node, node, before, after)
                key = (module, function, operator, before, after)
                seen[key] = seen.get(key, 0) + 1
                edits.append(Edit(Mutant(*key, seen[key]), getattr(place.node, "lineno", 0), place, node))
    return tree, edits


def _shown(old: ast.AST, new: ast.AST, before: str, after: str) -> tuple[str, str]:
    """Less of what is long: of a function its new end, of a table the line that is missing."""
    if isinstance(old, ast.FunctionDef):
        return "...", after.splitlines()[-1].strip()
    if isinstance(old, ast.Tuple) and isinstance(new, ast.Tuple) and len(before) > TEXT:
        gone = next(each for each in old.elts if each not in new.elts)
        return ast.unparse(gone), "pass"
    return before, after


def _walk(node: ast.AST, path: tuple[Place, ...], function: str) -> Iterator[tuple[tuple[Place, ...], str]]:
    """Every node that may be mutated: the way to it, and the function it stands in."""
    for field, value in ast.iter_fields(node):
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if not isinstance(child, ast.AST) or field in _WORDS or _only_words(node, child):
                continue
            inner = f"{function}.{child.name}".lstrip(".") if isinstance(child, ast.FunctionDef | ast.ClassDef) else function
            here = (*path, Place(node, field, index, child))
            yield here, inner
            yield from _walk(child, here, inner)


_WORDS: Final = frozenset({"annotation", "returns", "decorator_list", "bases", "names", "slice"})
"""Parts of a node in which nothing is planted: what says of which kind a thing is, and which one of a row."""


def _only_words(node: ast.AST, child: ast.AST) -> bool:
    """Is it for people, or a check of a type? What such a check stands before is left as it is, too."""
    match child:
        case ast.JoinedStr() | ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
            return True
        case ast.Raise(exc=ast.Call(func=ast.Name(id="TypeError"))):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="_told"))):
            return True
        case ast.IfExp(test=test) | ast.If(test=test, orelse=[]):
            raises = isinstance(child, ast.If) and isinstance(child.body[0], ast.Raise) and _only_words(child, child.body[0])
            return raises or "isinstance" in ast.unparse(test)
    return isinstance(node, ast.ClassDef) and isinstance(child, ast.Assign)


def _around(path: tuple[Place, ...]) -> ast.AST:
    """The greatest piece of code around the last node of `path` that is still short."""
    shown = path[-1].node
    for place in reversed(path):
        if not isinstance(place.node, ast.expr | ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return | ast.Expr | ast.keyword):
            break
        if len(ast.unparse(place.node)) > TEXT:
            break
        shown = place.node
    return shown
