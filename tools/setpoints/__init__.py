"""The set-point law over a long random run: whatever a guard is told, what it tells the supply is judged turn by turn.

`python -m tools.setpoints [--ticks 1000000] [--seed N]`.
"""
