"""What a page of HTML is made of that needs nothing else: its head and style, sections, notes and tables. Neighbour: `plot`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from iso15118.study.report.plot import BOTTOM, LEFT, RIGHT, STYLE, TOP, colours


def head(title: str) -> str:
    """Until its content begins."""
    return _HEAD.replace("TITLE", escape(title)).replace("STYLE", colours(":root") + STYLE + _STYLE)


def section(name: str, heading: str, *inside: str) -> str:
    """A part with a heading and content in HTML."""
    return f'<section id="{name}"><h2>{escape(heading)}</h2>\n{"".join(inside)}</section>\n'


def note(text: str) -> str:
    """Small print."""
    return f'<p class="note">{escape(text)}</p>\n'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], strong: int | None = None) -> str:
    """A table of text, its first column the name of each row; `strong`: the column that the page is about."""
    heads = "".join(f'<th scope="col"{_mark(k, strong)}>{escape(text)}</th>' for k, text in enumerate(head))
    body = ""
    for first, *others in rows:
        cells = "".join(f"<td{_mark(k, strong)}>{escape(text)}</td>" for k, text in enumerate(others, 1))
        body += f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>\n'
    return f'<div class="table"><table><thead><tr>{heads}</tr></thead><tbody>\n{body}</tbody></table></div>\n'


def _mark(column: int, strong: int | None) -> str:
    return ' class="strong"' if column == strong else ""


_HEAD: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>TITLE</title><style>
STYLE</style>
"""
_STYLE: Final = f"""
:root {{ color-scheme: light dark }} * {{ box-sizing: border-box }}
body {{ margin: 0; font: 15px/1.5 system-ui, sans-serif; background: var(--back); color: var(--fore) }}
header, main {{ max-width: 1180px; margin: 0 auto; padding: 0 16px }} header {{ padding-top: 20px }}
h1 {{ font-size: 1.6em; line-height: 1.2; margin: 0 }} header p, .note, footer, small {{ color: var(--soft) }}
header p {{ margin: .3em 0 0 }}
h2 {{ font-size: 1.15em; margin: 0 0 .4em }} h3 {{ font-size: 1em; margin: 0 }} small {{ font-size: .85em; font-weight: 400 }}
section {{ margin: 28px 0 }} .note {{ font-size: .87em; margin: .3em 0 }} footer {{ font-size: .85em; border-top: 1px solid var(--line);
padding: 14px 0 30px }}
.tiles {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; margin-top: 18px }}
.tiles div {{ border: 1px solid var(--line); border-radius: 8px; padding: 10px 12px; display: flex; flex-direction: column }}
.tiles span {{ color: var(--soft); font-size: .87em }} .tiles b {{ font-size: 1.35em; line-height: 1.3;
font-variant-numeric: tabular-nums }}
figure {{ margin: 0; padding: {TOP}px {RIGHT}px {BOTTOM}px {LEFT}px }} figure .plot {{ display: block; width: 100% }}
.names {{ padding-left: 104px; padding-top: 6px }} .wide {{ padding-left: 120px; padding-top: 4px }} .lines {{ padding-left: 34px;
max-width: 700px }}
.legend {{ display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 0; font-size: .87em }} .legend span {{ display: inline-flex;
align-items: center; gap: 6px }}
.key {{ width: 18px; height: 0; border-top: 3px solid; display: inline-block }} .key.dashed {{ border-top-style: dashed }}
.key.dotted {{ border-top-style: dotted }} .key[class*=fill] {{ height: 12px; border: 0; border-radius: 2px }} .key.faint {{ opacity: .3 }}
.plot .on {{ fill: #fff; font-weight: 600; paint-order: stroke; stroke: #0008; stroke-width: 2px }}
.table {{ overflow-x: auto; margin: .4em 0 }} table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92em }}
#costs tbody th {{ white-space: normal; min-width: 9em }}
th, td {{ padding: 4px 12px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap }}
th:first-child {{ text-align: left; padding-left: 0 }} tbody th {{ font-weight: 400 }}
thead th {{ color: var(--soft); font-weight: 600 }}
.strong {{ font-weight: 700 }} #cars td:last-child, #cars thead th:last-child, #cars td:nth-child(2), #cars thead th:nth-child(2) {{
text-align: left }}
.fans {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 18px 22px; margin: 12px 0 }}
article p {{ margin: 0; font-size: .87em; color: var(--soft) }} .short p {{ color: var(--limit); font-weight: 600 }}
summary {{ cursor: pointer; padding: 6px 0 }} @media (max-width: 620px) {{ .minor {{ display: none }} }}
@media print {{ section, article {{ break-inside: avoid }} .moment {{ display: none }} }}
"""
