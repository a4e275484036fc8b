"""Those who look on while a conversation goes: each sees everything, in order, and none can disturb it."""

from __future__ import annotations

from collections import deque

from iso15118.service.log import Log
from iso15118.service.seen import Seen, Watcher


class Onlookers:
    """False where there are none. One that fails is dropped, with one line."""

    def __init__(self, name: str, log: Log) -> None:
        """`name`: of the conversation, for the log."""
        self._name = name
        self._log = log
        self._watchers: list[Watcher] = []
        self._unseen: deque[Seen] = deque()

    def __bool__(self) -> bool:
        return bool(self._watchers)

    def add(self, watcher: Watcher) -> None:
        """`watcher` sees everything from now on."""
        self._watchers.append(watcher)

    def later(self, seen: Seen) -> None:
        """It is shown with the next `show`: no answer waits for those who only look on."""
        self._unseen.append(seen)

    def show(self) -> None:
        """All that nobody has seen yet, the oldest first."""
        while self._unseen:
            seen = self._unseen.popleft()
            for watcher in tuple(self._watchers):
                try:
                    watcher(seen)
                except Exception as defect:
                    self._watchers.remove(watcher)
                    self._log.error("watcher dropped", f"{self._name}: a watcher failed and is dropped", error=defect)
