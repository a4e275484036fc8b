"""Which engine is used: the first that this machine lets work."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from iso15118.errors import LocalError
from iso15118.pki.tls_profile import STRICT
from iso15118.service.tls.engine import Context, Credentials, Engine


def candidates() -> tuple[tuple[str, Callable[[], Engine]], ...]:
    """Name of each engine and what makes it (it raises LocalError where the machine does not let it), the preferred one first."""
    from iso15118.service.tls.engine_pyopenssl import PyOpenSslEngine
    from iso15118.service.tls.engine_std import StdEngine

    return (("ssl", StdEngine), ("pyopenssl", PyOpenSslEngine))


@cache
def engine() -> Engine:
    """The engine of this process. Raises LocalError where none can do TLS 1.3 as ISO 15118-20 asks for it."""
    why = []
    for name, made in candidates():
        try:
            return made()
        except LocalError as error:
            why.append(f"{name}: {error}")
    raise LocalError(f"no TLS engine ({'; '.join(why)}); allowed: a Python with the system's OpenSSL, or the extra pyopenssl")


def context(credentials: Credentials, *, server: bool) -> Context:
    """Of the engine in use, for a session of ISO 15118-20. Raises LocalError, also for a profile of an older TLS."""
    if credentials.profile.version != STRICT.version:
        raise LocalError(f"the TLS profile {credentials.profile.name!r}; allowed: one of {STRICT.version}, which ISO 15118-20 runs on")
    return engine().context(credentials, server=server)
