"""What `recorder` and `capture` do not show of it: an item that cannot be rendered."""

from __future__ import annotations

from pathlib import Path

import pytest

from iso15118.service.background import Background


def test_what_cannot_be_rendered_ends_the_file_in_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def render(item: int) -> bytes:
        return bytes([item])

    file = Background(tmp_path / "x", render, opening=b"[")
    for item in (1, 2, 300, 3):
        file.put(item)
    file.close("", patience=20)
    assert (tmp_path / "x").read_bytes() == b"[\1\2"
    assert [record.getMessage() for record in caplog.records] == [
        f"recording {tmp_path / 'x'} stopped: ValueError: bytes must be in range(0, 256)"
    ]
    assert caplog.records[0].exc_info is None
