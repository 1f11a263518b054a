"""`quiz` in real pseudo-terminals: full screen, plain prompts, resizing, leaving, and what is left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pexpect = pytest.importorskip("pexpect")
pyte = pytest.importorskip("pyte")
if not hasattr(pexpect, "spawn"):
    pytest.skip("no pseudo-terminals on this system", allow_module_level=True)

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30
ENTER_SCREEN, LEAVE_SCREEN = "\x1b[?1049h", "\x1b[?1049l"


class Terminal:
    """A command in a pseudo-terminal, and the screen it has drawn."""

    def __init__(self, words: tuple[str, ...], rows: int, columns: int, **environment: str) -> None:
        around = {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **environment}
        kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS", "LINES"}}
        self.child = pexpect.spawn(
            sys.executable, ["-m", "autograd_explain", *words], dimensions=(rows, columns), env={**kept, **around},
            timeout=PATIENCE,
        )  # fmt: skip
        self.raw = b""
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)

    def read(self) -> bool:
        """Take in what has been written; False at the end."""
        try:
            data = self.child.read_nonblocking(65536, timeout=0.1)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self.stream.feed(data)
        return True

    def until(self, what: Callable[[str], bool]) -> str:
        """The screen as soon as it is as wanted."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            alive = self.read()
            if what(self.shown):
                return self.shown
            if not alive:
                break
        raise AssertionError(self.shown)

    def sees(self, text: str) -> str:
        """The screen as soon as a text stands on it."""
        return self.until(lambda shown: text in shown)

    @property
    def shown(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def send(self, keys: str) -> None:
        """Press keys."""
        self.child.send(keys)

    def resize(self, rows: int, columns: int) -> None:
        """Make the terminal another size."""
        self.screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def ended(self) -> tuple[int, str]:
        """The exit code, and everything that was written."""
        end = time.monotonic() + PATIENCE
        while self.read() and time.monotonic() < end:
            pass
        self.child.close()
        return self.child.exitstatus, self.raw.decode("utf-8", "replace")


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*words: str, rows: int = 24, columns: int = 80, **environment: str) -> Terminal:
        opened.append(Terminal(words, rows, columns, **environment))
        return opened[-1]

    yield start
    for each in opened:
        each.child.close(force=True)


FAN_OUT = ("quiz", "fan-out", "--level", "chain", "--questions", "2")


def test_the_whole_way_on_the_full_screen(terminal: Callable[..., Terminal]) -> None:
    run = terminal(*FAN_OUT)
    run.sees("question 1 of 2")
    run.send("3\r")
    run.sees("Right.")
    run.resize(20, 60)
    run.until(lambda shown: "Right." in shown and "PgUp" in shown)
    run.send("\r")
    run.sees("question 2 of 2")
    run.send("3\r")
    assert "overwrite" in run.sees("overwrite gives")
    run.send("7\r")
    run.sees("2 right so far")
    run.send("\r")
    run.sees("over")
    run.send("\r")
    code, raw = run.ended()
    assert 0 == code
    assert raw.count(ENTER_SCREEN) == raw.count(LEAVE_SCREEN) == 1
    after = raw[raw.rindex(LEAVE_SCREEN) :]
    assert "2 of 2 right, 1 at the first try" in after
    assert "\x1b[?25h" in raw[raw.rindex("\x1b[?25l") :]


@pytest.mark.parametrize(("key", "code", "has_score"), [("\x1b", 0, True), ("\x03", 130, False)])
def test_leaving_restores_the_terminal(
    terminal: Callable[..., Terminal], key: str, code: int, *, has_score: bool
) -> None:
    run = terminal(*FAN_OUT, rows=50, columns=160)
    run.sees("question 1 of 2")
    run.send(key)
    ended, raw = run.ended()
    assert code == ended
    assert raw.count(ENTER_SCREEN) == raw.count(LEAVE_SCREEN) == 1
    assert has_score == ("SCORE" in raw)
    assert "Traceback" not in raw


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="how a process fares is read from /proc")
def test_put_to_sleep_and_woken(terminal: Callable[..., Terminal]) -> None:
    run = terminal(*FAN_OUT)
    run.sees("question 1 of 2")
    run.send("\x1a")
    run.until(lambda shown: state_of(run.child.pid) == "T")
    run.read()
    assert LEAVE_SCREEN.encode() in run.raw
    os.kill(run.child.pid, signal.SIGCONT)
    run.send("3\r")
    run.sees("Right.")
    run.send("\x1b")
    code, raw = run.ended()
    assert 0 == code
    assert raw.count(ENTER_SCREEN) == raw.count(LEAVE_SCREEN) == 2


def state_of(process: int) -> str:
    """How a process fares: T where it is stopped."""
    return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0]


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"words": "--plain"}], ids=["dumb", "plain"])
def test_plain_prompts(terminal: Callable[..., Terminal], environment: dict[str, str]) -> None:
    words = (environment.pop("words"),) if "words" in environment else ()
    run = terminal(*FAN_OUT, *words, rows=60, **environment)
    run.sees("try 1 of 3>")
    run.send("[/]\r")
    run.sees("try 2 of 3>")
    run.send("1\r")
    run.sees("try 3 of 3>")
    run.send("3\r")
    run.sees("QUESTION 2 of 2")
    run.send("\x04")
    code, raw = run.ended()
    assert 0 == code
    assert "1 of 2 right, 0 at the first try, 1 without an answer" in raw
    assert ENTER_SCREEN not in raw
    assert re.search(r"\x1b\[\d", raw) is None
    if words:
        assert "not a terminal" not in raw


def test_an_interrupted_prompt(terminal: Callable[..., Terminal]) -> None:
    run = terminal(*FAN_OUT, TERM="dumb")
    run.sees("try 1 of 3>")
    run.send("\x03")
    code, raw = run.ended()
    assert 130 == code
    assert "Traceback" not in raw


def test_results_as_data_are_asked_for_in_plain_lines(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    run = terminal(*FAN_OUT, "--format", "json", "-o", str(tmp_path / "results.json"), rows=60)
    run.sees("try 1 of 3>")
    run.send("3\r")
    run.sees("QUESTION 2 of 2")
    run.send("\r")
    code, _ = run.ended()
    data: Any = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert (0, 1, 3, None) == (code, data["score"]["right"], data["tries"], data["answers_read"])
