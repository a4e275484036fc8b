"""The build hook of a wheel: with `CHARGELOOP_COMPILED=1` in the environment the compiled codec is built into it, else it is pure."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledCodec(BuildHookInterface[Any]):
    """Adds the extension, and marks the wheel as one for this platform and Python."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if os.environ.get("CHARGELOOP_COMPILED") != "1":
            return
        sys.path.insert(0, str(Path(self.root, "tools", "compiled")))
        from build import build

        target = build(Path(tempfile.mkdtemp()))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["force_include"][str(target)] = f"iso15118/exi/{target.name}"
