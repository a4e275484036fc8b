"""The counterparty's car with a battery in it. Run by the counterparty's Python, where `iso15118` is the counterparty's package.

The package as published wants its pre-charge at 20 kV and its energy at 200 V: no energy can flow; and it says that it takes 200 kW of
alternating current. Here its own interface to the vehicle is filled in with a battery of 380 V and an on-board charger of 11 kW, which
charge, and in a bidirectional session under a schedule then discharge. The protocol is the package's, untouched. The argument is the
package's own configuration file.
"""

import asyncio
import sys

from iso15118.evcc import Config, EVCCHandler
from iso15118.evcc.controller.simulator import SimEVController
from iso15118.evcc.evcc_config import load_from_file
from iso15118.shared.exificient_exi_codec import ExificientEXICodec
from iso15118.shared.messages.enums import ControlMode, ServiceV20
from iso15118.shared.messages.iso15118_20.common_messages import EVPowerScheduleEntry, EVPowerScheduleEntryList
from iso15118.shared.messages.iso15118_20.common_types import RationalNumber
from iso15118.shared.messages.iso15118_20.dc import BPTScheduledDCChargeLoopReqParams, ScheduledDCChargeLoopReqParams

BATTERY, CEILING, FLOOR = 380, 420, 320
"""V: of the battery, and how far it may go."""
CURRENT, BACK = 20, 10
"""A, into the battery and out of it: the package announces 11 A for that."""
AC_POWER = 6
"""kW of all phases together, either way, under a schedule."""
TURN = 3
"""s after which it gives back."""
PACE = 0.25
"""s between two charge loops, so that there is time for both directions."""
MATCH = 20.0
"""V between outlet and battery at which the car closes its contactor."""


class Vehicle(SimEVController):
    """A car that looks at the outlet's voltage before it goes on."""

    async def get_present_voltage(self) -> RationalNumber:
        """At its own inlet."""
        return RationalNumber(exponent=0, value=BATTERY)

    async def get_target_voltage(self) -> RationalNumber:
        """Of the pre-charge."""
        return RationalNumber(exponent=0, value=BATTERY)

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self._looks = 0

    async def is_precharged(self, present_voltage_evse: RationalNumber) -> bool:
        """Whether the voltage matches, from the second look on. (As published: after five looks, whatever it sees.)

        The package looks twice at each answer: first to see whether it may ask for power, then to choose what its next pre-charge
        request says. Said at the first look, it would ask for power without ever having said that pre-charge is finished.
        """
        matches = abs(present_voltage_evse.get_decimal_value() - BATTERY) <= MATCH
        self._looks = self._looks + 1 if matches else 0
        return self._looks > 1

    async def get_scheduled_dc_charge_loop_params(self) -> ScheduledDCChargeLoopReqParams:
        """To charge."""
        return ScheduledDCChargeLoopReqParams(**self._wish(CURRENT, CEILING))

    async def get_bpt_scheduled_dc_charge_loop_params(self) -> BPTScheduledDCChargeLoopReqParams:
        """To charge in the first half of the session, to discharge in the second."""
        second_half = self.charging_loop_cycles < self.config.charge_loop_cycle / 2
        return BPTScheduledDCChargeLoopReqParams(**(self._wish(-BACK, FLOOR) if second_half else self._wish(CURRENT, CEILING)))

    async def charge_loop_delay(self) -> float:
        """s before the next one."""
        return PACE

    async def get_ac_charge_loop_params_v20(self, control_mode: ControlMode, selected_service: ServiceV20):
        """As published, but for the power it says it takes (200 kW), and what it could take (300 kW of an 11 kW car)."""
        params = await super().get_ac_charge_loop_params_v20(control_mode, selected_service)
        params.ev_present_active_power = RationalNumber(exponent=3, value=AC_POWER)
        if control_mode == ControlMode.DYNAMIC:
            params.ev_present_reactive_power = RationalNumber(exponent=0, value=0)
            params.ev_max_charge_power = RationalNumber(exponent=3, value=11)
        return params

    async def process_scheduled_se_params(self, scheduled_params, pause: bool):
        """As published, but for the profile: in a bidirectional session it charges for a while, and then gives back."""
        profile, progress = await super().process_scheduled_se_params(scheduled_params, pause)
        if profile is not None and self._gives(scheduled_params):
            steps = [(TURN, AC_POWER), (3600 - TURN, -AC_POWER)]
            entries = [EVPowerScheduleEntry(duration=s, power=RationalNumber(exponent=3, value=kilowatts)) for s, kilowatts in steps]
            profile.entry_list = EVPowerScheduleEntryList(entries=entries)
        return profile, progress

    def _gives(self, scheduled_params) -> bool:
        """Alternating current, and a schedule for both ways. Direct current is wished for in each loop instead."""
        both_ways = scheduled_params.schedule_tuples[0].discharging_schedule is not None
        return both_ways and "AC_BPT" in self.config.raw_supported_energy_services

    @staticmethod
    def _wish(current: int, voltage: int) -> dict[str, RationalNumber]:
        return {
            "ev_target_current": RationalNumber(exponent=0, value=current),
            "ev_target_voltage": RationalNumber(exponent=0, value=voltage),
        }


async def main() -> None:
    config = Config()
    config.load_envs()
    car = await load_from_file(sys.argv[1])
    await EVCCHandler(evcc_config=car, iface=config.iface, exi_codec=ExificientEXICodec(), ev_controller=Vehicle(car)).start()


if __name__ == "__main__":
    asyncio.run(main())
