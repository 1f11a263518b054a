"""What several files of tests are given."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from autograd_explain.cli.main import execute
from tests.reports import SECONDS, Refused, is_one_report


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Run a command that must be refused, in a folder of its own; returns the report."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        before = set(tmp_path.iterdir())
        capsys.readouterr()
        start = time.process_time()
        code = execute(words)
        took = time.process_time() - start
        out, err = capsys.readouterr()
        assert (2, "", before) == (code, out, set(tmp_path.iterdir())), err
        assert is_one_report(err), err
        assert took < SECONDS
        return err

    return run
