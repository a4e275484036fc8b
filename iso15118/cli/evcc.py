"""`chargeloop evcc CONFIG.toml`: a simulated car finds a charger and lives one session with it."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from iso15118.cli.report import SessionLines, misbehaviour, say, shown_log, writable
from iso15118.service.config import load_evcc
from iso15118.service.foreground import run_vehicle
from iso15118.service.vehicle import Vehicle, VehicleResult
from iso15118.units import KWH, Ampere, Volt, Watt


def run(arguments: Namespace) -> int:
    """One session; 0 if it ended in order, else 1. Raises LocalError on a wrong configuration, PeerError where there is no charger."""
    settings = load_evcc(Path(arguments.config))
    record = settings.record if arguments.record is None else writable(arguments.record)
    pcap = None if arguments.pcap is None else writable(arguments.pcap, "--pcap")
    wiring = misbehaviour(arguments)
    say(f"looking for a charger on {settings.car.interface}")
    with shown_log(settings.log_level):
        result = run_vehicle(
            settings.car, sdp_port=arguments.sdp_port, record=record, pcap=pcap, tls=settings.tls, watcher=_lines, wiring=wiring
        )
    for line in told(result):
        say(line)
    return 0 if result.clean else 1


def _lines(vehicle: Vehicle) -> SessionLines:
    def measured() -> tuple[Volt, Ampere, Watt]:
        reading = vehicle.car.snapshot().reading
        return reading.voltage.value, reading.current.value, reading.power

    return SessionLines("car", measured)


def told(result: VehicleResult) -> list[str]:
    """The session in three lines."""
    how = "in order" if result.clean else f"in {result.phase}"
    longest = max(result.waits, default=0.0) * 1e3
    return [
        f"session ended {how}: {result.why}",
        f"battery {result.soc_before:.1f} % -> {result.soc_after:.1f} %, {result.stored / KWH:+.3f} kWh in {result.duration:.1f} s",
        f"{result.messages} messages, {result.loops} charge loops, longest wait for an answer {longest:.1f} ms",
    ]
