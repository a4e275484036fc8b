"""`service.value_added`: providers of value-added services hear what a car takes and lets go of."""

from __future__ import annotations

import pytest

from iso15118.service.car import CarConfig
from iso15118.service.evse_config import EvseConfig
from iso15118.service.pair import run_pair
from iso15118.service.plain import build, plain
from iso15118.service.value_added import provision
from iso15118.session import evcc, secc
from iso15118.session.services import ServiceID
from iso15118.session.value_added import Selected, ValueAddedService, Variant, WantedVas, internet

COFFEE = ValueAddedService(1000, (Variant(1, (("Strength", 3),)), Variant(2, (("Strength", 5), ("Milk", True)))))


class Machine:
    """A provider that notes what it hears."""

    def __init__(self, *, broken: bool = False) -> None:
        self.heard: list[tuple[str, int]] = []
        self.broken = broken

    @property
    def service(self) -> ValueAddedService:
        return COFFEE

    def begin(self, variant: Variant) -> None:
        self.heard.append(("begin", variant.id))
        if self.broken:
            raise RuntimeError("no beans")

    def end(self, variant: Variant) -> None:
        self.heard.append(("end", variant.id))


def test_a_provider_hears_changes_only() -> None:
    machine = Machine()
    provide = provision((machine,))
    for taken in (
        (Selected(1000, 1), Selected(65, 3)),
        (Selected(1000, 1),),
        (Selected(1000, 2), Selected(1000, 1)),
        (Selected(1000, 2),),
        (),
    ):
        provide(taken)
    assert machine.heard == [("begin", 1), ("begin", 2), ("end", 1), ("end", 2)]


def outlet(machine: Machine) -> EvseConfig:
    return EvseConfig(session=secc.Config(value_added=(internet(),)), providers=(machine,))


def wish(*wanted: WantedVas, **more: object) -> evcc.Config:
    return evcc.Config(loops=10, value_added=wanted, **more)  # type: ignore[arg-type]


def test_a_session_with_a_proprietary_service_and_internet() -> None:
    machine = Machine()
    used: list[tuple[Selected, ...]] = []
    car = CarConfig(
        session=wish(WantedVas(65, (("Protocol", "https"),)), WantedVas(1000, (("Milk", True),)), WantedVas(77)), provide=used.append
    )
    assert run_pair(outlet(machine), car).clean
    assert machine.heard == [("begin", 2), ("end", 2)]
    assert used == [(Selected(65, 4), Selected(1000, 2)), ()]


def test_a_session_in_which_nothing_beside_energy_is_wanted() -> None:
    machine = Machine()
    assert run_pair(outlet(machine), CarConfig(session=wish())).clean
    assert machine.heard == []


def test_services_chosen_anew_begin_and_end() -> None:
    """What is taken again goes on; it does not end in between."""
    machine = Machine()
    change = evcc.Renegotiation(4, (ServiceID.DC_BPT,))
    config = EvseConfig(session=secc.Config(service_renegotiation=True), providers=(machine,))
    assert run_pair(config, CarConfig(session=wish(WantedVas(1000), services=(ServiceID.DC,), renegotiation=change))).clean
    assert machine.heard == [("begin", 1), ("end", 1)]


def test_a_provider_that_fails_disturbs_no_session(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine(broken=True)
    result = run_pair(outlet(machine), CarConfig(session=wish(WantedVas(1000))))
    assert "a value-added service failed" in caplog.text
    assert result.clean
    assert result.loops == 10
    assert machine.heard == [("begin", 1), ("end", 1)]


def test_what_is_offered_and_wanted_has_a_plain_form() -> None:
    offered = outlet(Machine()).offered
    assert [service.id for service in offered.value_added] == [65, 1000]
    assert build(secc.Config, plain(offered)) == offered
    wanted = wish(WantedVas(1000, (("Milk", True), ("Strength", 5), ("Share", 0.5), ("Name", "x"))))
    assert build(evcc.Config, plain(wanted)) == wanted
