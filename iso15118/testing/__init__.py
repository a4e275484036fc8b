"""The test bench: chargers and cars as context managers, in virtual time or in real time, with all that they said and measured.

    async with station(services=["DC_BPT"]) as charger, car(charger, loops=20) as driver:
        result = await driver.ended()

On a loop in virtual time (`virtual_time`) both are connected in memory; on any other one they find each other by SDP on the loopback.
Either way charger and car share one simulated plant. What may go wrong is data: `sim.misbehaviour` between a side and the connection,
`sim.faults` in the metal. Fixtures for pytest: `pytest_plugins = ["iso15118.testing.plugin"]`.
"""

from iso15118.testing.charger import Charger, station
from iso15118.testing.clock import real_time, virtual_time
from iso15118.testing.driver import Driver, car

__all__ = ["Charger", "Driver", "car", "real_time", "station", "virtual_time"]
