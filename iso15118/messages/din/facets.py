"""The simple types of DIN 70121 that differ from those of its neighbours; the common ones are in `messages.facets`."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from iso15118.exi import Binary, Text
from iso15118.messages.facets import Short

SAID: TypeAlias = Short
PMax: TypeAlias = Short

ContractID: TypeAlias = Annotated[str, Text(24)]
RootCertificateID: TypeAlias = Annotated[str, Text(40)]
ServiceScope: TypeAlias = Annotated[str, Text(32)]

EVCCID: TypeAlias = Annotated[bytes, Binary(8, hex=True)]
EVSEID: TypeAlias = Annotated[bytes, Binary(32, hex=True)]
SessionID: TypeAlias = Annotated[bytes, Binary(8, hex=True)]
Certificate: TypeAlias = Annotated[bytes, Binary(1200)]
DHParams: TypeAlias = Annotated[bytes, Binary(256)]
EncryptedPrivateKey: TypeAlias = Annotated[bytes, Binary(128)]
SigMeterReading: TypeAlias = Annotated[bytes, Binary(32)]
