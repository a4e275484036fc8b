"""`chargeloop decode FILE`: what a car and a charger said, out of a capture, hexadecimal or base64."""

from __future__ import annotations

import os
import shutil
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from iso15118.dissect import captured, text
from iso15118.dissect.capture import is_capture, read_capture
from iso15118.dissect.chart import chart
from iso15118.dissect.lines import lines
from iso15118.dissect.page import page
from iso15118.dissect.transcript import Transcript
from iso15118.errors import CodecError, LocalError
from iso15118.messages.catalogue import SCHEMAS

WIDTH = 140
"""Columns where there is no terminal."""


def run(arguments: Namespace) -> int:
    """Show the transcript; 0 if everything in it could be read, else 1. Raises LocalError for a file that is not there."""
    transcript = transcribe(arguments)
    if arguments.html is not None:
        _write(Path(arguments.html), page(transcript, _title(arguments.file)))
    elif arguments.json:
        _say(lines(transcript))
    else:
        colour = not arguments.plain and sys.stdout.isatty() and "NO_COLOR" not in os.environ
        _say(chart(transcript, width=shutil.get_terminal_size((WIDTH, 25)).columns, colour=colour))
    if transcript.unread or arguments.html is not None:
        where = f", {arguments.html} written" if arguments.html is not None else ""
        sys.stderr.write(f"{len(transcript.said)} frames, {transcript.unread} problems{where}\n")
    return 1 if transcript.unread else 0


def transcribe(arguments: Namespace) -> Transcript:
    """What the file says. Raises LocalError where it, the key log or the schema is not there, or where the page would take its place."""
    if arguments.html is not None and Path(arguments.html).absolute() == Path(arguments.file).absolute():
        raise LocalError(f"--html {arguments.html} would overwrite what is to be decoded: name another file")
    data = _octets(arguments.file)
    keys = "" if arguments.keylog is None else _octets(arguments.keylog).decode("ascii", errors="replace")
    schema = None if arguments.schema is None else SCHEMAS.get(arguments.schema)
    if arguments.schema is not None and schema is None:
        raise LocalError(f"unknown schema {arguments.schema!r}; known: {', '.join(SCHEMAS)}")
    if not is_capture(data):
        return text.transcribe(data, schema)
    if schema is not None:
        raise LocalError(f"--schema is for lines of text: in a capture the frames say their schema, and {arguments.file} is one")
    try:
        return captured.transcribe(read_capture(data), keys)
    except CodecError as error:
        return Transcript(problems=(str(error),))


def _octets(name: str) -> bytes:
    if name == "-" and sys.stdin is None:
        raise LocalError("standard input is closed")
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise LocalError(f"{name}: {error.strerror or error}") from None


def _title(name: str) -> str:
    return "chargeloop" if name == "-" else Path(name).name


def _say(parts: Iterator[str]) -> None:
    for part in parts:
        sys.stdout.write(f"{part}\n")


def _write(path: Path, parts: Iterator[str]) -> None:
    try:
        with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(parts)
    except OSError as error:
        raise LocalError(f"{path} not written: {error.strerror or error}") from None
