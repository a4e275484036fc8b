"""`session.secc.mobility`: what is proposed to the car, until it has acknowledged it."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.energy import Mobility
from iso15118.errors import LocalError
from iso15118.messages.v20.common import DisplayParameters
from iso15118.messages.v20.dc import DC_ChargeLoopReq
from iso15118.sequence.phases import Phase
from iso15118.session import secc
from iso15118.session.commands import Note
from iso15118.session.events import Sent
from iso15118.session.services import ControlMode, ParameterSet, Service, ServiceID
from iso15118.value import replace
from tests.session.asked import EPOCH, turn
from tests.session.playbook import Playbook, after, charger_at, given, request

DYNAMIC = ControlMode.DYNAMIC
WISH = Mobility(EPOCH + 7200.0, 30, 80)


def loop(needs: int = 2, service: ServiceID = ServiceID.DC_BPT, wish: Mobility | None = WISH) -> Playbook:
    only = ParameterSet(1, DYNAMIC, needs, bpt_channel=1, generator_mode=1)
    both = tuple(replace(only, id=i) for i in (1, 2))
    config = secc.Config(services=(Service(service, both),))
    return charger_at(Phase.CHARGE_LOOP, service=service, mode=DYNAMIC, config=config, proposal=wish)


def said(play: Playbook, *, leaves: int | None = None, shown: tuple[int | None, int | None] | None = None) -> Any:
    """One turn of the car, with the departure and the states of charge it reflects, and what it hears."""
    display = None if shown is None else DisplayParameters(minimum_soc=shown[0], target_soc=shown[1])
    service = play.session.service.id
    mode = turn(service, DYNAMIC, **({} if leaves is None else {"departure_time": leaves}))
    play >> request(DC_ChargeLoopReq, control_mode=mode, display_parameters=display)
    notes = [command.text for command in play.commands if isinstance(command, Note)]
    told = play.sent().control_mode
    play >> Sent()
    return (told.departure_time, told.minimum_soc, told.target_soc, told.ack_max_delay), notes


NOTHING = (None,) * 4


def left(play: Playbook) -> int:
    return round(EPOCH + 7200 - play.snapshot.clock / 1e6)


@pytest.mark.parametrize("service", [ServiceID.DC, ServiceID.DC_BPT])
def test_it_is_said_until_the_car_reflects_it(service: ServiceID) -> None:
    """[V2G20-1275]."""
    play = loop(service=service)
    assert said(play) == ((left(play), 30, 80, 30), [])
    play >> after(10.0)
    assert said(play, leaves=left(play), shown=(30, 75)) == ((left(play), 30, 80, 20), [])
    assert said(play, leaves=left(play) + 600, shown=(30, 80))[0] != NOTHING
    assert said(play, leaves=left(play) - 1, shown=(30, 80)) == (NOTHING, [])
    play >> after(60.0)
    assert said(play) == (NOTHING, [])


def test_a_car_that_knows_already_is_told_nothing() -> None:
    play = loop()
    assert said(play, leaves=left(play), shown=(30, 80)) == (NOTHING, [])


def test_a_new_proposal_is_said_anew() -> None:
    play = loop()
    said(play, leaves=left(play), shown=(30, 80))
    play >> given(proposal=Mobility(target_soc=90, reaction=12.0))
    assert said(play, shown=(30, 80)) == ((None, None, 90, 12), [])
    assert said(play, shown=(30, 90)) == (NOTHING, [])


def test_a_car_that_does_not_acknowledge_in_time_is_told_of() -> None:
    play = loop()
    said(play)
    play >> after(30.0)
    assert said(play)[0][3] == 0
    play >> after(1.0)
    expected = (
        "the car has not acknowledged its departure (7168 s), minimum state of charge (30 %), target state of charge (80 %) within 30 s"
    )
    assert said(play) == (NOTHING, [expected])
    assert said(play) == (NOTHING, [])


@pytest.mark.parametrize(("needs", "wish"), [(1, WISH), (2, None), (2, Mobility())])
def test_nothing_to_say(needs: int, wish: Mobility | None) -> None:
    assert said(loop(needs, wish=wish)) == (NOTHING, [])


@pytest.mark.parametrize("wrong", [{"minimum_soc": 81}, {"target_soc": 101}, {"minimum_soc": -1}, {"reaction": 0.0}, {"reaction": 1e6}])
def test_a_wish_that_cannot_be_said(wrong: dict[str, Any]) -> None:
    with pytest.raises(LocalError):
        replace(WISH, **wrong)
