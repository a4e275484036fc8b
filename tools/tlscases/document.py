"""Writes docs/tls_cases.md."""

from __future__ import annotations

from iso15118.service.tls.engine import ALERTS
from tools.tlscases.cases import CASES, Case
from tools.tlscases.scripts import LEFT_OUT, UNMET, scripts


def page() -> str:
    """The page."""
    found = scripts()
    played = sum(bool(cases) for cases in found.values())
    lines = "\n".join(f"| {name} | {f'{len(cases)} cases' if cases else LEFT_OUT[name]} |" for name, cases in found.items())
    unmet = "\n".join(f"- {engine}, {script}: {why}." for (engine, script), why in UNMET.items())
    details = "\n".join(f"| {name} | {case.what} | {_wanted(case)} |" for name, cases in found.items() for case in cases)
    return f"""# The charger's TLS against the cases of tlsfuzzer

Written by `make tlscases ARGS="--document"`. tlsfuzzer is the yardstick of TLS servers; its scripts for TLS 1.3 ("test-tls13-" and
the name) are no package that could be installed. What they are about, as far as their names tell, is rebuilt here with tlslite-ng, for a
charger that asks for a certificate and has a short list of suites, groups and signatures: {len(CASES)} cases of {played} scripts, and
{len(LEFT_OUT)} scripts that do not apply.

Each case is played on a connection of its own, over loopback, against the product's link and engine. Where it is refused, the alert has
to be one of those listed, no data may have come through before the handshake, and behind each the next honest car has to be served.
[test_a_case_of_tlsfuzzer](../tests/service/tls/test_tlscases.py) plays all of them on every engine; `make tlscases` too, and
it says the longest time to an alert (goal: 100 ms).

Where more than one alert is allowed, RFC 8446 names one and OpenSSL has another, or its versions differ: each is fatal, and says no less.
"or nothing" marks what the RFC lets a server look over.

What does not come as it has to:

{unmet}

| script | |
|---|---|
{lines}

## The cases

| script | what is said | what comes |
|---|---|---|
{details}
"""


def _wanted(case: Case) -> str:
    alerts = " or ".join(ALERTS[alert] for alert in sorted(case.alerts))
    if case.quiet:
        return f"{alerts}, or nothing" if alerts else "the connection is gone"
    return alerts or "goes through, data is echoed"
