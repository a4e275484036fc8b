"""`[plug_and_charge]` in the files of a charger and a car: read with the PKI folder it names, and refused in one line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from iso15118.errors import LocalError
from iso15118.pki.tree import NAMES, make_tree
from iso15118.service.car import CarConfig
from iso15118.service.config import load_evcc, load_secc
from iso15118.service.contracts import ContractDesk
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import PairResult, run_pair
from iso15118.service.pki.contracts import FolderStore
from iso15118.service.pki.folder import write

BENCH = "insecure_plain_tcp = true\n"
EVSE = '[[evse]]\nid = "DE*CLP*E1"\ninterface = "lo"\neim = "ask"\n'
LINK = 'interface = "lo"\nloops = 3\n'
TAKES = '[plug_and_charge]\npki = "pki"\ninsecure = true\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contracts")
    now = datetime.now(UTC)
    for name, curve in (("pki", "secp521r1"), ("ed448", "ed448")):
        write(make_tree(curve, now=now), folder / name)
    for name, gone in (
        ("rootless", "ca/mo_root.pem"),
        ("makerless", "ca/oem_root.pem"),
        ("keyless", "key/mo_sub2.key"),
        ("empty", "chain/contract.pem"),
    ):
        write(make_tree(now=now), folder / name)
        (folder / name / gone).unlink()
    (folder / "empty/chain/oem_provisioning.pem").unlink()
    write(make_tree(now=now), folder / "listed")
    (folder / "listed/crl/mo_sub2.pem").write_text("no list")
    return folder


def charger(folder: Path, words: str) -> Path:
    path = folder / "charger.toml"
    path.write_text(BENCH + EVSE + words)
    return path


def car(folder: Path, words: str) -> Path:
    path = folder / "car.toml"
    path.write_text(BENCH + LINK + words)
    return path


def in_virtual_time(evse: EvseConfig, wish: CarConfig) -> PairResult:
    """There are no threads in it."""
    assert isinstance(evse.contracts, ContractDesk)
    assert wish.wallet is not None
    evse.contracts.beside = wish.wallet.beside = False
    return run_pair(evse, wish)


def test_a_charger_and_a_car_out_of_one_folder(folder: Path) -> None:
    """From files to a session that a contract pays: nobody else authorises it."""
    station = load_secc(charger(folder, TAKES + f'contracts = ["{NAMES["emaid"]}"]\neim = false\nrevocation = "required"\n')).station
    settings = load_evcc(car(folder, TAKES))
    (evse,) = station.evses
    offer = evse.session.plug_and_charge
    assert offer is not None
    assert (offer.eim, offer.installation, offer.insecure) == (False, False, True)
    result = in_virtual_time(evse, settings.car)
    assert result.clean, result
    assert result.loops == 3


def test_prices_are_signed_with_a_key_of_the_folder(folder: Path) -> None:
    (evse,) = load_secc(charger(folder, TAKES + "providers = ['DECLP']\nsign_prices = true\n")).station.evses
    assert evse.session.signs_prices
    assert isinstance(evse.contracts, ContractDesk)
    assert evse.contracts._pricer is not None


def test_without_the_table_there_is_no_plug_and_charge(folder: Path) -> None:
    assert load_secc(charger(folder, "")).station.evses[0].session.plug_and_charge is None
    assert load_evcc(car(folder, "")).car.wallet is None


def test_issuers_are_told_where_they_are_all_that_is_taken(folder: Path) -> None:
    def told(words: str) -> tuple[str, ...]:
        offer = load_secc(charger(folder, TAKES + words)).station.evses[0].session.plug_and_charge
        assert offer is not None
        return offer.providers

    assert told('providers = ["DE-CLP", "NLXYZ"]\n') == ("DECLP", "NLXYZ")
    assert told('providers = ["DECLP"]\ncontracts = ["FRABC123456789"]\n') == ()


def test_an_installed_contract_is_as_well_locked_as_the_others(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    write(make_tree(now=now), tmp_path / "pki", password=b"secret")
    new = make_tree(now=now, names={"emaid": "DECLPX999999999"})["contract"]
    FolderStore(tmp_path / "pki", b"secret").keep(new.chain, new.key)
    (key,) = (tmp_path / "pki/key").glob("contract-*.key")
    assert b"ENCRYPTED" in key.read_bytes()
    (tmp_path / "password").write_text("secret\n")
    found = load_evcc(car(tmp_path, TAKES + 'password_file = "password"\n')).car
    assert found.wallet is not None
    assert {each.emaid for each in found.wallet.wanted().contracts} == {NAMES["emaid"], "DECLPX999999999"}


@pytest.mark.parametrize("curve", ["pki", "ed448"])
def test_an_installed_contract_is_there_the_next_time(folder: Path, tmp_path: Path, curve: str) -> None:
    """Written beside the others, its key for the owner's eyes only."""
    now = datetime.now(UTC)
    made = make_tree({"pki": "secp521r1"}.get(curve, curve), now=now)
    write(made, tmp_path / "pki")
    (tmp_path / "pki/chain/contract.pem").unlink()
    provide = f'\n[[plug_and_charge.provide]]\npcid = "{NAMES["pcid"]}"\ncontracts = ["DE-CLP-I00000001"]\n'
    takes = TAKES + "ed448_seed = true\n"
    station = load_secc(charger(tmp_path, takes + 'providers = ["DECLP"]\n' + provide)).station
    settings = load_evcc(car(tmp_path, takes))
    result = in_virtual_time(station.evses[0], settings.car)
    assert result.clean, result
    assert result.loops == 3
    key = tmp_path / "pki/key/contract-DECLPI00000001.key"
    assert key.stat().st_mode & 0o777 == 0o600
    again = load_evcc(car(tmp_path, takes)).car.wallet
    assert again is not None
    assert [contract.emaid for contract in again.wanted().contracts] == ["DECLPI00000001"]


def test_a_charger_may_take_contracts_under_a_v2g_root_alone(folder: Path) -> None:
    words = "[plug_and_charge]\npki = 'rootless'\nproviders = ['DECLP']\n"
    with pytest.raises(LocalError, match=r"no mo_root\.pem"):
        load_secc(charger(folder, words))
    load_secc(charger(folder, words + "contracts_at_v2g = true\n"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("[plug_and_charge]\npki = 'pki'\n", "no contract would be taken"),
        ("[plug_and_charge]\nproviders = ['DECLP']\n", "pki: missing"),
        ("[plug_and_charge]\npki = 'nowhere'\nproviders = ['DECLP']\n", "v2g_root.pem"),
        ("[plug_and_charge]\npki = 'keyless'\nproviders = ['DECLP']\nsign_prices = true\n", "mo_sub2"),
        ("[plug_and_charge]\npki = 'listed'\nproviders = ['DECLP']\n", "no revocation list"),
        ("[plug_and_charge]\npki = 'pki'\nproviders = ['declp']\n", "a list of countries with providers"),
        ("[plug_and_charge]\npki = 'pki'\ncontracts = ['X']\n", "no contract id"),
        ("[plug_and_charge]\npki = 'pki'\nproviders = ['DECLP']\nkdf = 'best'\n", "concat-sha512"),
        ("[plug_and_charge]\npki = 'pki'\nproviders = ['DECLP']\nprovider = 1\n", "unknown key"),
        (
            "[plug_and_charge]\npki = 'pki'\nproviders = ['DECLP']\n[[plug_and_charge.provide]]\npcid = 'X'\n"
            "contracts = ['DE-CLP-I00000001']\n",
            "no provisioning id",
        ),
        (
            f"[plug_and_charge]\npki = 'keyless'\nproviders = ['DECLP']\n[[plug_and_charge.provide]]\npcid = '{NAMES['pcid']}'\n"
            "contracts = ['DE-CLP-I00000001']\n",
            "mo_sub2",
        ),
        (
            f"[plug_and_charge]\npki = 'makerless'\nproviders = ['DECLP']\n[[plug_and_charge.provide]]\npcid = '{NAMES['pcid']}'\n"
            "contracts = ['DE-CLP-I00000001']\n",
            "no oem_root.pem",
        ),
    ],
)
def test_what_is_wrong_with_a_charger_is_said_in_one_line(folder: Path, words: str, told: str) -> None:
    """PNC-11: a root that is gone is an error at the start, not a charger that takes nothing, or everything."""
    with pytest.raises(LocalError) as caught:
        load_secc(charger(folder, words))
    assert told in str(caught.value)
    assert "plug_and_charge" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("[plug_and_charge]\n", "pki: missing"),
        ("[plug_and_charge]\npki = 'empty'\n", "no contract.pem and no oem_provisioning.pem"),
        ("[plug_and_charge]\npki = 'pki'\nmaximum = 0\n", "1..255"),
        ("[plug_and_charge]\npki = 'pki'\npassword_file = 'nowhere'\n", "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_car_is_said_in_one_line(folder: Path, words: str, told: str) -> None:
    with pytest.raises(LocalError) as caught:
        load_evcc(car(folder, words))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
