"""Plug & Charge whole: contracts shown, installed, confirmed with, kept over a pause; on both curves, in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.energy import Plan, Slot
from iso15118.hal.board import AC_BOARD
from iso15118.messages.v20.authorization import AuthorizationReq
from iso15118.messages.v20.certificate import CertificateInstallationReq
from iso15118.messages.v20.dc import DC_ChargeLoopRes
from iso15118.messages.v20.metering import MeteringConfirmationReq, MeteringConfirmationRes, SignedMeteringData
from iso15118.messages.v20.schedule import ScheduleExchangeRes
from iso15118.pki.signer import SoftKey
from iso15118.service.car import CarConfig
from iso15118.service.contracts import ContractDesk, ListAuthorizer
from iso15118.service.evse_config import EvseConfig
from iso15118.service.fresh import FreshContracts
from iso15118.service.pair import EPOCH, Pair, PairResult, run_pair
from iso15118.service.seen import Exchanged
from iso15118.service.wallet import Wallet
from iso15118.session import evcc, secc
from iso15118.session.consult import NO_ADVICE, Advice, Question
from iso15118.session.evcc.state import Break
from iso15118.session.services import ControlMode, Pricing, ServiceID, service_of
from iso15118.session.signed_prices import signed_elements
from iso15118.tariff import Rule, Stack, Tariff
from iso15118.value import replace
from tests.pki.trees import CURVES

pytestmark = pytest.mark.long

BOTH = secc.PlugAndCharge(insecure=True, installation=True)
"""On a connection in memory, which has no TLS."""


def fresh(curve: str, **options: Any) -> FreshContracts:
    return FreshContracts(curve, clock=lambda: EPOCH, beside=False, **options)


class Seen:
    """What went over the connection, and the pair."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.pair: Pair
        self.confirm_after: int | None = None
        """The charger asks for a confirmation of its meter after so many loops."""

    def __call__(self, pair: Pair) -> None:
        self.pair = pair
        pair.evse.subscribe(self.saw)

    def saw(self, seen: Any) -> None:
        if not isinstance(seen, Exchanged):
            return
        self.messages.append(seen.message)
        if isinstance(seen.message, DC_ChargeLoopRes) and self.count(DC_ChargeLoopRes) == self.confirm_after:
            self.pair.evse.confirm_meter()

    def count(self, kind: type) -> int:
        return sum(isinstance(message, kind) for message in self.messages)


def session(
    made: FreshContracts,
    service: ServiceID = ServiceID.DC_BPT,
    *,
    contract: bool = True,
    desk: ContractDesk | None = None,
    free: bool = False,
    confirm_after: int | None = None,
    wallet: Wallet | None = None,
    evse: Any = None,
    **wishes: Any,
) -> tuple[PairResult, Seen]:
    """A session of five loops; only a contract pays, unless it is `free`."""
    alternating = service is ServiceID.AC_BPT
    more = dict(evse or {})
    config = secc.Config(**{"plug_and_charge": BOTH, "services": (service_of(service),)} | more.pop("session", {}))
    board = {"board": AC_BOARD} if alternating else {}
    evse = EvseConfig(session=config, contracts=desk or made.desk, authorised_after=0.0 if free else None, **board, **more)
    wish = evcc.Config(**{"loops": 5, "services": (service,), "plug_and_charge": evcc.PlugAndCharge(insecure=True)} | wishes)
    seen = Seen()
    seen.confirm_after = confirm_after
    return run_pair(evse, CarConfig(session=wish, wallet=wallet or made.wallet(contract=contract)), prepare=seen), seen


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("service", [ServiceID.DC_BPT, ServiceID.AC_BPT])
@pytest.mark.parametrize("contract", [True, False])
def test_a_session_by_contract(curve: str, service: ServiceID, contract: bool) -> None:
    """With the contract it has, or with one that is installed first."""
    made = fresh(curve)
    result, seen = session(made, service, contract=contract)
    assert result.clean, result
    assert result.loops == 5
    assert seen.count(CertificateInstallationReq) == (0 if contract else 1)
    assert seen.pair.evse.conversation is not None
    assert seen.pair.evse.conversation.session.emaid == ("DECLPC123456789" if contract else "DECLPI000000001")
    assert seen.count(AuthorizationReq) == 2


@pytest.mark.case("AUT-12")
def test_a_contract_of_an_unknown_issuer_leaves_other_means() -> None:
    made = fresh("secp521r1")
    desk = replace_authorizer(made, ListAuthorizer(["NLXYZ0000000001"]))
    result, seen = session(made, desk=desk, free=True)
    assert result.clean
    codes = [message.response_code for message in seen.messages if type(message).__name__ == "AuthorizationRes"]
    assert "WARNING_eMSPUnknown" in codes
    assert codes[-1] == "OK"
    result, seen = session(fresh("secp521r1"), desk=desk)
    assert result.loops == 0, "and without them there is no session"


def replace_authorizer(made: FreshContracts, authorizer: ListAuthorizer) -> ContractDesk:
    return ContractDesk(made.rules, authorizer, clock=lambda: EPOCH, beside=False)


def test_a_contract_of_another_pki_is_no_contract() -> None:
    """PNC-18: everything valid and signed, under roots that somebody has made himself."""
    made, other = fresh("secp521r1"), fresh("secp521r1")
    result, _ = session(other, desk=made.desk)
    assert not result.loops
    assert result.charged == 0


@pytest.mark.parametrize("curve", CURVES)
def test_a_pause_and_the_way_back_with_the_same_authorisation(curve: str) -> None:
    """The second part asks for no contract, and knows whose it is."""
    from iso15118.service.virtual import run

    made, seen = fresh(curve), Seen()
    wish = evcc.Config(
        loops=20,
        pause=Break(5, 60.0),
        control_modes=(ControlMode.SCHEDULED,),
        plug_and_charge=evcc.PlugAndCharge(insecure=True),
    )
    evse = EvseConfig(session=secc.Config(plug_and_charge=BOTH), contracts=made.desk, authorised_after=None)

    async def main() -> list[PairResult]:
        pair = Pair(evse, CarConfig(session=wish, wallet=made.wallet(contract=False)))
        seen(pair)
        return [await pair.run(), await pair.run()]

    first, second = run(main())
    assert first.clean, first
    assert second.clean, second
    assert seen.pair.charger is not None
    assert seen.pair.charger.session.joined
    assert seen.pair.charger.session.emaid == "DECLPI000000001"
    assert seen.count(AuthorizationReq) == 2
    assert seen.count(CertificateInstallationReq) == 1
    assert second.loops > 0


@pytest.mark.parametrize("curve", CURVES)
def test_a_reading_is_confirmed_with_the_contract_that_pays(curve: str) -> None:
    result, seen = session(fresh(curve), confirm_after=2, loops=8)
    assert result.clean, result
    (request,) = (message for message in seen.messages if isinstance(message, MeteringConfirmationReq))
    assert request.header.signature is not None
    (response,) = (message for message in seen.messages if isinstance(message, MeteringConfirmationRes))
    assert response.response_code == "OK"


class Other(Wallet):
    """Signs another reading than it is asked to, or none."""

    change: Any = None

    async def consulted(self, question: Question) -> Advice:
        data = question.message
        if isinstance(data, SignedMeteringData):
            if self.change is None:
                return NO_ADVICE
            question = replace(question, message=self.change(data))
        return await super().consulted(question)


def other(made: FreshContracts, change: Any) -> Wallet:
    good = made.tree["contract"]
    wallet = Other(made.rules, {good.chain: SoftKey(good.key)}, clock=lambda: EPOCH, beside=False)
    wallet.change = change
    return wallet


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.but(session_id=bytes(8)),
        lambda data: data.but(meter_info=data.meter_info.but(charged_energy_reading_wh=data.meter_info.charged_energy_reading_wh + 1)),
        lambda data: data.but(id="other"),
    ],
)
def test_a_signature_over_another_reading_ends_the_session(change: Any) -> None:
    """PNC-17."""
    made = fresh("secp521r1")
    result, seen = session(made, confirm_after=2, loops=8, wallet=other(made, change))
    (response,) = (message for message in seen.messages if isinstance(message, MeteringConfirmationRes))
    assert response.response_code == "FAILED_MeteringSignatureNotValid"
    assert not result.clean


def test_a_wallet_that_does_not_sign_readings_leaves_them_unconfirmed() -> None:
    made = fresh("secp521r1")
    result, seen = session(made, confirm_after=2, loops=8, wallet=other(made, None))
    assert result.clean
    assert seen.count(MeteringConfirmationReq) == 0


def tariff(fee: float) -> Plan:
    """A day at 11 kW, and what it costs."""
    return Plan(0.0, (Slot(86_400.0, 11_000.0, 11_000.0),), tariff=Tariff(stacks=(Stack(86_400.0, (Rule(fee),)),)))


def priced(made: FreshContracts, mode: ControlMode, *, desk: ContractDesk | None = None, **wishes: Any) -> tuple[PairResult, Seen]:
    """A session in which prices in a currency are wanted, and signed."""
    (service,) = (service_of(ServiceID.DC_BPT),)
    sets = tuple(replace(each, pricing=Pricing.ABSOLUTE) for each in service.sets if each.control_mode is mode)
    evse = {"session": {"signs_prices": True, "services": (replace(service, sets=sets),)}, "schedules": (tariff(0.3), tariff(0.2))}
    return session(made, desk=desk, evse=evse, pricing=(Pricing.ABSOLUTE,), control_modes=(mode,), **wishes)


@pytest.mark.case("SCH-08")
@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("mode", ControlMode)
def test_prices_are_signed_by_whoever_issues_contracts(curve: str, mode: ControlMode) -> None:
    result, seen = priced(fresh(curve), mode)
    assert result.clean, result
    ongoing, finished = (message for message in seen.messages if isinstance(message, ScheduleExchangeRes))
    assert (ongoing.evse_processing, ongoing.header.signature) == ("Ongoing", None)
    assert finished.header.signature is not None
    assert len(signed_elements(finished)) == (2 if mode is ControlMode.SCHEDULED else 1)
    assert len(finished.header.signature.signed_info.reference) == len(signed_elements(finished))
    car = seen.pair.car.conversation
    assert car is not None
    prices = car.session.prices if mode is ControlMode.DYNAMIC else car.session.chosen.prices
    assert prices is not None
    assert not [note for note in car.session.notes if "prices" in note]


@pytest.mark.case("SCH-08")
@pytest.mark.parametrize("signer", ["mo_sub1", "secc", "contract"])
@pytest.mark.parametrize("mode", ControlMode)
def test_prices_that_somebody_else_has_signed_count_as_none(signer: str, mode: ControlMode) -> None:
    made = fresh("secp521r1")
    pricer = SoftKey(made.tree[signer].key)
    desk = ContractDesk(made.rules, ListAuthorizer(providers=["DECLP"]), pricer=pricer, clock=lambda: EPOCH, beside=False)
    result, seen = priced(made, mode, desk=desk)
    assert result.clean, result
    car = seen.pair.car.conversation
    assert car is not None
    prices = car.session.prices if mode is ControlMode.DYNAMIC else car.session.chosen.prices
    assert prices is None
    assert [note for note in car.session.notes if "prices count as none" in note]


def test_prices_that_nobody_signs_are_told_unsigned() -> None:
    made = fresh("secp521r1")
    desk = replace_authorizer(made, ListAuthorizer(providers=["DECLP"]))
    result, seen = priced(made, ControlMode.SCHEDULED, desk=desk)
    assert result.clean, result
    *_, finished = (message for message in seen.messages if isinstance(message, ScheduleExchangeRes))
    assert finished.header.signature is None
    assert signed_elements(finished)


def test_a_schedule_negotiated_anew_has_signed_prices_too() -> None:
    result, seen = priced(fresh("secp521r1"), ControlMode.SCHEDULED, renew_schedule_after=2, loops=30)
    assert result.clean, result
    signed = [message for message in seen.messages if isinstance(message, ScheduleExchangeRes) and message.header.signature is not None]
    assert len(signed) == 2
    assert not [note for note in seen.pair.car.conversation.session.notes if "prices" in note]  # type: ignore[union-attr]
