"""`service.site_station`: a charger on the network that leads its site, in real time, and what is said at its control socket."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.grid.planning import SitePlan
from iso15118.grid.second import Kept, Known, second
from iso15118.grid.tree import Tree
from iso15118.sequence.phases import Phase
from iso15118.service.config.site import SiteSettings, load
from iso15118.service.control_socket import ControlSocket
from iso15118.service.site_log import SiteLog, Story
from iso15118.service.site_station import Leading
from iso15118.service.station import Station
from tests.hal.modbus.device import Device, device
from tests.service.test_station import LONG, car_for, in_phase, open_station

pytestmark = pytest.mark.waits

SITE = """
name = "works"
log = "site.jsonl"
[[circuit]]
name = "grid"
import_limit = 60_000
[[evse]]
name = "one"
circuit = "grid"
dc = true
current = 80
charge = 50_000
[[evse]]
name = "far"
circuit = "grid"
remote = true
[[pv]]
name = "roof"
circuit = "grid"
peak = 5_000
"""


def settings(tmp_path: Path, more: str = "") -> SiteSettings:
    path = tmp_path / "site.toml"
    path.write_text(more + SITE)
    return load(path, ["one"])


async def until(true: Any, seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110  # of metal there is no event
            await asyncio.sleep(0.05)


@pytest.mark.long
async def test_a_charger_leads_its_site(tmp_path: Path) -> None:
    async with open_station() as station:
        leading = Leading(station, settings(tmp_path))
        socket = ControlSocket(station, leading)
        async with leading:
            leading.start()
            assert station.evse("one").budget.charge == 0.0
            car = car_for(station, LONG)
            session = asyncio.ensure_future(car.run())
            await in_phase(station, Phase.CHARGE_LOOP)
            await until(lambda: station.evse("one").actuator.reading.power > 5e3)
            assert socket.obey(b'{"site": {"signal": "dso", "kind": "import_limit", "value": 4000}}') == {"ok": True}
            await until(lambda: station.evse("one").budget.charge <= 3_880.0)
            told = socket.obey(b'{"site": {"status": true}}')["ok"]
            assert told["outlets"]["one"]["why"] == "grid, dso 4 kW"
            assert told["signals"] == ["dso"]
            assert socket.obey(b'{"site": {"withdraw": "dso"}}') == {"ok": True}
            car.stop("enough")
            await session
    story = Story(tmp_path / "site.jsonl")
    assert all(then == now for _, _, then, now in story.replayed())


@pytest.mark.long
async def test_a_site_reads_its_meters_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Of the connection, of the sun and of a battery; the one of the connection dies, is missed, and comes back."""
    caplog.set_level("INFO", "iso15118")
    place = (Path(__file__).parents[2] / "hw/eastron_sdm630/map.toml").as_posix()
    with device() as grid, device() as roof, device() as cellar:
        for phase in range(3):
            grid.number(0x06 + 2 * phase, 10.0)
            for one, watts in ((grid, 2300.0), (roof, -1500.0), (cellar, 600.0)):
                one.number(0x0C + 2 * phase, watts)
                one.number(2 * phase, 230.0)

        def meter(of: Device) -> str:
            return f'meter = {{map = "{place}", host = "127.0.0.1", port = {of.port}, every = 0.1}}\n'

        battery = '[[battery]]\nname = "cellar"\ncircuit = "grid"\ncapacity = 60\ncharge = 30_000\ndischarge = 30_000\n'
        text = SITE.replace("import_limit = 60_000\n", "import_limit = 60_000\n" + meter(grid)) + meter(roof) + battery + meter(cellar)
        (tmp_path / "site.toml").write_text(text)
        async with open_station() as station:
            leading = Leading(station, load(tmp_path / "site.toml", ["one"]))

            def now() -> Any:
                return leading.obey({"status": True})

            async with leading:
                leading.start()
                await until(lambda: now().get("meters") and not now()["silent"] and now()["generated"])
                assert now()["meters"]["grid"]["currents"] == [10.0, 10.0, 10.0]
                assert now()["meters"]["grid"]["age"] < 2.0
                assert now()["generated"] == 4500.0
                grid.put(0x0C, (0x7FC0, 0))  # no number
                await until(lambda: now()["silent"])
                assert "meter of grid: 10." in caplog.text
                assert "fail-safe" in caplog.text
                grid.number(0x0C, 2300.0)
                await until(lambda: not now()["silent"])
                assert "meter of grid: read again" in caplog.text
    story = Story(tmp_path / "site.jsonl")
    assert all(then == seen for _, _, then, seen in story.replayed())
    drawn = [told["known"]["draws"]["cellar"] for _, told in story.seconds() if "cellar" in told["known"]["draws"]]
    assert drawn[-1]["currents"] == pytest.approx([1800.0 / 690.0] * 3)


async def test_what_may_be_said(tmp_path: Path) -> None:
    async with open_station() as station:
        leading = Leading(station, settings(tmp_path))
        socket = ControlSocket(station, leading)

        def said(**words: Any) -> Any:
            return socket.obey(json.dumps({"site": words}).encode())

        assert "once outlets listen" in said(status=True)["error"]
        async with leading:
            leading.start()
            assert said(meter="grid", currents=[1, 2.5, -3]) == {"ok": True}
            assert said(generated="roof", power=100) == {"ok": True}
            assert said(signal="a", value=1, expires=60, failsafe=0, rank="grid_operator", node="one", begins=0, ends=9) == {"ok": True}
            assert said(status=True)["ok"]["policy"] == "equal_share"
            for words, why in (
                ({"meter": "gird", "currents": [1, 2, 3]}, "no circuit 'gird'"),
                ({"meter": "grid", "currents": [1, 2]}, "currents [1, 2]; allowed: three numbers"),
                ({"meter": "grid", "currents": [1, 2, True]}, "currents True; allowed: a finite number"),
                ({"meter": "grid", "currents": [1, 2, float("nan")]}, "currents nan; allowed: a finite number"),
                ({"generated": "wind", "power": 1}, "no photovoltaics 'wind'; allowed: roof"),
                ({"stored": "cellar", "energy": 1}, "no battery 'cellar'; allowed: none is there"),
                ({"charging": "cellar", "power": 1}, "no battery 'cellar'; allowed: none is there"),
                ({"signal": "a"}, "value None; allowed: a finite number"),
                ({"signal": "a", "value": 1, "kind": "x"}, "kind 'x'; allowed: import_limit"),
                ({"signal": "a", "value": 1, "rank": "x"}, "rank 'x'; allowed: safety"),
                ({"signal": "a", "value": 1, "node": "x"}, "signal a: there is no 'x'; there are: grid, one, far"),
                ({"signal": "a", "value": -1}, "import_limit of -1 W"),
                ({"signal": "a", "value": 1, "expires": 5}, "expires without a fail-safe value"),
                ({"charge_now": "one"}, "EVSE one: no car"),
                ({"charge": 1}, "charge; allowed: what docs/site.md lists"),
            ):
                assert re.search(re.escape(why), said(**words)["error"]), words


async def test_a_charger_without_a_site_says_so() -> None:
    async with open_station() as station:
        assert "a charger that leads a site" in ControlSocket(station).obey(b'{"site": {"status": true}}')["error"]


def test_a_policy_that_plans_needs_prices(tmp_path: Path) -> None:
    station: Station = None  # type: ignore[assignment]
    with pytest.raises(LocalError, match="policy cheapest: without prices"):
        Leading(station, settings(tmp_path, 'policy = "cheapest"\n'))


async def test_story_19_a_plan_outlives_the_process(tmp_path: Path) -> None:
    """What was planned a minute ago holds from the first second on, before the planner has answered."""
    told = 'policy = "cheapest"\n'
    priced = SITE + '[tariff]\ndaily = [{begin = "00:00", end = "24:00", buy = 0.3}]\n'
    (tmp_path / "site.toml").write_text(told + priced)
    made = time.time() - 60.0
    plan = SitePlan(
        made=made,
        edges=(made, made + 3600.0),
        evses=(),
        batteries={},
        grid=(0.0,),
        curtailed=(0.0,),
        price=(0.3,),
        peak=0.0,
        cost=0.0,
    )
    site = load(tmp_path / "site.toml", ["one"])
    before = SiteLog(tmp_path / "site.jsonl", site.site, "cheapest")
    known = Known(now=0.0, moment=made, meters={}, draws={}, visits={}, plan=plan)
    before.saw(known, Kept(), second(Tree(site.site), "cheapest", known, Kept())[1])
    before.close()
    async with open_station() as station:
        leading = Leading(station, site)
        async with leading:
            leading.start()
            assert leading.obey({"status": True})["policy"] == "cheapest"  # type: ignore[index]
            assert leading.obey({"status": True})["why"] == ""  # type: ignore[index]
