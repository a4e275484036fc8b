"""Why nobody finds some of the mutants, each by its text. Those that differ and do harm are no matter for this table but for a test."""

from __future__ import annotations

from typing import Final

ONE_VALUE: Final = "differs at one value of a real number, on the bound itself, where both answers are right"

EXPLAINED: Final = {
    "hal.guard.Guard._transfer: go.current == 0 or current == 0  ->  go.current == 0 and current == 0": (
        "equivalent: nothing wanted is nothing after the ramp, and where nothing is left of a wish, the last two lines say the same"
    ),
    "hal.guard.Guard._transfer: go.current == 0 or current == 0  ->  go.current == 0 or False": (
        "equivalent: where nothing is left of a wish, the last two lines say the same"
    ),
    "hal.watchdog.Watchdog._narrow: share < 1.0  ->  True": "equivalent: the whole of it is what it was",
    "hal.ac_guard.AcGuard.__init__: self._residual = Measured(False, NEVER)  ->  self._residual = Measured(True, NEVER)": (
        "it is measured in the first turn, before anybody looks at it; where that fails the outlet is latched off for that, too"
    ),
    "hal.ac_guard.AcGuard._watch: inward = r.current.value >= 0.0  ->  inward = r.current.value > 0.0": (
        "equivalent: no current is above no limit, whichever way it does not flow"
    ),
    "hal.ac_guard.AcGuard._watch: self._over_current_fast.check(current > 1.5 * most + 1.0, now, taken)"
    "  ->  self._over_current_fast.check(current >= 1.5 * most + 1.0, now, taken)": ONE_VALUE,
    "hal.ac_guard.AcGuard._watch: (DeviceFault.STALE, self._oldest > bounds.LOST)"
    "  ->  (DeviceFault.STALE, self._oldest >= bounds.LOST)": ONE_VALUE,
    "hal.ac_guard.AcGuard._may_close: self._oldest <= bounds.STALE  ->  self._oldest < bounds.STALE": ONE_VALUE,
    "procedures.relay.relay: wanted is None or wanted >= 0.0  ->  wanted is None or wanted > 0.0": (
        "equivalent: nothing is spread to nothing, either way"
    ),
    "procedures.relay.beyond: power > into * 1.05 + tolerance or -power > out * 1.05 + tolerance"
    "  ->  power > into * 1.05 + tolerance or -power >= out * 1.05 + tolerance": ONE_VALUE,
    "hal.ac_guard.AcGuard._open: abs(current.value) < 1.0  ->  abs(current.value) <= 1.0": ONE_VALUE,
    "procedures.transfer.follow: ours.min_voltage > max(theirs.min_voltage, 0.0)  ->  ours.min_voltage >= max(theirs.min_voltage, 0.0)": (
        "differs where both have the same lowest voltage: the limit is ours as much as the vehicle's"
    ),
    "procedures.relay.beyond: power > into * 1.05 + tolerance or -power > out * 1.05 + tolerance"
    "  ->  power >= into * 1.05 + tolerance or -power > out * 1.05 + tolerance": ONE_VALUE,
    "procedures.relay.beyond: total > allowed.charge_total * 1.05 + margin  ->  total >= allowed.charge_total * 1.05 + margin": ONE_VALUE,
}
