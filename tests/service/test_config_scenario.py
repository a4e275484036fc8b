from __future__ import annotations

from pathlib import Path

import pytest

from iso15118.errors import LocalError
from iso15118.service import scenario as played
from iso15118.service.config.misbehaviour import load as load_misbehaviour
from iso15118.service.config.scenario import load
from iso15118.session.evcc import Renegotiation
from iso15118.session.services import ServiceID
from iso15118.sim import misbehaviour as sim

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "hw" / "simulated" / "scenario.toml"

WHOLE = """
[[car]]
evcc_id = "A"
arrival = 3.0
sessions = 2
between = 4.0
ends = "any"
renegotiate = { after_loops = 9, services = ["DC"] }
then = [
    { after = 1.0, stop = "why" },
    { after_loops = 2, unplug = true },
    { after = 3.0, charge_current = 0.0 },
    { after = 3.0, discharge_current = 5.0 },
    { after = 4.0, target_soc = 70.0, departure = 60.0 },
]
misbehaviour = [
    { at = "SessionSetupReq", silent = true },
    { at = "SessionSetupReq", nth = 2, times = 0, late = 1.5 },
    { at = "SessionSetupReq", session_id = "short" },
    { at = "SessionSetupReq", instead = "SessionStopReq", payload_type = 0x8004 },
    { at = "SessionSetupReq", values = { EVCCID = "x" } },
    { at = "SessionSetupReq", octets = "00ff", keep = 0, flip = [1, 2] },
    { at = "SessionSetupReq", payload_type = 0x8050, extra = true },
    { at = "SessionSetupReq", length = 65537 },
    { at = "SessionSetupReq", half = 8 },
    { at = "SessionSetupReq", copies = 2 },
    { at = "SessionSetupReq", gone = "reset" },
    { at = "SessionSetupReq", deaf = 0.05 },
]

[charger]
config = "charger.toml"
then = [
    { after = 1.0, ask = "renegotiate" },
    { after = 2.0, budget = { charge = 5000.0 } },
    { after = 3.0, trip = true },
    { after = 4.0, fault = { supply_dead = true, meter_gain = 1.05 } },
]
misbehaviour = [{ at = "SessionSetupRes", gone = "close" }]
"""


def written(folder: Path, text: str) -> Path:
    for name in ("charger.toml", "board.toml"):
        (folder / name).write_text((EXAMPLE.parent / name).read_text(encoding="utf-8"), encoding="utf-8")
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_loads() -> None:
    scenario = load(EXAMPLE, in_memory=False).scenario
    assert [visit.car.name for visit in scenario.visits] == ["HONEST", "CHANGES-MIND", "FALLS-SILENT", "HONEST-AGAIN"]


def test_every_key_means_something(tmp_path: Path) -> None:
    scenario = load(written(tmp_path, WHOLE), in_memory=True).scenario
    (visit,) = scenario.visits
    assert (visit.arrival, visit.sessions, visit.between, visit.ends) == (3.0, 2, 4.0, played.Ending.ANY)
    assert visit.car.session.renegotiation == Renegotiation(9, (ServiceID.DC,))
    assert visit.deeds == (
        played.Stop(after=1.0, why="why"),
        played.Unplug(after_loops=2),
        played.Restrict(after=3.0, charge_current=0.0),
        played.Restrict(after=3.0, discharge_current=5.0),
        played.Wish(after=4.0, target_soc=70.0, departure=60.0),
    )
    at = "SessionSetupReq"
    assert visit.misbehaviours == (
        sim.Silent(at=at),
        sim.Late(at=at, nth=2, times=0, by=1.5),
        sim.WrongSession(at=at, how=sim.Ident.SHORT),
        sim.Instead(at=at, say="SessionStopReq", payload_type=0x8004),
        sim.WrongValues(at=at, values={"EVCCID": "x"}),
        sim.Garbled(at=at, octets=b"\x00\xff", keep=0, flip=(1, 2)),
        sim.Framed(at=at, payload_type=0x8050, extra=True),
        sim.Framed(at=at, length=65537),
        sim.Half(at=at, octets=8),
        sim.Duplicate(at=at, copies=2),
        sim.Gone(at=at, reset=True),
        sim.Deaf(at=at, every=0.05),
    )
    assert scenario.charger.session.evse_id == "DE*CLP*E1"
    assert [deed.ask for deed in scenario.charger_deeds] == [played.Ask.RENEGOTIATE, None, None, None]
    assert scenario.charger_deeds[1].budget is not None
    assert scenario.charger_deeds[2].trip
    assert scenario.charger_deeds[3].faults == (("supply_dead", True), ("meter_gain", 1.05))
    assert scenario.charger_misbehaviours == (sim.Gone(at="SessionSetupRes"),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "car: missing"),
        ("car = []", "at least one"),
        ('[[car]]\nevccid = "A"', "car[0].evccid: unknown key"),
        ("[[car]]\nmin_soc = 90.0", "car[0].target_soc: 80; allowed: 90..100"),
        ("[[car]]\nsessions = 0", "car[0].sessions: 0; allowed: a whole number >= 1"),
        ('[[car]]\nends = "well"', 'car[0].ends: \'well\'; allowed: "in order", "broken off" or "any"'),
        ('[[car]]\nthen = [{ stop = "x" }]', "car[0].then[0]: says not when"),
        ('[[car]]\nthen = [{ after = 1.0, after_loops = 1, stop = "x" }]', "car[0].then[0]: says not when, or twice"),
        ("[[car]]\nthen = [{ after = 1.0 }]", "car[0].then[0]: nothing at once"),
        ('[[car]]\nthen = [{ after = 1.0, stop = "x", unplug = true }]', "car[0].then[0]: stop and unplug at once"),
        ('[[car]]\nmisbehaviour = [{ at = "DC_ChargeLopReq", silent = true }]', "car[0].misbehaviour: there is no message"),
        ('[[car]]\nmisbehaviour = [{ at = "SessionStopReq" }]', "car[0].misbehaviour[0]: nothing happens at SessionStopReq"),
        (
            '[[car]]\nmisbehaviour = [{ at = "SessionStopReq", silent = true, half = 8 }]',
            "car[0].misbehaviour[0].half: stands beside silent; allowed beside it: nothing",
        ),
        ('[[car]]\nmisbehaviour = [{ at = "SessionStopReq", octets = "0" }]', "car[0].misbehaviour[0].octets: '0'; allowed: hexadecimal"),
        ('[[car]]\nmisbehaviour = [{ at = "SessionStopReq", instead = "{" }]', "no message"),
        ("[charger]\nthen = [{ after = 1.0 }]\n[[car]]", "charger.then[0]: nothing happens"),
        ('[charger]\nthen = [{ after = 1.0, ask = "sing" }]\n[[car]]', "charger.then[0].ask: 'sing'"),
        ("[charger]\nthen = [{ after = 1.0, fault = { fire = true } }]\n[[car]]", "charger.then[0].fault.fire: unknown"),
        ("[charger]\nthen = [{ after = 1.0, fault = { supply_dead = 1 } }]\n[[car]]", "fault.supply_dead: 1; allowed: true or false"),
        ("[charger]\nthen = [{ after = 1.0, fault = { meter_gain = true } }]\n[[car]]", "fault.meter_gain: True; allowed: a number"),
        ('[charger]\nconfig = "absent.toml"\n[[car]]', "absent.toml: cannot be read"),
    ],
)
def test_a_wrong_file_is_one_line(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(LocalError) as error:
        load(written(tmp_path, text), in_memory=True)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [("[[car]]", "insecure_plain_tcp"), ('insecure_plain_tcp = true\ninterface = "nope0"\n[[car]]', "interface: there is no network")],
)
def test_a_link_has_to_be_there(text: str, words: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(LocalError, match=words):
        load(path, in_memory=False)
    assert load(path, in_memory=True)


def test_misbehaviours_have_a_file_of_their_own(tmp_path: Path) -> None:
    path = written(tmp_path, '[[misbehaviour]]\nat = "SessionSetupRes"\nlate = 2.1\n')
    assert load_misbehaviour(path) == (sim.Late(at="SessionSetupRes", by=2.1),)
    with pytest.raises(LocalError, match="misbehaviour: missing"):
        load_misbehaviour(written(tmp_path, ""))
