"""A bench whose supply is told its demand again and again while time passes, as a guard does each 10 ms: a driver on a bus lets it die."""

from __future__ import annotations

import time
from typing import Any

from tests.hal.by_wire import WireRig

EACH = 0.01


class Renewed:
    """The driver, and what it was told last."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._told: tuple[float, ...] = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def demand(self, voltage: float, current: float, trickle: float = 0.0) -> None:
        self._told = (voltage, current, trickle)
        self.renew()

    def off(self) -> None:
        self._told = ()
        self.renew()

    def renew(self) -> None:
        self._driver.demand(*self._told) if self._told else self._driver.off()


class CanRig(WireRig):
    """`contract.Rig`."""

    def __init__(self, driver: Any, world: Any) -> None:
        self.renewed = Renewed(driver)
        super().__init__({"supply": self.renewed}, world)

    def pass_time(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            self.renewed.renew()
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(EACH, left))
