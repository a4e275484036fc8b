"""The pages in hw/ name the keys of the tables, with their defaults, and their examples are read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from iso15118.hal.board import fill
from iso15118.hal.can import infypower, infypower_beg, uugreen
from iso15118.hal.can.dbc import DbcKeys
from iso15118.hal.can.supply import SupplyKeys

HW = Path(__file__).parents[3] / "hw"
SHEETS: dict[str, SupplyKeys] = {
    "infypower_beg1k075g": infypower_beg.SHEET,
    "infypower_reg": infypower.SHEET,
    "uugreenpower_ur1000x0": uugreen.SHEET,
    "can_dbc": DbcKeys(),
}
NONE = {"discharge_current", "discharge_power"}
"""Keys that only a module has that discharges."""
WORDS = {"false": False, "none": None, "socketcan": "socketcan", "can0": "can0", "automatic": "automatic"}


@pytest.mark.parametrize("folder", SHEETS)
def test_a_page_names_every_key_and_its_default(folder: str) -> None:
    text, sheet = (HW / folder / "README.md").read_text(encoding="utf-8"), SHEETS[folder]
    rows = [(re.findall(r"`(\w+)`", row), cell) for row, cell in re.findall(r"^\| (`[^|]*) \| ([^|]*) \|", text, re.MULTILINE)]
    named = [key for keys, _ in rows for key in keys]
    bidirectional = folder == "infypower_beg1k075g"
    assert set(named) - {"faults"} == set(type(sheet).__fields__) - (set() if bidirectional else NONE) - (
        {"dbc", "pace"} if folder == "can_dbc" else set()
    )
    for keys, cell in rows:
        if "no bound" in cell or "a module" in cell or cell == "none":
            continue
        for key, word in zip(keys, cell.split(", "), strict=True):
            assert getattr(sheet, key) == (WORDS[word] if word in WORDS else float(word)), key


@pytest.mark.parametrize("folder", SHEETS)
def test_the_example_of_a_page_is_a_table(folder: str) -> None:
    [block] = re.findall(r"```toml\n(.*?)```", (HW / folder / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    table = tomllib.loads(block)["composed"]["supply"]
    table.pop("driver")
    table.pop("faults", None)
    fill(SHEETS[folder], table, "board.toml", "composed.supply")
