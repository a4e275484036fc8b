"""The car chooses by its own preference: service first, then control mode, whatever the order of the charger's lists."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.messages.v20.common import ResponseCode
from iso15118.messages.v20.dc import DC_ChargeParameterDiscoveryReq
from iso15118.messages.v20.service import (
    Parameter,
    ServiceDetailReq,
    ServiceDetailRes,
    ServiceDiscoveryReq,
    ServiceList,
    ServiceParameterList,
    ServiceSelectionReq,
)
from iso15118.messages.v20.service import (
    ParameterSet as WireSet,
)
from iso15118.messages.v20.service import (
    Service as WireService,
)
from iso15118.session.commands import Provide
from iso15118.session.evcc import Config, begin
from iso15118.session.evcc.services import ask_service_selection, best, choose
from iso15118.session.lenience import STRICT, USUAL, Deviation, Lenience
from iso15118.session.services import ControlMode, ParameterSet, Pricing, Service, ServiceID
from iso15118.session.value_added import Selected, WantedVas, internet
from iso15118.value import replace
from tests.session.evcc.bench import HEADER, Bench, snapshot

DC, BPT = ServiceID.DC, ServiceID.DC_BPT
S, D = ControlMode.SCHEDULED, ControlMode.DYNAMIC


def offered(*ids: int) -> ServiceList:
    return ServiceList(service=tuple(WireService(service_id=i, free_service=True) for i in ids))


def selected(bench: Bench) -> tuple[int, int]:
    chosen = bench.last.selected_energy_transfer_service
    return chosen.service_id, chosen.parameter_set_id


@pytest.mark.case("SVC-15")
@pytest.mark.parametrize(
    ("services", "modes", "listed", "expected"),
    [
        ((BPT, DC), (S, D), (S, D), (6, 1)),
        ((BPT, DC), (D, S), (S, D), (6, 2)),
        ((DC, BPT), (D,), (S, D), (2, 2)),
        ((BPT,), (D, S), (S,), (6, 1)),
        ((DC,), (S, D), (D, S), (2, 2)),
    ],
)
def test_our_order_decides(
    services: tuple[ServiceID, ...], modes: tuple[ControlMode, ...], listed: tuple[ControlMode, ...], expected: tuple[int, int]
) -> None:
    bench = Bench(Config(services=services, control_modes=modes))
    bench.charger.modes = listed
    bench.run(ServiceSelectionReq)
    assert selected(bench) == expected


def test_every_candidate_is_asked_for_in_our_order() -> None:
    bench = Bench(Config(services=(BPT, DC))).run(ServiceSelectionReq)
    assert [m.service_id for m in bench.sent if type(m) is ServiceDetailReq] == [6, 2]
    assert bench.session.candidates == (BPT, DC)
    bench = Bench(Config(services=(BPT, DC)), bidirectional=False).run(ServiceSelectionReq)
    assert [m.service_id for m in bench.sent if type(m) is ServiceDetailReq] == [2]


def test_unknown_services_are_passed_over() -> None:
    bench = Bench().run(ServiceDiscoveryReq)
    bench.answer(energy_transfer_service_list=offered(1, 99, 6))
    assert bench.session.candidates == (BPT,)


@pytest.mark.case("SVC-12")
def test_no_service_in_common() -> None:
    bench = Bench(Config(services=(BPT,))).run(ServiceDiscoveryReq)
    bench.answer(energy_transfer_service_list=offered(1, 2))
    assert bench.last.ev_termination_code == "NoCommonService"
    assert bench.run().closed is not None
    assert bench.closed is not None
    assert bench.closed.clean


def test_no_control_mode_in_common() -> None:
    bench = Bench(Config(services=(BPT,), control_modes=(D,)))
    bench.charger.modes = (S,)
    bench.run()
    assert bench.last.ev_termination_code == "NoCommonParameterSet"
    assert ServiceSelectionReq not in map(type, bench.sent)


def test_the_second_service_where_the_first_has_no_mode_of_ours() -> None:
    bench = Bench(Config(services=(BPT, DC), control_modes=(D,)))
    bench.run(ServiceDetailReq)
    bench.answer(service_parameter_list=ServiceParameterList(parameter_set=(ParameterSet(1, S).to_wire(),)))
    bench.run(ServiceSelectionReq)
    assert selected(bench) == (2, 2)


def test_details_of_another_service_end_the_session() -> None:
    bench = Bench().run(ServiceDetailReq)
    bench.answer(service_id=2)
    assert bench.closed is not None
    assert not bench.closed.clean


@pytest.mark.case("SVC-13")
def test_parameters_in_any_order_and_unknown_ones() -> None:
    bench = Bench(Config(services=(BPT,), control_modes=(D,))).run(ServiceDetailReq)
    wire = ParameterSet(9, D, bpt_channel=1, generator_mode=1).to_wire()
    more = (Parameter(name="Colour", finite_string="red"), *reversed(wire.parameter))
    bench.answer(service_parameter_list=ServiceParameterList(parameter_set=(wire.but(parameter=more),)))
    assert selected(bench) == (6, 9)


def test_a_set_that_cannot_be_read_leaves_the_others() -> None:
    bench = Bench(Config(services=(BPT,))).run(ServiceDetailReq)
    bad = WireSet(parameter_set_id=1, parameter=(Parameter(name="Connector", int_value=2),))
    bench.answer(service_parameter_list=ServiceParameterList(parameter_set=(bad, ParameterSet(2, S).to_wire())))
    assert selected(bench) == (6, 2)
    assert any("no known ControlMode" in note for note in bench.notes)


def test_within_a_mode_the_simpler_variant() -> None:
    sets = (ParameterSet(1, D, 2), ParameterSet(2, D, 1, bpt_channel=2), ParameterSet(3, D, 1, bpt_channel=1), ParameterSet(4, S))
    assert best(Service(BPT, sets), Config(control_modes=(D,))) == sets[2]
    assert best(Service(BPT, sets[:1]), Config(control_modes=(D,))) == sets[0]
    assert best(Service(BPT, ()), Config()) is None


def test_within_a_mode_our_order_of_needs_then_of_pricing() -> None:
    sets = tuple(ParameterSet(10 * needs + price, D, needs, price) for needs in (1, 2) for price in (0, 1, 2))

    def chosen(needs: tuple[int, ...], *pricing: Pricing) -> int | None:
        found = best(Service(DC, sets), Config(control_modes=(D,), mobility_needs=needs, pricing=pricing))
        return None if found is None else found.id

    assert chosen((1, 2), *Pricing) == 10
    assert chosen((2, 1), Pricing.LEVELS, Pricing.ABSOLUTE) == 22
    assert chosen((1,), Pricing.ABSOLUTE) == 11
    assert best(Service(DC, sets[:1]), Config(pricing=(Pricing.LEVELS,))) is None
    assert best(Service(DC, (ParameterSet(1, D, 3, 0), ParameterSet(2, D, 1, 7))), Config()) is None
    scheduled = ParameterSet(1, S)
    assert best(Service(DC, (scheduled,)), Config(mobility_needs=(2,))) == scheduled


def test_a_car_makes_no_grid() -> None:
    forming, following = ParameterSet(1, S, generator_mode=2), ParameterSet(2, D, generator_mode=1)
    assert best(Service(BPT, (forming, following)), Config()) == following
    assert best(Service(BPT, (forming,)), Config()) is None


@pytest.mark.case("SVC-14")
def test_what_is_odd_about_a_set_is_told_once_and_taken() -> None:
    bench = Bench(Config(services=(ServiceID.AC,))).run(ServiceDiscoveryReq)
    bench.answer(energy_transfer_service_list=offered(1))
    sets = tuple(ParameterSet(i, S, pricing=i, connector=3, nominal_voltage=230).to_wire() for i in (1, 2))
    bench.answer(service_parameter_list=ServiceParameterList(parameter_set=sets))
    assert selected(bench) == (1, 1)
    assert bench.session.parameters is not None
    assert bench.session.parameters.phases == 3
    assert [note for note in bench.notes if "connector_three" in note] == [USUAL.judged(Deviation.CONNECTOR_THREE, "service AC")]


@pytest.mark.parametrize(("lenience", "chosen"), [(USUAL, (1, 1)), (STRICT, (1, 2))])
def test_a_strict_car_passes_an_odd_set_over(lenience: Lenience, chosen: tuple[int, int]) -> None:
    bench = Bench(Config(services=(ServiceID.AC,), lenience=lenience)).run(ServiceDiscoveryReq)
    bench.answer(energy_transfer_service_list=offered(1))
    sets = tuple(ParameterSet(i, S, connector=connector, nominal_voltage=230).to_wire() for i, connector in ((1, 3), (2, 2)))
    bench.answer(service_parameter_list=ServiceParameterList(parameter_set=sets))
    assert selected(bench) == chosen


@pytest.mark.parametrize("wish", [{"pricing": ()}, {"mobility_needs": ()}, {"mobility_needs": (1, 3)}])
def test_wishes_that_cannot_be_said(wish: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(LocalError, match="pricing"):
        Config(**wish)  # type: ignore[arg-type]


def with_vas(bench: Bench, *ids: int) -> Bench:
    """The charger offers these value-added services, with two variants each."""
    bench.charger.answers[ServiceDiscoveryReq] = lambda request, good: good.but(vas_list=offered(*ids))
    variants = internet(("http", "https")).variants

    def detail(request: ServiceDetailReq, good: ServiceDetailRes) -> ServiceDetailRes:
        if request.service_id < 65:
            return good
        return good.but(service_parameter_list=ServiceParameterList(parameter_set=tuple(one.to_wire() for one in variants)))

    bench.charger.answers[ServiceDetailReq] = detail
    return bench


def taken(bench: Bench) -> list[tuple[int, int]]:
    chosen = bench.last.selected_vas_list
    return [] if chosen is None else [(one.service_id, one.parameter_set_id) for one in chosen.selected_service]


HTTPS = WantedVas(65, (("Port", 443), ("Protocol", "https")))


@pytest.mark.parametrize(
    ("wishes", "asked", "expected"),
    [
        ((), [], []),
        ((WantedVas(65),), [65], [(65, 3)]),
        ((HTTPS,), [65], [(65, 4)]),
        ((WantedVas(1000), HTTPS), [1000, 65], [(1000, 3), (65, 4)]),
        ((HTTPS, WantedVas(65)), [65], [(65, 4), (65, 3)]),
        ((WantedVas(65), WantedVas(65)), [65], [(65, 3)]),
        ((WantedVas(65, (("Protocol", "ftp"),)),), [65], []),
        ((WantedVas(66),), [], []),
    ],
)
def test_value_added_services_that_we_want_and_that_are_offered(
    wishes: tuple[WantedVas, ...], asked: list[int], expected: list[tuple[int, int]]
) -> None:
    bench = with_vas(Bench(Config(services=(BPT,), value_added=wishes, loops=3)), 65, 1000).run(ServiceSelectionReq)
    assert [m.service_id for m in bench.sent if type(m) is ServiceDetailReq] == [6, *asked]
    assert taken(bench) == expected
    selection = tuple(Selected(*pair) for pair in expected)
    bench.run()
    assert [c.selected for c in bench.trace if isinstance(c, Provide)] == ([selection, ()] if selection else [])
    assert bench.closed is not None
    assert bench.closed.clean


def test_nothing_is_used_before_the_selection_stands() -> None:
    bench = with_vas(Bench(Config(value_added=(HTTPS,))), 65).run(ServiceSelectionReq)
    bench.answer(response_code=ResponseCode.FAILED_ServiceSelectionInvalid)
    assert bench.closed is not None
    assert not any(isinstance(command, Provide) for command in bench.trace)


def test_more_value_added_services_than_can_be_selected() -> None:
    with pytest.raises(LocalError, match="at most 16"):
        Config(value_added=tuple(WantedVas(100 + i) for i in range(17)))


def test_a_choice_needs_an_offer() -> None:
    session = choose(replace(begin(Config()), candidates=(DC,), offers=(Service(DC, ()),)))
    assert session.stop
    with pytest.raises(LocalError):
        ask_service_selection(session, HEADER, snapshot())


def test_the_selection_stands() -> None:
    assert type(Bench().run(DC_ChargeParameterDiscoveryReq).last) is DC_ChargeParameterDiscoveryReq
