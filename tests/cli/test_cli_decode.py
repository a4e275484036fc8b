"""`chargeloop decode`: a session of our own, captured, then shown in every form; and the web page in a real browser."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from iso15118.cli import main
from iso15118.dissect.capture import read_capture
from iso15118.wire import pcapng
from iso15118.wire.pcapng import Place, TcpStream
from iso15118.wire.v2gtp import frame_bytes

FRAME = "01fe80010000000480400040"


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo of half a minute."""
    path = tmp_path_factory.mktemp("pcap") / "demo.pcapng"
    assert main(["demo", "--json", "--minutes", "0.5", "--pcap", str(path)]) == 0
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A connection on which one frame is no message, and that hides markup in a name."""
    stream = TcpStream(Place("fe80::1", 1), Place("fe80::2", 2))
    blocks = pcapng.section() + stream.opening(1.0)
    blocks += stream.data(2.0, frame_bytes(0x8004, b"\x80\xff\xff"), from_client=True)
    blocks += stream.data(3.0, bytes.fromhex(FRAME), from_client=False)
    path = tmp_path / "<script>bad.pcapng"
    path.write_bytes(blocks)
    return path


def test_a_session_as_a_chart(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["decode", str(capture)]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0] == "connection 1: car [fe80::ca]:49152, charger [fe80::c4]:49152, TCP"
    assert "│ supportedAppProtocolReq ─" in lines[2]
    assert "─ SessionStopRes │ OK" in lines[-1]
    assert sum("DC_ChargeLoopReq" in line for line in lines) > 100
    assert said.err == ""


def test_a_session_as_json_lines(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["decode", str(capture), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["car"] == "[fe80::ca]:49152"
    assert list(lines[1]["message"]) == ["supportedAppProtocolReq"]
    assert list(lines[-1]["message"]) == ["SessionStopRes"]
    times = [line["time"] for line in lines[1:]]
    assert times == sorted(times)
    assert all(line["from"] == ("car" if next(iter(line["message"])).endswith("Req") else "charger") for line in lines[1:])


def test_a_capture_says_its_schemas_itself(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", str(capture), "--schema", "DC"]) == 2
    assert "--schema is for lines of text" in capsys.readouterr().err


def test_a_frame_that_cannot_be_read_is_listed_and_the_code_says_so(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", str(broken)]) == 1
    said = capsys.readouterr()
    assert "✗ car: not read" in said.out
    assert "supportedAppProtocolRes" in said.out
    assert said.err == "2 frames, 1 problems\n"


def test_text_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FRAME.encode())))
    assert main(["decode", "-"]) == 0
    assert "supportedAppProtocolRes" in capsys.readouterr().out


def test_a_bare_stream_with_its_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "hex").write_text("80400040\n")
    assert main(["decode", str(tmp_path / "hex"), "--schema", "SAP", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["message"]["supportedAppProtocolRes"]["SchemaID"] == 1
    assert main(["decode", str(tmp_path / "hex")]) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/no/such/file"], "/no/such/file: No such file"),
        (["/"], "Is a directory"),
        (["{file}", "--keylog", "/no/such/log"], "/no/such/log: No such file"),
        (["{file}", "--schema", "ISO9"], "unknown schema 'ISO9'; known: SAP"),
        (["{file}", "--html", "/no/such/folder/page"], "/no/such/folder/page not written"),
        (["{file}", "--html", "/dev/full"], "/dev/full not written: No space left"),
        (["{file}", "--html", "{file}"], "would overwrite what is to be decoded"),
        (["{file}", "--html", "x", "--json"], "not allowed with"),
    ],
)
def test_wrong_use_is_one_line(arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "hex").write_text(FRAME)
    assert main(["decode", *(word.format(file=tmp_path / "hex") for word in arguments)]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 50, b"PK\x03\x04 no capture", b"\n\n"])
def test_a_file_of_something_else_is_said_in_lines(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").write_bytes(content)
    assert main(["decode", str(tmp_path / "x")]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_every_cut_of_a_capture_is_decoded_as_far_as_it_goes(capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = capture.read_bytes()
    for cut in (whole[:-1], whole[: len(whole) // 2 + 1], whole[:3000], whole[:100], whole[:30]):
        (tmp_path / "cut").write_bytes(cut)
        assert main(["decode", str(tmp_path / "cut")]) == 1
        assert "breaks off" in capsys.readouterr().out


def test_the_page_needs_nothing_else_and_escapes_everything(broken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", str(broken), "--html", str(tmp_path / "page.html")]) == 1
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert capsys.readouterr().err == f"2 frames, 1 problems, {tmp_path / 'page.html'} written\n"
    assert "<title>&lt;script&gt;bad.pcapng</title>" in page
    assert page.count("<script>") == 1
    assert not re.search(r"(?:src|href)=", page)


BROWSER = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update
    --disable-sync --virtual-time-budget=20000 --dump-dom""".split()


def test_the_page_in_a_browser(capture: Path, tmp_path: Path) -> None:
    """A reader opens a message, hides the charge loop, and looks for a word; then the page is as it should be."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium")
    assert main(["decode", str(capture), "--html", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    reader = """<script>
    document.querySelector("#f3").open = true;
    const shown = () => rows.filter(row => getComputedStyle(row).display !== "none").length, seen = {all: shown()};
    const act = (id, change) => { change($(id)); $(id).dispatchEvent(new Event("input")); };
    const arrow = document.querySelector("#f3 .lane").getBoundingClientRect(); seen.lane = arrow.width > 100 && arrow.height > 10;
    act("loops", box => box.checked = true); seen.short = shown();
    act("find", box => box.value = "schedule"); seen.found = shown();
    act("bad", box => box.checked = true); seen.bad = shown();
    setTimeout(() => { seen.text = document.querySelector("#f3 .content").textContent; document.title = JSON.stringify(seen); }, 50);
    </script></html>"""
    (tmp_path / "read.html").write_text(page.replace("</html>", reader), encoding="utf-8")
    command = [browser, *BROWSER, f"--user-data-dir={tmp_path / 'profile'}", (tmp_path / "read.html").as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=True)
    found = re.search(r"<title>(.*?)</title>", done.stdout)
    assert found is not None
    seen = json.loads(found[1].replace("&amp;", "&").replace("&lt;", "<"))
    frames = page.count("<details")
    loops = len(re.findall(r'<details class="[^"]* loop"', page))
    assert (seen["all"], seen["short"], seen["bad"], seen["lane"]) == (frames, frames - loops, 0, True)
    assert 2 <= seen["found"] < seen["short"]
    assert json.loads(seen["text"])["EVCCID"] == "WMIV1234567890ABCDEX"
    assert "\n" in seen["text"]


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-"])
def test_closed_channels_are_no_traceback(closed: str) -> None:
    call = f"{shlex.quote(sys.executable)} -c 'import sys, iso15118.cli; sys.exit(iso15118.cli.main())' decode - {closed}"
    done = subprocess.run(["sh", "-c", call], input=b"01fe\n", capture_output=True, check=False, cwd=Path(__file__).parents[2])
    assert b"Traceback" not in done.stderr
    assert done.returncode == (2 if closed == "<&-" else 1)


def test_a_page_of_a_file_whose_name_is_no_text(broken: Path, tmp_path: Path) -> None:
    odd = broken.rename(tmp_path / "x\udcff.pcapng")
    assert main(["decode", str(odd), "--html", str(tmp_path / "page")]) == 1
    assert "<h1>x\\udcff.pcapng</h1>" in (tmp_path / "page").read_text("utf-8")


def test_a_capture_that_did_not_fit_disturbs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--json", "--minutes", "0.5", "--pcap", "/dev/full"]) == 0
    assert main(["demo", "--json", "--pcap", "/no/such/folder/x"]) == 2
    assert "--pcap /no/such/folder/x: cannot be written" in capsys.readouterr().err


def test_secrets_stand_in_the_capture_before_what_they_open(tmp_path: Path) -> None:
    from iso15118.service.capture import Capture

    capture = Capture(tmp_path / "x")
    tap = capture.tap(charger=True, clock=lambda: 5_000_000)
    capture.secrets("CLIENT_RANDOM a b\n")
    tap.opened(("fe80::2%eth0", 2, 0, 3), ("fe80::1", 1, 0, 3))
    tap.passed(b"hello", outgoing=False)
    tap.closed()
    tap.passed(b"late", outgoing=False)
    capture.close(patience=20)
    found = read_capture((tmp_path / "x").read_bytes())
    assert found.secrets == "CLIENT_RANDOM a b\n"
    assert [(packet.time, len(packet.octets)) for packet in found.packets] == [(5.0, size) for size in (74, 74, 74, 79, 74, 74, 74)]
