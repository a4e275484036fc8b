"""What a demo has come to: energies by meter and by battery, answer times, sizes. The verdict of `make demo` is made here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import quantiles
from time import perf_counter
from typing import Any, Final

from iso15118.cli.watch import Energy, Kind, Watch
from iso15118.messages.catalogue import schema_for
from iso15118.service.pair import PairResult
from iso15118.service.seen import Direction
from iso15118.units import KWH, Second, WattHour
from iso15118.value import Value

TOLERANCE: Final = 2.0
"""Percent by which meter and battery may differ."""
LEAST: Final[WattHour] = 1.0
"""Below this there is nothing to compare."""


class Balance(Value):
    """One direction: what the charger's meter counted, and what the battery's state of charge and its heat account for. Wh, >= 0."""

    meter: WattHour
    stored: WattHour
    heat: WattHour
    """Into the vehicle it was metered and not stored; out of it, it left the store and never reached the meter."""
    outward: bool

    @property
    def battery(self) -> WattHour:
        """At the battery's terminals."""
        return self.stored - self.heat if self.outward else self.stored + self.heat

    @property
    def difference(self) -> float:
        """Percent by which the meter is above the battery."""
        return 100.0 * (self.meter - self.battery) / self.battery if self.battery >= LEAST else float("inf")

    @property
    def agrees(self) -> bool:
        """Within `TOLERANCE`, and there was something to compare."""
        return abs(self.difference) <= TOLERANCE


class Summary(Value):
    """The figures. Times in seconds, sizes in octets of EXI."""

    mode: str
    clean: bool
    why: str
    into: Balance
    out: Balance
    soc: tuple[float, float, float]
    """At the start, at its highest, at the end."""
    loops: int
    messages: int
    octets: int
    p50: Second
    p99: Second
    longest: Second
    codec_share: float
    """0..1: the part of an ordinary answer time (p50) that the charger spends in decoding and encoding."""
    virtual: Second
    wall: Second
    record: str = ""
    late: tuple[tuple[str, int], ...] = ()
    """Messages of either side that left after their performance time, by name."""
    service: str = "DC_BPT"
    secure: bool = False
    """Over mutual TLS 1.3."""
    contract: str = ""
    """The one that has paid (EMAID); empty: other means."""

    @property
    def ok(self) -> bool:
        """Ended in order, and both energies agree."""
        return self.clean and self.into.agrees and self.out.agrees

    @property
    def verdict(self) -> str:
        """In words."""
        if not self.clean:
            return f"NOT OK: the session did not end in order: {self.why}"
        wrong = [way for way, balance in (("in", self.into), ("out", self.out)) if not balance.agrees]
        if wrong:
            return f"NOT OK: energy {' and '.join(wrong)} by the meter and by the battery differ by more than {TOLERANCE:g} %"
        return f"OK: meter and battery agree within {TOLERANCE:g} % both ways"


def sum_up(result: PairResult, watch: Watch, *, mode: str, wall: Second, record: str = "", service: str = "DC_BPT") -> Summary:
    """The summary of a session that is over; `wall`: real seconds it took."""
    watch.measure()
    times = sorted(result.answer_times)
    kinds = watch.kinds.values()
    return Summary(
        mode=mode,
        clean=result.clean,
        why=result.charger.why if not result.charger.clean else result.car.why,
        into=_balance(result.charged, watch.into, outward=False),
        out=_balance(result.discharged, watch.out, outward=True),
        soc=(result.soc_before, watch.soc_highest, result.soc_after),
        loops=result.loops,
        messages=result.messages,
        octets=sum(kind.octets for kind in kinds),
        p50=_quantile(times, 50),
        p99=_quantile(times, 99),
        longest=times[-1] if times else 0.0,
        codec_share=min(1.0, _codec_time(watch.kinds.items()) / (_quantile(times, 50) * len(times))) if times else 0.0,
        virtual=result.duration,
        wall=wall,
        record=record,
        late=(*result.charger.late, *result.car.late),
        service=service,
        secure=watch.pair.charger is not None and watch.pair.charger.session.secure,
        contract="" if watch.pair.charger is None else watch.pair.charger.session.emaid,
    )


def _balance(meter: WattHour, energy: Energy, *, outward: bool) -> Balance:
    return Balance(meter, abs(energy.stored), energy.heat, outward)


def _quantile(times: Sequence[Second], percent: int) -> Second:
    return quantiles(times, n=100, method="inclusive")[percent - 1] if len(times) > 1 else sum(times)


def _codec_time(kinds: Iterable[tuple[tuple[Direction, object], Kind]], repeat: int = 30) -> Second:
    """Seconds the charger spends in EXI in all: for each kind the median of one of its messages, coded again, times their number."""
    total = 0.0
    for (direction, _), kind in kinds:
        schema = schema_for(kind.payload_type)
        times = []
        for _ in range(repeat):
            began = perf_counter()
            if direction is Direction.IN:
                schema.decode(kind.raw)
            else:
                schema.encode(kind.message)
            times.append(perf_counter() - began)
        total += sorted(times)[repeat // 2] * kind.count
    return total


def energies(summary: Summary) -> list[tuple[str, str, str, str, str]]:
    """The table of energies: heading and two rows."""
    rows = [("Energy", "by the meter", "by the battery", "difference", "")]
    for name, balance in (("into the vehicle", summary.into), ("out of the vehicle", summary.out)):
        off = f"{balance.difference:+.2f} %" if balance.battery >= LEAST else "-"
        rows.append((name, _kwh(balance.meter), _kwh(balance.battery), off, "OK" if balance.agrees else "NOT OK"))
    return rows


def facts(summary: Summary) -> list[tuple[str, str]]:
    """Name and value of the other figures."""
    start, highest, end = summary.soc
    times = f"p50 {_ms(summary.p50)}, p99 {_ms(summary.p99)}, max {_ms(summary.longest)}"
    stored = f"{_kwh(summary.into.stored)} in, {_kwh(summary.out.stored)} out"
    said = [
        ("State of charge", f"{start:.1f} % -> {highest:.1f} % -> {end:.1f} %"),
        ("Stored", f"{stored}, and {_kwh(summary.into.heat + summary.out.heat)} of heat"),
        ("Trust", f"{'mutual TLS 1.3' if summary.secure else 'no TLS'}, {_payment(summary)}"),
        ("Messages", f"{summary.messages}, {summary.loops} charge loops, {summary.octets / 1000:.0f} kB of EXI"),
        ("Answer times", f"{times}; EXI is {summary.codec_share:.0%} of it"),
        ("Time", f"{clock(summary.virtual)} virtual, {summary.wall:.1f} s real"),
    ]
    if summary.late:
        said.append(("Late", ", ".join(f"{name} {count}" for name, count in summary.late)))
    return [*said, ("Recording", summary.record)] if summary.record else said


def _payment(summary: Summary) -> str:
    return f"contract {summary.contract} pays" if summary.contract else "payment outside of the car (EIM)"


def as_json(summary: Summary) -> dict[str, Any]:
    """Ready for `json.dumps`. Energies in Wh, times in the unit their name ends with."""

    def way(balance: Balance) -> dict[str, Any]:
        known = balance.battery >= LEAST
        return {
            "meter_wh": round(balance.meter, 2),
            "battery_wh": round(balance.battery, 2),
            "stored_wh": round(balance.stored, 2),
            "heat_wh": round(balance.heat, 2),
            "difference_percent": round(balance.difference, 3) if known else None,
            "ok": balance.agrees,
        }

    return {
        "ok": summary.ok,
        "verdict": summary.verdict,
        "clean": summary.clean,
        "service": summary.service,
        "tls": summary.secure,
        "contract": summary.contract or None,
        "mode": summary.mode,
        "energy_in": way(summary.into),
        "energy_out": way(summary.out),
        "soc_percent": dict(zip(("start", "highest", "end"), (round(soc, 3) for soc in summary.soc), strict=True)),
        "messages": summary.messages,
        "charge_loops": summary.loops,
        "exi_octets": summary.octets,
        "answer_ms": {"p50": round(summary.p50 * 1e3, 3), "p99": round(summary.p99 * 1e3, 3), "max": round(summary.longest * 1e3, 3)},
        "codec_share": round(summary.codec_share, 3),
        "virtual_s": round(summary.virtual, 3),
        "wall_s": round(summary.wall, 3),
        "record": summary.record or None,
    }


def _kwh(energy: WattHour) -> str:
    return f"{energy / KWH:.3f} kWh"


def _ms(seconds: Second) -> str:
    return f"{seconds * 1e3:.2f} ms"


def clock(seconds: Second) -> str:
    """Minutes and seconds, `07:45`."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    return f"{minutes:02d}:{rest:02d}"
