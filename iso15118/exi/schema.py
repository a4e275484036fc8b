"""A schema set: the names that decide the root's event code, in documents and in fragments, and the classes behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iso15118.errors import CodecError
from iso15118.exi.bits import to_bits, to_bytes
from iso15118.exi.check import check
from iso15118.exi.generate import decoder, encoder
from iso15118.exi.message import Message
from iso15118.exi.plan import Roots, plan_for

HEADER: Final = 0x80
"""The one header octet: distinguishing bits, no options, final version 1."""


class Schema:
    """One set of global elements (with everything the schema imports) under its name.

    `elements`: all global element names, sorted by local name, then namespace; the index is the event code. `fragment_elements`: all
    distinct element names likewise. `roots`, `fragment_roots`: those that have a class, by name.
    """

    def __init__(
        self,
        name: str,
        *,
        elements: tuple[str, ...],
        roots: Mapping[str, type[Message]],
        fragment_elements: tuple[str, ...] = (),
        fragment_roots: Mapping[str, type[Message]] | None = None,
    ) -> None:
        self.name = name
        self.roots = roots
        self.fragment_roots = fragment_roots or {}
        self._root_width = len(elements).bit_length()
        self._codes = _codes(elements, self._root_width)
        self._names = {code: element for element, code in self._codes.items()}
        self._quick = Roots([roots.get(element) for element in elements], self._root_width)
        self._openings = {element: _opening(code) for element, code in self._codes.items()}
        self._of_class = {cls: element for element, cls in roots.items()}
        width = self._fragment_width = (len(fragment_elements) + 1).bit_length()
        self._fragment_codes = _codes(fragment_elements, width)
        self._fragment_names = dict(zip((format(i, f"0{width}b") for i in range(len(fragment_elements))), fragment_elements, strict=True))
        self._fragment_end = format(len(fragment_elements) + 1, f"0{width}b")
        self._quick_fragment = Roots([self.fragment_roots.get(element) for element in fragment_elements], width, self._fragment_end)

    def decode(self, data: bytes) -> Message:
        """The message that `data`, a whole EXI document, holds. Raises CodecError with path and bit offset; all or nothing."""
        quick = self._quick.decode(data)
        if quick is not None:
            return quick
        s = self._opened(data)
        cls = self._root(s, self._root_width, self._names, self.roots)
        try:
            message, p = decoder(cls)(s, 8 + self._root_width)
        except CodecError as error:
            raise error.inside(self._of_class[cls]) from None
        _closed(s, p)
        return message  # type: ignore[no-any-return]

    def encode(self, message: Message) -> bytes:
        """The EXI document of a message. Raises CodecError with the path of what does not fit its type."""
        element = self._of_class.get(type(message))
        if element is None:
            raise CodecError(f"{type(message).__name__} is no root element of {self.name}")
        plan = plan_for(type(message))
        if plan is not None:
            octets, bit = self._openings[element]
            if quick := plan.encode(message, octets, bit, 0, 0):
                return quick
        return to_bytes(f"10000000{self._codes[element]}{_content(message, element)}")

    def decode_fragment(self, data: bytes) -> tuple[str, Message]:
        """Element name and content of a fragment (the input of a digest). Raises CodecError."""
        width = self._fragment_width
        quick = self._quick_fragment.decode(data)
        if quick is not None:
            return self._fragment_names[to_bits(data[1:4])[:width]], quick
        s = self._opened(data)
        cls = self._root(s, width, self._fragment_names, self.fragment_roots)
        element = self._fragment_names[s[8 : 8 + width]]
        try:
            message, p = decoder(cls)(s, 8 + width)
        except CodecError as error:
            raise error.inside(element) from None
        if s[p : p + width] != self._fragment_end:
            raise CodecError("the fragment does not end behind its element", path=element, bit=p)
        _closed(s, p + width)
        return element, message

    def encode_fragment(self, message: Message, element: str | None = None) -> bytes:
        """The EXI fragment of one element; `element` where its name is not that of the class. Raises CodecError."""
        element = element or type(message).__name__
        if self.fragment_roots.get(element) is not type(message):
            raise CodecError(f"{element} of type {type(message).__name__} is no fragment of {self.name}")
        code, end = self._fragment_codes[element], self._fragment_end
        plan = plan_for(type(message))
        if plan is not None:
            octets, bit = _opening(code)
            if quick := plan.encode(message, octets, bit, int(end, 2), len(end)):
                return quick
        return to_bytes(f"10000000{code}{_content(message, element)}{end}")

    def _opened(self, data: bytes) -> str:
        if not data:
            raise CodecError("empty", bit=0)
        if data[0] != HEADER:
            raise CodecError(f"EXI header {data[0]:#04x} instead of {HEADER:#04x}", bit=0)
        return to_bits(data)

    def _root(self, s: str, width: int, names: Mapping[str, str], roots: Mapping[str, type[Message]]) -> type[Message]:
        element = names.get(s[8 : 8 + width])
        if element is None:
            raise CodecError("the stream ends before the root element" if len(s) < 8 + width else f"no root element of {self.name}", bit=8)
        if element not in roots:
            raise CodecError(f"{element} is not a message", bit=8)
        return roots[element]


def _codes(elements: tuple[str, ...], width: int) -> dict[str, str]:
    return {element: format(index, f"0{width}b") for index, element in reversed(list(enumerate(elements)))}


def _content(message: Message, element: str) -> str:
    try:
        return encoder(type(message))(message)
    except (TypeError, ValueError, KeyError, AttributeError):
        try:
            check(message)
        except CodecError as error:
            raise error.inside(element) from None
        raise CodecError("its parts do not fit together", path=element) from None


def _opening(code: str) -> tuple[bytes, int]:
    """Header and root code as octets, and the bit behind them."""
    return to_bytes(f"10000000{code}"), 8 + len(code)


def _closed(s: str, p: int) -> None:
    """Behind the last event: zero bits up to the octet. Octets behind that are not looked at."""
    end = (p + 7) // 8 * 8
    if p > len(s):
        raise CodecError("the stream ends before the message", bit=p)
    if "1" in s[p:end]:
        raise CodecError("padding that is not zero", bit=p)
