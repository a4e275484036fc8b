from __future__ import annotations

import asyncio

import pytest

from iso15118.messages.v20.ac import AC_ChargeLoopRes, Scheduled_AC_CLResControlMode
from iso15118.messages.v20.common import Header, ResponseCode
from iso15118.messages.v20.dc import DC_ChargeLoopRes, DC_PreChargeRes, Scheduled_DC_CLResControlMode
from iso15118.messages.v20.delivery import PowerDeliveryRes
from iso15118.messages.v20.rational import rational
from iso15118.power import AcTarget, Pilot, Setpoint, VehicleSetpoint
from iso15118.service.car import Car, CarConfig, Leg
from iso15118.service.virtual import run
from iso15118.session import evcc
from iso15118.sim.battery import Battery
from iso15118.sim.onboard import OnBoardCharger
from iso15118.sim.vehicle import Trip
from iso15118.units import PerPhase

HEADER = Header(session_id=bytes(8), time_stamp=1)


def loop_res(voltage: float = 360.0, current: float = 10.0) -> DC_ChargeLoopRes:
    return DC_ChargeLoopRes(
        header=HEADER,
        response_code=ResponseCode.OK,
        evse_present_current=rational(current),
        evse_present_voltage=rational(voltage),
        evse_power_limit_achieved=False,
        evse_current_limit_achieved=False,
        evse_voltage_limit_achieved=False,
        control_mode=Scheduled_DC_CLResControlMode(),
    )


def heard(car: Car, message: object) -> None:
    """The charger said this."""
    car._heard(message)


def test_without_a_plan_as_much_as_goes_until_the_target() -> None:
    async def main() -> None:
        low = Car(CarConfig(battery=lambda: Battery(soc=50.0), trip=Trip(target_soc=80.0))).snapshot()
        assert low.target_current == low.limits.charge_current > 0
        assert low.target_voltage == low.limits.max_voltage
        assert not low.complete
        full = Car(CarConfig(battery=lambda: Battery(soc=80.0), trip=Trip(target_soc=80.0))).snapshot()
        assert full.complete
        counted = Car(CarConfig(battery=lambda: Battery(soc=80.0), session=evcc.Config(loops=5))).snapshot()
        assert not counted.complete  # the session counts its loops itself

    run(main())


def test_a_plan_is_followed_from_the_first_loop_on() -> None:
    async def main() -> None:
        car = Car(CarConfig(plan=(Leg(10.0, 3_600.0), Leg(5.0, -7_200.0))))
        await asyncio.sleep(100)
        heard(car, loop_res())
        currents, voltages = [], []
        for _ in range(4):
            world = car.snapshot()
            currents.append(world.target_current)
            voltages.append(world.target_voltage)
            assert not world.complete
            await asyncio.sleep(3.9 if len(currents) < 4 else 0)
        assert currents == pytest.approx([10.0, 10.0, 10.0, -20.0], rel=0.02)
        assert voltages[0] == car.metal.limits().max_voltage
        assert voltages[3] == car.metal.limits().min_voltage
        await asyncio.sleep(5.0)
        assert car.snapshot().complete
        assert car.snapshot().target_current == 0.0

    run(main())


def test_a_detached_car_believes_what_the_charger_reports() -> None:
    async def main() -> None:
        car = Car(CarConfig())
        heard(car, DC_PreChargeRes(header=HEADER, response_code=ResponseCode.OK, evse_present_voltage=rational(355.5)))
        assert car.snapshot().reading.voltage.value == 355.5
        await asyncio.sleep(5)
        heard(car, PowerDeliveryRes(header=HEADER, response_code=ResponseCode.OK))
        reading = car.snapshot().reading
        assert reading.voltage.value == pytest.approx(reading.battery_voltage.value)
        assert reading.voltage.age(5.0) == 0
        car._apply(VehicleSetpoint(contactor=True))
        await asyncio.sleep(1)
        heard(car, loop_res(current=100.0))
        soc = car.snapshot().soc
        await asyncio.sleep(0.5)
        assert car.snapshot().soc > soc
        assert car.snapshot().reading.current.value == 100.0
        assert car.loops == 1

    run(main())


def test_an_attached_car_believes_its_own_bus() -> None:
    async def main() -> None:
        car = Car(CarConfig(), detached=False)
        heard(car, loop_res(voltage=123.0))
        assert car.snapshot().reading.voltage.value != 123.0
        assert car.loops == 1

    run(main())


def test_a_chargers_setpoint_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(TypeError):
            Car(CarConfig())._apply(Setpoint())

    run(main())


def ac_loop_res() -> AC_ChargeLoopRes:
    return AC_ChargeLoopRes(header=HEADER, response_code=ResponseCode.OK, control_mode=Scheduled_AC_CLResControlMode())


def test_the_on_board_charger_and_what_is_asked_of_it() -> None:
    async def main() -> None:
        usual = Car(CarConfig()).snapshot()
        assert usual.onboard is not None
        assert usual.onboard.ac is not None
        assert (usual.onboard.ac.phases, usual.onboard.limits.charge_power, usual.target_power) == (3, 11e3, 11e3)
        assert usual.onboard.min_charge_power == pytest.approx(4_140.0)
        small = Car(CarConfig(onboard=lambda: OnBoardCharger(phases=1, power=3_680.0))).snapshot()
        assert (small.onboard and small.onboard.limits.charge_power, small.target_power) == (3_680.0, 3_680.0)
        empty = Car(CarConfig(battery=lambda: Battery(soc=20.0), plan=(Leg(10.0, -5e3),))).snapshot()
        assert empty.target_power == 0.0  # at its least charge it gives nothing

    run(main())


def test_a_plan_of_power_on_alternating_current() -> None:
    async def main() -> None:
        car = Car(CarConfig(plan=(Leg(10.0, 6e3), Leg(5.0, -7e3), Leg(5.0, 50e3))))
        heard(car, ac_loop_res())
        seen = [car.snapshot().target_power]
        await asyncio.sleep(11)
        seen.append(car.snapshot().target_power)
        await asyncio.sleep(5)
        seen.append(car.snapshot().target_power)
        assert seen == [6e3, -7e3, 11e3]
        assert car.loops == 1

    run(main())


def test_a_detached_car_believes_in_mains_once_power_delivery_is_granted() -> None:
    async def main() -> None:
        car = Car(CarConfig())
        car._apply(VehicleSetpoint(pilot=Pilot.C, lock=True, target=AcTarget()))
        heard(car, PowerDeliveryRes(header=HEADER, response_code=ResponseCode.FAILED_ContactorError))
        assert car.snapshot().reading.ac is None
        heard(car, PowerDeliveryRes(header=HEADER, response_code=ResponseCode.OK))
        car._apply(VehicleSetpoint(pilot=Pilot.C, lock=True, target=AcTarget(PerPhase.even(9e3, 3))))
        await asyncio.sleep(5)
        heard(car, ac_loop_res())
        reading = car.snapshot().reading
        assert reading.power == pytest.approx(9e3)
        assert (reading.voltage.value, reading.current.value) == (230.0, pytest.approx(3e3 / 230.0))
        assert reading.ac is not None
        assert reading.ac.age(5.0) == 0.0
        car._apply(VehicleSetpoint())
        await asyncio.sleep(1)
        assert car.snapshot().reading.power == 0.0

    run(main())
