"""Pure physics: battery, DC bus, contactor, meter, vehicle, clock. No I/O, no clock of its own: time is given.

What drives it: `hal.simulated` from the charger's side, the car's session from the other, tests and benches from both.
Not here: who may do what (`hal.guard`), what is said about it (`session`).
"""
