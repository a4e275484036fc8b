"""`chargeloop secc CONFIG.toml`: run a charger until a signal comes."""

from __future__ import annotations

from argparse import Namespace
from functools import partial
from pathlib import Path

from iso15118.cli.report import SessionLines, misbehaviour, say, shown_log, writable, write
from iso15118.service.config import load_certificates, load_secc, load_site
from iso15118.service.foreground import run_station
from iso15118.service.links import link
from iso15118.service.seen import Seen
from iso15118.service.station import Station
from iso15118.units import Ampere, Volt, Watt
from iso15118.value import replace


def run(arguments: Namespace) -> int:
    """Serve; 0 once a signal has ended it. Raises LocalError on a wrong configuration, before anything is opened."""
    settings = load_secc(Path(arguments.config))
    station = replace(settings.station, sdp_port=arguments.sdp_port)
    if arguments.record is not None:
        station = replace(station, record=writable(arguments.record))
    if arguments.pcap is not None:
        station = replace(station, pcap=writable(arguments.pcap, "--pcap"))
    path = settings.site if arguments.site is None else Path(arguments.site)
    site = None if path is None else load_site(path, [evse.name for evse in station.evses])
    lines, wiring = _Lines(), misbehaviour(arguments)
    with shown_log(settings.log_level):
        certificates = None if station.tls is None else partial(load_certificates, Path(arguments.config))
        control = None if arguments.control is None else Path(arguments.control)
        run_station(station, ready=lines.ready, watcher=lines.saw, wiring=wiring, certificates=certificates, control=control, site=site)
    say("stopped")
    return 0


class _Lines:
    """What is said of every outlet."""

    def __init__(self) -> None:
        self._of: dict[str, SessionLines] = {}

    def ready(self, station: Station) -> None:
        """A line an outlet: where discovery sends a car to."""
        for status in station.status():
            name, interface = status.name, status.interface
            self._of[name] = SessionLines(name, partial(_measured, station, name))
            write(f"SDP ready on {interface} [{link(interface).text}]:{status.port} for {status.evse_id}")

    def saw(self, name: str, seen: Seen) -> None:
        """The station's watcher."""
        if name in self._of:
            self._of[name](seen)


def _measured(station: Station, name: str) -> tuple[Volt, Ampere, Watt]:
    reading = station.evse(name).actuator.reading
    return reading.voltage.value, reading.current.value, reading.power
