"""`session.protocols`: namespaces of services, and what two lists have in common."""

from __future__ import annotations

import pytest

from iso15118.messages.catalogue import ENERGY, SCHEMAS
from iso15118.session.protocols import NAMESPACES, in_common, namespaces
from iso15118.session.services import ServiceID
from tests.session.asked import protocol


def test_each_kind_of_transfer_has_the_namespace_of_its_schema() -> None:
    assert {namespace: kind.value for kind, namespace in NAMESPACES.items()}.items() <= ENERGY.items()
    assert {kind.value for kind in NAMESPACES} <= SCHEMAS.keys()


@pytest.mark.parametrize(
    ("services", "ends"),
    [
        ((ServiceID.DC,), ["DC"]),
        ((ServiceID.MCS_BPT, ServiceID.DC), ["DC"]),
        ((ServiceID.AC_BPT, ServiceID.DC_BPT, ServiceID.AC, ServiceID.MCS), ["AC", "DC"]),
        ((ServiceID.AC_DER_SAE, ServiceID.AC, ServiceID.AC_DER_IEC), ["AC-DER-SAE", "AC", "AC-DER-IEC"]),
        ((), []),
    ],
)
def test_each_once_in_the_order_of_the_services(services: tuple[ServiceID, ...], ends: list[str]) -> None:
    assert namespaces(services) == tuple(f"urn:iso:std:iso:15118:-20:{end}" for end in ends)


def test_what_is_in_common_by_priority() -> None:
    entries = [protocol("x", priority=3), protocol("y", priority=1), protocol("x", 2, priority=2), protocol("z", 1, 7, priority=2)]
    assert in_common(entries, {"x", "z"}) == (entries[3], entries[0])
    assert in_common(entries, ()) == ()
