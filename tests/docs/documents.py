"""Reads a Markdown document as something to run: its files, its commands with what they show, its Python."""

from __future__ import annotations

import doctest
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from autograd_explain.cli.main import execute

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w-]+\.\w+)`:\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Command(NamedTuple):
    """A line after `$`, and what is shown under it."""

    line: str
    shown: str


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Each code block that is not a file: its language and its body."""
    files = {body for _, body in FILE.findall(text)}
    return ((language, body) for language, body in BLOCK.findall(text) if body not in files)


def commands(text: str) -> Iterator[Command]:
    """Each command of the console blocks with the output shown for it."""
    for language, body in blocks(text):
        if language == "console":
            for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                line, _, shown = part.partition("\n")
                yield Command(line, shown)


def matches(shown: str, printed: str) -> bool:
    """Whether an output is as shown; a line `…` stands for any lines."""
    pattern = "".join(r"(?:.*\n)*?" if line == "…\n" else re.escape(line) for line in shown.splitlines(keepends=True))
    return re.fullmatch(pattern, printed) is not None


def code_shown(shown: str) -> int:
    """The exit code that belongs to what is shown: 2 for an error, 1 where something is wrong, else 0."""
    if shown.startswith("error"):
        return 2
    return 1 if re.search(r"✗.* differs$|breaks \d+ law|wrong by a factor", shown, re.MULTILINE) else 0


def write_files(text: str, folder: Path) -> None:
    """Write the files that the document shows."""
    for name, body in FILE.findall(text):
        (folder / name).write_text(body, encoding="utf-8")


def run_command(command: Command, capsys: Any) -> tuple[int, str]:
    """The exit code of one command, and all it printed; it is run in this process."""
    program, *arguments = shlex.split(command.line)
    assert "autograd-explain" == program
    capsys.readouterr()
    code = execute(arguments)
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def python_of(text: str, name: str) -> doctest.TestResults:
    """What came of the document's Python blocks, run one after the other as one session."""
    body = "\n".join(body for language, body in blocks(text) if language == "python")
    test = doctest.DocTestParser().get_doctest(body, {}, name, name, 0)
    return doctest.DocTestRunner(verbose=False).run(test)

