"""Units of numbers on the wire, by the name of their element.

The standards give each element its unit, and name their elements so that the name tells it. The table has what the classes and modules of
this package say in words; an element without a line has no unit (a count, a factor), or its unit stands in another element beside it.
A PhysicalValue of the older editions carries its unit; here stands the one that it is to carry.
"""

from __future__ import annotations

import re
from typing import Final

from iso15118.exi import Integer
from iso15118.exi.describe import Row

_UNITS: Final = tuple(
    (re.compile(names, re.VERBOSE), unit)
    for names, unit in (
        # Moments and spans first: their names may hold those of quantities.
        (r"TimeStamp | TimeAnchor | MeterTimestamp | CheckOutTime | EV(SE)?UpdateTime | J3072CertificationDate", "µs since 1970"),
        (r"EVSETimeStamp | DateTimeNow | TMeter", "s since 1970"),
        (r"Pulse(Separation|)(Time|Duration) | PackageSeparationTime", "ms"),
        (r"[Dd]uration | EVDuration\w+ | \w+Duration | start | ChargingProfileEntryStart | StartTime | \w+FeePeriod", "s"),
        (r"DepartureTime | RemainingTime\w+ | OverstayTimeThreshold | \w+MaxDelay | DeactivationTime | IntentionalDelay\w*", "s"),
        (r"StepResponseTime\w+ | OpenLoopResponseTime | TimeConstantPT1 | \w+AdjustmentTimeConstant", "s"),
        (r"EnterService(Delay|RandomizedDelay|RampTime)", "s"),
        (r"RetryCounter", "days"),
        (r"\w*SOC | PercentageValue | \w+Percentage", "%"),
        (r"EnergyFee", "currency/kWh"),
        (r"(Parking|Overstay|Service)Fee | (Minimum|Maximum)Cost", "currency"),
        (r"\w+VARh", "varh"),
        (r"\w+Wh | \w*Energy | \w+EnergyRequest | \w+EnergyCapacity | \w+EnergyToBeDelivered | \w+EnergyAvailable", "Wh"),
        (r"EAmount | MeterReading | EVUseableWattHours", "Wh"),
        (r"\w+ApparentPowerDuring\w+", "VA"),
        (r"\w+ReactivePower | \w+Var(Absorption|Injection)During\w+ | DSOQSetpointValue", "var"),
        (r"EVSEPowerRampLimitation", "W/s"),
        (r"\w*Power | \w+PowerLimit | \w+Power(Request|Output|Input|Asymmetry) | PowerTransmitted | PMax", "W"),
        (r"PowerRangeStart | PowerTolerance | OverstayPowerThreshold | startValue", "W"),
        (r"\w+Current | \w+CurrentLimit | \w+CurrentRipple | \w+CurrentRegulationTolerance", "A"),
        (r"\w+CoilCurrent(Request|Information) | \w+CurrentOutputInformation | MaximumLevelDCInjection", "A"),
        (r"\w+Voltage | \w+Voltage(Offset|High|Low) | \w+VoltageOutputInformation | UStart | UStop", "V"),
        (r"\w+Voltage(Recovery)?Limit | VoltageLimit(Start|Stop)FRT | VoltageRecoveryLimit", "V"),
        (r"\w+Frequency | \w+Frequency(High|Low) | Fstart | Fstop | db", "Hz"),
        (r"EIRP | RSSI | EVWLANStrength", "dBm"),
        (r"\w+Deviation | ContactWindow\w+ | SDM\w+GroundClear\w+", "mm"),
    )
)
"""Names, and the unit of all that match; the first line that matches a whole name counts."""


def unit_of(wire: str) -> str:
    """The unit of the number in the element `wire`, "" where it has none or none is known. What is no number has none: do not ask.

    `currency`: that of the price schedule it stands in. The L2 and L3 of a quantity have its unit.
    """
    name = re.sub(r"_L[23]$", "", wire)
    return next((unit for names, unit in _UNITS if names.fullmatch(name)), "")


def unit(row: Row) -> str:
    """The unit of an element or attribute; "" for what is no number."""
    number = isinstance(row.value, Integer) or getattr(row.value, "__name__", "") in ("RationalNumber", "PhysicalValue")
    return unit_of(row.wire) if number else ""
