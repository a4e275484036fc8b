"""Every message of every set codes to a stream that is that message again; every octet string is a message or a CodecError."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from iso15118.errors import CodecError
from iso15118.exi import from_json, to_json
from iso15118.messages.catalogue import SCHEMAS
from tests.exi.strategies import messages
from tools.fuzz.campaign import judge

SPOKEN = [
    (name, element)
    for name, schema in SCHEMAS.items()
    for element in schema.roots
    if name not in ("ISO2", "DIN") and element.endswith(("Req", "Res"))
]

calm = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])


@pytest.mark.parametrize(("name", "element"), [*SPOKEN, ("ISO2", "V2G_Message"), ("DIN", "V2G_Message")])
@settings(calm)
@given(data=st.data())
def test_a_message_comes_back_as_it_was_said(data: st.DataObject, name: str, element: str) -> None:
    schema = SCHEMAS[name]
    message = data.draw(messages(schema.roots[element]))
    stream = schema.encode(message)
    assert schema.decode(stream) == message
    assert from_json(type(message), to_json(message)) == message
    for end in {0, 1, len(stream) // 2, len(stream) - 1}:
        with pytest.raises(CodecError):
            schema.decode(stream[:end])


@pytest.mark.usefixtures("codec")
@pytest.mark.parametrize("name", SCHEMAS)
@settings(calm, max_examples=10)
@given(data=st.data())
def test_a_fragment_comes_back_as_it_was_said(data: st.DataObject, name: str) -> None:
    schema = SCHEMAS[name]
    element = data.draw(st.sampled_from(sorted(schema.fragment_roots)))
    message = data.draw(messages(schema.fragment_roots[element]))
    assert schema.decode_fragment(schema.encode_fragment(message, element)) == (element, message)


@pytest.mark.usefixtures("codec")
@pytest.mark.parametrize("name", SCHEMAS)
@settings(calm, max_examples=200)
@given(octets=st.binary(max_size=120), header=st.sampled_from([b"\x80", b""]))
def test_any_octets_are_a_message_or_a_codec_error(name: str, octets: bytes, header: bytes) -> None:
    schema = SCHEMAS[name]
    for read in (schema.decode, schema.decode_fragment):
        try:
            found = read(header + octets)
        except CodecError:
            continue
        assert judge(schema, found) == ""
