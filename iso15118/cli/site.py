"""`chargeloop site`: plans, logs and studies of a site. Each action is run by a file of its own; their arguments: `site_arguments`."""

from __future__ import annotations

from argparse import Namespace
from importlib import import_module
from typing import Final

ACTIONS: Final = {
    "plan": ("site_plan", "run"),
    "explain": ("site_log", "run"),
    "replay": ("site_log", "run"),
    "simulate": ("site_study", "simulated"),
    "compare": ("site_study", "compared"),
    "hosting": ("site_study", "hosted"),
    "report": ("site_report", "run"),
}
"""Action to the file and function that do it."""


def run(arguments: Namespace) -> int:
    """The exit code of an action."""
    file, function = ACTIONS[arguments.action]
    code: int = getattr(import_module(f"iso15118.cli.{file}"), function)(arguments)
    return code
