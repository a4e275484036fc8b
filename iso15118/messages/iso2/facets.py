"""The simple types of ISO 15118-2 that differ from those of its neighbours; the common ones are in `messages.facets`."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from iso15118.exi import Binary, Integer, Text

PhaseCount: TypeAlias = Annotated[int, Integer(1, 3)]
SAID: TypeAlias = Annotated[int, Integer(1, 255)]
Start: TypeAlias = Annotated[int, Integer(0, 16777214)]
Duration: TypeAlias = Annotated[int, Integer(0, 86400)]

EMAIDText: TypeAlias = Annotated[str, Text(15, 14)]
EVSEID: TypeAlias = Annotated[str, Text(37, 7)]
ServiceScope: TypeAlias = Annotated[str, Text(64)]

EVCCID: TypeAlias = Annotated[bytes, Binary(6, hex=True)]
SessionID: TypeAlias = Annotated[bytes, Binary(8, hex=True)]
Certificate: TypeAlias = Annotated[bytes, Binary(800)]
DHPublicKey: TypeAlias = Annotated[bytes, Binary(65)]
EncryptedPrivateKey: TypeAlias = Annotated[bytes, Binary(48)]
