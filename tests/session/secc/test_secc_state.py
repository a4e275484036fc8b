"""`session.secc.state`: what a charger offers and remembers."""

from __future__ import annotations

import pytest

from iso15118.power import OFF
from iso15118.sequence.phases import Phase
from iso15118.session import secc
from iso15118.session.services import ServiceID, dc_service
from tests.session.asked import NOBODY, SESSION_ID, STAMP
from tests.session.playbook import snapshot


def test_a_session_begins_with_nothing_on_and_no_id() -> None:
    session = secc.begin(secc.Config(), SESSION_ID)
    assert (session.phase, session.setpoint, session.id, session.fresh_id) == (Phase.APP_PROTOCOL, OFF, NOBODY, SESSION_ID)
    assert not session.bidirectional


def test_a_session_is_a_value() -> None:
    session = secc.begin(secc.Config(), SESSION_ID)
    assert session == secc.begin(secc.Config(), SESSION_ID)
    with pytest.raises(AttributeError):
        session.phase = Phase.CHARGE_LOOP  # type: ignore[misc]


def test_stamps_follow_the_clock_and_never_fall_back() -> None:
    session = secc.begin(secc.Config(), SESSION_ID)
    first = session.stamped(snapshot(clock=STAMP))
    assert first.header.time_stamp == STAMP
    assert first.stamped(snapshot(clock=STAMP)).stamp == STAMP + 1
    assert first.stamped(snapshot(clock=0)).stamp == STAMP + 1
    assert first.stamped(snapshot(clock=STAMP + 9)).stamp == STAMP + 9


def test_services_are_found_by_their_number() -> None:
    config = secc.Config(services=(dc_service(),))
    assert config.service(2) == dc_service()
    assert config.service(int(ServiceID.DC_BPT)) is None
