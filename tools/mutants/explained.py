"""Why nobody finds some of the mutants: by the mutant as it reads."""

from __future__ import annotations

from typing import Final

EXPLAINED: Final[dict[str, str]] = {}
