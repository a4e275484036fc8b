"""Another distribution, `iso15118`, installs an import package of the same name: find it and stop, in one line.

Two packages in one name overwrite each other's files, or shadow each other by the order of `sys.path`; either way a charger would run a
mixture. `importlib.metadata` could tell, but costs more to import than the rest of this package: listing a few directories does it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise

FOREIGN = "iso15118"
"""The name of the other distribution on the Python Package Index. Ours is `chargeloop`."""

_SITE_FOLDERS = ("site-packages", "dist-packages")
_HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def refuse_foreign_distribution(paths: Iterable[str]) -> str | None:
    """The line that says what is installed where, if one of the directories `paths` holds the foreign distribution; None if not."""
    for path in dict.fromkeys(paths):
        try:
            names = os.listdir(path or ".")
        except OSError:  # sys.path may name what is no directory
            continue
        for name in names:
            if name.startswith(f"{FOREIGN}-") and name.endswith((".dist-info", ".egg-info")):
                version = name.removeprefix(f"{FOREIGN}-").rsplit(".", 1)[0].partition("-")[0]
                return (
                    f"chargeloop: the unrelated distribution {FOREIGN} {version} is installed in {path or '.'} and uses the same "
                    f"import name: give each an environment of its own"
                )
    return None


def stop_if_foreign(path: Iterable[str], argv: Sequence[str], orig_argv: Sequence[str], *, home: str = _HOME) -> None:
    """Return if our package is alone; else end the command line with that line and exit code 2, or raise ImportError with it.

    `path`, `argv` and `orig_argv` are those of `sys`; `home` is the directory that holds our package.
    """
    line = refuse_foreign_distribution([home, *(entry for entry in path if os.path.basename(entry.rstrip("/\\")) in _SITE_FOLDERS)])
    if line is None:
        return
    if _is_command_line(argv, orig_argv):
        sys.stderr.write(line + "\n")
        raise SystemExit(2)
    raise ImportError(line, name=FOREIGN)


def _is_command_line(argv: Sequence[str], orig_argv: Sequence[str]) -> bool:
    """Whether the process was started as `chargeloop` or as `python -m iso15118`, and not as somebody else's program."""
    script = os.path.basename(argv[0]) if argv and argv[0] else ""
    if script in ("chargeloop", "chargeloop.exe", "chargeloop-script.py"):
        return True
    if script == "__main__.py" and os.path.basename(os.path.dirname(argv[0])) == FOREIGN:
        return True
    if script != "-m":  # what argv[0] is while the interpreter looks for the module to run
        return False
    module = next((after for flag, after in pairwise(orig_argv) if flag[:1] == "-" and flag[-1:] == "m"), "")
    return module.partition(".")[0] == FOREIGN
