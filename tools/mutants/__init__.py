"""Faults planted in guard and procedures, one at a time, and who finds them: checkers, tests, or nobody. `python -m tools.mutants`."""
