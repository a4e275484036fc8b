"""`chargeloop secc` starts with what a plain charger needs: each module more costs it a millisecond, and memory for as long as it runs."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PROGRAM = """
import json, os, signal, sys
from pathlib import Path
from iso15118.cli import main
from iso15118.cli.secc import _Lines

def ready(lines, station):
    print(json.dumps(sorted(sys.modules)), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

_Lines.ready = ready
sys.exit(main(["secc", *sys.argv[1:]]))
"""

ELSEWHERE = """
    cryptography pydantic_settings rich scapy
    iso15118.cli.chart iso15118.cli.demo iso15118.cli.evcc iso15118.cli.scenario iso15118.dissect iso15118.testing
    iso15118.messages.din iso15118.messages.iso2
    iso15118.messages.v20.acdp iso15118.messages.v20.der_iec iso15118.messages.v20.der_sae iso15118.messages.v20.wpt
    iso15118.service.capture iso15118.service.car iso15118.service.journal iso15118.service.ledger iso15118.service.misbehave
    iso15118.service.pair
    iso15118.service.replay iso15118.service.scenario iso15118.service.vehicle iso15118.service.virtual
    iso15118.service.config.evcc iso15118.service.config.misbehaviour iso15118.service.config.scenario iso15118.service.config.wanted
    iso15118.session.evcc iso15118.sim.misbehaviour
""".split()
"""What the car's side, the bench, other editions and other charges need."""


def test_a_charger_that_listens_has_loaded_nothing_of_others(tmp_path: Path) -> None:
    config = tmp_path / "charger.toml"
    config.write_text('insecure_plain_tcp = true\n[[evse]]\nid = "DE*CLP*E1"\ninterface = "lo"\n', encoding="utf-8")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind(("::1", 0))
        port = str(sock.getsockname()[1])
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(config), "--sdp-port", port], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    loaded = set(json.loads(next(line for line in run.stdout.splitlines() if line.startswith("["))))
    assert {"iso15118.service.station", "iso15118.session.secc", "pydantic"} <= loaded
    assert loaded.isdisjoint(ELSEWHERE), f"it loads {sorted(loaded.intersection(ELSEWHERE))}: find who, with python -X importtime"
