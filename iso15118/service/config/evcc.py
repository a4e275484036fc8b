"""A car's file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from iso15118.energy import Offer, Slot
from iso15118.errors import LocalError
from iso15118.sequence.timers import STANDARD
from iso15118.service.car import CarConfig, Leg
from iso15118.service.config.der import InverterTable
from iso15118.service.config.lenience import CarLenience, lenience
from iso15118.service.config.plug_and_charge import CarContractsTable, car_contracts
from iso15118.service.config.tls import CarTlsTable, credentials_of, insecure
from iso15118.service.config.toml import (
    Flag,
    Identity,
    LevelName,
    LoopTimeout,
    Magnitude,
    Modes,
    Percent,
    Positive,
    Services,
    Table,
    Text,
    both_modes,
    both_services,
    interface,
    read,
)
from iso15118.service.config.variants import Needs, Pricings, once, pricings
from iso15118.service.config.wanted import CarParkingTable, Wanted, car_parking, wanted
from iso15118.session import evcc
from iso15118.session.services import BIDIRECTIONAL, ControlMode, ServiceID
from iso15118.sim.battery import NMC_CELL, Battery
from iso15118.sim.onboard import OnBoardCharger
from iso15118.sim.vehicle import Trip
from iso15118.tariff import Rule, Stack
from iso15118.value import Value, replace

if TYPE_CHECKING:
    from iso15118.service.tls.engine import Credentials


class BatteryTable(Table):
    """The car's battery; `voltage` at half charge, V; `capacity` in Wh."""

    capacity: Positive = 60_000.0
    """Wh."""
    soc: Percent = 50.0
    """Percent, at the start."""
    voltage: Positive = 360.0
    """V, at half charge."""
    charge_current: Magnitude = 250.0
    """A, most."""
    discharge_current: Magnitude = 150.0
    """A, most."""


class OnboardTable(Table):
    """The car's on-board charger: apparent power of all phases together, VA; A in each phase; var of all together."""

    phases: Annotated[Literal[1, 3], Field(description="1 or 3")] = 3
    """Of the mains that it takes."""
    power: Positive = 11_000.0
    """VA, of all phases together."""
    current: Positive = 16.0
    """A, in each phase."""
    reactive: Magnitude = 5_000.0
    """var, most, of all together."""
    efficiency: Annotated[float, Field(gt=0, le=1, description="a number above 0 and up to 1")] = 0.94
    """Between mains and battery, either way."""


class LegTable(Table):
    """A part of the plan: W for seconds."""

    seconds: Positive
    """s of the charge loop."""
    power: Annotated[float, Field(allow_inf_nan=False, description="a finite number, negative to discharge")]
    """W, + into the car."""


class BreakTable(Table):
    """A rest by the car's own plan: after so many exchanges of the charge loop, for so many seconds."""

    after_loops: Annotated[int, Field(ge=1, description="a whole number >= 1")]
    """Exchanges of the charge loop before it."""
    seconds: Positive
    """s of rest."""

    @property
    def value(self) -> evcc.Break:
        """The same as the session takes it."""
        return evcc.Break(self.after_loops, self.seconds)


class WindowTable(Table):
    """States of charge between which the battery may be cycled."""

    min_soc: Percent
    """Percent."""
    max_soc: Percent
    """Percent."""


class OfferTable(Table):
    """What the car offers to give, W for s, and what a kWh has to bring it."""

    power: Positive
    """W, most."""
    seconds: Annotated[float, Field(ge=1, le=2**32 - 1, description="1..4294967295 s")] = 86_400.0
    """s, from now."""
    asks: Annotated[float, Field(allow_inf_nan=False, description="a finite number, for a kWh")] = 0.0
    """Money for a kWh."""
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", description='a code of three capital letters, such as "EUR"')] = "EUR"
    """Of the fee."""


class CarTable(Table):
    """What a car is and wants."""

    evcc_id: Identity = evcc.Config().evcc_id
    """The EVCCID that the charger is told."""
    services: Services = Field(default_factory=both_services)
    """Wanted, the best first."""
    control_modes: Modes = Field(default_factory=both_modes)
    """Wanted, the best first."""
    mobility_needs: Needs = Field(default=[1, 2])
    """Who knows when the car leaves; 2 only where the charger steers."""
    pricing: Pricings = Field(default=["none", "absolute", "levels"])
    """The form of prices wanted, the best first."""
    value_added: Wanted = Field(default=[])
    """Services wanted beside energy."""
    parking: Annotated[CarParkingTable, Field(description="a table")] = CarParkingTable()
    """How the car gets to its parking space."""
    battery: Annotated[BatteryTable, Field(description="a table")] = BatteryTable()
    """The battery."""
    onboard: Annotated[OnboardTable, Field(description="a table")] = OnboardTable()
    """The on-board charger, for alternating current."""
    inverter: Annotated[InverterTable, Field(description="a table")] = InverterTable()
    """What it can do for the grid."""
    target_soc: Percent = 80.0
    """Percent, wanted at departure."""
    min_soc: Percent = 20.0
    """Percent; charged at once where it is below."""
    max_soc: Percent = 100.0
    """Percent, never above."""
    v2x: Annotated[WindowTable | None, Field(description="a table")] = None
    """Within it the battery may be cycled for the site."""
    departure: Annotated[float | None, Field(gt=0, allow_inf_nan=False, description="seconds from the start, > 0")] = None
    """When the car leaves."""
    pause: Annotated[BreakTable | None, Field(description="a table {after_loops = ..., seconds = ...}")] = None
    """Under a schedule only: when the charger steers, it has to ask."""
    standby: Annotated[BreakTable | None, Field(description="a table {after_loops = ..., seconds = ...}")] = None
    """A rest by its own plan with the contactor closed."""
    on_pause: Annotated[str, Field(pattern=r"^(pause|standby)$", description='"pause" or "standby"')] = "pause"
    """How the charger's wish for a pause is followed."""
    renew_schedule_after: Annotated[int | None, Field(ge=1, description="a whole number >= 1")] = None
    """Exchanges of the charge loop before it negotiates its schedule anew."""
    loops: Annotated[int | None, Field(ge=1, description="a whole number >= 1")] = None
    """Exchanges of the charge loop, then stop."""
    schedule_choice: Annotated[Literal["first", "most_energy", "cheapest"], Field(description='"first", "most_energy" or "cheapest"')] = (
        "first"
    )
    """Which of the schedules on offer it takes."""
    give_back: Flag = False
    """With "cheapest": energy is given in the dearest slots where charging it anew costs less."""
    energy_offer: Annotated[OfferTable | None, Field(description="a table")] = None
    """What it offers to give, and for what."""
    plan: Annotated[list[LegTable], Field(default_factory=list, description="a list of {seconds = ..., power = ...}")]
    """What to ask for, one after the other; without it as fast as it goes, to target_soc."""
    charge_loop_timeout: LoopTimeout = STANDARD.charge_loop
    """So long the charger may be silent in the charge loop, s: for slow chargers on a bench."""
    lenience: Annotated[CarLenience, Field(description="a table")] = CarLenience()  # type: ignore[valid-type]
    """Deviations of chargers: `connector_three = "refuse"` and so on."""


class EvccFile(CarTable):
    """A car on its own."""

    interface: Text
    """The network interface where chargers are looked for."""
    tls: Annotated[CarTlsTable | None, Field(description="a table")] = None
    """Certificates for TLS 1.3."""
    plug_and_charge: Annotated[CarContractsTable | None, Field(description="a table")] = None
    """Its contracts."""
    insecure_plain_tcp: Flag = False
    """ISO 15118-20 without TLS: on a test bench, never on a street."""
    log_level: Annotated[LevelName, Field(description='"debug", "info", "warning" or "error"')] = "info"
    """From which level on the log is shown."""
    record: Text | None = None
    """The session is kept in this file, for `chargeloop replay`."""


class EvccSettings(Value):
    """What a car's file says."""

    car: CarConfig
    log_level: str
    record: Path | None
    tls: Credentials | None = None
    """What it brings to a handshake; None: it speaks without TLS."""


def load(path: Path) -> EvccSettings:
    """The car in the file `path`. Raises LocalError."""
    file = read(path, EvccFile)
    insecure(path, file.insecure_plain_tcp, file.tls)
    interface(path, "interface", file.interface)
    record = None if file.record is None else path.parent / file.record
    car = with_contracts(path, car_of(f"{path}: ", file, file.interface), file.plug_and_charge, file.tls)
    car = replace(car, session=replace(car.session, plain_tcp=file.insecure_plain_tcp))
    return EvccSettings(car, file.log_level, record, credentials_of(path, file.tls, "vehicle"))


def with_contracts(path: Path, car: CarConfig, table: CarContractsTable | None, tls: CarTlsTable | None) -> CarConfig:
    """The car with the contracts that a table of the file `path` names. Raises LocalError."""
    if (contracts := car_contracts(path, table, tls)) is None:
        return car
    wish, held = contracts
    return replace(car, session=replace(car.session, plug_and_charge=wish), wallet=held)


def car_of(where: str, file: CarTable, interface: str) -> CarConfig:
    """The car that a table describes, on `interface`. Raises LocalError, its line beginning with `where`: the file, and the table in it."""
    if not file.min_soc < file.max_soc:
        raise LocalError(f"{where}min_soc: {file.min_soc:g}; allowed: below max_soc, {file.max_soc:g}")
    if not file.min_soc <= file.target_soc <= file.max_soc:
        raise LocalError(f"{where}target_soc: {file.target_soc:g}; allowed: {file.min_soc:g}..{file.max_soc:g} (min_soc..max_soc)")
    if file.v2x is not None and not file.v2x.min_soc < file.v2x.max_soc:
        raise LocalError(f"{where}v2x.min_soc: {file.v2x.min_soc:g}; allowed: below v2x.max_soc, {file.v2x.max_soc:g}")
    for key in ("services", "control_modes", "mobility_needs", "pricing"):
        once(f"{where}{key}", getattr(file, key))
    once(f"{where}inverter.functions", file.inverter.functions)
    services = tuple(ServiceID[name] for name in file.services)
    session = evcc.Config(
        evcc_id=file.evcc_id,
        services=services,
        control_modes=tuple(ControlMode[name.upper()] for name in file.control_modes),
        mobility_needs=tuple(file.mobility_needs),
        pricing=pricings(file.pricing),
        schedule_choice=evcc.ScheduleChoice[file.schedule_choice.upper()],
        give_back=file.give_back,
        energy_offer=_offer(file.energy_offer),
        value_added=wanted(file.value_added),
        parking=car_parking(file.parking),
        loops=file.loops,
        pause=None if file.pause is None else file.pause.value,
        standby=None if file.standby is None else file.standby.value,
        on_pause=evcc.Rest(file.on_pause),
        renew_schedule_after=file.renew_schedule_after,
        der_functions=file.inverter.bits,
        inverter=file.inverter.value,
        lenience=lenience(file.lenience),
        times=STANDARD._replace(charge_loop=file.charge_loop_timeout),
    )
    trip = Trip(
        departure=file.departure,
        target_soc=file.target_soc,
        min_soc=file.min_soc,
        max_soc=file.max_soc,
        v2x_min_soc=None if file.v2x is None else file.v2x.min_soc,
        v2x_max_soc=None if file.v2x is None else file.v2x.max_soc,
        bidirectional=not BIDIRECTIONAL.isdisjoint(services),
    )
    return CarConfig(
        name=file.evcc_id,
        interface=interface,
        session=session,
        battery=_battery(file.battery),
        onboard=partial(OnBoardCharger, **dict(file.onboard)),
        trip=trip,
        plan=tuple(Leg(leg.seconds, leg.power) for leg in file.plan),
    )


def _offer(table: OfferTable | None) -> Offer | None:
    """A fee asked is owed to the car, so negative."""
    if table is None:
        return None
    slots, stacks = (Slot(table.seconds, 0.0, table.power),), (Stack(table.seconds, (Rule(-table.asks),)),)
    return Offer(0.0, slots, stacks, table.currency)


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
