"""`power`: the byte forms of Command and Telemetry, and how limits narrow."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iso15118.errors import CodecError, DeviceFault
from iso15118.power import (
    AcAbilities,
    AcReading,
    AcTarget,
    Command,
    Contactor,
    Insulation,
    Limits,
    Measured,
    Pilot,
    Reading,
    Setpoint,
    Telemetry,
    VehicleReading,
)
from iso15118.units import NO_PHASE, PerPhase
from iso15118.value import replace

NUMBER = st.floats(allow_nan=False)
MAGNITUDE = st.floats(0, 1e6)
COMMANDS = st.builds(
    Command,
    number=st.integers(0, 2**64 - 1),
    ttl=NUMBER,
    setpoint=st.builds(
        Setpoint,
        voltage=NUMBER,
        current=NUMBER,
        trickle=NUMBER,
        contactor=st.booleans(),
        lock=st.booleans(),
        insulation_test=st.booleans(),
        bidirectional=st.booleans(),
    ),
)


PHASES = st.builds(PerPhase, NUMBER, NUMBER, NUMBER)
TARGETS = st.builds(AcTarget, PHASES, PHASES)


def measured(value: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.builds(Measured, value, NUMBER)


TELEMETRY = st.builds(
    Telemetry,
    number=st.integers(0, 2**64 - 1),
    acknowledged=st.integers(0, 2**64 - 1),
    reading=st.builds(
        Reading,
        voltage=measured(NUMBER),
        current=measured(NUMBER),
        contactor=measured(st.sampled_from(Contactor)),
        pilot=measured(st.sampled_from(Pilot)),
        locked=measured(st.booleans()),
        insulation=measured(st.sampled_from(Insulation)),
        resistance=measured(NUMBER),
        charged=measured(NUMBER),
        discharged=measured(NUMBER),
    ),
    faults=st.frozensets(st.sampled_from(DeviceFault)),
    limits=st.builds(Limits, *[MAGNITUDE] * 6),
    phases=st.integers(0, 3),
)
AC_READINGS = measured(st.builds(AcReading, PHASES, PHASES, PHASES, NUMBER))
LIMITS = st.builds(Limits, *[MAGNITUDE] * 6)


@given(COMMANDS)
def test_command_round_trip(command: Command) -> None:
    data = command.to_bytes()
    assert len(data) == 42
    assert Command.from_bytes(data) == command


@given(TELEMETRY)
def test_telemetry_round_trip(telemetry: Telemetry) -> None:
    data = telemetry.to_bytes()
    assert len(data) == 185
    assert Telemetry.from_bytes(data) == telemetry


@given(COMMANDS, TARGETS)
def test_a_command_with_a_target_for_alternating_current(command: Command, target: AcTarget) -> None:
    command = replace(command, setpoint=replace(command.setpoint, target=target))
    data = command.to_bytes()
    assert (len(data), data[16]) == (90, 2)
    assert Command.from_bytes(data) == command


@given(TELEMETRY, AC_READINGS)
def test_a_telemetry_of_alternating_current(telemetry: Telemetry, ac: Measured[AcReading]) -> None:
    telemetry = replace(telemetry, reading=replace(telemetry.reading, ac=ac))
    data = telemetry.to_bytes()
    assert len(data) == 273
    assert Telemetry.from_bytes(data) == telemetry


@pytest.mark.parametrize("version", [0, 1, 3])
def test_a_target_goes_with_version_2(version: int) -> None:
    data = bytearray(Command(1, 0.3, Setpoint(target=AcTarget())).to_bytes())
    data[16] = version
    with pytest.raises(CodecError, match="unknown Command version"):
        Command.from_bytes(bytes(data))


@pytest.mark.parametrize(
    ("voltage", "frequency", "phases", "holds"),
    [
        (PerPhase(230, 230, 230), 50.0, 3, True),
        (PerPhase(230, 0, 0), 50.0, 1, True),
        (PerPhase(230, 230, 0), 50.0, 3, False),
        (PerPhase(183, 230, 230), 50.0, 3, False),
        (PerPhase(230, 265, 230), 50.0, 3, False),
        (PerPhase(230, 230, 230), 47.4, 3, False),
        (PerPhase(230, 230, 230), 52.6, 3, False),
    ],
)
def test_a_grid_that_may_be_used(voltage: PerPhase, frequency: float, phases: int, holds: bool) -> None:
    assert AcAbilities(phases=phases).holds(AcReading(voltage, frequency=frequency)) is holds


def test_command_octets() -> None:
    """Spelled out, so that a microcontroller can be written against it."""
    command = Command(7, 0.3, Setpoint(400.0, -25.0, 2.0, contactor=True, lock=False, insulation_test=True, bidirectional=True))
    assert command.to_bytes() == struct.pack(">QdB", 7, 0.3, 1) + struct.pack(">dddB", 400.0, -25.0, 2.0, 0b1101)


@pytest.mark.parametrize("kind", [Command, Telemetry])
@given(data=st.binary(max_size=280))
def test_a_wrong_length_is_no_message(kind: type[Command] | type[Telemetry], data: bytes) -> None:
    if len(data) not in (42, 90, 185, 273):
        with pytest.raises(CodecError, match="octets"):
            kind.from_bytes(data)


@pytest.mark.parametrize(("at", "octet"), [(16, 0), (16, 2), (41, 16), (41, 255)])
def test_unknown_version_or_flag_of_a_command(at: int, octet: int) -> None:
    data = bytearray(Command(1, 0.3, Setpoint()).to_bytes())
    data[at] = octet
    with pytest.raises(CodecError, match="unknown Command"):
        Command.from_bytes(bytes(data))


@pytest.mark.parametrize(("at", "octet"), [(16, 0xFF), (52, 9), (61, 6), (79, 4)])
def test_unknown_state_or_fault_of_a_telemetry(at: int, octet: int) -> None:
    reading = Reading(
        *[Measured(0.0, 0.0)] * 2,
        Measured(Contactor.OPEN, 0.0),
        Measured(Pilot.A, 0.0),
        Measured(False, 0.0),
        Measured(Insulation.UNKNOWN, 0.0),
        *[Measured(0.0, 0.0)] * 3,
    )
    data = bytearray(Telemetry(1, 0, reading).to_bytes())
    data[at] = octet
    with pytest.raises(CodecError, match="unknown"):
        Telemetry.from_bytes(bytes(data))


@given(LIMITS, LIMITS)
def test_a_chain_of_limits_only_narrows(a: Limits, b: Limits) -> None:
    both = a.lowered(b)
    assert both == b.lowered(a) == both.lowered(a)
    assert both.min_voltage >= a.min_voltage
    assert both.max_voltage <= a.max_voltage
    assert both.charge_current <= a.charge_current
    assert both.discharge_power <= b.discharge_power


@given(LIMITS)
def test_charging_only_has_no_way_back(limits: Limits) -> None:
    narrowed = limits.charging_only()
    assert (narrowed.discharge_current, narrowed.discharge_power) == (0, 0)
    assert narrowed.charge_power == limits.charge_power


def test_age_is_never_negative() -> None:
    assert Measured(1, 5.0).age(7.5) == 2.5
    assert Measured(1, 5.0).age(4.0) == 0


def test_power_has_the_sign_of_the_current() -> None:
    reading = Reading(
        Measured(400.0, 0),
        Measured(-10.0, 0),
        Measured(Contactor.CLOSED, 0),
        Measured(Pilot.C, 0),
        Measured(True, 0),
        Measured(Insulation.VALID, 0),
        *[Measured(0.0, 0.0)] * 3,
    )
    assert reading.power == -4000


@pytest.mark.parametrize(
    ("active", "reactive", "volts", "amperes"),
    [
        (PerPhase(2300.0, 4600.0, 0.0), NO_PHASE, (230.0, 230.0, 230.0), 20.0),
        (PerPhase(-2300.0, -4600.0, 0.0), NO_PHASE, (230.0, 230.0, 230.0), -20.0),
        (PerPhase(690.0), PerPhase(920.0), (230.0, 0.0, 0.0), 5.0),
        (NO_PHASE, NO_PHASE, (0.0, 0.0, 0.0), 0.0),
    ],
)
def test_the_current_of_the_most_loaded_phase(active: PerPhase, reactive: PerPhase, volts: tuple[float, ...], amperes: float) -> None:
    assert AcReading(PerPhase(*volts), active, reactive).current == pytest.approx(amperes)


def test_a_vehicle_measures_its_power() -> None:
    direct = VehicleReading(
        Measured(400.0, 0.0), Measured(-50.0, 0.0), Measured(Contactor.CLOSED, 0.0), Measured(400.0, 0.0), Measured(50.0, 0.0)
    )
    assert direct.power == -20e3
    assert replace(direct, ac=Measured(AcReading(PerPhase(230.0), PerPhase(3e3)), 0.0)).power == 3e3
