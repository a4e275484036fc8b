"""`[tls]`: the certificates a charger or a car speaks TLS 1.3 with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from iso15118.errors import LocalError
from iso15118.service.config.toml import Flag, Table, Text

if TYPE_CHECKING:
    from iso15118.service.tls.engine import Credentials


class TlsTable(Table):
    """Certificates, and how strict TLS is."""

    pki: Text
    """A folder of one curve, as `chargeloop pki make` writes it: own chain and key, roots that are trusted, responses about revocation."""
    password_file: Text | None = None
    """Its first line is the password of the private key."""
    profile: Annotated[Literal["iso15118-20", "lenient"], Field(description='"iso15118-20" or "lenient"')] = "iso15118-20"
    """What may be agreed on; lenient: also P-256, for counterparties on a bench."""
    insecure_key_log: Text | None = None
    """A file for session keys: whoever has it can read every message. For benches."""


class CarTlsTable(TlsTable):
    """The same of a car."""

    staple_needed: Flag = True
    """A charger has to prove that its certificate is not revoked."""


def insecure(path: Path, allowed: bool, table: TlsTable | None) -> None:
    """Raises LocalError where nobody has said how the connection is kept safe, or that it is not."""
    if not allowed and table is None:
        raise LocalError(
            f"{path}: tls: missing, and ISO 15118-20 runs on TLS 1.3; allowed: a table tls (chargeloop pki make), or on a test bench "
            "insecure_plain_tcp = true"
        )


def credentials_of(path: Path, table: TlsTable | None, role: str) -> Credentials | None:
    """What `role` ("secc" or "vehicle") brings to a handshake; folders and files as seen from the file. Raises LocalError."""
    if table is None:
        return None
    from iso15118.pki.tls_profile import PROFILES  # a charger without TLS starts without all of this
    from iso15118.service.tls.store import credentials

    try:
        return credentials(
            path.parent / table.pki,
            role,
            password=read_password(path, table.password_file),
            profile=PROFILES[table.profile],
            key_log="" if table.insecure_key_log is None else str(path.parent / table.insecure_key_log),
            staple_needed=table.staple_needed if isinstance(table, CarTlsTable) else True,
        )
    except LocalError as error:
        raise LocalError(f"{path}: tls: {error}") from None


def read_password(path: Path, name: str | None) -> bytes | None:
    """The first line of a file beside `path`. Raises LocalError."""
    if name is None:
        return None
    try:
        return (path.parent / name).read_bytes().splitlines()[0]
    except (OSError, IndexError):
        raise LocalError(f"password_file: {name!r} cannot be read; allowed: a file with the password in its first line") from None
