"""`chargeloop hal check`: the metal of a charger, device by device."""

from __future__ import annotations

from pathlib import Path

import pytest

from iso15118.cli import main
from iso15118.hal.board import AC_BOARD, Board
from iso15118.hal.composed import Composed
from iso15118.hal.monitoring import Surroundings
from iso15118.hal.simulated import SimulatedOutlet
from iso15118.hal.simulated import outlet as simulated
from iso15118.power import Limits, Pilot
from iso15118.service import checkup
from iso15118.service.checkup import contradictions, examine
from iso15118.service.evse_config import EvseConfig
from iso15118.session import secc
from iso15118.session.services import ServiceID, service_of
from iso15118.value import replace

FILE = """
insecure_plain_tcp = true
[[evse]]
id = "DE*CLP*E1"
interface = "lo"
board = "BOARD"
"""
pytestmark = [pytest.mark.usefixtures("quick"), pytest.mark.waits]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup.examine, "__defaults__", (0.3,))


@pytest.mark.parametrize("board", ["simulated", "simulated_ac"])
def test_a_charger_that_is_as_it_has_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str], board: str) -> None:
    (tmp_path / "c.toml").write_text(FILE.replace("BOARD", board))
    assert main(["hal", "check", str(tmp_path / "c.toml")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "all as it has to be"
    assert said[0] == f"1: board {board}, family simulated"
    devices = [line.split()[1] for line in said[1:-1]]
    assert {"meter", "contactor", "pilot", "lock", "guard"} <= set(devices)
    assert {"heat", "stop", "door", "grid"} <= set(devices)
    assert ("phases" in devices, "insulation" in devices) == (board.endswith("ac"), not board.endswith("ac"))


def test_a_file_that_is_wrong_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.toml").write_text(FILE.replace("BOARD", "nothing.toml"))
    assert main(["hal", "check", str(tmp_path / "c.toml")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("fault", "value", "device", "told"),
    [
        ("contactor_welded", True, "contactor", "closed, with nothing switched on"),
        ("meter_failed", True, "meter", "it says of itself: failed"),
        ("supply_dead", True, "supply", "it says of itself: failed"),
        ("pilot", Pilot.E, "pilot", "a fault of the pilot"),
        ("telemetry_frozen", True, "current", "measured"),
        ("celsius", 80.0, "heat", "above 75: less flows"),
        ("stop_pressed", True, "stop", "pressed"),
        ("door_open", True, "door", "open"),
    ],
)
def test_what_is_broken_is_said(monkeypatch: pytest.MonkeyPatch, fault: str, value: object, device: str, told: str) -> None:
    init = SimulatedOutlet.__init__

    def broken(self: SimulatedOutlet, *words: object) -> None:
        init(self, *words)  # type: ignore[arg-type]
        setattr(self.plant.faults, fault, value)

    monkeypatch.setattr(SimulatedOutlet, "__init__", broken)
    problems = {found.device: found.problem for found in examine(EvseConfig())}
    assert told in problems[device]


def test_a_grid_that_nobody_sees_and_devices_that_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    outlet = simulated(Board())
    outlet.monitors = outlet.monitors._replace(grid=None)  # type: ignore[misc]
    monkeypatch.setattr("iso15118.hal.registry.outlet", lambda board: Composed(outlet, {}))
    found = {each.device: each for each in examine(EvseConfig())}
    assert "grid sensor" in found["grid"].problem
    assert found["simulated"].told == "supply, contactor, insulation, meter, pilot, lock: no real device"
    by_itself = EvseConfig(board=replace(Board(), surroundings=Surroundings(grid="converter")))
    assert "grid" not in {each.device for each in examine(by_itself)}


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (EvseConfig(board=replace(Board(), min_charge_current=200.0)), "charging: at least 200 A and at most 125 A"),
        (EvseConfig(board=replace(AC_BOARD, min_discharge_current=40.0)), "discharging: at least 40 A and at most 32 A"),
        (EvseConfig(board=replace(Board(), ramp=0.0)), "a ramp of 0 A/s"),
        (
            EvseConfig(board=AC_BOARD, limits=Limits(240.0, 253.0, 32.0, 22e3, 32.0, 22e3)),
            "a nominal voltage of 230 V outside 240..253 V",
        ),
        (
            EvseConfig(session=secc.Config(services=(service_of(ServiceID.DC_BPT),)), discharge_allowed=False),
            "DC_BPT on offer, and no energy may come back",
        ),
    ],
)
def test_what_does_not_fit_together(config: EvseConfig, told: str) -> None:
    assert any(told in what for what in contradictions(config))
    usual = EvseConfig(board=config.board if config.limits else Board())
    assert not list(contradictions(usual))
