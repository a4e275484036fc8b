"""The other implementation's codec, timed through its own Python class: run by `java`, in the environment that `make interop` has set up.

Standard input: a line of JSON, {"calls": N, "warm_up": seconds, "messages": [[namespace, [hex, ...]], ...]}, then a line for each round.
Each is answered by a line of JSON on standard output: for each message [p50, p99, least] of decode and of encode in seconds, or what is
wrong. Decode: octets to JSON text; encode: that text to octets. Making its message class of the text, and back, is not timed.
"""

from __future__ import annotations

import json
import logging
import statistics
import sys
from time import perf_counter
from typing import Any

logging.disable(logging.CRITICAL)


class Subject:
    """One message in its variants."""

    def __init__(self, codec: Any, namespace: str, variants: list[str]) -> None:
        self.codec, self.namespace, self.wrong = codec, namespace, ""
        self.pairs: list[tuple[bytes, str]] = []
        for digits in variants:
            octets = bytes.fromhex(digits)
            try:
                text = codec.decode(octets, namespace)
                if bytes(codec.encode(text, namespace)) != octets:
                    self.wrong = "other octets come back"
            except Exception as error:  # its bindings raise this very class; whatever it says is what the table says
                self.wrong = f"{type(error).__name__}: {error}"[:200]
                return
            self.pairs.append((octets, text))

    def timed(self, calls: int) -> object:
        """Times so many calls each way."""
        if self.wrong:
            return self.wrong
        times: tuple[list[float], list[float]] = ([], [])
        for turn in range(calls):
            octets, text = self.pairs[turn % len(self.pairs)]
            began = perf_counter()
            self.codec.decode(octets, self.namespace)
            read = perf_counter()
            self.codec.encode(text, self.namespace)
            times[1].append(perf_counter() - read)
            times[0].append(read - began)
        return [[statistics.median(each), sorted(each)[calls * 99 // 100], min(each)] for each in times]


def main() -> None:
    from iso15118.shared.exificient_exi_codec import ExificientEXICodec

    work = json.loads(sys.stdin.readline())
    codec = ExificientEXICodec()
    subjects = [Subject(codec, *message) for message in work["messages"]]
    until = perf_counter() + work["warm_up"]
    while perf_counter() < until:
        for subject in subjects:
            subject.timed(1)
    for _ in sys.stdin:
        print(json.dumps([subject.timed(work["calls"]) for subject in subjects]), flush=True)


if __name__ == "__main__":
    main()
