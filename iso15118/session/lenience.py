"""Known deviations of real cars and chargers: each by name, with the rule it breaks, accepted or refused by configuration.

What is accepted is told once a session, by name and requirement id; what is refused ends the session like any other broken rule. What is
physically impossible is not here: `sense`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from iso15118.errors import PeerError
from iso15118.value import Value


class Deviation(StrEnum):
    """What peers are known to do otherwise; the name is the key in a configuration file."""

    __hash__ = str.__hash__

    TIME_STAMP_UNIT = "time_stamp_unit"
    TIME_STAMP_BACK = "time_stamp_back"
    CONNECTOR_THREE = "connector_three"
    ISLANDING_NAME = "islanding_name"
    VOLTAGE_RATIONAL = "voltage_rational"
    VOLTAGE_BETWEEN_PHASES = "voltage_between_phases"
    PARAMETER_TYPE = "parameter_type"
    PARAMETER_MISSING = "parameter_missing"
    NEEDS_IN_SCHEDULED = "needs_in_scheduled"
    PRE_CHARGE_ENDED_ONGOING = "pre_charge_ended_ongoing"
    WELDING_SKIPPED = "welding_skipped"
    STOP_IN_LOOP = "stop_in_loop"
    ENERGY_ORDER = "energy_order"
    SOC_ORDER = "soc_order"
    DEPARTURE_ZERO = "departure_zero"
    POWER_ABOVE_PRODUCT = "power_above_product"
    TUPLE_ID_SHARED = "tuple_id_shared"
    DISCHARGE_SCHEDULE_SIGN = "discharge_schedule_sign"
    CHANNEL_MISSING = "channel_missing"


class Known(NamedTuple):
    """A deviation's meaning: who reads it ("charger", "car", "both"), what the peer does, the rule, whether it is accepted by default."""

    reader: str
    what: str
    requirement: str
    accepted: bool
    code: str = "FAILED"
    """The ResponseCode where a charger refuses it."""


KNOWN: Final[dict[Deviation, Known]] = {
    Deviation.TIME_STAMP_UNIT: Known("both", "time stamps not in microseconds", "V2G20-2676", True),
    Deviation.TIME_STAMP_BACK: Known("both", "time stamps that do not increase", "V2G20-1537", True),
    Deviation.CONNECTOR_THREE: Known("car", "an AC service with Connector 3 for three phases, which is 2", "V2G20-1356", True),
    Deviation.ISLANDING_NAME: Known("car", "the islanding method under another parameter name", "V2G20-1361", True),
    Deviation.VOLTAGE_RATIONAL: Known("car", "EVSENominalVoltage as a RationalNumber, which is an integer", "V2G20-1356", True),
    Deviation.VOLTAGE_BETWEEN_PHASES: Known("car", "EVSENominalVoltage between phases, which is from phase to neutral", "V2G20-1356", True),
    Deviation.PARAMETER_TYPE: Known("car", "a service parameter that is no intValue", "V2G20-1356", True),
    Deviation.PARAMETER_MISSING: Known("car", "a parameter set without one of its parameters", "V2G20-1356", True),
    Deviation.NEEDS_IN_SCHEDULED: Known("car", "MobilityNeedsMode 2 in Scheduled mode, read as 1", "V2G20-2663", True),
    Deviation.PRE_CHARGE_ENDED_ONGOING: Known(
        "charger", "PowerDeliveryReq though the last DC_PreChargeReq was still Ongoing", "V2G20-2006", False, "FAILED_SequenceError"
    ),
    Deviation.WELDING_SKIPPED: Known("charger", "SessionStopReq without a welding detection", "V2G20-2020", True, "FAILED_SequenceError"),
    Deviation.STOP_IN_LOOP: Known(
        "charger", "SessionStopReq in the charge loop, without PowerDelivery(Stop)", "V2G20-2013", False, "FAILED_SequenceError"
    ),
    Deviation.ENERGY_ORDER: Known(
        "charger", "energy requests that are not in order: minimum, target or V2X range, maximum", "V2G20-1640", True
    ),
    Deviation.SOC_ORDER: Known("charger", "a MinimumSOC above the TargetSOC", "V2G20-1290", True),
    Deviation.DEPARTURE_ZERO: Known("charger", "a DepartureTime of 0", "V2G20-2103", True),
    Deviation.POWER_ABOVE_PRODUCT: Known(
        "both", "a maximum power above the product of maximum voltage and current", "", True, "FAILED_WrongChargeParameter"
    ),
    Deviation.TUPLE_ID_SHARED: Known("car", "schedule tuples that share an id: the first of them counts", "", True),
    Deviation.CHANNEL_MISSING: Known(
        "charger", "no BPT_ChannelSelection where each way has a channel of its own: that of charging counts", "", True
    ),
    Deviation.DISCHARGE_SCHEDULE_SIGN: Known("car", "a discharging schedule of positive powers", "V2G20-1035", True),
}


class Lenience(Value):
    """Which deviations are accepted."""

    accepted: frozenset[Deviation] = frozenset(deviation for deviation, known in KNOWN.items() if known.accepted)

    def judged(self, deviation: Deviation, detail: str = "") -> str:
        """What to tell of a deviation that is accepted. Raises PeerError, with the requirement and the code to answer, where it is not."""
        known = KNOWN[deviation]
        what = f"{known.what}{f' ({detail})' if detail else ''}"
        if deviation not in self.accepted:
            raise PeerError(what, requirement=known.requirement, code=known.code)
        return f"deviation {deviation}: {what}{f' [{known.requirement}]' if known.requirement else ''}"


USUAL: Final = Lenience()
"""What is accepted unless a configuration says otherwise."""
STRICT: Final = Lenience(frozenset())
"""Nothing is: for conformance runs."""
