"""The same frames by an unrelated codec: cantools, from tables written by hand as the bits and scales of a DBC."""

from __future__ import annotations

from collections.abc import Mapping

import cantools.database
from cantools.database.can import Database

from iso15118.hal.can.line import Frame

HEAD = 'VERSION ""\nNS_ :\nBS_:\nBU_: PC MODULE\n'


def database(messages: Mapping[str, tuple[int, str]]) -> Database:
    """Name -> (29-bit id, signals in a DBC's words)."""
    text = HEAD + "".join(
        f"BO_ {ident | 1 << 31} {name}: 8 PC\n" + "".join(f" SG_ {line.strip()} PC\n" for line in signals.strip().splitlines()) + "\n"
        for name, (ident, signals) in messages.items()
    )
    text += "".join(
        f"SIG_VALTYPE_ {ident | 1 << 31} {line.split(':')[0].strip()} : 1;\n"
        for ident, signals in messages.values()
        for line in signals.strip().splitlines()
        if line.strip().endswith('"f32"')
    )
    made = cantools.database.load_string(text, "dbc")
    assert isinstance(made, Database)
    return made


def encoded(base: Database, name: str, **values: float) -> Frame:
    message = base.get_message_by_name(name)
    return Frame(message.frame_id, message.encode(dict(values)), message.is_extended_frame)


def decoded(base: Database, name: str, frame: Frame) -> Mapping[str, float]:
    return base.get_message_by_name(name).decode(frame.data, decode_choices=False)  # type: ignore[return-value]
