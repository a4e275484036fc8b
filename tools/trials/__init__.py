"""A charger's process is killed, stopped, blocked, locked or cut off: what becomes of metal, in real time. `python -m tools.trials`."""
