"""Certificate profiles: what is in a certificate of the V2G PKI, read from the files in certs/."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

from iso15118.errors import LocalError
from iso15118.value import Value

KEY_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
"""By the names of `cryptography`."""
EXTENDED_KEY_USAGES: Final = ("server_auth", "client_auth", "ocsp_signing")
OCSP: Final = "ocsp"
"""The profile of every authority's responder."""


class Profile(Value, kw_only=True):
    """One kind of certificate. `issuer` empty: it signs itself."""

    issuer: str = ""
    dc: str = ""
    o: str = ""
    cn: str
    ca: bool = False
    path_length: int | None = None
    key_usage: tuple[str, ...] = ()
    extended_key_usage: tuple[str, ...] = ()
    days: float
    source: str = ""
    begins: float = 0.0
    """Days from the tree's time on; below 0: it has begun before."""
    curve: str = ""
    """Of its key; empty: the tree's."""


@cache
def profiles(name: str = "iso15118-20") -> dict[str, Profile]:
    """The profiles of a file in certs/, an issuer before what it issues. Raises LocalError on a file that is not there, or wrong."""
    path = _folder() / f"{name}.toml"
    try:
        tables: dict[str, dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise LocalError(f"{path}: {error}; allowed: a file of certificate profiles") from None
    found: dict[str, Profile] = {}
    for role, table in tables.items():
        lists: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
        try:
            profile = Profile(**lists)
        except TypeError as error:
            raise LocalError(f"{path}: {role}: {error}; allowed: {', '.join(Profile.__fields__)}") from None
        if wrong := (set(profile.key_usage) - set(KEY_USAGES)) | (set(profile.extended_key_usage) - set(EXTENDED_KEY_USAGES)):
            raise LocalError(f"{path}: {role}: unknown usage {', '.join(sorted(wrong))}")
        if profile.issuer and profile.issuer not in found:
            raise LocalError(f"{path}: {role}.issuer: {profile.issuer!r}; allowed: a profile that stands before it")
        found[role] = profile
    return found


def _folder() -> Path:
    """certs/ of an installed package, or of the repository."""
    installed = Path(__file__).parent / "certs"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "certs"
