"""The insulation test of the cable and the outlet before energy flows (cable check, IEC 61851-23)."""

from __future__ import annotations

from enum import Enum
from typing import Final

from iso15118.errors import DeviceError, DeviceFault
from iso15118.power import Insulation, Limits, Pilot, Reading, Setpoint
from iso15118.units import Second, Volt

TEST_CURRENT: Final = 2.0
"""A, at most, while the test voltage is applied."""
PILOT_GRACE: Final = 1.5
"""s in which the car's change to C or D may still be on its way through the pilot measurement."""


class Progress(Enum):
    """How far a procedure is."""

    ONGOING = "ongoing"
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


def progress(reading: Reading, begun: Second, now: Second, limit: Second, *, started: bool) -> Progress:
    """Where the test stands. Raises DeviceError on a bad verdict, a pilot that is not in C or D, or after `limit` seconds.

    `started`: since it was asked for, the monitor has been seen testing. Before, its verdict is that of an earlier test.
    """
    if reading.pilot.value not in (Pilot.C, Pilot.D) and now - begun > PILOT_GRACE:
        raise DeviceError(DeviceFault.CONTROL_PILOT, f"control pilot in {reading.pilot.value.name} during the cable check")
    verdict = reading.insulation.value if started else Insulation.TESTING
    if verdict is Insulation.FAULT:
        raise DeviceError(DeviceFault.INSULATION, f"insulation {reading.resistance.value:.0f} ohm")
    if verdict is Insulation.VALID and reading.pilot.value in (Pilot.C, Pilot.D):
        return Progress.FINISHED
    if now - begun > limit:
        raise DeviceError(DeviceFault.INSULATION, f"no verdict on the insulation after {limit:.0f} s")
    return Progress.ONGOING
