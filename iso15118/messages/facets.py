"""The simple types of the schemas, as annotated Python types: each name states its facets once."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from iso15118.exi import Binary, Integer, Text

Byte: TypeAlias = Annotated[int, Integer(-(2**7), 2**7 - 1)]
Short: TypeAlias = Annotated[int, Integer(-(2**15), 2**15 - 1)]
Int: TypeAlias = Annotated[int, Integer(-(2**31), 2**31 - 1)]
Long: TypeAlias = Annotated[int, Integer(-(2**63), 2**63 - 1)]
UnsignedByte: TypeAlias = Annotated[int, Integer(0, 2**8 - 1)]
UnsignedShort: TypeAlias = Annotated[int, Integer(0, 2**16 - 1)]
UnsignedInt: TypeAlias = Annotated[int, Integer(0, 2**32 - 1)]
UnsignedLong: TypeAlias = Annotated[int, Integer(0, 2**64 - 1)]
AnyInteger: TypeAlias = Annotated[int, Integer(None, None)]

Multiplier: TypeAlias = Annotated[int, Integer(-3, 3)]
NumericID: TypeAlias = Annotated[int, Integer(1, 2**32 - 1)]
Percent: TypeAlias = Annotated[int, Integer(0, 100)]
ServiceID: TypeAlias = UnsignedShort
SupportingPoints: TypeAlias = Annotated[int, Integer(12, 1024)]

AnyText: TypeAlias = Annotated[str, Text()]
Identifier: TypeAlias = Annotated[str, Text(255)]
NameText: TypeAlias = Annotated[str, Text(80)]
Description: TypeAlias = Annotated[str, Text(160)]
FaultMessage: TypeAlias = Annotated[str, Text(64)]
MeterID: TypeAlias = Annotated[str, Text(32)]
ServiceName: TypeAlias = Annotated[str, Text(32)]
TariffDescription: TypeAlias = Annotated[str, Text(32)]
BSSID: TypeAlias = Annotated[str, Text(12)]
IPAddress: TypeAlias = Annotated[str, Text(39)]
InverterText: TypeAlias = Annotated[str, Text(32)]
Currency: TypeAlias = Annotated[str, Text(3)]
Language: TypeAlias = Annotated[str, Text(3)]

AnyBinary: TypeAlias = Annotated[bytes, Binary()]
SessionID: TypeAlias = Annotated[bytes, Binary(8, 8, hex=True)]
Certificate: TypeAlias = Annotated[bytes, Binary(1600)]
DataContainer: TypeAlias = Annotated[bytes, Binary(256)]
GenChallenge: TypeAlias = Annotated[bytes, Binary(16, 16)]
MeterSignature: TypeAlias = Annotated[bytes, Binary(64)]
DHPublicKey: TypeAlias = Annotated[bytes, Binary(133, 56)]
SECP521PrivateKey: TypeAlias = Annotated[bytes, Binary(94, 94)]
X448PrivateKey: TypeAlias = Annotated[bytes, Binary(84, 84)]
TPMPrivateKey: TypeAlias = Annotated[bytes, Binary(206, 206)]
