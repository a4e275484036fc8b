"""`hal.board`: the default board is the file, and a wrong file is one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from iso15118.errors import LocalError
from iso15118.hal.board import AC_BOARD, Board, load
from iso15118.hal.simulated import Settings, settings_of
from iso15118.power import AcAbilities
from iso15118.value import replace

SIMULATED = Path(__file__).parents[2] / "hw" / "simulated" / "board.toml"


def test_the_defaults_of_the_package_are_the_simulated_board() -> None:
    board = load(SIMULATED)
    assert replace(board, settings={}, file=Board().file) == replace(Board(), settings={})
    assert settings_of(board) == Settings()


def test_the_file_leaves_nothing_out() -> None:
    assert set(load(SIMULATED).settings) == set(Settings.__fields__)


def test_keys_left_out_are_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    file.write_text('name = "bay 3"\nramp = 50\n[limits]\ncharge_current = 60\n')
    board = load(file)
    assert (board.name, board.ramp, board.limits.charge_current) == ("bay 3", 50.0, 60.0)
    assert board.limits.max_voltage == Board().limits.max_voltage
    assert board.file == str(file)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rampe = 1", "rampe: unknown key; allowed: discharge_allowed, family, min_charge_current"),
        ("file = 'x'", "file: unknown key"),
        ("ramp = '1'", "ramp: '1'; allowed: a finite number >= 0"),
        ("ramp = -1", "ramp: -1; allowed: a finite number >= 0"),
        ("ramp = nan", "ramp: nan; allowed: a finite number >= 0"),
        ("ramp = inf", "ramp: inf; allowed: a finite number >= 0"),
        ("ramp = true", "ramp: True; allowed: a finite number >= 0"),
        ("name = 1", "name: 1; allowed: a text"),
        ("family = 1", "family: 1; allowed: a text"),
        ("discharge_allowed = 1", "discharge_allowed: 1; allowed: true or false"),
        ("limits = 1", "limits: 1; allowed: a table"),
        ("simulated = 1", "simulated: 1; allowed: a table"),
        ("[limits]\nmin_voltage = 600", "limits.min_voltage: 600.0; allowed: below limits.max_voltage, 500.0"),
        ("[limits]\nmax_current = 1", "limits.max_current: unknown key; allowed: charge_current, charge_power"),
        ("[modbus]\nport = 1", "modbus: unknown key"),
        ("[ac]\nphases = 2", "ac.phases: 2; allowed: 1 or 3"),
        ("[ac]\nvoltage = 0", "ac.voltage: 0.0; allowed: above 0, up to 500 V"),
        ("[ac]\nfrequency = 16.7", "ac.frequency: 16.7; allowed: 40 to 70 Hz"),
        ("[ac]\nphase = 3", "ac.phase: unknown key; allowed: asymmetry, frequency, phases"),
        ("ac = true", "ac: True; allowed: a table"),
        ("ramp = ", "not TOML"),
    ],
)
def test_a_wrong_file_is_one_line_with_file_key_and_what_is_allowed(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "board.toml"
    file.write_text(text)
    with pytest.raises(LocalError) as caught:
        load(file)
    assert str(caught.value).startswith(f"{file}: {says}")
    assert "\n" not in str(caught.value)


def test_a_familys_own_table_is_checked_by_the_family(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    file.write_text("[simulated]\nisolation = 1")
    with pytest.raises(LocalError, match=r"simulated\.isolation: unknown key; allowed: bleed_time, cable_resistance"):
        settings_of(load(file))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="cannot be read: No such file"):
        load(tmp_path / "none.toml")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(LocalError, match="not TOML"):
        load(tmp_path / "b.toml")


def test_abilities_follow_the_standing_permission() -> None:
    assert Board().abilities.limits.discharge_current == 125
    assert Board(discharge_allowed=False).abilities.limits.discharge_current == 0
    assert Board(min_charge_current=2).abilities.min_charge_power == 300


AC_FILE = Path(__file__).parents[2] / "hw" / "simulated" / "ac.toml"


def test_the_file_of_alternating_current_says_what_the_package_holds() -> None:
    board = load(AC_FILE)
    assert replace(board, settings={}, file=AC_BOARD.file) == AC_BOARD
    assert set(load(AC_FILE).settings) == set()


def test_a_board_of_alternating_current(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    file.write_text("[ac]\nphases = 1\nasymmetry = 4600\nramp = 1000\nreactive = 2000\n[limits]\ncharge_current = 16\n")
    board = load(file)
    assert board.ac == AcAbilities(1, 230.0, 50.0, 4600.0, 1000.0, 2000.0)
    assert (board.limits.charge_current, board.limits.max_voltage) == (16.0, 253.0)
    assert board.abilities.ac == board.ac
    assert board.abilities.min_charge_power == 1380, "6 A on one phase"
