"""`chargeloop site`: plans, logs and studies of a site. Each action is run by a file of its own; their arguments: `site_arguments`."""

from __future__ import annotations

from argparse import Namespace
from importlib import import_module
from typing import Final

ACTIONS: Final = {"plan": "site_plan", "explain": "site_log", "replay": "site_log"}
"""Action to the file whose `run` it is."""


def run(arguments: Namespace) -> int:
    """The exit code of an action."""
    code: int = import_module(f"iso15118.cli.{ACTIONS[arguments.action]}").run(arguments)
    return code
