"""`service.control_socket`: deeds by line, what is refused, and a fault on a charger that charges."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from iso15118.energy import Budget
from iso15118.errors import DeviceFault, LocalError
from iso15118.sequence.phases import Phase
from iso15118.service.control_socket import LONGEST, ControlSocket
from iso15118.service.station import Station
from tests.service.test_station import car_for, in_phase, open_station

pytestmark = pytest.mark.waits


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    async with open_station() as made:
        yield made


@pytest.fixture
def short() -> Iterator[Path]:
    """A path that a Unix socket can have: 107 octets."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "s"


async def ask(path: Path, *lines: object) -> list[dict[str, Any]]:
    reader, writer = await asyncio.open_unix_connection(path)
    answers = []
    for line in lines:
        writer.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
        answers.append(json.loads(await asyncio.wait_for(reader.readline(), 5.0)))
    writer.close()
    return answers


async def test_a_fault_while_it_charges_now_and_later(station: Station, short: Path) -> None:
    control = ControlSocket(station)
    await control.listen(short)
    assert stat.S_IMODE(os.stat(short).st_mode) == 0o600
    session = asyncio.ensure_future(car_for(station).run())
    await in_phase(station, Phase.CHARGE_LOOP)
    [status, gain, later] = await ask(
        short,
        {"status": True},
        {"outlet": "one", "fault": {"meter_gain": 1.5, "pilot": None}},
        {"fault": {"stop_pressed": True}, "after": 0.05},
    )
    assert status["ok"]["phase"] == "ChargeLoop"
    assert status["ok"]["contactor"] == "CLOSED"
    assert status["ok"]["missing"] == []
    assert status["ok"]["limits"]["charge_current"] == 125.0
    assert (gain, later) == ({"ok": True}, {"ok": True})
    result = await session
    assert not result.clean
    plant: Any = station.metal("one").plant  # type: ignore[union-attr]
    assert plant.faults.meter_gain == 1.5
    [status, refused, healed, reset] = await ask(
        short, {"status": True}, {"reset": True}, {"fault": {"stop_pressed": False}}, {"reset": True}
    )
    assert status["ok"]["faults"] == ["emergency stop"]
    assert (refused, healed, reset) == ({"ok": False}, {"ok": True}, {"ok": True})
    control.close()
    assert not os.access(short, os.F_OK)


async def test_what_an_operator_does(station: Station, short: Path) -> None:
    control = ControlSocket(station)
    evse = station.evse("one")
    assert control.obey(b'{"permit": {"consent": false, "backend": false}}') == {"ok": True}
    assert evse.permits.missing == ("back-end", "consent")
    assert control.obey(b'{"budget": {"charge": 7000, "target": -0.0}}') == {"ok": True}
    assert evse.budget == Budget(7000.0, 0.0, -0.0, why="control socket")
    assert control.obey(b'{"authorise": true}') == {"ok": True}
    assert control.obey(b'{"token": "04A2"}') == {"ok": False}
    assert control.obey(b'{"stop": "closing time"}') == {"ok": True}
    assert control.obey(b'{"trip": true}') == {"ok": True}
    assert evse.actuator.faults == {DeviceFault.EMERGENCY_STOP}
    assert control.obey(b'{"reset": true}') == {"ok": True}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"kettle", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 9000, "no JSON"),
        (b"[1]", "no JSON object"),
        (b"{}", "nothing; allowed: one of authorise, budget"),
        (b'{"kettle": 1}', "kettle; allowed: one of"),
        (b'{"trip": true, "reset": true}', "trip, reset; allowed: one of"),
        (b'{"outlet": "9", "trip": true}', "outlet: '9'; allowed: one"),
        (b'{"outlet": ["9"], "trip": true}', r"outlet: \['9'\]; allowed: one"),
        (b'{"trip": false}', "trip: False; allowed: true"),
        (b'{"authorise": 1}', "authorise: 1; allowed: true or false"),
        (b'{"token": ""}', "token: ''; allowed: a text"),
        (b'{"stop": ""}', "stop: ''; allowed: a text"),
        (b'{"fault": 3}', "fault: 3; allowed: an object"),
        (b'{"fault": {"fire": true}}', "fire: unknown; allowed: celsius"),
        (b'{"fault": {"celsius": NaN}}', "celsius: nan; allowed: a number"),
        (b'{"fault": {"celsius": -1}}', "celsius: -1; allowed: a number"),
        (b'{"fault": {"door_open": 1}}', "door_open: 1; allowed: true or false"),
        (b'{"fault": {"pilot": "G"}}', "pilot: 'G'; allowed: A, B"),
        (b'{"fault": {"fire": true}, "after": 1}', "fire: unknown"),
        (b'{"fault": {"celsius": 90}, "after": -1}', "after: -1 for fault"),
        (b'{"fault": {"celsius": 90}, "after": true}', "after: True for fault"),
        (b'{"status": true, "after": 1}', "after: 1 for status"),
        (b'{"permit": {"kettle": true}}', "permit: kettle; allowed: site"),
        (b'{"permit": {}}', "permit: nothing"),
        (b'{"permit": {"consent": "yes"}}', "permit: consent; allowed"),
        (b'{"budget": {"target": 1}}', "budget: .*; allowed: charge"),
        (b'{"budget": {"charge": 1e999}}', "budget: .*; allowed: charge"),
        (b'{"budget": {"charge": -5}}', "budget: .*0 or more"),
        (b'{"budget": {"charge": "5"}}', "budget: .*; allowed: charge"),
    ],
)
async def test_what_is_refused_changes_nothing(station: Station, line: bytes, told: str) -> None:
    evse = station.evse("one")
    before = evse.budget, evse.permits, evse.actuator.faults
    with pytest.raises(LocalError, match=told):
        raise LocalError(ControlSocket(station).obey(line)["error"])
    assert (evse.budget, evse.permits, evse.actuator.faults) == before


async def test_lines_without_end_and_peers_that_leave(station: Station, short: Path) -> None:
    control = ControlSocket(station)
    await control.listen(short)
    reader, writer = await asyncio.open_unix_connection(short)
    writer.write(b"x" * (2 * LONGEST))
    assert b"a line of more than" in await asyncio.wait_for(reader.read(), 5.0)
    for _ in range(3):
        _, left = await asyncio.open_unix_connection(short)
        left.write(b'{"status": true}\n')
        left.close()
    assert await ask(short, b"kettle\n", {"trip": False}) != []
    control.close()


async def test_a_path_that_cannot_be_and_one_that_was_left_behind(station: Station, short: Path) -> None:
    with pytest.raises(LocalError, match="no control socket: No such file"):
        await ControlSocket(station).listen(Path("/nowhere/s"))
    first, second = ControlSocket(station), ControlSocket(station)
    await first.listen(short)
    await second.listen(short)
    assert [answer["ok"]["outlet"] for answer in await ask(short, {"status": True})] == ["one"]
    second.close()
    with open(short, "w") as file:  # noqa: ASYNC230
        file.write("a file of somebody's")
    with pytest.raises(LocalError, match="no control socket"):
        await ControlSocket(station).listen(short)
    assert os.stat(short).st_size == 20
    first.close()


async def test_metal_that_is_elsewhere_has_no_faults_to_give(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(station._served["one"], "metal", None)
    answer = ControlSocket(station).obey(b'{"fault": {"supply_dead": true}}')
    assert answer["error"] == "fault: the metal of outlet one is not simulated in this process; allowed: a simulated board"
