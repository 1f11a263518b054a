"""Completion in the shell, which click makes from the same options; the pass before click's own leaves it alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
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


@pytest.mark.parametrize(
    ("shell", "place", "offered"),
    [
        ("zsh", "1", "plain\nverify\nDerive every number of an exported explanation again.\n"),
        ("fish", "ver", "plain,verify\tDerive every number of an exported explanation again.\n"),
    ],
)
def test_other_shells_are_offered_the_same(shell: str, place: str, offered: str) -> None:
    words = {"COMP_WORDS": "autograd-explain ver", "COMP_CWORD": place}
    asked = {**words, "_AUTOGRAD_EXPLAIN_COMPLETE": f"{shell}_complete"}
    command = [sys.executable, "-c", MAIN]
    run = subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True, check=True)
    assert offered == run.stdout


def test_the_line_of_the_readme_works_in_bash() -> None:
    installed = Path(sys.executable).with_name("autograd-explain")
    bash = shutil.which("bash")
    if bash is None or not installed.exists():
        pytest.skip("needs bash and the installed command")
    line = next(re.finditer(r"^eval .*bash_source.*$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))[0]
    script = f"""{line}
        COMP_WORDS=(autograd-explain run x --che); COMP_CWORD=3
        $(complete -p autograd-explain | sed -E 's/.*-F ([^ ]+) .*/\\1/') autograd-explain
        echo "${{COMPREPLY[@]}}" """
    around = {**os.environ, "PATH": f"{installed.parent}{os.pathsep}{os.environ['PATH']}"}
    run = subprocess.run([bash, "-c", script], env=around, capture_output=True, text=True, check=True)
    assert ("--check\n", "") == (run.stdout, run.stderr)
