"""Simulated devices on Modbus as programs: each on wires of a file, asked by pymodbus's own client and by our meter."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from pymodbus.client import ModbusTcpClient

from iso15118.errors import LocalError
from iso15118.hal.modbus.meter import meter
from iso15118.testing.devices.modbus import listening
from iso15118.testing.devices.modbus_meter import MappedDevice
from iso15118.testing.devices.wires import Wires

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[3]
SDM, EM = (ROOT / "hw" / name / "map.toml" for name in ("eastron_sdm630", "carlo_gavazzi_em340"))
F32 = ModbusTcpClient.DATATYPE.FLOAT32


@contextmanager
def program(name: str, wires: Path, *more: str) -> Iterator[int]:
    """The port of one that runs; it ends with the block."""
    words: Sequence[str] = (sys.executable, "-m", f"iso15118.testing.devices.{name}", "--wires", str(wires), "--port", "0", *more)
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        try:
            assert running.stdout is not None
            said = running.stdout.readline()
            assert said.startswith("listening on port ")
            yield int(said.split()[-1])
        finally:
            running.terminate()


@pytest.fixture
def wires(tmp_path: Path) -> Iterator[Wires]:
    made = Wires(tmp_path / "wires", make=True)
    made["meter.charged"], made["output.voltage"], made["insulation.ohm"], made["grid.voltage.l1"] = 1_234_567.0, 385.5, 250e3, 230.0
    yield made
    made.close()


def asked(port: int, address: int, count: int, *, unit: int = 1, function: int = 3) -> list[int]:
    client = ModbusTcpClient("127.0.0.1", port=port, timeout=1, retries=0)
    try:
        ask = client.read_input_registers if function == 4 else client.read_holding_registers
        return list(ask(address, count=count, device_id=unit).registers)
    finally:
        client.close()


def test_every_program(wires: Wires, tmp_path: Path) -> None:
    place = tmp_path / "wires"
    with (
        program("bender", place) as bender,
        program("dold", place, "--unit", "9") as dold,
        program("sunspec", place) as inverter,
        program("modbus_meter", place, "--map", str(SDM)) as sdm,
        program("bender", place, "--fault", "exception") as broken,
    ):
        assert asked(bender, 1008, 4, unit=3) == [0x43C0, 0xC000, 0x0004, 0x004C]  # the worked words of 385.5 V
        assert asked(dold, 2000, 3, unit=9, function=4) == [2500, 1, 386]
        assert asked(inverter, 40000, 4) == [0x5375, 0x6E53, 1, 66]
        words = asked(sdm, 0x48, 2, function=4)
        assert ModbusTcpClient.convert_from_registers(words, F32) == pytest.approx(1_234.567)
        wires["meter.charged"] = 5_000.0
        assert ModbusTcpClient.convert_from_registers(asked(sdm, 0x48, 2, function=4), F32) == 5.0
        assert asked(broken, 1008, 4, unit=3) == []
        assert asked(sdm, 0x49, 2, function=4) == []  # half a point


def test_the_worked_words_of_a_bender(wires: Wires, tmp_path: Path) -> None:
    """Its resistance is worth something when it has been enabled."""
    with program("bender", tmp_path / "wires") as port:
        assert asked(port, 1000, 4, unit=3) == [0x4874, 0x2400, 0x00C2, 0x0047]
        client = ModbusTcpClient("127.0.0.1", port=port, timeout=1, retries=0)
        client.write_registers(3026, [1], device_id=3)
        client.close()
        assert asked(port, 1000, 4, unit=3) == [0x4874, 0x2400, 0x0002, 0x0047]


@pytest.mark.parametrize("place", [SDM, EM])
def test_our_meter_reads_the_simulated_one(place: Path) -> None:
    world = {"meter.charged": 1_234_567.0, "meter.discharged": 8_901.0}
    device = MappedDevice(world, place, unit=7)
    with listening(device) as port:
        table = {"map": str(place), "meter_id": "M1", "host": "127.0.0.1", "port": port, "unit": 7, "every": 0.02}
        it = meter(table, "board.toml", "composed.meter")
        assert it.charged().value == pytest.approx(1_234_567.0, abs=1.0)
        assert it.discharged().value == pytest.approx(8_901.0, abs=1.0)
        device.faults.add("invalid")
        assert device.words(4, device.points["charged"].address, 2) in ([0x7FC0, 0], [0, 0x7FFF])
        it.close()


def test_a_port_that_is_taken() -> None:
    device = MappedDevice({}, SDM)
    with listening(device) as port, pytest.raises(LocalError, match="cannot be listened on"), listening(device, port):
        pytest.fail("two at one port")
