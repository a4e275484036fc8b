"""Contracts on the charger's side: judged, and asked of an authoriser; made for cars by a provider. Never open: whatever fails is a no.

Verification takes some milliseconds and is done beside the event loop, so that no other outlet waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol, TypeAlias, TypeVar

from cryptography import x509

from iso15118.errors import LocalError, PeerError
from iso15118.messages.catalogue import COMMON, SCHEMAS
from iso15118.messages.v20.authorization import AuthorizationReq
from iso15118.messages.v20.certificate import CertificateInstallationReq, CertificateInstallationRes
from iso15118.messages.v20.schedule import ScheduleExchangeRes
from iso15118.pki.chain import Status, either
from iso15118.pki.emaid import read_emaid
from iso15118.pki.presented import Contract, Rules, asking, octets, shown
from iso15118.pki.signature import sign
from iso15118.pki.signer import Signer
from iso15118.pki.trust import Purpose
from iso15118.session.consult import Advice, Matter, Question
from iso15118.session.signed_prices import signed_elements
from iso15118.units import MICROSECONDS
from iso15118.value import replace

T = TypeVar("T")

OK: Final = "OK"
EMSP_UNKNOWN: Final = "WARNING_eMSPUnknown"
REFUSED: Final = "WARNING_GeneralPnCAuthorizationError"


Responders: TypeAlias = Callable[[Sequence[x509.Certificate]], Awaitable[Status]]
"""Of a chain with its root, leaf first, to what is known of its revocation; within two seconds (`staples.about`)."""


class Authorizer(Protocol):
    """Says whether a contract that is proven pays here: a list, a back-end."""

    async def authorise(self, contract: Contract) -> str:
        """A ResponseCode: OK, WARNING_eMSPUnknown, WARNING_GeneralPnCAuthorizationError or another WARNING."""


class ContractProvisioning(Protocol):
    """Has contracts for cars that prove who they are."""

    async def provide(self, request: CertificateInstallationReq) -> CertificateInstallationRes:
        """The response with a contract for the car, signed in its header. Raises PeerError with the ResponseCode where there is none."""


class ListAuthorizer:
    """The contracts and issuers that are known here. Without either nobody is."""

    def __init__(self, contracts: Iterable[str] = (), providers: Iterable[str] = (), blocked: Iterable[str] = ()) -> None:
        """`contracts`: eMAIDs, in any writing; `providers`: all contracts of these issuers (country and provider, such as DECLP).

        `blocked`: eMAIDs that are refused whatever else is said. Raises LocalError on what is no contract id.
        """
        self._contracts = frozenset(read_emaid(text).key for text in contracts)
        self._blocked = frozenset(read_emaid(text).key for text in blocked)
        self._providers = frozenset(provider.upper().replace("-", "") for provider in providers)
        self._issuers = self._providers | {key[:5] for key in self._contracts | self._blocked}

    async def authorise(self, contract: Contract) -> str:
        """As `Authorizer` says."""
        if contract.emaid.issuer not in self._issuers:
            return EMSP_UNKNOWN
        key = contract.emaid.key
        known = contract.emaid.issuer in self._providers or key in self._contracts
        return OK if known and key not in self._blocked else REFUSED


class ContractDesk:
    """Answers what a charger's session asks (`advice.Adviser`)."""

    def __init__(
        self,
        rules: Rules | Callable[[datetime], Rules],
        authorizer: Authorizer,
        provisioning: ContractProvisioning | None = None,
        *,
        pricer: Signer | None = None,
        responders: Responders | None = None,
        clock: Callable[[], int],
        beside: bool = True,
    ) -> None:
        """`rules`: or what makes them for a moment, with the revocation lists then in force. `clock`: microseconds since the epoch.

        `pricer`: signs price schedules; None: nobody does. `responders`: asks about revocation those that a proven chain names; None: only
        the lists tell. `beside`: computing is done in a thread; False where time is virtual.
        """
        self._rules = rules
        self._authorizer = authorizer
        self._provisioning = provisioning
        self._pricer = pricer
        self._responders = responders
        self._clock = clock
        self.beside = beside

    async def consulted(self, question: Question) -> Advice:
        """As `Adviser` says."""
        try:
            message = question.message
            if question.matter is Matter.AUTHORISE and isinstance(message, AuthorizationReq):
                return await self._authorise(message)
            if question.matter is Matter.PROVIDE and isinstance(message, CertificateInstallationReq):
                return await self._provide(message)
            if question.matter is Matter.PRICE and isinstance(message, ScheduleExchangeRes):
                return await self._price(message)
        except PeerError as error:
            return Advice(error.code, why=str(error))
        raise LocalError(f"a charger does not ask to {question.matter}")

    async def _authorise(self, request: AuthorizationReq) -> Advice:
        now = self._now()
        rules = self._in_force(now)
        contract = await self._computed(lambda: shown(request, self._first(rules), now))
        await self._ask(contract.chain, Purpose.CONTRACT, rules, now)
        code = await self._authorizer.authorise(contract)
        if code == OK and contract.soon(now):
            code = "OK_CertificateExpiresSoon"
        return Advice(code, name=str(contract.emaid), chain=contract.chain, why=f"{contract.emaid}: {code}")

    async def _provide(self, request: CertificateInstallationReq) -> Advice:
        if self._provisioning is None:
            raise LocalError("nobody has contracts here")
        now = self._now()
        rules = self._in_force(now)
        await self._computed(lambda: asking(request, self._first(rules), now))
        await self._ask(octets(request.oem_provisioning_certificate_chain), Purpose.PROVISIONING, rules, now)
        response = await self._provisioning.provide(request)
        return Advice(OK, name="as provided", octets=await self._computed(lambda: SCHEMAS[COMMON].encode(response)))

    async def _price(self, response: ScheduleExchangeRes) -> Advice:
        pricer = self._pricer
        if pricer is None:
            raise LocalError("nobody signs prices here")
        signature = await self._computed(lambda: sign(signed_elements(response), pricer))
        return Advice(OK, octets=SCHEMAS[COMMON].encode_fragment(signature))

    def _first(self, rules: Rules) -> Rules:
        """Before the responders of a chain may be asked, it is proven: nobody else says whom we connect to."""
        return rules if self._responders is None else replace(rules, require_status=False)

    async def _ask(self, chain: tuple[bytes, ...], purpose: Purpose, rules: Rules, now: datetime) -> None:
        """Raises PeerError where a responder says that the chain is revoked, or none knows of it and it has to be known."""
        if self._responders is None:
            return
        verified = await self._computed(lambda: self._first(rules).chain(chain, purpose, now))
        status = await self._responders((*verified.certificates, verified.root))
        final = replace(rules, status=either(rules.status, status))
        await self._computed(lambda: final.chain(chain, purpose, now))

    def _in_force(self, now: datetime) -> Rules:
        return self._rules if isinstance(self._rules, Rules) else self._rules(now)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock() / MICROSECONDS, UTC)

    async def _computed(self, what: Callable[[], T]) -> T:
        return await asyncio.to_thread(what) if self.beside else what()
