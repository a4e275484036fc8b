"""Builds the compiled codec with the C compiler that is here: `python tools/compiled/build.py [FOLDER]`, by default beside its source.

Nothing but the standard library is needed, so that a wheel's build hook and the tests can use it, too.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

EXI = Path(__file__).resolve().parents[2] / "iso15118" / "exi"
NAME = f"_compiled{sysconfig.get_config_var('EXT_SUFFIX')}"
FLAGS = (
    "-O2",
    "-fPIC",
    "-shared",
    "-Wall",
    "-Wextra",
    "-Wno-unused-parameter",
    "-Wno-missing-field-initializers",
    "-Wno-cast-function-type",
)


def compiler() -> list[str] | None:
    """The C compiler as a command: `CC`, else what built this Python, else cc or gcc; None where none is found."""
    for words in (os.environ.get("CC"), sysconfig.get_config_var("CC"), "cc", "gcc", "clang"):
        command = shlex.split(words or "")
        if command and shutil.which(command[0]):
            return command
    return None


def build(folder: Path = EXI, *flags: str) -> Path:
    """Builds the extension into `folder` and says where it is. Raises OSError with the compiler's words where that fails."""
    command = compiler()
    if command is None:
        raise OSError("no C compiler found (on Debian: apt-get install gcc); the codec works without: this build is only faster")
    include = sysconfig.get_path("include")
    if not Path(include, "Python.h").exists():
        raise OSError(f"no Python.h in {include} (on Debian: apt-get install python3-dev)")
    target, partial = folder / NAME, folder / f".{NAME}.{os.getpid()}"
    run = [*command, *FLAGS, *flags, f"-I{include}", str(EXI / "compiled.c"), "-o", str(partial)]
    try:
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"{shlex.join(run)}\n{done.stderr.strip()}")
        if done.stderr:
            print(done.stderr, file=sys.stderr)
        partial.replace(target)  # never half a file, and never one that a running process has open
    finally:
        partial.unlink(missing_ok=True)
    return target


if __name__ == "__main__":
    try:
        print(build(*map(Path, sys.argv[1:2])))
    except OSError as error:
        sys.exit(f"the compiled codec was not built: {error}")
