"""The architecture, tested: which floor may import which, and what may be written where.

A module of `iso15118` imports from lower floors or from its own folder. The checks read the source with `ast`, so imports inside
functions and under TYPE_CHECKING count like all others. Each check is a function from a module to its breaches; the last part of this
file plants breaches in made-up modules and sees that they are found.
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

ROOT = Path(__file__).parents[1]
PACKAGE = "iso15118"

TOP = 6
FLOORS = {
    **dict.fromkeys(("errors", "units", "value", "der", "power", "energy", "tariff", "exi"), 0),
    **dict.fromkeys(("messages", "wire", "sim"), 1),
    **dict.fromkeys(("sequence", "pki", "procedures", "hal", "grid"), 2),
    **dict.fromkeys(("session", "backend"), 3),
    **dict.fromkeys(("service",), 4),
    **dict.fromkeys(("conformance", "dissect", "dashboard", "testing"), 5),
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
    prometheus_client pymodbus pyocmf rich s2python scapy scipy starlette sunspec2 uvicorn uvloop websockets""".split()
"""Import names of what extras bring; none of them is loaded by importing a station."""

EXTRA_AT_HOME = {"scapy": "dissect", "pytest": "testing"}
"""Packet layers subclass scapy's classes, and fixtures are pytest's: such a folder is imported by nobody who has not asked for it."""

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
        return self.unit in ("service", "dashboard", "testing") or runner or self.is_driver or self.is_link

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
        f"{module.at(line)} writes async: only service, dashboard, testing, conformance/runner, hal drivers and backend links wait: "
        f"return a command"
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


# Planted breaches: a check that finds nothing here would find nothing in the house.


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("iso15118.grid.plan", "from iso15118.session.core import step", "floor 2 must not know floor 3"),
        ("iso15118.grid.plan", "from ..session import core", "floor 2 must not know floor 3"),
        ("iso15118.grid.plan", "from .. import service", "floor 2 must not know floor 4"),
        ("iso15118.grid.plan", "def later():\n    import iso15118.service.station", "floor 2 must not know floor 4"),
        ("iso15118.grid.plan", "from importlib import import_module\nimport_module('iso15118.service.site')", "must not know floor 4"),
        ("iso15118.grid.plan", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from iso15118 import hal", "share floor 2"),
        ("iso15118.wire.sdp", "from iso15118 import Station", "floor 1 must not know floor 6"),
        ("iso15118.wire.sdp", "from iso15118.messages.v20 import common", "share floor 1"),
        ("iso15118.wire.sdp", "from iso15118.attic import thing", "stands on no floor"),
        ("iso15118.exi.nodes", "from iso15118.messages import facets", "floor 0 must not know floor 1"),
        ("iso15118.power", "from iso15118.exi import nodes", "share floor 0"),
        ("iso15118.session.core", "from iso15118.hal import protocols", "session never imports hal"),
        ("iso15118.session.secc.answers", "from ...grid import plan", "session never imports grid"),
        ("iso15118.session.core", "import iso15118.backend", "session never imports backend"),
        ("iso15118.session.core", "import iso15118.service", "session never imports service"),
    ],
)
def test_an_import_that_goes_up_is_found(name: str, source: str, words: str) -> None:
    (found,) = imports_that_go_up(module_of(name, source))
    assert found.startswith(name.replace(".", "/") + ".py:")
    assert words in found


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("iso15118.exi.nodes", "from iso15118.errors import CodecError\nfrom . import grammar\nfrom .bits import Reader"),
        ("iso15118.energy", "from iso15118.units import Watt"),
        ("iso15118.hal.simulated.supply", "from iso15118.sim import dc_bus\nfrom ..protocols import Supply\nfrom ...power import Reading"),
        ("iso15118.session.core", "from iso15118 import energy, messages, procedures, sequence\nimport dataclasses"),
        ("iso15118.__main__", "from iso15118.cli import main"),
        ("iso15118.cli.demo", "from iso15118 import __version__, conformance\nfrom iso15118.service import station"),
    ],
)
def test_an_import_that_goes_down_is_not(name: str, source: str) -> None:
    assert imports_that_go_up(module_of(name, source)) == []


def test_a_relative_import_in_a_package_starts_at_the_package() -> None:
    source = "from . import core\nfrom .. import service"
    assert [item.target for item in imports(module_of("iso15118.session", source, is_package=True))] == [
        "iso15118.session",
        "iso15118.service",
    ]


def test_a_circle_is_found() -> None:
    power = module_of("iso15118.power", "from iso15118.energy import Need")
    energy = module_of("iso15118.energy", "def later():\n    from iso15118 import power")
    units = module_of("iso15118.units", "")
    assert circles([power, energy, units]) == ["energy -> power -> energy"]
    assert circles([power, units]) == []


WAITS = ["async def f(): pass", "async def f():\n    await g()", "async def f():\n    return [x async for x in y]"]


@pytest.mark.parametrize("source", WAITS)
@pytest.mark.parametrize(
    "name",
    [
        "iso15118.session.core",
        "iso15118.hal.guard",
        "iso15118.hal.guard.limits",
        "iso15118.hal.protocols",
        "iso15118.hal.registry",
        "iso15118.backend.ocpp.mapping",
        "iso15118.conformance.playbook",
        "iso15118.cli.demo",
    ],
)
def test_async_out_of_place_is_found(name: str, source: str) -> None:
    assert async_out_of_place(module_of(name, source))


@pytest.mark.parametrize("source", WAITS)
@pytest.mark.parametrize(
    ("name", "is_package"),
    [
        ("iso15118.service.conversation", False),
        ("iso15118.dashboard.events", False),
        ("iso15118.conformance.runner", False),
        ("iso15118.hal.modbus.meter", False),
        ("iso15118.hal.modbus", True),
        ("iso15118.backend.ocpp.link", False),
    ],
)
def test_async_in_its_place_is_not(name: str, is_package: bool, source: str) -> None:
    assert async_out_of_place(module_of(name, source, is_package=is_package)) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("iso15118.cli.live", "import rich.live"),
        ("iso15118.service.loop", "try:\n    import uvloop\nexcept ImportError:\n    uvloop = None"),
        ("iso15118.hal.modbus.meter", "class Meter:\n    from pymodbus import client"),
        ("iso15118.conformance.runner", "from scapy.packet import Packet"),
        ("iso15118.grid.plan", "import importlib\nhighspy = importlib.import_module('highspy')"),
    ],
)
def test_an_extra_at_import_is_found(name: str, source: str) -> None:
    assert len(extras_at_import(module_of(name, source))) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("iso15118.cli.live", "def show():\n    from rich.live import Live"),
        ("iso15118.cli.live", "import typing\nif typing.TYPE_CHECKING:\n    from rich.live import Live"),
        ("iso15118.service.config", "import pydantic\nimport tomllib"),
        ("iso15118.dissect.layers", "from scapy.packet import Packet"),
    ],
)
def test_an_extra_when_used_is_not(name: str, source: str) -> None:
    assert extras_at_import(module_of(name, source)) == []


@pytest.mark.parametrize("impure", [f"import {name}" for name in sorted(IMPURE)] + ["import datetime\nx = datetime.datetime.now()"])
@pytest.mark.parametrize("name", ["iso15118.session.core", "iso15118.exi.bits", "iso15118.hal.guard", "iso15118.backend.ocpp.mapping"])
def test_impurity_is_found(name: str, impure: str) -> None:
    assert len(impurities(module_of(name, impure))) == 1


@pytest.mark.parametrize("name", ["iso15118.service.station", "iso15118.hal.can.supply", "iso15118.backend.ocpp.link", "iso15118.cli.demo"])
def test_impurity_in_its_place_is_not(name: str) -> None:
    assert impurities(module_of(name, "import asyncio, logging, os, time")) == []


def test_assert_is_found() -> None:
    assert asserts(module_of("iso15118.units", "def f(x):\n    assert x > 0"))[0].startswith("iso15118/units.py:2 asserts")
