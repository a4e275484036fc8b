"""`[tls]` in the files of a charger and a car: what is wrong with the certificates is said at once, in one line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from iso15118.errors import LocalError
from iso15118.pki.tls_profile import LENIENT, STRICT
from iso15118.pki.tree import make_tree
from iso15118.service.config import load_evcc, load_secc
from iso15118.service.pki.folder import write

CHARGER = '[[evse]]\nid = "DE*CLP*E1"\ninterface = "lo"\n'
CAR = 'interface = "lo"\n'
TLS = '[tls]\npki = "pki"\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    now = datetime.now(UTC)
    write(make_tree(now=now), folder / "pki")
    write(make_tree(now=now), folder / "locked", password=b"secret")
    write(make_tree(now=now, changes={"secc": {"begins": -90.0}}), folder / "old")
    (folder / "password").write_text("secret\n")
    return folder


def test_a_charger_and_a_car_speak_tls_only(folder: Path) -> None:
    charger, car = folder / "charger.toml", folder / "car.toml"
    charger.write_text(CHARGER + TLS)
    station = load_secc(charger).station
    assert station.tls is not None
    assert station.tls.profile is STRICT
    assert not station.plain_tcp
    assert not station.evses[0].session.plain_tcp
    car.write_text(CAR + TLS + 'profile = "lenient"\nstaple_needed = false\n')
    settings = load_evcc(car)
    assert settings.tls is not None
    assert (settings.tls.profile, settings.tls.staple_needed) == (LENIENT, False)
    assert not settings.car.session.plain_tcp


def test_a_bench_may_have_both(folder: Path) -> None:
    charger = folder / "both.toml"
    charger.write_text("insecure_plain_tcp = true\n" + CHARGER + TLS)
    station = load_secc(charger).station
    assert station.tls is not None
    assert station.plain_tcp
    assert station.evses[0].session.plain_tcp


def test_a_key_with_a_password(folder: Path) -> None:
    charger = folder / "locked.toml"
    charger.write_text(CHARGER + '[tls]\npki = "locked"\npassword_file = "password"\n')
    assert load_secc(charger).station.tls is not None


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("", "tls: missing, and ISO 15118-20 runs on TLS 1.3"),
        ('[tls]\npki = "nowhere"\n', "tls: "),
        ('[tls]\npki = "locked"\n', "tls: "),
        ('[tls]\npki = "locked"\npassword_file = "charger.toml"\n', "tls: "),
        ('[tls]\npki = "pki"\npassword_file = "nowhere"\n', "password_file: 'nowhere' cannot be read"),
        ('[tls]\npki = "old"\n', "expired"),
        ('[tls]\npki = "pki"\nprofile = "easy"\n', 'tls.profile: \'easy\'; allowed: "iso15118-20" or "lenient"'),
        ('[tls]\npki = "pki"\nfly = 1\n', "tls.fly: unknown key"),
    ],
)
def test_one_clear_line(folder: Path, table: str, told: str) -> None:
    charger = folder / "wrong.toml"
    charger.write_text(CHARGER + table)
    with pytest.raises(LocalError) as caught:
        load_secc(charger)
    assert told in str(caught.value)
    assert str(charger) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_key_that_others_can_read(tmp_path: Path) -> None:
    write(make_tree(now=datetime.now(UTC)), tmp_path / "pki")
    (tmp_path / "pki" / "key" / "secc.key").chmod(0o644)
    (tmp_path / "charger.toml").write_text(CHARGER + TLS)
    with pytest.raises(LocalError, match="0600"):
        load_secc(tmp_path / "charger.toml")
