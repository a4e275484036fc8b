"""The counterparty's charger with an outlet behind it. Run by the counterparty's Python, where `iso15118` is the counterparty's package.

The package as published reports 1 V and 1 A of direct current, and 10 W of alternating current, whatever it is asked for. Here its own
interface to hardware is filled in. DC: the output follows the car's pre-charge, and delivers what the car asks for within the limits that
the package announces. AC: it measures what the car says that it takes, and asks for a power, in a bidirectional session for two in turn.
The protocol is the package's, untouched.
"""

import asyncio
import json

from iso15118.secc import SECCHandler
from iso15118.secc.controller.simulator import SimEVSEController
from iso15118.secc.secc_settings import Config
from iso15118.shared.exificient_exi_codec import ExificientEXICodec
from iso15118.shared.messages.enums import Namespace, ServiceV20

DYNAMIC_CURRENT = 2.0
"""A of direct current, where the charger steers."""
MOST_POWER = 1000.0
"""W of direct current, what the package announces in both directions."""
AC_POWER = 6000.0
"""W of alternating current on all phases together, either way."""
TURN = 10
"""Charge loops between two changes of direction, where the charger steers and may take energy back."""


class Outlet(SimEVSEController):
    """Voltage, current and power of the outlet, without any delay."""

    def __init__(self) -> None:
        super().__init__()
        self._delivering = False
        self._loops = 0
        self._output(0.0, 0.0)
        limits = self.evse_data_context.session_limits.ac_limits
        limits.update_from_dict(dict.fromkeys(limits.__dataclass_fields__, 0.0))

    async def set_hlc_charging(self, is_ongoing: bool) -> None:
        """The package's word for: power is on, or off."""
        self._delivering = is_ongoing

    async def send_charging_command(self, voltage, current, is_precharge=False) -> None:
        """What the car wants; both None in Dynamic mode. In the charge loop `is_precharge` tells that the session is bidirectional."""
        if not self._delivering:
            self._output(voltage, 0.0)
            return
        battery = self.ev_data_context.present_voltage
        most = MOST_POWER / max(battery, 1.0)
        wanted = (-DYNAMIC_CURRENT if self._gives_back(is_precharge) else DYNAMIC_CURRENT) if current is None else current
        self._output(battery, max(-most, min(most, wanted)))

    async def get_ac_charge_loop_params_v20(self, control_mode, selected_service):
        """As published, from a power to ask for and a measurement. A set-point of 0 on L2 and L3 stays unsaid: all phases evenly."""
        gives = self._gives_back(selected_service == ServiceV20.AC_BPT)
        limits = self.evse_data_context.session_limits.ac_limits
        limits.max_charge_power, limits.max_discharge_power = (0.0, AC_POWER) if gives else (AC_POWER, 0.0)
        for phase in ("", "_l2", "_l3"):
            taken = getattr(self.ev_data_context, f"present_active_power{phase}")
            setattr(self.evse_data_context, f"present_active_power{phase}", None if taken is None else float(taken))
        return await super().get_ac_charge_loop_params_v20(control_mode, selected_service)

    def _gives_back(self, bidirectional) -> bool:
        """Once for each charge loop: is it the vehicle's turn to give?"""
        self._loops += 1
        return bidirectional and (self._loops // TURN) % 2 == 1

    async def stop_charger(self) -> None:
        """Off."""
        self._output(0.0, 0.0)

    def _output(self, voltage: float, current: float) -> None:
        self.evse_data_context.present_voltage = voltage
        self.evse_data_context.present_current = current


def warmed_up() -> ExificientEXICodec:
    """Its codec, with the schemas read: the first message of each takes a second and more, and a car waits for two."""
    codec = ExificientEXICodec()
    said = {"Header": {"SessionID": "0000000000000000", "TimeStamp": 1}, "ResponseCode": "OK"}
    for namespace, message in (
        (Namespace.SAP, {"supportedAppProtocolRes": {"ResponseCode": "OK_SuccessfulNegotiation", "SchemaID": 1}}),
        (Namespace.ISO_V20_COMMON_MSG, {"SessionStopRes": said}),
        (Namespace.ISO_V20_AC, {"AC_ChargeLoopRes": {**said, "Scheduled_AC_CLResControlMode": {}}}),
        (Namespace.ISO_V20_DC, {"DC_CableCheckRes": {**said, "EVSEProcessing": "Ongoing"}}),
    ):
        codec.decode(codec.encode(json.dumps(message), namespace), namespace)
    return codec


async def main() -> None:
    config = Config()
    config.load_envs()
    await SECCHandler(exi_codec=warmed_up(), evse_controller=Outlet(), config=config).start(config.iface)


if __name__ == "__main__":
    asyncio.run(main())
