"""UUGreenPower UR1000X0: its frames, the change of range, modules that are lost. In virtual time."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.hal.can import uugreen as u
from iso15118.hal.can.line import Frame
from iso15118.hal.can.uugreen import SHEET, UuGreen, supply
from iso15118.hal.protocols import Health
from iso15118.testing.devices.uugreen import UuGreenModules
from iso15118.value import replace
from tests.hal.can.bench import Bus, Clock, frame
from tests.hal.can.second_opinion import database, decoded, encoded

SIGNALS = (
    'Group : 7|4@0+ (1,0) [0|0] ""\nKind : 3|4@0+ (1,0) [0|0] ""\nItem : 14|7@0+ (1,0) [0|0] ""\n'
    'Rest : 23|16@0+ (1,0) [0|0] ""\nMilli : 39|32@0+ (0.001,0) [0|0] ""'
)
BASE = database({"ORDER": (0x02204000, SIGNALS), "REPLY": (0x02204AAB, SIGNALS)})


class Rig(Bus):
    driver: UuGreen
    device: UuGreenModules

    def __init__(self, modules: int = 1, **words: object) -> None:
        clock = Clock()
        keys = replace(SHEET, modules=modules, **words)
        super().__init__(UuGreen(keys, clock), UuGreenModules({}, modules), clock, keys.pace)

    def start(self, demand: tuple[float, float] | None = None) -> Rig:
        """Ready and in a range; then, with `demand`, on."""
        self.until(lambda: not self.driver.missing(), 1.0)
        self.run(5.0)
        if demand is not None:
            self.run(1.0, demand)
        return self

    @property
    def shares(self) -> list[float]:
        return [round(module.current, 3) if module.on else 0.0 for module in self.device.modules]


@pytest.mark.parametrize(
    ("ours", "printed"),
    [
        (u.said(u.VOLTAGE_SET, 1, 400_000), "02204000#0002000000061A80"),
        (u.said(u.CURRENT_SET, 1, 25_000), "02204000#00030000000061A8"),
        (u.said(u.SHUTDOWN, 1, u.ON), "02204000#0004000000000000"),
        (u.said(u.SHUTDOWN, 1, u.OFF), "02204000#0004000000000001"),
        (u.ranged(1, u.HIGH), "02204000#005F000000000001"),
        (u.asked(u.VOLTAGE, 1), "02204000#0200000000000000"),
        (u.asked(u.VOLTAGE, 0), "02200000#0200000000000000"),
    ],
)
def test_a_frame_of_ours_is_as_printed_and_as_another_codec_has_it(ours: Frame, printed: str) -> None:
    assert ours == frame(printed)
    raw = int.from_bytes(ours.data[4:], "big") / 1000
    other = encoded(BASE, "ORDER", Group=0, Kind=ours.data[0], Item=ours.data[1], Rest=0, Milli=raw)
    assert other.data == ours.data


def test_replies_are_read_as_printed() -> None:
    rig = Rig()
    for text in ("02204AAB#0300000000061AF8", "02204AAB#0301000000006194"):
        assert rig.driver.heard(frame(text), rig.clock.now)
        assert decoded(BASE, "REPLY", frame(text))["Kind"] == u.READ_REPLY
    assert [seen.value for seen in rig.driver.measured()] == [400.12, 24.98]
    assert decoded(BASE, "REPLY", frame("02204AAB#0300000000061AF8"))["Milli"] == pytest.approx(400.12)
    assert rig.driver.heard(encoded(BASE, "REPLY", Group=0, Kind=3, Item=1, Rest=0, Milli=3.5)._replace(ident=0x02004AAB), rig.clock.now)
    assert rig.driver.measured()[1].value == 3.5, "a module may say monitor 0"


def test_the_simulated_module_answers_as_printed() -> None:
    modules = UuGreenModules({"bus.voltage": 400.12, "bus.current": 24.98})
    modules.modules[0].on, modules.modules[0].current = True, 25.0
    for ask, said in (
        ("02204000#0200000000000000", "02204AAB#0300000000061AF8"),
        ("02200000#0201000000000000", "02204AAB#0301000000006194"),
    ):
        assert list(modules.answer(frame(ask), 0.0)) == [frame(said)]


def test_it_starts_off_and_in_the_low_range() -> None:
    rig = Rig()
    rig.until(lambda: not rig.driver.missing(), 0.5)
    assert rig.said[0] == u.said(u.SHUTDOWN, 1, u.OFF)
    rig.run(5.0)
    assert rig.device.modules[0].range == u.LOW
    assert not rig.device.modules[0].on
    assert (rig.driver.health, rig.driver.why) == (Health.GOOD, "")
    limits = rig.driver.abilities.limits
    assert (limits.max_voltage, limits.charge_current, limits.charge_power, limits.discharge_current) == (1000.0, 100.0, 40_000.0, 0.0)


def test_it_charges_and_modules_share() -> None:
    rig = Rig(2).start((400.0, 50.0))
    assert rig.shares == [25.0, 25.0]
    assert rig.device.modules[0].voltage == 400.0
    rig.device.world |= {"bus.voltage": 390.0, "bus.current": 50.0}
    rig.run(0.5, (400.0, 50.0))
    assert [seen.value for seen in rig.driver.measured()] == [390.0, 50.0]
    assert max(seen.age(rig.clock.now) for seen in rig.driver.measured()) < 0.3
    assert not rig.device.wrongs


def test_a_range_is_changed_at_rest_only() -> None:
    rig = Rig(2).start((400.0, 50.0))
    took = rig.until(lambda: all(rig.shares) and rig.device.modules[0].range == u.HIGH, 6.0, (600.0, 50.0))
    assert 4.0 < took < 5.0
    rig.run(2.0, (600.0, 50.0))
    assert rig.shares == [25.0, 25.0]
    rig.run(6.0, (400.0, 50.0))
    assert [module.range for module in rig.device.modules] == [u.HIGH, u.HIGH], "down only from rest"
    rig.driver.off()
    rig.run(1.0)
    took = rig.until(lambda: all(rig.shares), 6.0, (400.0, 50.0))
    assert took > 2.0
    assert [module.range for module in rig.device.modules] == [u.LOW, u.LOW]
    assert not rig.device.wrongs


@pytest.mark.parametrize(("word", "value"), [("low", u.LOW), ("high", u.HIGH)])
def test_a_range_that_is_fixed(word: str, value: int) -> None:
    rig = Rig(range=word).start((900.0, 30.0))
    assert rig.device.modules[0].range == value
    assert rig.device.modules[0].voltage == (500.0 if value == u.LOW else 900.0)
    assert rig.driver.abilities.limits.max_voltage == (500.0 if value == u.LOW else 1000.0)
    assert not rig.device.wrongs


def test_one_silent_module_stops_all_because_nobody_knows_when_it_goes_off() -> None:
    rig = Rig(2).start((600.0, 50.0))
    rig.run(6.0, (600.0, 50.0))
    silent = rig.device.modules[1]
    silent.silent = True
    rig.run(1.5, (600.0, 50.0))
    assert (rig.driver.health, rig.driver.why) == (Health.FAILED, "module 2 silent")
    assert rig.shares[0] == 0.0
    assert rig.driver.abilities.limits.charge_current == 0.0
    rig.run(30.0, (600.0, 50.0))
    assert rig.driver.health is Health.FAILED
    assert rig.driver.measured()[1].age(rig.clock.now) > 30.0
    silent.silent, silent.on, silent.range = False, False, 0
    rig.run(8.0, (600.0, 50.0))
    assert rig.driver.health is Health.GOOD
    assert rig.shares == [25.0, 25.0]
    assert silent.range == u.HIGH, "it may have been without power"
    assert not rig.device.wrongs


def test_off_a_demand_that_dies_and_a_discharge() -> None:
    rig = Rig(2).start((400.0, 50.0))
    assert rig.until(lambda: not any(rig.shares), 1.0) <= 0.6
    rig.run(1.0, (400.0, 50.0))
    rig.driver.off()
    assert rig.until(lambda: not any(rig.shares), 1.0) <= 0.05
    rig.run(3.0, (300.0, -50.0))
    assert rig.shares == [0.0, 0.0]


@pytest.mark.parametrize(
    "noise",
    ["02204AAB#", "02204AAB#0300", "02204AAB#0108000000061AF8", "02204AAB#0308000000061AF8", "04204AAB#0300000000061AF8",
     "02404AAB#0300000000061AF8", "0220CAAB#0300000000061AF8", "02204000#0200000000000000"],
)  # fmt: skip
def test_what_is_no_reply_changes_nothing(noise: str) -> None:
    rig = Rig().start()
    before = (rig.driver.measured(), rig.driver.health, rig.driver.limits)
    rig.hear([frame(noise), frame(noise)._replace(extended=False)])
    assert (rig.driver.measured(), rig.driver.health, rig.driver.limits) == before


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ({"range": "wide"}, "range: 'wide'; allowed: automatic, high, low"),
        ({"address": 0}, "address: 0; allowed: 1 to 127"),
        ({"modules": 8}, "pace: 0.02; allowed: 0.001 to 0.010 s"),
        ({"address": 127, "modules": 2}, "addresses up to 127"),
    ],
)
def test_a_table_that_is_wrong(words: dict[str, object], what: str) -> None:
    with pytest.raises(LocalError, match=what):
        supply(words, "board.toml", "composed.supply")
