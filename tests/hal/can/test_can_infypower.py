"""InfyPower V1.13: its frames, several modules that share a current, one that is lost and comes back. In virtual time."""

from __future__ import annotations

import math

import pytest

from iso15118.errors import LocalError
from iso15118.hal.can import infypower as it
from iso15118.hal.can.infypower import SHEET, InfyPower, supply
from iso15118.hal.can.line import Frame
from iso15118.hal.protocols import Health
from iso15118.testing.devices.infypower import InfyModules, Module
from iso15118.value import replace
from tests.hal.can.bench import Bus, Clock, frame
from tests.hal.can.second_opinion import database, decoded, encoded

BASE = database(
    {
        "SET": (0x029C00F0, 'V : 7|32@0+ (0.001,0) [0|0] "V"\nI : 39|32@0+ (0.001,0) [0|0] "A"'),
        "SWITCH": (0x029A00F0, "Off : 7|8@0+ (1,0) [0|0] \"\"\nRest : 15|56@0+ (1,0) [0|0] \"\""),
        "OUTPUT": (0x0283F000, 'V : 7|32@0- (1,0) [0|0] "f32"\nI : 39|32@0- (1,0) [0|0] "f32"'),
        "RATINGS": (
            0x028AF000,
            'Vmax : 7|16@0+ (1,0) [0|0] "V"\nVmin : 23|16@0+ (1,0) [0|0] "V"\n'
            'Imax : 39|16@0+ (0.1,0) [0|0] "A"\nP : 55|16@0+ (10,0) [0|0] "W"',
        ),
        "AVAILABLE": (0x028CF000, 'V : 7|16@0+ (0.1,0) [0|0] "V"\nI : 23|16@0+ (0.1,0) [0|0] "A"\nRest : 39|32@0+ (1,0) [0|0] ""'),
        "STATUS": (
            0x0284F000,
            'Group : 23|8@0+ (1,0) [0|0] ""\nCelsius : 39|8@0- (1,0) [0|0] ""\nPhaseLost : 43|1@0+ (1,0) [0|0] ""\n'
            'WalkIn : 54|1@0+ (1,0) [0|0] ""\nDcOff : 48|1@0+ (1,0) [0|0] ""\nFault : 49|1@0+ (1,0) [0|0] ""\n'
            'Limited : 40|1@0+ (1,0) [0|0] ""',
        ),
    }
)  # fmt: skip


class Rig(Bus):
    driver: InfyPower
    device: InfyModules

    def __init__(self, modules: int = 1, **words: float) -> None:
        clock = Clock()
        super().__init__(InfyPower(replace(SHEET, modules=modules, **words), clock), InfyModules({}, modules), clock)

    def start(self, demand: tuple[float, float] | None = None) -> Rig:
        """Ready and at rest; then, with `demand`, on."""
        self.until(lambda: not self.driver.missing(), 1.0)
        self.run(1.0)
        if demand is not None:
            self.run(2.0, demand)
        return self

    @property
    def shares(self) -> list[float]:
        """What each module is told; 0: off."""
        return [round(module.current, 3) if module.on else 0.0 for module in self.device.modules]

    def __getitem__(self, address: int) -> Module:
        return self.device.modules[address]


# Frames.


@pytest.mark.parametrize(
    ("ours", "printed"),
    [
        (it.set_points(0, 400.0, 25.0), "029C00F0#00061A80000061A8"),
        (it.switched(0, True), "029A00F0#0000000000000000"),
        (it.switched(0, False), "029A00F0#0100000000000000"),
        (it.asked(it.OUTPUT, 0), "028300F0#0000000000000000"),
    ],
)
def test_a_frame_of_ours_is_as_printed(ours: Frame, printed: str) -> None:
    assert ours == frame(printed)


def test_another_codec_has_the_same_frames() -> None:
    assert encoded(BASE, "SET", V=400.0, I=25.0) == it.set_points(0, 400.0, 25.0)
    assert encoded(BASE, "SET", V=123.456, I=7.891) == it.set_points(0, 123.456, 7.891)
    assert encoded(BASE, "SWITCH", Off=1, Rest=0) == it.switched(0, False)
    assert decoded(BASE, "OUTPUT", frame("0283F000#43C8000041C80000")) == {"V": 400.0, "I": 25.0}
    assert decoded(BASE, "RATINGS", frame("028AF000#03E8003203E80BB8")) == {"Vmax": 1000, "Vmin": 50, "Imax": 100.0, "P": 30000}
    faulty = decoded(BASE, "STATUS", frame("0284F000#000001002D080300"))
    assert faulty == {"Group": 1, "Celsius": 45, "PhaseLost": 1, "WalkIn": 0, "DcOff": 1, "Fault": 1, "Limited": 0}


def test_replies_are_read_as_printed() -> None:
    rig = Rig()
    for text in ("0284F000#000000021B004000", "0283F000#43C8000041C80000", "028AF000#03E8003203E80BB8", "028CF000#0FA001F400000000"):
        assert rig.driver.heard(frame(text), rig.clock.now)
    assert [round(seen.value, 6) for seen in rig.driver.measured()] == [400.0, 25.0]
    limits = rig.driver.abilities.limits
    assert (limits.min_voltage, limits.max_voltage, limits.charge_current, limits.charge_power) == (150.0, 1000.0, 100.0, 30_000.0)
    assert rig.driver.health is Health.GOOD
    rig.hear([encoded(BASE, "STATUS", Group=0, Celsius=27, PhaseLost=0, WalkIn=0, DcOff=0, Fault=0, Limited=1)])
    assert rig.driver.abilities.limits.charge_current == 50.0, "what is available, as it is limited"
    rig.hear([frame("0284F000#000001002D080300")])
    assert (rig.driver.health, rig.driver.why) == (Health.FAILED, "module 0 fault, input phase lost")


def test_the_simulated_module_answers_as_printed() -> None:
    modules = InfyModules({"bus.voltage": 400.0, "bus.current": 25.0})
    modules.modules[0].on, modules.modules[0].current, modules.modules[0].available = True, 25.0, 50.0
    modules.modules[0].status = 0x004000
    for ask, said in (
        ("028300F0#0000000000000000", "0283F000#43C8000041C80000"),
        ("028A00F0#0000000000000000", "028AF000#03E8003203E80BB8"),
        ("028C00F0#0000000000000000", "028CF000#0FA001F400000000"),
        ("028400F0#0000000000000000", "0284F000#000000001B004000"),
    ):
        assert list(modules.answer(frame(ask), 0.0)) == [frame(said)]
    modules.modules[0].refused[0x1C] = 2
    (refusal,) = modules.answer(frame("029C00F0#00061A80000061A8"), 0.0)
    assert refusal.ident == 0x0A9CF000


# What it does.


def test_a_start_begins_with_off() -> None:
    rig = Rig(3)
    assert rig.until(lambda: not rig.driver.missing(), 1.0) < 0.7
    assert rig.said[:3] == [it.switched(address, False) for address in range(3)]


def test_one_module_charges() -> None:
    rig = Rig().start((400.0, 25.0))
    assert rig.shares == [25.0]
    assert rig[0].voltage == 400.0
    assert rig.device.world["supply.current"] == 25.0
    rig.device.world |= {"bus.voltage": 390.0, "bus.current": 25.0}
    rig.run(0.2, (400.0, 25.0))
    assert [round(seen.value, 3) for seen in rig.driver.measured()] == [390.0, 25.0]


def test_modules_share() -> None:
    rig = Rig(3).start((400.0, 60.0))
    assert rig.shares == [20.0, 20.0, 20.0]
    assert rig.driver.abilities.limits.charge_current == 300.0
    rig.device.world |= {"bus.voltage": 390.0, "bus.current": 60.0}
    rig.run(0.5, (400.0, 60.0))
    assert rig.driver.measured()[1].value == pytest.approx(60.0)
    assert max(seen.age(rig.clock.now) for seen in rig.driver.measured()) < 0.3
    assert rig.device.most == 60.0


def test_no_module_has_less_than_its_least_and_their_number_does_not_flap() -> None:
    rig = Rig(3).start((400.0, 0.0, 2.0))  # type: ignore[arg-type]
    assert rig.shares == [1.0, 1.0, 0.0]
    rig.run(1.0, (400.0, 3.2))
    assert rig.shares == [1.6, 1.6, 0.0]
    rig.run(2.0, (400.0, 4.8))
    assert rig.shares == [1.6, 1.6, 1.6]
    rig.run(2.0, (400.0, 3.2))
    assert rig.shares == [1.067, 1.067, 1.067]
    rig.run(2.0, (400.0, 0.3))
    assert rig.shares == [1.0, 0.0, 0.0]


def test_a_discharge_is_nothing_and_stays_so() -> None:
    rig = Rig().start((400.0, 25.0))
    rig.run(0.1, (300.0, -25.0))
    assert rig.shares == [0.0]
    rig.run(3.0, (300.0, -25.0))
    assert rig.shares == [0.0]
    assert it.switched(0, True) not in rig.said[-40:]


def test_off_a_demand_that_dies_and_a_current_that_falls() -> None:
    rig = Rig(3).start((400.0, 90.0))
    assert rig.until(lambda: rig.shares == [10.0] * 3, 1.0, (400.0, 30.0)) <= 0.16
    rig.driver.off()
    assert rig.until(lambda: not any(rig.shares), 1.0) <= 0.16
    rig.run(2.0, (400.0, 90.0))
    assert rig.until(lambda: not any(rig.shares), 1.0) <= 0.71


def test_a_module_that_fails_is_off_and_the_others_take_its_share_when_it_says_that_it_is() -> None:
    rig = Rig(3).start((400.0, 60.0))
    rig[1].status, rig[1].stuck_on = 0x000200, True
    rig.until(lambda: rig.driver.health is Health.DEGRADED, 3.0, (400.0, 60.0))
    assert rig.driver.why == "module 1 fault"
    assert rig.driver.abilities.limits.charge_current == 200.0
    rig.run(0.5, (400.0, 60.0))
    assert rig.shares == [20.0, 20.0, 20.0], "it is still on"
    rig[1].stuck_on = False
    rig.until(lambda: rig.shares == [30.0, 0.0, 30.0], 3.0, (400.0, 60.0))
    assert rig.device.most == 60.0
    rig[1].status = 0
    rig.until(lambda: rig.shares == [20.0] * 3, 4.0, (400.0, 60.0))
    assert rig.driver.health is Health.GOOD
    assert rig.device.most <= 80.0, "the others give way within a few frames"


def test_a_module_that_does_not_switch_off_is_a_failure_of_all() -> None:
    rig = Rig(2).start((400.0, 60.0))
    rig[0].stuck_on = True
    rig.driver.off()
    rig.run(4.0)
    assert rig.driver.health is Health.FAILED
    assert rig.driver.why == "module 0 does not switch off"


def test_the_share_of_a_module_that_is_silent_is_not_given_away_before_it_must_be_off() -> None:
    rig = Rig(3).start((400.0, 60.0))
    rig[2].silent = rig[2].deaf = True
    lost = rig.clock.now
    rig.run(1.5, (400.0, 60.0))
    assert (rig.driver.health, rig.driver.why) == (Health.DEGRADED, "module 2 silent")
    assert rig.driver.measured()[1].age(rig.clock.now) > 1.0, "nobody knows what it delivers"
    rig.until(lambda: rig.shares[0] > 20.0, 20.0, (400.0, 60.0))
    assert 12.0 < rig.clock.now - lost < 15.2, "counted from its last status"
    rig.run(0.5, (400.0, 60.0))
    assert rig.shares == [30.0, 30.0, 0.0]
    assert rig.device.most == 60.0
    assert rig.driver.measured()[1].age(rig.clock.now) < 0.3
    rig[2].silent = rig[2].deaf = False
    rig.until(lambda: rig.shares == [20.0] * 3, 6.0, (400.0, 60.0))
    assert rig.driver.health is Health.GOOD


def test_all_silent_have_failed_and_are_told_to_be_off() -> None:
    rig = Rig(2).start((400.0, 60.0))
    for module in rig.device.modules:
        module.silent = True
    rig.run(2.0, (400.0, 60.0))
    assert rig.driver.health is Health.FAILED
    assert rig.driver.abilities.limits.charge_current == 0.0
    assert rig.shares == [0.0, 0.0]


def test_a_module_without_a_controller_falls_asleep() -> None:
    rig = Rig().start((400.0, 60.0))
    rig.device.turn(rig.clock.now + 10.1)
    assert rig.shares == [0.0]


@pytest.mark.parametrize("command", [it.SET, it.SWITCH])
def test_a_module_that_refuses_is_off(command: int) -> None:
    rig = Rig(2).start()
    rig[1].refused[command] = 3
    rig.run(2.0, (400.0, 60.0))
    assert rig.shares[1] == 0.0
    assert rig.driver.health is Health.DEGRADED
    assert "data invalid" in rig.driver.why
    rig[1].refused.clear()
    rig.driver.off()
    rig.run(0.3)
    rig.run(2.0, (400.0, 60.0))
    assert rig.shares == [30.0, 30.0]


@pytest.mark.parametrize(
    "noise",
    [
        "0283F000#",
        "0283F000#43C80000",
        "0283F000#7FC000007FC00000",
        "0283F000#7F80000041C80000",
        "0283F007#43C8000041C80000",
        "0283F100#43C8000041C80000",
        "0A83F000#43C8000041C80000",
        "02C3F000#43C8000041C80000",
        "0757F803#0000000000000000",
        "02A3F000#1001000000061A80",
    ],
)
def test_what_is_no_reply_changes_nothing(noise: str) -> None:
    rig = Rig().start()
    before = (rig.driver.measured(), rig.driver.health, rig.driver.limits)
    rig.hear([frame(noise), frame(noise)._replace(extended=False)])
    assert (rig.driver.measured(), rig.driver.health, rig.driver.limits) == before


def test_a_module_that_measures_no_numbers_grows_old() -> None:
    rig = Rig().start((400.0, 10.0))
    rig[0].odd[it.OUTPUT] = bytes.fromhex("7FC000007FC00000")
    rig.run(1.5, (400.0, 10.0))
    voltage, current = rig.driver.measured()
    assert math.isfinite(voltage.value)
    assert min(voltage.age(rig.clock.now), current.age(rig.clock.now)) > 1.0
    assert rig.driver.health is Health.FAILED


def test_it_leaves_all_modules_off() -> None:
    assert Rig(2).driver.farewell() == [it.switched(0, False), it.switched(1, False)]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ({"modules": 0}, "modules 0, address 0; allowed: 1 to 16"),
        ({"modules": 4, "address": 0x3D}, "addresses up to 62"),
        ({"modules": 4}, r"pace: 0.05; allowed: 0.001 to 0.042 s"),
        ({"discharge_current": 10.0, "discharge_power": 1000.0}, "discharge_current: 10.0; allowed: 0"),
    ],
)
def test_a_table_that_is_wrong(words: dict[str, object], what: str) -> None:
    with pytest.raises(LocalError, match=what):
        supply(words, "board.toml", "composed.supply")
