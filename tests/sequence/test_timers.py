"""`sequence.timers`: the values of every row, as the standard gives them; in seconds."""

from __future__ import annotations

import pytest

from iso15118.sequence.timers import STANDARD, times
from tests.session.asked import REQUESTS

# Message timeout, answer time, ask time, sequence timeout.
LOOP = (0.5, 0.25, 0.25, 0.5)
SLOW = (5.0, 4.5, 40.0, 60.0)
ORDINARY = (2.0, 1.5, 40.0, 60.0)
ROWS = {"AC_ChargeLoopReq": LOOP, "DC_ChargeLoopReq": LOOP, "CertificateInstallationReq": SLOW, "ServiceDetailReq": SLOW}


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda cls: cls.__name__)
def test_the_row_of_a_request(request_: type) -> None:
    assert times(request_) == ROWS.get(request_.__name__, ORDINARY)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda cls: cls.__name__)
def test_duties_end_before_errors_begin(request_: type) -> None:
    row = times(request_)
    assert row.answer_time < row.message_timeout
    assert row.ask_time < row.sequence_timeout


def test_the_standard_times() -> None:
    assert STANDARD._asdict() == {
        "charge_loop": 0.5,
        "write": 0.5,
        "setup_evcc": 20.0,
        "setup_secc": 60.0,
        "ongoing_evcc": 60.0,
        "ongoing_secc": 55.0,
        "customer_evcc": 190.0,
        "customer_secc": 180.0,
        "cable_check_evcc": 40.0,
        "cable_check_secc": 38.0,
        "pre_charge_evcc": 10.0,
        "pre_charge_secc": 8.0,
        "welding_evcc": 60.0,
        "answer": 1.4,
        "installation": 4.2,
        "consult": 8.0,
        "stop": 20.0,
        "hold": 5.0,
        "pace": 0.25,
        "retry": 0.2,
    }


def test_the_charger_speaks_before_the_car_gives_up() -> None:
    assert STANDARD.ongoing_secc < STANDARD.ongoing_evcc
    assert STANDARD.cable_check_secc < STANDARD.cable_check_evcc
    assert STANDARD.answer < 1.5
    assert STANDARD.installation < 4.5
