"""What a SunSpec inverter can carry by model 702, as abilities: of rating and setting the smaller one. Pure."""

from __future__ import annotations

from math import sqrt

from iso15118.errors import LocalError
from iso15118.hal.sunspec.points import Model
from iso15118.power import Abilities, AcAbilities, Limits
from iso15118.units import Hertz


def rated(model: Model, phases: int, frequency: Hertz) -> Abilities:
    """Of model 702. `frequency`: nominal; no model has it. Raises LocalError where a rating is not implemented, or is no grid's.

    Its voltages are between phases where there are three. Its current is taken as that of each phase.
    """
    volts = model.value("VNom") or model.needed("VNomRtg")
    if not volts > 0.0:
        raise LocalError(f"model 702: VNom, VNomRtg: {volts} V; allowed: above 0")
    ac = AcAbilities(phases, volts if phases == 1 else volts / sqrt(3.0), frequency, asymmetry=0.0 if phases > 1 else None)
    current = _least(model, "AMaxRtg", "AMax")
    charge = _least(model, "WChaRteMaxRtg", "WChaRteMax")
    discharge = _least(model, "WDisChaRteMaxRtg", "WDisChaRteMax", "WMaxRtg", "WMax")
    low, high = ac.voltages
    return Abilities(Limits(low, high, current, charge, current if discharge else 0.0, discharge), ac=ac)


def _least(model: Model, rating: str, *settings: str) -> float:
    """The smallest of a rating, which is needed, and of settings, where they are there."""
    values = [model.needed(rating), *(model.value(name) for name in settings)]
    return min(value for value in values if value is not None)
