"""`sequence.table`: the whole product of phases and requests, against the order written out here once more."""

from __future__ import annotations

import pytest

from iso15118.errors import PeerError
from iso15118.exi import Message
from iso15118.messages.v20.ac import AC_ChargeLoopReq, AC_ChargeParameterDiscoveryReq
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import ROWS, Outcome, Transfer, diagram, following, legal, require
from tests.sequence.order import EXPECTED, LEGAL, TRANSFERS
from tests.session.asked import REQUESTS, UNSERVED, in_words

pytestmark = pytest.mark.long

_AC_NAMED = {cls.__name__: cls for cls in (AC_ChargeLoopReq, AC_ChargeParameterDiscoveryReq)}


def test_every_request_is_walked() -> None:
    assert {name for rows in EXPECTED.values() for _, name, _ in rows} <= {cls.__name__ for cls in REQUESTS}
    assert set(TRANSFERS) == set(Transfer)


@pytest.mark.parametrize("transfer", [None, *Transfer])
@pytest.mark.parametrize("request_", REQUESTS, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("phase", Phase)
def test_what_may_stand_where(phase: Phase, request_: type[Message], transfer: Transfer | None) -> None:
    allowed = (phase.name, request_.__name__) in LEGAL[transfer]
    request_ = in_words(request_, transfer)
    assert legal(phase, request_, transfer) is allowed
    if allowed:
        require(phase, request_, transfer)
        return
    with pytest.raises(PeerError) as refused:
        require(phase, request_, transfer)
    assert (refused.value.code, refused.value.requirement) == ("FAILED_SequenceError", "V2G20-459")


@pytest.mark.parametrize("transfer", [None, *Transfer])
@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("phase", Phase)
def test_where_an_answer_leads(phase: Phase, outcome: Outcome, transfer: Transfer | None) -> None:
    for request in REQUESTS:
        next_ = EXPECTED[transfer].get((phase.name, request.__name__, outcome.name))
        if next_ is not None:
            assert following(phase, in_words(request, transfer), transfer, outcome) is Phase[next_]
            continue
        with pytest.raises(PeerError) as refused:
            following(phase, request, transfer, outcome)
        assert refused.value.code == "FAILED_SequenceError"


@pytest.mark.parametrize("transfer", [None, *Transfer])
@pytest.mark.parametrize("ask", UNSERVED, ids=lambda ask: type(ask).__name__)
def test_what_is_not_served_stands_nowhere(ask: Message, transfer: Transfer | None) -> None:
    named = _AC_NAMED.get(type(ask).__name__)
    if named is None or type(ask) is not in_words(named, transfer):
        assert [phase for phase in Phase if legal(phase, type(ask), transfer)] == []


@pytest.mark.parametrize("cls", [AC_ChargeParameterDiscoveryReq, AC_ChargeLoopReq])
def test_messages_of_one_name_stand_in_their_own_transfer_only(cls: type[Message]) -> None:
    kinds = (Transfer.AC, Transfer.AC_DER_IEC, Transfer.AC_DER_SAE)
    for spoken in kinds:
        legal_in = {transfer for transfer in Transfer for phase in Phase if legal(phase, in_words(cls, spoken), transfer)}
        assert legal_in == {spoken}


def test_no_way_leads_back_into_the_loop_or_out_of_the_end() -> None:
    assert {row.phase for row in ROWS if row.next is Phase.CHARGE_LOOP} == {Phase.POWER_DELIVERY, Phase.CHARGE_LOOP, Phase.STANDBY}
    assert [row for row in ROWS if row.phase is Phase.ENDED] == []


def test_energy_flows_in_the_loop_only() -> None:
    assert [phase for phase in Phase if phase.energised] == [Phase.CHARGE_LOOP]


def test_the_diagram_of_alternating_current_leaves_out_what_it_has_not() -> None:
    lines = diagram(Transfer.AC)
    assert "CableCheck" not in lines
    assert "    ScheduleExchange --> PowerDelivery: ScheduleExchangeReq" in lines


def test_the_diagram_shows_every_phase_and_row() -> None:
    lines = diagram(Transfer.DC).splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert len(lines) == 3 + sum(Transfer.DC in row.transfers for row in ROWS)
    for phase in Phase:
        name = phase.name.title().replace("_", "")
        assert sum(f" {name}" in line for line in lines) >= 2, f"{name} is not shown with a way in and a way out"
    assert "    PowerDelivery --> ChargeLoop: PowerDeliveryReq (start)" in lines
    assert "    [*] --> AppProtocol" in lines
    assert "    Ended --> [*]" in lines
