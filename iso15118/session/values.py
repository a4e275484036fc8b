"""The next value from the last one, on the path that runs every 0.25 s: what `dataclasses.replace` does, in a tenth of its time.

For each class a twin of the same layout that may be written to: a copy is made as a twin by generated stores, changed, and then
declared to be of the frozen class.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

V = TypeVar("V")

_copiers: dict[type, Callable[[Any], Any]] = {}


def changed(value: V, **changes: Any) -> V:
    """A copy of a frozen, slotted dataclass with some fields replaced. Raises AttributeError on a field it does not have."""
    cls = value.__class__
    copier = _copiers.get(cls)
    if copier is None:
        copier = _copiers[cls] = _copier(cls)
    new = copier(value)
    for name, now in changes.items():
        setattr(new, name, now)
    new.__class__ = cls
    return new  # type: ignore[no-any-return]


def _copier(cls: type) -> Callable[[Any], Any]:
    """A function that gives an instance of `cls`'s twin with the same values."""
    names: tuple[str, ...] = cls.__slots__  # type: ignore[attr-defined]
    space: dict[str, Any] = {"twin": type(cls.__name__, cls.__bases__, {"__slots__": names}), "new": object.__new__}
    stores = "\n".join(f"    it.{name} = value.{name}" for name in names)
    exec(f"def copy(value):\n    it = new(twin)\n{stores}\n    return it\n", space)
    copy: Callable[[Any], Any] = space["copy"]
    return copy
