"""The four families of error, each knowing its consequence. Neighbours: every floor raises them, only `service` catches them."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final


class ChargeloopError(Exception):
    """Base of every error this package raises on purpose."""


class CodecError(ChargeloopError):
    """The octets are not a message (decoding), or the value is not one (encoding).

    `path` names the element, outermost first (`DC_ChargeLoopReq/Header/SessionID`); `bit` is the offset from the start of
    the stream where reading failed, None where there is no stream. Consequence: the frame is dropped, the connection closed.
    """

    def __init__(self, what: str, *, path: str = "", bit: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.path = path
        self.bit = bit

    def inside(self, name: str) -> CodecError:
        """The same error, one element further out: `name` is put before the path."""
        self.path = f"{name}/{self.path}" if self.path else name
        return self

    def __str__(self) -> str:
        where = [part for part in (self.path, "" if self.bit is None else f"bit {self.bit}") if part]
        return f"{' at '.join(where)}: {self.what}" if where else self.what


class PeerError(ChargeloopError):
    """The other side broke a rule.

    `requirement` is the rule's id (`V2G20-459`, or "" where none is known), `code` the ResponseCode that answers it.
    Consequence for a charger: the paired response with that code, then the session ends. For a car: the session ends.
    """

    def __init__(self, what: str, *, requirement: str = "", code: str = "FAILED") -> None:
        super().__init__(what)
        self.requirement = requirement
        self.code = code

    def __str__(self) -> str:
        what = super().__str__()
        return f"{what} [{self.requirement}]" if self.requirement else what


class LocalError(ChargeloopError):
    """We were about to break a rule, or were told to do what cannot be done (configuration, wrong use). Never told to the peer."""


class FaultClass(IntEnum):
    """What becomes of metal, the mildest first; each class has its deadlines (`hal.bounds`, docs/faults.md)."""

    WARNING = 0
    """It goes on, with less: no `DeviceFault`, but a device whose health is degraded and whose limits have come down."""
    NORMAL = 1
    """The car is told to stop; power is taken away from one that does not within 20 s."""
    ERROR = 2
    """The current goes down at once, the contactor opens without load; what does not come down becomes an emergency."""
    EMERGENCY = 3
    """The current goes down at once, and the contactor opens, under load if it must."""


class DeviceFault(StrEnum):
    """Why a device cannot be trusted any more. Every one is latched."""

    COMMUNICATION = "communication lost"
    STALE = "measurement too old"
    CONTACTOR = "contactor does not follow"
    INSULATION = "insulation resistance too low"
    OVER_VOLTAGE = "over-voltage"
    OVER_CURRENT = "over-current"
    SUPPLY = "power supply fault"
    CONTROL_PILOT = "control pilot left C/D"
    LOCK = "connector lock does not follow"
    METER = "energy meter fault"
    EMERGENCY_STOP = "emergency stop"
    RESIDUAL_CURRENT = "residual current"
    REVERSE_POWER = "power out of the vehicle without permission"
    OVER_TEMPERATURE = "too hot"
    ENCLOSURE = "enclosure open"
    GRID = "grid lost while energy came back"

    @property
    def severity(self) -> FaultClass:
        """ERROR or EMERGENCY."""
        return FaultClass.ERROR if self in _ERRORS else FaultClass.EMERGENCY


_ERRORS: Final = frozenset({DeviceFault.INSULATION, DeviceFault.METER, DeviceFault.OVER_TEMPERATURE, DeviceFault.GRID})
"""Nothing is gained by opening under load."""


class DeviceError(ChargeloopError):
    """Metal failed. Consequence: the safe state (zero current, contactor open), then words."""

    def __init__(self, fault: DeviceFault, what: str = "") -> None:
        super().__init__(what or fault.value)
        self.fault = fault
