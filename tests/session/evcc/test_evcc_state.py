"""Wishes that cannot be said are refused at once; what a session is, told in one word."""

from __future__ import annotations

from typing import Any

import pytest

from iso15118.errors import LocalError
from iso15118.session.evcc import Config, begin
from iso15118.session.services import BIDIRECTIONAL, ControlMode, ServiceID
from tests.session.asked import DIRECT
from tests.session.evcc.bench import in_mode


@pytest.mark.parametrize(
    "wish",
    [
        {"services": ()},
        {"control_modes": ()},
        {"maximum_supporting_points": 11},
        {"maximum_supporting_points": 1025},
        {"evcc_id": ""},
        {"evcc_id": "x" * 256},
    ],
)
def test_wishes_that_cannot_be_said(wish: dict[str, Any]) -> None:
    with pytest.raises(LocalError):
        Config(**wish)


def test_bounds_are_wishes() -> None:
    assert Config(maximum_supporting_points=12, evcc_id="x" * 255).maximum_supporting_points == 12
    assert Config(maximum_supporting_points=1024).maximum_supporting_points == 1024


def test_a_new_session_is_nothing_yet() -> None:
    session = begin(Config())
    assert (session.bidirectional, session.dynamic, session.outstanding) == (False, False, None)


@pytest.mark.parametrize("service", DIRECT)
@pytest.mark.parametrize("mode", ControlMode)
def test_service_and_mode(service: ServiceID, mode: ControlMode) -> None:
    session = in_mode(service, mode)
    assert session.bidirectional is (service in BIDIRECTIONAL)
    assert session.dynamic is (mode is ControlMode.DYNAMIC)
