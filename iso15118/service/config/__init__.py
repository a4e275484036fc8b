"""The files people write: of a charger (`secc`), a car (`evcc`) and a site (`site`), TOML, read strictly. pydantic is imported here only.

Boards have files of their own (`hal.board`). Each side is imported when its file is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iso15118.service.config.evcc import EvccSettings
    from iso15118.service.config.secc import SeccSettings
    from iso15118.service.config.site import SiteSettings
    from iso15118.service.tls.engine import Credentials


def load_secc(path: Path) -> SeccSettings:
    """The charger in the file `path`. Raises LocalError: one line with file, key, what stands there and what is allowed."""
    from iso15118.service.config.secc import load

    return load(path)


def load_certificates(path: Path) -> Credentials | None:
    """Those of the charger in the file `path`, and nothing else of it; None: it has none. Raises LocalError."""
    from iso15118.service.config.secc import load_certificates

    return load_certificates(path)


def load_site(path: Path, outlets: Iterable[str] | None = None) -> SiteSettings:
    """The site in the file `path`, led by a charger with these outlets; None: by nobody yet. Raises LocalError as `load_secc` does."""
    from iso15118.service.config.site import load

    return load(path, outlets)


def load_evcc(path: Path) -> EvccSettings:
    """The car in the file `path`. Raises LocalError as `load_secc` does."""
    from iso15118.service.config.evcc import load

    return load(path)
