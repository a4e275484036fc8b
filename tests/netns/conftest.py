"""What tests in network namespaces have in common."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tools.interop.namespaces import Network


@pytest.fixture
def network() -> Iterator[Network]:
    """Cables to plug in. Raises NamespaceError, with the reason, where there can be none."""
    with Network() as made:
        yield made
