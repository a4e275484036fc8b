"""One mutant in a process of its own: `run` starts it. What comes in on stdin is the mutant and its nets, as JSON.

On stdout a line for each net that begins; the last line is what was found, as JSON: the net and what it says, both empty where nobody did.
"""

from __future__ import annotations

import json
import sys

from tools.mutants.plant import grown, plant
from tools.mutants.source import Mutant


def main() -> int:
    """1 where the trial proves nothing."""
    asked = json.load(sys.stdin)
    mutant = Mutant(*asked["mutant"]) if asked["mutant"] else None
    if mutant is not None:
        plant(mutant)
    from tools.mutants.nets import search  # later: what is imported from here on gets the mutant

    found = ("", "")
    for name in asked["nets"]:
        print(name, flush=True)
        what = search(name, mutant.module if mutant else "")
        if what:
            found = (name, what)
            break
    if mutant is not None and not grown(mutant):
        print(f"nobody has imported {mutant.module}", file=sys.stderr)
        return 1
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
