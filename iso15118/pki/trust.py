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
    Purpose.CONTRACT: (Anchor.MO, Anchor.V2G),
    Purpose.PROVISIONING: (Anchor.OEM,),
    Purpose.CPS: (Anchor.V2G,),
}
"""The kinds of root that a purpose may end at. Under a V2G root there are chargers, too: a contract there has to be a mobility operator's,
by the names of all above it (`chain`)."""


class TrustStore(Value):
    """Roots, DER, by kind."""

    v2g: tuple[bytes, ...] = ()
    oem: tuple[bytes, ...] = ()
    mo: tuple[bytes, ...] = ()

    def anchors(self, purpose: Purpose) -> tuple[bytes, ...]:
        """The roots at which a chain for `purpose` may end; none: every such chain is refused."""
        by_kind = {Anchor.V2G: self.v2g, Anchor.OEM: self.oem, Anchor.MO: self.mo}
        return tuple(root for kind in ACCEPTED[purpose] for root in by_kind[kind])
