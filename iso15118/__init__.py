"""An ISO 15118-20 controller for bidirectional charging, in both roles. This module holds the public names and nothing else.

The names are resolved when they are first used, so that `import iso15118` stays cheap and loads no shell, no driver and no extra.
"""

from __future__ import annotations

import sys

from iso15118._collision import stop_if_foreign

__version__ = "0.1.0"

stop_if_foreign(sys.path, sys.argv, sys.orig_argv)

# Public name -> the module that defines it. Each name stands twice: here for the interpreter, and under TYPE_CHECKING below, as
# `from iso15118.x import Name as Name`, for type checkers and editors.
_PUBLIC: dict[str, str] = {}

TYPE_CHECKING = False  # what typing.TYPE_CHECKING is, without importing typing
if TYPE_CHECKING:
    pass


def __getattr__(name: str) -> object:
    module = _PUBLIC.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({"__version__", *_PUBLIC})
