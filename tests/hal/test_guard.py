"""`hal.guard`: watchdog, contactor, faults. The bounds of what goes out are in `test_guard_bounds`."""

from __future__ import annotations

import pytest

from iso15118.errors import DeviceFault, LocalError
from iso15118.hal.board import Board
from iso15118.hal.guard import Guard
from iso15118.power import OFF, Command, Contactor, Insulation, Pilot, Setpoint, VehicleSetpoint
from iso15118.value import replace
from tests.hal.bench import LIVE, Bench, at

# --- The life of a set-point ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("current", [100.0, -100.0])
def test_silence_ends_current_in_300_ms_and_opens_in_600(current: float) -> None:
    bench = Bench().join()
    bench.charge(current)
    bench.tell(at(current))
    told = bench.now
    while bench.demanded:
        bench.step()
        assert bench.now - told < 1
    assert bench.now - told == pytest.approx(0.30)
    while bench.closed:
        bench.step()
        assert bench.now - told < 1
    assert bench.now - told <= 0.60
    assert bench.guard.faults == {DeviceFault.COMMUNICATION}


def test_life_to_the_turn() -> None:
    bench = Bench().join()
    bench.charge(50)
    bench.tell(at(50))
    bench.run(0.29)
    assert bench.demanded == 50
    bench.tell(at(50))
    bench.run(0.29)
    assert bench.demanded == 50
    bench.step()
    assert bench.demanded == 0


def test_a_shorter_life_is_honoured_and_a_longer_one_is_not() -> None:
    for ttl, life in ((0.1, 0.1), (60.0, 0.3)):
        bench = Bench().join()
        bench.charge(50)
        bench.tell(at(50), ttl)
        bench.run(life - 0.01)
        assert bench.demanded == 50
        bench.step()
        assert bench.demanded == 0


def test_a_stale_or_repeated_number_renews_nothing() -> None:
    bench = Bench().join()
    bench.charge(50)
    bench.tell(at(50))
    last = bench.number
    for turn in range(30):
        assert not bench.guard.command(Command(last - turn % 3, 0.3, at(50)), bench.now)
        bench.step()
    assert bench.demanded == 0
    assert bench.seen[-1].acknowledged == last


@pytest.mark.parametrize("field", ["voltage", "current", "trickle"])
def test_a_command_that_is_not_a_number_renews_nothing_and_uses_no_number(field: str) -> None:
    bench = Bench().join()
    bench.charge(50)
    bench.tell(at(50))
    for _ in range(30):
        assert not bench.guard.command(Command(bench.number + 1, 0.3, replace(at(50), **{field: float("nan")})), bench.now)
        bench.step()
    assert bench.demanded == 0
    assert bench.seen[-1].acknowledged == bench.number


def test_silence_with_an_open_contactor_is_no_fault() -> None:
    bench = Bench()
    bench.run(0.5, OFF)
    bench.run(2.0)
    assert not bench.guard.faults


def test_silence_while_it_is_to_open_is_no_fault_either() -> None:
    bench = Bench().join()
    bench.charge(100)
    bench.outlet.plant.bus.supply.fall = 50.0  # so that it takes its time
    bench.run(0.1, OFF)
    bench.run(0.35)
    assert bench.closed
    assert not bench.guard.faults


def test_through_bytes_it_is_the_same() -> None:
    bench = Bench()
    bench.number += 1
    assert bench.guard.command(Command.from_bytes(Command(bench.number, 0.3, LIVE).to_bytes()), bench.now)
    telemetry = bench.step()
    assert type(telemetry).from_bytes(telemetry.to_bytes()) == telemetry


def test_a_new_controller_goes_on_above_the_acknowledged_number() -> None:
    bench = Bench()
    bench.run(1, LIVE)
    bench.run(1)
    bench.guard.reset()
    assert not bench.guard.command(Command(1, 0.3, LIVE), bench.now)
    assert bench.guard.command(Command(bench.seen[-1].acknowledged + 1, 0.3, LIVE), bench.now)


# --- The contactor -------------------------------------------------------------------------------------------------------


def test_closes_first_and_puts_voltage_on_afterwards() -> None:
    bench = Bench()
    bench.run(1.0, replace(LIVE, voltage=400, trickle=2))
    closing = next(t for t in bench.seen if t.reading.contactor.value is Contactor.CLOSED)
    assert closing.reading.voltage.value < 60
    assert bench.seen[-1].reading.voltage.value == 400
    assert bench.seen[-1].reading.locked.value


def test_meets_a_battery_that_is_already_there_before_closing() -> None:
    bench = Bench()
    bench.vehicle.apply(VehicleSetpoint(contactor=True, pilot=Pilot.C))
    battery = bench.vehicle.battery.open_circuit_voltage
    bench.run(0.2, OFF)
    bench.run(0.5, replace(LIVE, voltage=battery - 60, trickle=2))
    assert not bench.closed
    bench.run(0.5, replace(LIVE, voltage=battery, trickle=2))
    assert bench.closed
    assert all(abs(t.reading.current.value) < 5 for t in bench.seen)


def test_does_not_close_on_a_charged_capacitor() -> None:
    bench = Bench()
    bench.run(0.5, Setpoint(voltage=400, trickle=2, lock=True))
    assert bench.outlet.plant.bus.supply_voltage == 400
    bench.run(0.1, LIVE)
    assert not bench.closed
    bench.run(1.2, LIVE)
    assert bench.closed


@pytest.mark.parametrize("pilot", [Pilot.A, Pilot.B, Pilot.E, Pilot.F])
def test_no_voltage_and_no_closing_outside_c_and_d(pilot: Pilot) -> None:
    bench = Bench()
    bench.vehicle.apply(VehicleSetpoint(pilot=pilot))
    bench.run(1.0, replace(LIVE, trickle=2))
    assert not bench.closed
    assert bench.outlet.plant.bus.supply_voltage == 0
    assert not bench.guard.faults


def test_a_normal_stop_opens_without_current() -> None:
    bench = Bench().join()
    bench.charge(100)
    bench.tell(OFF)
    assert bench.step()
    assert bench.demanded == 0
    while bench.closed:
        before = bench.current
        bench.run(0.01, OFF)
    assert abs(before) < 5
    assert not bench.guard.faults


def test_a_current_that_does_not_stop_becomes_an_emergency() -> None:
    bench = Bench().join()
    bench.charge(100)
    bench.outlet.plant.bus.supply.fall = 1.0  # the supply hardly obeys
    bench.run(0.3, OFF)
    assert bench.closed
    bench.run(0.7, OFF)
    assert bench.guard.faults == {DeviceFault.OVER_CURRENT}
    assert not bench.closed
    assert bench.current == 0


@pytest.mark.parametrize("seconds", [0.3, 1.0])
def test_an_emergency_waits_100_ms_for_the_current_and_opens(seconds: float) -> None:
    bench = Bench().join()
    bench.charge(100)
    bench.outlet.plant.bus.supply.fall = 1.0
    bench.guard.trip(DeviceFault.EMERGENCY_STOP)
    bench.tell(at(100))
    bench.step()
    assert bench.demanded == 0
    begin = bench.now
    while bench.closed:
        bench.step()
    assert bench.now - begin == pytest.approx(0.100 + 0.050)
    bench.run(seconds)
    assert bench.guard.faults >= {DeviceFault.EMERGENCY_STOP}


def test_a_weld_is_found_and_latched() -> None:
    bench = Bench().join()
    bench.charge(50)
    bench.faults.contactor_welded = True
    bench.tell(OFF)
    began = bench.now
    while not bench.guard.faults:
        bench.run(0.01, OFF)
        assert bench.now - began < 1
    assert bench.guard.faults == {DeviceFault.CONTACTOR}
    assert 0.2 <= bench.now - began <= 0.3 + 0.05
    bench.run(2, LIVE)
    assert bench.demanded == 0
    bench.guard.reset()
    bench.run(0.5, OFF)
    assert bench.guard.faults == {DeviceFault.CONTACTOR}, "a weld stays a weld"


def test_a_weld_at_idle_is_found_by_level() -> None:
    bench = Bench()
    bench.faults.contactor_welded = True
    bench.run(0.3)
    assert bench.guard.faults == {DeviceFault.CONTACTOR}


def test_a_contactor_that_does_not_close() -> None:
    bench = Bench()
    bench.faults.contactor_stuck_open = True
    bench.run(0.6, replace(LIVE, voltage=400, current=50, trickle=2))
    assert bench.guard.faults == {DeviceFault.CONTACTOR}
    assert all(t.reading.current.value == 0 for t in bench.seen)
    assert bench.outlet.plant.bus.supply_voltage == 0


def test_the_lock_holds_while_anything_can_be_touched() -> None:
    bench = Bench().join()
    bench.charge(50)
    bench.tell(OFF)
    while bench.seen[-1].reading.locked.value:
        bench.run(0.01, OFF)
        if bench.seen[-1].reading.voltage.value >= 60:
            assert bench.seen[-1].reading.locked.value
        if bench.turn % 100 == 0:
            bench.vehicle.apply(VehicleSetpoint(pilot=Pilot.B))
    assert not bench.guard.faults


def test_the_lock_holds_while_the_supply_behind_an_open_contactor_holds_a_voltage() -> None:
    """A contactor that closes by itself would put it on the connector."""
    bench = Bench()
    bench.run(0.5, Setpoint(voltage=400, trickle=2, lock=True))
    held = 0
    while bench.outlet.plant.bus.supply_voltage >= 60:
        bench.run(0.01, OFF)
        held += bench.seen[-1].reading.locked.value
        assert bench.seen[-1].reading.locked.value or bench.outlet.plant.bus.supply_voltage < 60
    assert held > 10
    bench.run(1.0, OFF)
    assert not bench.seen[-1].reading.locked.value
    assert not bench.guard.faults


def test_a_welded_car_keeps_the_connector() -> None:
    bench = Bench().join()
    bench.faults.vehicle_welded = True
    bench.vehicle.apply(VehicleSetpoint(pilot=Pilot.B))
    bench.stop(5)
    assert bench.seen[-1].reading.voltage.value > 300
    assert bench.seen[-1].reading.locked.value


def test_a_lock_that_does_not_follow() -> None:
    bench = Bench()
    bench.faults.lock_stuck = True
    bench.run(2.9, LIVE)
    assert not bench.closed
    assert not bench.guard.faults
    bench.run(0.2, LIVE)
    assert bench.guard.faults == {DeviceFault.LOCK}


# --- Voltage, current, insulation, pilot ---------------------------------------------------------------------------------


def test_above_the_table_trips_at_once() -> None:
    bench = Bench().join()
    bench.charge(0, 0.2)
    bench.vehicle.battery = type(bench.vehicle.battery)(soc=50, series=147)  # 551 V
    bench.tell(at(0))
    bench.step()
    bench.step()
    assert DeviceFault.OVER_VOLTAGE in bench.guard.faults
    bench.run(0.2)
    assert not bench.closed


def test_the_table_is_entered_with_the_highest_voltage() -> None:
    """A board for 1000 V does not trip where one for 500 V would."""
    bench = Bench(Board(limits=replace(Board().limits, max_voltage=1000.0)))
    bench.vehicle.battery = type(bench.vehicle.battery)(soc=50, series=160)  # 600 V
    bench.join()
    bench.charge(0, 0.5)
    assert bench.seen[-1].reading.voltage.value == pytest.approx(600)
    assert not bench.guard.faults


@pytest.mark.parametrize(("seconds", "faulty"), [(0.15, False), (0.38, False), (0.45, True)])
def test_above_the_highest_voltage_for_400_ms(seconds: float, faulty: bool) -> None:
    bench = Bench().join()
    bench.charge(0, 0.2)
    car = bench.vehicle.battery
    bench.vehicle.battery = type(car)(soc=50, series=136)  # 510 V
    bench.charge(0, seconds)
    bench.vehicle.battery = car
    bench.charge(0, 0.5)
    assert bool(bench.guard.faults) is faulty
    assert bench.guard.faults <= {DeviceFault.OVER_VOLTAGE}


@pytest.mark.parametrize(("above", "faulty"), [(0.9, False), (1.1, True)])
def test_a_voltage_may_be_1_volt_above_the_highest(above: float, faulty: bool) -> None:
    bench = Bench()
    highest = bench.vehicle.battery.open_circuit_voltage - above
    bench.guard = Guard(bench.outlet, replace(Board().limits, max_voltage=highest))
    bench.join()
    bench.charge(0, 0.6)
    assert bench.guard.faults == ({DeviceFault.OVER_VOLTAGE} if faulty else frozenset())


@pytest.mark.parametrize(("gain", "seconds", "faulty"), [(1.04, 3.0, False), (1.2, 0.8, False), (1.2, 1.2, True), (2.0, 0.5, True)])
@pytest.mark.parametrize("current", [60.0, -60.0])
def test_more_current_than_was_demanded(current: float, gain: float, seconds: float, faulty: bool) -> None:
    bench = Bench().join()
    bench.charge(current)
    bench.faults.current_gain = gain
    bench.charge(current, seconds)
    assert bench.guard.faults == ({DeviceFault.OVER_CURRENT} if faulty else frozenset())


def test_insulation_lost_while_charging() -> None:
    bench = Bench()
    bench.run(2.5, replace(LIVE, voltage=400, trickle=2, insulation_test=True))
    assert bench.seen[-1].reading.insulation.value is Insulation.VALID
    bench.stop(2)
    bench.join()
    bench.charge(50)
    bench.faults.insulation = 99e3
    bench.charge(50, 0.5)
    assert bench.guard.faults == {DeviceFault.INSULATION}
    assert not bench.closed


@pytest.mark.parametrize("pilot", [Pilot.A, Pilot.B, Pilot.E, Pilot.F])
@pytest.mark.parametrize("current", [80.0, -80.0])
def test_a_pilot_that_leaves_while_energised(current: float, pilot: Pilot) -> None:
    bench = Bench().join()
    bench.charge(current)
    bench.faults.pilot = pilot
    bench.tell(at(current))
    bench.step()
    assert bench.demanded == 0
    bench.charge(current, 0.2)
    assert not bench.closed
    assert bench.guard.faults == {DeviceFault.CONTROL_PILOT}


def test_a_pilot_that_flutters_moves_the_contactor_once() -> None:
    bench = Bench().join()
    bench.charge(50)
    before = bench.outlet.plant.bus.contactor.operations
    for turn in range(80):
        bench.faults.pilot = Pilot.B if turn % 2 else None
        bench.charge(50, 0.03)
    assert bench.outlet.plant.bus.contactor.operations == before + 1


def test_a_pilot_that_leaves_after_a_stop_is_no_fault() -> None:
    bench = Bench().join()
    bench.charge(50)
    bench.run(0.5, replace(LIVE, voltage=0.0))
    assert bench.closed
    bench.vehicle.apply(VehicleSetpoint(pilot=Pilot.B))
    bench.run(0.5, replace(LIVE, voltage=0.0))
    assert not bench.closed
    assert not bench.guard.faults


# --- Latch and reset -----------------------------------------------------------------------------------------------------


def test_a_fault_that_goes_away_stays_latched_until_reset() -> None:
    bench = Bench().join()
    bench.charge(50)
    bench.faults.pilot = Pilot.E
    bench.charge(50, 0.1)
    bench.faults.pilot = None
    bench.charge(50, 3)
    assert (bench.closed, bench.demanded) == (False, 0)
    assert bench.guard.faults == {DeviceFault.CONTROL_PILOT}
    bench.guard.reset()
    assert not bench.guard.faults
    bench.run(0.5)
    assert not bench.closed, "an old set-point is not obeyed after a reset"


def test_no_reset_while_current_flows_or_nobody_can_tell() -> None:
    bench = Bench().join()
    bench.charge(50)
    bench.guard.trip(DeviceFault.EMERGENCY_STOP)
    with pytest.raises(LocalError, match="current"):
        bench.guard.reset()
    bench.run(1)
    bench.faults.telemetry_frozen = True
    bench.run(0.5)
    with pytest.raises(LocalError, match="current"):
        bench.guard.reset()
    bench.faults.telemetry_frozen = False
    bench.step()
    bench.guard.reset()


def test_a_guard_that_has_not_begun_may_be_reset() -> None:
    Guard(Bench().outlet).reset()


def test_a_second_session_after_a_reset() -> None:
    bench = Bench().join()
    bench.charge(50)
    bench.run(1)
    bench.vehicle.apply(VehicleSetpoint(pilot=Pilot.C))
    bench.stop(2)
    bench.guard.reset()
    bench.join()
    assert bench.charge(-30).reading.current.value == -30
    assert not bench.guard.faults


@pytest.mark.parametrize(("bounce", "faults"), [(0.03, set()), (0.5, {DeviceFault.CONTACTOR})])
def test_contacts_that_bounce(bounce: float, faults: set[DeviceFault]) -> None:
    bench = Bench()
    bench.faults.contactor_bounce = bounce
    assert bench.run(0.6, replace(LIVE, voltage=0.0)).faults == faults
