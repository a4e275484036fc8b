"""Plug & Charge between two programs on a real network: a contract is installed, pays, pauses, and pays on, over mutual TLS 1.3."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from iso15118.cli import main
from iso15118.messages.catalogue import schema_for
from iso15118.messages.v20.common import ResponseCode
from iso15118.messages.v20.session import SessionSetupRes
from iso15118.service.replay import replay
from tests.netns.programs import car, charger, ended_in_order, turns
from tests.pki.trees import CURVES
from tools.interop.namespaces import Network

pytestmark = [pytest.mark.long, pytest.mark.waits]

PCID, CONTRACT = "WMIV1234567890ABCD", "DE-CLP-C12345678-9"
CHARGER = f"""
[tls]
pki = "charger/CURVE"

[plug_and_charge]
contracts = ["{CONTRACT}"]
eim = false
SEED
provide = [{{pcid = "{PCID}", contracts = ["{CONTRACT}"]}}]

[[evse]]
id = "DE*CLP*E1"
interface = "INTERFACE"
board = "BOARD"
services = ["SERVICE"]
control_modes = ["scheduled"]
"""
CAR = """
services = ["SERVICE"]
control_modes = ["scheduled"]
pause = {after_loops = 4, seconds = 1.0}
loops = 12

[plug_and_charge]
SEED
"""


def heard(recording: Path) -> list[Any]:
    """The messages that came, in a recording."""
    events = [turn["event"] for turn in turns(recording)]
    return [schema_for(event[1]).decode(bytes.fromhex(event[2])) for event in events if event[0] == "Received"]


@pytest.mark.case("PAU-01", "AUT-22")
@pytest.mark.parametrize("service", ["DC_BPT", "AC_BPT"])
@pytest.mark.parametrize("curve", CURVES)
def test_a_contract_is_installed_and_pays_before_and_behind_a_pause(network: Network, tmp_path: Path, curve: str, service: str) -> None:

    assert main(["pki", "make", str(tmp_path / "charger"), "--curve", curve, "--pcid", PCID]) == 0
    shutil.copytree(tmp_path / "charger", tmp_path / "car")
    for contract in (tmp_path / "car" / curve).glob("*/contract*"):
        contract.unlink()
    here, there = network.namespace(), network.namespace()
    interfaces = network.join(here, there)
    board = "simulated" if service == "DC_BPT" else "simulated_ac"
    seed = "ed448_seed = true" if curve == "ed448" else ""
    words = {"CURVE": curve, "SEED": seed, "INTERFACE": interfaces[0], "BOARD": board, "SERVICE": service}
    evses, wish = CHARGER, CAR
    for word, value in words.items():
        evses, wish = evses.replace(word, value), wish.replace(word, value)
    with (
        charger(here, tmp_path, evses, "") as station,
        car(there, tmp_path, "car", interfaces[1], wish, f'[tls]\npki = "car/{curve}"') as vehicle,
    ):
        ended_in_order(vehicle)
        station.until(lambda lines: sum("session ended in order" in line for line in lines) == 2)
    assert station.told.count("TLSv1.3") == 2
    first, second = ([type(message).__name__ for message in heard(tmp_path / name)] for name in ("charger.jsonl", "charger-2.jsonl"))
    assert first.count("CertificateInstallationReq") == 1
    assert first.index("CertificateInstallationReq") < first.index("AuthorizationReq") < first.index("ServiceDiscoveryReq")
    assert second[:3] == ["supportedAppProtocolReq", "SessionSetupReq", f"{service[:2]}_ChargeParameterDiscoveryReq"]
    setup, joined = (next(m for m in heard(tmp_path / name) if type(m) is SessionSetupRes) for name in ("car.jsonl", "car-2.jsonl"))
    assert (setup.response_code, joined.response_code) == (ResponseCode.OK_NewSessionEstablished, ResponseCode.OK_OldSessionJoined)
    assert setup.header.session_id == joined.header.session_id
    for name in ("charger.jsonl", "charger-2.jsonl", "car.jsonl", "car-2.jsonl"):
        lived = replay(tmp_path / name)  # without any key: what keys have made or judged is in it
        assert (lived.equal, lived.complete, lived.remark) == (True, True, ""), name
