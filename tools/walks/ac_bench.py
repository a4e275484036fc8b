"""The bench for alternating current: the same charger and shell over an outlet whose contactor is all it has."""

from __future__ import annotations

from math import inf
from typing import Any, NamedTuple

from iso15118.exi import Message
from iso15118.hal.ac_guard import AcGuard
from iso15118.hal.board import AC_BOARD
from iso15118.hal.simulated import outlet
from iso15118.messages.v20.ac import AC_ChargeLoopRes
from iso15118.messages.v20.delivery import ChargeProgress, PowerDeliveryReq, PowerDeliveryRes
from iso15118.messages.v20.phases import told
from iso15118.sequence.phases import Phase
from iso15118.session.services import BIDIRECTIONAL
from iso15118.sim.battery import Battery
from iso15118.sim.onboard import OnBoardCharger
from iso15118.sim.vehicle import SimulatedVehicle
from tools.walks.ac_checker import AcChecker, AcMoment
from tools.walks.bench import Bench


class AcTold(NamedTuple):
    """The most power that the car has said it takes and gives, all phases together, as magnitudes."""

    charge: float = inf
    discharge: float = inf


class AcBench(Bench):
    """As `Bench`. The car's charger is stronger than the outlet, so that a greedy car can be caught."""

    def _plug(self, soc: float) -> None:
        self.abilities = AC_BOARD.abilities
        self.board = self.abilities.limits
        self.vehicle = SimulatedVehicle(Battery(soc=soc), onboard=OnBoardCharger(power=43_000.0, current=63.0))
        self.outlet = outlet(AC_BOARD, self.vehicle)
        self.told = AcTold()
        self.guard = AcGuard(self.outlet, discharge_allowed=self.world.permitted)
        self.checker = AcChecker()
        self.target: tuple[float, float, float] | None = None
        """W, what the car has been told last."""
        self._begun()

    def _begun(self) -> None:
        self.target = self._said = None
        self._looping = self._started = self._stopped = self._standby = False

    @property
    def current(self) -> float:
        return self.outlet.plant.reading.current

    def say(self, message: Message, payload_type: int) -> Message | None:
        if isinstance(message, PowerDeliveryReq) and payload_type == 0x8002 and self.connected:
            starts = message.charge_progress is ChargeProgress.Start
            self._started = self._started or starts
            self._stopped = self._stopped or (message.charge_progress is ChargeProgress.Stop and self.session.phase.loop)
            self._looping = False  # the outlet owes an answer: the silence is its own
        return super().say(message, payload_type)

    def _answered(self, message: Any) -> None:
        super()._answered(message)
        self.heard, good = self.now, str(getattr(message, "response_code", "")).startswith("OK")
        self._looping = isinstance(message, AC_ChargeLoopRes) and good
        if isinstance(message, AC_ChargeLoopRes) and good:
            power = None
            if hasattr(message.control_mode, "evse_target_active_power"):
                power = told(message.control_mode, "evse_target_active_power", 3)
            self._said = self.target = power
        if isinstance(message, PowerDeliveryRes) and good:
            progress = self._asked.charge_progress
            self._standby = progress is ChargeProgress.Standby
            if progress is ChargeProgress.Stop:
                self._started = False

    def _moment(self) -> AcMoment:
        mains, session, budget = self.outlet.plant, self.session, self.world.budget
        faults, grid, limits, ac = mains.faults, mains.reading, self.board, self.abilities.ac
        said, self._said = self._said, None
        lock_broken = faults.lock_stuck
        return AcMoment(
            at=self.now,
            closed=mains.contactor.conducting,
            active=tuple(grid.active),
            offered=None if mains.target is None else tuple(mains.target.active),
            said=said,
            pilot=mains.pilot.name,
            locked=self.outlet.lock.state.value,
            grid=ac is not None and ac.holds(grid),
            residual=faults.residual_current,
            fault=bool(self._telemetry.faults),
            broken=faults.telemetry_frozen or faults.contactor_stuck_open or faults.supply_dead or lock_broken,
            welded=faults.contactor_welded,
            authorised=self.authorised,
            bidirectional=session.service is not None and session.service.id in BIDIRECTIONAL,
            permitted=self.world.permitted,
            most_phase=limits.charge_current * 230.0,
            most_charge=min(limits.charge_power, budget.charge, self.told.charge),
            most_discharge=min(limits.discharge_power, budget.discharge, self.told.discharge),
            heard=self.heard,
            looping=self._looping,
            started=self._started,
            stopped=self._stopped,
            standby=self._standby,
            connected=self.connected and session.phase is not Phase.ENDED,
        )
