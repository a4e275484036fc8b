"""The command line `chargeloop`: one file a command group, imported when used."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from iso15118._collision import stop_if_foreign


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line with `argv` (the process's arguments if None); the exit code: 0 done, 1 failed, 2 wrong use."""
    # Asked again: if the other distribution was installed after ours, it has put its own `__init__` in the place of the one that asks.
    stop_if_foreign(sys.path, sys.argv, sys.orig_argv)
    from iso15118 import __version__

    parser = argparse.ArgumentParser(prog="chargeloop", description="An ISO 15118-20 controller for bidirectional charging.")
    parser.add_argument("--version", action="version", version=f"chargeloop {__version__}")
    parser.parse_args(argv)
    parser.print_help()
    return 0
