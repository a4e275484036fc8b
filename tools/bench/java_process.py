"""The two processes of `java`: the other implementation as its Python calls it, and its Java alone. Both warm up, then time a round at a
time whenever asked, so that they take turns with ours.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from tools.bench.measure import NANO, Timing
from tools.interop import josev

NAMESPACES: Final = {0x8002: "urn:iso:std:iso:15118:-20:CommonMessages", 0x8004: "urn:iso:std:iso:15118:-20:DC"}
SCHEMAS: Final = {0x8002: "V2G_CI_CommonMessages.xsd", 0x8004: "V2G_CI_DC.xsd"}
HERE: Final = Path(__file__).parent


class Both(NamedTuple):
    """The two directions."""

    decode: Timing
    encode: Timing

    @property
    def p50(self) -> float:
        """s for decode and encode, the sum of their medians."""
        return self.decode.p50 + self.encode.p50

    @property
    def least(self) -> float:
        """s for decode and encode, the quickest of each."""
        return self.decode.least + self.encode.least


Found = Both | str
"""What a round found of a message, or what is wrong with it there."""
Kinds = Sequence[tuple[int, Sequence[bytes]]]
"""Payload type and octets of the variants, of each message."""


class Line:
    """A process that answers each line by one."""

    def __init__(self, process: subprocess.Popen[str], said: Path) -> None:
        self._process = process
        self._said = said

    def ask(self, line: str = "") -> Any:
        """The JSON it answers. Raises OSError with its last words where it does not."""
        try:
            self.tell(line)
            answer = self._process.stdout.readline() if self._process.stdout else ""
        except BrokenPipeError:
            answer = ""
        if not answer:
            words = self._said.read_text(encoding="utf-8", errors="replace").split("\n")
            raise OSError(next((word for word in reversed(words) if word.strip()), "it ended without a word"))
        return json.loads(answer)

    def tell(self, line: str) -> None:
        """Sends without waiting for anything."""
        if self._process.stdin:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()


@contextmanager
def started(command: Sequence[str | Path]) -> Iterator[Line]:
    """The process, until its input ends."""
    with tempfile.TemporaryDirectory() as folder, Path(folder, "said").open("w", encoding="utf-8") as said:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True)
        try:
            yield Line(process, Path(folder, "said"))
        finally:
            try:
                process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def missing() -> str:
    """What is not here that the comparison needs; empty where nothing is missing."""
    if shutil.which("java") is None:
        return "no java on PATH"
    return "" if (josev.home() / "venv/bin/python").exists() else "the other implementation is not set up: run make interop first"


@contextmanager
def peer(messages: Kinds, calls: int, warm_up: float) -> Iterator[Line]:
    """The other implementation's codec class, called from its Python."""
    with started([josev.home() / "venv/bin/python", HERE / "java_worker.py"]) as line:
        said = [[NAMESPACES[kind], [each.hex() for each in octets]] for kind, octets in messages]
        line.tell(json.dumps({"calls": calls, "warm_up": warm_up, "messages": said}))
        yield line


def peer_round(line: Line) -> list[Found]:
    """Of each message."""
    return [_both(found, 1.0) for found in line.ask()]


@contextmanager
def bare(messages: Kinds, calls: int, calls_of_class: int, warm_up: float) -> Iterator[Line | None]:
    """The Java codec alone; None without a JDK. Raises CalledProcessError where it cannot be compiled."""
    if shutil.which("javac") is None:
        yield None
        return
    shared = next((josev.home() / "venv").glob("lib/python3*/site-packages/iso15118/shared"))
    jar = shared / "EXICodec.jar"
    with tempfile.TemporaryDirectory() as folder:
        for path in (*shared.glob("schemas/*.xsd"), *shared.glob("schemas/iso15118_20/*.xsd")):
            text = path.read_text(encoding="utf-8")
            # Its document type would be fetched from the network.
            Path(folder, path.name).write_text(re.sub(r"<!DOCTYPE.*?\]>", "", text, count=1, flags=re.DOTALL), encoding="utf-8")
        subprocess.run(["javac", "-cp", jar, "-d", folder, HERE / "Bare.java"], check=True)
        words = [f"{Path(folder, SCHEMAS[kind])}|{NAMESPACES[kind]}|{','.join(each.hex() for each in octets)}" for kind, octets in messages]
        counts = [str(calls), str(calls_of_class), str(warm_up)]
        with started(["java", "-cp", f"{jar}:{folder}", "Bare", *counts, *words]) as line:
            yield line


def bare_round(line: Line) -> dict[str, list[Found]]:
    """Of each message, for `class` (what the bindings call) and `bare`."""
    return {way: [_both(each, NANO) for each in found] for way, found in line.ask().items()}


def _both(found: Any, unit: float) -> Found:
    return found if isinstance(found, str) else Both(*(Timing(*(value * unit for value in each)) for each in found))
