"""Every message of every set codes to a stream that is that message again; every octet string is a message or a CodecError."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iso15118.errors import CodecError
from iso15118.exi import from_json, to_json
from iso15118.messages.catalogue import SCHEMAS
from tests.exi.made import UNSENT, messages
from tools.fuzz.campaign import judge

SPOKEN = [
    (name, element)
    for name, schema in SCHEMAS.items()
    for element in schema.roots
    if name not in ("ISO2", "DIN") and element.endswith(("Req", "Res"))
]


@pytest.mark.parametrize(("name", "element"), [*SPOKEN, ("ISO2", "V2G_Message"), ("DIN", "V2G_Message")])
def test_a_message_comes_back_as_it_was_said(name: str, element: str) -> None:
    schema = SCHEMAS[name]
    for message in messages(schema.roots[element], 10, seed=name):
        stream = schema.encode(message)
        assert schema.decode(stream) == message
        assert from_json(type(message), to_json(message)) == message
        for end in {0, 1, len(stream) // 2, len(stream) - 1}:
            with pytest.raises(CodecError):
                schema.decode(stream[:end])


@pytest.mark.usefixtures("codec")
@pytest.mark.parametrize("name", SCHEMAS)
def test_a_fragment_comes_back_as_it_was_said(name: str) -> None:
    schema = SCHEMAS[name]
    for element in schema.fragment_roots.keys() - UNSENT:
        cls = schema.fragment_roots[element]
        (message,) = messages(cls, 1, seed=f"{name} {element}")
        assert schema.decode_fragment(schema.encode_fragment(message, element)) == (element, message)


@pytest.mark.usefixtures("codec")
@pytest.mark.parametrize("name", SCHEMAS)
@settings(max_examples=200)
@given(octets=st.binary(max_size=120), header=st.sampled_from([b"\x80", b""]))
def test_any_octets_are_a_message_or_a_codec_error(name: str, octets: bytes, header: bytes) -> None:
    schema = SCHEMAS[name]
    for read in (schema.decode, schema.decode_fragment):
        try:
            found = read(header + octets)
        except CodecError:
            continue
        assert judge(schema, found) == ""
