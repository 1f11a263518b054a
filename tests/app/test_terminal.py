"""The stepper in a real pseudo-terminal: start, step, resize, suspend, quit, and the terminal as it was before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")
pexpect = pytest.importorskip("pexpect")
pyte = pytest.importorskip("pyte")

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90.0  # seconds; a loaded machine starts Python slowly
RIGHT, END = "\x1b[C", "\x1b[F"
RESTORED = ("\x1b[?1049l", "\x1b[?25h", "\x1b[?1000l")  # the usual screen, the cursor, no mouse reports


class Terminal:
    """A command in a terminal of its own, and what stands on its screen."""

    def __init__(self, program: str, words: list[str], columns: int, rows: int) -> None:
        environment = {n: v for n, v in os.environ.items() if n not in {"COLUMNS", "LINES", "NO_COLOR"}}
        environment |= {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "PS1": "ready> ", "LC_ALL": "C.UTF-8"}
        self.child = pexpect.spawn(program, words, dimensions=(rows, columns), env=environment, timeout=PATIENCE)
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.written = ""

    def read(self) -> None:
        """Take in what has been written."""
        try:
            data = self.child.read_nonblocking(65536, 0.1)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return
        self.written += data.decode("utf-8", "replace")
        self.stream.feed(data)

    @property
    def text(self) -> str:
        """The screen."""
        return "\n".join(self.screen.display)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Read until something holds."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"no {what}:\n{self.text}"
            self.read()

    def shows(self, text: str) -> None:
        """Wait for a text on the screen."""
        self.until(lambda: text in self.text, text)

    def resize(self, columns: int, rows: int) -> None:
        """Another size of the terminal."""
        self.screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def ended(self) -> int:
        """Wait for the end; returns the exit code."""
        self.until(lambda: not self.child.isalive(), "end")
        for _ in range(5):
            self.read()
        return int(self.child.exitstatus if self.child.exitstatus is not None else -self.child.signalstatus)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    """Start a command in a terminal; it is ended whatever the test does."""
    started: list[Terminal] = []

    def start(program: str, words: list[str], columns: int = 80, rows: int = 24) -> Terminal:
        started.append(Terminal(program, words, columns, rows))
        return started[-1]

    yield start
    for each in started:
        if each.child.isalive():
            each.child.kill(signal.SIGKILL)
        each.child.close(force=True)


STEP = ["-m", "autograd_explain", "step", "(1 - sigmoid(w*x + b))**2", "--x", "2", "--w", "3", "--b", "1"]


def is_restored(started: Terminal) -> bool:
    return all(sequence in started.written for sequence in RESTORED)


def test_start_step_resize_quit(terminal: Callable[..., Terminal]) -> None:
    started = terminal(sys.executable, STEP)
    started.shows("GIVEN")
    started.child.send(RIGHT)
    started.shows("FORWARD 1 of 5")
    started.shows("^^^")
    started.resize(60, 20)
    started.child.send("n")
    started.shows("FORWARD 2 of 5")
    started.resize(160, 50)
    started.child.send(END)
    started.shows("OUTCOME")
    started.shows("GRADIENTS of the result")
    started.child.send("q")
    assert 0 == started.ended()
    assert is_restored(started)
    assert "Traceback" not in started.written


@pytest.mark.parametrize("how", ["key", "INT", "TERM"])
def test_an_interrupt_leaves_the_terminal_clean(terminal: Callable[..., Terminal], how: str) -> None:
    started = terminal(sys.executable, STEP)
    started.shows("GIVEN")
    if how == "key":
        started.child.send("\x03")
    else:
        started.child.kill(getattr(signal, f"SIG{how}"))
    assert 130 == started.ended()
    assert is_restored(started)
    assert "Traceback" not in started.written


def test_another_value_in_place(terminal: Callable[..., Terminal]) -> None:
    started = terminal(sys.executable, [*STEP[:3], "x*x + x", "--x", "3"])
    started.shows("GIVEN")
    started.child.send(RIGHT)
    started.shows("3·3")
    started.child.send("v")
    started.shows("Another value")
    started.child.send("sigmod(1)\r")
    started.shows("unknown function 'sigmod'")
    started.child.send("\x1b")
    started.until(lambda: "Another value" not in started.text, "closed prompt")
    started.child.send("v")
    started.shows("Another value")
    started.child.send("pi/2 + 1\r")
    started.shows("2.5708")
    started.child.send("q")
    assert 0 == started.ended()


def test_sleep_and_wake_under_a_shell(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    shell = "/bin/bash"
    if not Path(shell).exists():
        pytest.skip("needs a shell with job control")
    started = terminal(shell, ["--norc", "--noprofile", "-i"])
    started.shows("ready>")
    script = tmp_path / "go"
    script.write_text("exec " + " ".join(f"'{word}'" for word in [sys.executable, *STEP]), "utf-8")
    started.child.send(f"bash {script}\r")
    started.shows("GIVEN")
    started.child.send(RIGHT)
    started.shows("FORWARD 1 of 5")
    started.written = ""
    started.child.send("\x1a")
    started.until(lambda: "Stopped" in started.written, "word that it sleeps")
    assert is_restored(started)
    started.written = ""
    started.child.send("fg\r")
    started.until(lambda: "\x1b[?1049h" in started.written, "second screen")
    started.shows("FORWARD 1 of 5")
    started.child.send("n")
    started.shows("FORWARD 2 of 5")
    started.child.send("q")
    started.until(lambda: is_restored(started), "terminal as it was")


def test_a_dumb_terminal_gets_the_printed_steps(terminal: Callable[..., Terminal]) -> None:
    started = terminal("/usr/bin/env", ["TERM=dumb", sys.executable, *STEP], 80, 60)
    assert 0 == started.ended()
    assert "so the steps are printed" in started.written
    assert "\x1b" not in started.written




@pytest.mark.parametrize("shown_before", [4000, 1], ids=["while it stands there", "while it begins"])
def test_a_terminal_that_is_gone_ends_it(shown_before: int) -> None:
    """Without the signal that a closed window sends, reading would give nothing for ever, at full speed."""
    ours, theirs = os.openpty()
    words = [sys.executable, "-m", "autograd_explain", "step", "x*x", "--x", "3"]
    environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        words, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=environment
    ) as shown:
        os.close(theirs)
        drawn = 0
        while drawn < shown_before:
            drawn += len(os.read(ours, 65536))
        os.close(ours)
        assert shown.wait(PATIENCE) >= 0
