"""`[evse.der]`: the grid code in a charger's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from iso15118.der.words import EVERY_FUNCTION, Curve, DerFunctions, EnterService, FrequencyWatt, GridCode, Inverter, Protection, Response
from iso15118.errors import LocalError
from iso15118.service.config import load_evcc, load_secc

CHARGER = """\
insecure_plain_tcp = true
[[evse]]
id = "DE*CLP*E1"
interface = "lo"
board = "simulated_ac"
"""
SERVES = CHARGER + 'services = ["AC_DER_IEC", "AC"]\n'
CODE = """\
[evse.der]
dso_q_setpoint = true
dc_injection = 0.1
[evse.der.over_frequency_watt]
start = 50.2
stop = 50.2
slope = 40.0
pt1 = true
time_constant = 2.0
[evse.der.volt_var]
points = [[213.9, -4000], [223.1, 0], [236.9, 0], [246.1, 4000]]
delay = 3
"""
SAE = CHARGER + 'services = ["AC_DER_SAE", "AC"]\n'
PROTECTION = """\
[evse.der.protection]
over_voltage = [[0.16, 276.0], [2.0, 253.0]]
under_voltage = [[0.16, 103.5], [2.0, 161.0]]
over_frequency = [[0.16, 62.0], [300.0, 61.2]]
under_frequency = [[0.16, 56.5], [300.0, 58.5]]
[evse.der.protection.enter_service]
voltage_low = 210.9
voltage_high = 241.5
frequency_low = 59.5
frequency_high = 60.1
delay = 300.0
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "it.toml"


def test_a_grid_code(file: Path) -> None:
    file.write_text(SERVES + CODE)
    (evse,) = load_secc(file).station.evses
    points = ((213.9, -4000.0), (223.1, 0.0), (236.9, 0.0), (246.1, 4000.0))
    assert evse.grid_code == GridCode(
        dso_q_setpoint=True,
        dc_injection=0.1,
        over_frequency_watt=FrequencyWatt(50.2, 50.2, 40.0, response=Response(2.0, True)),
        volt_var=Curve(points, Response(delay=3.0)),
    )
    der = evse.session.service(10)
    assert der is not None
    assert {variant.der_functions for variant in der.sets} == {int(evse.grid_code.functions)}
    assert evse.grid_code.functions & DerFunctions.VOLT_VAR


def test_the_grid_code_of_north_america(file: Path) -> None:
    file.write_text(SAE + PROTECTION)
    (evse,) = load_secc(file).station.evses
    assert evse.grid_code is not None
    enter = EnterService(210.9, 241.5, 59.5, 60.1, 300.0)
    assert evse.grid_code.protection == Protection(
        ((0.16, 276.0), (2.0, 253.0)), ((0.16, 103.5), (2.0, 161.0)), ((0.16, 62.0), (300.0, 61.2)), ((0.16, 56.5), (300.0, 58.5)), enter
    )
    assert evse.session.service(11) is not None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SERVES, "evse[0].der: missing; allowed: a table where AC_DER_IEC or AC_DER_SAE is among the services, and only there"),
        (CHARGER + CODE, "evse[0].der: a table; allowed: a table where AC_DER_IEC or"),
        (SERVES + "[evse.der.volt_var]\npoints = [[1, 1]]\n", "der.volt_var.points: [[1, 1]]; allowed: a list of 2 to 10 points"),
        (SERVES + "[evse.der.volt_var]\npoints = [[2, 1], [1, 1]]\n", "evse[0].der: a curve: its points do not rise"),
        (SERVES + "[evse.der.volt_watt]\nstart = 260.0\nstop = 250.0\n", "evse[0].der: volt-watt from 260 V to 250 V"),
        (SERVES + "[evse.der]\nfly = true\n", "der.fly: unknown key; allowed: dc_injection"),
        (SAE + "[evse.der]\nnominal_discharge_power = 5000.0\n", "evse[0].der: protection: missing"),
        (SAE + PROTECTION + "[evse.der]\ndc_injection = 0.1\n", "evse[0].der: dc_injection: not allowed where AC_DER_SAE is served"),
        (SAE + PROTECTION.replace("delay = 300.0\n", ""), "evse[0].der: entering service without a delay"),
        (SAE + PROTECTION + "[evse.der.volt_var]\npoints = [[1, 1], [2, 1]]\ndelay = 3\n", "a function with a delay"),
    ],
)
def test_one_clear_line(file: Path, text: str, told: str) -> None:
    file.write_text(text)
    with pytest.raises(LocalError) as caught:
        load_secc(file)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


CAR = """\
insecure_plain_tcp = true
interface = "lo"
services = ["AC_DER_SAE", "AC_BPT"]
[inverter]
functions = ["volt_watt", "dso_q_setpoint"]
manufacturer = "Example"
certified = 2026-03-01
"""


def test_a_cars_inverter(file: Path) -> None:
    file.write_text(CAR)
    session = load_evcc(file).car.session
    assert session.der_functions == DerFunctions.VOLT_WATT | DerFunctions.DSO_Q_SETPOINT
    assert session.inverter == Inverter(manufacturer="Example", certified=True, certified_at=1_772_323_200_000_000)
    file.write_text(CAR[: CAR.index("[inverter]")])
    session = load_evcc(file).car.session
    assert (session.der_functions, session.inverter) == (EVERY_FUNCTION, Inverter())


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ('"volt_watt", ', '"volt_what", ', "inverter.functions"),
        ('"volt_watt", ', '"dso_q_setpoint", ', "each one once"),
        ('"Example"', '""', "inverter.manufacturer"),
        ("2026-03-01", '"soon"', "inverter.certified"),
    ],
)
def test_an_inverter_that_cannot_be(file: Path, was: str, now: str, said: str) -> None:
    file.write_text(CAR.replace(was, now))
    with pytest.raises(LocalError, match=said):
        load_evcc(file)
