"""A scenario's file: cars in turn, and, for a charger in memory, the charger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from iso15118.energy import Budget
from iso15118.errors import LocalError
from iso15118.service import scenario as played
from iso15118.service.config.evcc import CarTable, car_of, with_contracts
from iso15118.service.config.misbehaviour import Count, MisbehaviourTable, misbehaviours, said
from iso15118.service.config.plug_and_charge import CarContractsTable
from iso15118.service.config.secc import BudgetTable
from iso15118.service.config.secc import load as load_secc
from iso15118.service.config.tls import CarTlsTable, credentials_of, insecure
from iso15118.service.config.toml import Flag, LevelName, Magnitude, Percent, Positive, Services, Table, Text, interface, read
from iso15118.service.evse_config import EvseConfig
from iso15118.session import evcc
from iso15118.session.services import ServiceID
from iso15118.sim.faults import checked
from iso15118.value import Value, replace


class RenegotiateTable(Table):
    """The car's change of mind: after so many loops these services."""

    after_loops: Count
    """Exchanges of the charge loop before it."""
    services: Services
    """Wanted then, the best first."""


class ThenTable(Table):
    """What a driver does: when, and one thing."""

    after: Positive | None = None
    """s of the charge loop."""
    after_loops: Count | None = None
    """Or exchanges of it."""
    stop: Text | None = None
    """The driver ends it: why."""
    unplug: Flag | None = None
    """The plug is drawn."""
    charge_current: Magnitude | None = None
    """A that the battery takes from now on."""
    discharge_current: Magnitude | None = None
    """A that it gives."""
    target_soc: Percent | None = None
    """Percent."""
    departure: Positive | None = None
    """s from now."""


class OperateTable(Table):
    """What an operator does: when, and one thing."""

    after: Positive | None = None
    """s of the charge loop."""
    after_loops: Count | None = None
    """Or exchanges of it."""
    ask: Annotated[
        Literal["stop", "pause", "exit_standby", "renegotiate", "renegotiate_schedule", "confirm_meter"] | None,
        Field(description='"stop", "pause", "exit_standby", "renegotiate", "renegotiate_schedule" or "confirm_meter"'),
    ] = None
    """What the station asks of the car."""
    budget: Annotated[BudgetTable | None, Field(description="a table")] = None
    """What the site grants from now on."""
    trip: Flag | None = None
    """Emergency stop."""
    fault: Annotated[dict[str, Any] | None, Field(description="a table of faults and their values")] = None
    """Faults of the simulated metal: those of `chargeloop demo --fault`."""


class VisitTable(CarTable):
    """A car's stay: the keys of a car, and those of the stay."""

    tls: Annotated[CarTlsTable | None, Field(description="a table")] = None
    """Certificates of its own; left out: those of the file."""
    plug_and_charge: Annotated[CarContractsTable | None, Field(description="a table")] = None
    """Contracts of its own; left out: those of the file."""

    arrival: Magnitude = 0.0
    """s from the start of the round, or when the car before has left."""
    sessions: Count = 1
    """So many, one after the other."""
    between: Magnitude = 1.0
    """s between them."""
    ends: Annotated[Literal["in order", "broken off", "any"] | None, Field(description='"in order", "broken off" or "any"')] = None
    """How they are expected to end."""
    renegotiate: Annotated[RenegotiateTable | None, Field(description="a table")] = None
    """It wants other services."""
    then: Annotated[list[ThenTable], Field(default_factory=list, description="[[car.then]] tables")]
    """What its driver does."""
    misbehaviour: Annotated[list[MisbehaviourTable], Field(default_factory=list, description="[[car.misbehaviour]] tables")]
    """What it does wrong."""


class ChargerTable(Table):
    """The charger in memory."""

    config: Text | None = None
    """A charger's file beside this one; its first outlet is meant."""
    then: Annotated[list[OperateTable], Field(default_factory=list, description="[[charger.then]] tables")]
    """What its operator does."""
    misbehaviour: Annotated[list[MisbehaviourTable], Field(default_factory=list, description="[[charger.misbehaviour]] tables")]
    """What it does wrong."""


class ScenarioFile(Table):
    """Cars in turn."""

    interface: Text = "lo"
    """Where chargers are looked for."""
    tls: Annotated[CarTlsTable | None, Field(description="a table")] = None
    """Certificates of the cars for TLS 1.3; in memory nothing shakes hands."""
    plug_and_charge: Annotated[CarContractsTable | None, Field(description="a table")] = None
    """Contracts of the cars."""
    insecure_plain_tcp: Flag = False
    """ISO 15118-20 without TLS: on a test bench, never on a street."""
    log_level: Annotated[LevelName, Field(description='"debug", "info", "warning" or "error"')] = "error"
    """From which level on the log is shown."""
    repeat: Count = 1
    """Rounds of all cars."""
    car: Annotated[list[VisitTable], Field(min_length=1, description="at least one [[car]] table")]
    """The cars, in turn."""
    charger: Annotated[ChargerTable | None, Field(description="a table")] = None
    """With --pair: the charger."""


class ScenarioSettings(Value):
    """What a scenario's file says."""

    scenario: played.Scenario
    log_level: str


_THINGS: Final = ("stop", "unplug", "charge_current", "discharge_current", "target_soc", "departure")


def load(path: Path, *, in_memory: bool) -> ScenarioSettings:
    """The scenario in the file `path`; on a link, it has to say on which, and that it is no street. Raises LocalError."""
    file = read(path, ScenarioFile)
    if not in_memory:
        for table in file.car:
            insecure(path, file.insecure_plain_tcp, table.tls or file.tls)
        interface(path, "interface", file.interface)
    charger = file.charger or ChargerTable(then=[], misbehaviour=[])
    scenario = played.Scenario(
        visits=tuple(_visit(path, i, table, file, in_memory=in_memory) for i, table in enumerate(file.car)),
        repeat=file.repeat,
        charger=_charger(path, charger.config),
        charger_deeds=tuple(_operate(f"{path}: charger.then[{i}]", table) for i, table in enumerate(charger.then)),
        charger_misbehaviours=misbehaviours(f"{path}: charger.", charger.misbehaviour),
    )
    return ScenarioSettings(scenario, file.log_level)


def _charger(path: Path, name: str | None) -> EvseConfig:
    """The first outlet of a charger's file beside this one."""
    return EvseConfig() if name is None else load_secc(path.parent / name).station.evses[0]


def _visit(path: Path, number: int, table: VisitTable, file: ScenarioFile, *, in_memory: bool) -> played.Visit:
    where, change, tls = f"{path}: car[{number}].", table.renegotiate, table.tls or file.tls
    car = with_contracts(path, car_of(where, table, file.interface), table.plug_and_charge or file.plug_and_charge, tls)
    if not in_memory:
        car = replace(car, session=replace(car.session, plain_tcp=file.insecure_plain_tcp))
    if change is not None:
        plan = evcc.Renegotiation(change.after_loops, tuple(ServiceID[name] for name in change.services))
        car = replace(car, session=replace(car.session, renegotiation=plan))
    return played.Visit(
        car=car,
        tls=None if in_memory else credentials_of(path, tls, "vehicle"),
        arrival=table.arrival,
        sessions=table.sessions,
        between=table.between,
        deeds=tuple(_deed(f"{where}then[{i}]", then) for i, then in enumerate(table.then)),
        misbehaviours=misbehaviours(where, table.misbehaviour),
        ends=None if table.ends is None else played.Ending(table.ends),
    )


def _moment(where: str, table: ThenTable | OperateTable) -> dict[str, Any]:
    if (table.after is None) is (table.after_loops is None):
        raise LocalError(f"{where}: says not when, or twice; allowed: either after (seconds) or after_loops")
    return {"after": table.after, "after_loops": table.after_loops}


def _deed(where: str, table: ThenTable) -> played.Deed:
    when = _moment(where, table)
    given = [key for key in _THINGS if key in said(table)]
    match given:
        case ["stop"]:
            return played.Stop(**when, why=table.stop or "")
        case ["unplug"]:
            return played.Unplug(**when)
        case ["charge_current" | "discharge_current", *more] if set(more) <= {"discharge_current"}:
            return played.Restrict(**when, charge_current=table.charge_current, discharge_current=table.discharge_current)
        case ["target_soc" | "departure", *more] if set(more) <= {"departure"}:
            return played.Wish(**when, target_soc=table.target_soc, departure=table.departure)
        case _:
            what = " and ".join(given) or "nothing"
            raise LocalError(f"{where}: {what} at once; allowed: stop, unplug, currents, or target_soc and departure")


def _operate(where: str, table: OperateTable) -> played.Operate:
    when = _moment(where, table)
    budget = None if table.budget is None else Budget(table.budget.charge, table.budget.discharge, table.budget.target, why="the scenario")
    try:
        faults = checked(table.fault or {})
    except LocalError as error:
        raise LocalError(f"{where}.fault.{error}") from None
    if table.ask is None and budget is None and not table.trip and not table.fault:
        raise LocalError(f"{where}: nothing happens; allowed: ask, budget, trip or fault")
    return played.Operate(
        **when,
        ask=None if table.ask is None else played.Ask(table.ask),
        budget=budget,
        trip=bool(table.trip),
        faults=tuple(faults.items()),
    )
