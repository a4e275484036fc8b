"""What a machine trusts: roots by kind, and what each kind is good for. No anchor means no: nothing is open by default."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from iso15118.value import Value


class Anchor(StrEnum):
    """Whose root it is."""

    V2G = "V2G"
    OEM = "OEM"
    MO = "MO"


class Purpose(StrEnum):
    """What a chain is shown for."""

    SECC = "charger"
    VEHICLE = "vehicle"
    CONTRACT = "contract"
    PROVISIONING = "provisioning"
    CPS = "certificate provisioning service"


ACCEPTED: Final[Mapping[Purpose, tuple[Anchor, ...]]] = {
    Purpose.SECC: (Anchor.V2G,),
    Purpose.VEHICLE: (Anchor.OEM, Anchor.V2G),
    Purpose.CONTRACT: (Anchor.MO,),
    Purpose.PROVISIONING: (Anchor.OEM,),
    Purpose.CPS: (Anchor.V2G,),
}
"""The kinds of root that a purpose may end at."""


class TrustStore(Value):
    """Roots, DER, by kind."""

    v2g: tuple[bytes, ...] = ()
    oem: tuple[bytes, ...] = ()
    mo: tuple[bytes, ...] = ()
    contracts_at_v2g: bool = False
    """Contracts may end at a V2G root, too. There are chargers under it: so all above such a contract have to be a mobility operator's by
    their names (`chain`)."""

    def anchors(self, purpose: Purpose) -> tuple[bytes, ...]:
        """The roots at which a chain for `purpose` may end; none: every such chain is refused."""
        by_kind = {Anchor.V2G: self.v2g, Anchor.OEM: self.oem, Anchor.MO: self.mo}
        further = (Anchor.V2G,) if purpose is Purpose.CONTRACT and self.contracts_at_v2g else ()
        return tuple(root for kind in (*ACCEPTED[purpose], *further) for root in by_kind[kind])
