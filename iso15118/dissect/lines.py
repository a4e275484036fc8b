"""The transcript as JSON lines, for other programs: connections, then frames in order, then what was wrong besides.

A line of a frame has `message`, {"<name>": {...}} in the neutral form of `chargeloop exi`, or `problem`. ASCII, whatever a peer has said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from iso15118.dissect.transcript import Said, Transcript

_JSON: Final = json.JSONEncoder(separators=(",", ":"))


def lines(transcript: Transcript) -> Iterator[str]:
    """One line each, without its end."""
    for number, stream in enumerate(transcript.streams):
        how = {"closed": stream.closed} if stream.closed else {}
        yield _JSON.encode({"stream": number, "car": stream.client, "charger": stream.server, "how": stream.how, **how})
    for each in transcript.said:
        yield _JSON.encode(_frame(each))
    for problem in transcript.problems:
        yield _JSON.encode({"problem": problem})


def _frame(said: Said) -> dict[str, Any]:
    frame: dict[str, Any] = {"packet": said.packet}
    if said.time is not None:
        frame["time"] = round(said.time, 9)
    if said.stream is not None:
        frame["stream"] = said.stream
    if said.from_car is not None:
        frame["from"] = "car" if said.from_car else "charger"
    if said.payload_type is not None:
        frame["payload_type"] = f"{said.payload_type:#06x}"
    if said.schema:
        frame["schema"] = said.schema
    if said.problem:
        frame["problem"] = said.problem
    elif said.content is not None:
        frame["message"] = {said.name: said.content}
    return {**frame, "octets": said.octets.hex()}
