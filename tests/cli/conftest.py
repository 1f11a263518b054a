"""Runs commands in this process, in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograd_explain.cli.main import execute


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command with these words."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words: str) -> Ended:
        capsys.readouterr()
        code = execute(words)
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture
def fails(command: Command) -> Callable[..., str]:
    """Run a command that must be refused; returns the report, which is all it may leave."""

    def run(*words: str) -> str:
        before = set(Path.cwd().iterdir())
        ended = command(*words)
        assert (2, "", before) == (ended.code, ended.out, set(Path.cwd().iterdir()))
        assert ended.err.startswith("error: ")
        assert 1 == ended.err.count("error: ")
        assert "Traceback" not in ended.err
        return ended.err

    return run
