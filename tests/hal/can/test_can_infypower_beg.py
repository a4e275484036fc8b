"""InfyPower BEG1K075G: its frames, the order of a reversal, what it says of itself, and what makes it fail. In virtual time."""

from __future__ import annotations

import math
from random import Random

import pytest

from iso15118.errors import LocalError
from iso15118.hal import protocols
from iso15118.hal.can import beg_words as w
from iso15118.hal.can.infypower_beg import SHEET, Beg, supply
from iso15118.hal.can.line import Frame
from iso15118.hal.protocols import Health
from iso15118.testing.devices.infypower_beg import BegModule
from iso15118.value import replace
from tests.hal.can.bench import Bus, Clock, frame
from tests.hal.can.second_opinion import database, decoded, encoded

BASE = database(
    {
        "WRITE": (0x02A43FF0, 'Item : 7|16@0+ (1,0) [0|0] ""\nRest : 23|16@0+ (1,0) [0|0] ""\nValue : 39|32@0+ (1,0) [0|0] ""'),
        "READ": (0x02A33FF0, 'Item : 7|16@0+ (1,0) [0|0] ""\nRest : 23|16@0+ (1,0) [0|0] ""\nValue : 39|32@0+ (1,0) [0|0] ""'),
        "MILLI": (0x02A3F000, 'Item : 7|16@0+ (1,0) [0|0] ""\nRest : 23|16@0+ (1,0) [0|0] ""\nValue : 39|32@0+ (0.001,0) [0|0] ""'),
        "STATUS": (
            0x02A3F000,
            'Item : 7|16@0+ (1,0) [0|0] ""\nRest : 23|16@0+ (1,0) [0|0] ""\nGap : 39|8@0+ (1,0) [0|0] ""\n'
            'Limited : 40|1@0+ (1,0) [0|0] ""\nTwoOfOne : 41|1@0+ (1,0) [0|0] ""\nPhaseLost : 43|1@0+ (1,0) [0|0] ""\n'
            'DcOff : 48|1@0+ (1,0) [0|0] ""\nFault : 49|1@0+ (1,0) [0|0] ""\nProtection : 50|1@0+ (1,0) [0|0] ""\n'
            'WalkIn : 54|1@0+ (1,0) [0|0] ""\nShort : 56|1@0+ (1,0) [0|0] ""\nDischarge : 61|1@0+ (1,0) [0|0] ""',
        ),
    }
)


class Rig(Bus):
    driver: Beg
    device: BegModule

    def __init__(self, **words: float) -> None:
        clock = Clock()
        super().__init__(Beg(replace(SHEET, **words), clock), BegModule({}), clock)

    def grid_ages(self) -> list[float]:
        """Of each of its values."""
        return [self.clock.now - self.driver._values[item].at for item in w.GRID]

    def start(self, demand: tuple[float, float] | None = None) -> Rig:
        """Ready and at rest; then, with `demand`, on."""
        self.until(lambda: not self.driver.missing(), 1.0)
        self.run(1.0)
        if demand is not None:
            self.until(lambda: self.device.on, 1.5, demand)
            self.run(0.5, demand)
        return self


# Frames.


@pytest.mark.parametrize(
    ("ours", "printed"),
    [
        (w.written(w.VOLTAGE, 400_000), "02A43FF0#1001000000061A80"),
        (w.written(w.CURRENT, 25_000), "02A43FF0#10020000000061A8"),
        (w.written(w.TURN, w.DISCHARGE), "02A43FF0#21100000000000A1"),
        (w.written(w.TURN, w.CHARGE), "02A43FF0#21100000000000A0"),
        (w.written(w.SWITCH, w.ON), "02A43FF0#11100000000000A0"),
        (w.written(w.SWITCH, w.OFF), "02A43FF0#11100000000000A1"),
        (w.asked(w.VOLTAGE), "02A33FF0#1001000000000000"),
    ],
)
def test_a_frame_of_ours_is_as_printed_and_as_another_codec_has_it(ours: Frame, printed: str) -> None:
    assert ours == frame(printed)
    item, value = int.from_bytes(ours.data[:2], "big"), int.from_bytes(ours.data[4:], "big")
    name = "WRITE" if printed.startswith("02A4") else "READ"
    assert encoded(BASE, name, Item=item, Rest=0, Value=value) == ours


def test_replies_are_read_as_printed() -> None:
    rig = Rig()
    for text in (
        "02A3F000#1110000000014000",
        "02A3F000#1111000000000001",
        "02A3F000#10010000000619FE",
        "02A3F000#1002000000006176",
    ):
        assert rig.driver.heard(frame(text), rig.clock.now)
    voltage, current = rig.driver.measured()
    assert (voltage.value, current.value) == (399.87, -24.95), "an inverter takes out of the vehicle"
    rig.driver.heard(frame("02A3F000#1111000000000000"), rig.clock.now)
    rig.driver.heard(frame("02A3F000#1002000000006176"), rig.clock.now)
    assert rig.driver.measured()[1].value == 24.95
    for item in w.RATINGS:
        rig.driver.heard(encoded(BASE, "MILLI", Item=item, Rest=0, Value=2000.0), rig.clock.now)
    assert rig.driver.judged(rig.clock.now) == (Health.DEGRADED, "power limited")


def test_another_codec_reads_the_same_replies() -> None:
    assert decoded(BASE, "MILLI", frame("02A3F000#10010000000619FE"))["Value"] == pytest.approx(399.87)
    assert decoded(BASE, "MILLI", frame("02A3F000#1002000000006176"))["Value"] == pytest.approx(24.95)
    status = decoded(BASE, "STATUS", frame("02A3F000#1110000000014000"))
    assert [name for name, value in status.items() if value and name != "Item"] == ["Limited", "WalkIn"]


@pytest.mark.parametrize(
    ("signal", "health", "why"),
    [
        ("Limited", Health.DEGRADED, "power limited"),
        ("TwoOfOne", Health.FAILED, "two modules of one address"),
        ("PhaseLost", Health.FAILED, "input phase lost"),
        ("DcOff", Health.GOOD, ""),
        ("Fault", Health.FAILED, "fault"),
        ("Protection", Health.FAILED, "protection active"),
        ("WalkIn", Health.GOOD, ""),
        ("Short", Health.FAILED, "output short circuit"),
        ("Discharge", Health.FAILED, "discharge abnormal"),
    ],
)
def test_a_status_bit_where_another_codec_puts_it(signal: str, health: Health, why: str) -> None:
    rig = Rig().start()
    names = [it.name for it in BASE.get_message_by_name("STATUS").signals]
    values = dict.fromkeys(names, 0) | {"Item": w.STATUS, "DcOff": 1, signal: 1}
    rig.hear([encoded(BASE, "STATUS", **values)])
    assert (rig.driver.health, rig.driver.why) == (health, why)


def test_the_simulated_module_answers_as_printed() -> None:
    module = BegModule({"bus.voltage": 399.87, "bus.current": 24.95})
    module.status = 0x014000
    module.on = module.inverter = True
    asked = {
        "02A33FF0#1001000000000000": "02A3F000#10010000000619FE",
        "02A33FF0#1002000000000000": "02A3F000#1002000000006176",
        "02E300F0#1110000000000000": "02A3F000#1110000000014000",
        "02A33FF0#1111000000000000": "02A3F000#1111000000000001",
    }
    assert {ask: list(module.answer(frame(ask), 0.0)) for ask in asked} == {ask: [frame(said)] for ask, said in asked.items()}
    module.refused[w.VOLTAGE] = 3
    (refusal,) = module.answer(frame("02A43FF0#1001000000061A80"), 0.0)
    assert refusal.ident == 0x0EA4F000


# What it does.


def test_it_starts_off_and_stands_in_the_direction_of_charging() -> None:
    rig = Rig()
    took = rig.until(lambda: not rig.driver.missing(), 1.0)
    assert took < 0.7
    assert rig.device.orders[0] == (w.SWITCH, w.OFF)
    rig.run(1.0)
    assert (w.TURN, w.CHARGE) in rig.device.orders
    assert rig.driver.health is Health.GOOD
    assert not [value for item, value in rig.device.orders if item == w.SWITCH and value == w.ON]


def test_it_charges() -> None:
    rig = Rig().start((400.0, 25.0))
    module = rig.device
    assert (module.on, module.inverter, module.voltage, module.current) == (True, False, 400.0, 25.0)
    assert module.world["supply.current"] == 25.0
    said = module.orders[[item for item, _ in module.orders].index(w.VOLTAGE) :]
    assert said[:3] == [(w.VOLTAGE, 400_000), (w.CURRENT, 25_000), (w.SWITCH, w.ON)]
    assert not module.wrongs


def test_it_holds_a_voltage_with_the_trickle() -> None:
    rig = Rig().start()
    rig.until(lambda: rig.device.on, 1.5, (350.0, 0.0, 2.0))  # type: ignore[arg-type]
    assert (rig.device.inverter, rig.device.voltage, rig.device.current) == (False, 350.0, 2.0)


@pytest.mark.parametrize("order", [(25.0, -20.0), (-20.0, 25.0)])
def test_a_reversal_is_off_seen_off_direction_seen_direction_set_points_on(order: tuple[float, float]) -> None:
    first, then = order
    rig = Rig().start((400.0, first))
    module = rig.device
    module.orders.clear()
    took = rig.until(lambda: module.on and module.inverter is (then < 0), 2.0, (300.0, then))
    assert took < 1.5
    direction = w.DISCHARGE if then < 0 else w.CHARGE
    steps = list(dict.fromkeys(module.orders))
    wanted = [(w.SWITCH, w.OFF), (w.TURN, direction), (w.VOLTAGE, 300_000), (w.CURRENT, round(abs(then) * 1000)), (w.SWITCH, w.ON)]
    assert steps == wanted
    assert not module.wrongs
    assert module.world["supply.current"] == then
    rig.run(1.0, (300.0, then))
    module.world["bus.current"] = then
    rig.run(0.3, (300.0, then))
    assert rig.driver.measured()[1].value == then
    assert rig.driver.health is Health.GOOD


def test_a_pause_in_a_discharge_does_not_turn_it_and_an_end_does() -> None:
    rig = Rig().start((300.0, -20.0))
    rig.device.orders.clear()
    rig.run(2.0, (300.0, 0.0))
    assert not rig.device.on
    assert rig.until(lambda: rig.device.on, 1.0, (300.0, -20.0)) < 0.6
    assert w.TURN not in [item for item, _ in rig.device.orders]
    rig.driver.off()
    rig.until(lambda: not rig.device.inverter, 1.5)
    assert not rig.device.wrongs


def test_a_direction_that_is_not_seen_is_never_switched_on() -> None:
    rig = Rig().start((400.0, 25.0))
    rig.device.stuck_direction = True
    rig.device.orders.clear()
    rig.run(1.5, (300.0, -20.0))
    assert (w.SWITCH, w.ON) not in rig.device.orders
    rig.until(lambda: rig.driver.health is Health.FAILED, 3.0, (300.0, -20.0))
    assert rig.driver.why == "does not turn"
    assert not rig.device.on


def test_a_module_that_stays_on_is_not_turned() -> None:
    rig = Rig().start((400.0, 25.0))
    rig.device.stuck_on = True
    rig.device.orders.clear()
    rig.run(3.0, (300.0, -20.0))
    assert {item for item, _ in rig.device.orders} == {w.SWITCH}
    assert (rig.driver.health, rig.driver.why) == (Health.FAILED, "does not switch off")


def test_a_change_of_mind_in_the_middle_of_a_reversal_begins_anew() -> None:
    """The direction that is seen may be the old one of a module that is about to turn."""
    for moment in range(1, 30):
        rig = Rig().start((400.0, 25.0))
        rig.run(moment * 0.05, (300.0, -20.0))
        rig.until(lambda: rig.device.on and not rig.device.inverter, 3.0, (400.0, 25.0))  # noqa: B023
        assert rig.device.world["supply.current"] == 25.0
        assert not rig.device.wrongs, moment


def test_a_module_that_turns_by_itself_is_switched_off() -> None:
    rig = Rig().start((400.0, 25.0))
    rig.device.inverter = True
    rig.until(lambda: not rig.device.on, 1.6, (400.0, 25.0))
    rig.until(lambda: rig.device.on and not rig.device.inverter, 2.0, (400.0, 25.0))


def test_a_demand_that_nobody_renews_is_off() -> None:
    rig = Rig().start((400.0, 25.0))
    assert rig.until(lambda: not rig.device.on, 1.0) <= 0.61


def test_off_and_a_current_that_falls_do_not_wait_for_their_turn() -> None:
    rig = Rig().start((400.0, 60.0))
    assert rig.until(lambda: rig.device.current == 10.0, 1.0, (400.0, 10.0)) <= 0.051
    rig.driver.off()
    assert rig.until(lambda: not rig.device.on, 1.0) <= 0.051


def test_measurements_are_asked_for_while_current_falls_without_end() -> None:
    rig, current = Rig().start((400.0, 70.0)), 70.0
    while current > 3.0:
        current -= 2.1
        rig.run(0.05, (400.0, current))
        assert max(it.age(rig.clock.now) for it in rig.driver.measured()) < 0.3


@pytest.mark.parametrize(
    "demand",
    [
        (math.nan, 10.0),
        (400.0, math.nan),
        (400.0, math.inf),
        (math.inf, 10.0),
        (400.0, 0.0),
        (100.0, 10.0),
        (0.0, -10.0),
        (400.0, 0.0, math.nan),
    ],
)
def test_a_demand_that_is_none_is_off(demand: tuple[float, float]) -> None:
    rig = Rig().start((400.0, 25.0))
    rig.run(0.2, demand)
    assert not rig.device.on


def test_more_than_it_can_is_clipped() -> None:
    rig = Rig().start((2000.0, 500.0))
    assert (rig.device.voltage, rig.device.current) == (1000.0, 73.3)
    rig = Rig().start((50.0, -500.0))
    assert (rig.device.voltage, rig.device.current, rig.device.inverter) == (200.0, 73.3, True)
    rig = Rig().start((400.0, 0.2))
    assert rig.device.current == 1.0


def test_without_discharge_in_its_table_it_does_not_discharge() -> None:
    rig = Rig(discharge_current=0.0, discharge_power=0.0).start()
    rig.run(2.0, (300.0, -20.0))
    assert not rig.device.on
    assert not rig.device.inverter


# What it says of itself.


def test_ratings_narrow_the_table() -> None:
    rig = Rig()
    rig.device.ratings |= {0x1130: 750.0, 0x1131: 250.0, 0x1132: 40.0, 0x1133: 15_000.0}
    limits = rig.start().driver.abilities.limits
    assert (limits.min_voltage, limits.max_voltage, limits.charge_current, limits.charge_power) == (250.0, 750.0, 40.0, 15_000.0)
    assert (limits.discharge_current, limits.discharge_power) == (40.0, 15_000.0)
    rig.device.ratings[0x1133] = 22.0  # in kilowatts?
    other = Rig()
    other.device.ratings[0x1133] = 22.0
    assert other.start().driver.abilities.limits.charge_power == 22_000.0


def test_it_sees_the_grid() -> None:
    rig = Rig()
    rig.device.world |= {"grid.voltage.l1": 229.0, "grid.voltage.l2": 230.0, "grid.voltage.l3": 231.5, "grid.frequency": 49.98}
    grid = rig.driver.also["grid"]
    assert isinstance(grid, protocols.GridSensor)
    assert grid.measured().at == -math.inf
    rig.start()
    assert (*grid.measured().value.voltage, grid.measured().value.frequency) == (229.0, 230.0, 231.5, 49.98)
    rig.run(5.0, (400.0, 10.0))
    assert grid.measured().age(rig.clock.now) < 2.5
    rig.device.mute.add(0x2102)
    rig.run(8.0)
    assert grid.measured().age(rig.clock.now) > 5.0, "as old as the oldest"
    assert rig.driver.health is Health.GOOD


@pytest.mark.parametrize("pace", [0.05, 0.055])
def test_the_grid_is_there_however_a_demand_ramps_and_reverses(pace: float) -> None:
    """Values come in an even rhythm, whatever is waited for: none of them is ever so old that the grid would be taken for lost."""
    random, rig = Random(20), Rig(pace=pace)
    rig.pace = pace
    rig.start((400.0, 20.0))
    ages = [0.0, 0.0, 0.0]
    current, noisy = 20.0, False
    for _ in range(100):
        wanted, step, noisy = random.uniform(-73.0, 73.0), random.choice((1.0, 2.0, 5.0, 30.0)), not noisy
        for _ in range(random.choice((2, 5, 10, 20, 40, 60, 100))):
            current += max(-step, min(step, wanted - current))
            rig.run(pace, (400.0 + noisy * random.uniform(0.0, 50.0), current))
            each = rig.grid_ages()
            ages = list(map(max, ages, (min(each), max(each), rig.driver.also["grid"].measured().age(rig.clock.now))))
            assert rig.driver.health is Health.GOOD, rig.driver.why
    newest, oldest, taken = (age / pace for age in ages)
    assert newest == taken
    assert newest <= 40, "in frames: 2 s at 50 ms, the most that a board may bear"
    assert oldest < w.ALL_OF_IT
    assert not rig.device.wrongs


def test_set_points_of_the_other_direction_do_not_count() -> None:
    """A change of mind before it was on, to the same figures."""
    for moment in range(10, 40):
        rig = Rig().start()
        rig.run(moment * 0.05, (300.0, 20.0))
        rig.until(lambda: rig.device.on and rig.device.inverter, 4.0, (300.0, -20.0))  # noqa: B023
        assert not rig.device.wrongs, moment


def test_set_points_that_change_all_the_time_do_not_keep_it_off() -> None:
    rig = Rig().start((400.0, -60.0))
    rig.run(0.1, (400.0, 0.0))
    assert not rig.device.on
    current = -60.0
    for _ in range(30):
        current += 1.0
        rig.run(0.05, (400.0 - current, current))
    assert rig.device.on
    assert rig.driver.health is Health.GOOD


@pytest.mark.parametrize("code", [2, 3])
@pytest.mark.parametrize("item", [w.VOLTAGE, w.CURRENT])
def test_a_set_point_that_is_refused_lets_nothing_flow(item: int, code: int) -> None:
    rig = Rig().start((400.0, 25.0))
    rig.device.refused[item] = code
    rig.until(lambda: not rig.device.on, 1.0, (350.0, 20.0))
    assert rig.driver.health is Health.DEGRADED
    assert "refused" in rig.driver.why
    rig.run(1.2, (350.0, 20.0))
    assert rig.driver.health is Health.FAILED
    assert not rig.device.on
    rig.device.refused.clear()
    rig.driver.off()
    rig.run(0.1)
    assert rig.driver.health is Health.GOOD
    rig.until(lambda: rig.device.on, 1.5, (350.0, 20.0))


def test_an_off_that_is_refused_is_a_failure() -> None:
    rig = Rig().start((400.0, 25.0))
    rig.device.refused[w.SWITCH] = 2
    rig.driver.off()
    rig.run(2.0)
    assert rig.driver.health is Health.FAILED
    assert "1110 refused: command invalid" in rig.driver.why or rig.driver.why == "does not switch off"


def test_one_that_is_busy_has_not_refused() -> None:
    rig = Rig().start()
    rig.device.refused[w.CURRENT] = 7
    rig.run(2.0, (400.0, 25.0))
    assert rig.driver.health is Health.GOOD


def test_silence_in_the_middle() -> None:
    rig = Rig().start((400.0, 25.0))
    rig.device.silent = True
    at = rig.driver.measured()[0].at
    rig.run(1.5, (400.0, 25.0))
    assert rig.driver.measured()[0].at <= at + 0.2
    rig.run(2.0, (400.0, 25.0))
    assert (rig.driver.health, rig.driver.why) == (Health.FAILED, "silent")
    rig.device.silent = False
    rig.run(2.0)
    assert rig.driver.health is Health.GOOD


def test_a_single_item_that_is_not_answered_any_more_is_silence() -> None:
    for item in w.ESSENTIAL:
        rig = Rig().start((400.0, 25.0))
        rig.device.mute.add(item)
        rig.run(3.3, (400.0, 25.0))
        assert rig.driver.health is Health.FAILED, item


def test_a_second_module_on_the_bus_would_do_the_same_again() -> None:
    rig = Rig().start()
    rig.hear([frame("02A3F001#1001000000000000")])
    assert rig.driver.health is Health.FAILED
    assert rig.driver.why == "more than one module answers: 0x0, 0x1"


def test_after_a_bus_that_failed_everything_is_said_anew() -> None:
    rig = Rig().start((300.0, -20.0))
    rig.broken = True
    rig.run(0.3, (300.0, -20.0))
    rig.broken = False
    rig.device.orders.clear()
    rig.until(lambda: (w.SWITCH, w.ON) in rig.device.orders, 2.0, (300.0, -20.0))
    steps = list(dict.fromkeys(rig.device.orders))
    assert [item for item, _ in steps] == [w.SWITCH, w.TURN, w.VOLTAGE, w.CURRENT, w.SWITCH]
    assert not rig.device.wrongs


@pytest.mark.parametrize(
    "noise",
    [
        "02A3F000#",
        "02A3F000#1001",
        "02A300F0#1001000000061A80",
        "02A3F100#1001000000061A80",
        "00000000#00",
        "1FFFFFFF#FFFFFFFFFFFFFFFF",
        "0283F000#7FC000007FC00000",
        "0EA3F000#1001000000061A80",
    ],
)
def test_what_is_no_reply_changes_nothing(noise: str) -> None:
    rig = Rig().start()
    before = (rig.driver.measured(), rig.driver.health, rig.driver.limits)
    rig.hear([frame(noise), frame(noise)._replace(extended=False)])
    assert (rig.driver.measured(), rig.driver.health, rig.driver.limits) == before


def test_it_leaves_the_module_off() -> None:
    rig = Rig().start((400.0, 25.0))
    assert rig.driver.farewell() == [w.written(w.SWITCH, w.OFF)]
    assert isinstance(rig.driver, protocols.DcSupply)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ({"pace": 0.2}, r"pace: 0.2; allowed: 0.001 to 0.056 s"),
        ({"min_voltage": 1200.0}, "min_voltage: 1200.0; allowed: below max_voltage"),
        ({"charge_current": 0.5}, "min_current: 1.0; allowed: up to charge_current, 0.5"),
        ({"discharge_current": 0.0}, "discharge_power: 22000.0; allowed: 0 exactly where"),
        ({"channel": ""}, "channel ''; allowed: names"),
        ({"modules": 2}, "modules: unknown key"),
    ],
)
def test_a_table_that_is_wrong(words: dict[str, object], what: str) -> None:
    with pytest.raises(LocalError, match=what):
        supply(words, "board.toml", "composed.supply")
