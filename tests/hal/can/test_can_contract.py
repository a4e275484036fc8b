"""Drivers on a bus in real time: CAN over UDP, a simulated module on it, the rest of the outlet simulated on the same plant."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import can
import pytest

from iso15118.errors import LocalError
from iso15118.hal import registry
from iso15118.hal.board import load
from iso15118.hal.can import dbc, infypower, infypower_beg, supply, uugreen
from iso15118.hal.composed import DRIVERS
from iso15118.hal.guard import Guard
from iso15118.hal.protocols import DcSupply, Health
from iso15118.testing.devices import uugreen as simulated_uugreen
from iso15118.testing.devices.dbc import DbcModule
from iso15118.testing.devices.infypower import InfyModules
from iso15118.testing.devices.infypower_beg import BegModule
from iso15118.testing.devices.on_can import serving
from iso15118.testing.devices.uugreen import UuGreenModules
from iso15118.testing.devices.wires import Wires, World
from tests.hal import contract
from tests.hal.can.bench import CHANNEL, EXAMPLE, bus, keys, port
from tests.hal.can.renewed import CanRig
from tests.hal.contract import CONTRACT, Rig

pytestmark = [pytest.mark.long, pytest.mark.waits]

EXAMPLE_DBC = Path(__file__).parents[3] / "hw" / "can_dbc" / "example.dbc"
FILE = str(EXAMPLE_DBC.parent / "board.toml")
SOFT: dict[str, object] = {"min_voltage": 200.0, "max_voltage": 500.0}
AT_ONCE = 8
"""Checks that run at the same time, each on a bus of its own: most of a check is waiting."""
OF_A_SUPPLY = [
    contract.abilities_are_possible,
    contract.nothing_waits,
    contract.the_supply_holds_a_voltage_and_shows_it_behind_the_contactor_only_when_closed,
    contract.closing_leaves_the_safe_state,
]
KINDS: dict[str, tuple[Callable[..., Any], dict[str, object], Callable[[World], Any]]] = {
    "infypower_beg": (infypower_beg.supply, SOFT | {"pace": 0.02}, BegModule),
    "infypower": (infypower.supply, SOFT | {"pace": 0.02, "modules": 2}, lambda world: InfyModules(world, 2)),
    "uugreen": (uugreen.supply, SOFT | {"modules": 2, "range": "low"}, lambda world: UuGreenModules(world, 2)),
    "dbc": (dbc.supply, EXAMPLE | SOFT | {"period": 0.05}, lambda world: DbcModule(world, EXAMPLE_DBC)),
}


def test_every_kind_is_registered() -> None:
    assert set(DRIVERS["supply"]) >= set(KINDS)


@contextmanager
def driven(kind: str) -> Iterator[tuple[Any, CanRig]]:
    """A device of a kind, and a bench with its driver."""
    make, table, device = KINDS[kind]
    world: World = {}
    number = port()
    module = device(world)
    with serving(module, bus(number)):
        with CanRig(make(table | keys(number), FILE, "composed.supply"), world) as rig:
            yield module, rig
        assert not world["supply.on"]
    assert not getattr(module, "wrongs", [])


def held(kind: str, check: Callable[[Rig], None]) -> None:
    with driven(kind) as (_, rig):
        if kind == "uugreen":
            rig.pass_time(0.7)  # into its range
        check(rig)


def test_drivers_hold_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that sees the grid and discharges all of it; the others what concerns a supply."""
    monkeypatch.setattr(uugreen, "RESTING", 0.25)
    monkeypatch.setattr(simulated_uugreen, "RESTING", 0.2)
    work = [("infypower_beg", check) for check in CONTRACT]
    work += [(kind, check) for kind in ("infypower", "dbc") for check in OF_A_SUPPLY]
    work += [("uugreen", check) for check in OF_A_SUPPLY[2:]]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda it: held(*it), reversed(work)))


def silent(kind: str) -> None:
    make, table, _ = KINDS[kind]
    began = time.monotonic()
    with pytest.raises(LocalError, match=r"composed.supply: no answer on udp_multicast 239.74.163.2 to: .*; silence"):
        make(table | keys(port()), FILE, "composed.supply")
    assert time.monotonic() - began < 1.0


def test_a_bus_that_is_silent_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert supply.FIRST < 3.0
    monkeypatch.setattr(supply, "FIRST", 0.15)
    with ThreadPoolExecutor(len(KINDS)) as pool:
        list(pool.map(silent, KINDS))


def test_noise_on_the_bus_hurts_nobody() -> None:
    """Frames of others, frames of no kind, datagrams that are no frames: nothing raises, nothing blocks, and it works when it is over."""
    with driven("infypower_beg") as (module, rig):
        number = rig.outlet.supply.line._keys.port
        noise = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        strangers, worst = bus(number), 0.0
        for turn in range(40):
            noise.sendto(bytes([turn]) * turn, (CHANNEL, number))
            strangers.send(can.Message(arbitration_id=turn * 0x357, data=bytes([turn]) * (turn % 9), is_extended_id=bool(turn % 3)))
            began = time.perf_counter()
            rig.outlet.supply.demand(300.0, 0.0, 2.0)
            rig.outlet.supply.measured()
            assert rig.outlet.supply.health in Health
            worst = max(worst, time.perf_counter() - began)
            time.sleep(0.005)
        assert worst < 0.02
        contract.until(rig, lambda: module.on, 3.0)
        noise.close()
        strangers.shutdown()


PROGRAMS: list[tuple[str, str, list[str]]] = [
    ("infypower_beg", "pace = 0.02\n", []),
    ("infypower", "pace = 0.02\nmodules = 2\n", ["--modules", "2"]),
    ("uugreen", "", []),
    ("dbc", "".join(f"{key} = {value!r}\n" for key, value in EXAMPLE.items()), ["--dbc", str(EXAMPLE_DBC)]),
]


def from_a_file(kind: str, words: str, more: list[str], folder: Path) -> None:
    folder.mkdir()
    wires = Wires(folder / "wires", make=True)
    wires["bus.voltage"] = 321.0
    number = port()
    program = [sys.executable, "-m", f"iso15118.testing.devices.{kind}", "--wires", str(folder / "wires")]
    program += ["--interface", "udp_multicast", "--channel", CHANNEL, "--port", str(number), *more]
    (folder / "example.dbc").write_bytes(EXAMPLE_DBC.read_bytes())
    bus_keys = f'interface = "udp_multicast"\nchannel = "{CHANNEL}"\nport = {number}\n'
    table = f'[composed.supply]\ndriver = "{kind}"\n{bus_keys}{words}\n[composed.simulated]\n'
    (folder / "board.toml").write_text('family = "composed"\n' + table)
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            outlet: Any = registry.outlet(load(folder / "board.toml"))
            assert isinstance(outlet.supply, DcSupply)
            assert outlet.supply.measured()[0].value == 321.0
            assert (outlet.monitors.grid is not None) is (kind == "infypower_beg")
            assert Guard(outlet).cycle(time.monotonic()).reading.current.value == 0.0
            outlet.close()
            assert not wires["supply.on"]
        finally:
            process.terminate()
            process.wait(5)
    wires.close()


def test_from_a_boards_file_against_a_program_of_its_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(len(PROGRAMS)) as pool:
        list(pool.map(lambda it: from_a_file(*it, tmp_path / it[0]), PROGRAMS))
