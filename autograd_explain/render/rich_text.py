"""An explanation where Python prints it: in colour in a terminal, plain elsewhere, and as Rich's own text."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from autograd_explain.render.terminal import as_text
from autograd_explain.render.theme import View

if TYPE_CHECKING:
    from rich.text import Text

    from autograd_explain.explanation.build import Explanation

_NARROWEST = 20


def view_of(stream: Any) -> View:
    """The view for a stream: plain and 80 wide unless it is a terminal; NO_COLOR and TERM=dumb are honoured."""
    try:
        is_terminal = bool(stream.isatty())
    except (AttributeError, ValueError):
        is_terminal = False
    if not is_terminal:
        return View()
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    columns = max(shutil.get_terminal_size((View().width, 24)).columns, _NARROWEST)
    return View(width=columns, color=colour, ascii=not _can_write(stream))


def _can_write(stream: Any) -> bool:
    try:
        "∂→×·σ".encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def as_rich(run: Explanation, options: Any) -> Text:
    """The text for a Rich console of these options."""
    from rich.text import Text

    view = replace(View(), width=options.max_width, color=True, ascii=not options.encoding.startswith("utf"))
    return Text.from_ansi(as_text(run, view))
