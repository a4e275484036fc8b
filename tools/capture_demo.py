"""Draw `docs/demo.svg` and `docs/demo-ac.svg`: the live view of the demo, in the middle of its discharge.

    python -m tools.capture_demo

The same view and the same session as `chargeloop demo`, as fast as it goes, with the answer times of the machine it is drawn on.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console

from iso15118.cli.demo import play
from iso15118.cli.view import picture
from iso15118.cli.watch import Scene, Watch
from iso15118.session.services import ServiceID

FOLDER = Path(__file__).parents[1] / "docs"
PICTURES = (("demo.svg", "chargeloop demo", ServiceID.DC_BPT), ("demo-ac.svg", "chargeloop demo --service ac_bpt", ServiceID.AC_BPT))
WIDTH, HEIGHT = 100, 28
MOMENT = 0.86
"""Of the charge loop: both directions have been seen."""


class Camera:
    """A view that remembers one moment."""

    def __init__(self) -> None:
        self.scene: Scene | None = None

    def look(self, watch: Watch, *, now: bool = False) -> None:
        if self.scene is None and watch.planned >= MOMENT * watch.length:
            self.scene = watch.scene()

    def close(self, watch: Watch | None) -> None:
        """Nothing to put away."""


def capture(title: str, service: ServiceID) -> str:
    """The picture as SVG."""
    camera = Camera()
    play(service=service, mode="scheduled", length=1800.0, faults={}, record=None, view=camera, paced=False)
    if camera.scene is None:
        raise SystemExit("the session did not come that far")
    console = Console(record=True, width=WIDTH, height=HEIGHT, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(picture(camera.scene, WIDTH, HEIGHT))
    svg = console.export_svg(title=title, unique_id="demo")
    return re.sub(r"\s+@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # nothing is fetched from elsewhere: the reader's own monospace


def main() -> None:
    """Write the files."""
    for name, title, service in PICTURES:
        path = FOLDER / name
        path.write_text(capture(title, service), encoding="utf-8")
        print(f"{name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
