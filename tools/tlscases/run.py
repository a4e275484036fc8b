"""One case against a charger, and what came of it."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from iso15118.pki.tree import Tree
from iso15118.service.tls.engine import ALERTS
from tools.tlscases.bench import Charger
from tools.tlscases.cases import Case
from tools.tlscases.client import Client, ClosedError, Heard, RefusedError


class Result(NamedTuple):
    """`problem` "": as it has to be. `alert`: what came; `seconds`: from our last octet to it."""

    problem: str
    alert: str = ""
    seconds: float = 0.0


def judge(case: Case, charger: Charger, tree: Tree, curve: str) -> Result:
    """Play it, and behind it an honest handshake."""
    before = charger.octets
    client = Client(charger.port, tree["vehicle"], curve)
    try:
        result = _played(case, client)
    finally:
        client.close()
    if case.alerts and not case.proven and charger.octets != before:
        result = result._replace(problem=result.problem or "data went through")
    if not result.problem and not honest(charger, tree, curve):
        result = result._replace(problem="the next honest car is not served")
    return result


def honest(charger: Charger, tree: Tree, curve: str) -> bool:
    """A whole handshake and an echo."""
    client = Client(charger.port, tree["vehicle"], curve)
    try:
        client.shake()
        return client.echoes()
    except (RefusedError, ClosedError, OSError):
        return False
    finally:
        client.close()


def _played(case: Case, client: Client) -> Result:
    heard: Heard | None = None
    try:
        case.play(client)
        if not case.alerts:
            return Result("" if case.quiet or client.echoes() else "other octets came back")
        heard = client.answer()
    except RefusedError as refused:
        heard = refused.heard
    except AssertionError as failed:
        return Result(str(failed))
    except ClosedError as closed:
        return Result("" if case.quiet else f"closed without an alert {closed}".rstrip())
    except ConnectionError:  # it has closed while we were still talking
        with suppress(ClosedError, OSError):
            heard = client.answer()
    except TimeoutError:
        return Result("" if case.quiet else "no answer")
    if heard is None or heard.alert is None:
        return Result("" if case.quiet else "no alert")
    name = ALERTS.get(heard.alert, str(heard.alert))
    wrong = "" if heard.alert in case.alerts or (case.quiet and not case.alerts) else f"alert {name}"
    return Result(wrong, name, max(0.0, heard.at - client.said_at))
