"""What a site knew and did in each second, kept so that it can be lived again, and asked why: JSON lines, bounded.

A file begins with the site, its policy and the state it had; each line after it says what has changed since the one before. A file that
is full becomes its neighbour `.1` in place of the one before, and a new one begins, so that each can be read alone.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TextIO

from iso15118.errors import LocalError
from iso15118.grid.planning import SitePlan
from iso15118.grid.prices import Demand
from iso15118.grid.second import Done, Kept, Known, second
from iso15118.grid.site import Site
from iso15118.grid.tree import Tree
from iso15118.service.log import Log
from iso15118.service.plain import build, plain
from iso15118.units import Second

FORMAT: Final = "chargeloop site 1"
GONE: Final = "-"
"""Key for the names of what is not there any more."""
SIZE: Final = 64_000_000


class SiteLog:
    """Writes. A disk that fails is said once, and disturbs nothing: the site is led on."""

    def __init__(self, path: Path, site: Site, policy: str, *, size: int = SIZE, log: Log | None = None) -> None:
        """`size`: octets of a file."""
        self._path, self._size, self._log = path, size, log or Log()
        self._head = {"format": FORMAT, "site": plain(site), "policy": policy}
        self._file: TextIO | None = None
        self._written = 0
        self._failed = False
        self._last: dict[str, Any] = {}
        self._known: Known | None = None
        self._plain: dict[str, Any] = {}

    def saw(self, known: Known, kept: Kept, done: Done) -> None:
        """Keep a second."""
        if self._failed:
            return
        try:
            if self._file is None or self._written >= self._size:
                self._begin(kept)
            line = {"known": self._told(known), "done": plain(done)}
            self._write(changes(self._last, line))
            self._last = line
        except OSError as error:
            self._failed = True
            self._log.error("site log", f"site log {self._path} is not written any more: {error.strerror}")

    def close(self) -> None:
        """No more seconds."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self, kept: Kept) -> None:
        """A file of its own from here on."""
        self.close()
        if self._path.exists():
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        self._file = self._path.open("w", encoding="utf-8", buffering=1)
        self._written, self._last = 0, {}
        self._write({**self._head, "kept": plain(kept)})

    def _write(self, line: Mapping[str, Any]) -> None:
        if self._file is not None:
            self._written += self._file.write(json.dumps(line, separators=(",", ":")) + "\n")

    def _told(self, known: Known) -> dict[str, Any]:
        """The plain form. What is the same value as before, such as a plan, is not made anew."""
        told = {}
        for name in Known.__fields__:
            value = getattr(known, name)
            same = self._known is not None and value is getattr(self._known, name)
            told[name] = self._plain[name] if same else plain(value)
        self._known, self._plain = known, told
        return told


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What of `after` is not in `before`, table by table; under `-` the names that are gone."""
    told: dict[str, Any] = {}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            if inner := changes(old, value):
                told[key] = inner
        elif key not in before or old != value or type(old) is not type(value):
            told[key] = value
    if gone := [key for key in before if key not in after]:
        told[GONE] = gone
    return told


def changed(before: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """What `changes` was made of."""
    after = {key: value for key, value in before.items() if key not in told.get(GONE, ())}
    for key, value in told.items():
        if key != GONE:
            old = after.get(key)
            after[key] = changed(old, value) if isinstance(value, dict) and isinstance(old, dict) else value
    return after


class Story:
    """A log, read: the site, its policy, and the seconds."""

    def __init__(self, path: Path) -> None:
        """Raises LocalError on a file that is none."""
        try:
            self._lines = path.read_text(encoding="utf-8").splitlines()
            self._head = json.loads(self._lines[0])
        except (OSError, UnicodeDecodeError) as error:
            raise LocalError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
        except (ValueError, IndexError):
            self._head = None
        if not isinstance(self._head, dict) or self._head.get("format") != FORMAT:
            raise LocalError(f"{path}: line 1: no head of a site's log; allowed: a file that `log` names in a site's file")
        self._path = path
        self.site = build(Site, self._head["site"])
        self.policy: str = self._head["policy"]
        self.torn = False
        """The last line was cut off, as by a loss of power."""

    def seconds(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Number of the line, and everything that was known and done in it, in plain form. Raises LocalError on a line that is none."""
        told: dict[str, Any] = {}
        for number, line in enumerate(self._lines[1:], 2):
            try:
                told = changed(told, json.loads(line))
            except ValueError:
                if number == len(self._lines):
                    self.torn = True
                    return
                raise LocalError(f"{self._path}: line {number}: no JSON; the seconds after it cannot be known") from None
            yield number, told

    def last_plan(self) -> SitePlan | None:
        """The one that was in force in the end; None: there was none."""
        [plan] = deque(self._each("plan"), maxlen=1) or [None]
        return None if plan is None else build(SitePlan, plan)

    def last_demand(self) -> Demand | None:
        """The newest demand charge, with the peak so far; None: there was none."""
        told = (prices["demand"] for prices in self._each("prices") if prices is not None and prices["demand"] is not None)
        [demand] = deque(told, maxlen=1) or [None]
        return None if demand is None else build(Demand, demand)

    def _each(self, name: str) -> Iterator[Any]:
        """What was known one after the other, without living through it all."""
        found: Any = None
        for line in self._lines[1:]:
            if f'"{name}":' in line:
                with suppress(ValueError):  # cut off
                    told = json.loads(line).get("known", {})
                    if name in told:
                        found = changed({name: found}, {name: told[name]})[name]
                        yield found

    def replayed(self) -> Iterator[tuple[int, Second, dict[str, Any], dict[str, Any]]]:
        """Each second lived again: number of the line, its moment, what was done then, and what is done now."""
        kept, tree = build(Kept, self._head["kept"]), Tree(self.site)
        for number, told in self.seconds():
            known = build(Known, told["known"])
            kept, done = second(tree, self.policy, known, kept)
            yield number, known.moment, told["done"], plain(done)
