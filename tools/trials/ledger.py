"""The program `chargeloop secc` killed while a car charges or gives back, and started again: what its ledger says in the end.

`python -m tools.trials.ledger [--kills 100]`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import time
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any, NamedTuple

from iso15118.cli.ledger import told
from iso15118.service.car import CarConfig
from iso15118.service.ledger_records import POWER_LOST, read
from iso15118.service.links import link, udp_socket
from iso15118.service.vehicle import Vehicle
from iso15118.session import evcc
from iso15118.session.services import ControlMode

READY = 5.0
"""s: a charger that was killed is there again."""
LOST = 2.0
"""s of power that may be missing in the record."""
MOMENTS = 2.5
"""s of energy before a kill, at most: readings are kept each 1.5 s."""
TRIES = 5
PATIENCE = 30.0
CHARGER = """
insecure_plain_tcp = true
log_level = "warning"
ledger = "ledger"
[[evse]]
id = "DE*CLP*E1"
interface = "lo"
board = "board.toml"
guard = "{guard}"
charge_loop_timeout = 10
budget = {{ charge = 40_000.0, discharge = 30_000.0, target = {target} }}
"""
BOARD = """
name = "trial"
[simulated]
insulation_test_time = 0.05
lock_delay = 0.01
contactor_delay = 0.01
"""
WISH = evcc.Config(control_modes=(ControlMode.DYNAMIC,), loops=100_000)


class Kill(NamedTuple):
    """What came of one. Energies in Wh, of this transaction: by the meter when it was killed, and by the record; `power`: most, W."""

    meter: tuple[float, float]
    record: tuple[float, float]
    power: float
    ready: float
    """s from the next start to the moment when cars can come."""
    at_rest: bool
    """The contactor was open then."""
    why: str

    @property
    def lost(self) -> float:
        """s of power that the record lacks; less than 0: it says too much."""
        return max((meter - record for meter, record in zip(self.meter, self.record, strict=True)), key=abs) * 3600 / self.power

    @property
    def good(self) -> bool:
        return self.ready <= READY and self.at_rest and self.why == POWER_LOST and -0.1 <= self.lost <= LOST


class Lane:
    """One charger and its ledger, killed again and again."""

    def __init__(self, folder: Path, *, guard: str, target: float) -> None:
        self.folder = folder
        self._starts = 0
        self._process: Process | None = None
        """The one that was started last."""
        with udp_socket(link("lo"), 0) as sock:
            self._port = int(sock.getsockname()[1])
        (folder / "charger.toml").write_text(CHARGER.format(guard=guard, target=target), encoding="ascii")
        (folder / "board.toml").write_text(BOARD, encoding="ascii")

    @property
    def _trace(self) -> Path:
        return self.folder / f"trace-{self._starts}"

    def rows(self) -> list[list[str]]:
        """The trace of the program that was started last, as far as its lines are whole."""
        text = self._trace.read_text("ascii") if self._trace.exists() else ""
        return [line.split() for line in text.split("\n")[:-1]]

    def transactions(self) -> list[dict[str, Any]]:
        """What the ledger says. Raises ValueError for a damaged one."""
        found = read((self.folder / "ledger").read_bytes())
        if found.damaged:
            raise ValueError(f"damaged: {found.damaged}")
        return told(found)[0]

    async def start(self) -> Process:
        """The program, on its way."""
        self._starts += 1
        words = (str(self._trace), str(self.folder / "charger.toml"), "--plain", "--sdp-port", str(self._port))
        with (self.folder / "said").open("ab") as said:
            command = asyncio.create_subprocess_exec(sys.executable, "-m", "tools.trials.charger", *words, stdout=said, stderr=said)
            process = self._process = await command
        return process

    async def ready(self, process: Process) -> None:
        """Cars can come. Raises OSError where the program ends instead."""
        async with asyncio.timeout(PATIENCE):
            while not self.rows():
                if process.returncode is not None:
                    raise OSError(f"the charger has ended: {self.said}")
                await asyncio.sleep(0.01)

    @property
    def said(self) -> str:
        """All that its programs have said."""
        return (self.folder / "said").read_text("utf-8")

    @property
    def flows(self) -> bool:
        """Does energy?"""
        return any(abs(float(row[2])) > 1_000.0 for row in self.rows()[-1:])

    async def charging(self, seconds: float) -> asyncio.Task[Any]:
        """A session in which energy has flowed for so long.

        One that ends before, because this machine has kept it waiting, is followed by another. Raises OSError after some.
        """
        for _ in range(TRIES):
            session = asyncio.create_task(Vehicle(CarConfig(session=WISH), sdp_port=self._port).run())
            async with asyncio.timeout(PATIENCE):
                while not self.flows and not session.done():  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            await asyncio.wait([session], timeout=seconds)
            if self.flows and not session.done():
                return session
            await asyncio.wait([session], timeout=PATIENCE)
        raise OSError(f"no car gets so far: {self.said}")

    async def kill(self, process: Process, after: float, again: float | None) -> tuple[Kill, Process]:
        """Kill it `after` seconds of energy, and start it anew; if `again`, kill that one, too, so long after its start, and once more."""
        session = await self.charging(after)
        process.kill()
        await process.wait()
        await asyncio.wait([session], timeout=PATIENCE)
        rows = self.rows()
        if again is not None:
            early = await self.start()
            await asyncio.sleep(again)
            early.kill()
            await early.wait()
        began = time.monotonic()
        process = await self.start()
        await self.ready(process)
        ready = time.monotonic() - began
        at_rest = {row[3] for row in self.rows()} == {"OPEN"}
        async with asyncio.timeout(PATIENCE):
            while (last := self.transactions()[-1])["why"] is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        meter = float(rows[-1][0]) - last["meter_from"]["charged"], float(rows[-1][1]) - last["meter_from"]["discharged"]
        power = max(abs(float(row[2])) for row in rows)
        return Kill(meter, (last["charged"], last["discharged"]), power, ready, at_rest, last["why"]), process

    async def close(self) -> None:
        """None of its programs runs any more, whatever has gone wrong."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def end(self, process: Process) -> int:
        """Its exit code at SIGTERM."""
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            return await process.wait()


async def lane(folder: Path, kills: int, chance: random.Random, *, guard: str = "inside", target: float = 40_000.0) -> list[Kill]:
    """So many kills of one charger, at random moments within `MOMENTS`; every second start is killed, too.

    Raises ValueError for a ledger with more or less than that in it.
    """
    one, found = Lane(folder, guard=guard, target=target), []
    try:
        process = await one.start()
        await one.ready(process)
        for number in range(kills):
            kill, process = await one.kill(process, chance.uniform(0.0, MOMENTS), chance.uniform(0.1, 0.5) if number % 2 else None)
            found.append(kill)
        if code := await one.end(process):
            raise ValueError(f"the charger ended with {code}")
    finally:
        await one.close()
    reasons = [each["why"] for each in one.transactions()]
    if None in reasons or reasons.count(POWER_LOST) != kills:
        raise ValueError(f"{kills} kills, and {reasons}")
    return found


async def trials(folder: Path, kills: int, lanes: int = 4, seed: int = 0) -> list[Kill]:
    """`kills`, in so many lanes at a time: charging and discharging, with the guard inside and apart."""

    async def one(number: int) -> list[Kill]:
        (home := folder / str(number)).mkdir()
        apart = "process" if number == 0 else "inside"
        target = -20_000.0 if number % 2 else 40_000.0
        return await lane(home, kills // lanes + (number < kills % lanes), random.Random(seed + number), guard=apart, target=target)

    async with asyncio.TaskGroup() as group:
        found = [group.create_task(one(number)) for number in range(lanes)]
    return [kill for each in found for kill in each.result()]


def main() -> int:
    """The worst of all. 1 where one was not good."""
    parser = argparse.ArgumentParser(prog="python -m tools.trials.ledger", description="A charger that is killed, and its ledger.")
    parser.add_argument("--kills", type=int, default=100, metavar="N", help="in all (default 100)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the moments (default 0)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chargeloop-ledger-") as folder:
        found = asyncio.run(trials(Path(folder), max(1, options.kills), seed=options.seed))
    lost, ready = [kill.lost for kill in found], max(kill.ready for kill in found)
    bad = [kill for kill in found if not kill.good]
    print(f"{len(found)} kills: {min(lost):.2f} to {max(lost):.2f} s of power lost, ready again within {ready:.2f} s; {len(bad)} not good")
    for kill in bad:
        print(kill)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
