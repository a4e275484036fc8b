from __future__ import annotations

import json

from iso15118.messages.app_protocol import AppProtocolResponseCode, supportedAppProtocolRes
from iso15118.power import AcReading, Measured, Reading, VehicleReading
from iso15118.sequence.phases import Phase
from iso15118.service.journal import Journal, at_inlet, at_outlet
from iso15118.service.seen import Direction, Ended, Exchanged, Noted, PhaseChanged
from iso15118.sim.vehicle import SimulatedVehicle
from iso15118.testing import station, virtual_time
from iso15118.units import PerPhase
from iso15118.value import replace

ANSWER = supportedAppProtocolRes(response_code=AppProtocolResponseCode.OK_SuccessfulNegotiation, schema_id=1)


def test_everything_is_kept_in_order_and_measured_with_its_phase() -> None:
    flows = iter([(400.0, 10.0, 4_000.0), (390.0, -5.0, -1_950.0)])
    journal = Journal(lambda: next(flows))
    journal(Exchanged(1.0, Direction.OUT, 0x8001, ANSWER, b"\x80"))
    journal(PhaseChanged(1.5, Phase.APP_PROTOCOL, Phase.SESSION_SETUP))
    journal(Exchanged(2.0, Direction.IN, 0x8001, ANSWER, b"\x81"))
    journal(Noted(2.5, "a word"))
    journal(Ended(3.0, "done", True, Phase.SESSION_STOP))
    assert [each.at for each in journal.messages()] == [1.0, 2.0]
    assert [each.at for each in journal.messages("supportedAppProtocolRes", Direction.IN)] == [2.0]
    assert journal.messages("SessionSetupReq") == []
    assert [(each.phase, each.power) for each in journal.measured] == [(Phase.APP_PROTOCOL, 4_000.0), (Phase.SESSION_SETUP, -1_950.0)]
    assert journal.notes == ["a word"]
    assert [ended.why for ended in journal.ends] == ["done"]
    assert journal.csv() == (
        "at,phase,voltage,current,power\n1.0,supportedAppProtocol,400.0,10.0,4000.0\n2.0,SessionSetup,390.0,-5.0,-1950.0\n"
    )
    assert [json.loads(line) for line in journal.json_lines()] == [
        {
            "at": 1.0,
            "direction": "out",
            "payload_type": "0x8001",
            "message": {"supportedAppProtocolRes": {"ResponseCode": "OK_SuccessfulNegotiation", "SchemaID": 1}},
            "exi": "80",
        },
        {"at": 1.5, "phase": "SessionSetup"},
        {
            "at": 2.0,
            "direction": "in",
            "payload_type": "0x8001",
            "message": {"supportedAppProtocolRes": {"ResponseCode": "OK_SuccessfulNegotiation", "SchemaID": 1}},
            "exi": "81",
        },
        {"at": 2.5, "note": "a word"},
        {"at": 3.0, "ended": "done", "clean": True, "stood_in": "SessionStop"},
    ]


@virtual_time
async def test_what_flows_is_the_sum_of_the_phases_on_alternating_current() -> None:
    mains = Measured(AcReading(PerPhase(230.0, 230.0, 230.0), PerPhase(1_000.0, 2_000.0, -500.0)), 0.0)
    async with station() as charger:
        outlet: Reading = charger.reading
        assert at_outlet(outlet) == (0.0, 0.0, 0.0)
        assert at_outlet(replace(outlet, ac=mains))[2] == 2_500.0
    inlet: VehicleReading = SimulatedVehicle().reading(0.0)
    assert at_inlet(inlet) == (0.0, 0.0, 0.0)
    assert at_inlet(replace(inlet, ac=mains))[2] == 2_500.0
