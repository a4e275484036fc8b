"""`[evse.der]`: the grid code in a charger's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from iso15118.der.words import Curve, DerFunctions, FrequencyWatt, GridCode, Response
from iso15118.errors import LocalError
from iso15118.service.config import load_secc

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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SERVES, "evse[0].der: missing; allowed: a table where AC_DER_IEC is among the services, and only there"),
        (CHARGER + CODE, "evse[0].der: a table; allowed: a table where AC_DER_IEC"),
        (SERVES + "[evse.der.volt_var]\npoints = [[1, 1]]\n", "der.volt_var.points: [[1, 1]]; allowed: a list of 2 to 10 points"),
        (SERVES + "[evse.der.volt_var]\npoints = [[2, 1], [1, 1]]\n", "evse[0].der: a curve: its points do not rise"),
        (SERVES + "[evse.der.volt_watt]\nstart = 260.0\nstop = 250.0\n", "evse[0].der: volt-watt from 260 V to 250 V"),
        (SERVES + "[evse.der]\nfly = true\n", "der.fly: unknown key; allowed: dc_injection"),
    ],
)
def test_one_clear_line(file: Path, text: str, told: str) -> None:
    file.write_text(text)
    with pytest.raises(LocalError) as caught:
        load_secc(file)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
