"""The pure core of a session, both roles: `step(session, event, snapshot)` gives the next session and the commands.

No await, no clock, no hardware, no randomness: metal, market and back-end are met only as values in a snapshot, and everything to be
done comes out as commands. `secc` answers, `evcc` asks; they mirror each other in names.
"""
