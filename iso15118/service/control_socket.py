"""A charger's hand for benches and operators on the same machine: a Unix socket, a JSON object a line, an answer a line.

    {"outlet": "1", "fault": {"meter_gain": 1.05}, "after": 2.5}
    {"permit": {"consent": true}}
    {"status": true}

docs/bench.md tells what there is. Its file is for its owner alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from iso15118.energy import Authorisation, Budget
from iso15118.errors import ChargeloopError, LocalError
from iso15118.service.evse import Evse
from iso15118.service.log import Log
from iso15118.service.station import Station
from iso15118.sim.faults import SimulatedFaults, checked

if TYPE_CHECKING:
    from iso15118.service.site_station import Leading

LONGEST: Final = 16_384
"""Octets of a line."""
PERMITS: Final = ("site", "backend", "consent", "profile")


class ControlSocket:
    """Listens until `close`."""

    def __init__(self, station: Station, leading: Leading | None = None, *, log: Log | None = None) -> None:
        """`leading`: the site that the station leads, if it does: a deed `site` is for it."""
        self._station = station
        self._leading = leading
        self._log = log or Log()
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self._lines: set[asyncio.StreamWriter] = set()
        self._deeds: Mapping[str, Callable[[str, Evse, Any], object]] = {
            "authorise": self._authorise,
            "budget": self._budget,
            "fault": self._fault,
            "permit": self._permit,
            "reset": self._reset,
            "status": self._status,
            "stop": self._stop,
            "token": self._token,
            "trip": self._trip,
        }

    async def listen(self, path: Path) -> None:
        """Raises LocalError where there can be none."""
        _left_behind(path)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, path, limit=LONGEST)
        except OSError as error:
            raise LocalError(f"{path}: no control socket: {error.strerror or error}") from None
        finally:
            os.umask(before)
        self._path = path

    def close(self) -> None:
        """Nobody is heard any more."""
        if self._server is not None:
            self._server.close()
        for line in self._lines:
            line.close()
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer)
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self.obey(line), separators=(",", ":")).encode() + b"\n")
                await writer.drain()
        except ValueError:  # a line longer than LONGEST
            writer.write(b'{"error":"a line of more than %d octets"}\n' % LONGEST)
        except OSError:
            pass
        finally:
            self._lines.discard(writer)
            writer.close()

    def obey(self, line: bytes) -> dict[str, Any]:
        """Do what a line says. What came of it: a dictionary with "ok", or with "error" and one line of text."""
        try:
            return {"ok": self._done(json.loads(line))}
        except (ValueError, RecursionError) as error:
            return {"error": f"no JSON: {error}"}
        except ChargeloopError as error:
            return {"error": str(error)}

    def _done(self, told: Any) -> object:
        if not isinstance(told, dict):
            raise LocalError("no JSON object; allowed: one deed, beside outlet and after")
        words = dict(told)
        if "site" in words:
            if self._leading is None or len(words) > 1:
                raise LocalError("site: allowed alone, and to a charger that leads a site")
            return self._leading.obey(words["site"])
        name, after = words.pop("outlet", None), words.pop("after", None)
        if len(words) != 1 or not set(words) <= set(self._deeds):
            raise LocalError(f"{', '.join(map(str, words)) or 'nothing'}; allowed: one of {', '.join(self._deeds)}")
        [(deed, value)] = words.items()
        name = self._name(name)
        evse, act = self._station.evse(name), self._deeds[deed]
        if after is None:
            return act(name, evse, value)
        if deed == "status" or isinstance(after, bool) or not isinstance(after, int | float) or not (isfinite(after) and after >= 0):
            raise LocalError(f"after: {after!r} for {deed}; allowed: seconds, 0 or more, for what changes something")
        if deed == "fault":
            self._faults(name)
            checked(_table(value, "fault"))
        asyncio.get_running_loop().call_later(after, self._later, act, name, evse, value)
        return True

    def _later(self, act: Callable[[str, Evse, Any], object], name: str, evse: Evse, value: Any) -> None:
        try:
            act(name, evse, value)
        except ChargeloopError as error:
            self._log.warning("control socket", f"{name}: {error}")

    def _name(self, name: object) -> str:
        names = [status.name for status in self._station.status()]
        if name is None and len(names) == 1:
            return names[0]
        if name not in names:
            raise LocalError(f"outlet: {name!r}; allowed: {', '.join(names)}")
        return str(name)

    def _faults(self, name: str) -> SimulatedFaults:
        plant: Any = getattr(self._station.metal(name), "plant", None)
        if plant is None:
            raise LocalError(f"fault: the metal of outlet {name} is not simulated in this process; allowed: a simulated board")
        faults: SimulatedFaults = plant.faults
        return faults

    # Deeds.

    def _fault(self, name: str, evse: Evse, value: Any) -> bool:
        faults = self._faults(name)
        for field, it in checked(_table(value, "fault")).items():
            setattr(faults, field, it)
        return True

    def _permit(self, name: str, evse: Evse, value: Any) -> bool:
        told = _table(value, "permit")
        wrong = [key for key, it in told.items() if key not in PERMITS or not isinstance(it, bool)]
        if wrong or not told:
            raise LocalError(f"permit: {', '.join(wrong) or 'nothing'}; allowed: {', '.join(PERMITS)}, true or false")
        evse.permit(**told)
        return True

    def _budget(self, name: str, evse: Evse, value: Any) -> bool:
        told = _table(value, "budget")
        numbers = {key: float(it) for key, it in told.items() if isinstance(it, int | float) and not isinstance(it, bool) and isfinite(it)}
        if set(told) - {"charge", "discharge", "target"} or numbers.keys() != told.keys() or "charge" not in told:
            raise LocalError(f"budget: {value!r}; allowed: charge, discharge and target, W")
        if numbers["charge"] < 0 or numbers.get("discharge", 0.0) < 0:
            raise LocalError(f"budget: {value!r}; allowed: charge and discharge of 0 or more")
        evse.set_budget(Budget(numbers["charge"], numbers.get("discharge", 0.0), numbers.get("target"), why="control socket"))
        return True

    def _authorise(self, name: str, evse: Evse, value: Any) -> bool:
        _flag(value, "authorise")
        evse.authorise(Authorisation.ACCEPTED if value else Authorisation.REFUSED)
        return True

    def _reset(self, name: str, evse: Evse, value: Any) -> bool:
        """False: a fault is left."""
        _flag(value, "reset", only=True)
        return self._station.reset(name)

    def _trip(self, name: str, evse: Evse, value: Any) -> bool:
        _flag(value, "trip", only=True)
        evse.trip()
        return True

    def _stop(self, name: str, evse: Evse, value: Any) -> bool:
        if not isinstance(value, str) or not value:
            raise LocalError(f"stop: {value!r}; allowed: a text, why")
        evse.stop(value)
        return True

    def _token(self, name: str, evse: Evse, value: Any) -> bool:
        """True: it is known."""
        if not isinstance(value, str) or not 0 < len(value) <= 64:
            raise LocalError(f"token: {value!r}; allowed: a text of 1 to 64 characters")
        evse.show(value)
        return value in evse.config.tokens

    def _status(self, name: str, evse: Evse, value: Any) -> dict[str, Any]:
        _flag(value, "status", only=True)
        telemetry, conversation = evse.actuator.telemetry, evse.conversation
        r, limits = telemetry.reading, telemetry.limits
        return {
            "outlet": name,
            "phase": str(conversation.session.phase) if evse.busy and conversation is not None else None,
            "voltage": round(r.voltage.value, 2),
            "current": round(r.current.value, 3),
            "power": round(r.power, 1),
            "contactor": r.contactor.value.name,
            "pilot": r.pilot.value.name,
            "locked": r.locked.value,
            "charged": round(r.charged.value, 3),
            "discharged": round(r.discharged.value, 3),
            "faults": sorted(evse.actuator.faults),
            "missing": list(evse.permits.missing),
            "limits": {key: it for key in type(limits).__fields__ if isfinite(it := getattr(limits, key))},
        }


def _left_behind(path: Path) -> None:
    """Clear away the socket of a charger that was killed."""
    with suppress(OSError):
        if stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()


def _table(value: Any, deed: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise LocalError(f"{deed}: {value!r}; allowed: an object")
    return value


def _flag(value: Any, deed: str, *, only: bool = False) -> None:
    if value is not True and (only or value is not False):
        raise LocalError(f"{deed}: {value!r}; allowed: true{'' if only else ' or false'}")
