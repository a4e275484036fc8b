"""`chargeloop tls doctor`: what TLS on this machine can and cannot do."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime

from iso15118.cli.report import write
from iso15118.service.tls.doctor import examine


def doctor(arguments: Namespace) -> int:
    """A table of each engine; 0 where one of them does what has to be, else 1. The first that works is the one that is used."""
    used = ""
    for found in examine(datetime.now(UTC)):
        if found.why:
            write(f"{found.name}: cannot be used: {found.why}")
            continue
        role = "is used" if not used else "would stand in"
        used = used or found.name
        write(f"{found.name}: {found.version}, {role}")
        for finding in found.findings:
            remark = f" ({finding.remark})" if finding.remark and not finding.met else ""
            write(f"  {'yes' if finding.met else 'NO ':3}  [{finding.requirement}] {finding.what}{remark}")
    if not used:
        write("no engine: this machine cannot speak ISO 15118-20")
    return 0 if used else 1
