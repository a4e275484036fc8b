"""Policies by name."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from iso15118.errors import LocalError
from iso15118.grid.policies import NAMES, policy


@pytest.mark.parametrize("name", [name for name in NAMES if find_spec(f"iso15118.grid.policies.{name}")])
def test_each_has_its_file_and_its_name(name: str) -> None:
    assert policy(name).name == name


def test_an_unknown_one_is_answered_with_those_there_are() -> None:
    with pytest.raises(LocalError, match=r"no policy 'fastest'; there are: unmanaged, equal_share"):
        policy("fastest")
