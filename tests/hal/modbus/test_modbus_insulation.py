"""Insulation monitors on a line: worked frames, the contract, tests that go wrong, and monitors that are gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client.mixin import ModbusClientMixin

from iso15118.errors import LocalError
from iso15118.hal import protocols, registry
from iso15118.hal.board import Board
from iso15118.hal.modbus import bender as benders
from iso15118.hal.modbus import insulation as insulations
from iso15118.hal.modbus import line as lines
from iso15118.hal.modbus import monitor as monitors
from iso15118.hal.modbus.bender import Measurement, measurement, setup
from iso15118.hal.modbus.insulation import insulation
from iso15118.hal.modbus.monitor import ModbusInsulationMonitor
from iso15118.hal.modbus.verdict import INSULATION_GRACE
from iso15118.power import Insulation
from iso15118.testing.devices.bender import Bender
from iso15118.testing.devices.dold import Dold
from iso15118.testing.devices.earth import EarthMonitor
from iso15118.testing.devices.modbus import listening
from iso15118.testing.devices.modbus_meter import MappedDevice
from iso15118.testing.devices.wires import World
from iso15118.value import replace
from tests.hal.by_wire import WireRig
from tests.hal.contract import CONTRACT, Rig

pytestmark = [pytest.mark.long, pytest.mark.waits]

MODELS = {"bender_isocha425hv": Bender, "dold_rn5893": Dold}
GOOD: World = {"insulation.ohm": 5e6, "output.voltage": 400.0}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a device needs time for, and what is waited for in a failure, short."""
    monkeypatch.setattr(lines, "WAITING", 0.1)
    monkeypatch.setattr(lines, "PAUSE", 0.02)
    monkeypatch.setattr(insulations, "FIRST", 1.0)
    for name in ("BETWEEN_WRITES", "BETWEEN_READS", "AFTER_ENABLE"):
        monkeypatch.setattr(benders, name, 0.0)


def made(model: str, port: int, **words: object) -> ModbusInsulationMonitor:
    unit = {"unit": 3} if model.startswith("bender") else {}
    table = {"model": model, "host": "127.0.0.1", "port": port, "every": 0.01, **unit, **words}
    return insulation(table, "board.toml", "composed.insulation")


def until(done: Callable[[], bool], within: float = 3.0) -> None:
    end = time.monotonic() + within
    while not done():
        assert time.monotonic() < end
        time.sleep(0.005)


def verdict(it: ModbusInsulationMonitor, wanted: Insulation) -> None:
    until(lambda: it.verdict().value is wanted)


@contextmanager
def bench(model: str, **changes: float) -> Iterator[tuple[EarthMonitor, ModbusInsulationMonitor]]:
    """A device with a good insulation and voltage on the output, and its driver."""
    device = MODELS[model]({**GOOD, **changes}, test_time=0.1, settling=0.05)
    with listening(device) as port:
        it = made(model, port)
        try:
            yield device, it
        finally:
            it.close()


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Rig], None]) -> None:
    """The Bender one, and the voltage behind the contactor by its measurement."""
    world: World = {"insulation.ohm": 10e6}
    with (
        listening(Bender(world, test_time=0.1, settling=0.05)) as port,
        WireRig({"insulation": made("bender_isocha425hv", port)}, world) as rig,
    ):
        check(rig)


@pytest.mark.parametrize("model", MODELS)
def test_a_good_insulation(model: str) -> None:
    with bench(model, **{"output.voltage": 0.0}) as (device, it):
        assert isinstance(it, protocols.InsulationMonitor)
        assert it.verdict().value is Insulation.UNKNOWN
        it.demand(True)
        assert it.verdict().value is Insulation.TESTING
        until(lambda: device.testing)
        until(lambda: not device.testing)
        time.sleep(0.1)
        assert it.verdict().value is Insulation.TESTING  # no voltage yet
        device.world["output.voltage"] = 400.0  # type: ignore[attr-defined]
        verdict(it, Insulation.VALID)
        assert it.resistance().value == (5e6 if model.startswith("bender") else 2e6)
        it.demand(False)
        device.world["insulation.ohm"] = 60e3  # type: ignore[attr-defined]
        verdict(it, Insulation.FAULT)
        assert it.resistance().value == 60e3


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("ohm", "wanted"), [(99e3, Insulation.FAULT), (100e3, Insulation.VALID)])
def test_the_limit(model: str, ohm: float, wanted: Insulation) -> None:
    with bench(model, **{"insulation.ohm": ohm}) as (_, it):
        it.demand(True)
        verdict(it, wanted)


@pytest.mark.parametrize("model", MODELS)
def test_a_voltage_that_moves_gives_a_second_of_grace(model: str) -> None:
    with bench(model) as (device, it):
        it.demand(True)
        verdict(it, Insulation.VALID)
        moved = time.monotonic()
        device.world["output.voltage"] = 300.0  # type: ignore[attr-defined]
        device.world["insulation.ohm"] = 60e3  # type: ignore[attr-defined]
        verdict(it, Insulation.FAULT)
        assert time.monotonic() - moved >= INSULATION_GRACE
        assert it.resistance().value == 60e3


@pytest.mark.parametrize("model", MODELS)
def test_a_self_test_with_a_bad_result(model: str) -> None:
    with bench(model) as (device, it):
        device.bad = True
        it.demand(True)
        verdict(it, Insulation.FAULT)


@pytest.mark.parametrize("model", MODELS)
def test_a_self_test_that_never_ends_and_no_measurement_in_it(model: str) -> None:
    with bench(model) as (device, it):
        device.endless = True
        it.demand(True)
        until(lambda: device.testing)
        time.sleep(0.2)
        assert it.verdict().value is Insulation.TESTING
        assert time.monotonic() - it.verdict().at < 0.1
        assert time.monotonic() - it.resistance().at > 0.1
        device.endless = False
        verdict(it, Insulation.VALID)


@pytest.mark.parametrize("model", MODELS)
def test_a_monitor_in_error(model: str) -> None:
    with bench(model) as (device, it):
        it.demand(True)
        verdict(it, Insulation.VALID)
        device.faults.add("error")
        verdict(it, Insulation.FAULT)
        old = it.resistance()
        time.sleep(0.05)
        assert it.resistance() == old
        it.demand(False)
        it.demand(True)
        verdict(it, Insulation.FAULT)


@pytest.mark.parametrize(
    ("model", "fault"),
    [
        ("dold_rn5893", "silent"),
        ("bender_isocha425hv", "exception"),
        ("dold_rn5893", "wrong unit"),
        ("bender_isocha425hv", "garbage"),
    ],
)
def test_a_monitor_that_is_lost(model: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It grows old, its good verdict ends with it, and it comes back."""
    monkeypatch.setattr(monitors, "SILENT", 0.2)
    with bench(model) as (device, it):
        it.demand(True)
        verdict(it, Insulation.VALID)
        device.faults.add(fault)
        until(lambda: bool(it.why))
        verdict(it, Insulation.FAULT)
        began = time.perf_counter()
        it.demand(False)
        it.demand(True)
        assert it.verdict().value is Insulation.TESTING
        assert time.perf_counter() - began < 0.05
        assert time.monotonic() - it.resistance().at > 0.15
        device.faults.clear()
        verdict(it, Insulation.VALID)


@pytest.mark.parametrize("model", MODELS)
def test_one_that_is_silent_from_the_start(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insulations, "FIRST", 0.2)
    device = MODELS[model](dict(GOOD))
    device.faults.add("silent")
    with listening(device) as port, pytest.raises(LocalError, match=rf"composed\.insulation: {model}, unit \d at 127\.0\.0\.1 port"):
        made(model, port)


# The Bender one.


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("48742400 00020047", Measurement(250e3, 2, 0, 0, 0)),
        ("43C0C000 0004004C", Measurement(385.5, 4, 0, 0, 0)),
        ("48742400 00C20047", Measurement(None, 2, 3, 0, 0)),  # invalid
        ("48742400 00820047", Measurement(250e3, 2, 2, 0, 0)),  # the real value is bigger
        ("48742400 82420047", Measurement(250e3, 2, 1, 2, 2)),  # smaller; an ordered test, a device error
        ("7FC00000 00020047", Measurement(None, 2, 0, 0, 0)),
        ("7F800000 00020047", Measurement(None, 2, 0, 0, 0)),
    ],
)
def test_four_registers(words: str, told: Measurement) -> None:
    data = bytes.fromhex(words)
    registers = [int.from_bytes(data[at : at + 2], "big") for at in range(0, 8, 2)]
    assert measurement(registers) == told
    number = ModbusClientMixin.convert_from_registers(registers[:2], ModbusClientMixin.DATATYPE.FLOAT32)
    assert told.value is None or number == told.value


def test_the_voltage_of_the_output_with_its_wires_either_way() -> None:
    with bench("bender_isocha425hv") as (device, it):
        sensor = it.also["voltage"]  # type: ignore[attr-defined]
        until(lambda: sensor.voltage().value == 400.0)
        device.world["output.voltage"] = -385.5  # type: ignore[attr-defined]
        until(lambda: sensor.voltage().value == 385.5)
        device.endless = True
        it.demand(True)
        until(lambda: device.testing)
        time.sleep(0.1)
        assert time.monotonic() - sensor.voltage().at < 0.1  # a test does not blind the guard


@pytest.mark.parametrize(("validity", "wanted"), [(0x80, Insulation.VALID), (0x40, Insulation.FAULT)])
def test_a_real_value_that_is_bigger_or_smaller(validity: int, wanted: Insulation) -> None:
    with bench("bender_isocha425hv") as (device, it):
        device.validity = validity  # type: ignore[attr-defined]
        it.demand(True)
        verdict(it, wanted)


def test_a_bender_is_set_up_and_enabled() -> None:
    with bench("bender_isocha425hv") as (device, it):
        told = device.setup  # type: ignore[attr-defined]
        assert (told[3005], told[3007], told[3021], told[3026]) == (250, 100, 3, 1)
        told[3026] = 0  # somebody has disabled it
        it.demand(True)
        verdict(it, Insulation.VALID)


def test_a_bender_of_an_old_version_has_no_quick_test() -> None:
    assert dict(setup(125e3, 500))[3021] == 0
    assert (dict(setup(125e3, 501))[3021], dict(setup(125e3, 501))[3007], dict(setup(125e3, 0))[3005]) == (3, 125, 312)
    assert setup(100e3, 0)[-1] == (3026, 1)


def test_a_bender_in_error_is_set_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benders, "AGAIN", 0.05)
    with bench("bender_isocha425hv") as (device, _):
        device.faults.add("error")
        device.setup[3007] = 7  # type: ignore[attr-defined]
        until(lambda: device.setup[3007] == 100)  # type: ignore[attr-defined]


# The Dold one.


def test_a_dold_watches_its_line_and_is_reset_after_a_silence() -> None:
    with bench("dold_rn5893") as (device, it):
        assert isinstance(device, Dold)
        assert device.holding == [0, 1, 3000]
        device.fault = 9
        until(lambda: device.fault == 0)
        device.fault = 1  # a broken wire is not reset
        it.demand(True)
        verdict(it, Insulation.FAULT)
        assert device.fault == 1


def test_a_dold_out_of_its_range() -> None:
    with bench("dold_rn5893", **{"output.voltage": 1e6}) as (_, it):
        until(lambda: it.resistance().value == 2e6)
        it.demand(True)
        time.sleep(0.4)
        assert it.verdict().value is Insulation.TESTING  # its voltage is no value
        assert not hasattr(it, "also")


# By a map.

MAP = 'name = "any"\n[points.resistance]\naddress = 10\ntype = "u32"\n[points.voltage]\naddress = 20\ntype = "f32"\n'


def test_a_monitor_by_a_map(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAP)
    world = dict(GOOD)
    with listening(MappedDevice(world, tmp_path / "map.toml")) as port:
        it = made("map", port, map=str(tmp_path / "map.toml"), limit=125e3)
        it.demand(True)
        verdict(it, Insulation.VALID)
        world["insulation.ohm"] = 124e3
        verdict(it, Insulation.FAULT)
        it.close()


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ({"model": "abacus"}, "model 'abacus', map None; allowed: bender_isocha425hv, dold_rn5893, map"),
        ({"model": "map"}, "model 'map', map None"),
        ({"map": "x.toml"}, "model 'dold_rn5893', map 'x.toml'"),
        ({"limit": 0}, r"composed\.insulation\.limit: 0\.0; allowed: above 0 ohm"),
        ({"limit": "much"}, "'much'; allowed: a finite number"),
        ({"model": "bender_isocha425hv", "limit": 900e3}, "limit 900000 ohm; allowed: 15e3..599e3"),
        ({"speed": 1}, "speed: unknown key"),
    ],
)
def test_a_table_that_is_wrong(words: dict[str, object], what: str) -> None:
    with pytest.raises(LocalError, match=what):
        insulation({"model": "dold_rn5893", "host": "127.0.0.1"} | words, "board.toml", "composed.insulation")


def test_in_a_board() -> None:
    with listening(Bender(dict(GOOD))) as port:
        table: Mapping[str, object] = {"driver": "modbus", "model": "bender_isocha425hv", "host": "127.0.0.1", "port": port}
        outlet: Any = registry.outlet(replace(Board(), family="composed", settings={"insulation": table, "simulated": {}}))
        assert isinstance(outlet, protocols.Outlet)
        assert outlet.contactor.voltage().value == 400.0
        outlet.close()
