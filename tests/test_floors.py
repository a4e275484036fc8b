"""The architecture, tested: which floor may import which, and what may be written where.

A module of `iso15118` imports from lower floors or from its own folder. The checks read the source with `ast`, so imports inside
functions and under TYPE_CHECKING count like all others. Each check is a function from a module to its breaches; `test_floors_planted`
plants some in made-up modules and sees that they are found.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[1]
PACKAGE = "iso15118"

TOP = 6
FLOORS = {
    **dict.fromkeys(("errors", "units", "value", "der", "power", "energy", "tariff", "exi"), 0),
    **dict.fromkeys(("messages", "wire", "sim"), 1),
    **dict.fromkeys(("sequence", "pki", "procedures", "hal", "grid"), 2),
    **dict.fromkeys(("session", "backend"), 3),
    **dict.fromkeys(("service",), 4),
    **dict.fromkeys(("conformance", "dissect", "dashboard", "testing", "study"), 5),
    **dict.fromkeys(("cli", "__main__", "__init__", "_collision"), TOP),
}
"""Folder or module right under the package -> its floor. Something new is added here, and to the table in CONTRIBUTING.md."""

SERVICE = FLOORS["service"]
WORDS = {"errors", "units", "value", "der", "power", "energy", "tariff"}
"""Floor 0 modules that the others of floor 0 may import, as long as no circle comes of it."""

NEVER = {"session": {"hal", "grid", "backend", "service"}}
"""The rule that makes the house: the core meets metal, market and back-end as values only."""

HAL_WITHOUT_METAL = {"guard", "protocols", "registry"}
IMPURE = {"asyncio", "time", "random", "secrets", "logging", "os"}
CLOCKS = {"now", "utcnow", "today"}

EXTRAS = """aiomqtt asammdf can cantools envoy_schema gpiod highspy msgpack nats numpy ocpp openadr3 openadr3_client openleadr periphery
    asn1tools pkcs11 prometheus_client pymodbus pyocmf rich s2python scapy scipy starlette sunspec2 uvicorn uvloop websockets""".split()
"""Import names of what extras bring; none of them is loaded by importing a station."""

EXTRA_AT_HOME = {"scapy": "dissect", "pytest": "testing", "numpy": "grid", "highspy": "grid"}
"""Packet layers subclass scapy's classes, fixtures are pytest's, plans are arrays: nobody imports such modules who has not asked."""

TOP_FOLDERS = {"iso15118", "certs", "tests", "tools", "hw", "docs"}


@dataclass(frozen=True)
class Module:
    """A source file of the package: its dotted name, whether it is an `__init__`, and its tree."""

    name: str
    is_package: bool
    tree: ast.Module

    @property
    def parts(self) -> list[str]:
        return self.name.split(".")

    @property
    def unit(self) -> str:
        """The folder or module right under the package that this belongs to."""
        return unit_of(self.name)

    @property
    def floor(self) -> int:
        return FLOORS[self.unit]

    @property
    def is_driver(self) -> bool:
        """Whether it lies in a device family's folder under `hal`."""
        below = self.parts[2:]
        return self.unit == "hal" and (len(below) > 1 or self.is_package) and below[:1] != [] and below[0] not in HAL_WITHOUT_METAL

    @property
    def is_link(self) -> bool:
        """Whether it is the one file of a back-end that talks to the other side."""
        return self.unit == "backend" and self.parts[-1].startswith("link")

    @property
    def may_wait(self) -> bool:
        runner = self.unit == "conformance" and self.parts[2:3] != [] and self.parts[2].startswith("runner")
        live = self.name == "iso15118.study.live"
        return self.unit in ("service", "dashboard", "testing") or runner or live or self.is_driver or self.is_link

    @property
    def is_pure(self) -> bool:
        return self.floor < SERVICE and not self.is_driver and not self.is_link

    def at(self, line: int) -> str:
        path = self.name.replace(".", "/") + ("/__init__.py" if self.is_package else ".py")
        return f"{path}:{line}"


@dataclass(frozen=True)
class Import:
    target: str
    line: int
    eager: bool
    """Performed when the module is imported: not inside a function, not under TYPE_CHECKING."""

    @property
    def root(self) -> str:
        return self.target.partition(".")[0]


def unit_of(name: str) -> str:
    return name.split(".")[1] if "." in name else "__init__"


def imports(module: Module) -> Iterator[Import]:
    """Every import of `module`, relative ones made absolute; `import_module("...")` with a literal counts too."""
    yield from _imports(module, module.tree, eager=True)


def _imports(module: Module, node: ast.AST, *, eager: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Import(names=names):
                yield from (Import(alias.name, child.lineno, eager) for alias in names)
            case ast.ImportFrom(names=names):
                origin = _origin(module, child)
                targets = [f"{origin}.{alias.name}" if origin == PACKAGE and alias.name in FLOORS else origin for alias in names]
                yield from (Import(target, child.lineno, eager) for target in dict.fromkeys(targets))
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=[ast.Constant(value=str(target)), *_]):
                if called in ("import_module", "__import__"):
                    yield Import(target, child.lineno, eager)
                yield from _imports(module, child, eager=eager)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                yield from _imports(module, child, eager=False)
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                yield from _imports(module, ast.Module(body=child.body, type_ignores=[]), eager=False)
                yield from _imports(module, ast.Module(body=child.orelse, type_ignores=[]), eager=eager)
            case _:
                yield from _imports(module, child, eager=eager)


def _origin(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.parts if module.is_package else module.parts[:-1]
    base = package[: len(package) - (node.level - 1)]
    return ".".join([*base, *([node.module] if node.module else [])])


# The checks. Each returns what is wrong, one line a breach, with the place and the way out.


def imports_that_go_up(module: Module) -> list[str]:
    found = []
    for item in imports(module):
        if item.root != PACKAGE:
            continue
        unit = unit_of(item.target)
        place = f"{module.at(item.line)} imports {item.target}"
        if unit == module.unit:
            continue
        if unit not in FLOORS:
            found.append(f"{place}: {unit!r} stands on no floor; give it one in FLOORS")
        elif unit in NEVER.get(module.unit, ()):
            found.append(f"{place}: {module.unit} never imports {unit}; pass the value in, as part of the snapshot or an event")
        elif FLOORS[unit] > module.floor:
            found.append(f"{place}: floor {module.floor} must not know floor {FLOORS[unit]}; move the word down or pass the value in")
        elif FLOORS[unit] == module.floor < TOP and unit not in WORDS:
            found.append(f"{place}: {module.unit} and {unit} share floor {module.floor}; move what both need to a lower one")
    return found


def async_out_of_place(module: Module) -> list[str]:
    if module.may_wait:
        return []
    waiting = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    found = [node.lineno for node in ast.walk(module.tree) if isinstance(node, waiting)]
    found += [node.target.lineno for node in ast.walk(module.tree) if isinstance(node, ast.comprehension) and node.is_async]
    return [
        f"{module.at(line)} writes async: only service, dashboard, testing, conformance/runner, study/live, hal drivers and backend links "
        f"wait: return a command"
        for line in sorted(set(found))
    ]


def extras_at_import(module: Module) -> list[str]:
    allowed = {*sys.stdlib_module_names, *base_dependencies(), PACKAGE}
    return [
        f"{module.at(item.line)} imports {item.root} when it is imported, which the base install has not: import it in the function that "
        f"needs it, with an error that names the extra"
        for item in imports(module)
        if item.eager and item.root not in allowed and EXTRA_AT_HOME.get(item.root) != module.unit
    ]


def impurities(module: Module) -> list[str]:
    if not module.is_pure:
        return []
    found = [
        f"{module.at(item.line)} imports {item.root}: below service, clock, chance, log and environment are arguments"
        for item in imports(module)
        if item.root in IMPURE
    ]
    for node in ast.walk(module.tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=attr):
                if attr in CLOCKS and owner in ("datetime", "date"):
                    found.append(f"{module.at(node.lineno)} reads the clock ({owner}.{attr}): below service, `now` is an argument")
    return found


def asserts(module: Module) -> list[str]:
    return [
        f"{module.at(node.lineno)} asserts: it would not hold under python -O; raise one of the errors of iso15118.errors"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assert)
    ]


def circles(modules: list[Module]) -> list[str]:
    """The circles among the units that `modules` belong to, as `a -> b -> a`."""
    graph: dict[str, set[str]] = {}
    for module in modules:
        targets = {unit_of(item.target) for item in imports(module) if item.root == PACKAGE}
        graph.setdefault(module.unit, set()).update(targets - {module.unit})

    def walk(path: list[str]) -> Iterator[str]:
        for target in sorted(graph.get(path[-1], ())):
            if target == path[0]:
                yield " -> ".join([*path, target])
            elif target not in path and target > path[0]:  # each circle once, from its first name
                yield from walk([*path, target])

    return [circle for unit in sorted(graph) for circle in walk([unit])]


# What is checked: the sources of the package, and the tree around them.


def module_of(name: str, source: str, *, is_package: bool = False) -> Module:
    return Module(name, is_package, ast.parse(source))


@cache
def package_modules() -> list[Module]:
    found = []
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        found.append(module_of(".".join(parts[:-1] if is_package else parts), path.read_text("utf-8"), is_package=is_package))
    return found


@cache
def base_dependencies() -> frozenset[str]:
    """Import names of the base install, from pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = [re.match(r"[\w.-]+", requirement) for requirement in project["dependencies"]]
    return frozenset(name[0].lower().replace("-", "_") for name in names if name)


def tree_files() -> list[Path]:
    """The files of the tree, relative to its root: what git knows or would add; without git, all that is not hidden."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        built = {"build", "dist", "__pycache__", "htmlcov", "venv"}
        paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        return [path for path in paths if not any(part.startswith(".") or part in built for part in path.parts)]
    return [Path(name) for name in listed.split("\0") if name and (ROOT / name).exists()]


CHECKS: dict[str, Callable[[Module], list[str]]] = {
    "imports go down": imports_that_go_up,
    "async only where one waits": async_out_of_place,
    "extras are imported when used": extras_at_import,
    "pure below service": impurities,
    "nothing rests on assert": asserts,
}


@pytest.mark.parametrize("unit", FLOORS)
@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_the_house(check: Callable[[Module], list[str]], unit: str) -> None:
    found = [breach for module in package_modules() if module.unit == unit for breach in check(module)]
    assert not found, "\n" + "\n".join(found)


def test_everything_stands_on_a_floor() -> None:
    homeless = sorted({module.unit for module in package_modules()} - FLOORS.keys())
    assert not homeless, f"on no floor: {homeless}; add them to FLOORS here and to the table in CONTRIBUTING.md"


def test_the_words_form_no_circle() -> None:
    found = circles([module for module in package_modules() if module.unit in FLOORS and module.floor == 0])
    assert not found, f"imports run in a circle: {found}"


STATION = [name for name in ("service.station",) if (ROOT / PACKAGE / (name.replace(".", "/") + ".py")).exists()]


@pytest.mark.parametrize("name", [PACKAGE, f"{PACKAGE}.cli", *(f"{PACKAGE}.{name}" for name in STATION)])
def test_importing_loads_no_extra(name: str) -> None:
    program = f"import json, sys; before = set(sys.modules); import {name}; print(json.dumps(sorted(set(sys.modules) - before)))"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    loaded = {module.partition(".")[0] for module in json.loads(run.stdout)}
    assert loaded.isdisjoint(EXTRAS), f"import {name} loads {sorted(loaded.intersection(EXTRAS))}: find who, with python -X importtime"


def test_public_names_lead_somewhere() -> None:
    package = import_module(PACKAGE)
    for name in dir(package):
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = package.Nonsense


def test_top_folders() -> None:
    folders = {path.parts[0] for path in tree_files() if len(path.parts) > 1 and not path.parts[0].startswith(".")}
    assert folders <= TOP_FOLDERS, f"at the top stand only {sorted(TOP_FOLDERS)}, not {sorted(folders - TOP_FOLDERS)}"


def test_no_secrets_and_no_foreign_texts() -> None:
    refused = {".xsd", ".pem", ".key", ".crt", ".p12", ".pfx"}
    found = [str(path) for path in tree_files() if path.suffix.lower() in refused]
    assert not found, f"schemas are ISO's, keys and certificates are made on the spot; remove {found}"
