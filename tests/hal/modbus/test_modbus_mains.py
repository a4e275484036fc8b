"""A meter of the mains on Modbus TCP: what flows in each phase, as it fits a fuse and a direction."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from iso15118.errors import LocalError
from iso15118.hal.modbus.mains import MainsMeter, mains
from tests.hal.modbus.device import I32, Device, device, until

pytestmark = pytest.mark.waits

ROOT = Path(__file__).parents[3]
VOLTS_ONLY = "".join(
    f'[points.{what}_l{phase}]\naddress = {address + 2 * phase - 2}\ntype = "f32"\n'
    for what, address in (("voltage", 0), ("power", 0xC))
    for phase in (1, 2, 3)
)


@pytest.fixture
def sdm() -> Iterator[Device]:
    with device() as made:
        for place, value in (
            (0, 230.0),
            (2, 230.0),
            (4, 230.0),
            (6, 10.5),
            (8, 6.0),
            (0xA, 0.0),
            (0xC, 2300.0),
            (0xE, -1150.0),
            (0x10, 0.0),
        ):
            made.number(place, value)
        yield made


def told(port: int, place: Path = ROOT / "hw/eastron_sdm630/map.toml", **words: object) -> dict[str, object]:
    return {"map": str(place), "host": "127.0.0.1", "port": port, "every": 0.02, **words}


def test_a_current_is_as_large_as_a_fuse_sees_it_and_flows_as_the_power_does(sdm: Device) -> None:
    meter = MainsMeter(mains(told(sdm.port), "site.toml", "circuit[0].meter"))
    until(lambda: meter.flows() is not None and meter.power() is not None)
    flows, power = meter.flows(), meter.power()
    assert flows is not None
    assert power is not None
    assert tuple(flows.value) == (10.5, -5.0, 0.0)
    assert power.value == 1150.0
    sdm.number(0x0C, -5.0)  # hardly anything but reactive current: no room
    until(lambda: (now := meter.flows()) is not None and now.value.l1 == pytest.approx(-5.0 / 230.0))
    assert flows.age(time.monotonic()) < 0.5
    meter.close()


def test_low_words_first() -> None:
    with device(unit=7) as em:
        for place, value in (
            (0, 2305),
            (2, 2300),
            (4, 2310),
            (0xC, 10_500),
            (0xE, 6_000),
            (0x10, 0),
            (0x12, 23_000),
            (0x14, -11_500),
            (0x16, 0),
        ):
            em.number(place, value, I32, "little")
        meter = MainsMeter(mains(told(em.port, ROOT / "hw/carlo_gavazzi_em340/map.toml", unit=7), "site.toml", "circuit[0].meter"))
        until(lambda: meter.flows() is not None)
        flows = meter.flows()
        assert flows is not None
        assert tuple(flows.value) == pytest.approx((10.5, -5.0, 0.0))
        meter.close()


def test_a_map_without_currents(sdm: Device, tmp_path: Path) -> None:
    """What the power asks for; a phase that has failed carries nothing endless."""
    (tmp_path / "map.toml").write_text('name = "plain"\n' + VOLTS_ONLY)
    sdm.number(4, 0.0)
    sdm.number(0x10, 50.0)
    meter = MainsMeter(mains(told(sdm.port, tmp_path / "map.toml"), "site.toml", "circuit[0].meter"))
    until(lambda: meter.flows() is not None)
    flows = meter.flows()
    assert flows is not None
    assert tuple(flows.value) == pytest.approx((10.0, -5.0, 0.5))
    meter.close()


def test_a_meter_that_is_not_there_holds_up_nothing() -> None:
    began = time.monotonic()
    meter = MainsMeter(mains(told(1), "site.toml", "circuit[0].meter"))
    assert meter.flows() is None
    assert meter.power() is None
    assert time.monotonic() - began < 0.5
    until(lambda: meter.why != "")
    meter.close()


def test_a_meter_that_falls_silent_grows_old(sdm: Device) -> None:
    meter = MainsMeter(mains(told(sdm.port), "site.toml", "circuit[0].meter"))
    until(lambda: meter.flows() is not None)
    meter.close()
    time.sleep(0.2)
    flows = meter.flows()
    assert flows is not None
    assert flows.age(time.monotonic()) > 0.15


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ({"map": 3}, "a map's file"),
        ({"map": "nowhere.toml"}, "cannot be read"),
        ({"map": str(ROOT / "hw/acrel_djsf1352_rn/map.toml")}, r"points.power_l1: missing"),
        ({"host": ""}, "host and device are neither there"),
        ({"device": "/dev/ttyS0"}, "host and device are both there"),
    ],
)
def test_a_table_that_is_wrong(words: dict[str, object], what: str) -> None:
    with pytest.raises(LocalError, match=what):
        mains(told(502) | words, "site.toml", "circuit[0].meter")


def test_a_map_with_a_part_of_the_currents(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text('name = "odd"\n' + VOLTS_ONLY + "[points.current_l2]\naddress = 8\n")
    with pytest.raises(
        LocalError, match=r"map.toml: points: current_l2 alone; allowed: all of current_l1, current_l2, current_l3, or none"
    ):
        mains(told(502, tmp_path / "map.toml"), "site.toml", "circuit[0].meter")
