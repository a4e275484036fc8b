"""Studies of sites: seeded scenarios, simulated days, baselines and what they cost. Nothing here runs in a station.

Times of day are of the site's own clock, which is UTC in a study. Neighbours: `grid` with what is studied.
"""
