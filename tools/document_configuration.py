"""Writes docs/configuration.md from the tables that files are read with: every key, what is allowed, its default, what it means."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from iso15118.hal.board import AC_BOARD, AcTable, Board
from iso15118.hal.simulated import Settings
from iso15118.service.config.evcc import CarTable, EvccFile
from iso15118.service.config.lenience import CarLenience, ChargerLenience
from iso15118.service.config.misbehaviour import MisbehaviourFile
from iso15118.service.config.scenario import ScenarioFile
from iso15118.service.config.secc import LimitsTable, SeccFile
from iso15118.service.config.site import SiteFile
from iso15118.service.config.toml import allowed, table_of
from iso15118.session.lenience import KNOWN, USUAL, Deviation

TARGET: Final = Path(__file__).parents[1] / "docs" / "configuration.md"
FILES: Final = (
    ("A charger's file", "`chargeloop secc FILE`; an example: `hw/simulated/charger.toml`.", SeccFile),
    ("A car's file", "`chargeloop evcc FILE`; an example: `hw/simulated/car.toml`.", EvccFile),
    ("A site's file", "`chargeloop secc FILE --site SITE`; an example: `hw/simulated/site.toml`. [site.md](site.md) tells more.", SiteFile),
    ("A scenario", "`chargeloop scenario FILE`; an example: `hw/simulated/scenario.toml`. [bench.md](bench.md) tells more.", ScenarioFile),
    ("Misbehaviours", "`--misbehave FILE`, for a single charger or car.", MisbehaviourFile),
)
_HEADS: Final = ("key", "allowed", "left out", "meaning")


@cache
def meanings(cls: type) -> Mapping[str, str]:
    """Field to the text that stands below it, the bases' fields included."""
    said: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if not base.__module__.startswith("iso15118.") or "__module__" not in vars(base):
            continue
        here = next((node for node in _tree(base.__module__).body if isinstance(node, ast.ClassDef) and node.name == base.__name__), None)
        body = [] if here is None else here.body
        for node, below in pairwise(body):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(below, ast.Expr):
                said[node.target.id] = " ".join(str(ast.literal_eval(below.value)).split())
    return said


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(sys.modules[module]))


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for title, told, file in FILES:
        parts += [f"## {title}", told, *_sections(file, "", {})]
    return "\n\n".join([*parts, *_board()]) + "\n"


def _sections(table: type[BaseModel], path: str, told: dict[type[BaseModel], str]) -> Iterator[str]:
    """A table, then the tables in it, each with its name in the file. `told`: those that the file has had already, by these names."""
    if table in told:
        yield f"### `{path}`"
        yield f"The keys of `{told[table]}`."
        return
    told[table] = path
    inherited = set(CarTable.model_fields) if issubclass(table, CarTable) and path else set()
    fields = {key: field for key, field in table.model_fields.items() if key not in inherited}
    if path:
        yield f"### `{path}`"
        yield _prose(table)
    if inherited:
        yield "All keys of a car's own file but interface, insecure_plain_tcp, log_level and record; and:"
    yield _table(_row(table, key, field) for key, field in fields.items())
    for key, field in fields.items():
        inner = table_of(field.annotation)
        if inner is None:
            continue
        name = f"{path.strip('[]')}.{key}".lstrip(".")
        yield from _sections(inner, f"[[{name}]]" if "list[" in str(field.annotation) else f"[{name}]", told)


def _prose(table: type[BaseModel]) -> str:
    return "Known deviations of the other side: see [policy.md](policy.md)." if _judged(table) else " ".join((table.__doc__ or "").split())


def _judged(table: type) -> bool:
    return table in (ChargerLenience, CarLenience)


def _row(table: type[BaseModel], key: str, field: FieldInfo) -> tuple[str, ...]:
    if _judged(table):
        deviation = Deviation(key)
        usual = '`"accept"`' if deviation in USUAL.accepted else '`"refuse"`'
        return f"`{key}`", allowed(field), usual, f"{KNOWN[deviation].what}."
    return f"`{key}`", allowed(field), _default(field), meanings(table).get(key, "")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    value: Any = field.get_default(call_default_factory=True, validated_data={})
    return "" if value is None or value == [] or isinstance(value, BaseModel) else f"`{_toml(value)}`"


def _toml(value: object) -> str:
    return json.dumps(value)


def _table(rows: Iterator[tuple[str, ...]]) -> str:
    lines = [_HEADS, ("---",) * len(_HEADS), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _board() -> Iterator[str]:
    """A board file is read by the floor of drivers, without pydantic: its defaults are its types."""
    yield "## A board file"
    yield "What `board` names in a charger's file; `hw/README.md` tells more. With a table `[ac]` the other defaults hold."
    yield _values(Board(), AC_BOARD)
    yield "### `[limits]`"
    yield "The board's own; magnitudes."
    yield _values(Board().limits, AC_BOARD.limits, meanings(LimitsTable))
    yield "### `[ac]`"
    yield "Alternating current instead of direct current."
    yield _values(AcTable())
    yield "### `[simulated]`"
    yield "Of the simulated family."
    yield _values(Settings())


def _values(default: Any, ac: Any = None, said: Mapping[str, str] | None = None) -> str:
    said = meanings(type(default)) if said is None else said
    kinds = {str: "a text", bool: "true or false", int: "a whole number >= 0", float: "a finite number >= 0"}
    rows = []
    for key in type(default).__fields__:
        value = getattr(default, key)
        if type(value) not in kinds or key == "file":
            continue
        other = value if ac is None else getattr(ac, key)
        usual = f"`{_toml(value)}`" if other == value else f"`{_toml(value)}`; with [ac] `{_toml(other)}`"
        rows.append((f"`{key}`", kinds[type(value)], usual, said.get(key, "")))
    return _table(iter(rows))


_HEAD: Final = """# Configuration

Written by `tools/document_configuration.py` from the tables that the files are read with: do not edit by hand.

All files are TOML and read strictly: an unknown key, a wrong kind or a value out of bounds ends in one line that names file, key, what
stands there and what is allowed, before anything is started. Units are SI: V, A, W, Wh, s; percent where it is said. Power is positive into
the vehicle; limits are magnitudes. `[name]` is a table, `[[name]]` one of several."""


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
