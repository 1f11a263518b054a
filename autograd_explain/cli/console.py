"""The terminal: what it can show, and writing to it without ever failing in the user's face.

Must not know what is written.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from autograd_explain.errors import InputError

SYMBOLS = "·−×→∂σ√∞≈≤≥≠½²₁ᵀ│✓✗…"
"""What the pictures and formulas of a run may need; a console that lacks one of them gets the ASCII table."""
OUTPUT_ERRORS = {errno.ENOSPC, errno.EIO, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""The numbers of errors that only writing can meet."""
NARROWEST = 30
USUAL = 80


def prepare() -> None:
    """Make both streams print `?` for what their encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def use_utf8() -> None:
    """Make standard output UTF-8 whatever the console is, for data that is read by programs."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8")


def width() -> int:
    """Return how many columns there are: `COLUMNS`, else the terminal's, else 80."""
    return max(shutil.get_terminal_size((USUAL, 24)).columns, NARROWEST)


def file_width() -> int:
    """Return how many columns a file is written in: `COLUMNS`, else 80 whatever the terminal is."""
    columns = os.environ.get("COLUMNS", "")
    return max(int(columns), NARROWEST) if columns.isascii() and columns.isdigit() and int(columns) else USUAL


def is_ascii() -> bool:
    """True where standard output cannot show the symbols."""
    try:
        SYMBOLS.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return True
    return False


def has_color() -> bool:
    """True where standard output is a terminal that shows colour and nobody asked for none."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and sys.stdout is not None and sys.stdout.isatty()


def write(writer: Callable[[TextIO], None], *, whole: bool = True) -> None:
    """Let `writer` fill standard output, `whole` or not at all where the writer itself may fail.

    A reader that has gone away is fine; raises InputError for a full disk.
    """
    if sys.stdout is None:
        return
    try:
        if whole:
            held = io.StringIO()
            writer(held)
            sys.stdout.write(held.getvalue())
        else:
            writer(sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        discard()
    except OSError as error:
        discard()
        raise unwritten(error) from None


def unwritten(error: OSError, what: str = "the output") -> InputError:
    """The error for output that the system did not take."""
    hint = "is there room where it goes, and may you write there?"
    return InputError(f"{what} cannot be written: {error.strerror or error}", hint=hint)


def write_lines(lines: list[str]) -> None:
    """Write lines to standard output, in ASCII where it shows no more."""
    from autograd_explain.render.theme import Line, View

    view = View(ascii=is_ascii())
    write(lambda out: out.writelines(Line(line).render(view) + "\n" for line in lines))


def finish() -> None:
    """Write out what is still held back, such as help."""
    write(lambda out: None)


def discard() -> None:
    """Send what is still held back nowhere, so that Python does not complain about it at the end."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def complain(text: str) -> None:
    """Write a report to standard error, if there is one."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
