"""The messages of alternating current by kind of transfer: the same names in three namespaces.

Both roles pick their words here, so that there is one charge loop of alternating current and not three.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

from iso15118.messages.v20 import ac
from iso15118.sequence.table import DER, Transfer


def words(transfer: Transfer | None) -> ModuleType:
    """The module with the messages of this kind of alternating current; imported when first asked for."""
    if transfer is Transfer.AC_DER_IEC:
        from iso15118.messages.v20 import der_iec

        return der_iec
    if transfer is Transfer.AC_DER_SAE:
        from iso15118.messages.v20 import der_sae

        return der_sae
    return ac


@cache
def word(transfer: Transfer | None, name: str) -> Any:
    """The class `name` of this kind of alternating current."""
    return getattr(words(transfer), name)


def limits_mode(transfer: Transfer | None, bidirectional: bool, way: str) -> Any:
    """The energy transfer mode of charge parameter discovery; `way`: "Req" or "Res"."""
    return word(transfer, f"{_prefix(transfer, bidirectional)}AC_CPD{way}EnergyTransferMode")


def control_mode(transfer: Transfer | None, dynamic: bool, bidirectional: bool, way: str) -> Any:
    """The control mode of the charge loop; `way`: "Req" or "Res"."""
    return word(transfer, f"{_prefix(transfer, bidirectional)}{'Dynamic' if dynamic else 'Scheduled'}_AC_CL{way}ControlMode")


def _prefix(transfer: Transfer | None, bidirectional: bool) -> str:
    return "DER_" if transfer in DER else "BPT_" if bidirectional else ""
