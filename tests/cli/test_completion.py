"""Completion in the shell, which click makes from the same options; the pass before click's own leaves it alone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

MAIN = "from autograd_explain.cli.main import main; main()"


def completed(words: str, place: int) -> list[str]:
    """What bash would be offered."""
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(place), "_AUTOGRAD_EXPLAIN_COMPLETE": "bash_complete"}
    run = subprocess.run(
        [sys.executable, "-c", MAIN], env={**os.environ, **asked}, capture_output=True, text=True, check=True
    )
    return [line.partition(",")[2] for line in run.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "place", "offered"),
    [
        ("autograd-explain ru", 1, "run"),
        ("autograd-explain run x --che", 3, "--check"),
        ("autograd-explain run x --w 3 --bri", 5, "--brief"),
        ("autograd-explain train x --opt", 3, "--optimizer"),
    ],
)
def test_commands_and_options_are_offered(words: str, place: int, offered: str) -> None:
    assert [offered] == completed(words, place)
