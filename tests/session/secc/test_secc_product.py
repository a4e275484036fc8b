"""The whole product of phases, requests and SessionIDs at the charger: what is said, where it leads, and that nothing gains power by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from iso15118.der.words import GridCode, VoltWatt
from iso15118.energy import Authorisation
from iso15118.exi import Message
from iso15118.messages.catalogue import payload_type_of, response_of, schema_for
from iso15118.messages.v20.ac import AC_ChargeLoopReq, AC_ChargeParameterDiscoveryReq
from iso15118.messages.v20.common import Header, Request
from iso15118.power import AcTarget, Setpoint
from iso15118.sequence.phases import Phase
from iso15118.sequence.table import Transfer
from iso15118.session import secc
from iso15118.session.commands import Apply, Command, Send
from iso15118.session.events import Received
from iso15118.session.services import ControlMode, ServiceID
from tests.der.grid_codes import protection
from tests.sequence.product import LATER, SILENCE, TAKEN, Cell, expected
from tests.session.asked import NOBODY, REQUESTS, RESOURCES, SESSION_ID, STAMP, UNSERVED, request
from tests.session.playbook import Playbook, charger_at

pytestmark = pytest.mark.long

IDS = {"ours": SESSION_ID, "one bit wrong": bytes([SESSION_ID[0] ^ 1]) + SESSION_ID[1:], "zero": NOBODY, "short": SESSION_ID[:7]}
DIRECT_ONLY = {Phase.CABLE_CHECK, Phase.PRE_CHARGE, Phase.WELDING_DETECTION}
GRID_CODE = GridCode(volt_watt=VoltWatt(250.0, 260.0), protection=protection())
STATES = [
    pytest.param(phase, service, mode, id=f"{phase.name}-{service.name}-{mode.name}")
    for service in ServiceID
    for mode in ControlMode
    for phase in Phase
    if service.transfer is Transfer.DC or phase not in DIRECT_ONLY
]


def asked(service: ServiceID, mode: ControlMode, session_id: bytes) -> Iterator[tuple[Message, bool]]:
    """Every request there is under this SessionID, and whether it is of a kind that is served."""
    served = [request(cls, service=service, mode=mode) for cls in REQUESTS]
    strange = [ask for ask in UNSERVED if type(ask) not in map(type, served)]
    if service in RESOURCES:
        strange += [request(cls, service=ServiceID.AC_BPT, mode=mode) for cls in (AC_ChargeParameterDiscoveryReq, AC_ChargeLoopReq)]
    for ask in served + strange:
        named: Any = ask
        if isinstance(ask, Request):
            named = named.but(header=Header(session_id=session_id, time_stamp=STAMP))
        yield named, ask in served


def at(phase: Phase, service: ServiceID, mode: ControlMode) -> Playbook:
    return charger_at(phase, service=service, mode=mode, grid_code=GRID_CODE if service in RESOURCES else None)


def step(play: Playbook, ask: Message, **world: Any) -> tuple[secc.Session, tuple[Command, ...]]:
    snapshot = play.snapshot
    for name, value in world.items():
        snapshot = type(snapshot)(**{field: getattr(snapshot, field) for field in type(snapshot).__fields__} | {name: value})
    return secc.step(play.session, Received(ask, payload_type_of(ask)), snapshot)


def setpoints(commands: tuple[Command, ...]) -> list[Setpoint]:
    return [c.setpoint for c in commands if isinstance(c, Apply) and isinstance(c.setpoint, Setpoint)]


def live(setpoint: Setpoint) -> bool:
    """Would there be voltage at the outlet?"""
    return setpoint.contactor or setpoint.voltage > 0


def moving(setpoint: Setpoint) -> bool:
    """Would energy move?"""
    return setpoint.current != 0 or setpoint.trickle > 0 or setpoint.target not in (None, AcTarget())


def came_of_it(ask: Message, session: secc.Session, commands: tuple[Command, ...]) -> Cell:
    said: list[Any] = [command.message for command in commands if isinstance(command, Send)]
    if not said:
        return Cell(LATER if session.deferred else SILENCE, session.phase.name, any(map(live, setpoints(commands))))
    (answer,) = said
    assert type(answer) is response_of(type(ask))
    schema = schema_for(payload_type_of(answer))
    assert schema.decode(schema.encode(answer)) == answer
    return Cell(str(answer.response_code), session.phase.name, any(map(live, setpoints(commands))))


@pytest.mark.case("SEQ-01", "SEQ-03", "SEQ-04", "SEQ-06", "SEQ-07", "SES-05", "SES-06", "SES-14")
@pytest.mark.parametrize("variant", IDS)
@pytest.mark.parametrize(("phase", "service", "mode"), STATES)
def test_every_cell(phase: Phase, service: ServiceID, mode: ControlMode, variant: str) -> None:
    play = at(phase, service, mode)
    wrong = {}
    for ask, served in asked(service, mode, IDS[variant]):
        cell = came_of_it(ask, *step(play, ask))
        wanted = expected(
            phase.name, type(ask).__name__, "DER" if service in RESOURCES else service.transfer.name, served=served, ours=variant == "ours"
        )
        if cell[:2] != wanted[:2] or (cell.power and not wanted.power):
            wrong[type(ask).__name__] = (cell, wanted)
    assert wrong == {}


@pytest.mark.parametrize("verdict", [Authorisation.PENDING, Authorisation.REFUSED])
@pytest.mark.parametrize(("phase", "service", "mode"), STATES)
def test_no_cell_energises_without_accepted_authorisation(
    phase: Phase, service: ServiceID, mode: ControlMode, verdict: Authorisation
) -> None:
    """Where voltage was at the outlet already, nothing moves any more; nowhere does it come."""
    play = at(phase, service, mode)
    before = live(play.session.setpoint) and phase.loop
    for session_id in IDS.values():
        for ask, _ in asked(service, mode, session_id):
            for setpoint in setpoints(step(play, ask, authorisation=verdict)[1]):
                assert not moving(setpoint), f"{type(ask).__name__}: {setpoint}"
                assert before or not live(setpoint), f"{type(ask).__name__}: {setpoint}"


def test_every_line_of_the_table_is_a_cell() -> None:
    names = {cls.__name__ for cls in REQUESTS}
    assert {phase for phase, _, _ in TAKEN} == {phase.name for phase in Phase} - {Phase.ENDED.name}
    assert {name for _, name, _ in TAKEN} <= names
    assert {next_ for _, next_ in TAKEN.values()} <= {phase.name for phase in Phase}
