"""`procedures.authorise`: a verdict, or an end of waiting for one."""

from __future__ import annotations

import pytest

from iso15118.energy import Authorisation
from iso15118.errors import PeerError
from iso15118.procedures.authorise import verdict


def test_a_yes_stands_however_late() -> None:
    assert verdict(Authorisation.ACCEPTED, asked=10, now=1000, limit=180) is Authorisation.ACCEPTED


@pytest.mark.parametrize("so_far", [Authorisation.PENDING, Authorisation.REFUSED])
def test_nobody_says_yes(so_far: Authorisation) -> None:
    assert verdict(so_far, asked=10, now=189.9, limit=180) is so_far
    with pytest.raises(PeerError, match="180 s") as refused:
        verdict(so_far, asked=10, now=190, limit=180)
    assert refused.value.code == "FAILED"
