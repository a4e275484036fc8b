"""Codecs are made while nothing happens, in small turns, and then there is nothing left to make."""

from __future__ import annotations

import asyncio

import pytest

from iso15118.exi.space import SPACE, name_of
from iso15118.messages.catalogue import SCHEMAS, response_of
from iso15118.messages.v20.dc import DC_ChargeLoopReq, DC_WeldingDetectionRes
from iso15118.sequence.table import Transfer
from iso15118.service.virtual import run
from iso15118.service.warmup import GAP, met, warm_up


def test_all_messages_of_a_session_are_made_and_it_ends() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        warm_up(loop)
        await asyncio.sleep(10.0)
        return loop.time()

    assert run(main()) >= 10.0 > 400 * GAP
    for cls in (DC_ChargeLoopReq, DC_WeldingDetectionRes):
        for prefix in ("d_", "e_"):
            made = SPACE[prefix + name_of(cls)]
            assert not hasattr(made, "stub")


@pytest.mark.parametrize("transfer", Transfer)
def test_an_outlet_alone_makes_what_it_serves(transfer: Transfer) -> None:
    made = set(met({transfer}))
    spoken = {cls for name in ("SAP", "CommonMessages", transfer) for cls in SCHEMAS[name].roots.values() if response_of(cls)}
    assert spoken <= made < set(met(None))
    others = ("ACDP", "WPT") if transfer.value.startswith("AC") else ("AC", "ACDP", "WPT", "AC_DER_IEC", "AC_DER_SAE")
    assert made.isdisjoint(cls for name in others for cls in SCHEMAS[name].roots.values() if cls not in spoken)
