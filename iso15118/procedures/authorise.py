"""Whether a vehicle may take energy, as far as time goes: an identification means outside the vehicle decides (EIM)."""

from __future__ import annotations

from iso15118.energy import Authorisation
from iso15118.errors import PeerError
from iso15118.units import Second


def verdict(authorisation: Authorisation, asked: Second, now: Second, limit: Second) -> Authorisation:
    """The verdict so far. Raises PeerError (FAILED) when nobody has said yes `limit` seconds after it was first asked for."""
    if authorisation is not Authorisation.ACCEPTED and now - asked >= limit:
        raise PeerError(f"nobody authorised the session within {limit:.0f} s", requirement="V2G20-458")
    return authorisation
