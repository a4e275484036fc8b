"""The file of a ledger: appended to, rewritten, lost, held by another."""

from __future__ import annotations

from pathlib import Path

import pytest

from iso15118.errors import LocalError
from iso15118.service import ledger_file
from iso15118.service.ledger_file import ASIDE, LedgerFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


def opened(path: Path, octets: bytes = b"") -> LedgerFile:
    path.write_bytes(octets)
    file = LedgerFile(path)
    assert file.open() == octets
    return file


def test_it_is_appended_to(path: Path) -> None:
    file = opened(path, b"before\n")
    file.append(b"one\n")
    file.append(b"two\n")
    assert path.read_bytes() == b"before\none\ntwo\n"
    assert file.size == 15
    file.close()


def test_it_is_rewritten_beside_itself(path: Path) -> None:
    file = opened(path, b"a long story\n")
    file.rewrite(b"short\n")
    file.append(b"more\n")
    assert path.read_bytes() == b"short\nmore\n"
    assert [each.name for each in path.parent.iterdir()] == ["ledger"]
    assert file.size == 11
    file.close()


def test_a_link_to_it_stays_one(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(path)
    file = LedgerFile(link)
    file.open()
    file.rewrite(b"one\n")
    file.append(b"two\n")
    assert link.is_symlink()
    assert path.read_bytes() == b"one\ntwo\n"
    file.close()


def test_one_that_is_not_there_comes_with_the_first_rewriting(path: Path) -> None:
    file = LedgerFile(path)
    assert (file.open(), file.there) == (b"", False)
    with pytest.raises(OSError, match="no longer"):
        file.append(b"one\n")
    assert not path.exists()
    file.rewrite(b"one\n")
    assert (path.read_bytes(), file.there) == (b"one\n", True)
    file.close()


@pytest.mark.parametrize("instead", [None, b"another's\n"])
def test_one_that_has_lost_its_name_is_an_error(path: Path, instead: bytes | None) -> None:
    file = opened(path)
    path.unlink()
    if instead is not None:
        path.write_bytes(instead)
    with pytest.raises(FileNotFoundError):
        file.append(b"one\n")
    file.rewrite(b"one\n")
    assert path.read_bytes() == b"one\n"
    file.close()


def test_a_rewriting_that_fails_leaves_what_was_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: int, octets: memoryview) -> int:
        raise OSError(28, "No space left on device")

    file = opened(path, b"before\n")
    with monkeypatch.context() as patch:
        patch.setattr(ledger_file.os, "write", full)
        with pytest.raises(OSError, match="No space"):
            file.rewrite(b"after\n")
    assert [each.name for each in path.parent.iterdir()] == ["ledger"]
    file.append(b"more\n")
    assert path.read_bytes() == b"before\nmore\n"
    file.close()


def test_what_comes_back_is_on_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call ends with a sync of all it has written; a rewriting syncs the new file before it takes the name, and then the folder."""
    calls: list[str] = []
    for name in ("write", "fsync", "replace"):
        real = getattr(ledger_file.os, name)
        monkeypatch.setattr(ledger_file.os, name, lambda *words, name=name, real=real: calls.append(name) or real(*words))
    file = opened(path)
    file.append(b"one\n")
    assert calls == ["write", "fsync"]
    calls.clear()
    file.rewrite(b"two\n")
    assert calls == ["write", "fsync", "replace", "fsync"]
    file.close()


def test_another_program_does_not_get_it(path: Path) -> None:
    file = opened(path)
    for _ in range(2):
        with pytest.raises(LocalError, match="another program writes it"):
            LedgerFile(path).open()
        file.rewrite(b"")  # the new one is held, too
    file.close()
    again = LedgerFile(path)
    assert again.open() == b""
    again.close()


@pytest.mark.parametrize("name", ["/dev/full", "/dev"])
def test_what_is_no_file_is_said(name: str) -> None:
    with pytest.raises(LocalError, match=f"ledger {name}: is no file"):
        LedgerFile(Path(name)).open()


def test_damaged_parts_are_kept_aside_up_to_a_size(path: Path) -> None:
    file = opened(path)
    file.keep_aside(b"bad\n")
    file.keep_aside(b"worse\n")
    aside = path.with_name("ledger.damaged")
    assert aside.read_bytes() == b"bad\nworse\n"
    file.keep_aside(bytes(ASIDE))
    file.keep_aside(b"more")
    assert aside.stat().st_size == ASIDE
    file.close()
