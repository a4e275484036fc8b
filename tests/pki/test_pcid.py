"""Provisioning ids as associated data have them."""

from __future__ import annotations

import pytest

from iso15118.errors import LocalError
from iso15118.pki.pcid import read_pcid


def test_capitals_without_separators() -> None:
    assert read_pcid("wmi-V-1234567890-ABCD") == read_pcid("WMIV1234567890ABCD") == "WMIV1234567890ABCD"


@pytest.mark.parametrize("text", ["", "WMIV1234567890ABC", "WMIV1234567890ABCDE", "WMIV1234567890ABC_", "WMIV1234567890ABC\n"])
def test_no_provisioning_id(text: str) -> None:
    with pytest.raises(LocalError, match="no provisioning id"):
        read_pcid(text)
