"""The counterparty's charger with an outlet behind it. Run by the counterparty's Python, where `iso15118` is the counterparty's package.

The package as published reports 1 V and 1 A whatever it is asked for, and a car that measures rightly never closes its contactor on
that. Here its own interface to hardware is filled in: the output follows the car's pre-charge, and delivers what the car asks for within
the limits that the package announces. The protocol is the package's, untouched.
"""

import asyncio

from iso15118.secc import SECCHandler
from iso15118.secc.controller.simulator import SimEVSEController
from iso15118.secc.secc_settings import Config
from iso15118.shared.exificient_exi_codec import ExificientEXICodec

DYNAMIC_CURRENT = 2.0
"""A, where the charger steers."""
MOST_POWER = 1000.0
"""W, what the package announces in both directions."""


class Outlet(SimEVSEController):
    """Voltage and current of the outlet, without any delay."""

    def __init__(self) -> None:
        super().__init__()
        self._delivering = False
        self._output(0.0, 0.0)

    async def set_hlc_charging(self, is_ongoing: bool) -> None:
        """The package's word for: power is on, or off."""
        self._delivering = is_ongoing

    async def send_charging_command(self, voltage, current, is_precharge=False, is_session_bpt=False) -> None:
        """What the car wants; both None in Dynamic mode. (`is_precharge` is also set in the loop of a BPT session: it is not looked at.)"""
        if not self._delivering:
            self._output(voltage, 0.0)
            return
        battery = self.ev_data_context.present_voltage
        most = MOST_POWER / max(battery, 1.0)
        wanted = DYNAMIC_CURRENT if current is None else current
        self._output(battery, max(-most, min(most, wanted)))

    async def stop_charger(self) -> None:
        """Off."""
        self._output(0.0, 0.0)

    def _output(self, voltage: float, current: float) -> None:
        self.evse_data_context.present_voltage = voltage
        self.evse_data_context.present_current = current


async def main() -> None:
    config = Config()
    config.load_envs()
    await SECCHandler(exi_codec=ExificientEXICodec(), evse_controller=Outlet(), config=config).start(config.iface)


if __name__ == "__main__":
    asyncio.run(main())
