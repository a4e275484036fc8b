"""What a session asks of others who hold keys, trust and contracts: they take their time, and their answer comes as an event.

Nothing here signs or verifies. A question goes out as a command (`commands.Consult`), its answer comes back under the same number
(`events.Consulted`); no answer, or an empty one, is a no.
"""

from __future__ import annotations

from enum import StrEnum

from iso15118.exi import Message
from iso15118.value import Value


class Matter(StrEnum):
    """What is asked."""

    AUTHORISE = "authorise"
    """Charger: may the holder of this contract charge? `message`: its AuthorizationReq, the challenge of which is ours."""
    PROVIDE = "provide"
    """Charger: a contract for this car. `message`: its CertificateInstallationReq."""
    PRICE = "sign prices"
    """Charger: the signature over the price schedules that have an Id in `message`, a ScheduleExchangeRes."""
    SIGN = "sign"
    """Car: the signature with the key of the contract `key`, or with the provisioning key where that is empty, over `message`."""
    OPEN = "open"
    """Car: is this a contract for us? `message`: the CertificateInstallationRes. One that is, is kept by whoever is asked."""


class Question(Value):
    """One question, numbered within its session."""

    number: int
    matter: Matter
    message: Message
    key: str = ""


class Advice(Value):
    """An answer. As octets, so that recordings can keep it."""

    code: str = ""
    """A ResponseCode; empty: no."""
    name: str = ""
    """The contract's id (eMAID)."""
    octets: bytes = b""
    """The EXI fragment of a Signature, or the EXI document of a CertificateInstallationRes without its header's values."""
    chain: tuple[bytes, ...] = ()
    """Of the contract, leaf first, DER."""
    why: str = ""
    """For people."""


NO_ADVICE = Advice()
