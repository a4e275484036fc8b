"""The grid code of an outlet by the station's API: who is asked, and what cannot be."""

from __future__ import annotations

import pytest

from iso15118.der.words import DerFunctions, DsoSetpoint, GridCode, VoltWatt
from iso15118.errors import LocalError
from iso15118.hal.board import AC_BOARD
from iso15118.service.evse_config import EvseConfig
from iso15118.service.station import Station, StationConfig
from iso15118.session import secc
from iso15118.session.services import ServiceID, Variants, service_of
from iso15118.value import replace
from tests.der.grid_codes import protection

CODE = GridCode(volt_watt=VoltWatt(250.0, 260.0), protection=protection())


def outlet(service: ServiceID, code: GridCode | None = CODE) -> EvseConfig:
    functions = DerFunctions.VOLT_WATT if service is ServiceID.AC_DER_IEC else None
    offered = service_of(service) if functions is None else service_of(service, variants=Variants(der_functions=functions))
    return EvseConfig(name="one", board=AC_BOARD, session=secc.Config(services=(offered,)), grid_code=code)


async def served(evse: EvseConfig) -> Station:
    station = Station(StationConfig(evses=(evse,), sdp_port=0))
    await station.start()
    return station


async def test_a_grid_code_and_a_demand_reach_the_outlet() -> None:
    station = await served(outlet(ServiceID.AC_DER_SAE))
    other = replace(CODE, volt_watt=None)
    station.set_grid_code("one", other)
    station.set_dso_setpoint("one", DsoSetpoint(reactive=1e3))
    snapshot = station.evse("one").snapshot()
    assert (snapshot.grid_code, snapshot.dso) == (other, DsoSetpoint(reactive=1e3))
    with pytest.raises(LocalError, match="protection: missing"):
        station.set_grid_code("one", GridCode())
    assert station.evse("one").snapshot().grid_code == other
    await station.stop("the test is over", grace=0)


async def test_an_outlet_without_a_grid_code_gets_none() -> None:
    station = await served(outlet(ServiceID.AC_BPT, None))
    with pytest.raises(LocalError, match="allowed: where one is configured"):
        station.set_grid_code("one", CODE)
    await station.stop("the test is over", grace=0)
