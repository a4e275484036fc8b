"""`chargeloop site report DOC.json... -o FILE.html`: what `site simulate --json` has written, as one page to be read in a browser."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from iso15118.cli.report import writable, write
from iso15118.study.report import report
from iso15118.study.report.documents import Study, arranged, read


def run(arguments: Namespace) -> int:
    """Write the page. Raises LocalError for documents that are none, or of different days."""
    output = writable(arguments.output, "--output")
    save(output, [read(Path(name)) for name in arguments.documents])
    return 0


def save(path: Path, studies: Sequence[Study]) -> None:
    """Write the page of studies of the same days. Raises LocalError for different ones."""
    path.write_text(report(*arranged(studies)), encoding="utf-8")
    write(f"{path} written")
