"""The transcript as one web page that needs nothing else: a sequence chart whose messages open, to be read, mailed and kept.

Everything a peer has said is escaped, and the page's policy lets nothing be fetched from anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Final

from iso15118.dissect.gist import gist
from iso15118.dissect.transcript import Said, Transcript

_JSON: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
LOOP: Final = "ChargeLoop"
"""Messages whose name has this come by the thousand, and can be hidden."""


def page(transcript: Transcript, title: str) -> Iterator[str]:
    """The parts of the page, in order; `title` is the file's name, say."""
    said = transcript.said
    failed = sum(each.failed for each in said)
    loops = sum(_is_loop(each) for each in said)
    yield _HEAD.replace("TITLE", escape(title))
    yield f"<header><h1>{escape(title)}</h1><p>{len(said)} frames"
    began = next((each.time for each in said if each.time is not None), None)
    if began is not None:
        yield f" in {(max(each.time or began for each in said) - began):.3f} s"
    yield f', <b class="{"bad" if failed else "good"}">{failed} refused</b>'
    yield f', <b class="{"bad" if transcript.unread else "good"}">{transcript.unread} not read</b></p>'
    yield "".join(f"<p>{_stream(number, each.client, each.server, each.how)}</p>" for number, each in enumerate(transcript.streams, 1))
    yield "".join(f'<p class="bad">{escape(problem)}</p>' for problem in transcript.problems)
    yield "".join(f"<p>{escape(note)}</p>" for note in transcript.notes)
    yield '<p class="tools"><label><input type="checkbox" id="bad"> only refused and not read</label>'
    yield f'<label><input type="checkbox" id="loops"> hide {loops} charge-loop frames</label>'
    yield '<input type="search" id="find" placeholder="find" aria-label="find"></p>'
    yield '<div class="ends"><span>car</span><span>charger</span></div></header><main>\n'
    before = began
    for number, each in enumerate(said, 1):
        yield _row(number, each, began, before)
        before = before if each.time is None else each.time
    yield f"</main>{_SCRIPT}</html>\n"


def _row(number: int, said: Said, began: float | None, before: float | None) -> str:
    way = {True: "car", False: "charger", None: "unknown"}[said.from_car]
    classes = ["frame", way, *["bad"] * (said.failed or bool(said.problem)), *["loop"] * _is_loop(said)]
    time = ""
    if said.time is not None and began is not None and before is not None:
        time = f"<i>{said.time - began:.4f} s</i><i>+{(said.time - before) * 1e3:.1f} ms</i>"
    name = escape(said.name or "not read")
    about = [f"payload type {said.payload_type:#06x}" if said.payload_type is not None else "", said.schema, f"{len(said.octets)} octets"]
    content = "" if said.content is None else f'<pre class="content">{escape(_JSON.encode(said.content))}</pre>'
    return (
        f'<details class="{" ".join(classes)}" id="f{number}"><summary><span class="time"><i>{number}</i>{time}</span>'
        f'<span class="lane"><b>{name}</b></span><span class="gist">{escape(gist(said, 160))}</span></summary>'
        f"<p>{escape(', '.join(filter(None, about)))}, packet or line {said.packet}</p>{content}"
        f'<pre class="octets">{said.octets.hex()}</pre></details>\n'
    )


def _is_loop(said: Said) -> bool:
    return LOOP in said.name


def _stream(number: int, client: str, server: str, how: str) -> str:
    return escape(f"connection {number}: car {client}, charger {server}, {how}")


_HEAD: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>TITLE</title><style>
:root { color-scheme: light dark; --line: #8888; --car: #1668b8; --charger: #2a7f3f; --bad: #c62828; --back: #fff; --fore: #1d1f23 }
@media (prefers-color-scheme: dark) { :root { --car: #6db3f2; --charger: #79c98b; --bad: #ff7b72; --back: #15181c; --fore: #e4e6ea } }
body { margin: 0; font: 14px/1.45 system-ui, sans-serif; background: var(--back); color: var(--fore) }
header { position: sticky; top: 0; z-index: 1; background: var(--back); border-bottom: 1px solid var(--line); padding: .6em 1em 0 }
h1 { font-size: 1.2em; margin: 0 } header p { margin: .15em 0 }
.tools label, .tools input[type=search] { margin-right: 1.5em } .bad { color: var(--bad) } .good { color: var(--charger) }
.ends { display: flex; justify-content: space-between; width: 23em; margin-left: 255px; font-weight: 600 }
.frame { content-visibility: auto; contain-intrinsic-size: auto 1.7em; padding: 0 1em } .frame:hover { background: #8882 }
summary { display: flex; gap: 1em; cursor: pointer; align-items: center; list-style: none }
summary::-webkit-details-marker { display: none }
.time { width: 20em; flex: none; display: flex; font: 12px ui-monospace, monospace; opacity: .75 }
.time i { font-style: normal; flex: 1 1 6em; text-align: right; white-space: nowrap } .time i:first-child { flex: 0 0 3.5em }
.lane { width: 23em; flex: none; position: relative; border: solid var(--line); border-width: 0 2px; padding: .12em 0; display: flex }
.lane::before { content: ""; position: absolute; left: 4px; right: 4px; top: 50%; border-top: 2px solid currentColor; opacity: .55 }
.lane::after { position: absolute; top: 50%; transform: translateY(-52%); line-height: 1 }
.car .lane { color: var(--car); justify-content: flex-start } .car .lane::after { content: "▶"; right: 0 }
.charger .lane { color: var(--charger); justify-content: flex-end } .charger .lane::after { content: "◀"; left: 0 }
.unknown .lane { justify-content: center } .frame.bad .lane { color: var(--bad) } .frame.bad .lane::before { border-top-style: dashed }
.lane b { position: relative; background: var(--back); margin: 0 1.1em; padding: 0 .3em; font-weight: 600 }
.gist { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; opacity: .9 } .frame.bad .gist { color: var(--bad) }
details > p, pre { margin: 3px 0 3px 255px }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: 12px/1.4 ui-monospace, monospace }
.octets { opacity: .6 } details[open] { border-block: 1px solid var(--line) } .hidden { display: none }
</style>
"""

_SCRIPT: Final = """<script>
const rows = [...document.querySelectorAll(".frame")], $ = id => document.getElementById(id);
document.querySelector("main").addEventListener("toggle", event => {
  const pre = event.target.querySelector(".content:not(.said)");
  if (pre && event.target.open) { pre.classList.add("said"); pre.textContent = JSON.stringify(JSON.parse(pre.textContent), null, 2); }
}, true);
function sift() {
  const words = $("find").value.toLowerCase();
  for (const row of rows) row.classList.toggle("hidden", ($("bad").checked && !row.classList.contains("bad")) ||
    ($("loops").checked && row.classList.contains("loop") && !row.classList.contains("bad")) ||
    (words !== "" && !row.textContent.toLowerCase().includes(words)));
}
for (const id of ["bad", "loops", "find"]) $(id).addEventListener("input", sift);
</script>
"""
