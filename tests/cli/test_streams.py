"""The command as a process of its own: help without heavy imports, encodings, pipes, full disks, interrupts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "autograd_explain"]
EXAMPLE = ("run", "(1 - sigmoid(w*x + b))**2", "--x", "2", "--w", "3", "--b", "1")
posix = pytest.mark.skipif(os.name != "posix", reason="needs the pipes and devices of POSIX")


def environment(**changes: str) -> dict[str, str]:
    names = ("NO_COLOR", "TERM", "COLUMNS", "PYTHONIOENCODING")
    plain = {name: value for name, value in os.environ.items() if name not in names}
    return {**plain, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "0", **changes}


def ended(*words: str, **changes: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *words], capture_output=True, check=False, env=environment(**changes))


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


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_a_console_without_the_symbols_gets_ascii(encoding: str) -> None:
    run = ended(*EXAMPLE, PYTHONIOENCODING=encoding)
    assert (0, b"") == (run.returncode, run.stderr)
    assert run.stdout.isascii()
    assert b"?" not in run.stdout
    assert b"BACKWARD" in run.stdout


def test_utf8_has_the_symbols_and_no_colour_in_a_pipe() -> None:
    run = ended(*EXAMPLE, PYTHONIOENCODING="utf-8")
    assert "∂w" in run.stdout.decode("utf-8")
    assert b"\x1b" not in run.stdout


def test_an_error_on_an_ascii_console_keeps_its_caret() -> None:
    run = ended("run", "θ*sigmod(x)", PYTHONIOENCODING="ascii")
    assert 2 == run.returncode
    assert [b"  ?*sigmod(x)", b"    ^^^^^^"] == run.stderr.splitlines()[1:3]


def test_data_is_utf8_on_every_console() -> None:
    run = ended("run", "θ", "--θ", "2", "--format", "json", PYTHONIOENCODING="ascii", LC_ALL="C.UTF-8")
    assert '"source": "θ"' in run.stdout.decode("utf-8")


@pytest.mark.parametrize("columns", [40, 60, 120])
def test_columns_are_honoured(columns: int) -> None:
    run = ended(*EXAMPLE, COLUMNS=str(columns), PYTHONIOENCODING="utf-8")
    assert 0 == run.returncode
    assert max(map(len, run.stdout.decode("utf-8").splitlines())) <= max(columns, 60)


def test_the_same_input_gives_the_same_bytes() -> None:
    line = ("run", "sum(randn(3)*x)", "--x", "randn(3)", "--check", "--seed", "7")
    assert ended(*line, PYTHONHASHSEED="1").stdout == ended(*line, PYTHONHASHSEED="2").stdout


@posix
@pytest.mark.parametrize("words", [EXAMPLE, ["--help"], ["ops"], [*EXAMPLE, "--format", "json"]])
def test_a_full_disk(words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        run = subprocess.run([*COMMAND, *words], stdout=full, stderr=subprocess.PIPE, check=False, env=environment())
    assert (2, b"error: the output cannot be written: No space left on device\n") == (run.returncode, run.stderr)


@posix
@pytest.mark.parametrize("words", [EXAMPLE, ["--help"], ["ops"]])
def test_a_closed_pipe(words: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    run = subprocess.run([*COMMAND, *words], stdout=write, stderr=subprocess.PIPE, check=False, env=environment())
    os.close(write)
    assert (0, b"") == (run.returncode, run.stderr)


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


def test_completion_offers_options() -> None:
    changes = {
        "_AUTOGRAD_EXPLAIN_COMPLETE": "bash_complete",
        "COMP_WORDS": "autograd-explain run --br",
        "COMP_CWORD": "2",
    }
    run = ended(**changes)
    assert (0, b"plain,--brief") == (run.returncode, run.stdout.strip())


def test_standard_input_is_a_program() -> None:
    run = subprocess.run(
        [*COMMAND, "run", "-", "--x", "3", "--format", "json"], input="x²  # a comment".encode(), capture_output=True,
        check=False, env=environment(),
    )  # fmt: skip
    assert 0 == run.returncode
    assert b'"value": 9.0' in run.stdout
