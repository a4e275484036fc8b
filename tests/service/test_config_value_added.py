"""`service.config.value_added`: what goes beside energy, as the files of a charger and of a car say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from iso15118.errors import LocalError
from iso15118.messages.v20.parking import ParkingMethod
from iso15118.service.config import load_evcc, load_secc
from iso15118.session import evcc
from iso15118.session.value_added import Intended, ParkingSpace, ParkingStatusType, WantedVas, internet, parking_status
from tests.service.test_config import EVCC, SECC


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "it.toml"


def test_what_an_outlet_offers_beside_energy(file: Path) -> None:
    file.write_text(SECC)
    assert load_secc(file).station.evses[0].session.value_added == ()
    file.write_text(SECC + "internet = {}\nparking = {}\n")
    assert load_secc(file).station.evses[0].session.value_added == (internet(), parking_status())
    file.write_text(
        SECC
        + 'internet = { protocols = ["ftp"], free = false }\n'
        + 'parking = { intended = ["check_out"], types = ["auto_internal", "manual_external"], free = false, '
        + "space = 12, target_distance = -3 }\n"
    )
    parking = parking_status((Intended.CHECK_OUT,), (ParkingStatusType.AUTO_INTERNAL, ParkingStatusType.MANUAL_EXTERNAL), free=False)
    session = load_secc(file).station.evses[0].session
    assert session.value_added == (internet(("ftp",), free=False), parking)
    assert session.parking == ParkingSpace(12, None, -3)


def test_what_a_car_wants_beside_energy(file: Path) -> None:
    file.write_text(
        EVCC
        + 'value_added = [{ service = "Internet", parameters = { Protocol = "https", Port = 443 } }, { service = 1000 }, '
        + '{ service = "ParkingStatus", parameters = { IntendedService = 1 } }]\n'
    )
    internet_wish = WantedVas(65, (("Protocol", "https"), ("Port", 443)))
    assert load_evcc(file).car.session.value_added == (internet_wish, WantedVas(1000), WantedVas(66, (("IntendedService", 1),)))


def test_how_a_car_parks(file: Path) -> None:
    file.write_text(EVCC)
    assert load_evcc(file).car.session.parking == evcc.Parking()
    file.write_text(EVCC + 'parking = { method = "MVGuideManual", vehicle_frame = 5, device_offset = -1, vehicle_travel = 300 }\n')
    assert load_evcc(file).car.session.parking == evcc.Parking(ParkingMethod.MVGuideManual, 5, -1, 300)


OUTLET = [
    ("internet = true", "internet: True; allowed: a table"),
    ('internet = { protocols = ["gopher"] }', 'internet.protocols[0]: \'gopher\'; allowed: a list of "ftp", "http" and "https"'),
    ("internet = { protocols = [] }", "internet.protocols: []; allowed: a list of"),
    ("parking = { space = 40000 }", "parking.space: 40000; allowed: a whole number of -32768..32767"),
    ("parking = { colour = 1 }", "parking.colour: unknown key; allowed: device_location, free, intended, space"),
    ('parking = { types = ["valet"] }', 'parking.types[0]: \'valet\'; allowed: a list of "auto_internal", "auto_external"'),
    (
        'parking = { types = ["auto_internal", "auto_internal"] }',
        "parking.types: ['auto_internal', 'auto_internal']; allowed: each one once",
    ),
]
CAR = [
    (
        'value_added = [{ service = "Coffee" }]',
        'value_added[0].service: \'Coffee\'; allowed: "Internet", "ParkingStatus" or a number of 65',
    ),
    ("value_added = [{ service = 6 }]", "value_added[0].service: 6; allowed: "),
    ("value_added = [{}]", "value_added[0].service: missing; allowed: "),
    ("value_added = [{ service = 66, parameters = { x = [1] } }]", "value_added[0].parameters: [1]; allowed: a table of parameters"),
    ('parking = { method = "valet" }', 'parking.method: \'valet\'; allowed: "AutoParking", "MVGuideManual" or "Manual"'),
    ("value_added = 5", "value_added: 5; allowed: a list of at most 16 {service = ..."),
]


@pytest.mark.parametrize(
    ("load", "text", "told"),
    [*((load_secc, SECC + text, told) for text, told in OUTLET), *((load_evcc, EVCC + text, told) for text, told in CAR)],
)
def test_what_cannot_be_said_is_one_line(load: object, text: str, told: str, file: Path) -> None:
    file.write_text(text + "\n")
    with pytest.raises(LocalError) as caught:
        load(file)  # type: ignore[operator]
    line = str(caught.value)
    assert line.startswith(f"{file}: ")
    assert told in line
    assert "\n" not in line
