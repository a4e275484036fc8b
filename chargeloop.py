"""The command `chargeloop`, under a name that is ours alone.

The unrelated distribution `iso15118` installs a package of the same name as ours. In an editable installation it is found *before* ours, so
that nothing in our package can say so. This module is found all the same, looks where `iso15118` would come from, and stops in one line.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder

_OURS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "iso15118")


def main() -> int:
    """Run the command line; the exit code. 2, and one line, if another `iso15118` stands before ours."""
    spec = PathFinder.find_spec("iso15118")
    there = os.path.dirname(spec.origin) if spec is not None and spec.origin else ""
    if os.path.realpath(there) != _OURS:
        where = f"another package of the name iso15118 stands in {there}, before ours" if there else "its package iso15118 is not there"
        sys.stderr.write(f"chargeloop: {where}: give each an environment of its own\n")
        return 2
    from iso15118.cli import main as run

    return run()
