"""`hal.registry`: families by name, built in or foreign."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from iso15118.errors import LocalError
from iso15118.hal import registry
from iso15118.hal.board import Board
from iso15118.hal.simulated import SimulatedOutlet
from iso15118.hal.simulated import outlet as simulated

ROOT = Path(__file__).parents[2]


def test_a_built_in_family() -> None:
    assert registry.family("simulated") is simulated
    assert isinstance(registry.outlet(Board()), SimulatedOutlet)


def test_an_unknown_family_names_the_known_ones() -> None:
    with pytest.raises(LocalError, match=r"unknown device family 'teapot'; known: .*simulated"):
        registry.family("teapot")
    with pytest.raises(LocalError, match="teapot"):
        registry.outlet(Board(family="teapot"))


def test_a_foreign_family_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = metadata.EntryPoint("teapot", "iso15118.hal.simulated:outlet", registry.GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda group: metadata.EntryPoints([point] if group == registry.GROUP else []))
    assert registry.family("teapot") is simulated
    with pytest.raises(LocalError, match="known: composed, simulated, teapot"):
        registry.family("kettle")


def test_a_family_is_imported_only_when_asked_for() -> None:
    look = "import sys, iso15118.hal.registry; print([m for m in sys.modules if 'simulated' in m or m == 'importlib.metadata'])"
    done = subprocess.run([sys.executable, "-S", "-c", look], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
