"""`procedures.authorise`: a verdict, or an end of waiting for one."""

from __future__ import annotations

import pytest

from iso15118.energy import Authorisation
from iso15118.errors import PeerError
from iso15118.procedures.authorise import verdict


@pytest.mark.parametrize("decided", [Authorisation.ACCEPTED, Authorisation.REFUSED])
def test_a_verdict_stands_however_late(decided: Authorisation) -> None:
    assert verdict(decided, asked=10, now=1000, limit=180) is decided


def test_nobody_decides() -> None:
    assert verdict(Authorisation.PENDING, asked=10, now=189.9, limit=180) is Authorisation.PENDING
    with pytest.raises(PeerError, match="180 s") as refused:
        verdict(Authorisation.PENDING, asked=10, now=190, limit=180)
    assert refused.value.code == "FAILED"
