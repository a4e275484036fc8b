"""`sequence.streams`: the product of what side streams may await and all requests, against the order written out here once more."""

from __future__ import annotations

import pytest

from iso15118.errors import PeerError
from iso15118.messages.catalogue import PAYLOADS, RENEGOTIATION, payload_type_of
from iso15118.sequence.streams import (
    BEGIN,
    MESSAGE,
    PAYLOAD_TYPES,
    READ,
    ROWS,
    SEQUENCE,
    Due,
    Stream,
    diagram,
    following,
    legal,
    require,
    stream_of,
)
from iso15118.sequence.table import Outcome, Transfer
from tests.sequence.order import BEGINS, EXPECTED_ASIDE
from tests.session.asked import REQUESTS, UNSERVED, in_words

pytestmark = pytest.mark.long


@pytest.mark.parametrize("transfer", [None, *Transfer])
@pytest.mark.parametrize("due", Due)
def test_what_may_stand_where_aside(due: Due, transfer: Transfer | None) -> None:
    for asked in REQUESTS:
        request = in_words(asked, transfer)
        outcomes = {outcome for of, name, outcome in EXPECTED_ASIDE[transfer] if (of, name) == (due.name, request.__name__)}
        assert legal(due, request, transfer) is bool(outcomes)
        if outcomes:
            require(due, request, transfer)
            continue
        with pytest.raises(PeerError) as refused:
            require(due, request, transfer)
        assert (refused.value.code, refused.value.requirement) == ("FAILED_SequenceError", "V2G20-459")


@pytest.mark.parametrize("transfer", [None, *Transfer])
@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("due", Due)
def test_where_an_answer_leads_aside(due: Due, outcome: Outcome, transfer: Transfer | None) -> None:
    for asked in REQUESTS:
        request = in_words(asked, transfer)
        next_ = EXPECTED_ASIDE[transfer].get((due.name, request.__name__, outcome.name))
        if next_ is not None:
            assert following(due, request, transfer, outcome) is Due[next_]
            continue
        with pytest.raises(PeerError) as refused:
            following(due, request, transfer, outcome)
        assert refused.value.code == "FAILED_SequenceError"


def test_frames_are_read_of_all_that_may_be_a_request() -> None:
    asked = [*map(payload_type_of, REQUESTS), *map(payload_type_of, UNSERVED)]
    assert set(READ) == {*asked, RENEGOTIATION}
    assert {0x9000, 0x9002, 0x8050, 0xA000}.isdisjoint(READ)


@pytest.mark.parametrize("payload_type", [*PAYLOADS, 0x8050, 0xA000])
def test_a_frame_belongs_to_a_stream(payload_type: int) -> None:
    side = {0x8101: Stream.SCHEDULE, 0x8102: Stream.METERING, 0x8104: Stream.PARKING}
    assert stream_of(payload_type) is side.get(payload_type, Stream.MAIN)
    assert {stream: kind for kind, stream in side.items()} == PAYLOAD_TYPES


def test_no_two_streams_share_a_timer() -> None:
    timers = [*SEQUENCE.values(), *MESSAGE.values()]
    assert set(SEQUENCE) == set(MESSAGE) == set(Stream)
    assert len(set(timers)) == len(timers)


def test_where_a_side_stream_begins() -> None:
    assert {stream.name: due.name for stream, due in BEGIN.items()} == BEGINS


@pytest.mark.parametrize("stream", BEGIN)
def test_the_diagram_shows_every_row_of_the_stream(stream: Stream) -> None:
    lines = diagram(stream).splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert len(lines) == 2 + sum(row.stream is stream for row in ROWS)


def test_the_diagram_of_a_renegotiation_leads_back_to_its_beginning() -> None:
    lines = diagram(Stream.SCHEDULE).splitlines()
    assert lines[1] == "    [*] --> ChargeParameters"
    assert lines[-1] == "    PowerDelivery --> ChargeParameters: PowerDeliveryReq"
