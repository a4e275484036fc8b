"""What goes wrong in metal, and what people do, as a table like that of `matrix`: when, what, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from iso15118.energy import Authorisation
from iso15118.power import Pilot
from iso15118.testing import Charger, Driver
from iso15118.value import Value
from tests.pair.kinds import KINDS, Kind
from tests.pair.rows import Borne, Ends, Outcome, Refused


class Event(Value):
    """One of them."""

    cases: str
    at: str
    """It happens when this message has been exchanged; "": before the car comes. `*` stands for AC or DC."""
    deed: Callable[[Charger, Driver], None]
    outcome: Outcome
    on: str = ""
    """Words that a kind must have (`Kind.words`)."""
    by_charger: bool = True
    """Whose doing it is: the other side is asked how the session ended."""

    def kinds(self) -> list[Kind]:
        return [kind for kind in KINDS if kind.words.issuperset(self.on.split())]

    def __str__(self) -> str:
        return f"{self.cases.replace(' ', '_')}-{self.at}-{self.deed.__name__}"


def broken(**faults: Any) -> Callable[[Charger, Driver], None]:
    """Metal with these faults (`SimulatedFaults`)."""

    def deed(charger: Charger, driver: Driver) -> None:
        for name, value in faults.items():
            setattr(charger.faults, name, value)

    deed.__name__ = "_".join(faults)
    return deed


def stopped(charger: Charger, driver: Driver) -> None:
    charger.evse.stop("closing time")


def tripped(charger: Charger, driver: Driver) -> None:
    charger.evse.trip()


def refused(charger: Charger, driver: Driver) -> None:
    charger.evse.authorise(Authorisation.REFUSED)


def left(charger: Charger, driver: Driver) -> None:
    driver.stop()


def unplugged(charger: Charger, driver: Driver) -> None:
    driver.unplug()


LOOP: Final = "*_ChargeLoopRes"
PARTS: Final = ("AuthorizationRes", "ServiceDetailRes", "ScheduleExchangeRes")
EVENTS: Final = [
    Event("CAB-01", "ScheduleExchangeRes", broken(pilot=Pilot.B), Refused("FAILED", "DC_CableCheckReq"), "DC", by_charger=False),
    Event("CAB-02", "ScheduleExchangeRes", broken(insulation=1e3), Refused("FAILED", "DC_CableCheckReq"), "DC", by_charger=False),
    Event(
        "CAB-03", "ScheduleExchangeRes", broken(contactor_stuck_open=True), Refused("FAILED", "DC_CableCheckReq"), "DC", by_charger=False
    ),
    Event("PRE-04", "DC_CableCheckRes", broken(voltage_gain=0.5), Ends(), "DC"),
    Event("", "DC_CableCheckRes", broken(supply_dead=True), Refused("FAILED"), "DC", by_charger=False),
    Event("PWR-06", "ScheduleExchangeRes", broken(contactor_stuck_open=True), Refused("FAILED_ContactorError"), "AC", by_charger=False),
    Event("PWR-07", "ScheduleExchangeRes", broken(grid_lost=True), Refused("FAILED_PowerDeliveryNotApplied"), "AC", by_charger=False),
    Event("PWR-08", "ScheduleExchangeRes", broken(pilot=Pilot.B), Refused("FAILED"), "AC", by_charger=False),
    Event("", LOOP, broken(residual_current=True), Refused("FAILED"), "AC", by_charger=False),
    Event("", LOOP, broken(grid_lost=True), Borne(), "AC"),
    Event("", LOOP, broken(insulation=1e3), Refused("FAILED"), "DC", by_charger=False),
    Event("", LOOP, broken(supply_dead=True), Refused("FAILED"), "DC", by_charger=False),
    Event("", LOOP, broken(telemetry_frozen=True), Refused("FAILED"), by_charger=False),
    Event("", LOOP, broken(contactor_stuck_open=True), Refused("FAILED"), by_charger=False),
    Event("", LOOP, broken(pilot=Pilot.E), Refused("FAILED"), by_charger=False),
    Event("", LOOP, broken(vehicle_stuck_open=True), Borne(), "DC"),
    Event("NOT-01 NOT-02", LOOP, stopped, Borne()),
    Event("", LOOP, tripped, Refused("FAILED"), by_charger=False),
    Event("", LOOP, left, Borne()),
    Event("", LOOP, unplugged, Ends(), by_charger=False),
    *(Event("", at, unplugged, Ends(), by_charger=False) for at in PARTS),
    *(Event("", at, stopped, Refused("FAILED"), by_charger=False) for at in PARTS[:2]),
    Event("", "ScheduleExchangeRes", stopped, Refused("FAILED_PowerDeliveryNotApplied"), "AC", by_charger=False),
    Event("", "ScheduleExchangeRes", stopped, Refused("FAILED"), "DC", by_charger=False),
    *(Event("", at, left, Borne()) for at in PARTS),
]
