"""The demo's trust: a PKI made on the spot, TLS between car and charger, and a contract that pays. Keys live in memory only."""

from __future__ import annotations

import time

from iso15118.service.car import CarConfig
from iso15118.service.evse_config import EvseConfig
from iso15118.service.fresh import FreshContracts
from iso15118.service.pair import Secured
from iso15118.service.tls.choose import engine
from iso15118.service.tls.store import of_tree
from iso15118.session import evcc, secc
from iso15118.units import MICROSECONDS
from iso15118.value import replace


def trusted(evse: EvseConfig, car: CarConfig, *, contract: bool) -> tuple[int, EvseConfig, CarConfig, Secured]:
    """When the session begins (us since the epoch: certificates are valid in real time), both sides, and their TLS."""
    now = int(time.time() * MICROSECONDS)
    made = FreshContracts(clock=lambda: now, beside=False)
    tls = Secured(engine().context(of_tree(made.tree, "secc"), server=True), engine().context(of_tree(made.tree, "vehicle"), server=False))
    evse = replace(evse, session=replace(evse.session, plain_tcp=False))
    car = replace(car, session=replace(car.session, plain_tcp=False))
    if contract:
        evse = replace(
            evse, session=replace(evse.session, plug_and_charge=secc.PlugAndCharge()), contracts=made.desk, authorised_after=None
        )
        car = replace(car, session=replace(car.session, plug_and_charge=evcc.PlugAndCharge()), wallet=made.wallet())
    return now, evse, car, tls
