"""Control lines of the processor: gpiod's own settings over lines that stand in for a chip, and the kernel's files in a folder."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gpiod
import pytest
from gpiod.line import Direction, Value

from iso15118.errors import LocalError
from iso15118.hal import protocols
from iso15118.hal.controls.gpio import GpioBoard, controls, pilot_of
from iso15118.power import Contactor, Pilot

pytestmark = [pytest.mark.long, pytest.mark.waits]

LINES = {"contactor": 1, "beat": 2, "plus": 3, "minus": 4, "lock": 5, "locked": 6, "stop": 7, "door": 8, "residual": 9, "live": 10}


class Chip:
    """Levels by offset, as metal has them: active_low is gpiod's to turn."""

    def __init__(self) -> None:
        self.config: dict[int, gpiod.LineSettings] = {}
        self.levels: dict[int, bool] = {}
        self.beats = 0
        self.broken = False
        self.released = False

    def request_lines(self, path: str, *, consumer: str, config: dict[int, gpiod.LineSettings]) -> Chip:
        if path != "/dev/gpiochip0":
            raise FileNotFoundError(f"{path}: no such chip")
        self.config, self.consumer = config, consumer
        self.levels |= {offset: settings.active_low for offset, settings in config.items() if offset not in self.levels}
        return self

    def set_value(self, offset: int, value: Value) -> None:
        assert self.config[offset].direction is Direction.OUTPUT
        new = (value is Value.ACTIVE) is not self.config[offset].active_low
        self.beats += offset == LINES["beat"] and new is not self.levels[offset]
        self.levels[offset] = new

    def get_value(self, offset: int) -> Value:
        assert self.config[offset].direction is Direction.INPUT
        if self.broken:
            raise OSError("the chip is gone")
        return Value.ACTIVE if self.levels[offset] is not self.config[offset].active_low else Value.INACTIVE

    def release(self) -> None:
        self.released = True


@pytest.fixture
def chip(monkeypatch: pytest.MonkeyPatch) -> Chip:
    made = Chip()
    made.levels |= {LINES[name]: True for name in ("plus", "minus", "stop", "door", "residual")}
    monkeypatch.setattr(gpiod, "request_lines", made.request_lines)
    return made


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    (tmp_path / "pwm0").mkdir()
    for name in ("period", "duty_cycle", "enable"):
        (tmp_path / "pwm0" / name).write_text("0")
    volts(tmp_path, 12.0)
    volts(tmp_path, -12.0, "low")
    return tmp_path


def volts(kernel: Path, value: float, name: str = "high") -> None:
    (kernel / name).write_text(f"{round((value + 15.0) / 0.01)}\n")


def table(kernel: Path, **words: Any) -> dict[str, object]:
    files = {"pwm": str(kernel / "pwm0"), "pilot": str(kernel / "high"), "pilot_low": str(kernel / "low")}
    return {**LINES, **files, "pilot_scale": 0.01, "pilot_offset": 15.0, **words}


@pytest.fixture
def board(chip: Chip, kernel: Path) -> Iterator[GpioBoard]:
    it = controls(table(kernel), "board.toml", "composed.controls")
    yield it
    it.close()


def until(done: Callable[[], bool], within: float = 1.0) -> None:
    end = time.monotonic() + within
    while not done():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_the_devices(board: GpioBoard) -> None:
    also = board.also
    assert isinstance(also["contactor"], protocols.OutputContactor)
    assert isinstance(also["lock"], protocols.ConnectorLock)
    assert isinstance(also["pilot"], protocols.ControlPilot)
    assert isinstance(also["stop"], protocols.StopInputs)
    assert "temperature" not in also


def test_outputs_and_their_answers(board: GpioBoard, chip: Chip) -> None:
    contactor, lock = board.also["contactor"], board.also["lock"]
    assert contactor.feedback().value is Contactor.OPEN
    contactor.demand(True)
    lock.demand(True)
    until(lambda: bool(board.state.at) and chip.levels[1] and chip.levels[5])
    chip.levels[3] = False
    until(lambda: contactor.feedback().value is Contactor.MOVING)
    chip.levels[4] = False
    until(lambda: contactor.feedback().value is Contactor.CLOSED)
    chip.levels |= {6: True, 10: True}
    until(lambda: lock.locked().value and contactor.voltage().value == 230.0)


@pytest.mark.parametrize(("line", "ask"), [(7, "pressed"), (8, "door"), (9, "residual")])
def test_a_broken_wire_is_the_bad_case(board: GpioBoard, chip: Chip, line: int, ask: str) -> None:
    inputs = board.also["stop"]
    assert not getattr(inputs, ask)().value
    chip.levels[line] = False
    until(lambda: getattr(inputs, ask)().value)


def test_the_beat_lives_as_long_as_somebody_asks(board: GpioBoard, chip: Chip, kernel: Path) -> None:
    board.also["contactor"].demand(True)
    board.also["pilot"].duty(5.0)
    until(lambda: bool(board.state.at) and chip.beats > 10)
    until(lambda: not chip.levels[1], 0.6)
    before = chip.beats
    until(lambda: (kernel / "pwm0" / "duty_cycle").read_text() == "1000000")
    time.sleep(0.05)
    assert chip.beats <= before + 1
    until(lambda: bool(board.state.at) and chip.levels[1])


def test_closing_leaves_it_open_and_still(chip: Chip, kernel: Path) -> None:
    board = controls(table(kernel), "board.toml", "composed.controls")
    board.also["contactor"].demand(True)
    until(lambda: bool(board.state.at) and chip.levels[1])
    board.close()
    assert not chip.levels[1]
    assert not chip.levels[2]
    assert chip.released
    assert (kernel / "pwm0" / "duty_cycle").read_text() == "1000000"


def test_lines_that_are_active_when_low(chip: Chip, kernel: Path) -> None:
    board = controls(table(kernel, active_low="contactor lock"), "board.toml", "composed.controls")
    assert chip.levels[1], "open is high here, from the first moment on"
    board.also["contactor"].demand(True)
    until(lambda: bool(board.state.at) and not chip.levels[1])
    board.close()
    assert chip.levels[1]


@pytest.mark.parametrize(
    ("peak", "state"),
    tuple(zip((12, 10.6, 9, 7.6, 6, 4.6, 3, 1.6, 0, -4, -12), "AABBCCDDEEF", strict=True)),
)
def test_levels_of_the_pilot(peak: float, state: str) -> None:
    assert pilot_of(peak) is Pilot[state]


def test_the_pilot_and_its_oscillator(board: GpioBoard, kernel: Path) -> None:
    pilot = board.also["pilot"]
    assert (kernel / "pwm0" / "period").read_text() == "1000000"
    assert (kernel / "pwm0" / "enable").read_text() == "1"
    pilot.duty(5.0)
    until(lambda: bool(board.state.at) and (kernel / "pwm0" / "duty_cycle").read_text() == "50000")
    volts(kernel, 9.0)
    until(lambda: pilot.state().value is Pilot.B)
    volts(kernel, -6.0, "low")
    until(lambda: pilot.state().value is Pilot.E)
    pilot.duty(100.0)
    until(lambda: pilot.state().value is Pilot.B)


def test_a_chip_that_is_gone_grows_old(board: GpioBoard, chip: Chip) -> None:
    chip.broken = True
    until(lambda: board.state.age(time.monotonic()) > 0.3)
    assert board.why == "the chip is gone"
    chip.broken = False
    until(lambda: board.state.age(time.monotonic()) < 0.1)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"beat": None}, r"composed.controls.beat: missing; needed: contactor, beat"),
        ({"contactor": -1}, r"composed.controls.contactor: -1; allowed: a line that no other key has"),
        ({"lock": 1}, r"composed.controls.lock: 1; allowed: a line that no other key has"),
        ({"pwm": ""}, r"composed.controls.pwm: missing"),
        ({"active_low": "kettle"}, r"active_low: 'kettle' is no line of this table"),
        ({"kettle": 1}, r"composed.controls.kettle: unknown key"),
        ({"chip": "/dev/gpiochip9"}, r"/dev/gpiochip9: no such chip"),
        ({"pwm": "/nowhere"}, r"composed.controls: /dev/gpiochip0: .*/nowhere/period"),
    ],
)
def test_a_table_that_cannot_be(chip: Chip, kernel: Path, words: dict[str, Any], told: str) -> None:
    keys = {name: value for name, value in table(kernel, **words).items() if value is not None}
    with pytest.raises(LocalError, match=told):
        controls(keys, "board.toml", "composed.controls")


def test_without_gpiod(monkeypatch: pytest.MonkeyPatch, kernel: Path) -> None:
    monkeypatch.setitem(sys.modules, "gpiod", None)
    with pytest.raises(LocalError, match=r"chargeloop\[gpio\]"):
        controls(table(kernel), "board.toml", "composed.controls")
