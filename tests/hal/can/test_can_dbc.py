"""Any module with a DBC: what it is told, what it tells, and a table that names what is not there. In virtual time."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import cantools.database
import pytest

from iso15118.errors import LocalError
from iso15118.hal.can.dbc import Dbc, _made
from iso15118.hal.can.line import Frame
from iso15118.hal.protocols import Health
from iso15118.testing.devices.dbc import DbcModule
from tests.hal.can.bench import EXAMPLE, Bus, Clock, frame

HOME = Path(__file__).parents[3] / "hw" / "can_dbc"
BASE = cantools.database.load_file(str(HOME / "example.dbc"), database_format="dbc")
SPLIT = """VERSION ""
BU_: PC MODULE
BO_ 16 Voltage: 2 PC
 SG_ V : 0|16@1+ (0.1,0) [0|1000] "V" MODULE
BO_ 17 Current: 4 PC
 SG_ I : 0|32@1- (1,0) [0|0] "A" MODULE
BO_ 18 Switch: 1 PC
 SG_ S : 0|8@1+ (1,0) [0|255] "" MODULE
BO_ 32 Meter: 8 MODULE
 SG_ V : 0|32@1- (1,0) [0|0] "V" PC
 SG_ I : 32|32@1- (1,0) [0|0] "A" PC
BO_ 33 Small: 4 MODULE
 SG_ mV : 0|32@1+ (1,0) [0|0] "mV" PC
BO_ 34 Many: 8 PC
 SG_ Which M : 0|8@1+ (1,0) [0|0] "" MODULE
 SG_ V m0 : 8|16@1+ (0.1,0) [0|1000] "V" MODULE
BO_ 35 Least: 4 PC
 SG_ V : 0|16@1+ (0.1,0) [200|1000] "V" MODULE
 SG_ Few : 16|8@1+ (1,0) [0|0] "A" MODULE
SIG_VALTYPE_ 17 I : 1;
SIG_VALTYPE_ 32 V : 1;
SIG_VALTYPE_ 32 I : 1;
"""


def made(folder: Path = HOME, clock: Clock | None = None, **words: object) -> Dbc:
    return _made(EXAMPLE | words, str(folder / "board.toml"), "composed.supply", clock or Clock())


class Rig(Bus):
    driver: Dbc
    device: DbcModule

    def __init__(self, **words: object) -> None:
        clock = Clock()
        super().__init__(made(clock=clock, **words), DbcModule({}, HOME / "example.dbc"), clock, 0.1)

    def start(self, demand: tuple[float, float] | None = None) -> Rig:
        self.until(lambda: not self.driver.missing(), 1.0)
        if demand is not None:
            self.run(0.5, demand)
        return self


def test_what_is_said_is_as_the_file_says() -> None:
    rig = Rig().start((400.0, 25.0))
    said = rig.said[-1]
    assert said == Frame(0x18FF0100, bytes.fromhex("01A00FFA00000000"))
    assert BASE.decode_message("Command", said.data) == {"Enable": 1, "VoltageSet": 400.0, "CurrentSet": 25.0, "Counter": 0}
    assert rig.device.world == {"supply.voltage": 400.0, "supply.current": 25.0, "supply.trickle": 0.0, "supply.on": 1.0}
    rig.driver.off()
    rig.run(0.1)
    assert rig.said[-1].data == bytes(8)
    assert not rig.device.on


def test_what_it_tells_is_as_the_file_says() -> None:
    rig = Rig()
    assert rig.driver.missing() == "Report.Voltage, Report.Current, State.Fault, State.OverTemperature"
    rig.hear([frame("18FF0200#0FA0FF0600000000"), frame("18FF0300#0000")])
    assert [seen.value for seen in rig.driver.measured()] == [400.0, -25.0]
    assert rig.driver.missing() == ""
    assert rig.driver.health is Health.GOOD
    rig.hear([frame("18FF0300#0200")])
    assert (rig.driver.health, rig.driver.why) == (Health.FAILED, "State.OverTemperature")
    rig.hear([frame("18FF0300#0400")])
    assert rig.driver.health is Health.GOOD


def test_everything_is_said_again_and_a_demand_that_dies_is_off() -> None:
    rig = Rig().start((400.0, 25.0))
    count = len(rig.said)
    rig.run(1.0, (400.0, 25.0))
    assert len(rig.said) == count + 10
    assert rig.until(lambda: not rig.device.on, 1.0) <= 0.71


@pytest.mark.parametrize("demand", [(300.0, -25.0), (400.0, 0.0), (math.nan, 1.0), (400.0, math.inf), (100.0, 10.0)])
def test_a_discharge_and_what_is_no_demand_are_off(demand: tuple[float, float]) -> None:
    rig = Rig().start((400.0, 25.0))
    rig.run(0.5, demand)
    assert not rig.device.on
    assert rig.said[-1].data == bytes(8)


def test_more_than_it_can_is_clipped() -> None:
    rig = Rig().start((3000.0, 300.0))
    assert (rig.device.voltage, rig.device.current) == (1000.0, 100.0)


def test_silence_is_a_failure() -> None:
    rig = Rig().start((400.0, 25.0))
    rig.device.silent = True
    rig.run(3.3, (400.0, 25.0))
    assert (rig.driver.health, rig.driver.why) == (Health.FAILED, "silent")
    assert rig.driver.measured()[0].age(rig.clock.now) > 3.0


@pytest.mark.parametrize("noise", ["18FF0200#", "18FF0200#0FA0", "18FF0201#0FA0FF0600000000", "18FF0100#0FA0FF0600000000"])
def test_what_is_no_report_changes_nothing(noise: str) -> None:
    rig = Rig().start()
    before = rig.driver.measured()
    rig.hear([frame(noise), frame("18FF0200#0FA0FF0600000000")._replace(extended=False)])
    assert rig.driver.measured() == before


def split(folder: Path, **words: object) -> Dbc:
    (folder / "split.dbc").write_text(SPLIT)
    names = {"voltage": "Voltage.V", "current": "Current.I", "switch": "Switch.S", "on": 170.0, "off": 85.0}
    tells = {"measured_voltage": "Meter.V", "measured_current": "Meter.I", "faults": []}
    return made(folder, dbc="split.dbc", **(names | tells | words))  # type: ignore[arg-type]


def test_where_set_points_and_on_are_messages_of_their_own_on_comes_last(tmp_path: Path) -> None:
    driver = split(tmp_path)
    assert [one.ident for one in driver.farewell()] == [16, 17, 18]
    assert driver.farewell()[2].data == bytes([85])
    for turns in range(3):
        for _ in range(turns):
            driver.speak(1000.0)
        driver._clock.now = 1000.0  # type: ignore[attr-defined]
        driver.demand(400.0, 25.5)
        said = [driver.speak(1000.0) for _ in range(6)]
        on = said.index(Frame(18, bytes([170]), extended=False))
        assert Frame(16, bytes.fromhex("A00F"), extended=False) in said[:on]
        assert Frame(17, bytes.fromhex("0000CC41"), extended=False) in said[:on]
        driver.off()
        driver.speak(1000.0)


def test_a_number_that_is_none_is_no_measurement(tmp_path: Path) -> None:
    driver = split(tmp_path)
    assert driver.heard(Frame(32, bytes.fromhex("0000C8430000C841"), extended=False), 1.0)
    driver.heard(Frame(32, bytes.fromhex("0000C07F0000807F"), extended=False), 2.0)
    voltage, current = driver.measured()
    assert (voltage.value, voltage.at, current.value, current.at) == (400.0, 1.0, 25.0, 1.0)
    assert driver.accepts == [(32, 0x7FF, False)]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ({"voltage": "Order.VoltageSet"}, "voltage: 'Order.VoltageSet': no such message in example.dbc; allowed: Command, Report, State"),
        ({"current": "Command.Amperes"}, "current: 'Command.Amperes': no such signal; allowed: Counter, CurrentSet, Enable, VoltageSet"),
        ({"switch": ""}, "switch: ''; allowed: a message and a signal of example.dbc"),
        ({"faults": ["State.Fire"]}, "faults: 'State.Fire': no such signal"),
        ({"faults": [3]}, "faults: 3; allowed"),
        ({"faults": "State.Fault"}, "faults: 'State.Fault'; allowed: a list of signals"),
        ({"dbc": "nowhere.dbc"}, "nowhere.dbc cannot be read"),
        ({"dbc": "README.md"}, "README.md is no DBC"),
        ({"on": 0.0}, "on 0.0, off 0.0, period 0.1; allowed: two values"),
        ({"on": 9.0}, "cannot hold"),
        ({"off": 0.6}, "Command.Enable cannot hold 0.6"),
        ({"period": 1.0}, "a period of 0.002 to 0.25 s"),
        ({"pace": 0.05}, "pace: 0.05; allowed: period"),
        ({"discharge_current": 5.0, "discharge_power": 5.0}, "discharge_current: 5.0; allowed: 0"),
        ({"charge_current": 0.0}, "charge_current: 0.0; allowed: above 0"),
        ({"measured_voltage": "Command.VoltageSet"}, "Command is told and tells"),
    ],
)
def test_a_table_that_is_wrong(words: dict[str, object], what: str) -> None:
    with pytest.raises(LocalError, match=what):
        made(**words)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ({"measured_voltage": "Small.mV"}, "in mV; allowed: a signal in V"),
        ({"voltage": "Many.V"}, "Many is multiplexed; allowed: a plain message"),
        ({"voltage": "Least.V"}, "min_voltage: 150.0; allowed: from 200"),
        ({"current": "Least.Few", "charge_current": 300.0}, "cannot hold"),
    ],
)
def test_signals_that_do_not_do(tmp_path: Path, words: dict[str, object], what: str) -> None:
    with pytest.raises(LocalError, match=what):
        split(tmp_path, **words)


def test_without_the_extra_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cantools.database", None)
    with pytest.raises(LocalError, match=r"chargeloop\[can\]"):
        made()
