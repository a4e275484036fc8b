"""What may be wrong with a node of the code: for each way of being wrong the nodes that could stand in its place.

An operator yields; it knows nothing of where the node stands. Neighbour: `source`, which walks the code and puts them in.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

PACKAGE: Final = Path(__file__).parents[2] / "iso15118"
SLACK: Final = 1e-6
"""A number smaller than this only makes room for rounding, and is left alone."""
ENUMS: Final = ("errors.py", "power.py", "hal/protocols.py", "procedures/isolate.py")
"""Where the words are that may be mistaken for each other."""
SIDES: Final = (("charge", "discharge"), ("min", "max"), ("ours", "theirs"), ("lowest", "highest"))
"""Names that differ in one of these are mistaken for each other."""
NUMBERS: Final = frozenset({"float", "int", "Volt", "Ampere", "Watt", "Second"})

Stand: TypeAlias = Iterator[ast.AST]
_EDGES: Final = ((ast.Lt, ast.LtE), (ast.Gt, ast.GtE))
_TURNS: Final = ((ast.Lt, ast.Gt), (ast.LtE, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn))
_SUMS: Final = ((ast.Add, ast.Sub), (ast.Mult, ast.Div))


def edge(node: ast.AST) -> Stand:
    """`<` for `<=`, `>` for `>=`, and the other way round."""
    yield from _compared(node, _EDGES)


def turned(node: ast.AST) -> Stand:
    """`<` for `>`, `is` for `is not`."""
    yield from _compared(node, _TURNS)


def logic(node: ast.AST) -> Stand:
    """`and` for `or`; `not` forgotten."""
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            yield ast.BoolOp(ast.Or(), values)
        case ast.BoolOp(values=values):
            yield ast.BoolOp(ast.And(), values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand


def condition(node: ast.AST) -> Stand:
    """One that always holds, or never does."""
    if isinstance(node, ast.Compare | ast.BoolOp) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
        yield ast.Constant(True)
        yield ast.Constant(False)


def operand(node: ast.AST) -> Stand:
    """One condition of several forgotten, or one value of a minimum or maximum."""
    match node:
        case ast.BoolOp(op=op, values=values):
            for kept in _without_one(values):
                yield kept[0] if len(kept) == 1 else ast.BoolOp(op, kept)
        case ast.Call(func=ast.Name(id="min" | "max") as name, args=[_, _, *_] as values):
            for kept in _without_one(values):
                yield kept[0] if len(kept) == 1 else ast.Call(name, kept, [])


def sums(node: ast.AST) -> Stand:
    """+ for -, x for /; a sign forgotten."""
    match node:
        case ast.BinOp(left=left, op=op, right=right) if not (_slack(left) or _slack(right)):
            yield from (ast.BinOp(left, other, right) for other in _opposite(op, _SUMS))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand


def extreme(node: ast.AST) -> Stand:
    """`min` for `max`, and the other way round."""
    match node:
        case ast.Call(func=ast.Name(id="min" | "max" as name), args=args, keywords=keywords):
            yield ast.Call(ast.Name("max" if name == "min" else "min", ast.Load()), args, keywords)


def constant(node: ast.AST) -> Stand:
    """A number twice as great, half as great, or 0; True for False."""
    match node:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)) if not _slack(node):
            for other in (value * 2, value / 2, type(value)(0)):
                yield ast.Constant(other)


def left_out(node: ast.AST) -> Stand:
    """A statement: what is noted, told or refused. A member of a set, a line of a table."""
    match node:
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Assign(targets=[ast.Attribute() | ast.Tuple()]) | ast.Raise(exc=ast.Call()):
            yield ast.Pass()
        case ast.Set(elts=elements) if len(elements) > 1:
            yield from map(ast.Set, _without_one(elements))
        case ast.Tuple(elts=elements) if len(elements) > 2 and all(isinstance(each, ast.Tuple) for each in elements):
            for kept in _without_one(elements):
                yield ast.Tuple(kept, ast.Load())


def returned(node: ast.AST) -> Stand:
    """A function that gives back 0, True, False, or one of its arguments as it came."""
    match node:
        case ast.FunctionDef(name=name, returns=ast.Name(id=kind), args=args) if not name.startswith("__"):
            if kind == "bool":
                yield from _giving(node, ast.Constant(True), ast.Constant(False))
            if kind in NUMBERS:
                yield from _giving(node, ast.Constant(0.0))
            same = [each.arg for each in args.args if isinstance(each.annotation, ast.Name) and each.annotation.id == kind]
            yield from _giving(node, *(ast.Name(each, ast.Load()) for each in same))


def member(node: ast.AST) -> Stand:
    """Another word of the same enumeration."""
    match node:
        case ast.Attribute(value=ast.Name(id=name) as enum, attr=attr) if attr in members().get(name, ()):
            for other in members()[name]:
                yield ast.Attribute(enum, other, ast.Load())


def side(node: ast.AST) -> Stand:
    """The other side: discharge for charge, the vehicle's limit for ours."""
    match node:
        case ast.Attribute(value=value, attr=attr, ctx=ast.Load()) if not attr.startswith("_"):
            yield from (ast.Attribute(value, other, ast.Load()) for other in _others(attr))
        case ast.Name(id=name, ctx=ast.Load()) if name not in ("min", "max"):
            yield from (ast.Name(other, ast.Load()) for other in _others(name))


OPERATORS: Final[dict[str, Callable[[ast.AST], Stand]]] = {
    "edge": edge,
    "turned": turned,
    "logic": logic,
    "condition": condition,
    "operand": operand,
    "sum or sign": sums,
    "extreme": extreme,
    "constant": constant,
    "left out": left_out,
    "returned": returned,
    "member": member,
    "side": side,
}


@cache
def members() -> dict[str, tuple[str, ...]]:
    """The enumerations by name, read from the source: nothing of the package is imported."""
    found = {}
    for path in ENUMS:
        for node in ast.parse((PACKAGE / path).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and any(isinstance(base, ast.Name) and base.id.endswith("Enum") for base in node.bases):
                targets = [each.targets[0] for each in node.body if isinstance(each, ast.Assign)]
                found[node.name] = tuple(each.id for each in targets if isinstance(each, ast.Name))
    return found


def _compared(node: ast.AST, pairs: Sequence[tuple[type[ast.AST], type[ast.AST]]]) -> Stand:
    match node:
        case ast.Compare(left=left, ops=[op, *rest], comparators=comparators):
            yield from (ast.Compare(left, [other, *rest], comparators) for other in _opposite(op, pairs))


def _opposite(op: ast.AST, pairs: Sequence[tuple[type[ast.AST], type[ast.AST]]]) -> Iterator[Any]:
    """The other one of the pair that `op` is in."""
    for one, other in pairs:
        if type(op) in (one, other):
            yield other() if type(op) is one else one()


def _without_one(nodes: list[ast.expr]) -> Iterator[list[ast.expr]]:
    for i in range(len(nodes)):
        yield nodes[:i] + nodes[i + 1 :]


def _giving(node: ast.FunctionDef, *values: ast.expr) -> Stand:
    """The function with nothing in it but this answer."""
    for value in values:
        other = copy(node)
        other.body = [ast.copy_location(ast.Return(value), node)]
        yield other


def _slack(node: ast.AST) -> bool:
    """A number that only makes room for rounding, or makes 0 of -0."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and abs(node.value) < SLACK


def _others(name: str) -> Iterator[str]:
    words = name.split("_")
    for pair in SIDES:
        for one, other in (pair, pair[::-1]):
            if one in words:
                yield "_".join(other if word == one else word for word in words)
