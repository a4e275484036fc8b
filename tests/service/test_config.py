from __future__ import annotations

import os
from pathlib import Path

import pytest

from iso15118.errors import LocalError
from iso15118.service.config import load_evcc, load_secc
from iso15118.session import evcc
from iso15118.session.lenience import USUAL, Deviation
from iso15118.session.services import ControlMode, ServiceID
from iso15118.tariff import Rate

SECC = """\
insecure_plain_tcp = true
[[evse]]
id = "DE*CLP*E1"
interface = "lo"
"""
EVCC = """\
insecure_plain_tcp = true
interface = "lo"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "it.toml"


def test_a_short_charger_file_is_a_charger(file: Path) -> None:
    file.write_text(SECC)
    settings = load_secc(file)
    (evse,) = settings.station.evses
    assert settings.log_level == "info"
    assert (evse.name, evse.interface, evse.session.evse_id) == ("1", "lo", "DE*CLP*E1")
    assert [service.id for service in evse.session.services] == [ServiceID.DC_BPT, ServiceID.DC]
    assert evse.limits == evse.board.limits
    assert (evse.budget, evse.schedules, evse.authorised_after, evse.session.times.charge_loop) == (None, (), 0.0, 0.5)


def test_a_long_charger_file_is_taken_at_its_word(file: Path) -> None:
    (file.parent / "board.toml").write_text('name = "b"\n[limits]\nmax_voltage = 450.0\n')
    (file.parent / "black-box").mkdir()
    file.write_text("""\
insecure_plain_tcp = true
log_level = "debug"
record = "all.jsonl"
recordings = "black-box"
ledger = "black-box/ledger"
[[evse]]
id = "DE*CLP*E1"
name = "left"
interface = "lo"
board = "board.toml"
services = ["DC"]
control_modes = ["dynamic"]
charge_loop_timeout = 2
tuples = 3
eim = "delay:5.5"
discharge_allowed = false
always_priced = true
negative_discharge = true
service_renegotiation = true
standby = true
pause_seconds = 7200
pause_locked = false
receipt = { price = 0.42, taxes = [19.0] }
limits = { charge_power = 11000, max_voltage = 480 }
budget = { charge = 7000, discharge = 3000, target = -1000 }
""")
    settings = load_secc(file)
    (evse,) = settings.station.evses
    assert settings.log_level == "debug"
    assert settings.station.record == file.parent / "all.jsonl"
    assert settings.station.recordings == file.parent / "black-box"
    assert settings.station.ledger == file.parent / "black-box" / "ledger"
    assert evse.board.name == "b"
    assert evse.limits is not None
    assert (evse.limits.max_voltage, evse.limits.charge_power, evse.limits.charge_current) == (450.0, 11_000.0, 125.0)
    (service,) = evse.session.services
    assert [s.control_mode for s in service.sets] == [ControlMode.DYNAMIC]
    assert evse.session.service_renegotiation
    assert (evse.session.standby, evse.session.pause_seconds, evse.session.pause_locked) == (True, 7200.0, False)
    assert evse.rate == Rate(0.42, (19.0,))
    assert (evse.session.always_priced, evse.session.negative_discharge, evse.discharge_allowed) == (True, True, False)
    assert evse.session.times.charge_loop == 2
    assert [plan.slots[0].charge for plan in evse.schedules] == [11_000.0, 5_500.0, 2_750.0]
    assert evse.authorised_after == 5.5
    assert evse.budget is not None
    assert (evse.budget.charge, evse.budget.discharge, evse.budget.target) == (7000, 3000, -1000)


def test_somebody_may_have_to_authorise(file: Path) -> None:
    file.write_text(SECC + 'eim = "ask"\n')
    assert load_secc(file).station.evses[0].authorised_after is None


def test_a_car_file_is_a_car(file: Path) -> None:
    file.write_text("""\
insecure_plain_tcp = true
interface = "lo"
evcc_id = "WMI0000000000001"
services = ["DC"]
control_modes = ["scheduled"]
target_soc = 90
min_soc = 30
max_soc = 95
departure = 3600
loops = 12
pause = { after_loops = 20, seconds = 600 }
standby = { after_loops = 8, seconds = 30 }
on_pause = "standby"
renew_schedule_after = 5
record = "car.jsonl"
plan = [{ seconds = 60, power = 11000 }, { seconds = 30, power = -5000.0 }]
v2x = { min_soc = 40, max_soc = 60 }
[onboard]
phases = 1
power = 7360
current = 32
reactive = 2000
efficiency = 0.9
[battery]
capacity = 50000
soc = 50
voltage = 720
""")
    settings = load_evcc(file)
    car = settings.car
    session = car.session
    assert (session.pause, session.standby, session.on_pause) == (evcc.Break(20, 600.0), evcc.Break(8, 30.0), evcc.Rest.STANDBY)
    battery, onboard = car.battery(), car.onboard()
    assert (onboard.abilities.phases, onboard.power, onboard.current) == (1, 7_360, 32)
    assert (onboard.abilities.reactive, onboard.efficiency) == (2_000, 0.9)
    assert settings.record == file.parent / "car.jsonl"
    assert (car.session.evcc_id, car.session.services, car.session.loops) == ("WMI0000000000001", (ServiceID.DC,), 12)
    assert car.session.control_modes == (ControlMode.SCHEDULED,)
    assert car.session.renew_schedule_after == 5
    assert (battery.capacity, battery.soc) == (50_000, pytest.approx(50))
    assert battery.open_circuit_voltage == pytest.approx(720)
    assert (car.trip.departure, car.trip.target_soc, car.trip.min_soc, car.trip.max_soc) == (3600, 90, 30, 95)
    assert (car.trip.v2x_min_soc, car.trip.v2x_max_soc, car.trip.bidirectional) == (40, 60, False)
    assert [(leg.seconds, leg.power) for leg in car.plan] == [(60, 11_000), (30, -5_000)]
    assert car.battery() is not battery


SECC_WRONG = [
    (SECC + 'receipt = { price = "dear" }\n', "evse[0].receipt.price: 'dear'; allowed: a finite number"),
    (SECC + f"receipt = {{ price = 0.4, taxes = {[1.0] * 11} }}\n", "allowed: a list of up to 10 numbers >= 0"),
    ("", "evse: missing; allowed: at least one [[evse]] table"),
    ("evse = []", "evse: []; allowed: at least one [[evse]] table"),
    ("evse = 5", "evse: 5; allowed: at least one [[evse]] table"),
    (SECC.replace("insecure_plain_tcp = true\n", ""), "tls: missing, and ISO 15118-20 runs on TLS 1.3; allowed: a table tls"),
    (SECC.replace("= true", "= false"), "or on a test bench insecure_plain_tcp = true"),
    (SECC.replace("= true", '= "yes"'), "insecure_plain_tcp: 'yes'; allowed: true or false"),
    (
        "pki = true\n" + SECC,
        "pki: unknown key; allowed: evse, insecure_plain_tcp, ledger, log_level, plug_and_charge, record, recordings, site, tls",
    ),
    ('log_level = "loud"\n' + SECC, 'log_level: \'loud\'; allowed: "debug", "info", "warning" or "error"'),
    ('recordings = "nowhere"\n' + SECC, "recordings: 'nowhere' is no folder"),
    ('ledger = "nowhere/ledger"\n' + SECC, "ledger: 'nowhere/ledger' can be no file; allowed: a file in a folder that is there"),
    ('ledger = "."\n' + SECC, "ledger: '.' can be no file"),
    (SECC.replace('id = "DE*CLP*E1"\n', ""), "evse[0].id: missing; allowed: 1 to 255 printable characters"),
    (SECC.replace("DE*CLP*E1", ""), "evse[0].id: ''; allowed: 1 to 255 printable characters"),
    (SECC.replace("DE*CLP*E1", "a b"), "evse[0].id: 'a b'; allowed"),
    (SECC.replace("DE*CLP*E1", "x" * 256), "evse[0].id: "),
    (SECC.replace('"lo"', '"eth99"'), "evse[0].interface: there is no network interface 'eth99'; there are: "),
    (SECC.replace('"lo"', "1"), "evse[0].interface: 1; allowed: a text"),
    (SECC + "colour = 1\n", "evse[0].colour: unknown key; allowed: always_priced, board, bpt_channel, budget, charge_loop_timeout"),
    (
        SECC + "services = []\n",
        'evse[0].services: []; allowed: a list of "AC", "AC_BPT", "AC_DER_IEC", "AC_DER_SAE", "DC", "DC_BPT", "MCS" and "MCS_BPT"',
    ),
    (SECC + 'services = ["WPT"]\n', 'evse[0].services[0]: \'WPT\'; allowed: a list of "AC", "AC_BPT"'),
    (SECC + 'services = ["DC", "DC"]\n', "evse[0].services: ['DC', 'DC']; allowed: each one once"),
    (SECC + 'control_modes = ["Dynamic"]\n', "evse[0].control_modes[0]: 'Dynamic'; allowed: a list of \"scheduled\""),
    (SECC + "charge_loop_timeout = 0.4\n", "evse[0].charge_loop_timeout: 0.4; allowed: 0.5..60 s"),
    (SECC + "charge_loop_timeout = 61\n", "evse[0].charge_loop_timeout: 61; allowed: 0.5..60 s"),
    (SECC + "charge_loop_timeout = nan\n", "evse[0].charge_loop_timeout: nan; allowed: 0.5..60 s"),
    (SECC + "tuples = 0\n", "evse[0].tuples: 0; allowed: 1, 2 or 3"),
    (SECC + "tuples = 4\n", "evse[0].tuples: 4; allowed: 1, 2 or 3"),
    (SECC + "tuples = 1.5\n", "evse[0].tuples: 1.5; allowed: 1, 2 or 3"),
    (SECC + "tuples = true\n", "evse[0].tuples: True; allowed: 1, 2 or 3"),
    (SECC + 'eim = "delay:soon"\n', 'evse[0].eim: \'delay:soon\'; allowed: "free", "ask"'),
    (SECC + 'board = "nothing.toml"\n', "nothing.toml: cannot be read"),
    (SECC + "limits = 5\n", "evse[0].limits: 5; allowed: a table"),
    (SECC + "limits = { power = 5 }\n", "evse[0].limits.power: unknown key; allowed: charge_current, charge_power"),
    (SECC + "limits = { charge_power = -5 }\n", "evse[0].limits.charge_power: -5; allowed: a finite number >= 0"),
    (SECC + "limits = { charge_power = inf }\n", "evse[0].limits.charge_power: inf; allowed: a finite number >= 0"),
    (SECC + 'limits = { charge_power = "11 kW" }\n', "evse[0].limits.charge_power: '11 kW'; allowed: a finite number >= 0"),
    (SECC + "limits = { min_voltage = 400, max_voltage = 300 }\n", "evse[0].limits: nothing is left, 400 to 300 V"),
    (SECC + "limits = { min_voltage = 600, max_voltage = 700 }\n", "evse[0].limits: nothing is left, 600 to 500 V"),
    (SECC + "budget = { discharge = 5 }\n", "evse[0].budget.charge: missing; allowed: a finite number >= 0"),
    (SECC + "budget = { charge = 5, target = nan }\n", "evse[0].budget.target: nan; allowed: a finite number, negative"),
    (SECC + '[[evse]]\nid = "X"\ninterface = "lo"\n', "evse.interface: 'lo' stands 2 times"),
    (SECC + "[[evse]\n", "not TOML: "),
]
EVCC_WRONG = [
    ('interface = "lo"', "tls: missing"),
    ("insecure_plain_tcp = true", "interface: missing; allowed: a text"),
    (EVCC.replace('"lo"', '"eth99"'), "interface: there is no network interface 'eth99'; there are: "),
    (EVCC + "speed = 5", "speed: unknown key; allowed: battery, charge_loop_timeout, control_modes"),
    (EVCC + "target_soc = 101", "target_soc: 101; allowed: a number of 0..100"),
    (EVCC + "target_soc = 10", "target_soc: 10; allowed: 20..100 (min_soc..max_soc)"),
    (EVCC + "min_soc = 80\nmax_soc = 70", "min_soc: 80; allowed: below max_soc, 70"),
    (EVCC + "v2x = { min_soc = 50, max_soc = 50 }", "v2x.min_soc: 50; allowed: below v2x.max_soc, 50"),
    (EVCC + "v2x = { min_soc = 50 }", "v2x.max_soc: missing; allowed: a number of 0..100"),
    (EVCC + "battery = { capacity = 0 }", "battery.capacity: 0; allowed: a finite number > 0"),
    (EVCC + "battery = { volt = 0 }", "battery.volt: unknown key; allowed: capacity, charge_current"),
    (EVCC + "onboard = { phases = 2 }", "onboard.phases: 2; allowed: 1 or 3"),
    (EVCC + "onboard = { efficiency = 1.2 }", "onboard.efficiency: 1.2; allowed: a number above 0 and up to 1"),
    (EVCC + "onboard = { power = 0 }", "onboard.power: 0; allowed: a finite number > 0"),
    (EVCC + "onboard = { volt = 0 }", "onboard.volt: unknown key; allowed: current, efficiency, phases, power, reactive"),
    (EVCC + "plan = [{ seconds = 5, power = 1 }, { seconds = 5 }]", "plan[1].power: missing; allowed: a finite number"),
    (EVCC + "plan = [{ seconds = 0, power = 1 }]", "plan[0].seconds: 0; allowed: a finite number > 0"),
    (EVCC + "renew_schedule_after = 0", "renew_schedule_after: 0; allowed: a whole number >= 1"),
    (EVCC + "loops = 0", "loops: 0; allowed: a whole number >= 1"),
    (EVCC + "loops = 2.5", "loops: 2.5; allowed: a whole number >= 1"),
    (EVCC + "departure = -1", "departure: -1; allowed: seconds from the start"),
    (EVCC + 'evcc_id = "a\\nb"', "evcc_id: 'a\\nb'; allowed: 1 to 255 printable characters"),
]


@pytest.mark.parametrize(
    ("load", "text", "told"),
    [*((load_secc, text, told) for text, told in SECC_WRONG), *((load_evcc, text, told) for text, told in EVCC_WRONG)],
)
def test_what_is_wrong_is_one_line_with_file_key_and_what_is_allowed(load: object, text: str, told: str, file: Path) -> None:
    file.write_text(text)
    with pytest.raises(LocalError) as caught:
        load(file)  # type: ignore[operator]
    line = str(caught.value)
    assert line.startswith(f"{file.parent}{os.sep}")
    assert told in line
    assert "\n" not in line


def test_a_board_of_an_unknown_family_is_refused(file: Path) -> None:
    (file.parent / "board.toml").write_text('family = "steam"\n')
    file.write_text(SECC + 'board = "board.toml"\n')
    with pytest.raises(LocalError, match=r"it\.toml: evse\[0\]\.board: unknown device family 'steam'; known: .*simulated"):
        load_secc(file)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for path, told in ((tmp_path / "none", "cannot be read"), (tmp_path, "cannot be read"), (tmp_path / "bytes", "not TOML")):
        with pytest.raises(LocalError, match=told):
            load_secc(path)


def test_deviations_are_accepted_and_refused_by_name(file: Path) -> None:
    file.write_text(SECC + '[evse.lenience]\npre_charge_ended_ongoing = "accept"\ntime_stamp_unit = "refuse"\n')
    accepted = load_secc(file).station.evses[0].session.lenience.accepted
    assert accepted == USUAL.accepted - {Deviation.TIME_STAMP_UNIT} | {Deviation.PRE_CHARGE_ENDED_ONGOING}
    file.write_text(EVCC + '[lenience]\nconnector_three = "refuse"\n')
    assert load_evcc(file).car.session.lenience.accepted == USUAL.accepted - {Deviation.CONNECTOR_THREE}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('welding_skipped = "perhaps"', 'evse[0].lenience.welding_skipped: \'perhaps\'; allowed: "accept" or "refuse"'),
        ('connector_three = "accept"', "evse[0].lenience.connector_three: unknown key; allowed: channel_missing, "),
    ],
)
def test_what_a_charger_cannot_judge(file: Path, line: str, told: str) -> None:
    file.write_text(SECC + f"[evse.lenience]\n{line}\n")
    with pytest.raises(LocalError) as refused:
        load_secc(file)
    assert told in str(refused.value)


def test_a_board_of_alternating_current_and_its_services(file: Path) -> None:
    file.write_text(SECC + 'board = "simulated_ac"\n')
    (evse,) = load_secc(file).station.evses
    assert [service.id for service in evse.session.services] == [ServiceID.AC_BPT, ServiceID.AC]
    assert evse.board.ac is not None
    assert evse.allowed.charge_current == 32.0


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ('board = "simulated_ac"\nservices = ["AC", "DC"]', "'DC'; allowed: services of alternating current, which the board is for"),
        ('services = ["AC_BPT"]', "'AC_BPT'; allowed: services of direct current, which the board is for"),
    ],
)
def test_a_service_that_the_board_has_no_metal_for(file: Path, keys: str, says: str) -> None:
    file.write_text(SECC + keys + "\n")
    with pytest.raises(LocalError) as caught:
        load_secc(file)
    assert str(caught.value).startswith(f"{file}: evse[0].services: {says}")
    assert "\n" not in str(caught.value)
