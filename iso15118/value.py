"""Frozen values: the base of every message, event, command, reading and state.

What a frozen dataclass with slots is, at a fraction of its cost.
A dataclass costs 1 ms when its module is imported, and a charger has some 80 of them on its way to the first car; a value's `__init__` is
written when its first instance is made. Annotated fields in order, defaults behind `=`, `__post_init__` as in a dataclass.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

V = TypeVar("V")


def _first_init(self: Value, *values: Any, **named: Any) -> None:
    """Makes the class's own `__init__`, then calls it. Raises TypeError on a field that is missing or unknown."""
    cls = type(self)
    cls.__init__ = _initialiser(cls)  # type: ignore[method-assign]
    cls.__init__(self, *values, **named)


def _initialiser(cls: type[Value]) -> Any:
    """`__init__` of one class: it stores through the slots, past the frozen `__setattr__`."""
    space: dict[str, Any] = {f"default_{name}": value for name, value in cls.__defaults__.items()}
    for owner in cls.__mro__:
        space |= {f"set_{name}": slot.__set__ for name, slot in vars(owner).items() if name in getattr(owner, "__slots__", ())}
    words = [f"{name}=default_{name}" if name in cls.__defaults__ else name for name in cls.__fields__]
    if words and cls.__kw_only__:
        words.insert(0, "*")
    lines = [f"def __init__({', '.join(['self', *words])}):"]
    lines += [f"    set_{name}(self, {name})" for name in cls.__fields__]
    lines += [f"    set_{name}(self, None)" for name in cls.__hidden__]
    lines += ["    self.__post_init__()"] if hasattr(cls, "__post_init__") else ["    return"]
    exec("\n".join(lines), space)
    made = space["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


@dataclass_transform(frozen_default=True)
class ValueType(type):
    """Turns annotated fields into slots. Annotations stay unread strings."""

    __fields__: tuple[str, ...]
    __defaults__: dict[str, Any]
    __hidden__: tuple[str, ...]
    """Slots that are no fields: None in a new instance, and no part of its value."""
    __kw_only__: bool
    __got__: Callable[[Any], Any]
    """All fields of an instance, to compare and hash."""

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        kw_only: bool = False,
        hidden: tuple[str, ...] = (),
        **words: Any,
    ) -> ValueType:
        annotations: dict[str, Any] = namespace.get("__annotations__", {})
        own = tuple(field for field, kind in annotations.items() if not str(kind).startswith("ClassVar"))
        defaults = {field: namespace.pop(field) for field in own if field in namespace}
        namespace["__slots__"] = own + hidden
        namespace["__init__"] = _first_init  # each class its own: a base may have made its already
        cls = super().__new__(mcs, name, bases, namespace, **words)
        inherited = [base for base in bases if isinstance(base, ValueType)]
        cls.__fields__ = tuple(field for base in inherited for field in base.__fields__) + own
        cls.__defaults__ = {field: value for base in inherited for field, value in base.__defaults__.items()} | defaults
        cls.__hidden__ = tuple(slot for base in inherited for slot in base.__hidden__) + hidden
        cls.__kw_only__ = kw_only
        type.__setattr__(cls, "__match_args__", cls.__fields__)
        cls.__got__ = attrgetter(*cls.__fields__) if cls.__fields__ else _nothing
        return cls


def _nothing(value: object) -> tuple[()]:
    return ()


class Value(metaclass=ValueType):
    """A frozen value, equal to another one of the same class with equal fields.

    `class X(Value, kw_only=True)`: built with keywords alone.
    """

    __match_args__: ClassVar[tuple[str, ...]] = ()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: make a new one with replace(..., {name}=...)")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        cls = self.__class__
        if cls is not other.__class__:
            return NotImplemented
        return bool(cls.__got__(self) == cls.__got__(other))

    def __hash__(self) -> int:
        cls = self.__class__
        return hash((cls, cls.__got__(self)))

    def __repr__(self) -> str:
        cls = self.__class__
        return f"{cls.__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in cls.__fields__)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), {name: getattr(self, name) for name in type(self).__fields__})


def _rebuild(cls: type[Value], values: dict[str, Any]) -> Value:
    return cls(**values)


def twin(cls: type[Value]) -> type[Value]:
    """A class of the same layout that may be written to: its instance is filled, then declared to be of the frozen class.

    Both of the frozen class's refusals are taken back, or storing stays as slow as if each store were a call.
    """
    plain = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    body = {"__slots__": cls.__dict__["__slots__"], **plain, "__module__": cls.__module__}
    if "__orig_bases__" in cls.__dict__:  # a generic class
        body["__orig_bases__"] = cls.__dict__["__orig_bases__"]
    return type.__new__(type(cls), cls.__name__, cls.__bases__, body)


_copiers: dict[type[Value], Callable[[Any], Any]] = {}

if TYPE_CHECKING:
    from dataclasses import replace as replace  # for its checks of the fields' names and types
else:

    def replace(value: V, /, **changes: Any) -> V:
        """A copy with some fields replaced. Raises TypeError on a field it does not have."""
        cls = value.__class__
        copier = _copiers.get(cls)
        if copier is None:
            copier = _copiers[cls] = _copier(cls)
        new = copier(value)
        try:
            for name, now in changes.items():
                setattr(new, name, now)
        except AttributeError:
            raise TypeError(f"{cls.__name__} has no field {name}") from None
        new.__class__ = cls
        if hasattr(cls, "__post_init__"):
            new.__post_init__()
        return new

    def _copier(cls: type[Value]) -> Callable[[Any], Any]:
        """A function that gives the same values in an instance of `cls`'s twin."""
        space = {"twin": twin(cls), "new": object.__new__}
        stores = [f"    it.{name} = value.{name}" for name in cls.__fields__] + [f"    it.{name} = None" for name in cls.__hidden__]
        exec("\n".join(["def copy(value):", "    it = new(twin)", *stores, "    return it"]), space)
        return space["copy"]
