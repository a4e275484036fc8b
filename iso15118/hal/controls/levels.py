"""The devices of an outlet over one control board, whatever it is reached by: they put levels in, and read its newest state."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any, Final, Protocol

from iso15118.errors import DeviceError, DeviceFault, LocalError
from iso15118.hal.controls.words import BoardState, Input, Order
from iso15118.power import Contactor, Measured, Pilot
from iso15118.units import Ampere, Volt

NEVER: Final = float("-inf")
_POLES: Final = Input.PLUS_OPEN | Input.PLUS_CLOSED | Input.MINUS_OPEN | Input.MINUS_CLOSED
OPEN: Final = Input.PLUS_OPEN | Input.MINUS_OPEN
CLOSED: Final = Input.PLUS_CLOSED | Input.MINUS_CLOSED


class ControlBoard(Protocol):
    """What the devices need of the way to their board."""

    orders: Order
    duty: float

    @property
    def state(self) -> Measured[BoardState]:
        """The newest, with the moment at which it came; long ago where nothing came."""


def contactor_state(inputs: Input) -> Contactor:
    """By the mirror contacts of both poles: what does not agree, or says both or neither, is neither."""
    poles = inputs & _POLES
    return Contactor.OPEN if poles == OPEN else Contactor.CLOSED if poles == CLOSED else Contactor.MOVING


class BoardContactor:
    """`hal.protocols.OutputContactor`."""

    def __init__(self, board: ControlBoard, measures: bool) -> None:
        self._board = board
        self.measures = measures
        """It has a voltage behind it; else another device has to measure that."""

    def demand(self, closed: bool) -> None:
        """A level."""
        self._board.orders = self._board.orders | Order.CONTACTOR if closed else self._board.orders & ~Order.CONTACTOR

    def feedback(self) -> Measured[Contactor]:
        """Both poles."""
        state = self._board.state
        return Measured(contactor_state(state.value.inputs), state.at)

    def voltage(self) -> Measured[Volt]:
        """Behind it. A board that does not measure it has no value, and it grows old."""
        state = self._board.state
        return Measured(state.value.voltage, state.at)


class BoardLock:
    """`hal.protocols.ConnectorLock`."""

    def __init__(self, board: ControlBoard) -> None:
        self._board = board

    def demand(self, locked: bool) -> None:
        """A level."""
        self._board.orders = self._board.orders | Order.LOCK if locked else self._board.orders & ~Order.LOCK

    def locked(self) -> Measured[bool]:
        """By its contact."""
        state = self._board.state
        return Measured(Input.LOCKED in state.value.inputs, state.at)


class BoardPilot:
    """`hal.protocols.ControlPilot`."""

    def __init__(self, board: ControlBoard) -> None:
        self._board = board

    def state(self) -> Measured[Pilot]:
        """As the board sees it."""
        state = self._board.state
        return Measured(state.value.pilot, state.at)

    def duty(self, percent: float) -> None:
        """A level."""
        if not 0 <= percent <= 100:
            raise LocalError(f"a duty cycle is 0..100 percent, not {percent}")
        self._board.duty = percent


class BoardInputs:
    """`hal.protocols.StopInputs`, `OverVoltageMonitor`, `Thermometer` and `Proximity`, and the residual current of an AC outlet."""

    def __init__(self, board: ControlBoard) -> None:
        self._board = board

    def _level(self, which: Input) -> Measured[bool]:
        state = self._board.state
        return Measured(which in state.value.inputs, state.at)

    def pressed(self) -> Measured[bool]:
        """The emergency stop."""
        return self._level(Input.STOP)

    def door(self) -> Measured[bool]:
        """An enclosure is open."""
        return self._level(Input.DOOR)

    def residual(self) -> Measured[bool]:
        """The residual current device has tripped."""
        return self._level(Input.RESIDUAL)

    def tripped(self) -> Measured[bool]:
        """The over-voltage monitor has."""
        return self._level(Input.OVER_VOLTAGE)

    def demand(self, limit: Volt | None) -> None:
        """Its limit is the board's own, set where it is built."""

    def celsius(self) -> Measured[float]:
        """The hottest place. Raises DeviceError where the board measures none."""
        state = self._board.state
        if isnan(state.value.celsius):
            raise DeviceError(DeviceFault.COMMUNICATION, "the control board measures no temperature")
        return Measured(state.value.celsius, state.at)

    def ampacity(self) -> Measured[Ampere]:
        """Of the cable in the socket."""
        state = self._board.state
        return Measured(state.value.ampacity, state.at)


class BoardReader:
    """`hal.protocols.AuthReader`."""

    def __init__(self, shown: list[str]) -> None:
        self._shown = shown

    def read(self) -> str | None:
        """The oldest that nobody has read."""
        return self._shown.pop(0) if self._shown else None


def devices(board: ControlBoard, *, heat: bool, voltage: bool) -> Mapping[str, Any]:
    """What comes with a control board, by the names of `hal.composed`. `heat`, `voltage`: it measures them."""
    inputs = BoardInputs(board)
    found = {
        "contactor": BoardContactor(board, voltage),
        "lock": BoardLock(board),
        "pilot": BoardPilot(board),
        "stop": inputs,
        "residual": inputs,
        "over_voltage": inputs,
        "proximity": inputs,
    }
    return {**found, "temperature": inputs} if heat else found
