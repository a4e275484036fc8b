"""Meters in a site's file, which are read by ourselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Protocol, TypeAlias

from pydantic import Field

from iso15118.errors import LocalError
from iso15118.hal.modbus.mains import Mains, mains
from iso15118.service.config.toml import Positive, Table, Text


class MeterTable(Table):
    """A meter that is read each half second. Either `host` or `device`; a serial line is one meter's alone, more of them need a gateway."""

    driver: Annotated[str, Field(pattern="^modbus$", description="modbus")] = "modbus"
    """Its kind."""
    map: Text
    """The file that says where the model keeps what: `hw/eastron_sdm630/map.toml` for instance."""
    host: Annotated[str, Field(description="a name or an address")] = ""
    """Of Modbus TCP."""
    port: Annotated[int, Field(ge=1, le=65535, description="1..65535")] = 502
    """Of Modbus TCP."""
    device: Annotated[str, Field(description="a path")] = ""
    """Of Modbus RTU: a serial device."""
    baud: Annotated[int, Field(ge=300, le=1_000_000, description="300..1000000")] = 9600
    """Bit/s of the serial line."""
    parity: Annotated[str, Field(pattern="^[NEO]$", description="N, E or O")] = "N"
    """Of the serial line."""
    unit: Annotated[int, Field(ge=0, le=247, description="0..247")] = 1
    """The meter's address."""
    every: Positive = 0.5
    """s from one round to the next."""


Metered: TypeAlias = Annotated[MeterTable | None, Field(description="a table")]


class WithMeter(Protocol):
    """A table of what may have a meter."""

    @property
    def name(self) -> str: ...

    @property
    def meter(self) -> MeterTable | None: ...


def meters(path: Path, devices: Mapping[str, Sequence[WithMeter]]) -> dict[tuple[str, str], Mains]:
    """By the key of the tables and the device's name. Raises LocalError on a map that is none, or a line that is another's."""
    found: dict[tuple[str, str], Mains] = {}
    lines: dict[str, str] = {}
    for key, tables in devices.items():
        for i, device in enumerate(tables):
            if device.meter is None:
                continue
            where, line = f"{key}[{i}].meter", device.meter.device
            found[key, device.name] = mains(device.meter.model_dump(exclude={"driver"}), str(path), where)
            if line and line in lines:
                raise LocalError(f"{path}: {where}.device: {line!r} is {lines[line]}'s; allowed: a line of its own, or a gateway as host")
            lines[line] = where
    return found
