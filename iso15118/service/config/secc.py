"""A charger's file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from iso15118.energy import Budget, Permits, Plan, Slot
from iso15118.errors import LocalError
from iso15118.hal import board as boards
from iso15118.hal import registry
from iso15118.power import Limits
from iso15118.sequence.timers import STANDARD
from iso15118.service.config.der import DerTable, grid_code
from iso15118.service.config.lenience import ChargerLenience, lenience
from iso15118.service.config.plug_and_charge import ChargerContractsTable, charger_contracts
from iso15118.service.config.schedules import ProposalTable, ScheduleTable, plans, proposal
from iso15118.service.config.tls import TlsTable, credentials_of, insecure
from iso15118.service.config.toml import (
    Flag,
    Identity,
    LevelName,
    LoopTimeout,
    Magnitude,
    Modes,
    Positive,
    Services,
    Table,
    Text,
    both_modes,
    interface,
    read,
)
from iso15118.service.config.value_added import VasKeys, offered_beside, parking_space
from iso15118.service.config.variants import NO_FUNCTION, VariantKeys, offered
from iso15118.service.evse_config import FREE, EvseConfig
from iso15118.service.station import StationConfig
from iso15118.session import secc
from iso15118.tariff import Rate
from iso15118.units import HOUR, Second
from iso15118.value import Value, replace

DAY: Final[Second] = 24 * HOUR

if TYPE_CHECKING:
    from iso15118.service.tls.engine import Credentials


class LimitsTable(Table):
    """What the operator allows beside the board: magnitudes; what is left out is the board's."""

    min_voltage: Magnitude | None = None
    """V."""
    max_voltage: Magnitude | None = None
    """V."""
    charge_current: Magnitude | None = None
    """A."""
    charge_power: Magnitude | None = None
    """W."""
    discharge_current: Magnitude | None = None
    """A."""
    discharge_power: Magnitude | None = None
    """W."""


class BudgetTable(Table):
    """What the site grants to begin with, W."""

    charge: Magnitude
    """W, most into the vehicle."""
    discharge: Magnitude = 0.0
    """W, most out of it."""
    target: Annotated[float | None, Field(allow_inf_nan=False, description="a finite number, negative to discharge")] = None
    """W: where the charger steers (Dynamic), this is what it asks for."""


class WatchTable(Table):
    """How a car that has confirmed a power tolerance is held to its profile, s; and what happens to one that declines."""

    settle: Magnitude = secc.Watch().settle
    """A step of the profile may take so long, s."""
    correction: Magnitude = secc.Watch().correction
    """So long after a warning the car has to be back in its profile, s."""
    declined: Annotated[Literal["renegotiate", "stop"], Field(description='"renegotiate" or "stop"')] = "renegotiate"
    """A car that declines the tolerance gets another schedule, or ends."""


class ReceiptTable(Table):
    """What a kWh costs before taxes, in the currency of the prices, and the taxes, percent."""

    price: Annotated[float, Field(allow_inf_nan=False, description="a finite number")]
    """A kWh."""
    taxes: Annotated[list[Magnitude], Field(default_factory=list, max_length=10, description="a list of up to 10 numbers >= 0")]
    """Percent, one after the other."""


class EvseTable(VariantKeys, VasKeys):
    """One outlet."""

    id: Identity
    """The EVSEID that the car is told."""
    interface: Text
    """The network interface of this outlet alone."""
    name: Identity | None = None
    """For people, the control API and the log; the number of the outlet in the file if left out."""
    board: Text = "simulated"
    """A board file beside this one, or a simulated board: `simulated` (direct current) or `simulated_ac`."""
    services: Services | None = None
    """What is left out is both directions of the board's current."""
    control_modes: Modes = Field(default_factory=both_modes)
    """Who steers: the car under a schedule, or the charger."""
    limits: Annotated[LimitsTable, Field(description="a table")] = LimitsTable()
    """The operator's limits beside those of the board."""
    budget: Annotated[BudgetTable | None, Field(description="a table")] = None
    """What the site grants to begin with; left out: all that is allowed."""
    discharge_allowed: Flag = True
    """The site's standing permission for energy to come back."""
    consent: Annotated[Literal["service", "ask"], Field(description='"service" or "ask"')] = "service"
    """How the driver says that energy may come back: by the bidirectional service that the car chooses, or somebody says so, each time."""
    grid_profile: Text | None = None
    """The grid code that the outlet's inverter was approved for. Nothing comes back without one, unless the board is a simulated one."""
    guard: Annotated[
        str | None,
        Field(
            pattern=r"^(process|inside|serial:[^@]+(@\d+)?)$", description='"process", "inside", "serial:DEVICE" or "serial:DEVICE@RATE"'
        ),
    ] = None
    """Where the guard over the metal is: in a process of its own, which brings metal to rest whatever becomes of the charger, or inside the
    charger's, or a microcontroller at a serial line (hw/guard-protocol.md). Left out: inside for simulated boards, else a process."""
    charge_loop_timeout: LoopTimeout = STANDARD.charge_loop
    """So long the car may be silent in the charge loop, s: for slow cars on a bench."""
    tuples: Annotated[int, Field(ge=1, le=3, description="1, 2 or 3")] = 1
    """So many schedule tuples: all that is allowed, half, a quarter."""
    schedule: Annotated[list[ScheduleTable], Field(max_length=3, description="one to three [[evse.schedule]] tables")] = Field(default=[])
    """The schedules on offer, and what they cost."""
    proposal: Annotated[ProposalTable | None, Field(description="a table")] = None
    """Mobility needs that the charger knows, told to a car with MobilityNeedsMode 2."""
    der: Annotated[DerTable | None, Field(description="a table")] = None
    """The grid code of an outlet that offers AC_DER_IEC or AC_DER_SAE."""
    watch: Annotated[WatchTable, Field(description="a table")] = WatchTable()
    """How a car is held to its power profile."""
    always_priced: Flag = False
    """A price schedule is sent even where no pricing has been selected: some cars reject a schedule without one."""
    meter_at_start: Flag = True
    """The first answer of the charge loop brings the reading of the meter without being asked."""
    negative_discharge: Flag = False
    """Discharge limits are told as negative numbers."""
    service_renegotiation: Flag = False
    """A car may choose its services anew within the session."""
    standby: Flag = False
    """A car may stand by: contactor closed, no power."""
    pause_seconds: Positive = secc.Config().pause_seconds
    """How long a session may pause and be joined again."""
    pause_locked: Flag = True
    """The connector stays locked meanwhile."""
    lenience: Annotated[ChargerLenience, Field(description="a table")] = ChargerLenience()  # type: ignore[valid-type]
    """Deviations of cars: `time_stamp_unit = "refuse"` and so on."""
    receipt: Annotated[ReceiptTable | None, Field(description="a table")] = None
    """Given with every reading of the meter."""
    eim: Annotated[
        str, Field(pattern=r"^(free|ask|delay:\d{1,4}(\.\d+)?)$", description='"free", "ask" (the control API decides) or "delay:SECONDS"')
    ] = "free"
    """Who authorises: nobody has to, the control API, or it happens by itself so long after."""
    tokens: list[Text] = Field(default=[])
    """With "ask": tokens, such as numbers of cards, that authorise when they are shown at the outlet."""


class SeccFile(Table):
    """A charger."""

    evse: Annotated[list[EvseTable], Field(min_length=1, description="at least one [[evse]] table")]
    """The outlets."""
    tls: Annotated[TlsTable | None, Field(description="a table")] = None
    """Certificates for TLS 1.3."""
    plug_and_charge: Annotated[ChargerContractsTable | None, Field(description="a table")] = None
    """Contracts in cars pay at all outlets."""
    insecure_plain_tcp: Flag = False
    """ISO 15118-20 without TLS: on a test bench, never on a street."""
    log_level: Annotated[LevelName, Field(description='"debug", "info", "warning" or "error"')] = "info"
    """From which level on the log is shown."""
    record: Text | None = None
    """Every session is kept in this file, for `chargeloop replay`; the second one in its neighbour `-2`."""
    recordings: Text | None = None
    """A folder, for the last minutes of a session that did not end in order."""
    site: Text | None = None
    """A site's file beside this one: the charger leads that site, and its outlets have what it leaves them."""
    ledger: Text | None = None
    """Transactions and faults that need a person are kept in this file, and survive a loss of power: see [ledger.md](ledger.md)."""


class SeccSettings(Value):
    """What a charger's file says."""

    station: StationConfig
    log_level: str
    site: Path | None = None
    """The file of the site that it leads."""


def load(path: Path) -> SeccSettings:
    """The charger in the file `path`. Raises LocalError."""
    file = read(path, SeccFile)
    insecure(path, file.insecure_plain_tcp, file.tls)
    evses = tuple(_evse(path, i, table, plain_tcp=file.insecure_plain_tcp) for i, table in enumerate(file.evse))
    for key, values in (
        ("id", [evse.session.evse_id for evse in evses]),
        ("interface", [evse.interface for evse in evses]),
        ("name", [evse.name for evse in evses]),
    ):
        value, times = Counter(values).most_common(1)[0]
        if times > 1:
            raise LocalError(f"{path}: evse.{key}: {value!r} stands {times} times; allowed: a different one for each outlet")
    record, recordings, ledger = (None if name is None else path.parent / name for name in (file.record, file.recordings, file.ledger))
    if recordings is not None and not recordings.is_dir():
        raise LocalError(f"{path}: recordings: {file.recordings!r} is no folder; allowed: a folder that is there")
    if ledger is not None and (ledger.is_dir() or not ledger.parent.is_dir()):
        raise LocalError(f"{path}: ledger: {file.ledger!r} can be no file; allowed: a file in a folder that is there")
    tls = credentials_of(path, file.tls, "secc")
    if (contracts := charger_contracts(path, file.plug_and_charge, file.tls)) is not None:
        sessions, desk = contracts
        evses = tuple(replace(evse, session=replace(evse.session, **sessions), contracts=desk) for evse in evses)
    station = StationConfig(evses=evses, record=record, recordings=recordings, ledger=ledger, tls=tls, plain_tcp=file.insecure_plain_tcp)
    return SeccSettings(station, file.log_level, None if file.site is None else path.parent / file.site)


def load_certificates(path: Path) -> Credentials | None:
    """Those of the charger in the file `path`, and nothing else of it. Raises LocalError."""
    return credentials_of(path, read(path, SeccFile).tls, "secc")


def _evse(path: Path, index: int, table: EvseTable, *, plain_tcp: bool) -> EvseConfig:
    where = f"{path}: evse[{index}]"
    interface(path, f"evse[{index}].interface", table.interface)
    board = _board(path, f"{where}.board", table.board)
    given = {key: value for key, value in table.limits.model_dump().items() if value is not None}
    limits = replace(board.limits, **given).lowered(board.limits)
    if limits.min_voltage >= limits.max_voltage:
        ends = f"{limits.min_voltage:g} to {limits.max_voltage:g} V within those of the board"
        raise LocalError(f"{where}.limits: nothing is left, {ends}; allowed: min_voltage below max_voltage")
    code = grid_code(where, table.der, tuple(table.services or ()))
    functions = NO_FUNCTION if code is None else code.functions
    session = secc.Config(
        evse_id=table.id,
        plain_tcp=plain_tcp,
        services=offered(where, table.services, table.control_modes, table, board.abilities.ac, functions),
        value_added=offered_beside(where, table),
        parking=parking_space(table),
        times=STANDARD._replace(charge_loop=table.charge_loop_timeout),
        always_priced=table.always_priced,
        watch=secc.Watch(table.watch.settle, table.watch.correction, table.watch.declined == "renegotiate"),
        meter_at_start=table.meter_at_start,
        negative_discharge=table.negative_discharge,
        lenience=lenience(table.lenience),
        service_renegotiation=table.service_renegotiation,
        standby=table.standby,
        pause_seconds=table.pause_seconds,
        pause_locked=table.pause_locked,
    )
    if table.schedule and table.tuples > 1:
        raise LocalError(f"{where}.tuples: {table.tuples} beside schedule tables; allowed: one of both")
    budget = table.budget
    return EvseConfig(
        name=table.name or str(index + 1),
        interface=table.interface,
        session=session,
        board=board,
        limits=limits,
        budget=None if budget is None else Budget(budget.charge, budget.discharge, budget.target, why="configuration"),
        schedules=plans(where, table.schedule, session.services) or _shares(limits, table.tuples),
        proposal=proposal(where, table.proposal),
        tokens=frozenset(table.tokens),
        authorised_after={"free": FREE, "ask": None}.get(table.eim, float(table.eim.partition(":")[2] or 0)),
        rate=None if table.receipt is None else Rate(table.receipt.price, tuple(table.receipt.taxes)),
        grid_code=code,
        discharge_allowed=table.discharge_allowed,
        permits=Permits(
            consent=table.consent == "service", profile=bool(table.grid_profile) or board.family == "simulated" or board.ac is not None
        ),
        guard_apart=board.family != "simulated" if table.guard is None else table.guard == "process",
        guard_line=_guard_line(table.guard),
    )


def _guard_line(told: str | None) -> tuple[str, int] | None:
    if told is None or not told.startswith("serial:"):
        return None
    device, _, rate = told.removeprefix("serial:").partition("@")
    return device, int(rate or 921_600)


def _shares(limits: Limits, tuples: int) -> tuple[Plan, ...]:
    """`tuples` schedules of a day: all that is allowed, half, a quarter. A single one needs no words."""
    shares = [0.5**i for i in range(tuples)] if tuples > 1 else []
    return tuple(Plan(0.0, (Slot(DAY, limits.charge_power * share, limits.discharge_power * share),)) for share in shares)


_SIMULATED: Final = {"simulated": boards.Board(), "simulated_ac": boards.AC_BOARD}
"""Boards that need no file."""


def _board(path: Path, where: str, name: str) -> boards.Board:
    if name in _SIMULATED:
        return _SIMULATED[name]
    board = boards.load(path.parent / name)
    try:
        registry.family(board.family)
    except LocalError as error:
        raise LocalError(f"{where}: {error}") from None
    return board
