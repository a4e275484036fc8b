"""A site's file: circuits, outlets, batteries, photovoltaics, loads, prices, and how power is shared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field

from iso15118.errors import LocalError
from iso15118.grid.policies import NAMES
from iso15118.grid.site import LEAST, VOLTAGE, Battery, Circuit, Evse, Load, Pv, Site
from iso15118.hal.modbus.mains import Mains
from iso15118.service.config.site_meters import Metered, meters
from iso15118.service.config.site_tariff import SiteTariff, TariffTable, site_tariff
from iso15118.service.config.toml import Flag, Identity, Magnitude, Percent, Positive, Table, Text, read
from iso15118.units import KWH, Watt
from iso15118.value import Value

Share = Annotated[float, Field(gt=0, le=1, description="a number above 0 up to 1")]
Phase = Annotated[int, Field(ge=1, le=3, description="1, 2 or 3")]
Phases = Annotated[list[Phase], Field(min_length=1, max_length=3, description="one to three different ones of 1, 2 and 3")]
STATION: Final = tuple(name for name in NAMES if name != "unmanaged")
"""Policies for a station: it keeps the site's limits."""


class CircuitTable(Table):
    """A part of the site behind a fuse, a cable or a transformer. One of them has no parent: the connection to the grid."""

    name: Identity
    """Named by what it feeds."""
    parent: Identity | None = None
    """The circuit that feeds it."""
    fuse: Positive | None = None
    """A, in each phase."""
    import_limit: Magnitude | None = None
    """W, of all phases together."""
    export_limit: Magnitude | None = None
    """W, of all phases together; 0: nothing may be fed in."""
    transformer: Positive | None = None
    """VA."""
    metered: Flag = False
    """A meter tells what flows here; while it is silent the outlets below fall to their fail-safe."""
    meter: Metered = None
    """The meter, if it is read here, import +; without this table and with `metered` the control socket tells what flows."""
    failsafe: Magnitude | None = None
    """W, all outlets below together, while the meter is silent; left out: 6 A for each that was charging."""
    tenant: Share | None = None
    """A tenant's guaranteed part of what the outlets of the parent may take."""


class OutletTable(Table):
    """An outlet, by its name in the charger's file, or one of another charger."""

    name: Identity
    """As in the charger's file."""
    circuit: Identity
    """That feeds it."""
    remote: Flag = False
    """It belongs to another charger: what flows there, and what it needs, is told from outside."""
    phases: Phases = Field(default=[1, 2, 3])
    """The mains' phases behind its L1, L2, L3."""
    current: Positive = 32.0
    """A in each phase, of fuse and cable."""
    charge: Positive = 22_080.0
    """W, most into the vehicle."""
    discharge: Magnitude = 0.0
    """W, most out of it."""
    dc: Flag = False
    """It gives direct current."""
    efficiency: Share = 1.0
    """Of its converter."""
    weight: Positive = 1.0
    """Its part where power is short."""
    priority: int = 0
    """The higher goes first where not all can be served."""
    switches: Flag = False
    """It can feed one phase or three."""
    failsafe: Magnitude = 0.0
    """W it falls back to when nobody tells it anything."""


class BatteryTable(Table):
    """A stationary battery."""

    name: Identity
    """For people."""
    circuit: Identity
    """That it is at."""
    capacity: Positive
    """kWh."""
    charge: Positive
    """W."""
    discharge: Positive
    """W."""
    efficiency: Share = 0.95
    """One way."""
    floor: Percent = 10.0
    """Percent, below which it gives nothing."""
    ceiling: Percent = 100.0
    """Percent, above which it takes nothing."""
    wear: Magnitude = 0.03
    """Of a kWh given, in the currency of the prices."""
    meter: Metered = None
    """Of what flows into it, import +: it shares the site's power with cars then."""


class PvTable(Table):
    """Photovoltaics."""

    name: Identity
    """For people."""
    circuit: Identity
    """That they are at."""
    peak: Positive
    """W."""
    curtailable: Flag = True
    """They can be told to give less."""
    meter: Metered = None
    """Of what they give, as the grid sees it: export."""
    expected: Annotated[list[Magnitude], Field(description="a list of 24 numbers >= 0, or none")] = Field(default=[])
    """W in each hour of a day (UTC) where nothing better is known."""


class LoadTable(Table):
    """What else uses power."""

    name: Identity
    """For people."""
    circuit: Identity
    """That it is at."""
    base: Magnitude = 0.0
    """W that are always used."""
    controllable: Flag = False
    """It counts as a controllable load of § 14a EnWG."""
    rated: Magnitude = 0.0
    """W."""
    expected: Annotated[list[Magnitude], Field(description="a list of 24 numbers >= 0, or none")] = Field(default=[])
    """W in each hour of a day (UTC) where nothing better is known; left out: `base`."""


class SiteFile(Table):
    """A site."""

    name: Text = "site"
    """For people."""
    policy: Annotated[str, Field(pattern=f"^({'|'.join(STATION)})$", description=f"one of {', '.join(STATION)}")] = "equal_share"
    """How power is shared."""
    margin: Share = 0.97
    """Part of each limit that is given away."""
    circuit: Annotated[list[CircuitTable], Field(min_length=1, description="at least one [[circuit]] table")]
    """The tree that power flows through."""
    evse: Annotated[list[OutletTable], Field(min_length=1, description="at least one [[evse]] table")]
    """The outlets."""
    battery: Annotated[list[BatteryTable], Field(description="[[battery]] tables")] = Field(default=[])
    """Stationary batteries."""
    pv: Annotated[list[PvTable], Field(description="[[pv]] tables")] = Field(default=[])
    """Photovoltaics."""
    load: Annotated[list[LoadTable], Field(description="[[load]] tables")] = Field(default=[])
    """Other loads."""
    tariff: Annotated[TariffTable | None, Field(description="a table")] = None
    """Prices; without them there are no plans."""
    log: Text | None = None
    """Every second's inputs and set-points are kept in this file, for `chargeloop site explain` and `replay`."""
    log_size: Positive = 64.0
    """MB of the file; then it becomes its neighbour `.1`, and a new one begins."""


class SiteSettings(Value, kw_only=True):
    """What a site's file says."""

    site: Site
    policy: str
    remote: frozenset[str]
    """Outlets of other chargers."""
    tariff: SiteTariff | None
    load: dict[str, tuple[Watt, ...]]
    """Expected in each hour of a day (UTC), by circuit."""
    pv: dict[str, tuple[Watt, ...]]
    """The same, by plant."""
    meters: dict[tuple[str, str], Mains]
    """What is read by ourselves: of a "circuit", "battery" or "pv", by its name."""
    log: Path | None
    log_size: int
    """Bytes."""


def load(path: Path, outlets: Iterable[str] | None = None) -> SiteSettings:
    """The site in the file `path`. `outlets`: those of the charger that leads it; None: nobody's. Raises LocalError."""
    file = read(path, SiteFile)
    _connected(path, file)
    try:
        site = _site(file)
    except LocalError as error:
        raise LocalError(f"{path}: {error}") from None
    _carried(path, site, file)
    own = [evse.name for evse in file.evse if not evse.remote]
    if outlets is not None:
        known = list(outlets)
        for i, evse in enumerate(file.evse):
            if not evse.remote and evse.name not in known:
                raise LocalError(
                    f"{path}: evse[{i}].name: {evse.name!r}; allowed: those of the charger, {', '.join(known)}, or remote = true"
                )
        if missing := sorted(set(known) - set(own)):
            raise LocalError(f"{path}: evse: without {', '.join(missing)} of the charger; allowed: each of its outlets")
    log = None if file.log is None else path.parent / file.log
    if log is not None and (log.is_dir() or not log.parent.is_dir()):
        raise LocalError(f"{path}: log: {file.log!r} can be no file; allowed: a file in a folder that is there")
    return SiteSettings(
        site=site,
        policy=file.policy,
        remote=frozenset(evse.name for evse in file.evse if evse.remote),
        tariff=site_tariff(path, file.tariff),
        load=_expected(path, file),
        pv={pv.name: _hours(path, f"pv[{i}]", pv.expected) for i, pv in enumerate(file.pv) if pv.expected},
        meters=meters(path, {"circuit": file.circuit, "battery": file.battery, "pv": file.pv}),
        log=log,
        log_size=round(file.log_size * 1e6),
    )


def _connected(path: Path, file: SiteFile) -> None:
    """Names lead somewhere, and all the way up to one connection. Raises LocalError."""
    parents = {circuit.name: circuit.parent for circuit in file.circuit}
    roots = [name for name, parent in parents.items() if parent is None]
    names = ", ".join(parents)
    for i, circuit in enumerate(file.circuit):
        chain = [circuit.name]
        while (parent := parents[chain[-1]]) is not None:
            if parent not in parents:
                raise LocalError(f"{path}: circuit[{i}].parent: {parent!r}; allowed: one of the circuits, {names}")
            chain.append(parent)
            if parent in chain[:-1]:
                raise LocalError(f"{path}: circuit[{i}].parent: a loop, {' -> '.join(chain)}; allowed: a tree")
    if len(roots) != 1:
        raise LocalError(f"{path}: circuit: {len(roots)} without a parent; allowed: one, the connection to the grid")
    devices: list[tuple[str, Sequence[OutletTable | BatteryTable | PvTable | LoadTable]]] = [
        ("evse", file.evse),
        ("battery", file.battery),
        ("pv", file.pv),
        ("load", file.load),
    ]
    for key, tables in devices:
        for i, table in enumerate(tables):
            if table.circuit not in parents:
                raise LocalError(f"{path}: {key}[{i}].circuit: {table.circuit!r}; allowed: one of the circuits, {names}")
    for i, evse in enumerate(file.evse):
        if len(set(evse.phases)) < len(evse.phases):
            raise LocalError(f"{path}: evse[{i}].phases: {evse.phases}; allowed: one to three different ones of 1, 2 and 3")


def _site(file: SiteFile) -> Site:
    return Site(
        name=file.name,
        circuits=tuple(_circuit(circuit) for circuit in file.circuit),
        evses=tuple(_evse(outlet) for outlet in file.evse),
        batteries=tuple(
            Battery(**{**_renamed(b), "capacity": b.capacity * KWH, "floor": b.floor / 100.0, "ceiling": b.ceiling / 100.0})
            for b in file.battery
        ),
        pvs=tuple(Pv(name=pv.name, circuit=pv.circuit, peak=pv.peak, curtailable=pv.curtailable) for pv in file.pv),
        loads=tuple(
            Load(name=load.name, circuit=load.circuit, controllable=load.controllable, rated=max(load.rated, load.base))
            for load in file.load
        ),
        margin=file.margin,
    )


def _circuit(table: CircuitTable) -> Circuit:
    return Circuit(**{**_renamed(table, tenant="share"), "metered": table.metered or table.meter is not None})


def _evse(table: OutletTable) -> Evse:
    least = min(LEAST, table.current)
    return Evse(
        name=table.name,
        circuit=table.circuit,
        lines=tuple(phase - 1 for phase in table.phases),
        dc=table.dc,
        least=least,
        most=table.current,
        charge=table.charge if table.dc else min(table.charge, table.current * VOLTAGE * len(table.phases)),
        discharge=table.discharge,
        efficiency=table.efficiency,
        weight=table.weight,
        priority=table.priority,
        switches=table.switches,
        failsafe=table.failsafe,
    )


def _renamed(table: Table, **words: str) -> dict[str, Any]:
    return {words.get(key, key): value for key, value in table.model_dump(exclude={"meter"}).items()}


def _carried(path: Path, site: Site, file: SiteFile) -> None:
    """What is always used has to be within every limit above it. Raises LocalError."""
    for circuit in site.circuits:
        base = sum(load.base for load in file.load if circuit in tuple(site.above(load.circuit)))
        fuse = None if circuit.fuse is None else circuit.fuse * VOLTAGE * 3
        for key, limit in (("import_limit", circuit.import_limit), ("transformer", circuit.transformer), ("fuse", fuse)):
            if limit is not None and limit * site.margin < base:
                index = [table.name for table in file.circuit].index(circuit.name)
                raise LocalError(
                    f"{path}: circuit[{index}].{key}: {limit:g} W with its margin are less than the {base:g} W that are always used below; "
                    "allowed: more than the base of all loads"
                )


def _expected(path: Path, file: SiteFile) -> dict[str, tuple[Watt, ...]]:
    expected: dict[str, tuple[Watt, ...]] = {}
    for i, load in enumerate(file.load):
        hours = _hours(path, f"load[{i}]", load.expected) if load.expected else (load.base,) * 24
        before = expected.get(load.circuit, (0.0,) * 24)
        expected[load.circuit] = tuple(a + b for a, b in zip(before, hours, strict=True))
    return expected


def _hours(path: Path, key: str, values: list[float]) -> tuple[Watt, ...]:
    if len(values) != 24:
        raise LocalError(f"{path}: {key}.expected: {len(values)} numbers; allowed: 24, one for each hour of the day (UTC)")
    return tuple(values)
