"""Whole sessions in virtual time: what is negotiated and chosen, and what comes of a car and a charger that have nothing in common."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.messages.v20.parking import EVCheckInStatus, EVCheckOutStatus
from iso15118.sequence.phases import Phase
from iso15118.service.car import CarConfig
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import Pair, PairResult, run_pair
from iso15118.service.seen import Direction, Exchanged, Seen
from iso15118.service.virtual import run
from iso15118.session import evcc, secc
from iso15118.session.services import BptChannel, ControlMode, ParameterSet, Pricing, ServiceID, Variants, service_of
from iso15118.session.value_added import WantedVas, internet, parking_status

S, D = ControlMode.SCHEDULED, ControlMode.DYNAMIC
MANY = Variants(mobility_needs=(1, 2), pricing=tuple(Pricing), bpt_channels=tuple(BptChannel))
RICH = secc.Config(services=(service_of(ServiceID.DC_BPT, variants=MANY), service_of(ServiceID.DC, (D, S), MANY)))


def session(charger: secc.Config, car: evcc.Config) -> tuple[PairResult, Any]:
    """What came of it, and the charger's session as it ended."""
    pairs: list[Pair] = []
    result = run_pair(EvseConfig(session=charger), CarConfig(session=car), prepare=pairs.append)
    assert pairs[0].charger is not None
    return result, pairs[0].charger.session


@pytest.mark.case("SVC-15")
@pytest.mark.parametrize(
    ("service", "wish", "expected"),
    [
        (ServiceID.DC_BPT, {"control_modes": (D, S), "mobility_needs": (2, 1)}, (D, 2, Pricing.NONE)),
        (ServiceID.DC_BPT, {"control_modes": (D,), "pricing": (Pricing.LEVELS,)}, (D, 1, Pricing.LEVELS)),
        (ServiceID.DC_BPT, {"control_modes": (S, D), "pricing": (Pricing.ABSOLUTE, Pricing.NONE)}, (S, 1, Pricing.ABSOLUTE)),
        (ServiceID.DC, {"control_modes": (S,), "mobility_needs": (2,), "pricing": (Pricing.LEVELS,)}, (S, 1, Pricing.LEVELS)),
    ],
)
def test_the_car_s_own_preference_decides(service: ServiceID, wish: dict[str, Any], expected: tuple[ControlMode, int, Pricing]) -> None:
    result, charger = session(RICH, evcc.Config(services=(service,), loops=10, **wish))
    assert result.clean
    chosen: ParameterSet = charger.parameters
    assert charger.service.id is service
    assert (chosen.control_mode, chosen.mobility_needs, chosen.pricing) == expected
    assert chosen.bpt_channel in (None, BptChannel.UNIFIED)


@pytest.mark.case("SAP-07", "SAP-11")
@pytest.mark.parametrize(("offered", "wanted"), [(ServiceID.AC, ServiceID.DC), (ServiceID.DC, ServiceID.AC_BPT)])
def test_without_a_protocol_in_common_both_end_and_the_next_car_is_served(offered: ServiceID, wanted: ServiceID) -> None:
    charger = secc.Config(services=(service_of(offered),))
    result, ended = session(charger, evcc.Config(services=(wanted,)))
    assert (result.clean, result.messages, result.charger.phase, result.car.phase) == (False, 2, Phase.APP_PROTOCOL, Phase.APP_PROTOCOL)
    assert "no protocol in common" in ended.closing
    assert "speaks no protocol of ours" in result.car.why
    honest, _ = session(secc.Config(), evcc.Config(services=(ServiceID.DC,), loops=5))
    assert honest.clean


@pytest.mark.case("SVC-12")
def test_without_a_service_in_common_the_session_ends_in_order() -> None:
    result, _ = session(secc.Config(services=(service_of(ServiceID.DC),)), evcc.Config(services=(ServiceID.MCS,)))
    assert result.clean
    assert "no service in common" in result.car.why


@pytest.mark.case("SVC-12")
@pytest.mark.parametrize("wish", [{"pricing": (Pricing.LEVELS,)}, {"control_modes": (D,), "mobility_needs": (2,)}])
def test_without_a_variant_in_common_the_session_ends_in_order(wish: dict[str, Any]) -> None:
    result, _ = session(secc.Config(), evcc.Config(**wish))
    assert result.clean
    assert "no variant of a service suits us" in result.car.why


@pytest.mark.case("SAP-01")
def test_a_car_of_several_kinds_at_a_charger_of_one() -> None:
    car = evcc.Config(services=(ServiceID.AC, ServiceID.DC_BPT, ServiceID.MCS), loops=5)
    result, charger = session(secc.Config(services=(service_of(ServiceID.MCS), service_of(ServiceID.DC_BPT))), car)
    assert result.clean
    assert charger.namespace == "urn:iso:std:iso:15118:-20:DC"
    assert charger.service.id is ServiceID.DC_BPT


def test_a_car_checks_in_and_out_while_it_charges() -> None:
    charger = secc.Config(value_added=(internet(), parking_status()))
    wanted = (WantedVas(66, (("IntendedService", 1),)), WantedVas(66, (("IntendedService", 2),)), WantedVas(65))
    result, ended = session(charger, evcc.Config(value_added=wanted, loops=10))
    assert result.clean
    assert result.loops == 10
    assert (ended.check_in, ended.check_out) == (EVCheckInStatus.Completed, EVCheckOutStatus.Completed)
    assert ended.value_added == ()
    again, _ = session(charger, evcc.Config(loops=10))
    assert result.messages == again.messages + 2 * (3 + 3 + 2)


@pytest.mark.parametrize("mode", ControlMode)
@pytest.mark.parametrize("service", [ServiceID.DC, ServiceID.DC_BPT])
def test_parking_knows_nothing_of_energy(service: ServiceID, mode: ControlMode) -> None:
    wanted = (WantedVas(66, (("IntendedService", 1),)), WantedVas(66, (("IntendedService", 2),)))
    charger = secc.Config(value_added=(parking_status(),))
    result, ended = session(charger, evcc.Config(services=(service,), control_modes=(mode,), value_added=wanted, loops=10))
    assert result.clean
    assert ended.check_out is EVCheckOutStatus.Completed


def test_a_car_that_pauses_stays_checked_in_and_its_services_come_back() -> None:
    wanted = (WantedVas(66, (("IntendedService", 1),)), WantedVas(66, (("IntendedService", 2),)), WantedVas(65))
    used: list[int] = []
    asked: list[str] = []

    def saw(seen: Seen) -> None:
        if isinstance(seen, Exchanged) and seen.payload_type == 0x8104 and seen.direction is Direction.IN:
            asked.append(type(seen.message).__name__)

    async def main() -> None:
        charger = secc.Config(services=(service_of(ServiceID.DC),), value_added=(internet(), parking_status()))
        wish = evcc.Config(services=(ServiceID.DC,), value_added=wanted, pause=evcc.Break(20, 60.0), loops=40)
        pair = Pair(EvseConfig(session=charger), CarConfig(session=wish, provide=lambda selected: used.append(len(selected))))
        pair.evse.subscribe(saw)
        assert (await pair.run()).car.why == "paused"
        assert asked == ["VehicleCheckInReq"] * 3
        assert used == [3, 0]
        assert (await pair.run()).clean

    run(main())
    assert asked == ["VehicleCheckInReq"] * 3 + ["VehicleCheckOutReq"] * 3
    assert used == [3, 0, 3, 0]
