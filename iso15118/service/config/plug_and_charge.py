"""`[plug_and_charge]`: which contracts a charger takes, and those of a car."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from iso15118.errors import LocalError
from iso15118.service.config.tls import TlsTable, read_password
from iso15118.service.config.toml import Flag, Table, Text

if TYPE_CHECKING:
    from iso15118.pki.contract import Transport
    from iso15118.service.contracts import ContractDesk
    from iso15118.service.wallet import Wallet
    from iso15118.session import evcc

Contracts = Annotated[list[Text], Field(max_length=100_000, description="a list of contract ids, such as DE-ABC-C12345678-9")]
Issuers = Annotated[
    list[Annotated[str, Field(pattern=r"^[A-Z]{2}-?[0-9A-Z]{3}$")]],
    Field(max_length=128, description="a list of countries with providers, such as DEABC"),
]


class ContractsTable(Table):
    """What charger and car have in common. Points of the standard that are not settled are named."""

    pki: Text | None = None
    """A folder of one curve, as `chargeloop pki make` writes it; left out: that of tls."""
    password_file: Text | None = None
    """Its first line is the password of the private keys; left out: as of tls."""
    policy: Annotated[
        Literal["iso15118-20", "iso15118-20, one grammar", "josev"],
        Field(description='"iso15118-20", "iso15118-20, one grammar" or "josev"'),
    ] = "iso15118-20"
    """Which signatures are made and believed; josev: secp256r1 with SHA-256, for a counterparty on a bench."""
    kdf: Annotated[
        Literal["concat-sha512", "concat-sha256", "concat-sha256-iso2", "x963-sha512"],
        Field(description='"concat-sha512", "concat-sha256", "concat-sha256-iso2" or "x963-sha512"'),
    ] = "concat-sha512"
    """How the key that protects a contract under way is derived (not settled)."""
    aad: Annotated[
        Literal["pcid-ski", "pcid-ski16", "pcid-ski-octets", "none"],
        Field(description='"pcid-ski", "pcid-ski16", "pcid-ski-octets" or "none"'),
    ] = "pcid-ski"
    """What is authenticated with it (not settled)."""
    ed448_seed: Flag = False
    """Contracts of Ed448 are installed as 56 octets of a seed that ends in zero (not settled)."""
    insecure: Flag = False
    """Also without TLS: on a test bench."""


class ProvideTable(Table):
    """Contracts for one car."""

    pcid: Text
    """The car's provisioning id, 18 capitals and digits."""
    contracts: Annotated[Contracts, Field(min_length=1)]
    """Handed out one after the other."""


class ChargerContractsTable(ContractsTable):
    """Contracts that a charger takes. One that is in none of these lists is refused."""

    contracts: Contracts = Field(default=[])
    """These pay."""
    providers: Issuers = Field(default=[])
    """All contracts of these pay; cars are told."""
    blocked: Contracts = Field(default=[])
    """These do not, whatever else is said."""
    eim: Flag = True
    """Other means are offered beside contracts."""
    revocation: Annotated[Literal["if known", "required"], Field(description='"if known" or "required"')] = "if known"
    """Whether a contract is refused of which no revocation list in force tells, and no responder."""
    ask_responders: Flag = True
    """Responders that a proven contract names are asked whether it is revoked, for 2 s at most; those under .invalid are not."""
    contracts_at_v2g: Flag = False
    """A contract may end at a V2G root, too, where all above it are a mobility operator's by their names (DC=MO)."""
    sign_prices: Flag = False
    """Prices of schedules are signed with the key mo_sub2 in the folder: on a test bench."""
    provide: Annotated[list[ProvideTable], Field(description="[[plug_and_charge.provide]] tables")] = Field(default=[])
    """Contracts that are made on the spot with the keys in the folder: on a test bench."""


class CarContractsTable(ContractsTable):
    """A car's contracts: chain/contract*.pem of the folder with their keys; installed ones are added to them."""

    maximum: Annotated[int, Field(ge=1, le=255, description="1..255")] = 4
    """So many are installed at once."""


def charger_contracts(path: Path, table: ChargerContractsTable | None, tls: TlsTable | None) -> tuple[dict[str, Any], ContractDesk] | None:
    """Fields of the outlets' sessions, and what judges contracts; None: no Plug & Charge. Raises LocalError."""
    if table is None:
        return None
    from iso15118.pki.pcid import read_pcid
    from iso15118.pki.signature import POLICIES
    from iso15118.service.contracts import ListAuthorizer
    from iso15118.service.pki.contracts import desk
    from iso15118.session import secc

    if not table.contracts and not table.providers:
        raise LocalError(f"{path}: plug_and_charge: no contract would be taken; allowed: contracts, providers, or both")
    try:
        judge = desk(
            _folder(path, table, tls),
            ListAuthorizer(table.contracts, table.providers, table.blocked),
            policy=POLICIES[table.policy],
            require_status=table.revocation == "required",
            provide={read_pcid(each.pcid): each.contracts for each in table.provide},
            sign_prices=table.sign_prices,
            ask=table.ask_responders,
            at_v2g=table.contracts_at_v2g,
            transport=_transport(table),
            password=_password(path, table, tls),
        )
    except LocalError as error:
        raise LocalError(f"{path}: plug_and_charge: {error}") from None
    # Providers are told only where they are all that is taken: a contract named on its own may be of any.
    told = () if table.contracts else tuple(provider.replace("-", "") for provider in table.providers)
    offer = secc.PlugAndCharge(
        eim=table.eim, providers=told, installation=bool(table.provide), insecure=table.insecure, policy=table.policy
    )
    return {"plug_and_charge": offer, "signs_prices": table.sign_prices}, judge


def car_contracts(path: Path, table: CarContractsTable | None, tls: TlsTable | None) -> tuple[evcc.PlugAndCharge, Wallet] | None:
    """What a session wants, and what holds keys and contracts; None: no Plug & Charge. Raises LocalError."""
    if table is None:
        return None
    from iso15118.pki.signature import POLICIES
    from iso15118.service.pki.contracts import wallet
    from iso15118.session import evcc

    try:
        held = wallet(
            _folder(path, table, tls), policy=POLICIES[table.policy], transport=_transport(table), password=_password(path, table, tls)
        )
    except LocalError as error:
        raise LocalError(f"{path}: plug_and_charge: {error}") from None
    return evcc.PlugAndCharge(maximum=table.maximum, insecure=table.insecure), held


def _folder(path: Path, table: ContractsTable, tls: TlsTable | None) -> Path:
    name = table.pki or (None if tls is None else tls.pki)
    if name is None:
        raise LocalError("pki: missing; allowed: a folder as `chargeloop pki make` writes it")
    return path.parent / name


def _password(path: Path, table: ContractsTable, tls: TlsTable | None) -> bytes | None:
    return read_password(path, table.password_file or (None if tls is None or table.pki is not None else tls.password_file))


def _transport(table: ContractsTable) -> Transport:
    from iso15118.pki.contract import KDFS, Transport

    return Transport(KDFS[table.kdf], table.aad, table.ed448_seed)
