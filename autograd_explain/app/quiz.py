"""The quiz on the full screen: the program, the question with what was said so far, and a line for the answer.

What stands in the panes comes from `render.quiz`; what counts as right is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import Input, Static

from autograd_explain.app.screen import FullScreen
from autograd_explain.explanation.quiz_grading import Course
from autograd_explain.render.quiz import page_lines, program_lines, status_text
from autograd_explain.render.theme import Line, View

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Resize

    from autograd_explain.explanation.build import Explanation

WIDE = 120
"""Columns from which the program stands beside the question, not above it."""
_MOST_LISTED = 400
_LONGEST_ANSWER = 600
_HELP = (
    ("Enter", "give the answer; after it, go on to the next question"),
    ("Ctrl-S", "pass this question over, and see how it goes"),
    ("Tab", "choose another pane: the answer, the program, the question"),
    ("↑ ↓ PgUp PgDn", "scroll the chosen pane; PgUp and PgDn in the answer scroll the question"),
    ("F1", "these keys; again, back to the question"),
    ("Esc", "end the quiz here, with the score so far"),
    ("Ctrl-C", "leave at once, without a score"),
    ("Ctrl-Z", "put the program to sleep; fg wakes it"),
)
_ANSWERS = (
    "A number may be a calculation: 1/3, 2*0.25, exp(-1). A list is written [1, 2] or [[1, 2], [3, 4]], a shape"
    " (2, 3). A formula uses the names of the values; any form that comes to the same is right."
)
_KEYS = " Enter answer · Ctrl-S pass · F1 help · Esc end · PgUp PgDn"


def play(run: Explanation, course: Course, view: View) -> bool:
    """Run the quiz on the full screen until it is over or left; True where it was left at once."""
    return bool(Quiz(run, course, view).run())


class Pane(VerticalScroll):
    """A part of the screen that scrolls; `filled` is called when its width has changed."""

    def __init__(self, name: str, filled: Callable[[], None]) -> None:
        super().__init__(Static(id=f"{name}-text", markup=False), id=name)
        self._filled = filled

    def on_resize(self) -> None:
        """Write the lines anew, as wide as the pane is now."""
        self._filled()


class Quiz(FullScreen[bool]):
    """The quiz: the course is its only state, and every pane is drawn from it."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: ansi_default; color: ansi_default; }
    #status, #keys { height: 1; width: 100%; text-style: reverse; }
    #panes { height: 1fr; layout: vertical; }
    Pane { background: ansi_default; color: ansi_default; scrollbar-size-vertical: 1; }
    #program { height: auto; max-height: 40%; border-bottom: solid ansi_bright_black; }
    #question { height: 1fr; }
    #program:focus { border-bottom: heavy ansi_cyan; }
    #line { height: 1; layout: horizontal; }
    #prompt { width: 10; }
    #answer, #answer:focus { width: 1fr; border: none; height: 1; padding: 0; background: ansi_default; }
    .wide #panes { layout: horizontal; }
    .wide #program { width: 2fr; height: 100%; max-height: 100%; border: none; border-right: solid ansi_bright_black; }
    .wide #program:focus { border-right: heavy ansi_cyan; }
    .wide #question { width: 3fr; height: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "pass_over", priority=True),
        Binding("f1", "help", priority=True),
        Binding("escape", "leave", priority=True),
        Binding("pageup", "page(-1)"),
        Binding("pagedown", "page(1)"),
        Binding("ctrl+c,ctrl+q", "interrupt", priority=True),
        Binding("ctrl+z", "suspend_process", priority=True),
    ]

    def __init__(self, run: Explanation, course: Course, view: View) -> None:
        super().__init__(ansi_color=True)
        self._explained = run
        self._course = course
        self._view = view
        self._is_helping = False

    def compose(self) -> ComposeResult:
        """The panes, from top to bottom."""
        yield Static(id="status", markup=False)
        with Container(id="panes"):
            yield Pane("program", self._draw)
            yield Pane("question", self._refill)
        with Container(id="line"):
            yield Static(" answer> ", id="prompt", markup=False)
            yield Input(id="answer", max_length=_LONGEST_ANSWER)
        yield Static(id="keys", markup=False)

    def on_mount(self) -> None:
        """Put the cursor where the answer goes."""
        self.query_one("#answer", Input).focus()
        self._draw()
        self.end_by_signals(True)

    def on_resize(self, event: Resize) -> None:
        """Put the panes beside or above each other; they write their lines anew when they have their widths."""
        self.set_class(event.size.width >= WIDE, "wide")

    def _draw(self) -> None:
        course = self._course
        for pane, text in (("status", f" {status_text(course)}"), ("keys", _KEYS)):
            filled = Text(text.ljust(self.size.width), no_wrap=True, overflow="ellipsis")
            self.query_one(f"#{pane}", Static).update(filled)
        self._fill("program", lambda view: program_lines(self._explained, view, _MOST_LISTED))
        self._fill("question", self._question)
        prompt = "" if course.is_over else " next>    " if course.is_finished else " answer>  "
        self.query_one("#prompt", Static).update(prompt)
        self.query_one("#answer", Input).placeholder = self._placeholder()

    def _refill(self) -> None:
        """Draw for another width, and keep what was said last in sight."""
        self._show(at_top=self._course.is_over or not self._course.verdicts[self._course.here])

    def _placeholder(self) -> str:
        if self._course.is_over:
            return "The quiz is over: Enter leaves it."
        return "press Enter for the next question" if self._course.is_finished else ""

    def _question(self, view: View) -> Iterator[Line]:
        yield Line()
        yield from help_lines(view) if self._is_helping else page_lines(self._explained, self._course, view)

    def _fill(self, pane: str, lines: Callable[[View], Iterable[Line]]) -> None:
        """Write lines as wide as the pane is."""
        width = max(self.query_one(f"#{pane}").size.width - 2, 30)
        view = replace(self._view, width=width)
        texts = [Text.from_ansi(line.render(view)) for line in lines(view)]
        while texts and not texts[0].plain.strip():
            texts.pop(0)
        self.query_one(f"#{pane}-text", Static).update(Text("\n").join(texts))

    @on(Input.Submitted)
    def give(self, event: Input.Submitted) -> None:
        """Take an answer, or go on where none is wanted."""
        course = self._course
        text, event.input.value = event.value, ""
        if course.is_over:
            self.exit(False)
        elif self._is_helping or text.strip() == "?":
            self._is_helping = not self._is_helping
        elif course.is_finished:
            course.go_on()
        elif text.strip():
            course.answer(text)
        self._show(at_top=not course.is_over and not course.verdicts[course.here])

    def _show(self, *, at_top: bool) -> None:
        self._draw()
        pane = self.query_one("#question", VerticalScroll)
        if at_top or self._course.is_over or self._is_helping:
            pane.scroll_home(animate=False)
        else:
            self.call_after_refresh(pane.scroll_end, animate=False)

    def action_pass_over(self) -> None:
        """Take no more answers to this question, and show how it goes."""
        if not self._course.is_over and not self._course.is_finished:
            self._course.pass_over()
            self._show(at_top=False)

    def action_help(self) -> None:
        """Show the keys, or the question again."""
        self._is_helping = not self._is_helping
        self._show(at_top=True)

    def action_page(self, pages: int) -> None:
        """Scroll the question by a page."""
        pane = self.query_one("#question", VerticalScroll)
        pane.scroll_relative(y=pages * max(pane.size.height - 1, 1), animate=False)

    def action_leave(self) -> None:
        """End the quiz where it is."""
        self.exit(False)

    def action_interrupt(self) -> None:
        """Leave at once."""
        self.exit(True)


def help_lines(view: View) -> Iterator[Line]:
    """The keys, and what an answer may look like."""
    from autograd_explain.render.quiz import paragraph

    yield Line("  ").add("KEYS", "head")
    for keys, meaning in _HELP:
        first, *more = paragraph(meaning, view, indent=20)
        yield Line("    ").add(keys, "accent").to(20).add(first.pieces[1][0])
        yield from more
    yield Line()
    yield Line("  ").add("ANSWERS", "head")
    yield from paragraph(_ANSWERS, view)
