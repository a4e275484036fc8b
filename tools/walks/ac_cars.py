"""Misbehaving cars on alternating current: the words of `cars`, and what only a car can do that draws the current itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any, Final

from iso15118.exi import Message
from iso15118.messages.v20 import ac, delivery, session
from iso15118.messages.v20.phases import told
from iso15118.power import AcTarget, Pilot, VehicleSetpoint
from iso15118.sequence.phases import Phase
from iso15118.session.services import BIDIRECTIONAL, ControlMode, ServiceID
from iso15118.units import PerPhase
from tests.session.asked import ac_limits, ac_turn
from tools.walks import cars
from tools.walks.ac_bench import AcTold
from tools.walks.cars import AWAITED, Car

_KINDS: Final = (ServiceID.AC, ServiceID.AC_BPT)


class AcCar(Car):
    """One car in one walk."""

    bench: Any
    stubborn: PerPhase | None = None
    """W that it draws whatever is agreed on."""
    awaited: Mapping[Phase, type[Message]] = {
        **AWAITED,
        Phase.CHARGE_PARAMETERS: ac.AC_ChargeParameterDiscoveryReq,
        Phase.CHARGE_LOOP: ac.AC_ChargeLoopReq,
        Phase.STANDBY: ac.AC_ChargeLoopReq,
    }

    def draw(self, power: float | PerPhase | None, pilot: Pilot = Pilot.C) -> None:
        """Take this, W; None: nothing."""
        target = None if power is None else AcTarget(PerPhase.even(power, 3) if isinstance(power, float) else power)
        self.bench.vehicle.apply(VehicleSetpoint(pilot=pilot, target=target))

    def _set(self, *, pilot: Pilot, contactor: bool) -> None:
        self.draw(None, pilot)

    def _first(self, said: Any) -> AcTold:
        return _limits(said, AcTold(inf, inf if self.kind in BIDIRECTIONAL else 0.0))

    def _narrowed(self, message: Any, known: AcTold) -> AcTold:
        return _limits(message.control_mode, known)

    def honest(self) -> None:
        """What the phase asks for. The pilot follows the words, and the current what was agreed on."""
        before = self.bench.session
        super().honest()
        if before.deferred is not None or not self.bench.connected:
            return
        asked = self.last
        if isinstance(asked, delivery.PowerDeliveryReq):
            self._follow(asked)
        elif isinstance(asked, ac.AC_ChargeLoopReq) and before.phase is Phase.CHARGE_LOOP:
            self.draw(self._agreed())

    def _follow(self, asked: delivery.PowerDeliveryReq) -> None:
        match asked.charge_progress:
            case delivery.ChargeProgress.Start:
                self.draw(None)
            case delivery.ChargeProgress.Stop:
                self.rest()
            case _:
                self.draw(None, self.bench.vehicle.pilot)

    def _agreed(self) -> float | PerPhase:
        if self.stubborn is not None:
            return self.stubborn
        target = self.bench.target
        if target is not None:
            return PerPhase(*target)
        return 0.0 if self.mode is ControlMode.DYNAMIC else 5e3

    def _turn(self) -> Message:
        return ac_turn(self.kind, self.mode)

    def wild_turn(self) -> None:
        """A turn of the loop of any service and mode, with any numbers."""
        kind, mode = self.chance.choice(((self.chance.choice(_KINDS), self.chance.choice(list(ControlMode))), (self.kind, self.mode)))
        self._tell(self._request(ac.AC_ChargeLoopReq, control_mode=self._wild(ac_turn(kind, mode))))

    def wild_parameters(self) -> None:
        """Charge parameters with any numbers."""
        self._tell(self._request(ac.AC_ChargeParameterDiscoveryReq, energy_transfer_mode=self._wild(ac_limits(self.kind))))

    def any_power(self) -> None:
        """Takes or gives whatever it likes, phase by phase; every second time from now on."""
        powers = (0.0, 2e3, 7e3, 14e3, -2e3, -7e3)
        one = self.chance.choice(powers)
        power = PerPhase(*(self.chance.choice(powers) if self.chance.random() < 0.3 else one for _ in range(3)))
        self.stubborn = power if self.chance.random() < 0.5 else None
        self.draw(power)

    def pilot(self) -> None:
        """Any pilot state, whatever flows; now and then only for a moment."""
        self.draw(5e3, self.chance.choice((Pilot.B, Pilot.B, Pilot.C, Pilot.D, Pilot.E)))
        if self.chance.random() < 0.5:
            self.bench.run(0.02 * self.chance.randint(1, 20))
            self.draw(5e3)

    def grid(self) -> None:
        """The grid goes, or is out of its bounds, for a moment or for good."""
        faults = self.bench.outlet.plant.faults
        match self.chance.randrange(3):
            case 0:
                faults.grid_lost = True
            case 1:
                faults.grid_voltage = self.chance.choice((0.7, 1.2))
            case _:
                faults.grid_frequency = self.chance.choice((46.0, 54.0))
        if self.chance.random() < 0.6:
            self.bench.run(0.02 * self.chance.randint(1, 40))
            faults.grid_lost, faults.grid_voltage, faults.grid_frequency = False, 1.0, None

    def break_metal(self) -> None:
        """Something breaks at the charger."""
        faults = self.bench.outlet.plant.faults
        match self.chance.randrange(8):
            case 0:
                faults.supply_dead = True
            case 1:
                faults.telemetry_frozen = True
            case 2:
                faults.contactor_welded = self.bench.outlet.plant.contactor.conducting  # open contacts do not weld
            case 3:
                faults.residual_current = True
            case 4:
                faults.pilot = self.chance.choice((Pilot.A, Pilot.B, Pilot.E, Pilot.F))
            case 5:
                faults.contactor_stuck_open = True
            case 6:
                faults.meter_failed = True
            case _:
                self.bench.trip()

    def stop_and_draw(self) -> None:
        """Ends, and goes on taking."""
        progress = self.chance.choice((delivery.ChargeProgress.Stop, delivery.ChargeProgress.Standby))
        self._tell(self._request(delivery.PowerDeliveryReq, charge_progress=progress))
        if self.chance.random() < 0.3:
            self._tell(self._request(session.SessionStopReq))


_INSTEAD: Final[dict[Callable[[Car], None], Callable[[Any], None]]] = {
    Car.wild_turn: AcCar.wild_turn,
    Car.wild_parameters: AcCar.wild_parameters,
    Car.wild_pre_charge: AcCar.grid,
    Car.pilot: AcCar.pilot,
    Car.contactor: AcCar.any_power,
    Car.break_metal: AcCar.break_metal,
}
FOUL: Final[tuple[tuple[int, Callable[[Any], None]], ...]] = (
    *((weight, _INSTEAD.get(word, word)) for weight, word in cars.FOUL),
    (3, AcCar.stop_and_draw),
)


def _limits(said: Any, known: AcTold) -> AcTold:
    """The limits in `said`, as magnitudes, none wider than `known`."""
    charge, back = told(said, "ev_maximum_charge_power", 3), None
    if hasattr(said, "ev_maximum_discharge_power"):
        back = told(said, "ev_maximum_discharge_power", 3)
    into = known.charge if charge is None else min(known.charge, sum(max(0.0, phase) for phase in charge))
    out = known.discharge if back is None else min(known.discharge, sum(map(abs, back)))
    return AcTold(into, out)
