"""Which engine is used: the first that this machine lets work."""

from __future__ import annotations

from functools import cache

from iso15118.errors import LocalError
from iso15118.service.tls.engine import Engine


@cache
def engine() -> Engine:
    """The engine of this process. Raises LocalError where none can do TLS 1.3 as ISO 15118-20 asks for it."""
    from iso15118.service.tls.engine_std import StdEngine

    try:
        return StdEngine()
    except LocalError as error:
        raise LocalError(f"no TLS engine: {error}; allowed: a Python whose ssl module is linked to the system's OpenSSL") from None
