"""Messages and signals of a user's DBC, by the names a table gives them."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from iso15118.errors import LocalError
from iso15118.hal.can.line import Frame


class Signals:
    """A DBC file. Scaling, byte order and ids are its own."""

    def __init__(self, place: Path, where: str) -> None:
        """`where`: the table, for messages. Raises LocalError without the extra, or a file that is none."""
        try:
            from cantools.database import errors, load_file
        except ImportError:
            raise LocalError("cantools is not installed; allowed: pip install 'chargeloop[can]'") from None
        self._where, self._place = where, place
        try:
            self._base: Any = load_file(str(place), database_format="dbc")
        except OSError as error:
            raise LocalError(f"{where}.dbc: {place} cannot be read: {error.strerror}") from None
        except (errors.Error, ValueError) as error:
            raise LocalError(f"{where}.dbc: {place} is no DBC: {' '.join(str(error).split())}") from None

    def found(self, key: str, name: object) -> tuple[Any, Any]:
        """The message and the signal that the key of a table names, "message.signal". Raises LocalError."""
        where = f"{self._where}.{key}: {name!r}"
        first, dot, second = name.partition(".") if isinstance(name, str) else ("", "", "")
        if not dot:
            raise LocalError(f"{where}; allowed: a message and a signal of {self._place.name}, as in 'Command.Voltage'")
        messages = {message.name: message for message in self._base.messages}
        if first not in messages:
            raise LocalError(f"{where}: no such message in {self._place.name}; allowed: {', '.join(sorted(messages))}")
        message = messages[first]
        signals = {signal.name: signal for signal in message.signals}
        if second not in signals:
            raise LocalError(f"{where}: no such signal; allowed: {', '.join(sorted(signals))}")
        if message.is_multiplexed() or message.is_container:
            raise LocalError(f"{where}: {first} is multiplexed; allowed: a plain message")
        return message, signals[second]

    def quantity(self, key: str, name: object, unit: str) -> tuple[Any, Any]:
        """The same, of a signal in that unit, or in none that the file names. Raises LocalError."""
        message, signal = self.found(key, name)
        if unit and signal.unit and len(signal.unit) == 2 and signal.unit.endswith(unit):
            raise LocalError(f"{self._where}.{key}: {name!r}: in {signal.unit}; allowed: a signal in {unit}")
        return message, signal


def encoded(message: Any, values: Mapping[str, float]) -> Frame:
    """The message with these values and, for its other signals, the file's initial ones or 0. Raises ValueError where one does not fit."""
    from cantools.database.errors import EncodeError

    whole = {it.name: it.conversion.raw_to_scaled(it.raw_initial or 0, decode_choices=False) for it in message.signals} | dict(values)
    try:
        data = message.encode(whole, strict=False)
    except (EncodeError, OverflowError, ValueError) as error:
        raise ValueError(f"{message.name} cannot hold {dict(values)}: {error}") from None
    return Frame(message.frame_id, bytes(data), message.is_extended_frame)


def holds(message: Any, values: Mapping[str, float], exact: str = "") -> None:
    """Raises ValueError where `values` do not come back out of the message: the signal `exact` as it is, others to the nearest step."""
    read = message.decode(encoded(message, values).data, decode_choices=False)
    for signal in message.signals:
        step = 1e-6 if signal.name == exact else 0.01 if signal.is_float else 0.51 * abs(float(signal.scale))
        if signal.name in values and not abs(float(read[signal.name]) - values[signal.name]) <= step:
            raise ValueError(f"{message.name}.{signal.name} cannot hold {values[signal.name]}")


def decoded(message: Any, data: bytes) -> Mapping[str, float] | None:
    """The finite values of a frame; None: it is too short, or holds what the file does not know."""
    from cantools.database.errors import DecodeError

    if len(data) < message.length:
        return None
    try:
        read = message.decode(data, decode_choices=False)
    except (DecodeError, ValueError):
        return None
    return {name: float(value) for name, value in read.items() if isfinite(value)}


def held(signal: Any, value: float) -> float:
    """`value` within what the file says of its signal."""
    low = value if signal.minimum is None else max(value, float(signal.minimum))
    return low if signal.maximum is None else min(low, float(signal.maximum))
