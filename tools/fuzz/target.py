"""`python -m tools.fuzz.target SCHEMA [--fragments] [CORPUS] [libFuzzer options]`: fuzzing of one schema that is guided by coverage.

Needs atheris (`pip install -e '.[fuzz]'`). The corpus folder is filled with the vectors when it is empty. A finding is written by
libFuzzer to a file `crash-...`; `python -m tools.fuzz.target SCHEMA crash-...` runs it again, and its octets in hex belong in
`tests/exi/regressions.jsonl`.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from types import FunctionType

import atheris

with atheris.instrument_imports(include=["iso15118.exi", "iso15118.messages"]):
    from iso15118.errors import CodecError
    from iso15118.exi import plan
    from iso15118.exi.generate import warming
    from iso15118.exi.space import SPACE
    from iso15118.messages.catalogue import SCHEMAS
from tools.fuzz.campaign import judge
from tools.fuzz.corpus import documents
from tools.fuzz.corpus import fragments as fragments_of


def main() -> None:
    """Never returns: libFuzzer ends the process."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in SCHEMAS:
        sys.exit(f"usage: python -m tools.fuzz.target SCHEMA [--fragments] [CORPUS] [options]; SCHEMA: {', '.join(SCHEMAS)}")
    as_fragments = "--fragments" in sys.argv
    schema = SCHEMAS[name]
    plan.use(None)  # what the compiled codec does not take, it leaves to this one; the campaign runs on both
    for _ in warming([*schema.roots.values(), *schema.fragment_roots.values()]):
        pass
    for made in SPACE.values():  # code that is generated is not imported
        if isinstance(made, FunctionType) and made.__code__.co_filename.startswith("<exi"):
            atheris.instrument_func(made)

    def read(stream: bytes) -> None:
        try:
            found = schema.decode_fragment(stream) if as_fragments else schema.decode(stream)
        except CodecError:
            return
        problem = judge(schema, found)
        if problem:
            raise AssertionError(problem)

    arguments = [argument for argument in sys.argv[2:] if argument != "--fragments"]
    folders = [Path(argument) for argument in arguments if not argument.startswith("-") and not Path(argument).is_file()]
    if folders:
        folders[0].mkdir(parents=True, exist_ok=True)
        if not any(folders[0].iterdir()):
            for stream in fragments_of(name) if as_fragments else documents(name):
                (folders[0] / sha256(stream).hexdigest()[:16]).write_bytes(stream)
    atheris.Setup([sys.argv[0], *arguments], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
