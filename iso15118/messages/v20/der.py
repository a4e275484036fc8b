"""What both schemas of distributed energy resources (Amendment 1: AC_DER_IEC, AC_DER_SAE) define alike."""

from __future__ import annotations

from iso15118.exi import Enumeration


class PowerFactorExcitation(Enumeration):
    """On which side of 1 a power factor lies: over-excited gives reactive power, under-excited takes it."""

    OverExcited = "OverExcited"
    UnderExcited = "UnderExcited"


class OperatingMode(Enumeration):
    """Does the inverter follow a grid, or form one?"""

    GridFollowing = "GridFollowing"
    GridForming = "GridForming"


class GridConnectionMode(Enumeration):
    """Is there a public grid, or an island?"""

    GridConnected = "GridConnected"
    GridIslanded = "GridIslanded"
