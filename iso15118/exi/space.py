"""The one namespace of all generated code: what each class is called in it, and what has not been made yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from iso15118.errors import CodecError
from iso15118.exi import bits
from iso15118.exi.message import Message

NAMES: Final[dict[type[Message], str]] = {}
"""What each class is called in generated code."""
SPACE: Final[dict[str, Any]] = {
    "CodecError": CodecError,
    "new": object.__new__,
    "read_unsigned": bits.read_unsigned,
    "learn_unsigned": bits.learn_unsigned,
    "read_integer": bits.read_integer,
    "read_text": bits.read_text,
    "read_binary": bits.read_binary,
    "write_unsigned": bits.write_unsigned,
    "write_integer": bits.write_integer,
    "write_text": bits.write_text,
    "write_binary": bits.write_binary,
}
"""The one namespace of all generated code; what is not made yet stands here as a stub that makes it."""

MAKERS: Final[dict[str, Callable[[type[Message]], None]]] = {}
"""Prefix of a function's name ("d_" decoder, "e_" encoder) to what makes it for a class."""


def function(prefix: str, cls: type[Message]) -> Any:
    """The decoder or encoder (by `prefix`) of a class, made now if it was not yet."""
    name = prefix + name_of(cls)
    if name not in SPACE or hasattr(SPACE[name], "stub"):
        MAKERS[prefix](cls)
    return SPACE[name]


def name_of(cls: type[Message]) -> str:
    """A name for the class in generated code, unique also where two editions have a class of the same name."""
    if cls not in NAMES:
        name, taken = cls.__name__, 0
        while f"c_{name}" in SPACE:
            taken += 1
            name = f"{cls.__name__}_{taken}"
        NAMES[cls] = name
        SPACE[f"c_{NAMES[cls]}"] = cls
    return NAMES[cls]


def reference(prefix: str, cls: type[Message]) -> str:
    """The name under which generated code calls the function of another class; a stub until it is first called."""
    name = prefix + name_of(cls)
    if name not in SPACE:

        def stub(*arguments: Any) -> Any:
            return function(prefix, cls)(*arguments)

        stub.stub = True  # type: ignore[attr-defined]
        SPACE[name] = stub
    return name
