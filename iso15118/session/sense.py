"""Physical sense: which inconsistent numbers of a car are refused, which are clamped, and which shut the power off. One table.

Every place of the charger that meets such a number names its row here, so that the table and what is done cannot differ. What is odd
but harmless, and known of real cars, is in `lenience`.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final, NamedTuple

from iso15118.errors import PeerError
from iso15118.sequence.table import ALTERNATING, Transfer
from iso15118.units import Ampere, Var, Volt, Watt


class Reaction(StrEnum):
    """What is done about it."""

    REFUSED = "refused"
    """The paired response with the code, then the end. No power flows yet, or it is taken away first."""
    SHUTDOWN = "error shutdown"
    """Power away at once; then, where a request is there to be answered, FAILED. Adapting silently would hide a fault of the car."""
    CLAMPED = "clamped"
    """Served as far as every limit allows, and the response tells the truth about it."""


class Rule(NamedTuple):
    """An inconsistency: where it is met, what it is, what is done, and by which rule."""

    where: str
    what: str
    reaction: Reaction
    code: str = ""
    requirement: str = ""
    """"" where the rule is our own (safety) or has no id."""


_CPD, _LOOP, _PRE = "ChargeParameterDiscovery", "ChargeLoop", "PreCharge"
_WRONG: Final = "FAILED_WrongChargeParameter"
_R = Reaction


class Sense(Enum):
    """The table. Discharge limits are read by magnitude before it, since both signs are in use."""

    OTHER_SERVICE = Rule(_CPD, "parameters of another service", _R.REFUSED, _WRONG)
    NEGATIVE = Rule(_CPD, "a negative limit of charging or of voltage", _R.REFUSED, _WRONG)
    MINIMUM_ABOVE_MAXIMUM = Rule(_CPD, "a minimum above its maximum", _R.REFUSED, _WRONG)
    BEYOND_SENSE = Rule(_CPD, "a limit that no vehicle has (above 20 MW, 20 kA or 5 kV)", _R.REFUSED, _WRONG)
    NOTHING_IN_COMMON = Rule(_CPD, "voltages that do not meet the outlet's", _R.REFUSED, _WRONG)
    BELOW_OUR_MINIMUM = Rule(_CPD, "a maximum below the outlet's minimum", _R.REFUSED, _WRONG)
    PHASES = Rule(_CPD, "phases L2 or L3 on a single-phase outlet", _R.REFUSED, _WRONG, "V2G20-1815")
    HALF_A_WINDOW = Rule("ScheduleExchange", "only one of the two V2X energy requests", _R.REFUSED, "FAILED", "V2G20-2681")
    OTHER_MODE = Rule(_LOOP, "a control mode or service other than the one selected", _R.REFUSED, "FAILED", "V2G20-458")
    ABOVE_OWN_MAXIMUM = Rule(_LOOP, "a target above the car's own maximum, either way", _R.SHUTDOWN, "FAILED")
    OUTPUT_ABOVE_MAXIMUM = Rule(_LOOP, "an output above the car's maximum for 0.4 s", _R.SHUTDOWN, "FAILED")
    TARGET_ABOVE_OURS = Rule(_LOOP, "a target above a limit of ours, which is told as achieved", _R.CLAMPED, "", "V2G20-2188")
    NO_WAY_BACK = Rule(_LOOP, "a negative target under a service without discharge: nothing flows", _R.CLAMPED)
    LIMIT_RAISED = Rule(_LOOP, "limits wider than in ChargeParameterDiscovery: the first ones stand", _R.CLAMPED, "", "V2G20-2654")
    NEGATIVE_LIMIT = Rule(_LOOP, "a negative limit of charging counts as 0", _R.CLAMPED)
    PHASES_IN_LOOP = Rule(_LOOP, "phases L2 or L3 on a single-phase outlet", _R.SHUTDOWN, "FAILED", "V2G20-1815")
    DOES_NOT_FOLLOW = Rule(_LOOP, "alternating current above what is allowed for 5 s beside the ramp", _R.SHUTDOWN, "FAILED")
    REVERSE_POWER = Rule(_LOOP, "power out of a vehicle under a service without discharge for 0.5 s", _R.SHUTDOWN, "FAILED")
    NO_VOLTAGE = Rule(_LOOP, "a minimum voltage above the maximum: nothing flows", _R.CLAMPED)
    PRE_CHARGE_ABOVE = Rule(_PRE, "a target voltage above the car's or the outlet's maximum", _R.CLAMPED, "", "V2G20-2188")
    PRE_CHARGE_NEGATIVE = Rule(_PRE, "a negative target voltage counts as 0", _R.CLAMPED)

    @property
    def rule(self) -> Rule:
        """Its row."""
        row: Rule = self.value
        return row


MOST_POWER: Final[Watt] = 20e6
MOST_CURRENT: Final[Ampere] = 20e3
MOST_VOLTAGE: Final[Volt] = 5e3
MOST_REACTIVE: Final[Var] = 20e6

_BY_TRANSFER: Final = {Transfer.DC: "V2G20-2272", **dict.fromkeys(ALTERNATING, "V2G20-1619")}
"""Who cites FAILED_WrongChargeParameter, where the row names nothing closer."""


def refused(row: Sense, detail: str, transfer: Transfer | None = None) -> PeerError:
    """The error to raise for an inconsistency that is refused or shuts the power off; `detail`: the numbers that were met."""
    rule = row.rule
    requirement = rule.requirement
    if not requirement and rule.code == _WRONG and transfer is not None:
        requirement = _BY_TRANSFER.get(transfer, "")
    return PeerError(f"{rule.what}: {detail}", requirement=requirement, code=rule.code)
