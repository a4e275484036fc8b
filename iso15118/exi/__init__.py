"""Schema-informed EXI 1.0, bit-packed, as ISO 15118 uses it. Knows nothing of charging.

One description serves both directions: a `Message` class *is* its grammar. `grammar` lowers the class to an automaton,
`generate` writes a decoder and an encoder from it on first use, `Schema` adds the document and fragment roots, `neutral` is
the JSON form. Format: EXI 1.0 (W3C Recommendation), not strict, nothing preserved, no value string table.
"""

from iso15118.exi.message import (
    Attribute,
    Binary,
    Choice,
    Content,
    Element,
    Enumeration,
    Head,
    Integer,
    Message,
    Name,
    Occurs,
    Relaxed,
    Sequence,
    Text,
    Wildcard,
)
from iso15118.exi.neutral import from_json, to_json
from iso15118.exi.schema import Schema

__all__ = [
    "Attribute",
    "Binary",
    "Choice",
    "Content",
    "Element",
    "Enumeration",
    "Head",
    "Integer",
    "Message",
    "Name",
    "Occurs",
    "Relaxed",
    "Schema",
    "Sequence",
    "Text",
    "Wildcard",
    "from_json",
    "to_json",
]
