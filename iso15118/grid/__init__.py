"""The energy of a site, pure: what power each outlet is to have, by the grid's rules, the site's limits and the vehicles' needs.

No clock, no chance, no input or output beside the data files that lie here: the time, measurements and random draws are arguments,
results are values. It never meets a session: a vehicle is seen as its `energy.Need` and answered with an `energy.Budget`.
"""

from __future__ import annotations
