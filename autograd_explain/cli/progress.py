"""How far a long command is, on standard error, where that is a terminal; nothing anywhere else.

Must not know what the command does: it is told how many of how many.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from autograd_explain.cli import console

_PATIENCE, _PAUSE = 0.5, 0.1  # seconds before the first line, and between two of them


class Progress:
    """One line that is written over: how far, how fast, how long still."""

    def __init__(self, total: int, *, done: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to count; `total` is how many steps there will be at most, `done` how many there were before."""
        self._total = total
        self._before = done
        self._clock = clock
        self._begun = self._written = clock()
        self._shown = False
        self._live = is_live()

    def step(self, done: int, said: str) -> None:
        """Tell that so many are done, with a few words, if it is time to."""
        now = self._clock()
        if not self._live or now - self._begun < _PATIENCE or now - self._written < _PAUSE:
            return
        self._written = now
        self._shown = True
        text = line_of(done, self._total, (done - self._before) / (now - self._begun), said)
        _write(f"\r{text[: console.width() - 1]}\x1b[K")

    def clear(self) -> None:
        """Take the line away, so that something else can be written."""
        if self._shown:
            _write("\r\x1b[K")
            self._shown = False


def line_of(done: int, total: int, rate: float, said: str) -> str:
    """`step 300 of 1,000   120 steps/s   6 s left   loss 0.5`; the rate is that of steps in a second."""
    left = f"{duration((total - done) / rate)} left" if rate > 0 else "…"
    return f"step {done:,} of {total:,}   {rate:,.{0 if rate >= 10 else 1}f} steps/s   {left}   {said}"


def duration(seconds: float) -> str:
    """`45 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def is_live() -> bool:
    """Whether standard error is a terminal that can write a line over."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _write(text: str) -> None:
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text)
        sys.stderr.flush()
