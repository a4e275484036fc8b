"""An ISO 15118-20 controller for bidirectional charging, in both roles. This module holds the public names and nothing else.

The names are resolved when they are first used, so that `import iso15118` stays cheap and loads no shell, no driver and no extra.
"""

from __future__ import annotations

import sys

from iso15118._collision import stop_if_foreign

__version__ = "0.1.0"

stop_if_foreign(sys.path, sys.argv, sys.orig_argv)

# Public name -> the module that defines it. Each name stands twice: here for the interpreter, and under TYPE_CHECKING below, as
# `from iso15118.x import Name as Name`, for type checkers and editors.
_PUBLIC: dict[str, str] = {
    "CarConfig": "iso15118.service.car",
    "ChargeloopError": "iso15118.errors",
    "CodecError": "iso15118.errors",
    "ConnectorLock": "iso15118.hal.protocols",
    "ControlPilot": "iso15118.hal.protocols",
    "DcSupply": "iso15118.hal.protocols",
    "DeviceError": "iso15118.errors",
    "DeviceFault": "iso15118.errors",
    "EnergyMeter": "iso15118.hal.protocols",
    "EvseConfig": "iso15118.service.evse_config",
    "InsulationMonitor": "iso15118.hal.protocols",
    "LocalError": "iso15118.errors",
    "Outlet": "iso15118.hal.protocols",
    "OutputContactor": "iso15118.hal.protocols",
    "PeerError": "iso15118.errors",
    "SCHEMAS": "iso15118.messages.catalogue",
    "Station": "iso15118.service.station",
    "StationConfig": "iso15118.service.station",
    "Vehicle": "iso15118.service.vehicle",
}

TYPE_CHECKING = False  # what typing.TYPE_CHECKING is, without importing typing
if TYPE_CHECKING:
    from iso15118.errors import ChargeloopError as ChargeloopError
    from iso15118.errors import CodecError as CodecError
    from iso15118.errors import DeviceError as DeviceError
    from iso15118.errors import DeviceFault as DeviceFault
    from iso15118.errors import LocalError as LocalError
    from iso15118.errors import PeerError as PeerError
    from iso15118.hal.protocols import ConnectorLock as ConnectorLock
    from iso15118.hal.protocols import ControlPilot as ControlPilot
    from iso15118.hal.protocols import DcSupply as DcSupply
    from iso15118.hal.protocols import EnergyMeter as EnergyMeter
    from iso15118.hal.protocols import InsulationMonitor as InsulationMonitor
    from iso15118.hal.protocols import Outlet as Outlet
    from iso15118.hal.protocols import OutputContactor as OutputContactor
    from iso15118.messages.catalogue import SCHEMAS as SCHEMAS
    from iso15118.service.car import CarConfig as CarConfig
    from iso15118.service.evse_config import EvseConfig as EvseConfig
    from iso15118.service.station import Station as Station
    from iso15118.service.station import StationConfig as StationConfig
    from iso15118.service.vehicle import Vehicle as Vehicle


def __getattr__(name: str) -> object:
    module = _PUBLIC.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({"__version__", *_PUBLIC})
