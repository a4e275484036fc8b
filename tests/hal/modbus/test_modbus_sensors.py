"""Sensors by a map of their registers: voltage and temperature, gone and in an outlet."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.hal import protocols, registry
from iso15118.hal.board import Board
from iso15118.hal.modbus import sensors
from iso15118.hal.modbus.sensors import temperature, voltage
from iso15118.testing.devices.modbus import listening
from iso15118.testing.devices.modbus_meter import MappedDevice
from iso15118.testing.devices.wires import World
from iso15118.value import replace
from tests.hal.modbus.device import device

pytestmark = [pytest.mark.long, pytest.mark.waits]

MAP = 'name = "any"\n[points.voltage]\naddress = 10\ntype = "i16"\nscale = 0.1\n[points.celsius]\naddress = 20\ntype = "f32"\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "map.toml").write_text(MAP)
    return tmp_path / "map.toml"


def told(place: Path, port: int, **words: object) -> dict[str, object]:
    return {"map": str(place), "host": "127.0.0.1", "port": port, "every": 0.02, **words}


def test_a_voltage_with_its_wires_either_way(place: Path) -> None:
    world: World = {"output.voltage": -401.5}
    with listening(MappedDevice(world, place)) as port:
        it = voltage(told(place, port), "board.toml", "composed.voltage")
        assert it.voltage().value == pytest.approx(401.5)
        assert time.monotonic() - it.voltage().at < 0.3
        it.close()
        old = it.voltage()
        time.sleep(0.05)
        assert it.voltage() == old


def test_the_hottest_of_several_as_old_as_the_oldest(place: Path) -> None:
    place.write_text(MAP + '[points.celsius_cable]\naddress = 30\ntype = "f32"\n[points.charged]\naddress = 700\n')
    with device() as made:
        made.number(20, 41.0)
        made.number(30, 67.5)
        it = temperature(told(place, made.port), "board.toml", "composed.temperature")
        assert isinstance(it, protocols.Thermometer)
        assert it.celsius().value == 67.5
        made.put(20, (0x7FC0, 0))  # a sensor that is broken: no number
        time.sleep(0.1)
        assert it.celsius().value == 67.5
        assert time.monotonic() - it.celsius().at > 0.05
        it.close()


def test_one_that_has_never_had_a_value_is_infinitely_old(place: Path) -> None:
    with listening(MappedDevice({}, place)) as port:
        it = temperature(told(place, port), "board.toml", "composed.temperature")
        it._line.close()
        it._line.latest.clear()
        assert it.celsius().at == float("-inf")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ({"map": 3}, "composed.voltage.map: 3; allowed: a map's file"),
        ({"map": "nowhere.toml"}, "cannot be read"),
        ({"unit": 9}, "any, unit 9 at .* does not answer"),
    ],
)
def test_a_sensor_that_is_not_there(place: Path, words: dict[str, object], what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensors, "FIRST", 0.2)
    with listening(MappedDevice({}, place)) as port, pytest.raises(LocalError, match=what):
        voltage(told(place, port) | words, "board.toml", "composed.voltage")


def test_in_a_board(place: Path) -> None:
    world: World = {"output.voltage": 12.5, "supply.celsius": 44.0}
    with listening(MappedDevice(world, place)) as port:
        table = {"driver": "modbus", **told(place, port)}
        settings = {"voltage": table, "temperature": table, "simulated": {}}
        outlet: Any = registry.outlet(replace(Board(), family="composed", settings=settings))
        assert outlet.contactor.voltage().value == 12.5
        assert outlet.monitors.temperature.celsius().value == 44.0
        outlet.close()
