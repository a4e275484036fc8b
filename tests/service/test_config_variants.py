"""`service.config.variants`: the variants in which an outlet offers its services, and those a car wants, as their files say it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from iso15118.der.words import DerFunctions
from iso15118.errors import LocalError
from iso15118.power import AcAbilities
from iso15118.service.config import load_evcc, load_secc
from iso15118.service.config.variants import VariantKeys, offered
from iso15118.session.services import ControlMode, Pricing, ServiceID, service_of
from tests.service.test_config import EVCC, SECC

MODES = ["scheduled", "dynamic"]
FUNCTIONS = DerFunctions.VOLT_VAR | DerFunctions.ZERO_CURRENT


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "it.toml"


def test_without_a_word_the_usual_variants(file: Path) -> None:
    file.write_text(SECC)
    (evse,) = load_secc(file).station.evses
    assert evse.session.services == (service_of(ServiceID.DC_BPT), service_of(ServiceID.DC))


def test_every_word_of_an_outlet(file: Path) -> None:
    file.write_text(
        SECC
        + """\
services = ["MCS_BPT", "DC_BPT"]
control_modes = ["dynamic"]
connector = 4
mcs_connector = 2
mobility_needs = [2, 1]
pricing = ["levels", "absolute"]
bpt_channel = ["separated", "unified"]
generator_mode = ["grid_forming"]
"""
    )
    mcs, dc = load_secc(file).station.evses[0].session.services
    assert (mcs.id, dc.id, len(mcs.sets), len(dc.sets)) == (ServiceID.MCS_BPT, ServiceID.DC_BPT, 8, 8)
    first, last = dc.sets[0], dc.sets[-1]
    assert (first.control_mode, first.mobility_needs, first.pricing, first.bpt_channel) == (ControlMode.DYNAMIC, 2, 2, 2)
    assert (last.control_mode, last.mobility_needs, last.pricing, last.bpt_channel) == (ControlMode.DYNAMIC, 1, 1, 1)
    assert {(one.connector, one.generator_mode) for one in dc.sets} == {(4, 2)}
    assert {one.connector for one in mcs.sets} == {2}


def test_every_word_of_an_ac_outlet() -> None:
    keys = VariantKeys(phases=1, nominal_voltage=120, islanding_detection="passive")
    ac, bpt, der = offered("x", ["AC", "AC_BPT", "AC_DER_IEC"], MODES, keys, AcAbilities(), FUNCTIONS)  # type: ignore[list-item, arg-type]
    assert {(one.phases, one.nominal_voltage, one.islanding, one.der_functions) for one in ac.sets} == {(1, 120, None, None)}
    assert {(one.phases, one.nominal_voltage, one.islanding, one.der_functions) for one in bpt.sets} == {(1, 120, 2, None)}
    assert {one.der_functions for one in der.sets} == {FUNCTIONS}


@pytest.mark.parametrize(("ac", "names"), [(None, [6, 2]), (AcAbilities(), [5, 1])])
def test_without_a_word_both_directions_of_the_boards_current(ac: AcAbilities | None, names: list[int]) -> None:
    assert [int(service.id) for service in offered("x", None, MODES, VariantKeys(), ac)] == names  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("service", "ac", "told"),
    [
        ("AC", None, "x.services: 'AC'; allowed: services of direct current, which the board is for"),
        ("AC_DER_IEC", None, "'AC_DER_IEC'; allowed: services of direct"),
        ("MCS", AcAbilities(), "x.services: 'MCS'; allowed: services of alternating current, which the board is for"),
    ],
)
def test_a_service_of_the_other_current(service: str, ac: AcAbilities | None, told: str) -> None:
    with pytest.raises(LocalError) as caught:
        offered("x", [service], MODES, VariantKeys(), ac)  # type: ignore[list-item, arg-type]
    assert told in str(caught.value)


def test_phases_and_voltage_are_the_boards() -> None:
    board = AcAbilities(phases=1, voltage=119.6)
    (service,) = offered("x", ["AC"], MODES, VariantKeys(), board)  # type: ignore[list-item, arg-type]
    assert {(one.phases, one.nominal_voltage) for one in service.sets} == {(1, 120)}
    with pytest.raises(LocalError, match=r"x\.phases: 3; allowed: 1, which the board has"):
        offered("x", ["AC"], MODES, VariantKeys(phases=3), board)  # type: ignore[list-item, arg-type]
    (service,) = offered("x", ["AC"], MODES, VariantKeys(phases=1), AcAbilities())  # type: ignore[list-item, arg-type]
    assert {one.phases for one in service.sets} == {1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("connector = 0", "connector: 0; allowed: 1 (Core), 2 (Extended: CCS)"),
        ("connector = 5", "connector: 5; allowed: 1 (Core), 2 (Extended: CCS)"),
        ('services = ["MCS"]\nconnector = 2', "connector: 2; allowed: where DC or DC_BPT is among the services"),
        ("mcs_connector = 8", "mcs_connector: 8; allowed: 1 (MCS) to 7 (marine)"),
        ("mcs_connector = 1", "mcs_connector: 1; allowed: where MCS or MCS_BPT is among the services"),
        ("phases = 2", "phases: 2; allowed: 1 or 3"),
        ("phases = 3", "phases: 3; allowed: where AC or AC_BPT or AC_DER_IEC or AC_DER_SAE is among the services"),
        ("nominal_voltage = 501", "nominal_voltage: 501; allowed: 0..500"),
        ("nominal_voltage = 230", "nominal_voltage: 230; allowed: where AC or"),
        ("mobility_needs = []", "mobility_needs: []; allowed: a list of 1 (from the car) and 2"),
        ("mobility_needs = [3]", "mobility_needs[0]: 3; allowed: a list of 1 (from the car) and 2"),
        ("mobility_needs = [1, 1]", "mobility_needs: [1, 1]; allowed: each one once"),
        ('control_modes = ["scheduled"]\nmobility_needs = [1, 2]', 'mobility_needs: [1, 2]; allowed: 2 only with "dynamic"'),
        ('pricing = ["free"]', 'pricing[0]: \'free\'; allowed: a list of "none", "absolute" and "levels"'),
        ('bpt_channel = ["split"]', 'bpt_channel[0]: \'split\'; allowed: a list of "unified" and "separated"'),
        ('services = ["DC"]\nbpt_channel = ["unified"]', "bpt_channel: ['unified']; allowed: where AC_BPT or DC_BPT or MCS_BPT is among"),
        ('services = ["DC"]\ngenerator_mode = ["grid_following"]', "generator_mode: ['grid_following']; allowed: where AC_BPT or"),
        ('islanding_detection = "loud"', 'islanding_detection: \'loud\'; allowed: "active" or "passive"'),
        ('islanding_detection = "active"', "islanding_detection: 'active'; allowed: where AC_BPT is among the services"),
        (
            'mobility_needs = [1, 2]\npricing = ["none", "absolute", "levels"]\nbpt_channel = ["unified", "separated"]\n'
            'generator_mode = ["grid_following", "grid_forming"]',
            "service DC_BPT: its variants make 36 parameter sets; allowed: 1 to 32",
        ),
    ],
)
def test_what_an_outlet_cannot_say_is_one_line(text: str, told: str, file: Path) -> None:
    file.write_text(SECC + text + "\n")
    with pytest.raises(LocalError) as caught:
        load_secc(file)
    line = str(caught.value)
    assert line.startswith(f"{file.parent}{os.sep}")
    assert "evse[0]" in line
    assert told in line
    assert "\n" not in line


def test_what_a_car_wants(file: Path) -> None:
    file.write_text(EVCC)
    usual = load_evcc(file).car.session
    assert (usual.mobility_needs, usual.pricing) == ((1, 2), tuple(Pricing))
    file.write_text(EVCC + 'mobility_needs = [2, 1]\npricing = ["absolute"]\n')
    car = load_evcc(file).car.session
    assert (car.mobility_needs, car.pricing) == ((2, 1), (Pricing.ABSOLUTE,))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mobility_needs = [2, 2]", "mobility_needs: [2, 2]; allowed: each one once"),
        ("mobility_needs = [0]", "mobility_needs[0]: 0; allowed: a list of 1 (from the car) and 2"),
        ("pricing = []", 'pricing: []; allowed: a list of "none"'),
        ('services = ["DC", "DC"]', "services: ['DC', 'DC']; allowed: each one once"),
    ],
)
def test_what_a_car_cannot_want_is_one_line(text: str, told: str, file: Path) -> None:
    file.write_text(EVCC + text + "\n")
    with pytest.raises(LocalError) as caught:
        load_evcc(file)
    assert str(caught.value).startswith(f"{file}: {told}")
