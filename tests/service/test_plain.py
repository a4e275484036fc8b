from __future__ import annotations

import json
import math
from typing import Any

import pytest

from iso15118.energy import Authorisation, Budget, Plan, Slot
from iso15118.errors import DeviceFault, LocalError
from iso15118.hal.board import Board
from iso15118.power import Contactor, Insulation, Limits, Measured, Pilot, Reading, Setpoint
from iso15118.service.plain import build, plain
from iso15118.session import evcc, secc
from iso15118.session.services import ServiceID, dc_service
from iso15118.session.snapshot import SeccSnapshot

READING = Reading(
    voltage=Measured(400.1, 1.0),
    current=Measured(-12.3, 1.0),
    contactor=Measured(Contactor.CLOSED, 1.1),
    pilot=Measured(Pilot.C, -math.inf),
    locked=Measured(True, 1.0),
    insulation=Measured(Insulation.VALID, 1.0),
    resistance=Measured(1e7, 1.0),
    charged=Measured(0.1 + 0.2, 1.0),
    discharged=Measured(0.0, 1.0),
)
WORLD = SeccSnapshot(
    now=12.5,
    clock=1_780_000_000_000_001,
    reading=READING,
    abilities=Board().abilities,
    limits=Limits(150.0, 500.0, 125.0, 50_000.0),
    budget=Budget(10_000, 5_000.0, None, math.inf),
    authorisation=Authorisation.ACCEPTED,
    faults=frozenset({DeviceFault.LOCK, DeviceFault.METER}),
    plans=(Plan(1.0, (Slot(60.0, 1.0), Slot(60.0, 2.0, 3.0))),),
)


@pytest.mark.parametrize(
    "value",
    [
        READING,
        WORLD,
        Setpoint(400.0, -5.0, bidirectional=True),
        secc.Config(),
        secc.Config(services=(dc_service(),), evse_id="X"),
        evcc.Config(services=(ServiceID.DC,), loops=3),
    ],
)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    back = build(type(value), json.loads(json.dumps(plain(value))))
    assert back == value
    assert repr(plain(back)) == repr(plain(value))


def test_sets_are_sorted_and_octets_are_hexadecimal() -> None:
    assert plain(frozenset({DeviceFault.METER, DeviceFault.LOCK})) == ["LOCK", "METER"]
    assert plain(b"\x00\xff") == "00ff"


@pytest.mark.parametrize(
    ("kind", "data"),
    [(Setpoint, {"volt": 1.0}), (Setpoint, []), (Reading, {}), (Plan, {"start": 1.0, "slots": 5}), (Budget, {"charge": 1.0, "why": 7})],
)
def test_what_is_none_is_refused(kind: type, data: Any) -> None:
    with pytest.raises(LocalError, match=f"not the plain form of {kind.__name__}"):
        build(kind, data)


def test_what_has_no_plain_form_is_refused() -> None:
    with pytest.raises(LocalError):
        plain(object())
