"""What every full screen of this program has in common: how it ends.

A fault in it ends it with the terminal as it was before, and is raised by `run`, so that it is told where all faults
are told, and not as a traceback on the screen.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import threading
from contextlib import suppress
from typing import Any, TypeVar

from textual.app import App

_Result = TypeVar("_Result")


class FullScreen(App[_Result]):
    """A screen that leaves the terminal clean, however it ends."""

    def run(self, **options: Any) -> _Result | None:
        """Show the screen until it is left; returns what `exit` was given. Raises what went wrong in it."""
        left = threading.Event()
        threading.Thread(target=_watch_terminal, args=(left,), daemon=True).start()
        try:
            result = super().run(**options)
        finally:
            left.set()
            self._stop_reading()
        if self._exception is not None:
            raise self._exception
        return result

    def _stop_reading(self) -> None:
        """End the thread that reads keys; where the terminal went while the screen was put away, it would go on."""
        stopped = getattr(self._driver, "exit_event", None)
        if stopped is not None:
            stopped.set()

    def _fatal_error(self) -> None:
        """End; the library would write a traceback here."""
        self._close_messages_no_wait()

    def end_by_signals(self, result: _Result) -> None:
        """Have the signals that would leave the terminal as it is end the screen with a result."""
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGHUP", "SIGINT"):
            # a system without that signal, or not the main thread
            with suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(getattr(signal, name), self.exit, result)
        self.set_interval(_LOOK_AGAIN, lambda: self.exit(result) if _is_hung_up() else None)


_LOOK_AGAIN = 2.0  # seconds
_INTERRUPTED = 130


def _watch_terminal(left: threading.Event) -> None:
    """End the process where the terminal is gone and the screen cannot end: it may wait for ever to write to it."""
    while not left.wait(_LOOK_AGAIN):
        if _is_hung_up() and not left.wait(_LOOK_AGAIN):
            os._exit(_INTERRUPTED)


def _is_hung_up() -> bool:
    """Whether the terminal is gone without a signal: reading from it would give nothing, for ever and at full speed."""
    if not hasattr(select, "poll") or sys.__stdin__ is None:
        return False
    with suppress(OSError, ValueError):
        poll = select.poll()
        poll.register(sys.__stdin__.fileno(), 0)
        return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
    return False
