"""Photograph `docs/decode.png`: the page that `chargeloop decode --html` makes of a session whose insulation fails. Needs chromium.

python -m tools.capture_decode [FILE]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from iso15118.cli import main as chargeloop

FILE = Path(__file__).parents[1] / "docs" / "decode.png"
FAULT = "insulation=1000"
BROWSER = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update
    --disable-sync --hide-scrollbars --window-size=1240,760""".split()


def main() -> int:
    """Plays, decodes and photographs; 1 where there is no browser."""
    browser = shutil.which("chromium")
    if browser is None:
        print("chromium is not installed", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        capture, page = Path(folder) / "session.pcapng", Path(folder) / "page.html"
        chargeloop(["demo", "--json", "--minutes", "0.5", "--fault", FAULT, "--pcap", str(capture)])
        chargeloop(["decode", str(capture), "--html", str(page)])
        reader = "<script>$('find').value = 'dc_'; sift(); document.querySelector('.frame.bad').open = true</script></html>"
        page.write_text(page.read_text(encoding="utf-8").replace("</html>", reader), encoding="utf-8")
        target = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
        command = [browser, *BROWSER, f"--user-data-dir={folder}/profile", f"--screenshot={target}", page.as_uri()]
        return subprocess.run(command, stderr=subprocess.DEVNULL, timeout=60, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
