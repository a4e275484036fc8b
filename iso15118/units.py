"""Units and sign, said once.

Every quantity inside the package is a float in SI units: volt, ampere, watt, watt-hour (energy), second, ohm.
Positive power, current and energy flow **into the vehicle** (charging), negative out of it (discharging)
[V2G20-1034] [V2G20-1035]. Limits of discharge are magnitudes (>= 0) inside the package; `messages` turns signs at the wire.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Volt: TypeAlias = float
Ampere: TypeAlias = float
Watt: TypeAlias = float
WattHour: TypeAlias = float
Second: TypeAlias = float
Ohm: TypeAlias = float

KW: Final = 1e3
KWH: Final = 1e3
HOUR: Final = 3600.0
MICROSECONDS: Final = 1_000_000
"""Per second: header TimeStamps and TimeAnchors are microseconds [V2G20-2676]."""
