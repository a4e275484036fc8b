"""A charger that leads a site: its outlets, and what is said to the site from outside.

    {"site": {"meter": "grid", "currents": [12.1, 9.8, 14.0]}}
    {"site": {"signal": "dso", "kind": "import_limit", "value": 40000, "expires": 120, "failsafe": 4200}}

docs/site.md tells what there is to say at the control socket. Neighbours: `site`, `control_socket`.
"""

from __future__ import annotations

import time
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any, Final, Self

from iso15118.errors import LocalError
from iso15118.grid.flexibility import envelope
from iso15118.grid.planning import SitePlan
from iso15118.grid.policies import policy
from iso15118.grid.prices import Demand
from iso15118.grid.signals import Kind, Rank, Signal
from iso15118.hal.modbus.mains import MainsMeter
from iso15118.service.config.site import SiteSettings
from iso15118.service.log import Log
from iso15118.service.planner import Planner
from iso15118.service.site import SiteController
from iso15118.service.site_log import SiteLog, Story
from iso15118.service.site_outlet import RemoteOutlet, StationOutlet
from iso15118.service.site_parties import Expected
from iso15118.service.station import Station

SIGNAL: Final = {"signal", "kind", "value", "node", "begins", "ends", "expires", "failsafe", "rank", "source"}


class Leading:
    """From `start` to the end of the block that it is the context of."""

    def __init__(self, station: Station, settings: SiteSettings, *, log: Log | None = None) -> None:
        """Raises LocalError where the policy is none for a station."""
        self._station, self._settings, self._log = station, settings, log or Log()
        self._planner = None if policy(settings.policy).objective is None else Planner()
        self._meters: dict[tuple[str, str], MainsMeter] = {}
        self._scribe: SiteLog | None = None
        self._site: SiteController | None = None
        if self._planner is not None and settings.tariff is None:
            raise LocalError(f"policy {settings.policy}: without prices; allowed: with a table tariff in the site's file")

    def start(self) -> None:
        """Lead the outlets, which listen by now."""
        settings = self._settings
        plan = charged = None
        if settings.log is not None:
            if settings.tariff is not None:
                plan, charged = self._before(settings.log)
            self._scribe = SiteLog(settings.log, settings.site, settings.policy, size=settings.log_size, log=self._log)
        self._meters = {at: MainsMeter(mains) for at, mains in settings.meters.items()}
        own = [status.name for status in self._station.status()]
        outlets = {name: StationOutlet(self._station.evse(name), begun=partial(self._begun, name)) for name in own}
        self._site = SiteController(
            settings.site,
            {**outlets, **{name: RemoteOutlet() for name in sorted(settings.remote)}},
            name=settings.policy,
            market=settings.tariff,
            outlook=Expected(load=settings.load, pv=settings.pv).outlook,
            planner=self._planner,
            charged=charged,
            meters=self._meters,
            scribe=self._scribe,
            log=self._log,
        )
        self._site.plan = plan
        self._site.start()
        self._log.info("site", f"site {settings.site.name}: {len(own)} outlets are led by {settings.policy}")

    def _before(self, path: Path) -> tuple[SitePlan | None, Demand | None]:
        """What was in force when the site was led last: the plan, which holds by its age, and the demand charge with its peak."""
        try:
            story, site = Story(path) if path.exists() else None, self._settings.site
            if story is not None and story.site.root.name == site.root.name:
                return story.last_plan() if self._planner is not None and story.site == site else None, story.last_demand()
        except LocalError as error:
            self._log.warning("site", f"site log: {error}")
        return None, None

    def _begun(self, name: str) -> None:
        if self._site is not None:
            self._site.begun(name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *whatever: object) -> None:
        if self._site is not None:
            self._site.stop()
        for meter in self._meters.values():
            meter.close()
        if self._planner is not None:
            await self._planner.close()
        if self._scribe is not None:
            self._scribe.close()

    def obey(self, told: Any) -> object:
        """Do what is said at the control socket. Raises LocalError on what cannot be done."""
        site = self._site
        if site is None or not isinstance(told, dict):
            raise LocalError(f"site: {told!r}; allowed: an object, once outlets listen")
        match told:
            case {"meter": str(circuit), "currents": [*currents]} if len(told) == 2:
                site.measured(circuit, _lines(currents))
            case {"generated": str(pv), "power": power} if len(told) == 2:
                _one_of("photovoltaics", pv, [plant.name for plant in site.site.pvs])
                site.generated(pv, _number("power", power))
            case {"charging": str(battery), "power": power} if len(told) == 2:
                _one_of("battery", battery, [one.name for one in site.site.batteries])
                site.charging(battery, _number("power", power))
            case {"stored": str(battery), "energy": energy} if len(told) == 2:
                _one_of("battery", battery, [one.name for one in site.site.batteries])
                site.stored(battery, _number("energy", energy))
            case {"signal": str()} if set(told) <= SIGNAL:
                site.signal(_signal(told))
            case {"withdraw": str(id)} if len(told) == 1:
                site.withdraw(id)
            case {"charge_now": str(evse)} if len(told) == 1:
                site.charge_now(evse)
            case {"flexibility": True} if len(told) == 1:
                return flexibility(site)
            case {"status": True} if len(told) == 1:
                return status(site)
            case _:
                raise LocalError(f"site: {', '.join(map(str, told))}; allowed: what docs/site.md lists")
        return True


def status(site: SiteController) -> dict[str, Any]:
    """The site at this moment, in plain words."""
    done, known = site.done, site.known
    if done is None or known is None:
        return {"site": site.site.name, "policy": site.policy}
    return {
        "site": site.site.name,
        "policy": done.footing.policy,
        "why": done.footing.why,
        "silent": dict(done.silent),
        "meters": {
            name: {"currents": [round(current, 2) for current in reading.currents], "age": round(known.now - reading.at, 1)}
            for name, reading in sorted(known.meters.items())
        },
        "generated": round(known.generation, 1),
        "outlets": {
            name: {
                "power": round(site.looked[name].power, 1),
                "charge": round(told.charge, 1),
                "discharge": round(told.discharge, 1),
                "why": told.why,
                "renegotiated": site.renegotiated.get(name, 0),
            }
            for name, told in site.budgets.items()
        },
        "batteries": {name: round(power, 1) for name, power in done.batteries.items()},
        "signals": [signal.id for signal in site.signals],
    }


def flexibility(site: SiteController) -> dict[str, Any]:
    """Between what the site can move, in the steps of its plan: for an aggregator. Raises LocalError without a plan."""
    if site.plan is None or site.question is None:
        raise LocalError("site: no plan, and so no flexibility; allowed: under a policy that plans")
    found = envelope(site.question, site.plan)
    return {field: [round(value, 1) for value in getattr(found, field)] for field in type(found).__fields__}


def _signal(told: dict[str, Any]) -> Signal:
    """A limit, a set-point or the like; `begins`, `ends` and `expires` in s from now."""
    now = time.time()
    try:
        kind = Kind(told.get("kind", Kind.IMPORT_LIMIT))
    except ValueError:
        raise LocalError(f"site: kind {told['kind']!r}; allowed: {', '.join(Kind)}") from None
    ranks = {rank.name.lower(): rank for rank in Rank}
    if (rank := told.get("rank", "site")) not in ranks:
        raise LocalError(f"site: rank {rank!r}; allowed: {', '.join(ranks)}")
    later = {key: now + _number(key, told[key]) for key in ("begins", "ends", "expires") if key in told}
    return Signal(
        id=told["signal"],
        source=str(told.get("source", "control socket")),
        kind=kind,
        value=_number("value", told.get("value")),
        node=str(told.get("node", "")),
        start=later.get("begins", 0.0),
        end=later.get("ends", float("inf")),
        expires=later.get("expires", float("inf")),
        failsafe=None if told.get("failsafe") is None else _number("failsafe", told["failsafe"]),
        rank=ranks[rank],
        received=now,
    )


def _one_of(what: str, name: str, names: list[str]) -> None:
    if name not in names:
        raise LocalError(f"site: no {what} {name!r}; allowed: {', '.join(names) or 'none is there'}")


def _lines(currents: list[Any]) -> tuple[float, float, float]:
    if len(currents) != 3:
        raise LocalError(f"site: currents {currents!r}; allowed: three numbers, A in L1, L2 and L3, + import")
    l1, l2, l3 = (_number("currents", current) for current in currents)
    return l1, l2, l3


def _number(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise LocalError(f"site: {key} {value!r}; allowed: a finite number")
    return float(value)
