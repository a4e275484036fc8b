"""Each misbehaviour against our own other side: the session ends, metal is safe, and the next, honest one on the same outlet succeeds."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from iso15118.errors import LocalError
from iso15118.exi import Message
from iso15118.power import Contactor
from iso15118.service.car import CarConfig, Leg
from iso15118.service.misbehave import misbehaving
from iso15118.service.pair import Pair, PairResult
from iso15118.service.seen import Direction, Exchanged, Noted, Seen
from iso15118.service.virtual import run
from iso15118.session import evcc
from iso15118.session.services import ControlMode, ServiceID
from iso15118.sim.misbehaviour import (
    Deaf,
    Duplicate,
    Framed,
    Garbled,
    Gone,
    Half,
    Ident,
    Instead,
    Late,
    Misbehaviour,
    Silent,
    WrongSession,
    WrongValues,
)

pytestmark = pytest.mark.long

LOOP, ANSWER = "DC_ChargeLoopReq", "DC_ChargeLoopRes"
WISHES = [(service, mode) for service in (ServiceID.DC, ServiceID.DC_BPT) for mode in ControlMode]


class Played(NamedTuple):
    """A session with a misbehaviour, as each side saw it."""

    result: PairResult
    charger: list[Seen]
    car: list[Seen]
    honest: PairResult
    pair: Pair

    def messages(self, side: list[Seen], direction: Direction) -> list[tuple[float, Message]]:
        return [(s.at, s.message) for s in side if isinstance(s, Exchanged) and s.direction is direction]

    @property
    def answers(self) -> list[Any]:
        """What the charger said."""
        return [message for _, message in self.messages(self.charger, Direction.OUT)]

    @property
    def notes(self) -> list[str]:
        return [s.text for s in (*self.charger, *self.car) if isinstance(s, Noted)]


def played(
    *misbehaviours: Misbehaviour, charger: bool = False, wish: tuple[ServiceID, ControlMode] = (ServiceID.DC_BPT, ControlMode.SCHEDULED)
) -> Played:
    """A session in which the car (or the charger) misbehaves, then an honest one on the same metal. Checks what always holds."""
    session = evcc.Config(services=(wish[0],), control_modes=(wish[1],), loops=12 if wish[1] is ControlMode.DYNAMIC else None)

    async def main() -> Played:
        wiring = misbehaving(*misbehaviours)
        car = CarConfig(session=session, plan=(Leg(3.0, 20_000.0),) if wish[1] is ControlMode.SCHEDULED else ())
        pair = Pair(car=car, kernel=2_000, charger_wiring=wiring if charger else None, car_wiring=None if charger else wiring)
        sides: tuple[list[Seen], list[Seen]] = ([], [])
        pair.evse.subscribe(sides[0].append)
        pair.car.subscribe(sides[1].append)
        pair.actuator.start()
        result = await pair.session()
        bus = pair.outlet.plant.bus
        assert bus.contactor.feedback is Contactor.OPEN
        assert bus.current == 0.0
        assert bus.output_voltage < 60.0
        assert not pair.car.metal.contactor.conducting
        saw = [list(side) for side in sides]
        pair.charger_wiring = pair.car_wiring = None
        pair.plug(car)
        honest = await pair.session()
        pair.actuator.stop()
        assert honest.clean
        return Played(result, saw[0], saw[1], honest, pair)

    return run(main())


def test_a_message_nobody_says_is_refused_before_anything_runs() -> None:
    with pytest.raises(LocalError, match="no message 'DC_ChargeLopReq'"):
        misbehaving(Silent(at="DC_ChargeLopReq"))
    with pytest.raises(LocalError, match="no message 'Nonsense'"):
        misbehaving(Instead(at=LOOP, say="Nonsense"))


def test_an_honest_line_changes_nothing() -> None:
    """The positive control of all that follows."""
    there = played(Silent(at=LOOP, nth=10_000))
    assert there.result.clean
    assert (there.result.messages, there.result.loops) == (there.honest.messages, there.honest.loops)
    assert not [note for note in there.notes if "misbehaves" in note]


@pytest.mark.parametrize(
    ("at", "waited"), [("ServiceDetailReq", 60.0), (LOOP, 60.0), ("DC_WeldingDetectionReq", 60.0), ("PowerDeliveryRes", 2.0)]
)
def test_a_side_that_hangs(at: str, waited: float) -> None:
    there = played(Silent(at=at), charger=at.endswith("Res"))
    side, ended = (there.car, there.result.car) if at.endswith("Res") else (there.charger, there.result.charger)
    spoke, _ = there.messages(side, Direction.OUT)[-1]
    assert ended.at - spoke == pytest.approx(waited, abs=0.001)
    assert not there.result.clean
    assert f"misbehaves: Silent(at='{at}', nth=1, times=1)" in there.notes


def test_a_late_request_within_the_time_is_answered_as_usual() -> None:
    there = played(Late(at="ServiceDiscoveryReq", by=50.0))
    assert there.result.clean
    assert there.result.duration == pytest.approx(there.honest.duration + 50.0, abs=0.3)


@pytest.mark.parametrize("how", [Ident.SHORT, Ident.LONG])
def test_a_session_id_of_a_wrong_length_is_no_message(how: Ident) -> None:
    there = played(WrongSession(at="ServiceDiscoveryReq", how=how))
    assert "SessionID" in there.result.charger.why
    assert "octets are not within 8..8" in there.result.charger.why


@pytest.mark.case("SEQ-12")
def test_an_answer_nobody_has_asked_for_is_passed_over() -> None:
    there = played(Duplicate(at="PowerDeliveryRes"), charger=True)
    assert "PowerDeliveryRes was not awaited and is ignored" in there.notes
    assert there.result.clean


@pytest.mark.parametrize(
    "values", [{"EVTargetVoltage": 20_000}, {"EVTargetCurrent": 30_000}, {"EVPresentVoltage": {"Exponent": 127, "Value": 32767}}]
)
def test_values_that_cannot_be(values: dict[str, object]) -> None:
    there = played(WrongValues(at=LOOP, nth=3, values=values, times=0))
    assert max(abs(s.message.evse_present_voltage.value) for s in there.charger if is_answer(s)) < 5_000  # tenths
    assert not there.pair.actuator.faults


def is_answer(seen: Seen) -> Any:
    return isinstance(seen, Exchanged) and type(seen.message).__name__ == ANSWER


@pytest.mark.case("MAL-03")
@pytest.mark.parametrize("charger", [False, True])
def test_a_message_with_a_bit_flipped(charger: bool) -> None:
    """Whatever it comes to mean: metal ends safe, and an honest session follows (`played`)."""
    ends = {played(Garbled(at=ANSWER if charger else LOOP, nth=3, flip=(bit,)), charger=charger).result.clean for bit in range(3, 320, 23)}
    assert False in ends


@pytest.mark.case("V2G-07", "V2G-08")
@pytest.mark.parametrize("payload_type", [0x8050, 0xA000])
@pytest.mark.parametrize("name", ["common", "loop"])
@pytest.mark.parametrize("charger", [False, True])
def test_a_payload_type_nobody_knows_is_not_processed(payload_type: int, charger: bool, name: str) -> None:
    """No answer, no change of state, no timer stopped: the right frame behind it is read as if nothing had been."""
    at = "ServiceDiscovery" if name == "common" else "DC_ChargeLoop"
    at += "Res" if charger else "Req"
    there = played(Framed(at=at, payload_type=payload_type, extra=True), charger=charger)
    assert there.result.clean
    assert there.result.messages == there.honest.messages
    alone = played(Framed(at=at, payload_type=payload_type), charger=charger)
    assert not alone.result.clean


@pytest.mark.case("V2G-10")
@pytest.mark.parametrize("at", ["ServiceDiscoveryReq", LOOP])
def test_a_header_and_then_nothing(at: str) -> None:
    there = played(Half(at=at, nth=1, octets=8))
    sent, _ = there.messages(there.charger, Direction.OUT)[-1]
    assert there.result.charger.at - sent <= 2.001  # a frame that has begun is complete by then; the loop's timer is the shorter one
    assert not there.result.clean


@pytest.mark.case("V2G-01", "V2G-12", "V2G-13")
@pytest.mark.parametrize("wish", WISHES)
def test_every_frame_of_an_honest_session_is_on_its_stream(wish: tuple[ServiceID, ControlMode]) -> None:
    there = played(wish=wish)
    for seen in (s for s in (*there.charger, *there.car) if isinstance(s, Exchanged)):
        name = type(seen.message).__name__
        family = 0x8001 if name.startswith("supportedApp") else 0x8004 if name.startswith("DC_") else 0x8002
        assert seen.payload_type == family


def test_a_request_twice_is_answered_twice_in_the_loop() -> None:
    there = played(Duplicate(at=LOOP, nth=3))
    assert there.result.clean
    assert len(there.messages(there.charger, Direction.IN)) == len(there.messages(there.car, Direction.OUT)) + 1


@pytest.mark.parametrize("charger", [False, True])
@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("at", ["ScheduleExchange", "DC_PreCharge", "DC_ChargeLoop"])
def test_a_connection_that_goes(at: str, reset: bool, charger: bool) -> None:
    there = played(Gone(at=at + ("Res" if charger else "Req"), reset=reset), charger=charger)
    victim = there.result.car if charger else there.result.charger
    assert ("reset" if reset else "closed") in victim.why
    assert not victim.clean


def test_a_car_that_never_reads() -> None:
    there = played(Deaf(at=LOOP, nth=3, every=0.05))
    assert there.result.charger.why == "the car does not read its answers"


def test_two_misbehaviours_in_one_session() -> None:
    there = played(Late(at="ServiceDetailReq", by=3.0), Gone(at=LOOP, nth=2))
    assert there.result.duration > 3.0
    assert there.result.loops == 1
