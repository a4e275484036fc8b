"""The protocols of SAP as both roles name them: each kind of energy transfer has a namespace of its own (ISO 15118-20 only).

Negotiating one of them commits to the whole edition; which service is used is settled later, in service selection.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from iso15118.messages.app_protocol import AppProtocol
from iso15118.sequence.table import Transfer
from iso15118.session.services import ServiceID

MAJOR: Final = 1
MINOR: Final = 0
NAMESPACES: Final[Mapping[Transfer, str]] = {kind: f"urn:iso:std:iso:15118:-20:{kind.replace('_', '-')}" for kind in Transfer}
"""Kind of transfer to its ProtocolNamespace; megawatt charging goes by that of DC."""


def namespaces(services: Iterable[ServiceID]) -> tuple[str, ...]:
    """Those of these services, each once, in their order."""
    return tuple(dict.fromkeys(NAMESPACES[service.transfer] for service in services))


def in_common(listed: Iterable[AppProtocol], served: Collection[str]) -> tuple[AppProtocol, ...]:
    """The entries that can be agreed on: a namespace served, to the letter, in our major version. The best is first [V2G20-167]."""
    fitting = (entry for entry in listed if entry.protocol_namespace in served and entry.version_number_major == MAJOR)
    return tuple(sorted(fitting, key=lambda entry: entry.priority))
