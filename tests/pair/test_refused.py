"""What a charger refuses and a car does not bear, each once on the wire of a whole session; behind it metal is safe, and the next
session succeeds."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.messages.v20.common import ResponseCode
from iso15118.power import Pilot
from iso15118.sequence.phases import Phase
from iso15118.service.seen import Direction
from iso15118.sim.misbehaviour import Gone, Instead, Misbehaviour, WrongValues
from iso15118.testing import car, station, virtual_time

STOP = '{"SessionStopReq": {"ChargingSession": "%s"}}'
FAILURES = [code for code in ResponseCode if code.startswith("FAILED")]


def refused(request: str, code: str, mark: pytest.MarkDecorator, **misbehaviour: Any) -> Any:
    """A request of a car in place of a right one (`say`), or with other `values`; and the code it is refused with."""
    kind = Instead if "say" in misbehaviour else WrongValues
    said = misbehaviour.get("say", misbehaviour["at"])
    answer = (said.split('"')[1] if said.startswith("{") else said).replace("Req", "Res")
    return pytest.param(kind(**misbehaviour), answer, code, marks=mark, id=f"{request}_{code}")


@pytest.mark.parametrize(
    ("misbehaviour", "answer", "code"),
    [
        refused("AuthorizationReq", "FAILED_SequenceError", pytest.mark.case("SEQ-03"), at="AuthorizationSetupReq", say="AuthorizationReq"),
        refused(
            "CertificateInstallationReq",
            "FAILED_SequenceError",
            pytest.mark.case("SEQ-04"),
            at="AuthorizationReq",
            say="CertificateInstallationReq",
        ),
        refused("SessionSetupReq", "FAILED_SequenceError", pytest.mark.case("SES-14"), at="ServiceDiscoveryReq", say="SessionSetupReq"),
        refused("unknown service", "FAILED_ServiceIDInvalid", pytest.mark.case("SVC-03"), at="ServiceDetailReq", values={"ServiceID": 99}),
        refused(
            "unknown set",
            "FAILED_ServiceSelectionInvalid",
            pytest.mark.case("SVC-07"),
            at="ServiceSelectionReq",
            values={"ParameterSetID": 77},
        ),
        refused(
            "negative maximum",
            "FAILED_WrongChargeParameter",
            pytest.mark.case("CPD-04"),
            at="DC_ChargeParameterDiscoveryReq",
            values={"EVMaximumChargePower": -1000},
        ),
        refused(
            "minimum above maximum",
            "FAILED_WrongChargeParameter",
            pytest.mark.case("CPD-03"),
            at="DC_ChargeParameterDiscoveryReq",
            values={"EVMinimumVoltage": 900, "EVMaximumVoltage": 300},
        ),
        refused(
            "beyond all measure",
            "FAILED_WrongChargeParameter",
            pytest.mark.case("CPD-05"),
            at="DC_ChargeParameterDiscoveryReq",
            values={"EVMaximumChargePower": {"Exponent": 127, "Value": 32767}},
        ),
        refused("cable check again", "FAILED_SequenceError", pytest.mark.case("SEQ-06"), at="DC_PreChargeReq", say="DC_CableCheckReq"),
        refused(
            "tuple not offered",
            "FAILED_ScheduleSelectionInvalid",
            pytest.mark.case("PWR-01"),
            at="PowerDeliveryReq",
            nth=2,  # the first one waits for the car's own contactor
            values={"SelectedScheduleTupleID": 99},
        ),
        refused(
            "stop in the loop", "FAILED_SequenceError", pytest.mark.case("SEQ-02"), at="DC_ChargeLoopReq", nth=5, say=STOP % "Terminate"
        ),
    ],
)
def test_a_charger_refuses_in_kind(misbehaviour: Misbehaviour, answer: str, code: str) -> None:
    @virtual_time
    async def session() -> None:
        async with station() as charger:
            async with car(charger, control_modes=["scheduled"], plan=[(3.0, 20_000.0)], misbehaviour=misbehaviour):
                ended = await charger.ended()
                last: Any = charger.journal.messages(direction=Direction.OUT)[-1].message
                assert (type(last).__name__, last.response_code) == (answer, code)
                assert not ended.clean
                assert await charger.rest()
            async with car(charger, control_modes=["scheduled"], plan=[(3.0, 20_000.0)]) as driver:
                assert (await driver.ended()).clean

    session()


@pytest.mark.case("SEQ-02")
@pytest.mark.parametrize(
    "at",
    """AuthorizationReq ServiceDiscoveryReq ServiceDetailReq ServiceSelectionReq DC_ChargeParameterDiscoveryReq ScheduleExchangeReq
    DC_CableCheckReq DC_PreChargeReq PowerDeliveryReq""".split(),
)
@virtual_time
async def test_a_stop_before_the_start_is_taken(at: str) -> None:
    async with station() as charger, car(charger, misbehaviour=Instead(at=at, say=STOP % "Terminate")):
        assert (await charger.ended()).clean
        last: Any = charger.journal.messages(direction=Direction.OUT)[-1].message
        assert (type(last).__name__, last.response_code) == ("SessionStopRes", "OK")
        assert await charger.rest()


@pytest.mark.case("SEQ-05")
@virtual_time
async def test_power_without_a_finished_pre_charge_is_refused() -> None:
    ongoing = WrongValues(at="DC_PreChargeReq", times=0, values={"EVProcessing": "Ongoing"})
    async with station() as charger, car(charger, misbehaviour=ongoing):
        await charger.ended()
        last: Any = charger.journal.messages(direction=Direction.OUT)[-1].message
        assert (type(last).__name__, last.response_code) == ("PowerDeliveryRes", "FAILED_SequenceError")
        assert await charger.rest()


@pytest.mark.case("SES-15", "AUT-21")
@pytest.mark.parametrize("code", FAILURES)
@pytest.mark.parametrize("at", ["AuthorizationRes", "PowerDeliveryRes", "DC_ChargeLoopRes"])
@virtual_time
async def test_a_car_ends_at_once_on_every_failure(at: str, code: ResponseCode) -> None:
    failed = WrongValues(at=at, values={"ResponseCode": code})
    async with station(misbehaviour=failed) as charger, car(charger, plan=[(3.0, 20_000.0)]) as driver:
        ended = await driver.ended()
        assert f"{at} says {code}" in ended.why
        heard = driver.journal.messages(at, Direction.IN)[-1]
        assert ended.at == heard.at
        await charger.ended()
        assert await charger.rest()
        assert not driver.car.metal.contactor.conducting
        assert charger.reading.pilot.value is Pilot.B


@pytest.mark.case("STP-03", "STP-04")
@pytest.mark.parametrize("by_charger", [False, True])
@virtual_time
async def test_a_reset_in_the_charge_loop(by_charger: bool) -> None:
    gone = Gone(at="DC_ChargeLoopRes" if by_charger else "DC_ChargeLoopReq", nth=8, reset=True)
    async with (
        station(misbehaviour=gone if by_charger else None) as charger,
        car(charger, plan=[(60.0, 20_000.0)], misbehaviour=None if by_charger else gone) as driver,
    ):
        ended = await (driver if by_charger else charger).ended()
        assert ended.phase is Phase.CHARGE_LOOP
        assert "reset" in ended.why
        assert await charger.rest(within=3.0)
        assert not driver.car.metal.contactor.conducting
    async with station() as charger, car(charger, loops=2) as driver:
        assert (await driver.ended()).clean
