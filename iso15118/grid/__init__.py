"""The energy of a site, pure: what power each outlet is to have, by the grid's rules, the site's limits and the vehicles' needs.

No clock, no chance, no input or output: the time, measurements and random draws are arguments, results are values. It never meets a
session: a vehicle is seen as its `energy.Need` and answered with a `energy.Budget`. Who gives the values in: `service`.
"""

from __future__ import annotations
