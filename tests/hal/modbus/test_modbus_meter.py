"""Meters on Modbus TCP: read, gone, back, and in an outlet whose other devices are simulated."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from iso15118.errors import DeviceFault, LocalError
from iso15118.hal import protocols, registry
from iso15118.hal.board import AC_BOARD, Board, load
from iso15118.hal.guard import Guard
from iso15118.hal.modbus import line as lines
from iso15118.hal.modbus.line import Line, LineKeys
from iso15118.hal.modbus.meter import DEGRADED, FAILED, ModbusMeter, meter
from iso15118.hal.modbus.registers import Point
from iso15118.hal.protocols import Health
from iso15118.service.guard_link import GuardLink
from iso15118.value import replace
from tests.hal.modbus.device import I32, Device, device, until

pytestmark = [pytest.mark.long, pytest.mark.waits]

ROOT = Path(__file__).parents[3]
TABLE = '[composed.meter]\ndriver = "modbus"\nmap = "{map}"\nmeter_id = "M1"\nhost = "127.0.0.1"\nport = {port}\nevery = 0.05\n'


@pytest.fixture
def sdm() -> Iterator[Device]:
    with device() as made:
        made.number(0x48, 1234.5)
        made.number(0x4A, 0.25)
        yield made


def told(port: int, folder: str = "eastron_sdm630", **words: object) -> dict[str, object]:
    place = str(ROOT / "hw" / folder / "map.toml")
    return {"map": place, "meter_id": "M1", "host": "127.0.0.1", "port": port, "every": 0.05, **words}


def made(port: int, **words: object) -> ModbusMeter:
    return meter(told(port, **words), "board.toml", "composed.meter")


def test_an_eastron(sdm: Device) -> None:
    it = made(sdm.port)
    assert isinstance(it, protocols.EnergyMeter)
    assert (it.meter_id, it.health) == ("M1", Health.GOOD)
    assert (it.charged().value, it.discharged().value) == (1_234_500.0, 250.0)
    sdm.number(0x48, 1235.0)
    until(lambda: it.charged().value == 1_235_000.0)
    assert it.charged().age(time.monotonic()) < 0.3
    it.close()


def test_a_carlo_gavazzi() -> None:
    with device(unit=7) as em:
        em.number(0x400, 1234, I32, "little")
        em.number(0x402, 567, I32, "little")
        em.put(0x408, (0x0002, 0x0000))
        it = made(em.port, folder="carlo_gavazzi_em340", unit=7)
        assert (it.charged().value, it.discharged().value) == (1_234_567.0, 2_000.0)
        em.put(0x400, (0xFFFF, 0x7FFF))  # an overflow: no value
        time.sleep(0.2)
        assert it.charged().value == 1_234_567.0
        assert it.charged().age(time.monotonic()) > 0.1
        it.close()


def test_an_acrel() -> None:
    with device() as acrel:
        acrel.put(0x0C, (0x0012, 0xD687))  # holding registers, high word first: 1 234 567 Wh
        acrel.put(0x0E, (0x0000, 0x01F4))
        it = made(acrel.port, folder="acrel_djsf1352_rn")
        assert (it.charged().value, it.discharged().value) == (1_234_567.0, 500.0)
        it.close()


def test_a_register_that_falls_is_no_reading(sdm: Device) -> None:
    it = made(sdm.port)
    assert it.charged().value == 1_234_500.0
    sdm.number(0x48, 3.0)
    time.sleep(0.3)
    assert it.charged().value == 1_234_500.0
    assert it.charged().age(time.monotonic()) > 0.1
    it.close()


def test_nothing_waits_for_a_meter_that_does_not_answer(sdm: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """It grows old, and at last it has failed; one that comes back is good again."""
    it = made(sdm.port)
    client = it._line._client
    read, gone = client.read, [True]

    def silent(point: Point, unit: int) -> list[int]:
        if gone[0]:
            time.sleep(0.2)
            raise OSError("no answer")
        return read(point, unit)

    client.read = silent  # type: ignore[method-assign]
    time.sleep(0.3)
    began = time.monotonic()
    assert it.charged().value == 1_234_500.0
    assert it.health is Health.GOOD
    assert time.monotonic() - began < 0.005
    late = it.charged().at
    monkeypatch.setattr(time, "monotonic", lambda: late + DEGRADED + 0.1)
    assert it.health is Health.DEGRADED
    monkeypatch.setattr(time, "monotonic", lambda: late + FAILED + 0.1)
    assert it.health is Health.FAILED
    monkeypatch.undo()
    gone[0] = False
    until(lambda: it.charged().age(time.monotonic()) < 0.2)
    assert it.health is Health.GOOD
    assert it._line.why == ""
    it.close()


def test_a_device_that_answers_with_an_exception_is_no_device(sdm: Device) -> None:
    with pytest.raises(LocalError, match=r"Eastron SDM630, unit 9 at 127\.0\.0\.1 port \d+, does not answer"):
        made(sdm.port, unit=9)


def test_a_port_where_nobody_is(sdm: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iso15118.hal.modbus.meter.FIRST", 0.3)
    with pytest.raises(LocalError, match="does not answer: no connection"):
        made(1)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ({"meter_id": ""}, "an id of 1 to 32 characters"),
        ({"map": 3}, "a map's file"),
        ({"map": "nowhere.toml"}, "cannot be read"),
        ({"host": ""}, "host and device are neither there"),
        ({"device": "/dev/ttyS0"}, "host and device are both there"),
        ({"parity": "X"}, "allowed: N, E or O"),
        ({"unit": 300}, "a unit of 0..247"),
        ({"speed": 9}, "speed: unknown key"),
    ],
)
def test_a_table_that_is_wrong(words: dict[str, object], what: str) -> None:
    with pytest.raises(LocalError, match=what):
        meter(told(502) | words, "board.toml", "composed.meter")


def board(folder: Path, port: int, more: str = "", current: str = "") -> Board:
    text = (
        'family = "composed"\n'
        + current
        + TABLE.format(map=ROOT / "hw/eastron_sdm630/map.toml", port=port)
        + (more or "[composed.simulated]\n")
    )
    (folder / "board.toml").write_text(text)
    return load(folder / "board.toml")


@pytest.mark.parametrize("current", ["", "[ac]\nphases = 3\n"])
def test_in_an_outlet_whose_other_devices_are_simulated(sdm: Device, tmp_path: Path, current: str) -> None:
    outlet = registry.outlet(board(tmp_path, sdm.port, "[composed.simulated]\nlock_delay = 0.01\n", current))
    assert isinstance(outlet, protocols.AcOutlet if current else protocols.Outlet)
    assert outlet.meter.charged().value == 1_234_500.0
    outlet.advance(time.monotonic())
    outlet.close()


def test_a_guard_in_a_process_of_its_own_reads_it(sdm: Device, tmp_path: Path) -> None:
    it = board(tmp_path, sdm.port)
    link = GuardLink("one", it, it.limits, discharge_allowed=True)
    assert link.meter_id == "M1"
    until(lambda: link.cycle(0.0).reading.charged.value == 1_234_500.0)
    assert not link.cycle(0.0).faults
    link.close()


def test_a_meter_that_has_failed_is_a_fault(sdm: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outlet = registry.outlet(board(tmp_path, sdm.port))
    guard = Guard(outlet)  # type: ignore[arg-type]
    assert DeviceFault.METER not in guard.cycle(time.monotonic()).faults
    outlet.meter._line.close()  # type: ignore[attr-defined]
    for readings in (outlet.meter._line.latest, outlet.meter._kept):  # type: ignore[attr-defined]
        readings.clear()
    assert DeviceFault.METER in guard.cycle(time.monotonic()).faults
    outlet.close()


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ("[composed.brake]\ndriver = 'x'\n", "composed.brake: no such device"),
        ("[composed.simulated]\nweight = 3.0\n", "simulated.weight: unknown key"),
    ],
)
def test_a_board_that_is_wrong(sdm: Device, tmp_path: Path, more: str, what: str) -> None:
    with pytest.raises(LocalError, match=what):
        registry.outlet(board(tmp_path, sdm.port, more))


def test_a_driver_nobody_knows() -> None:
    with pytest.raises(LocalError, match=r"composed.meter.driver: 'abacus'; allowed: modbus"):
        registry.outlet(replace(Board(), family="composed", settings={"meter": {"driver": "abacus"}}))
    with pytest.raises(LocalError, match=r"composed.meter: 3; allowed: a table"):
        registry.outlet(replace(AC_BOARD, family="composed", settings={"meter": 3}))


def test_without_the_extra_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pymodbus.client", None)
    with pytest.raises(LocalError, match=r"chargeloop\[modbus\]"):
        Line({}, LineKeys(host="127.0.0.1"))
    assert lines.WAITING <= 0.5
