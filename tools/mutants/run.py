"""Trials of many mutants, some at a time, each with a limit in time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from tools.mutants.nets import NETS, ROOT
from tools.mutants.source import Mutant

LIMIT: Final = 180.0
"""s. A mutant that makes something wait for ever is found by that."""


class Trial(NamedTuple):
    """What came of a mutant; None: of the code as it is. `net`: who found it, `what`: by which rule or test; empty: nobody."""

    mutant: Mutant | None
    net: str
    what: str


def trial(mutant: Mutant | None, nets: Sequence[str] = tuple(NETS)) -> Trial:
    """In a process of its own. Raises RuntimeError where it proves nothing."""
    asked = json.dumps({"mutant": mutant, "nets": nets})
    with tempfile.TemporaryDirectory() as kept:
        command = [sys.executable, "-m", "tools.mutants.trial"]
        environment = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": kept}
        try:
            done = subprocess.run(
                command, input=asked, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
            )
        except subprocess.TimeoutExpired as error:
            begun = (error.stdout or b"").decode().split()  # octets, whatever `text` says
            return Trial(mutant, begun[-1] if begun else nets[0], "it does not come to an end")
    if done.returncode != 0:
        raise RuntimeError(f"{mutant or 'the code as it is'}: {done.stderr.strip()[-2000:]}")
    return Trial(mutant, *json.loads(done.stdout.splitlines()[-1]))


def trials(mutants: Sequence[Mutant | None], jobs: int) -> Iterator[Trial]:
    """One after the other, in the order of `mutants`."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(trial, mutants)
