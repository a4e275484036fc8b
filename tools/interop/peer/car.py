"""The counterparty's car with a battery in it. Run by the counterparty's Python, where `iso15118` is the counterparty's package.

The package as published wants its pre-charge at 20 kV and its energy at 200 V: no energy can flow. Here its own interface to the vehicle
is filled in with a battery of 380 V that charges, and in a bidirectional session then discharges. The protocol is the package's,
untouched. The argument is the package's own configuration file.
"""

import asyncio
import sys

from iso15118.evcc import Config, EVCCHandler
from iso15118.evcc.controller.simulator import SimEVController
from iso15118.evcc.evcc_config import load_from_file
from iso15118.shared.exificient_exi_codec import ExificientEXICodec
from iso15118.shared.messages.iso15118_20.common_types import RationalNumber
from iso15118.shared.messages.iso15118_20.dc import BPTScheduledDCChargeLoopReqParams, ScheduledDCChargeLoopReqParams

BATTERY, CEILING, FLOOR = 380, 420, 320
"""V: of the battery, and how far it may go."""
CURRENT = 20
"""A, either way."""
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
        return BPTScheduledDCChargeLoopReqParams(**(self._wish(-CURRENT, FLOOR) if second_half else self._wish(CURRENT, CEILING)))

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
