"""`session.secc` on alternating current: whatever happens, `step` answers; nothing flows outside the loop, nothing backwards unasked."""

from __future__ import annotations

from typing import Any

from hypothesis import given as chance
from hypothesis import settings
from hypothesis import strategies as st

from iso15118.energy import Budget
from iso15118.exi import Message
from iso15118.exi.describe import rows
from iso15118.messages.catalogue import payload_type_of, response_of
from iso15118.messages.v20.ac import AC_ChargeLoopReq, AC_ChargeParameterDiscoveryReq
from iso15118.messages.v20.common import RationalNumber
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq
from iso15118.power import AcAbilities, AcReading, Setpoint
from iso15118.sequence.phases import Phase
from iso15118.session import secc
from iso15118.session.commands import Apply, Command, Send
from iso15118.session.events import Received
from iso15118.session.services import ControlMode, ServiceID
from iso15118.units import PerPhase
from iso15118.value import replace
from tests.session.asked import REQUESTS, RESOURCES, request
from tests.session.playbook import AC_ABILITIES, BUDGET, charger_at, given
from tests.session.secc.test_secc_product import GRID_CODE
from tests.session.secc.test_secc_total import events, rare, rationals, worlds

steady = settings(derandomize=True, deadline=None, max_examples=80)
services = st.sampled_from((ServiceID.AC, ServiceID.AC_BPT, *RESOURCES))
modes = st.sampled_from(ControlMode)
MOST = 22e3
powers = st.builds(PerPhase, *[st.floats(-9e3, 9e3)] * 3)
grids = st.builds(AcReading, st.builds(PerPhase, *[st.sampled_from((230.0, 230.0, 230.0, 0.0, 260.0))] * 3), powers)


@st.composite
def wildly(draw: st.DrawFn, message: Message) -> Message:
    """The same with any numbers at all in some of its elements, those of single phases among them."""
    fields = [row.field for row in rows(type(message)) if row.value is RationalNumber]
    names = draw(st.lists(st.sampled_from(fields), unique=True, max_size=4))
    changes: dict[str, RationalNumber] = {name: draw(rationals) for name in names}
    return message.but(**changes)


@st.composite
def asks(draw: st.DrawFn, service: ServiceID, mode: ControlMode) -> Message:
    """A request, in order or not, sane or not."""
    kind, wild = draw(st.sampled_from((AC_ChargeLoopReq, AC_ChargeLoopReq, PowerDeliveryReq, *REQUESTS))), draw(st.booleans())
    ask: Message = request(kind, service=service, mode=mode)
    for field in ("control_mode", "energy_transfer_mode"):
        if kind in (AC_ChargeLoopReq, AC_ChargeParameterDiscoveryReq) and wild and field in type(ask).__fields__:
            return ask.but(**{field: draw(wildly(getattr(ask, field)))})
    if kind is PowerDeliveryReq:
        return ask.but(charge_progress=draw(st.sampled_from(ChargeProgress)))
    return ask


here = st.one_of(
    grids.map(lambda grid: given(ac=grid)),
    st.sampled_from((None, AcAbilities(ramp=1e3, asymmetry=2e3))).map(lambda ac: given(abilities=replace(AC_ABILITIES, ac=ac))),
    st.sampled_from((BUDGET, Budget(1e4, 1e4, target=-5e3), Budget(1e4, phases=PerPhase(1e3, 0.0, 5e3), reactive=9e9))).map(
        lambda budget: given(budget=budget)
    ),
    worlds,
)


def safe(session: secc.Session, commands: tuple[Command, ...]) -> None:
    """What holds after every step."""
    for command in commands:
        if not isinstance(command, Apply):
            continue
        setpoint = command.setpoint
        assert isinstance(setpoint, Setpoint)
        assert (setpoint.voltage, setpoint.current, setpoint.trickle) == (0, 0, 0)
        assert setpoint.lock or not setpoint.contactor
        assert session.bidirectional or not setpoint.bidirectional
        if setpoint.target is None:
            continue
        active = setpoint.target.active
        assert session.phase is Phase.CHARGE_LOOP or not any(active)
        assert abs(active.total) <= MOST + 1
        assert max(map(abs, active)) <= 32 * 230 + 1
        assert min(active) >= 0 or (session.bidirectional and setpoint.bidirectional)
        assert abs(setpoint.target.reactive.total) <= 5e3 + 1
        if session.stop or session.failing:
            assert not any(active)
    applied = [command.setpoint for command in commands if isinstance(command, Apply)]
    if applied and applied[-1].contactor:  # before the last a step may have taken the power out of what it found
        assert session.phase in (Phase.POWER_DELIVERY, Phase.CHARGE_LOOP, Phase.STANDBY)


@st.composite
def stories(draw: st.DrawFn) -> tuple[ServiceID, ControlMode, Phase, list[Any]]:
    service, mode = draw(services), draw(modes)
    phase = draw(st.sampled_from((Phase.CHARGE_PARAMETERS, Phase.POWER_DELIVERY, Phase.CHARGE_LOOP, Phase.CHARGE_LOOP, Phase.STANDBY)))
    own = asks(service, mode).map(lambda ask: Received(ask, payload_type_of(ask)))
    happens = draw(st.lists(st.one_of(own, own, here, here, events, rare), min_size=15, max_size=50))
    return service, mode, phase, happens


@steady
@chance(stories())
def test_whatever_happens(story: tuple[ServiceID, ControlMode, Phase, list[Any]]) -> None:
    service, mode, phase, happens = story
    play = charger_at(phase, service=service, mode=mode, grid_code=GRID_CODE)
    session, snapshot = play.session, play.snapshot
    for event in happens:
        if hasattr(event, "change"):
            snapshot = event.change(snapshot)
            continue
        session, commands = secc.step(session, event, snapshot)
        safe(session, commands)
        if isinstance(event, Received) and response_of(type(event.message)):
            sent = [type(command.message) for command in commands if isinstance(command, Send)]
            assert sent in ([], [response_of(type(event.message))])
