"""The car's keys and contracts: signs with them, opens what comes for them, keeps what is good. Keys never enter a session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from cryptography import x509

from iso15118.errors import LocalError, PeerError
from iso15118.messages.catalogue import COMMON, SCHEMAS
from iso15118.messages.v20.certificate import CertificateInstallationRes
from iso15118.pki.chain import ChainError, common_name, key_identifier, key_of, load
from iso15118.pki.contract import Agreement, Transport, unseal
from iso15118.pki.emaid import read_emaid
from iso15118.pki.keys import PrivateKey
from iso15118.pki.pcid import read_pcid
from iso15118.pki.presented import Rules, octets
from iso15118.pki.signature import sign
from iso15118.pki.signature import verify as verify_signature
from iso15118.pki.signer import Signer, SoftKey
from iso15118.pki.trust import Purpose
from iso15118.session.consult import Advice, Matter, Question
from iso15118.session.evcc.state import Contract, PlugAndCharge, RootId
from iso15118.units import MICROSECONDS
from iso15118.value import replace

T = TypeVar("T")


class Provisioning:
    """By what a car can be given contracts: its provisioning chain, and the key of its leaf, which signs and agrees."""

    def __init__(self, chain: tuple[bytes, ...], signer: Signer, agreement: Agreement) -> None:
        """Raises LocalError where the leaf bears no provisioning id."""
        self.chain = chain
        self.signer = signer
        self.agreement = agreement
        self.pcid = read_pcid(common_name(load(chain[0])))


class Store(Protocol):
    """Where contracts that were installed are kept."""

    def keep(self, chain: tuple[bytes, ...], key: PrivateKey) -> None:
        """Keep this contract; one of the same id before it is replaced. Raises LocalError where it cannot be kept."""


class MemoryStore:
    """Keeps them for as long as the process lives."""

    def __init__(self) -> None:
        self.contracts: list[tuple[tuple[bytes, ...], PrivateKey]] = []

    def keep(self, chain: tuple[bytes, ...], key: PrivateKey) -> None:
        """As `Store` says."""
        self.contracts.append((chain, key))


class Wallet:
    """Answers what a car's session asks (`advice.Adviser`)."""

    def __init__(
        self,
        rules: Rules,
        contracts: Mapping[tuple[bytes, ...], Signer] | None = None,
        provisioning: Provisioning | None = None,
        *,
        clock: Callable[[], int],
        transport: Transport | None = None,
        store: Store | None = None,
        beside: bool = True,
    ) -> None:
        """`contracts`: chains (leaf first) with what signs for them, the preferred one first. `clock`: microseconds since the epoch.

        `rules`: whom the car believes: V2G roots for who provisions contracts, MO roots, where it knows any, for contracts.
        `beside`: computing is done in a thread; False where time is virtual. Raises LocalError on a contract without an id.
        """
        self._rules = rules
        self._provisioning = provisioning
        self._clock = clock
        self._transport = transport or Transport()
        self._store = store or MemoryStore()
        self.beside = beside
        self._signers: dict[str, Signer] = {}
        self._contracts: dict[str, Contract] = {}
        for chain, signer in (contracts or {}).items():
            self._add(chain, signer)

    def wanted(self, config: PlugAndCharge | None = None) -> PlugAndCharge:
        """The car's wish with the contracts that are here now."""
        roots = tuple(RootId(root.subject.rfc4514_string(), root.serial_number) for root in map(load, self._rules.trust.v2g))
        chain = () if self._provisioning is None else self._provisioning.chain
        return replace(config or PlugAndCharge(), contracts=tuple(self._contracts.values()), provisioning=chain, roots=roots[:20])

    async def consulted(self, question: Question) -> Advice:
        """As `Adviser` says."""
        message = question.message
        if question.matter is Matter.SIGN:
            signer = self._signer(question.key)
            signature = await self._computed(lambda: sign([message], signer, self._rules.policy))
            return Advice("OK", octets=SCHEMAS[COMMON].encode_fragment(signature))
        if question.matter is Matter.OPEN and isinstance(message, CertificateInstallationRes):
            chain, key = await self._computed(lambda: self._kept(message))
            contract = self._add(chain, SoftKey(key))
            return Advice("OK", name=contract.emaid, chain=chain)
        raise LocalError(f"a car does not ask to {question.matter}")

    def _signer(self, emaid: str) -> Signer:
        if emaid in self._signers:
            return self._signers[emaid]
        if emaid or self._provisioning is None:
            raise LocalError(f"no key for contract {emaid or 'provisioning'}")
        return self._provisioning.signer

    def _opened(self, response: CertificateInstallationRes) -> tuple[tuple[bytes, ...], PrivateKey]:
        """The contract and its key. Raises PeerError on whatever is not right [V2G20-2504], LocalError without a provisioning key."""
        own, data = self._provisioning, response.signed_installation_data
        if own is None:
            raise LocalError("no provisioning key to open a contract with")
        now = datetime.fromtimestamp(self._clock() / MICROSECONDS, UTC)
        service = self._rules.chain(octets(response.cps_certificate_chain), Purpose.CPS, now)
        verify_signature(response.header.signature, [data], response, service.key, self._rules.policy)
        chain = octets(data.contract_certificate_chain)
        try:
            leaf: x509.Certificate = load(chain[0])
            if self._rules.trust.mo:
                self._rules.chain(chain, Purpose.CONTRACT, now)
            key = unseal(data, own.agreement, key_of(leaf), key_identifier(leaf), own.pcid, self._transport)
            read_emaid(common_name(leaf))
        except (ChainError, LocalError) as error:
            raise PeerError(f"the contract is refused: {error}", requirement="V2G20-2504") from None
        return chain, key

    def _add(self, chain: tuple[bytes, ...], signer: Signer) -> Contract:
        leaf = load(chain[0])
        emaid = str(read_emaid(common_name(leaf)))
        contract = Contract(emaid, chain, round(leaf.not_valid_after_utc.timestamp() * MICROSECONDS))
        self._contracts[emaid], self._signers[emaid] = contract, signer
        return contract

    def _kept(self, response: CertificateInstallationRes) -> tuple[tuple[bytes, ...], PrivateKey]:
        chain, key = self._opened(response)
        self._store.keep(chain, key)
        return chain, key

    async def _computed(self, what: Callable[[], T]) -> T:
        return await asyncio.to_thread(what) if self.beside else what()
