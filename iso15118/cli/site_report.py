"""`chargeloop site report DOC.json... -o FILE.html`: what `site simulate --json` has written, as one page to be read in a browser."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from iso15118.cli.report import writable, write
from iso15118.study.report import report
from iso15118.study.report.documents import Study, arranged, read, study

HELP = """One web page, which needs nothing else, of the days of a site: power, prices, costs, outlets, cars, lines. Several documents
of the same days are compared; the page is about the first that is no baseline (unmanaged, equal_share, perfect)."""


def add(parser: ArgumentParser) -> None:
    """The arguments of `site report`."""
    parser.add_argument("documents", nargs="+", metavar="DOC.json", help="what `chargeloop site simulate --json` has written")
    parser.add_argument("-o", "--output", required=True, metavar="FILE.html", help="the page")


def run(arguments: Namespace) -> int:
    """Write the page. Raises LocalError for documents that are none, or of different days."""
    output = writable(arguments.output, "--output")
    save(output, [read(Path(name)) for name in arguments.documents])
    return 0


def save(path: Path, studies: Sequence[Study]) -> None:
    """Write the page of studies of the same days. Raises LocalError for different ones."""
    path.write_text(report(*arranged(studies)), encoding="utf-8")
    write(f"wrote {path}")


def save_documents(path: Path, documents: Sequence[dict[str, Any]]) -> None:
    """The same of documents that are not in files."""
    save(path, [study(document) for document in documents])
