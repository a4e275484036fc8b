"""`sequence.table`: the whole product of phases and requests, against the order written out here once more."""

from __future__ import annotations

import pytest

from iso15118.errors import PeerError
from iso15118.exi import Message
from iso15118.messages.catalogue import RESPONSES
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import ROWS, Outcome, diagram, following, legal, require
from tests.session.asked import REQUESTS

# Phase: what it takes beside SessionStopReq, with outcome and next phase. No pause, no standby, no renegotiation, no contracts are offered.
ORDER = """
APP_PROTOCOL         supportedAppProtocolReq         DONE   SESSION_SETUP
SESSION_SETUP        SessionSetupReq                 DONE   AUTHORIZATION_SETUP
AUTHORIZATION_SETUP  AuthorizationSetupReq           DONE   AUTHORIZATION
AUTHORIZATION        AuthorizationReq                AGAIN  AUTHORIZATION
AUTHORIZATION        AuthorizationReq                DONE   SERVICE_DISCOVERY
SERVICE_DISCOVERY    ServiceDiscoveryReq             DONE   SERVICE_DETAIL
SERVICE_DETAIL       ServiceDetailReq                DONE   SERVICE_SELECTION
SERVICE_SELECTION    ServiceDetailReq                DONE   SERVICE_SELECTION
SERVICE_SELECTION    ServiceSelectionReq             DONE   CHARGE_PARAMETERS
CHARGE_PARAMETERS    DC_ChargeParameterDiscoveryReq  DONE   SCHEDULE_EXCHANGE
SCHEDULE_EXCHANGE    ScheduleExchangeReq             AGAIN  SCHEDULE_EXCHANGE
SCHEDULE_EXCHANGE    ScheduleExchangeReq             DONE   CABLE_CHECK
CABLE_CHECK          DC_CableCheckReq                AGAIN  CABLE_CHECK
CABLE_CHECK          DC_CableCheckReq                DONE   PRE_CHARGE
PRE_CHARGE           DC_PreChargeReq                 AGAIN  PRE_CHARGE
PRE_CHARGE           DC_PreChargeReq                 DONE   POWER_DELIVERY
POWER_DELIVERY       PowerDeliveryReq                AGAIN  POWER_DELIVERY
POWER_DELIVERY       PowerDeliveryReq                START  CHARGE_LOOP
POWER_DELIVERY       PowerDeliveryReq                STOP   WELDING_DETECTION
CHARGE_LOOP          DC_ChargeLoopReq                DONE   CHARGE_LOOP
CHARGE_LOOP          PowerDeliveryReq                AGAIN  CHARGE_LOOP
CHARGE_LOOP          PowerDeliveryReq                STOP   WELDING_DETECTION
WELDING_DETECTION    DC_WeldingDetectionReq          AGAIN  WELDING_DETECTION
WELDING_DETECTION    DC_WeldingDetectionReq          DONE   SESSION_STOP
"""
STOPS = """AUTHORIZATION_SETUP AUTHORIZATION SERVICE_DISCOVERY SERVICE_DETAIL SERVICE_SELECTION CHARGE_PARAMETERS SCHEDULE_EXCHANGE
CABLE_CHECK PRE_CHARGE POWER_DELIVERY WELDING_DETECTION SESSION_STOP"""
"""SessionStopReq is taken after SessionSetup until the first Start, and after the loop; not in the loop."""

EXPECTED = {(phase, name, outcome): next_ for phase, name, outcome, next_ in map(str.split, ORDER.strip().splitlines())}
EXPECTED |= {(phase, "SessionStopReq", "DONE"): "ENDED" for phase in STOPS.split()}
LEGAL = {(phase, name) for phase, name, _ in EXPECTED}


def test_every_request_is_walked() -> None:
    assert {cls.__name__ for cls in RESPONSES} == {cls.__name__ for cls in REQUESTS}
    assert {name for _, name, _ in EXPECTED} <= {cls.__name__ for cls in REQUESTS}


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("phase", Phase)
def test_what_may_stand_where(phase: Phase, request_: type[Message]) -> None:
    allowed = (phase.name, request_.__name__) in LEGAL
    assert legal(phase, request_) is allowed
    if allowed:
        require(phase, request_)
        return
    with pytest.raises(PeerError) as refused:
        require(phase, request_)
    assert (refused.value.code, refused.value.requirement) == ("FAILED_SequenceError", "V2G20-459")


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("phase", Phase)
def test_where_an_answer_leads(phase: Phase, outcome: Outcome) -> None:
    for request in REQUESTS:
        next_ = EXPECTED.get((phase.name, request.__name__, outcome.name))
        if next_ is not None:
            assert following(phase, request, outcome) is Phase[next_]
            continue
        with pytest.raises(PeerError) as refused:
            following(phase, request, outcome)
        assert refused.value.code == "FAILED_SequenceError"


def test_no_way_leads_back_into_the_loop_or_out_of_the_end() -> None:
    assert {row.phase for row in ROWS if row.next is Phase.CHARGE_LOOP} == {Phase.POWER_DELIVERY, Phase.CHARGE_LOOP}
    assert [row for row in ROWS if row.phase is Phase.ENDED] == []


def test_energy_flows_in_the_loop_only() -> None:
    assert [phase for phase in Phase if phase.energised] == [Phase.CHARGE_LOOP]


def test_the_diagram_shows_every_phase_and_row() -> None:
    lines = diagram().splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert len(lines) == 3 + len(ROWS)
    for phase in Phase:
        name = phase.name.title().replace("_", "")
        assert sum(f" {name}" in line for line in lines) >= 2, f"{name} is not shown with a way in and a way out"
    assert "    PowerDelivery --> ChargeLoop: PowerDeliveryReq (start)" in lines
    assert "    [*] --> AppProtocol" in lines
    assert "    Ended --> [*]" in lines
