"""Units by element name: that names within names do not mislead, and that no physical number is without a thought."""

from __future__ import annotations

import pytest

from iso15118.exi import Message
from iso15118.exi.describe import reached, rows
from iso15118.messages.catalogue import SCHEMAS
from iso15118.messages.quantities import unit, unit_of
from iso15118.messages.v20.dc import DC_ChargeLoopRes


@pytest.mark.parametrize(
    ("wire", "unit"),
    [
        ("EVMaximumChargePower", "W"),
        ("EVMaximumChargePower_L3", "W"),
        ("PMax", "W"),
        ("EVSEPowerRampLimitation", "W/s"),
        ("EVMaximumChargeReactivePower", "var"),
        ("EVMaximumVarAbsorptionDuringCharging_L2", "var"),
        ("EVMaximumApparentPowerDuringChargingAndVarInjection", "VA"),
        ("StepResponseTimeConstantReactivePower", "s"),
        ("EVTargetCurrent", "A"),
        ("MaximumLevelDCInjection", "A"),
        ("EVSEPresentVoltage", "V"),
        ("VoltageLimitStartFRT", "V"),
        ("VoltageRideThroughPositiveCurveKFactor", ""),
        ("EVTargetEnergyRequest", "Wh"),
        ("EVSessionTotalDischargeEnergyAvailable", "Wh"),
        ("CapacitiveEnergyReadingVARh", "varh"),
        ("EnergyFee", "currency/kWh"),
        ("PresentSOC", "%"),
        ("RemainingTimeToTargetSOC", "s"),
        ("RemainingTimeToFullSoC", "s"),
        ("TimeStamp", "µs since 1970"),
        ("EVSETimeStamp", "s since 1970"),
        ("PulseDuration", "ms"),
        ("Duration", "s"),
        ("duration", "s"),
        ("EVSENominalFrequency", "Hz"),
        ("EVRelativeXDeviation", "mm"),
        ("ResponseCode", ""),
        ("SetpointValue", ""),
    ],
)
def test_unit(wire: str, unit: str) -> None:
    assert unit_of(wire) == unit


WITHOUT = set(
    """
    Amount CostPerUnit DSOCosPhiSetpointValue DroopFactor EVReactiveSusceptance EVSpecifiedOverExcitedPowerFactor
    EVSpecifiedUnderExcitedPowerFactor LockInValue LockOutValue MinCosPhi PowerFactorValue SetpointValue Slope TaxRate VarSetpoint
    VoltageRideThroughNegativeCurveKFactor VoltageRideThroughPositiveCurveKFactor WattSetpoint physicalValue rationalNumber xValue yValue
    """.split()
)
"""Money and factors, and what has its unit in another element beside it."""


def test_every_other_physical_number_has_a_unit() -> None:
    seen = reached(cls for schema in SCHEMAS.values() for cls in schema.fragment_roots.values())
    found = [row for cls in seen if issubclass(cls, Message) for row in rows(cls)]
    numbers = {row.wire for row in found if getattr(row.value, "__name__", "") in ("RationalNumber", "PhysicalValue")}
    without = {wire.removesuffix("_L2").removesuffix("_L3") for wire in numbers if not unit_of(wire)}
    assert without == WITHOUT


def test_only_numbers_have_a_unit() -> None:
    [current] = [row for row in rows(DC_ChargeLoopRes) if row.wire == "EVSEPresentCurrent"]
    assert unit(current) == "A"
    assert not unit(current._replace(value=bool))
