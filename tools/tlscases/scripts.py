"""The TLS 1.3 scripts of tlsfuzzer by name, those that do not apply with the reason, and what an engine is known not to meet."""

from __future__ import annotations

from typing import Final

from tools.tlscases import hellos, sessions  # noqa: F401 - they register their cases
from tools.tlscases.cases import CASES, Case

LEFT_OUT: Final = {
    "dhe-shared-secret-padding": "finite-field key exchange is not of the profile: it is refused (ffdhe-groups)",
    "keyupdate-from-server": "the charger never begins to change its keys: a session has far fewer records than would ask for it",
    "minerva": "the timing of signatures on P-521 is OpenSSL's, made for constant time; to measure it takes a machine of its own",
    "non-support": "for servers without TLS 1.3",
}
"""Script -> why it has no case here."""

UNMET: Final = {
    ("pyopenssl", "count-tickets"): "the library has no way to give none; nobody can use them, since there is no cache",
}
"""(Engine, script) -> why what has to come does not."""


def scripts() -> dict[str, list[Case]]:
    """Each script, in alphabetical order, with its cases."""
    found: dict[str, list[Case]] = {name: [] for name in sorted({*LEFT_OUT, *(case.script for case in CASES)})}
    for case in CASES:
        found[case.script].append(case)
    return found
