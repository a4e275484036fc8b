"""`service.tls.doctor` and `chargeloop tls doctor`: each engine is tried, and what it cannot do is said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from iso15118.cli import main
from iso15118.errors import LocalError
from iso15118.service.tls import choose, doctor
from iso15118.service.tls.engine_std import StdEngine

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of pyOpenSSL


def test_both_engines_are_tried() -> None:
    first, second = doctor.examine(datetime.now(UTC))
    assert (first.name, second.name) == ("ssl", "pyopenssl")
    assert {finding.requirement for finding in first.findings if not finding.met} == {"V2G20-2388"}
    assert {finding.requirement for finding in second.findings if not finding.met} >= {"V2G20-1006", "V2G20-2379", "V2G20-2388"}
    assert all(finding.met for finding in second.findings if finding.requirement in ("V2G20-2674", "V2G20-2319", "V2G20-1240"))


def _missing() -> StdEngine:
    raise LocalError("it is not there")


def test_what_cannot_be_used_is_said_and_the_next_one_serves(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (_, std), *_ = choose.candidates()
    for module in (choose, doctor):
        monkeypatch.setattr(module, "candidates", lambda: (("first", _missing), ("second", std)))
    choose.engine.cache_clear()
    assert choose.engine().name == "ssl"
    assert main(["tls", "doctor"]) == 0
    said = capsys.readouterr().out
    assert "first: cannot be used: it is not there" in said
    assert "NO   [V2G20-2388]" in said
    choose.engine.cache_clear()


def test_an_engine_that_may_not_make_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """As under systemd's MemoryDenyWriteExecute."""

    class Denied:
        @staticmethod
        def callback(*words: object) -> None:
            raise MemoryError

    monkeypatch.setattr("OpenSSL._util.ffi", Denied)
    first, second = doctor.examine(datetime.now(UTC))
    assert first.findings
    assert second.why.endswith("allowed: MemoryDenyWriteExecute=no")


def test_without_any_engine(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for module in (choose, doctor):
        monkeypatch.setattr(module, "candidates", lambda: (("first", _missing),))
    choose.engine.cache_clear()
    with pytest.raises(LocalError, match="no TLS engine"):
        choose.engine()
    assert main(["tls", "doctor"]) == 1
    assert "no engine" in capsys.readouterr().out
    choose.engine.cache_clear()
