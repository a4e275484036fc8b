"""`chargeloop exi` against the vectors, in this process and as a filter in its own."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from iso15118.cli import main
from iso15118.messages.catalogue import SCHEMAS
from tests.vectors import lines

ROOT = Path(__file__).parents[2]
DC_STOP = next(line for line in lines("CommonMessages") if line["root"] == "SessionStopReq")


def chargeloop(*arguments: str, told: str | bytes = "") -> subprocess.CompletedProcess[bytes]:
    data = told.encode() if isinstance(told, str) else told
    return subprocess.run([sys.executable, "-m", "iso15118", "exi", *arguments], cwd=ROOT, input=data, capture_output=True, check=False)


def as_json(line: dict[str, Any], *, ascii_only: bool = False) -> str:
    return json.dumps({line["root"]: line["json"]}, separators=(",", ":"), ensure_ascii=ascii_only)


def chosen(name: str, schema: str, count: int) -> list[dict[str, Any]]:
    found = [line for line in lines(name) if line["schema"] == schema][:count]
    assert len(found) >= 20, f"only {len(found)} lines of {schema} in {name}"
    return found


BATCHES = [
    ("SAP", "SAP", 160, []),
    ("CommonMessages", "CommonMessages", 400, []),
    ("DC", "DC", 300, []),
    ("ISO2", "ISO2", 400, []),
    ("DIN", "DIN", 300, []),
    ("fragments", "CommonMessages", 140, ["--fragment"]),
    ("fragments", "XMLDSIG", 24, ["--fragment"]),
    ("fragments", "ISO2", 60, ["--fragment"]),
]


@pytest.mark.parametrize(("name", "schema", "count", "flags"), BATCHES)
def test_a_batch_decodes_as_the_vectors_say(name: str, schema: str, count: int, flags: list[str]) -> None:
    batch = chosen(name, schema, count)
    run = chargeloop("decode", schema, "--lines", *flags, told="".join(f"{line['exi']}\n" for line in batch))
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.decode("ascii").splitlines() == [as_json(line, ascii_only=True) for line in batch]


@pytest.mark.parametrize(("name", "schema", "count", "flags"), BATCHES)
def test_a_batch_encodes_as_the_vectors_say(name: str, schema: str, count: int, flags: list[str]) -> None:
    batch = chosen(name, schema, count)
    run = chargeloop("encode", schema, "--lines", *flags, told="".join(f"{as_json(line)}\n" for line in batch))
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.decode("ascii").splitlines() == [line["exi"] for line in batch]


def test_bad_lines_fail_alone() -> None:
    good, said = DC_STOP["exi"], as_json(DC_STOP, ascii_only=True)
    bad = [b"80zz", b"80c", b"", b"81" + good[2:].encode(), good[:-2].encode(), b"\xff\xfe", b"\xe2\x82", "８０".encode(), b"\x1b[2J"]
    told = b"\n".join([good.encode(), *bad, good.upper().encode()])  # no newline behind the last
    run = chargeloop("decode", "CommonMessages", "--lines", told=told)
    assert (run.returncode, run.stderr) == (0, b"")
    out = run.stdout.decode("ascii").splitlines()
    assert (out[0], out[-1]) == (said, said)
    assert len(out) == 2 + len(bad)
    assert all(line.startswith("error: ") for line in out[1:-1])


def test_bad_json_lines_fail_alone() -> None:
    good, said = as_json(DC_STOP), DC_STOP["exi"]
    content = DC_STOP["json"]
    bad = [
        "",
        "{",
        "[]",
        "{}",
        "7",
        '"SessionStopReq"',
        '{"SessionStopReq": 7}',
        '{"SessionStopReq": {}}',
        '{"SessionStopReq": NaN}',
        '{"NoSuchReq": {}}',
        '{"DC_ChargeLoopReq": {}}',
        '{"\\u001b[2J\\u2028": {}}',
        json.dumps({"SessionStopReq": {**content, "Extra": 1}}),
        json.dumps({"SessionStopReq": {**content, "ChargingSession": "Fly"}}),
        json.dumps({"SessionStopReq": {**content, "ChargingSession": ["Pause"]}}),
        json.dumps({"SessionStopReq": {**content, "EVTerminationCode": "\ud800"}}),
        json.dumps({"SessionStopReq": content, "SessionStopRes": {}}),
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"SessionStopReq": ' + "9" * 5000 + "}",
        '{"SessionStopReq": {"Header": ' + "9" * 4000 + "}}",
    ]
    run = chargeloop("encode", "CommonMessages", "--lines", told="\n".join([good, *bad, good]) + "\n")
    assert (run.returncode, run.stderr) == (0, b"")
    out = run.stdout.decode("ascii").splitlines()
    assert (out[0], out[-1]) == (said, said)
    assert len(out) == 2 + len(bad)
    for line, told in zip(out[1:-1], bad, strict=True):
        assert line.startswith("error: "), f"{told[:60]} gave {line[:60]}"
        assert len(line) < 500


def test_a_batch_answers_before_it_reads_on() -> None:
    """Another program may hold a conversation with it: no line waits for the next."""
    command = [sys.executable, "-m", "iso15118", "exi", "decode", "CommonMessages", "--lines"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for told, said in ((DC_STOP["exi"], as_json(DC_STOP, ascii_only=True)), ("8", None)):
            process.stdin.write(told.encode() + b"\n")
            process.stdin.flush()
            answer = process.stdout.readline().decode()
            assert answer == f"{said}\n" if said else answer.startswith("error: ")
        process.stdin.close()
        assert process.stdout.read() == b""
        assert process.wait() == 0


def spaced(text: str) -> str:
    return " ".join(text[i : i + 2] for i in range(0, len(text), 2))


@pytest.mark.parametrize(
    "told", [[DC_STOP["exi"]], [DC_STOP["exi"].upper()], [spaced(DC_STOP["exi"])], spaced(DC_STOP["exi"]).split(), ["-"], []]
)
def test_one_message(told: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    typed = f"  {spaced(DC_STOP['exi'])[:20]}\n\t{spaced(DC_STOP['exi'])[20:]}\r\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert main(["exi", "decode", "CommonMessages", *told]) == 0
    assert capsys.readouterr().out == as_json(DC_STOP, ascii_only=True) + "\n"


@pytest.mark.parametrize("told", [[as_json(DC_STOP)], ["-"], []])
def test_one_message_back(told: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({DC_STOP["root"]: DC_STOP["json"]}, indent=2)))
    assert main(["exi", "encode", "CommonMessages", *told]) == 0
    assert capsys.readouterr().out == DC_STOP["exi"] + "\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["decode", "DC", DC_STOP["exi"][:6]], "chargeloop: "),
        (["decode", "DC", "80 c"], "half an octet"),
        (["decode", "DC", "hello"], "not hexadecimal"),
        (["decode", "DC", "-"], "empty"),
        (["encode", "DC", "{"], "not JSON"),
        (["encode", "DC", '{"SessionStopReq": {}}'], "'SessionStopReq' is no message of DC"),
        (["encode", "CommonMessages", '{"SessionStopReq": {"Header": {"SessionID": "xy"}}}'], "SessionStopReq/Header/SessionID: 'xy'"),
        (["encode", "DC", "--fragment", '{"Nonsense": {}}'], "'Nonsense' is no fragment of DC"),
    ],
)
def test_one_bad_message_is_one_line_and_code_1(
    arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["exi", *arguments]) == 1
    said = capsys.readouterr()
    assert not said.out
    assert words in said.err
    assert said.err.count("\n") == 1


def test_schemas_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exi", "schemas"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows[1:]] == list(SCHEMAS)
    assert {row[0]: (row[1], row[2]) for row in rows[1:]} == {
        "SAP": ("0x8001", "2"),
        "XMLDSIG": ("-", "-"),
        "CommonMessages": ("0x8002", "26"),
        "DC": ("0x8004", "10"),
        "AC": ("0x8003", "4"),
        "ACDP": ("0x8005", "8"),
        "WPT": ("0x8006", "12"),
        "AC_DER_IEC": ("0x8010", "4"),
        "AC_DER_SAE": ("0x8011", "4"),
        "ISO2": ("0x8001", "34"),
        "DIN": ("0x8001", "34"),
    }


def test_describe_shows_the_elements_of_a_type(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exi", "describe", "DC", "DC_PreChargeReq"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "The vehicle asks for the voltage of its battery at the outlet, before it closes its contactors.",
        "",
        "ELEMENT           FIELD               TYPE            OCCURS  UNIT",
        "Header            header              Header          1..1",
        "EVProcessing      ev_processing       Processing      1..1",
        "EVPresentVoltage  ev_present_voltage  RationalNumber  1..1    V",
        "EVTargetVoltage   ev_target_voltage   RationalNumber  1..1    V",
    ]


def test_describe_shows_the_values_of_an_enumeration(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exi", "describe", "DC", "Processing"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["1      Ongoing", "2      Ongoing_WaitingForCustomerInteraction"]


def test_describe_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exi", "describe", "SAP"]) == 0
    names = capsys.readouterr().out.splitlines()
    assert names == ["AppProtocol", "AppProtocolResponseCode", "supportedAppProtocolReq", "supportedAppProtocolRes"]


def test_describe_of_an_unknown_type_says_where_to_look(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exi", "describe", "DC", "PreChargeReq"]) != 0
    told = capsys.readouterr().err
    assert "DC has no type 'PreChargeReq'; `chargeloop exi describe DC` lists those it has" in told
    assert "Traceback" not in told
