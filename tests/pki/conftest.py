"""One PKI a curve for all tests of a run: some 30 ms each."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from iso15118.pki.keys import ED448, SECP521R1
from iso15118.pki.tree import Tree, make_tree

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session", params=[SECP521R1, ED448])
def tree(request: pytest.FixtureRequest) -> Tree:
    return make_tree(request.param, now=NOW)
