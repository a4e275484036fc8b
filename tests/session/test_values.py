"""`changed` gives what `dataclasses.replace` gives."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from iso15118.sequence.phases import Phase
from iso15118.session import evcc, secc
from iso15118.session.values import changed


@pytest.mark.parametrize("session", [secc.begin(secc.Config(), bytes(range(8))), evcc.begin(evcc.Config())], ids=["secc", "evcc"])
def test_a_changed_session(session: secc.Session | evcc.Session) -> None:
    other = changed(session, phase=Phase.CHARGE_LOOP, stamp=7)
    assert other == replace(session, phase=Phase.CHARGE_LOOP, stamp=7)
    assert type(other) is type(session)
    assert session.phase is not Phase.CHARGE_LOOP
    with pytest.raises(FrozenInstanceError):
        other.stamp = 8  # type: ignore[misc]
    with pytest.raises(AttributeError):
        changed(session, colour="red")
