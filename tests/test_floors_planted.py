"""Breaches planted in made-up modules: a check of `test_floors` that finds nothing here would find nothing in the house."""

from __future__ import annotations

import pytest

from tests.test_floors import (
    IMPURE,
    asserts,
    async_out_of_place,
    circles,
    extras_at_import,
    imports,
    imports_that_go_up,
    impurities,
    module_of,
)


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
        ("iso15118.service.plan", "import importlib\nhighspy = importlib.import_module('highspy')"),
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
