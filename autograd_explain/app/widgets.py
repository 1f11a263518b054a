"""The stepper's parts on the screen: a pane of lines, the line for answers, the line that says where one is, the help.

They show what they are handed and tell of clicks and answers; none knows what a run is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.geometry import Region, Size
from textual.message import Message
from textual.screen import ModalScreen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Static

from autograd_explain.app.keys import PANE_KEYS, bindings, fitting, help_rows
from autograd_explain.app.pages import Page, Sheet, help_lines

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Click, Resize

_ASCII = str.maketrans({"→": ">", "←": "<", "━": "=", "─": "-", "·": "-"})
_REACH = 8  # a pane scrolls sideways by this many cells


class Pane(ScrollView, can_focus=True, inherit_bindings=False):
    """A page of lines under a title. Only the lines in sight are made, however long the page is."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PANE_KEYS)]

    @dataclass
    class Clicked(Message):
        """A value on the page was clicked."""

        value: int

    class Resized(Message):
        """The pane is larger or smaller than when it was last filled."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self.page: Page = Sheet([])
        self._filled = Size(0, 0)
        self._made: dict[int, Strip] = {}

    @property
    def room(self) -> int:
        """The cells there are for a line, whether or not a scroll bar stands beside it."""
        return max(self.outer_size.width - 1, 20)

    def show(self, page: Page, *, moved: bool) -> None:
        """Put another page into the pane; where the frame has moved, bring its place into sight."""
        self.page = page
        self._filled = self.outer_size
        self._made.clear()
        grows = page.height > self.virtual_size.height
        self.virtual_size = Size(page.width, page.height)
        self.refresh()
        if moved:
            self._seek()
        if moved and grows:
            self.call_after_refresh(self._seek)

    def _seek(self) -> None:
        """Scroll no further than needed for the page's place to be in sight, with a line around it."""
        region = Region(max(self.page.column - 2, 0), max(self.page.row - 1, 0), 16, self.page.rows + 2)
        self.scroll_to_region(region, animate=False, immediate=True)

    def on_resize(self) -> None:
        """Ask for lines that fit; a scroll bar that comes or goes is no reason to."""
        if self.outer_size != self._filled:
            self.post_message(self.Resized())

    def render_line(self, y: int) -> Strip:
        """One line in sight."""
        left, top = self.scroll_offset
        number = top + y
        if number >= self.page.height:
            return Strip.blank(self.size.width, self.rich_style)
        strip = self._made.get(number)
        if strip is None:
            strip = self._made[number] = Strip(Segment.strip_links(self.page.line(number).render(self.app.console)))
        return strip.crop_extend(left, left + self.size.width, self.rich_style).apply_style(self.rich_style)

    def on_click(self, event: Click) -> None:
        """Tell which value was clicked."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        value = self.page.value_at(offset.y + self.scroll_offset.y, offset.x + self.scroll_offset.x)
        if value is not None:
            self.post_message(self.Clicked(value))

    def action_scroll_left(self) -> None:
        """Show what stands further left."""
        self.scroll_to(x=self.scroll_x - _REACH, animate=False)

    def action_scroll_right(self) -> None:
        """Show what stands further right."""
        self.scroll_to(x=self.scroll_x + _REACH, animate=False)


class Place(Widget):
    """Where one is: in words, and as a bar that can be clicked."""

    @dataclass
    class Sought(Message):
        """A place on the bar was clicked: the part of the way that lies left of it, from 0 to 1."""

        share: float

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(id="place")
        self._table = _ASCII if ascii_only else {}
        self._said = ""
        self._share = 0.0

    def show(self, said: str, share: float) -> None:
        """Say where one is."""
        self._said, self._share = said, share
        self.refresh()

    def render(self) -> Text:
        """The words, and the bar in what is left of the line."""
        text = Text(f" {self._said} ".translate(self._table), "bold", no_wrap=True, overflow="ellipsis")
        room = self.size.width - text.cell_len - 1
        if room < 4:
            return text
        done = round(room * self._share)
        full, empty = "━".translate(self._table), "─".translate(self._table)
        return text.append(full * done, "bold").append(empty * (room - done), "dim")

    def on_click(self, event: Click) -> None:
        """Tell which place on the bar was clicked."""
        start = len(self._said) + 2
        room = self.size.width - start - 1
        if room >= 4 and event.x >= start:
            self.post_message(self.Sought(min((event.x - start) / max(room - 1, 1), 1.0)))


class KeyLine(Widget):
    """The keys at the foot, as many as fit; a click does what the key does."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._table = _ASCII if ascii_only else {}

    def render(self) -> Text:
        """One line."""
        text = Text(no_wrap=True)
        for row in fitting(self.size.width):
            does = Style(meta={"@click": f"app.{row.action}"})
            shown = f" {row.shown.split()[0]}".translate(self._table)
            text.append(shown, Style(bold=True) + does).append(f" {row.short} ", does)
        return text


Answer = Callable[[str], str | None]
"""Takes what was typed; returns what is wrong with it, or None where it was taken."""


class Prompt(Vertical):
    """A line to type an answer into, and what is wrong with it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "leave it", show=False)]

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self._answer: Answer | None = None

    def compose(self) -> ComposeResult:
        """The question, the field, the complaint."""
        yield Static(id="question")
        yield Input(id="field", compact=True, select_on_focus=False)
        yield Static(id="complaint")

    def ask(self, question: str, value: str, answer: Answer, *, is_whole: bool = False) -> None:
        """Open with a question and a first answer, or the beginning of one; what is typed replaces a whole one."""
        self._answer = answer
        self.query_one("#question", Static).update(Text(f" {question}  (Enter takes it, Esc leaves it)", "bold"))
        self.complain("")
        field = self.query_one(Input)
        field.value = value
        field.cursor_position = len(value)
        self.display = True
        field.focus()
        if is_whole:
            field.action_select_all()

    def complain(self, text: str) -> None:
        """Say what is wrong, under the field."""
        complaint = self.query_one("#complaint", Static)
        complaint.update(Text(text, "bold"))
        complaint.display = bool(text)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the answer on; stay open while something is wrong with it."""
        event.stop()
        wrong = self._answer(event.value.strip()) if self._answer else None
        if wrong is None:
            self.action_close()
        else:
            self.complain(wrong)

    def action_close(self) -> None:
        """Close, and give the keys back to the panes."""
        self.display = False
        self.screen.query_one("#step").focus()


class Help(ModalScreen[None]):
    """The keys, over the panes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss", "close", show=False),
        Binding("ctrl+c", "app.interrupt", show=False, priority=True),
    ]

    def compose(self) -> ComposeResult:
        """A scrolling list."""
        with VerticalScroll(id="help"):
            yield Static(id="keys")

    def on_resize(self, event: Resize) -> None:
        """Wrap the list to the screen."""
        rows = list(help_lines(help_rows(), min(event.size.width, 84) - 8))
        self.query_one("#keys", Static).update(Text("\n").join([Text("Keys  (Esc closes)", Style(bold=True)), *rows]))
