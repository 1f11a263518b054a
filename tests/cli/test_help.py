"""Help: every command has examples, which run as they stand; all of it is ASCII in 80 columns, and instant."""

from __future__ import annotations

import io
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click import Option

from autograd_explain.cli.main import execute, group
from autograd_explain.core import registry
from autograd_explain.lang.defining import withdraw
from tests.cli.conftest import Command
from tests.processes import environment

FILES = {
    "points.csv": "x,y\n1,2\n2,4.1\n3,5.9\n",
    "x.csv": "1\n2\n",
    "answers.txt": "3\n7\n",
    "cube.py": 'from autograd_explain import Op, define\n'
               'define(Op("cube", ("x",), lambda x: x*x*x, partials=(lambda out, x: 3*x*x,),\n'
               '          note="A volume.", example="cube(x)"))\n',
}  # fmt: skip


def examples(name: str) -> list[str]:
    """The commands that the help of this command shows."""
    lines = str(group.commands[name].help).splitlines()
    return [line.strip() for line in lines if line.strip().startswith("autograd-explain ")]


@pytest.mark.parametrize("name", group.commands)
def test_examples_run(name: str, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for file, text in FILES.items():
        Path(file).write_text(text, encoding="utf-8")
    assert 0 == command("train", "(x - 3)**2", "--x", "0", "--save", "training.json").code
    assert examples(name)
    for line in examples(name):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(), "utf-8"))
        ended = command(*shlex.split(line)[1:])
        assert 0 == ended.code, f"{line}\n{ended.out}{ended.err}"
        assert ended.out or "wrote " in ended.err
    for own in set(registry.OWN):
        withdraw(own)


@pytest.mark.parametrize("name", group.commands)
def test_an_example_is_of_its_command_and_stands_on_one_line(name: str, command: Command) -> None:
    shown = command(name, "--help").out
    assert any(line.startswith(f"autograd-explain {name} ") for line in examples(name))
    assert [] == [line for line in examples(name) if f"      {line}\n" not in shown]


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in group.commands)])
def test_help_is_ascii_in_80_columns(words: list[str], command: Command) -> None:
    ended = command(*words)
    assert (0, "", True) == (ended.code, ended.err, ended.out.isascii())
    assert [] == [line for line in ended.out.splitlines() if len(line) > 80]


def test_every_option_says_what_it_does() -> None:
    options = [(name, row) for name, each in group.commands.items() for row in each.params if isinstance(row, Option)]
    assert [] == [(name, option.opts) for name, option in options if not option.help]


@pytest.mark.parametrize(
    "words", [["--help"], ["-h"], ["run", "--help"], ["check", "-h"], ["ops", "-h"], ["--version"]]
)
def test_help_is_instant(words: list[str]) -> None:
    heavy = ["numpy", "sympy", "rich", "textual", "autograd_explain.core", "autograd_explain.lang"]
    script = (
        "import sys; from autograd_explain.cli.main import execute; "
        f"assert 0 == execute({words!r}); sys.exit(any(name in sys.modules for name in {heavy!r}))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, env=environment())
    assert (0, b"") == (run.returncode, run.stderr)
    assert run.stdout


def test_nothing_but_help_shows_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == execute([])
    shown = capsys.readouterr().out
    assert [] == [name for name in group.commands if f"\n  {name} " not in shown]
