"""The command as a process of its own: encodings, interrupts, terminals, standard input."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Any

import pytest

from tests.processes import COMMAND, EXAMPLE, ended, environment, posix


def test_an_error_on_an_ascii_console_keeps_its_caret() -> None:
    run = ended("run", "θ*sigmod(x)", PYTHONIOENCODING="ascii")
    assert 2 == run.returncode
    assert [b"  ?*sigmod(x)", b"    ^^^^^^"] == run.stderr.splitlines()[1:3]


@pytest.mark.parametrize("columns", [40, 60, 120])
def test_columns_are_honoured(columns: int) -> None:
    run = ended(*EXAMPLE, COLUMNS=str(columns), PYTHONIOENCODING="utf-8")
    assert 0 == run.returncode
    assert max(map(len, run.stdout.decode("utf-8").splitlines())) <= max(columns, 60)


def started(*words: str, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE, env=environment(), **options)


@posix
def test_an_interrupt() -> None:
    loop = "while x > 0: x = x + 1"
    raised = ("--limit", "nodes=999999999", "--limit", "statements=999999999999")
    with started("run", loop, "--x", "1", *raised, stdout=subprocess.PIPE) as process:
        try:
            process.communicate(timeout=1.5)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (130, b"", b"") == (process.returncode, out, err.strip())


@posix
def test_a_terminal_gets_colour_unless_asked_not_to() -> None:
    import pty

    def shown(**changes: str) -> bytes:
        inner, outer = pty.openpty()
        with subprocess.Popen([*COMMAND, *EXAMPLE], stdout=outer, env=environment(**changes)) as process:
            os.close(outer)
            parts = []
            try:
                while part := os.read(inner, 4096):
                    parts.append(part)
            except OSError:
                pass
            process.wait()
        os.close(inner)
        return b"".join(parts)

    assert b"\x1b[" in shown(TERM="xterm")
    assert b"\x1b" not in shown(TERM="dumb")
    assert b"\x1b" not in shown(TERM="xterm", NO_COLOR="1")


def test_standard_input_is_a_program() -> None:
    run = subprocess.run(
        [*COMMAND, "run", "-", "--x", "3", "--format", "json"], input="x²  # a comment".encode(), capture_output=True,
        check=False, env=environment(),
    )  # fmt: skip
    assert 0 == run.returncode
    assert b'"value": 9.0' in run.stdout
