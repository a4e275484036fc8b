"""The simulated outlet of alternating current holds the contract of one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.hal.ac_by_wire import AcSimulatedRig
from tests.hal.ac_contract import AC_CONTRACT, AcRig


@pytest.mark.parametrize("check", AC_CONTRACT, ids=lambda check: check.__name__)
def test_contract(check: Callable[[AcRig], None]) -> None:
    check(AcSimulatedRig())
