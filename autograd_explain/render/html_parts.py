"""What stands around the steps of the page: the program as pieces that can be lit, values, gradients, checks, notes.

Reads an explanation alone. A number is written as the text views write it, and carries itself in full beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from autograd_explain.core.shapes import show_shape
from autograd_explain.render.arithmetic import is_inline, text_of
from autograd_explain.render.markup import Markup, joined, tag
from autograd_explain.render.mathml import name
from autograd_explain.render.numbers import array_lines
from autograd_explain.render.outcome import rate_said
from autograd_explain.render.theme import Line, View

if TYPE_CHECKING:
    from autograd_explain.check.result import CheckResult
    from autograd_explain.explanation.build import Explanation
    from autograd_explain.explanation.model import Note
    from autograd_explain.explanation.training import Learned
    from autograd_explain.source import Span

_ROOM = 64
_CHECKED_BY = {"symbolic": "SymPy, 40 digits", "finite": "differences", "torch": "PyTorch", "jax": "JAX"}
_MARKS = {"agrees": "✓", "differs": "✗", "convention": "~", "undecided": "?"}


def shown(value: Any, view: View) -> str:
    """A number or a short vector as text; a larger array as rows of numbers."""
    return text_of(value, view) if is_inline(value) else "\n".join(array_lines(value, view, _ROOM))


def brief(value: Any, view: View) -> str:
    """A value within a line: a larger array by its shape."""
    return text_of(value, view) if is_inline(value) else f"array {show_shape(value.shape)}"


def figure(value: Any, view: View, style: str = "") -> Markup:
    """A value as it is shown; a number of few digits carries more of them, for a prediction to be held against."""
    said = shown(value, view)
    kinds = f"{style} rows".strip() if "\n" in said or not is_inline(value) else style or None
    more = f"{value:.{_HELD_AGAINST}g}" if view.digits < _HELD_AGAINST and type(value) is float else None
    return tag("span", said, class_=kinds, data_exact=more)


_HELD_AGAINST = 6


def prose(text: str) -> str:
    """A note's text with the minus signs that the formulas have."""
    return re.sub(r"(?<![\w.])-(?=[\d(])", "−", text)


def notes(told: Iterable[Note]) -> Markup:
    """Notes, one paragraph each."""
    return joined(*(tag("p", prose(note.text), class_="note") for note in told))


def title(run: Explanation) -> str:
    """What the page is called: the program's own title, its one line, or how long it is."""
    if run.source is None:
        return "A Python function"
    lines = [line for line in run.source.splitlines() if line.strip()]
    for line in lines:
        named = re.match(r"#\s*title:\s*(.+)", line)
        if named:
            return named[1].strip()
    code = [line for line in lines if not line.lstrip().startswith("#")]
    return code[0].strip() if len(code) == 1 else f"A program of {len(code)} lines"


def lead(run: Explanation) -> Markup:
    """What the program's own heading says it teaches, and of which step of a training this is the run."""
    told = re.findall(r"^#\s*teaches:\s*(.+)", _HEAD.match(run.source or "")[0], re.MULTILINE)  # type: ignore[index]
    if run.learned is not None:
        told.append(_of_training(run.learned))
    return tag("p", " ".join(told), class_="lead") if told else Markup()


def _of_training(learned: Learned) -> str:
    """Which step of which training the page explains, and what it has of the others."""
    number, name = learned.taken.number, learned.plan.optimizer.recipe.name
    if not learned.shown:
        return f"Step {number:,} of a training by {name}."
    taken = learned.shown[-1].number
    rest = "; after it come the updates of other steps, and how the loss went" if len(learned.shown) > 1 else ""
    return f"Step {number:,} of {taken:,} of a training by {name}, in full{rest}."


_HEAD = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*")
"""The lines of comments and nothing before a program."""


class Program:
    """The program's text, its heading left out, cut at every place where a value's own text begins or ends."""

    def __init__(self, run: Explanation) -> None:
        self.text = run.source or ""
        start = len(_HEAD.match(self.text)[0])  # type: ignore[index]  # it matches nothing at all, too
        spans = [run.span(node.site) for node in run.tape.nodes]
        ends = {edge for span in spans if span for edge in span}
        self._edges = sorted({start, len(self.text), *(edge for edge in ends if start <= edge <= len(self.text))})
        self._place = {edge: place for place, edge in enumerate(self._edges)}

    def pieces(self, span: Span | None) -> list[int]:
        """The first piece of a value's text and the one after its last; nothing where it has no text."""
        if span is None or span.start not in self._place or span.end not in self._place:
            return []
        return [self._place[span.start], self._place[span.end]]

    def markup(self) -> Markup:
        """The text in pieces."""
        return joined(*(tag("span", self.text[start:end]) for start, end in pairwise(self._edges)))


def inputs(run: Explanation, view: View) -> Markup:
    """The given values, and whether each is differentiated by."""
    rows = (
        tag(
            "tr", tag("th", name(record.name), scope="row"), tag("td", figure(record.value, view, "value")),
            tag("td", "" if record.tracked else "not tracked"),
        )
        for record in run.inputs
    )  # fmt: skip
    return _table(("input", "value", ""), rows) if run.inputs else Markup()


def _table(heads: Iterable[str], rows: Iterable[Markup]) -> Markup:
    cells = (tag("th", text, scope="col") if text else tag("td") for text in heads)
    return tag("table", tag("thead", tag("tr", *cells)), tag("tbody", *rows))


def gradients(run: Explanation, view: View) -> Markup:
    """The table of gradients, and in words what they say."""
    if not run.gradients:
        return tag("p", "No input is tracked: there is nothing to differentiate by.")
    rows = (_gradient_row(run, by, gradient, view) for by, gradient in run.gradients.items())
    return _table(("gradient by", "value", "what it says"), rows)


def _gradient_row(run: Explanation, by: str, gradient: Any, view: View) -> Markup:
    scalar = type(gradient) is float and not run.result.shape
    return tag(
        "tr", tag("th", "∂", name(by), scope="row"),
        tag("td", figure(gradient, view, "gradient answer")), tag("td", rate_said(run, by, gradient) if scalar else ""),
        data_gradient=by,
    )  # fmt: skip


def checks(run: Explanation, view: View) -> Markup:
    """The verdict of every checker on every gradient; nothing where none was asked."""
    return joined(*_checks(run, view))


def _checks(run: Explanation, view: View) -> Iterator[Markup]:
    for checker in dict.fromkeys(result.checker for result in run.checks):
        own = [result for result in run.checks if result.checker == checker]
        yield tag("h3", f"Checked against {_CHECKED_BY.get(checker, checker)}")
        rows = (_verdict(result, view) for result in own)
        yield _table(("", "gradient by", "here", "there", "verdict"), rows)
        yield from (tag("p", tag("code", f"∂{r.target} = {r.formula}"), class_="closed") for r in own if r.formula)


SCROLLS: dict[str, str | int | None] = {"class_": "scroll", "tabindex": 0, "role": "group"}
"""A box that scrolls sideways where it has to, reachable by keys."""


def _verdict(result: CheckResult, view: View) -> Markup:
    said = f"agree to {result.digits} digits" if result.status == "agrees" and result.digits else result.status
    why = tag("small", f" {result.why}") if result.why else ""
    there = figure(result.theirs, view) if result.theirs is not None else ""
    return tag(
        "tr", tag("td", _MARKS[result.status], aria_hidden="true"), tag("th", name(result.target), scope="row"),
        tag("td", figure(result.ours, view)), tag("td", there), tag("td", said, why), class_=result.status,
    )  # fmt: skip


def lines_of(lines: Iterable[Line]) -> Markup:
    """Lines of the text view as they stand there."""
    text = "\n".join("".join(piece for piece, _ in line.pieces).rstrip() for line in lines)
    return tag("pre", text.strip("\n"), tabindex=0, role="group", aria_label="text")
