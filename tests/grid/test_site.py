"""A site's words: what fits together and what does not."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.grid.site import Battery, Circuit, Evse, Load, Pv, Site

MAIN = Circuit(name="main", import_limit=100e3, fuse=160.0)
FEEDER = Circuit(name="A", parent="main", fuse=63.0)


def test_the_way_up_and_what_is_below() -> None:
    site = Site(name="s", circuits=(MAIN, FEEDER), evses=(Evse(name="1", circuit="A"), Evse(name="2", circuit="main")))
    assert [node.name for node in site.above("A")] == ["A", "main"]
    assert [evse.name for evse in site.below("main")] == ["1", "2"]
    assert [evse.name for evse in site.below("A")] == ["1"]
    assert site.root is MAIN
    assert site.evse("2").phases == 3


@pytest.mark.parametrize(
    ("limits", "total"),
    [
        ({}, None),
        ({"import_limit": 50e3}, 50e3),
        ({"transformer": 40e3}, 40e3),
        ({"import_limit": 50e3, "transformer": 40e3}, 40e3),
    ],
)
def test_a_transformer_is_a_limit_too(limits: dict[str, float], total: float | None) -> None:
    assert Circuit(name="t", **limits).import_total == total
    export = {("export_limit" if key == "import_limit" else key): value for key, value in limits.items()}
    assert Circuit(name="t", **export).export_total == total


def loop() -> Site:
    return Site(name="s", circuits=(MAIN, Circuit(name="A", parent="B"), Circuit(name="B", parent="A")))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (loop, "loop, A -> B -> A"),
        (lambda: Site(name="s", circuits=()), "0 circuits without a parent"),
        (lambda: Site(name="s", circuits=(MAIN, Circuit(name="other"))), "2 circuits without a parent (main, other)"),
        (lambda: Site(name="s", circuits=(MAIN, Circuit(name="A", parent="C"))), "its parent 'C' is none of A, main"),
        (lambda: Site(name="s", circuits=(MAIN, MAIN)), "name of a circuit twice: main"),
        (lambda: Site(name="s", circuits=(MAIN,), pvs=(Pv(name="p", circuit="roof", peak=1e3),)), "p: its circuit 'roof' is none of main"),
        (lambda: Site(name="s", circuits=(MAIN,), evses=(Evse(name="1", circuit="main", lines=(0, 3)),)), "EVSE 1: phases 1, 4"),
        (lambda: Site(name="s", circuits=(MAIN,), evses=(Evse(name="1", circuit="main", lines=(1, 1)),)), "EVSE 1: phases 2, 2"),
        (lambda: Site(name="s", circuits=(MAIN,), evses=(Evse(name="1", circuit="main", lines=()),)), "one to three different"),
        (lambda: Site(name="s", circuits=(MAIN,), evses=(Evse(name="1", circuit="main", weight=0.0),)), "weight 0"),
        (lambda: Site(name="s", circuits=(MAIN,), evses=(Evse(name="1", circuit="main", least=16.0, most=10.0),)), "16 to 10 A"),
        (lambda: Site(name="s", circuits=(Circuit(name="main", fuse=-1.0),)), "fuse -1"),
        (lambda: Site(name="s", circuits=(Circuit(name="main", import_limit=float("nan")),)), "import_limit nan"),
        (lambda: Site(name="s", circuits=(MAIN, Circuit(name="A", parent="main", share=1.5))), "share 1.5"),
        (lambda: Site(name="s", circuits=(Circuit(name="main", share=0.5),)), "below another circuit"),
        (
            lambda: Site(name="s", circuits=(MAIN, *(Circuit(name=n, parent="main", share=0.6) for n in "AB"))),
            "circuit main: its tenants' shares make 1.2",
        ),
        (
            lambda: Site(name="s", circuits=(MAIN,), evses=(Evse(name="1", circuit="main"),), loads=(Load(name="1", circuit="main"),)),
            "name of a device twice: 1",
        ),
    ],
)
def test_what_does_not_fit_is_named(make, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(LocalError) as raised:
        make()
    assert said in str(raised.value)


def test_unknown_names_are_answered_with_those_there_are() -> None:
    battery = Battery(name="b", circuit="main", capacity=1e4, charge=5e3, discharge=5e3)
    site = Site(name="s", circuits=(MAIN,), evses=(Evse(name="1", circuit="main"),), batteries=(battery,))
    with pytest.raises(LocalError, match="no EVSE '7'; there are: 1"):
        site.evse("7")
    with pytest.raises(LocalError, match="no circuit 'B'; there are: main"):
        site.circuit("B")
