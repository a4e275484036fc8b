"""The files people write: a charger's (`SeccFile`) and a car's (`EvccFile`), TOML, read strictly. The only place that imports pydantic.

Whatever is wrong is one line: file, key, what stands there, what is allowed. Boards have files of their own (`hal.board`).
"""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from iso15118.energy import Budget, Slot
from iso15118.errors import LocalError
from iso15118.hal import board as boards
from iso15118.hal import registry
from iso15118.power import Limits
from iso15118.sequence.timers import STANDARD
from iso15118.service.car import CarConfig, Leg
from iso15118.service.evse import FREE, EvseConfig
from iso15118.service.links import link
from iso15118.service.station import StationConfig
from iso15118.session import evcc, secc
from iso15118.session.services import ControlMode, ServiceID, dc_service
from iso15118.sim.battery import NMC_CELL, Battery
from iso15118.sim.vehicle import Trip
from iso15118.units import HOUR, Second

M = TypeVar("M", bound=BaseModel)

DAY: Final[Second] = 24 * HOUR
_MAGNITUDE = "a finite number >= 0"
_PERCENT = "a number of 0..100"

Magnitude = Annotated[float, Field(ge=0, allow_inf_nan=False, description=_MAGNITUDE)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False, description="a finite number > 0")]
Percent = Annotated[float, Field(ge=0, le=100, description=_PERCENT)]
Identity = Annotated[
    str, Field(min_length=1, max_length=255, pattern=r"^[!-~]+$", description="1 to 255 printable characters without spaces")
]
Text = Annotated[str, Field(min_length=1, description="a text")]
Flag = Annotated[bool, Field(description="true or false")]
Plain = Annotated[bool, Field(description="true or false")]
ServiceName = Literal["DC", "DC_BPT"]
ModeName = Literal["scheduled", "dynamic"]
LevelName = Literal["debug", "info", "warning", "error"]
Services = Annotated[
    list[ServiceName], Field(min_length=1, max_length=2, description='a list of "DC" and "DC_BPT", the preferred one first')
]
Modes = Annotated[
    list[ModeName], Field(min_length=1, max_length=2, description='a list of "scheduled" and "dynamic", the preferred one first')
]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LimitsTable(_File):
    """What the operator allows beside the board: magnitudes; what is left out is the board's."""

    min_voltage: Magnitude | None = None
    max_voltage: Magnitude | None = None
    charge_current: Magnitude | None = None
    charge_power: Magnitude | None = None
    discharge_current: Magnitude | None = None
    discharge_power: Magnitude | None = None


class BudgetTable(_File):
    """What the site grants to begin with, W."""

    charge: Magnitude
    discharge: Magnitude = 0.0
    target: Annotated[float | None, Field(allow_inf_nan=False, description="a finite number, negative to discharge")] = None


class EvseTable(_File):
    """One outlet."""

    id: Identity
    interface: Text
    name: Identity | None = None
    """For people, the control API and the log; the number of the outlet in the file if left out."""
    board: Text = "simulated"
    services: Services = ["DC_BPT", "DC"]
    control_modes: Modes = ["scheduled", "dynamic"]
    limits: Annotated[LimitsTable, Field(description="a table")] = LimitsTable()
    budget: Annotated[BudgetTable | None, Field(description="a table")] = None
    discharge_allowed: Flag = True
    charge_loop_timeout: Annotated[float, Field(ge=0.5, le=60, description="0.5..60 s; the standard says 0.5")] = STANDARD.charge_loop
    tuples: Annotated[int, Field(ge=1, le=3, description="1, 2 or 3")] = 1
    always_priced: Flag = False
    negative_discharge: Flag = False
    eim: Annotated[
        str, Field(pattern=r"^(free|ask|delay:\d{1,4}(\.\d+)?)$", description='"free", "ask" (the control API decides) or "delay:SECONDS"')
    ] = "free"


class SeccFile(_File):
    """A charger."""

    evse: Annotated[list[EvseTable], Field(min_length=1, description="at least one [[evse]] table")]
    insecure_plain_tcp: Plain = False
    log_level: Annotated[LevelName, Field(description='"debug", "info", "warning" or "error"')] = "info"
    record: Text | None = None
    recordings: Text | None = None


class BatteryTable(_File):
    """The car's battery; `voltage` at half charge, V; `capacity` in Wh."""

    capacity: Positive = 60_000.0
    soc: Percent = 50.0
    voltage: Positive = 360.0
    charge_current: Magnitude = 250.0
    discharge_current: Magnitude = 150.0


class LegTable(_File):
    """A part of the plan: W for seconds."""

    seconds: Positive
    power: Annotated[float, Field(allow_inf_nan=False, description="a finite number, negative to discharge")]


class WindowTable(_File):
    """States of charge between which the battery may be cycled."""

    min_soc: Percent
    max_soc: Percent


class EvccFile(_File):
    """A car."""

    interface: Text
    insecure_plain_tcp: Plain = False
    log_level: Annotated[LevelName, Field(description='"debug", "info", "warning" or "error"')] = "info"
    evcc_id: Identity = evcc.Config().evcc_id
    services: Services = ["DC_BPT", "DC"]
    control_modes: Modes = ["scheduled", "dynamic"]
    battery: Annotated[BatteryTable, Field(description="a table")] = BatteryTable()
    target_soc: Percent = 80.0
    min_soc: Percent = 20.0
    max_soc: Percent = 100.0
    v2x: Annotated[WindowTable | None, Field(description="a table")] = None
    departure: Annotated[float | None, Field(gt=0, allow_inf_nan=False, description="seconds from the start, > 0")] = None
    loops: Annotated[int | None, Field(ge=1, description="a whole number >= 1")] = None
    plan: Annotated[list[LegTable], Field(description="a list of {seconds = ..., power = ...}")] = []
    record: Text | None = None


@dataclass(frozen=True, slots=True)
class SeccSettings:
    """What a charger's file says."""

    station: StationConfig
    log_level: str


@dataclass(frozen=True, slots=True)
class EvccSettings:
    """What a car's file says."""

    car: CarConfig
    log_level: str
    record: Path | None


def load_secc(path: Path) -> SeccSettings:
    """The charger in the file `path`. Raises LocalError."""
    file = _read(path, SeccFile)
    _insecure(path, file.insecure_plain_tcp)
    evses = tuple(_evse(path, i, table) for i, table in enumerate(file.evse))
    for key, values in (
        ("id", [evse.session.evse_id for evse in evses]),
        ("interface", [evse.interface for evse in evses]),
        ("name", [evse.name for evse in evses]),
    ):
        value, times = Counter(values).most_common(1)[0]
        if times > 1:
            raise LocalError(f"{path}: evse.{key}: {value!r} stands {times} times; allowed: a different one for each outlet")
    record, recordings = (None if name is None else path.parent / name for name in (file.record, file.recordings))
    if recordings is not None and not recordings.is_dir():
        raise LocalError(f"{path}: recordings: {file.recordings!r} is no folder; allowed: a folder that is there")
    return SeccSettings(StationConfig(evses=evses, record=record, recordings=recordings), file.log_level)


def load_evcc(path: Path) -> EvccSettings:
    """The car in the file `path`. Raises LocalError."""
    file = _read(path, EvccFile)
    _insecure(path, file.insecure_plain_tcp)
    _interface(path, "interface", file.interface)
    if not file.min_soc < file.max_soc:
        raise LocalError(f"{path}: min_soc: {file.min_soc:g}; allowed: below max_soc, {file.max_soc:g}")
    if not file.min_soc <= file.target_soc <= file.max_soc:
        raise LocalError(f"{path}: target_soc: {file.target_soc:g}; allowed: {file.min_soc:g}..{file.max_soc:g} (min_soc..max_soc)")
    if file.v2x is not None and not file.v2x.min_soc < file.v2x.max_soc:
        raise LocalError(f"{path}: v2x.min_soc: {file.v2x.min_soc:g}; allowed: below v2x.max_soc, {file.v2x.max_soc:g}")
    services = tuple(ServiceID[name] for name in file.services)
    session = evcc.Config(
        evcc_id=file.evcc_id,
        services=services,
        control_modes=tuple(ControlMode[name.upper()] for name in file.control_modes),
        loops=file.loops,
    )
    trip = Trip(
        departure=file.departure,
        target_soc=file.target_soc,
        min_soc=file.min_soc,
        max_soc=file.max_soc,
        v2x_min_soc=None if file.v2x is None else file.v2x.min_soc,
        v2x_max_soc=None if file.v2x is None else file.v2x.max_soc,
        bidirectional=ServiceID.DC_BPT in services,
    )
    car = CarConfig(
        name=file.evcc_id,
        interface=file.interface,
        session=session,
        battery=_battery(file.battery),
        trip=trip,
        plan=tuple(Leg(leg.seconds, leg.power) for leg in file.plan),
    )
    return EvccSettings(car, file.log_level, None if file.record is None else path.parent / file.record)


def _evse(path: Path, index: int, table: EvseTable) -> EvseConfig:
    where = f"{path}: evse[{index}]"
    _interface(path, f"evse[{index}].interface", table.interface)
    board = _board(path, f"{where}.board", table.board)
    for key, names in (("services", table.services), ("control_modes", table.control_modes)):
        if len(set(names)) != len(names):
            raise LocalError(f"{where}.{key}: {names}; allowed: each one once")
    given = {key: value for key, value in table.limits.model_dump().items() if value is not None}
    limits = replace(board.limits, **given).lowered(board.limits)
    if limits.min_voltage >= limits.max_voltage:
        ends = f"{limits.min_voltage:g} to {limits.max_voltage:g} V within those of the board"
        raise LocalError(f"{where}.limits: nothing is left, {ends}; allowed: min_voltage below max_voltage")
    modes = tuple(ControlMode[name.upper()] for name in table.control_modes)
    session = secc.Config(
        evse_id=table.id,
        services=tuple(dc_service(name == "DC_BPT", modes) for name in table.services),
        times=STANDARD._replace(charge_loop=table.charge_loop_timeout),
        always_priced=table.always_priced,
        negative_discharge=table.negative_discharge,
    )
    budget = table.budget
    return EvseConfig(
        name=table.name or str(index + 1),
        interface=table.interface,
        session=session,
        board=board,
        limits=limits,
        budget=None if budget is None else Budget(budget.charge, budget.discharge, budget.target, why="configuration"),
        schedules=_schedules(limits, table.tuples),
        authorised_after={"free": FREE, "ask": None}.get(table.eim, float(table.eim.partition(":")[2] or 0)),
        discharge_allowed=table.discharge_allowed,
    )


def _schedules(limits: Limits, tuples: int) -> tuple[tuple[Slot, ...], ...]:
    """`tuples` schedules of a day: all that is allowed, half, a quarter. A single one needs no words."""
    shares = [0.5**i for i in range(tuples)] if tuples > 1 else []
    return tuple((Slot(DAY, limits.charge_power * share, limits.discharge_power * share),) for share in shares)


def _battery(table: BatteryTable) -> partial[Battery]:
    """Makes a battery of the usual shape whose voltage at half charge is the one given."""
    half = dict(NMC_CELL)[50.0]
    return partial(
        Battery,
        table.capacity,
        table.soc,
        curve=tuple((percent, volt / half * table.voltage) for percent, volt in NMC_CELL),
        series=1,
        charge_current=table.charge_current,
        discharge_current=table.discharge_current,
    )


def _board(path: Path, where: str, name: str) -> boards.Board:
    if name == "simulated":
        return boards.Board()
    board = boards.load(path.parent / name)
    try:
        registry.family(board.family)
    except LocalError as error:
        raise LocalError(f"{where}: {error}") from None
    return board


def _interface(path: Path, key: str, name: str) -> None:
    try:
        link(name)
    except LocalError as error:
        raise LocalError(f"{path}: {key}: {error}") from None


def _insecure(path: Path, allowed: bool) -> None:
    if not allowed:
        why = "ISO 15118-20 runs on TLS 1.3, which this version does not have"
        raise LocalError(f"{path}: insecure_plain_tcp: not set, and {why}; allowed: true, on a test bench")


def _read(path: Path, kind: type[M]) -> M:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LocalError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LocalError(f"{path}: not TOML: {error}") from None
    try:
        return kind.model_validate(data)
    except ValidationError as wrong:
        error_details = wrong.errors(include_url=False, include_context=False)[0]
        raise LocalError(f"{path}: {_told(kind, error_details['type'], error_details['loc'], error_details['input'])}") from None


def _told(kind: type[BaseModel], what: str, loc: tuple[str | int, ...], found: object) -> str:
    """The first error in one line: key, what stands there, what is allowed."""
    key, allowed = "", "a table"
    model: type[BaseModel] | None = kind
    for part in loc:
        if isinstance(part, int):
            key += f"[{part}]"
            continue
        if model is not None and part in model.model_fields:
            field = model.model_fields[part]
            allowed = field.description or allowed
            model = _table_of(field.annotation) or model
        elif not (model is not None and what == "extra_forbidden" and part == loc[-1]):
            continue  # pydantic's name for a branch of a union
        key += f".{part}" if key else part
    if what == "extra_forbidden" and model is not None:
        return f"{key}: unknown key; allowed: {', '.join(sorted(model.model_fields))}"
    return f"{key}: {'missing' if what == 'missing' else repr(found)}; allowed: {allowed}"


def _table_of(annotation: Any) -> type[BaseModel] | None:
    """The table a field holds, alone, in a list, or as an option."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((table for part in getattr(annotation, "__args__", ()) if (table := _table_of(part)) is not None), None)
