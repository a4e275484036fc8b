"""The boards and charger's files of hw/: each is read as the program reads it, and what they say fits together. No driver is started."""

from __future__ import annotations

import shutil
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from iso15118.hal import board as boards
from iso15118.hal.board import Board
from iso15118.hal.bounds import SAFE_VOLTAGE
from iso15118.hal.modbus import registers
from iso15118.hal.modbus.meter import WANTED
from iso15118.pki.tree import make_tree
from iso15118.service.checkup import contradictions
from iso15118.service.config import load_secc, secc
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pki.folder import write
from iso15118.service.station import StationConfig

HW = Path(__file__).parents[2] / "hw"
FOLDERS = ("wallbox_11kw_ac_bpt", "dc_22kw_bpt", "hub_4x150kw_dc")
BOARDS = sorted(path for folder in FOLDERS for path in (HW / folder).glob("board*.toml"))
POWERS = {"wallbox_11kw_ac_bpt": 11_040.0, "dc_22kw_bpt": 22_000.0, "hub_4x150kw_dc": 150_000.0}
MODULES = {
    "infypower_beg": (1, (200.0, 1000.0), 73.3, 22_000.0, True),
    "infypower": (5, (50.0, 1000.0), 100.0, 30_000.0, False),
}
"""Driver -> how many modules an outlet of ours has; V; A, W, and a way back, of each."""
KEYS = {
    "supply": {"driver", "interface", "channel", "bitrate"},
    "insulation": {"driver", "model", "device", "baud", "parity", "host", "port", "unit"},
    "meter": {"driver", "map", "meter_id", "device", "baud", "parity", "host", "port", "unit", "every"},
    "path": {"driver", "map", "meter_id", "device", "baud", "parity", "host", "port", "unit", "every", "phases", "current"},
    "controls": {"driver", "device", "baud"},
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As on a charger: the folders side by side, certificates beside them."""
    place = tmp_path_factory.mktemp("etc") / "chargeloop"
    shutil.copytree(HW, place)
    write(make_tree(now=datetime.now(UTC)), place / "pki" / "secp521r1")
    (place / "recordings").mkdir()
    (place / "ledger").mkdir()
    for folder in FOLDERS:
        file = place / folder / "charger.toml"
        file.write_text(file.read_text("utf-8").replace("/var/lib/chargeloop", str(place)), "utf-8")
    return place


@pytest.fixture
def stations(installed: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, StationConfig]:
    """The interfaces of a modem are not here."""
    monkeypatch.setattr(secc, "interface", lambda path, key, name: None)
    return {folder: load_secc(installed / folder / "charger.toml").station for folder in FOLDERS}


def devices(board: Board) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, table in board.settings.items():
        assert isinstance(table, dict)
        yield name, table


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_board_is_read_and_says_what_its_devices_can(path: Path) -> None:
    board = boards.load(path)
    limits = board.limits
    assert board.family == "composed"
    assert board.name.partition(" ")[0] == path.parent.name
    assert limits.charge_power == POWERS[path.parent.name]
    assert board.min_charge_current < limits.charge_current
    assert limits.min_voltage > SAFE_VOLTAGE
    for name, table in devices(board):
        assert set(table) <= KEYS[name]
        if name in ("meter", "insulation", "path"):
            assert ("host" in table) is not ("device" in table)
        if "map" in table:
            assert registers.load(path.parent / table["map"], WANTED).name


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_board_promises_no_more_than_its_modules_have(path: Path) -> None:
    board = boards.load(path)
    limits = board.limits
    if board.ac is not None:
        assert limits.charge_power <= board.ac.phases * board.ac.voltage * limits.charge_current
        assert limits.min_voltage < board.ac.voltage < limits.max_voltage
        return
    supply = dict(devices(board))["supply"]
    count, (lowest, highest), amperes, watts, back = MODULES[supply["driver"]]
    assert lowest <= limits.min_voltage < limits.max_voltage <= highest
    assert limits.charge_current <= count * amperes
    assert limits.charge_power <= count * watts
    assert board.discharge_allowed is back
    assert (limits.discharge_current, limits.discharge_power) == ((limits.charge_current, limits.charge_power) if back else (0.0, 0.0))


def test_a_charger_speaks_tls_only_and_its_guards_are_processes(stations: dict[str, StationConfig]) -> None:
    for station in stations.values():
        assert station.tls is not None
        assert not station.plain_tcp
        assert station.recordings is not None
        assert station.ledger is not None
        for evse in station.evses:
            assert evse.permits.profile is evse.may_give or evse.board.ac is not None, "named where energy may come back"
        assert all(evse.guard_apart for evse in station.evses)


def test_a_charger_contradicts_itself_nowhere(stations: dict[str, StationConfig]) -> None:
    for station in stations.values():
        for evse in station.evses:
            assert not list(contradictions(evse))
            assert evse.may_give is evse.board.discharge_allowed
            budget = evse.budget
            assert budget is not None
            assert budget.charge <= evse.allowed.charge_power
            assert budget.discharge <= evse.allowed.discharge_power
            assert evse.may_give or not budget.discharge


def test_a_charger_offers_what_its_board_can(stations: dict[str, StationConfig]) -> None:
    offered = {
        folder: {service.id.name for evse in station.evses for service in evse.session.services} for folder, station in stations.items()
    }
    assert offered == {"wallbox_11kw_ac_bpt": {"AC_BPT", "AC"}, "dc_22kw_bpt": {"DC_BPT", "DC"}, "hub_4x150kw_dc": {"DC"}}


def places(evse: EvseConfig) -> Iterator[tuple[str, ...]]:
    for name, table in devices(evse.board):
        if name == "supply":
            yield "bus", table["channel"]
        elif "host" in table:
            yield "host", table["host"], str(table.get("port", 502)), str(table["unit"])
        else:
            yield "line", table["device"]


def test_no_two_devices_are_in_one_place(stations: dict[str, StationConfig]) -> None:
    """A serial device has one reader, a bus one outlet."""
    for station in stations.values():
        seen = Counter(place for evse in station.evses for place in places(evse))
        assert [place for place, times in seen.items() if times > 1] == []
        ids = [table["meter_id"] for evse in station.evses for _, table in devices(evse.board) if "meter_id" in table]
        assert len(ids) == len(station.evses)
        assert len(set(ids)) == len(ids)


def test_the_outlets_of_the_hub_differ_in_names_and_places_alone() -> None:
    files = [tomllib.loads(path.read_text("utf-8")) for path in BOARDS if path.parent.name == "hub_4x150kw_dc"]
    assert len(files) == 4
    for file in files:
        file.pop("name")
        for table, keys in (("supply", ["channel"]), ("insulation", ["unit"]), ("meter", ["meter_id", "unit"]), ("controls", ["device"])):
            for key in keys:
                del file["composed"][table][key]
    assert all(file == files[0] for file in files)
