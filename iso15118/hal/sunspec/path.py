"""A SunSpec inverter as the path of an outlet of alternating current: it measures, and bounds the power by its set-point.

Only the sum of the phases can be set, and no reactive power. When this process is gone nobody but the inverter is there: its set-point
falls back to 0 W when it has not been renewed for `watchdog` seconds, and an inverter that does not take such a time is refused.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from math import nan
from typing import Final

from iso15118.errors import LocalError
from iso15118.hal.board import fill
from iso15118.hal.modbus.line import LineKeys, Registers, keys_of
from iso15118.hal.protocols import Health
from iso15118.hal.sunspec.alarms import GROUND_FAULT, judged
from iso15118.hal.sunspec.grid import FAST, FIRST, SunSpecGrid, turned
from iso15118.hal.sunspec.points import Model, count
from iso15118.hal.sunspec.ratings import rated
from iso15118.power import Abilities, AcAbilities, AcTarget, Limits, Measured
from iso15118.units import Second, Watt
from iso15118.value import Value

BEAT: Final[Second] = 1.0
"""From one heartbeat to the next; what was set is read back, and set again, as often."""
SILENT: Final[Second] = 2.0
"""An inverter that has told nothing for longer has failed."""
FORGOTTEN: Final[Second] = 0.5
"""A demand that has not come again for so long is none: a guard that hangs renews nothing."""
SHORTEST, LONGEST = 2, 60
"""s of watchdog: what is shorter than two beats falls between them, what is longer watches nothing."""
_NOTHING: Final = Abilities(Limits(0.0, 0.0, 0.0, 0.0), ac=AcAbilities())


class PathKeys(Value):
    """What a board's file says beside where the inverter is."""

    frequency: float = 50.0
    """Hz, nominal: no model has it."""
    watchdog: int = 3
    """s, whole: the set-point falls to 0 W when it has not been renewed for so long."""


class SunSpecPath(SunSpecGrid):
    """`hal.protocols.AcPath`."""

    WANTED = (701, 702, 704)
    USED = (703, 715)

    def __init__(self, keys: LineKeys, words: PathKeys, client: Registers | None = None) -> None:
        """Raises LocalError for a line that cannot be one."""
        self.abilities = _NOTHING
        """What it can carry now, by model 702, from when it has answered."""
        self._own = words
        self._demanded = float("-inf")
        self._wanted: Watt = 0.0
        """Asked of the vehicle, + into it."""
        self._written: Watt = 0.0
        """The last one that the inverter has taken; NaN: nobody knows."""
        self._flags: Measured[tuple[int | None, int]] = Measured((None, 0), float("-inf"))
        """InvSt and Alrm."""
        self._beaten = 0.0
        self._beats = 0
        self._astray = ""
        """What the inverter has not kept of what it was told."""
        super().__init__(keys, client)

    @property
    def health(self) -> Health:
        """By its state, its alarms, whether it keeps what it is told, and how long ago it has told anything."""
        return self._judged()[0]

    @property
    def reason(self) -> str:
        """For the health, in words; empty: nothing is wrong."""
        return ", ".join(self._judged()[1])

    def demand(self, target: AcTarget | None) -> None:
        """The sum of the phases is set. None is 0 W, and the set-point stays enabled: without one an inverter does what it likes."""
        self._demanded = time.monotonic()
        self._wanted = 0.0 if target is None else target.active.total
        if self._wanted != self._written:
            self.hurry()

    def residual(self) -> Measured[bool]:
        """Its ground fault alarm."""
        (_, alarms), at = self._flags.value, self._flags.at
        return Measured(bool(alarms & GROUND_FAULT), at)

    def _judged(self) -> tuple[Health, list[str]]:
        if time.monotonic() - self._flags.at > SILENT:
            return Health.FAILED, [f"no answer: {self.why or 'silence'}"]
        health, words = judged(*self._flags.value)
        if self._astray:
            return max(health, Health.DEGRADED), [*words, self._astray]
        return health, words

    def _prepare(self) -> None:
        """Whatever it had been told before is replaced by 0 W and its time before it is started."""
        super()._prepare()
        self.models[701].needed("Alrm")
        control, order = self.models.get(715), self.models[704]
        if control is not None and control.raw("LocRemCtl") == 1:
            raise LocalError("model 715: LocRemCtl: 1, local control; allowed: 0, remote control")
        order.needed("WSetRvrtTms")
        self.abilities = rated(self.models[702], self.phases, self._own.frequency)
        self._written = 0.0
        self._set_all()
        self._refresh(order)
        if self._differing():
            raise LocalError(f"model 704: {self._differing()}; allowed: an inverter that keeps its set-point and the time of it")
        if 703 in self.models:
            self._put(self.models[703], ES=1)
        if control is not None and control.raw("OpCtl") is not None:
            self._put(control, OpCtl=1)

    def _turn(self) -> None:
        """The set-point first: what has to fall falls at once."""
        wanted = self._wanted if time.monotonic() - self._demanded <= FORGOTTEN else 0.0
        if wanted != self._written:
            self._written = nan  # an answer that is lost leaves it open which one is in force
            self._put(self.models[704], WSet=turned(wanted))
            self._written = wanted
        super()._turn()
        alarms = self.models[701].raw("Alrm")
        if alarms is not None:
            self._flags = Measured((self.models[701].raw("InvSt"), alarms), time.monotonic())
        if time.monotonic() - self._beaten >= BEAT:
            self._beat()

    def _rest(self) -> None:
        """0 W, and stop."""
        self._put(self.models[704], WSet=0)
        control = self.models.get(715)
        if control is not None and control.raw("OpCtl") is not None:
            self._put(control, OpCtl=0)
        elif 703 in self.models:
            self._put(self.models[703], ES=0)

    def _beat(self) -> None:
        """Look after what was set, set it again, count the heartbeat, and see what the inverter can do now."""
        self._renew(self.models[704], "WSetEna", "WSetRvrtTms")
        self._astray = self._differing()
        self._set_all()
        control = self.models.get(715)
        if control is not None and control.raw("ControllerHb") is not None:
            self._beats = (self._beats + 1) % 0xFFFF_FFFF
            self._put(control, ControllerHb=self._beats)
        self._beaten = time.monotonic()
        self._renew(self.models[702], "WMax", "AMax")
        self.abilities = rated(self.models[702], self.phases, self._own.frequency)

    def _renew(self, model: Model, first: str, last: str) -> None:
        """Read from one point to another and no more: on a serial line a measurement waits for it."""
        self._refresh(model, model.fields[first].offset, model.fields[last].offset + count(model.fields[last]))

    def _set_all(self) -> None:
        """The set-point, in force, and what becomes of it without us: 0 W, in force too. The switch comes last."""
        order = self.models[704]
        self._put(order, WSetEnaRvrt=1, WSetRvrtTms=self._own.watchdog)
        self._put(order, WSet=turned(self._written), WSetRvrt=0)
        self._put(order, WSetEna=1, WSetMod=1)

    def _differing(self) -> str:
        """What model 704, as last read, has not kept; empty: nothing."""
        order = self.models[704]
        told = {"WSetEna": 1.0, "WSetMod": 1.0, "WSet": turned(self._written), "WSetRvrt": 0.0}
        told |= {"WSetEnaRvrt": 1.0, "WSetRvrtTms": float(self._own.watchdog)}
        words = [name for name, value in told.items() if order.words_at(name) != order.words_of(name, value)]
        return f"{', '.join(words)} not as set" if words else ""

    def _put(self, model: Model, **values: float) -> None:
        """Write points that stand one behind the other."""
        words = [word for name, value in values.items() for word in model.words_of(name, value)]
        self._write(model.at(next(iter(values))), words)


def path(table: Mapping[str, object], file: str, path: str, client: Registers | None = None) -> SunSpecPath:
    """The path that a table of a board's file describes, once its inverter has answered. Raises LocalError where it does not."""
    own = {key: value for key, value in table.items() if key in PathKeys.__fields__}
    words = fill(PathKeys(), own, file, path)
    if not 40.0 <= words.frequency <= 70.0 or not SHORTEST <= words.watchdog <= LONGEST:
        raise LocalError(
            f"{file}: {path}: frequency {words.frequency}, watchdog {words.watchdog}; allowed: 40..70 Hz, {SHORTEST}..{LONGEST} s"
        )
    keys = keys_of({key: value for key, value in table.items() if key not in own}, file, path, FAST)
    made = SunSpecPath(keys, words, client)
    made.begin(FIRST, f"{file}: {path}: SunSpec inverter")
    return made
