"""An inverter of pysunspec2's models in the path of an outlet: told, measured, broken, gone, and read by pysunspec2's own client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from iso15118.errors import LocalError
from iso15118.hal import protocols, registry
from iso15118.hal.board import AC_BOARD
from iso15118.hal.modbus import line as lines
from iso15118.hal.protocols import Health
from iso15118.hal.sunspec import path as paths
from iso15118.hal.sunspec.alarms import ALARMS
from iso15118.hal.sunspec.grid import grid
from iso15118.hal.sunspec.path import SunSpecPath, path
from iso15118.power import AcReading, AcTarget
from iso15118.testing.devices.modbus import listening
from iso15118.testing.devices.sunspec import SunSpecInverter
from iso15118.testing.devices.wires import World
from iso15118.units import PerPhase
from iso15118.value import replace
from tests.hal.ac_by_wire import AcWireRig
from tests.hal.ac_contract import AC_CONTRACT, AcRig

pytestmark = [pytest.mark.long, pytest.mark.waits]


def a_world() -> World:
    return {"grid.voltage.l1": 229.0, "grid.voltage.l2": 230.0, "grid.voltage.l3": 231.5, "grid.frequency": 49.98}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for in a failure, short."""
    monkeypatch.setattr(lines, "WAITING", 0.15)
    monkeypatch.setattr(lines, "PAUSE", 0.02)
    monkeypatch.setattr(paths, "FIRST", 1.0)


def made(port: int, **words: object) -> SunSpecPath:
    return path({"host": "127.0.0.1", "port": port, "every": 0.02, **words}, "board.toml", "composed.path")


def until(done: Callable[[], bool], within: float = 3.0) -> None:
    end = time.monotonic() + within
    while not done():
        assert time.monotonic() < end
        time.sleep(0.005)


class Bench:
    """An inverter on loopback and our driver of it."""

    def __init__(self) -> None:
        self.world = a_world()
        self.inverter = SunSpecInverter(self.world)
        self.path: Any = None

    def point(self, number: int, name: str) -> Any:
        return self.inverter.models[number].points[name].value

    def asked(self, watts: float) -> None:
        self.path.demand(AcTarget(PerPhase.even(watts, 3)))
        until(lambda: self.world["path.target"] == pytest.approx(watts))


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    with listening(bench.inverter) as port:
        bench.path = made(port)
        yield bench
        bench.path.close()


@pytest.mark.parametrize("check", AC_CONTRACT, ids=lambda check: check.__name__)
def test_contract(check: Callable[[AcRig], None]) -> None:
    world = a_world()
    inverter = SunSpecInverter(world)
    fail: dict[str, Callable[[], object]] = {
        "residual": lambda: setattr(inverter, "alarms", 1),
        "silence": lambda: inverter.faults.add("silent"),
    }
    with listening(inverter) as port, AcWireRig(made(port), world, fail) as rig:
        check(rig)


def test_what_it_can_carry_is_the_smaller_one_of_rating_and_setting(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "BEAT", 0.05)
    assert isinstance(bench.path, protocols.AcPath)
    abilities = bench.path.abilities
    limits = abilities.limits
    assert (limits.charge_power, limits.discharge_power, limits.charge_current) == (22_080.0, 11_040.0, 32.0)
    assert abilities.ac.voltage == pytest.approx(230.0, rel=1e-3)  # 398.4 V between phases
    assert (abilities.ac.phases, abilities.ac.frequency, abilities.ac.asymmetry, abilities.ac.reactive) == (3, 50.0, 0.0, 0.0)
    bench.inverter.models[702].WChaRteMax.cvalue = 9_000.0  # a limit from elsewhere
    until(lambda: bench.path.abilities.limits.charge_power == 9_000.0)


def test_what_it_measures_with_the_sign_turned(bench: Bench) -> None:
    """It absorbs 2 kW from L1 for the vehicle, and injects 700 W of it into L3."""
    bench.world |= {"grid.power.l1": 2_000.0, "grid.power.l3": -700.0}
    until(lambda: bench.path.measured().value.active.l1 == 2_000.0)
    assert bench.path.measured().value.active == PerPhase(2_000.0, 0.0, -700.0)
    assert bench.path.measured().value.voltage == pytest.approx(PerPhase(229.0, 230.0, 231.5))
    assert bench.path.measured().value.frequency == pytest.approx(49.98)
    assert bench.point(701, "W") == -1_300  # as SunSpec counts


def test_it_is_started_at_0_watts_with_a_time_to_fall_back_in(bench: Bench) -> None:
    """Limits, fall back, set-point, its enable; then service, then operation."""
    told = {name: bench.point(704, name) for name in ("WSet", "WSetEna", "WSetMod", "WSetRvrt", "WSetEnaRvrt", "WSetRvrtTms")}
    assert told == {"WSet": 0, "WSetEna": 1, "WSetMod": 1, "WSetRvrt": 0, "WSetEnaRvrt": 1, "WSetRvrtTms": 3}
    assert (bench.point(703, "ES"), bench.point(715, "OpCtl")) == (1, 1)
    assert [address for address, _ in bench.inverter.written[:5]] == [40326, 40320, 40318, 40279, 40380]


@pytest.mark.parametrize("watts", [7_400.0, -7_400.0])
def test_a_set_point_as_the_worked_frame_has_it(bench: Bench, watts: float) -> None:
    sent: list[bytes] = []
    transaction = bench.path._client._client.transaction

    def spy(sending: bool, data: bytes) -> bytes:
        if sending:
            sent.append(data)
        return data

    transaction.trace_packet = spy
    bench.asked(watts)
    words = "FF FF E3 18" if watts > 0 else "00 00 1C E8"  # charging is absorption, negative there
    assert bytes.fromhex("00 00 00 0B 01 10 9D 80 00 02 04" + words) in [frame[2:] for frame in sent]


def test_a_demand_of_nothing_is_0_watts_in_force(bench: Bench) -> None:
    bench.asked(-5_000.0)
    bench.path.demand(None)
    until(lambda: bench.point(704, "WSet") == 0)
    assert bench.point(704, "WSetEna") == 1


def test_its_heart_beats_and_its_set_point_is_renewed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "BEAT", 0.05)
    bench.asked(3_000.0)
    beats = bench.point(715, "ControllerHb")
    until(lambda: bench.point(715, "ControllerHb") >= beats + 3)
    assert bench.inverter._clock() - bench.inverter.renewed < 0.5
    bench.inverter.models[704].WSetEna.value = 0  # somebody else has switched it off
    until(lambda: bench.path.health is Health.DEGRADED)
    assert bench.path.reason == "WSetEna not as set"
    until(lambda: bench.point(704, "WSetEna") == 1 and bench.path.health is Health.GOOD)


def test_a_serial_line_has_time_for_a_beat_between_two_measurements(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 19 200 bit/s, 10 bits an octet, of what goes over it: a guard lets nothing come back on a reading older than 0.3 s."""
    monkeypatch.setattr(paths, "BEAT", 0.05)
    gaps = [0]

    def spy(sending: bool, data: bytes) -> bytes:
        if sending:
            measuring = data[7:10] == bytes((3, *(40_000 + 70 + 2).to_bytes(2, "big")))  # of model 701, from ACType on
            gaps.append(0) if measuring else None
        gaps[-1] += len(data) - 4  # 6 octets of a TCP frame are not there on a serial line, 2 are there instead
        return data

    bench.path._client._client.transaction.trace_packet = spy
    beats = bench.point(715, "ControllerHb")
    until(lambda: bench.point(715, "ControllerHb") >= beats + 3)
    assert min(gaps[1:-1]) >= 197
    assert max(gaps[1:-1]) * 10 / 19_200 < 0.25


def test_without_us_it_falls_back_to_0_watts(bench: Bench) -> None:
    """The driver's thread is stopped without a word, as with a process that is killed."""
    bench.asked(-6_000.0)
    bench.path._rest = lambda: None
    bench.path.close()
    inverter = bench.inverter
    assert inverter.target == -6_000.0
    inverter.renewed -= 3.0
    assert inverter.target == 0.0
    assert bench.point(704, "WSetEna") == 1


def test_a_demand_that_does_not_come_again_is_none(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard that hangs, in a process that lives."""
    monkeypatch.setattr(paths, "FORGOTTEN", 0.1)
    bench.asked(-6_000.0)
    until(lambda: bench.point(704, "WSet") == 0)
    bench.asked(-6_000.0)


def test_a_set_point_whose_answer_is_lost_is_not_taken_for_the_old_one(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "BEAT", 60.0)
    bench.inverter.faults.add("silent")
    bench.asked(-6_000.0)  # it has taken it, and nobody has heard of it
    until(lambda: bool(bench.path.why))
    bench.path.demand(None)
    bench.inverter.faults.clear()
    until(lambda: bench.point(704, "WSet") == 0, 0.5)


def test_at_the_end_it_stops(bench: Bench) -> None:
    bench.asked(3_000.0)
    bench.path.close()
    assert bench.world["path.target"] == 0.0
    assert (bench.point(704, "WSet"), bench.point(715, "OpCtl")) == (0, 0)


@pytest.mark.parametrize(
    ("alarms", "state", "health", "reason"),
    [
        (0, 3, Health.GOOD, ""),
        (0, 4, Health.DEGRADED, "throttled"),
        (0, 6, Health.FAILED, "in fault"),
        (0, 9, Health.FAILED, "in state 9"),
        (1, 3, Health.FAILED, "ground fault"),
        (0b10000, 3, Health.DEGRADED, "grid disconnected"),
        (1 << 7 | 1 << 8, 6, Health.FAILED, "over-temperature, over-frequency, in fault"),
        (1 << 20, 3, Health.FAILED, "alarm 20"),
    ],
)
def test_its_health_in_words(bench: Bench, alarms: int, state: int, health: Health, reason: str) -> None:
    bench.inverter.alarms, bench.inverter.state = alarms, state
    until(lambda: bench.path.reason == reason)
    assert bench.path.health is health
    assert bench.path.residual().value is bool(alarms & 1)


def test_the_alarms_are_those_of_the_definition(bench: Bench) -> None:
    symbols = bench.inverter.models[701].points["Alrm"].pdef["symbols"]
    assert len(ALARMS) == len(symbols)
    alike = {"GROUND_FAULT": 0, "DC_OVER_VOLT": 1, "GRID_DISCONNECT": 4, "OVER_TEMP": 7, "UNDER_FREQUENCY": 9, "AC_UNDER_VOLT": 11}
    assert {symbol["name"]: symbol["value"] for symbol in symbols}.items() >= alike.items()


@pytest.mark.parametrize("fault", ["silent", "exception", "wrong unit", "garbage", "invalid"])
def test_an_inverter_that_is_lost_grows_old_and_comes_back(bench: Bench, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is raised, and nothing waits."""
    monkeypatch.setattr(paths, "SILENT", 0.2)
    bench.asked(3_000.0)
    bench.inverter.faults.add(fault)
    until(lambda: bench.path.health is Health.FAILED)
    began = time.perf_counter()
    bench.path.demand(None)
    old = bench.path.measured()
    assert time.perf_counter() - began < 0.05
    assert time.monotonic() - old.at > 0.15
    assert bench.path.abilities.limits.charge_power == 22_080.0
    assert bench.path.reason.startswith("no answer: ")
    bench.inverter.faults.clear()
    until(lambda: bench.path.health is Health.GOOD)
    until(lambda: bench.point(704, "WSet") == 0)


def test_one_that_was_without_power_is_set_up_anew(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "AWAY", 0.1)
    bench.inverter.faults.add("exception")
    until(lambda: bool(bench.path.why))
    for name in ("WSetEna", "WSetRvrtTms", "WSetEnaRvrt"):
        bench.inverter.models[704].points[name].value = 0
    bench.inverter.models[703].ES.value = 0
    until(lambda: not bench.path._ready)
    bench.inverter.faults.clear()
    until(lambda: bench.point(704, "WSetRvrtTms") == 3 and bench.point(703, "ES") == 1)


def one(**how: Any) -> SunSpecInverter:
    return SunSpecInverter(a_world(), **how)


def broken(number: int, name: str, value: int | None) -> Callable[[], SunSpecInverter]:
    def make() -> SunSpecInverter:
        inverter = one()
        inverter.models[number].points[name].value = value
        if value is None:
            inverter.absent.add((number, name))
        return inverter

    return make


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: one(order=(1, 701, 702, 703, 715)), "model 704: missing; there are 1, 701, 702, 703, 715"),
        (lambda: one(base=3), "no SunSpec device: no mark SunS"),
        (broken(715, "LocRemCtl", 1), "LocRemCtl: 1, local control; allowed: 0, remote control"),
        (broken(704, "WSetRvrtTms", None), "model 704: WSetRvrtTms: not implemented"),
        (broken(704, "WSet", None), "model 704: WSet not as set; allowed: an inverter that keeps"),
        (broken(702, "WChaRteMaxRtg", None), "model 702: WChaRteMaxRtg: not implemented"),
        (broken(702, "VNomRtg", 0), r"model 702: VNom, VNomRtg: 0\.0 V; allowed: above 0"),
        (broken(701, "ACType", 1), "model 701: ACType: 1; allowed: 0, single phase, or 2, three phases"),
    ],
)
def test_an_inverter_that_is_not_what_it_should_be(make: Callable[[], SunSpecInverter], what: str) -> None:
    inverter = make()
    if inverter.models[701].points["ACType"].value == 1:
        inverter._turn = lambda: None  # type: ignore[method-assign]
    with (
        listening(inverter) as port,
        pytest.raises(LocalError, match=rf"board\.toml: composed\.path: SunSpec inverter, unit 1 at 127\.0\.0\.1 port \d+, .*{what}"),
    ):
        made(port)
    assert inverter.world.get("path.target", 0.0) == 0.0


def test_one_that_is_silent_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "FIRST", 0.3)
    inverter = one()
    inverter.faults.add("silent")
    with listening(inverter) as port, pytest.raises(LocalError, match=r"unit 1 at .* does not answer"):
        made(port)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ({"watchdog": 1}, r"watchdog 1; allowed: 40..70 Hz, 2..60 s"),
        ({"frequency": 400.0}, "frequency 400.0"),
        ({"speed": 1}, "speed: unknown key"),
    ],
)
def test_a_table_that_is_wrong(words: dict[str, object], what: str) -> None:
    with pytest.raises(LocalError, match=what):
        made(1, **words)


@pytest.mark.parametrize(
    "how",
    [
        {"base": 0, "order": (1, 715, 704, 702, 703, 701)},
        {"base": 50000, "order": (704, 701, 1, 702)},
    ],
)
def test_models_in_any_order_and_at_any_base(how: dict[str, Any]) -> None:
    inverter = one(unit=7, **how)
    with listening(inverter) as port:
        it = made(port, unit=7)
        it.demand(AcTarget(PerPhase(-1_500.0)))
        until(lambda: inverter.world["path.target"] == -1_500.0)
        it.close()
    assert inverter.world["path.target"] == 0.0


def test_a_single_phase_that_tells_no_more_than_its_sums() -> None:
    inverter = one()
    inverter.absent = {(701, name) for name in ("VL1", "WL1", "VarL1", "Var")} | {(702, "VNom")}
    inverter.models[701].ACType.value = 0
    inverter.models[702].VNomRtg.cvalue = 230.0
    inverter.world["grid.power.l1"] = 1_200.0
    with listening(inverter) as port:
        it = made(port)
        assert it.abilities.ac is not None
        assert (it.abilities.ac.phases, it.abilities.ac.voltage, it.abilities.ac.asymmetry) == (1, 230.0, None)
        assert it.measured().value == AcReading(PerPhase(229.0), PerPhase(1_200.0), PerPhase(), pytest.approx(49.98))
        it.close()


def test_pysunspec2_reads_and_tells_the_same_device(bench: Bench) -> None:
    """Its client finds what our driver has set, and sees a set-point of its own obeyed: the device is no invention of ours."""
    bench.asked(-4_500.0)
    other = SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr="127.0.0.1", ipport=bench.path._keys.port, timeout=2)
    try:
        other.scan()
        assert [number for number in other.models if isinstance(number, int)] == [1, 701, 702, 703, 704, 713, 715]
        order, ac = other.models[704][0], other.models[701][0]
        assert (order.WSet.cvalue, order.WSetEna.value, order.WSetMod.value, order.WSetRvrtTms.value) == (4_500, 1, 1, 3)
        assert (ac.VL3.cvalue, ac.Hz.cvalue) == (pytest.approx(231.5), pytest.approx(49.98))
        assert other.models[703][0].ES.value == other.models[715][0].OpCtl.value == 1
        order.WSet.cvalue = -2_000
        order.write()
        assert bench.world["path.target"] == 2_000.0
    finally:
        other.close()


def test_the_grid_of_a_converter() -> None:
    inverter = one(order=(1, 701))
    with listening(inverter) as port:
        it = grid({"host": "127.0.0.1", "port": port, "every": 0.02}, "board.toml", "composed.grid")
        assert isinstance(it, protocols.GridSensor)
        assert it.measured().value.voltage == pytest.approx(PerPhase(229.0, 230.0, 231.5))
        inverter.world["grid.frequency"] = 51.5
        until(lambda: it.measured().value.frequency == pytest.approx(51.5))
        it.close()
    assert inverter.written == []


def test_in_a_board(bench: Bench) -> None:
    table = {"driver": "sunspec", "host": "127.0.0.1", "port": bench.path._keys.port}
    outlet: Any = registry.outlet(replace(AC_BOARD, family="composed", settings={"path": table, "simulated": {}}))
    assert isinstance(outlet, protocols.AcOutlet)
    assert isinstance(outlet.path, SunSpecPath)
    outlet.close()
