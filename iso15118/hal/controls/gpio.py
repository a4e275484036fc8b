"""Pilot, contactor, lock and inputs on lines of the processor itself: `[composed.controls] driver = "gpio"`.

    [composed.controls]
    driver = "gpio"
    chip = "/dev/gpiochip0"
    contactor = 17                 # output
    beat = 18                      # output: toggles each 20 ms; hardware lets the contactor fall without it
    plus = 27                      # inputs: mirror contacts, active while the pole is open
    minus = 22
    lock = 23                      # output
    locked = 24                    # input
    stop = 25                      # input, active while the stop loop is whole
    pwm = "/sys/class/pwm/pwmchip0/pwm0"
    pilot = "/sys/bus/iio/devices/iio:device0/in_voltage0_raw"      # behind a peak detector
    pilot_scale = 0.00732          # V of the pilot wire a step
    pilot_offset = 15.0            # V below 0 at which steps begin

A line keeps its level when a process is killed: so there is a beat, which a charge pump or a monostable circuit turns into the
permission to close. It stops 0.3 s after the last time that somebody has asked for anything.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from math import nan
from pathlib import Path
from typing import Any, Final

from iso15118.errors import LocalError
from iso15118.hal.board import fill
from iso15118.hal.controls.levels import devices
from iso15118.hal.controls.words import BoardState, Input, Order
from iso15118.power import Measured, Pilot
from iso15118.units import Second, Volt
from iso15118.value import Value

EVERY: Final[Second] = 0.010
ALONE: Final[Second] = 0.300
"""Without anybody who asks for so long nothing is wanted, and the beat stops."""
PERIOD: Final = 1_000_000
"""ns of the oscillator: 1 kHz."""
LEVELS: Final = ((10.5, Pilot.A), (7.5, Pilot.B), (4.5, Pilot.C), (1.5, Pilot.D), (-5.0, Pilot.E))
"""V above which the positive peak says so (IEC 61851-1: 12, 9, 6, 3, 0 V); below the last one F."""
DIODE: Final[Volt] = -10.0
"""V: the negative peak of an oscillator with a car's diode behind it lies below."""
LIVE: Final[Volt] = 230.0
"""What a line that says "live" is taken for."""
UNUSED: Final = -1


class GpioKeys(Value):
    """Keys of the table: offsets of lines, files of the kernel."""

    chip: str = "/dev/gpiochip0"
    contactor: int = UNUSED
    beat: int = UNUSED
    plus: int = UNUSED
    minus: int = UNUSED
    lock: int = UNUSED
    locked: int = UNUSED
    stop: int = UNUSED
    door: int = UNUSED
    """Active while the door is shut."""
    residual: int = UNUSED
    """Active while the residual current device has not tripped."""
    live: int = UNUSED
    """Active while there is voltage behind the contactor, where no device measures it."""
    active_low: str = ""
    """Names of those lines that are active when low, with blanks between."""
    pwm: str = ""
    pilot: str = ""
    pilot_scale: float = 1.0
    pilot_offset: float = 0.0
    pilot_low: str = ""
    """The file of the negative peak, for the diode test; same scale and offset."""


OUTPUTS: Final = ("contactor", "beat", "lock")
INPUTS: Final = ("plus", "minus", "locked", "stop", "door", "residual", "live")
NEEDED: Final = ("contactor", "beat", "plus", "lock", "locked")


def pilot_of(peak: Volt) -> Pilot:
    """The state that a positive peak of so many V stands for."""
    return next((state for least, state in LEVELS if peak > least), Pilot.F)


class GpioBoard:
    """`controls.levels.ControlBoard`. `why`: what the last turn has failed of; empty: nothing."""

    def __init__(self, keys: GpioKeys, offsets: Mapping[str, int]) -> None:
        """`offsets`: of the lines in use. Raises LocalError without gpiod, OSError where the lines or files are not to be had."""
        try:
            import gpiod
            from gpiod.line import Direction
            from gpiod.line import Value as Level
        except ImportError:
            raise LocalError("control lines need gpiod: pip install 'chargeloop[gpio]'") from None
        self.orders = Order(0)
        self.duty = 100.0
        self.why = ""
        self._keys, self._offsets, self._on, self._off = keys, offsets, Level.ACTIVE, Level.INACTIVE
        low = keys.active_low.split()
        config: Any = {
            offset: gpiod.LineSettings(
                direction=Direction.OUTPUT if name in OUTPUTS else Direction.INPUT, output_value=Level.INACTIVE, active_low=name in low
            )
            for name, offset in offsets.items()
        }
        self._lines = gpiod.request_lines(keys.chip, consumer="chargeloop", config=config)
        self._pwm = Oscillator(Path(keys.pwm))
        self._state = Measured(BoardState(0, Input(0), Pilot.A, nan, nan, 0.0), float("-inf"))
        self._asked = time.monotonic()
        self._beat = False
        self._over = threading.Event()
        self.also: Mapping[str, Any] = devices(self, heat=False, voltage="live" in offsets)
        self.turn()
        self._thread = threading.Thread(target=self._run, name="control lines", daemon=True)
        self._thread.start()

    @property
    def state(self) -> Measured[BoardState]:
        """The newest. Whoever asks is there: that is what keeps the beat."""
        self._asked = time.monotonic()
        return self._state

    def close(self) -> None:
        """Open, free, steady, and no beat any more."""
        self.orders, self.duty = Order(0), 100.0
        self._over.set()
        self._thread.join(1.0)
        with suppress(OSError):
            self._put(Order(0), beat=False)
            self._pwm.duty(100.0)
        self._lines.release()

    def _run(self) -> None:
        while not self._over.wait(EVERY):
            try:
                self.turn()
                self.why = ""
            except (OSError, ValueError) as error:
                self.why = str(error)

    def turn(self) -> None:
        """Inputs, then outputs. Raises OSError, ValueError (a file without a number): then nothing is measured, and grows old."""
        alone = time.monotonic() - self._asked > ALONE
        self._beat = not self._beat and not alone
        self._put(self.orders & ~Order.CONTACTOR if alone else self.orders, beat=self._beat)
        self._pwm.duty(100.0 if alone else self.duty)
        inputs, voltage = self._inputs()
        self._state = Measured(BoardState(0, inputs, self._pilot(), voltage, nan, 0.0), time.monotonic())

    def _put(self, orders: Order, *, beat: bool) -> None:
        for name, level in (("contactor", Order.CONTACTOR in orders), ("lock", Order.LOCK in orders), ("beat", beat)):
            self._lines.set_value(self._offsets[name], self._on if level else self._off)

    def _inputs(self) -> tuple[Input, Volt]:
        is_ = {name: self._lines.get_value(self._offsets[name]) is self._on for name in INPUTS if name in self._offsets}
        plus = is_["plus"]
        minus = is_.get("minus", plus)
        inputs = (Input.PLUS_OPEN if plus else Input.PLUS_CLOSED) | (Input.MINUS_OPEN if minus else Input.MINUS_CLOSED)
        for name, level, when in (
            ("locked", Input.LOCKED, True),
            ("stop", Input.STOP, False),
            ("door", Input.DOOR, False),
            ("residual", Input.RESIDUAL, False),
        ):
            if is_.get(name, not when) is when and name in is_:
                inputs |= level
        return inputs, nan if "live" not in is_ else LIVE if is_["live"] else 0.0

    def _pilot(self) -> Pilot:
        """By its peaks. An oscillator without the diode of a car behind it is no car."""
        keys = self._keys
        state = pilot_of(self._volts(keys.pilot))
        oscillates = self.duty < 100.0 and state in (Pilot.B, Pilot.C, Pilot.D)
        return Pilot.E if keys.pilot_low and oscillates and self._volts(keys.pilot_low) > DIODE else state

    def _volts(self, file: str) -> Volt:
        return float(Path(file).read_text(encoding="ascii")) * self._keys.pilot_scale - self._keys.pilot_offset


class Oscillator:
    """A PWM channel of the kernel, by its folder in sysfs."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError where it is not."""
        self._folder = folder
        self._percent = -1.0
        (folder / "period").write_text(str(PERIOD), encoding="ascii")
        self.duty(100.0)
        (folder / "enable").write_text("1", encoding="ascii")

    def duty(self, percent: float) -> None:
        """Percent; written where it changes."""
        if percent != self._percent:
            (self._folder / "duty_cycle").write_text(str(round(PERIOD * percent / 100)), encoding="ascii")
            self._percent = percent


def controls(table: Mapping[str, object], file: str, path: str) -> GpioBoard:
    """The lines that a table describes. Raises LocalError where one that is needed is missing, given twice, or not to be had."""
    words = dict(table)
    offsets: dict[str, int] = {}
    for name in (*OUTPUTS, *INPUTS):
        if name in words:
            offset = words.pop(name)
            if type(offset) is not int or offset < 0 or offset in offsets.values():
                raise LocalError(f"{file}: {path}.{name}: {offset!r}; allowed: a line that no other key has, 0 or more")
            offsets[name] = offset
    keys = fill(GpioKeys(), words, file, path)
    missing = [name for name in NEEDED if name not in offsets] + [name for name in ("pwm", "pilot") if not getattr(keys, name)]
    unknown = [name for name in keys.active_low.split() if name not in offsets]
    if missing or unknown:
        wrong = f"{missing[0]}: missing" if missing else f"active_low: {unknown[0]!r} is no line of this table"
        raise LocalError(f"{file}: {path}.{wrong}; needed: {', '.join((*NEEDED, 'pwm', 'pilot'))}")
    try:
        return GpioBoard(keys, offsets)
    except (OSError, ValueError) as error:
        raise LocalError(f"{file}: {path}: {keys.chip}: {error}") from None
