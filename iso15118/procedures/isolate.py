"""The insulation test of the cable and the outlet before energy flows (cable check, IEC 61851-23)."""

from __future__ import annotations

from enum import Enum
from typing import Final

from iso15118.errors import DeviceError, DeviceFault
from iso15118.power import Insulation, Limits, Pilot, Reading, Setpoint
from iso15118.units import Ampere, Ohm, Second, Volt

TEST_CURRENT: Final = 2.0
"""A, at most, while the test voltage is applied."""
PILOT_GRACE: Final = 1.5
"""s in which the car's change to C or D may still be on its way through the pilot measurement."""


SHORT: Final[Ohm] = 110.0
"""Between both poles at most, in a short circuit (N6)."""
SHORT_CURRENT: Final[Ampere] = 0.5
"""From which on that quotient means something."""
SHORT_TIME: Final[Second] = 1.0
"""From the beginning of a test until nothing may flow any more into what is there to be charged."""
SAFE: Final[Volt] = 60.0
"""A test ends below it (N8)."""
LEAST: Final[Ohm] = 100e3
"""Insulation of an outlet up to 1000 V (N10)."""
LEAST_MCS: Final[Ohm] = 125e3
"""Of a megawatt one (N10)."""


class Progress(Enum):
    """How far a procedure is."""

    ONGOING = "ongoing"
    TESTED = "tested"
    """The insulation is good; the voltage of the test has still to go."""
    FINISHED = "finished"


def test_voltage(vehicle_maximum: Volt, limits: Limits) -> Volt:
    """V to test with: the vehicle's maximum and a margin, never above the outlet's own."""
    margin = vehicle_maximum + 50.0 if vehicle_maximum <= 500.0 else 1.1 * vehicle_maximum
    ceiling = min(500.0, limits.max_voltage) if vehicle_maximum <= 500.0 else limits.max_voltage
    return min(margin, ceiling)


def begin(vehicle_maximum: Volt, limits: Limits) -> Setpoint:
    """The set-point of the test: connector locked, contactor closed, test voltage, monitor on."""
    voltage = test_voltage(vehicle_maximum, limits)
    return Setpoint(voltage=voltage, trickle=TEST_CURRENT, contactor=True, lock=True, insulation_test=True)


def progress(reading: Reading, begun: Second, now: Second, limit: Second, *, started: bool, least: Ohm = LEAST) -> Progress:
    """Where the test stands. Raises DeviceError on a short circuit, a bad verdict, a pilot that is not in C or D, or after `limit` s.

    `least`: insulation that is good. `started`: since it was asked for, the monitor has been seen testing. Before, its verdict is that of
    an earlier test.
    """
    if reading.pilot.value not in (Pilot.C, Pilot.D) and now - begun > PILOT_GRACE:
        raise DeviceError(DeviceFault.CONTROL_PILOT, f"control pilot in {reading.pilot.value.name} during the cable check")
    voltage, current = reading.voltage.value, abs(reading.current.value)
    if now - begun > SHORT_TIME and current >= SHORT_CURRENT and voltage <= SHORT * current:
        raise DeviceError(DeviceFault.INSULATION, f"short circuit: {voltage / current:.0f} ohm between the poles")
    verdict = reading.insulation.value if started else Insulation.TESTING
    if verdict is Insulation.FAULT or (verdict is Insulation.VALID and reading.resistance.value < least):
        raise DeviceError(DeviceFault.INSULATION, f"insulation {reading.resistance.value:.0f} ohm")
    if verdict is Insulation.VALID and reading.pilot.value in (Pilot.C, Pilot.D):
        if voltage < SAFE:
            return Progress.FINISHED
        if now - begun <= limit:
            return Progress.TESTED
    if now - begun > limit:
        missing = "no verdict on the insulation" if verdict is not Insulation.VALID else f"{voltage:.0f} V of the test are still there"
        raise DeviceError(DeviceFault.INSULATION, f"{missing} after {limit:.0f} s")
    return Progress.ONGOING
