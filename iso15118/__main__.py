"""`python -m iso15118` is the command `chargeloop`."""

from __future__ import annotations

from iso15118.cli import main

raise SystemExit(main())
