"""Authorisation from outside (EIM) over whole sessions: at once, after a while, never."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.sequence.timers import STANDARD
from iso15118.service.evse_config import EvseConfig
from iso15118.testing import car, station, virtual_time


def words(side: Any) -> list[tuple[str, str]]:
    """ResponseCode and EVSEProcessing of each AuthorizationRes."""
    answers = [each.message for each in side.journal.messages("AuthorizationRes")]
    return [(str(answer.response_code), str(answer.evse_processing)) for answer in answers]


@pytest.mark.case("AUT-01")
@virtual_time
async def test_a_charger_without_contracts_offers_eim_alone() -> None:
    async with station() as charger, car(charger, loops=1) as driver:
        assert (await driver.ended()).clean
        [answer] = charger.journal.messages("AuthorizationSetupRes")
        message: Any = answer.message
        assert message.authorization_services == ("EIM",)
        assert type(message.authorization_mode).__name__ == "EIM_ASResAuthorizationMode"
        assert not message.certificate_installation_service


@pytest.mark.case("AUT-04")
@virtual_time
async def test_a_person_takes_a_while() -> None:
    async with station(config=EvseConfig(authorised_after=20.0)) as charger, car(charger, loops=1) as driver:
        assert (await driver.ended()).clean
        *waiting, granted = words(charger)
        assert set(waiting) == {("OK", "Ongoing_WaitingForCustomerInteraction")}
        assert granted == ("OK", "Finished")
        assert charger.journal.messages("ServiceDiscoveryReq")[0].at >= 20.0


@pytest.mark.case("AUT-06")
@virtual_time
async def test_a_person_never_comes() -> None:
    async with station(config=EvseConfig(authorised_after=None)) as charger:
        async with car(charger) as driver:
            began = charger.journal.messages("AuthorizationReq")[0].at if charger.journal.messages("AuthorizationReq") else 0.0
            ended = await charger.ended(within=400.0)
            assert words(charger)[-1][0] == "FAILED"
            assert ended.at - began == pytest.approx(STANDARD.customer_secc, abs=1.0)
            assert not (await driver.ended()).clean
        assert charger.safe


@pytest.mark.case("AUT-20")
@virtual_time
async def test_a_charger_that_waits_for_ever_is_left() -> None:
    endless = STANDARD._replace(customer_secc=100_000.0, ongoing_secc=100_000.0)
    async with station(config=EvseConfig(authorised_after=None), times=endless) as charger, car(charger) as driver:
        ended = await driver.ended(within=400.0)
        assert not ended.clean
        assert ended.at == pytest.approx(STANDARD.customer_evcc, abs=1.0)
