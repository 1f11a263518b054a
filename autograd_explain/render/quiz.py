"""A quiz in lines of text: the program, a question, what is said to an answer, the worked step, the results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from autograd_explain.core.formula import written
from autograd_explain.core.shapes import show_shape
from autograd_explain.explanation.quiz import Question
from autograd_explain.explanation.quiz_grading import Course, Score, Verdict
from autograd_explain.explanation.quiz_words import Fact, Told, diagnosis
from autograd_explain.render.arithmetic import backward_block, forward_lines, is_inline, labelled, rows
from autograd_explain.render.numbers import style_of, terms
from autograd_explain.render.selection import Ledger
from autograd_explain.render.terminal import header
from autograd_explain.render.theme import Line, View, wrapped
from autograd_explain.source import cell_width, visible

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

MOST_LISTED = 24
_BAR = "      "


def told(run: Explanation, question: Question, view: View) -> Told:
    """The question in words, for this view."""
    return Told(run, question, view.digits, ascii_only=view.ascii)


def program_lines(run: Explanation, view: View, most: int = MOST_LISTED) -> Iterator[Line]:
    """The program, its values, and what the forward pass records, without numbers."""
    yield from header(run, view)
    operations = run.operations
    if not operations:
        return
    yield Line()
    yield Line("  ").add("RECORDED", "head").add("  each value under its name", "dim")
    style, label = style_of(view), run.words.label
    texts = [f"{label(node)} = {written(run.words.formula(node), style).text}" for node in operations[:most]]
    yield from _side_by_side(texts, view, "    ")
    if len(operations) > most:
        yield Line("    ").add(f"… and {len(operations) - most:,} more operations", "dim")


def title_line(question: Question, of: int) -> Line:
    """`Question 3 of 8`, and its level."""
    return Line("  ").add(f"QUESTION {question.number} of {of}", "head").add(f"  {question.level}", "dim")


def question_lines(run: Explanation, question: Question, view: View) -> Iterator[Line]:
    """The question: where it stands, what is given, what is asked, and what counts as an answer."""
    words = told(run, question, view)
    yield from paragraph(words.lead, view)
    yield from fact_lines(words, view)
    yield from paragraph(words.ask, view, style="accent")
    yield from paragraph(words.how, view, style="dim")


def paragraph(text: str, view: View, indent: int = 4, style: str = "") -> Iterator[Line]:
    """Wrapped text at an indent."""
    for part in wrapped(text, view.width - indent):
        yield Line(" " * indent).add(part, style)


def fact_lines(words: Told, view: View) -> Iterator[Line]:
    """The given numbers: short ones side by side, tables under one another."""
    view = replace(view, digits=words.digits)
    short = [words.fact_text(fact) for fact in words.facts if fact.is_shape or is_inline(fact.value)]
    yield from _filled(short, view)
    for fact in words.facts:
        if not (fact.is_shape or is_inline(fact.value)):
            yield from table_lines(fact, view)


def _side_by_side(texts: Sequence[str], view: View, indent: str = _BAR) -> Iterator[Line]:
    """Short texts in columns as wide as the widest needs, as many as there is room for."""
    if not texts:
        return
    widest = max(map(cell_width, texts)) + 3
    count = max((view.width - len(indent) + 3) // widest, 1)
    for start in range(0, len(texts), count):
        line = Line(indent)
        for place, text in enumerate(texts[start : start + count]):
            line.to(len(indent) + place * widest, 0).add(text)
        yield line


def _filled(texts: Sequence[str], view: View) -> Iterator[Line]:
    """Short texts one after the other, in as few lines as hold them."""
    line = Line(_BAR)
    for text in texts:
        if line.width > len(_BAR) and line.width + 3 + cell_width(text) > view.width:
            yield line
            line = Line(_BAR)
        line.add("   " if line.width > len(_BAR) else "").add(text)
    if line.width > len(_BAR):
        yield line


def table_lines(fact: Fact, view: View) -> Iterator[Line]:
    """An array with its shape and its rows."""
    yield Line(_BAR).add(f"{fact.label} {show_shape(fact.value.shape)}")
    yield from rows(fact.value, view)


def feedback_lines(said: Sequence[str], view: View, *, correct: bool) -> Iterator[Line]:
    """What is said to an answer, behind a bar."""
    mark = Line("    ").add("" if view.ascii else "✓ " if correct else "✗ ", "good" if correct else "bad")
    for text in said:
        for part in wrapped(visible(text), view.width - 8):
            yield mark.add(part)
            mark = Line("    " if view.ascii else "      ")


def answer_line(run: Explanation, question: Question, view: View) -> Line:
    """The expected answer, as one would type it."""
    words = told(run, question, view)
    also = [name for name in question.accepted if name != question.expected]
    line = Line("    ").add("answer: ", "dim").add(words.value_text(question.expected), "accent")
    return line.add(f"  ({', '.join(also)} would be right as well)", "dim") if also else line


def worked_lines(run: Explanation, question: Question, view: View) -> Iterator[Line]:
    """The answer, and the step it comes from as the run works it out."""
    yield answer_line(run, question, view)
    node = run.tape.nodes[question.node]
    if question.step is None:
        yield from forward_lines(run, run.node(node), view, is_result=node is run.result)
        return
    if question.kind == "target":
        yield from _order(run, question, view)
        return
    ledger, users = Ledger(), frozenset(user.index for user in told(run, question, view).users)
    for step in run.walk():
        wanted = step.node.index in users if question.kind == "total" else step.number == question.step
        if wanted:
            yield from backward_block(run, run.step(step), view, ledger)
        for part in step.parts:
            ledger.add(part.target.index, part.contribution)
        if step.number == question.step:
            break
    if question.kind == "total":
        yield from _sum(run, question, ledger, view)


def _sum(run: Explanation, question: Question, ledger: Ledger, view: View) -> Iterator[Line]:
    shares = ledger.firsts.get(question.node, [])
    label = run.words.label(run.tape.nodes[question.node])
    if all(type(share) is float for share in shares):
        total = run.sweep.gradients[question.node]
        yield from paragraph(f"total at {label}: {terms(shares, total, view)}", view, indent=6, style="head")
        return
    yield Line("      ").add(f"total at {label}: the sum of the {len(shares)} contributions", "head")
    total = run.sweep.gradients[question.node]
    if is_inline(total):
        yield Line("        ").add(labelled(f"∂{label}", total, view))
    else:
        yield from rows(total, view)


def _order(run: Explanation, question: Question, view: View) -> Iterator[Line]:
    words = told(run, question, view)
    yield from paragraph(words.lead, view)
    text = f"All that was made from {question.expected} has been walked back, so its gradient is complete."
    yield from paragraph(text, view)


def result_lines(run: Explanation, course: Course, view: View) -> Iterator[Line]:
    """The score, and every question that was not right at once, with what to look at again."""
    score = course.score
    yield Line()
    yield Line("  ").add("SCORE", "head").add(f"     {score_text(score)}")
    again = [place for place in range(len(course.questions)) if _is_to_review(course, place)]
    if again:
        yield Line()
        yield Line("  ").add("REVIEW", "head").add("    what was not right at once", "dim")
    for place in again:
        yield from review_lines(run, course, place, view)


def score_text(score: Score) -> str:
    """`5 of 8 right, 4 at the first try, 1 without an answer`."""
    text = f"{score.right} of {score.asked} right"
    if score.right != score.first_try:
        text += f", {score.first_try} at the first try"
    return f"{text}, {score.unanswered} without an answer" if score.unanswered else text


def _is_to_review(course: Course, place: int) -> bool:
    verdicts = course.verdicts[place]
    return not (len(verdicts) == 1 and verdicts[0].correct)


def review_lines(run: Explanation, course: Course, place: int, view: View) -> Iterator[Line]:
    """One question again: what was answered, what is right, and the thought that went wrong."""
    question, verdicts = course.questions[place], course.verdicts[place]
    words = told(run, question, view)
    yield Line()
    first, *more = wrapped(f"{words.lead} {words.ask}", view.width - 8)
    yield Line("    ").add(f"{question.number:>2}  ", "head").add(first)
    yield from (Line("        ").add(text) for text in more)
    for verdict in verdicts or ():
        yield from _given_lines(verdict, view)
    if not verdicts:
        yield Line("        ").add("no answer", "dim")
    answer = Line("    ")
    for text, style in answer_line(run, question, view).pieces:
        answer.add(text, style)
    yield answer
    names = list(dict.fromkeys(name for verdict in verdicts for name in verdict.misconceptions))
    for text in diagnosis(names)[1:]:
        yield from paragraph(text, view, indent=8)


def echo(text: str, room: int) -> str:
    """An answer as it was typed: one line, nothing hidden in it, cut where it is long."""
    shown = visible(text)
    if cell_width(shown) <= room:
        return shown
    while cell_width(shown) >= room:
        shown = shown[: -max((cell_width(shown) - room) // 2, 1)]
    return shown + "…"


_MARKS = {
    (True, False): ("✓", "good"), (False, False): ("✗", "bad"),
    (True, True): ("right:", "good"), (False, True): ("wrong:", "bad"),
}  # fmt: skip


def _given_lines(verdict: Verdict, view: View) -> Iterator[Line]:
    mark, style = _MARKS[verdict.correct, view.ascii]
    names = " or ".join(verdict.misconceptions)
    line = Line("        ").add(f"{mark} ", style).add(echo(verdict.given, view.width - 16))
    if names and line.width + 3 + len(names) > view.width:
        yield line
        line = Line("       ")
    yield line.add(f"   {names}", "note") if names else line
    if verdict.problem:
        yield from paragraph(verdict.problem, view, indent=10, style="dim")


def page_lines(run: Explanation, course: Course, view: View) -> Iterator[Line]:
    """The current question with every answer so far and what was said to it; the results when it is over."""
    if course.is_over:
        yield from result_lines(run, course, view)
        return
    question, verdicts = course.question, course.verdicts[course.here]
    words = told(run, question, view)
    yield from question_lines(run, question, view)
    for used, verdict in enumerate(verdicts, 1):
        yield Line()
        yield Line("    ").add("> ", "dim").add(echo(verdict.given, view.width - 6))
        yield from feedback_lines(words.feedback(verdict, used, course.tries), view, correct=verdict.correct)
    if course.is_finished and not course.is_right(course.here):
        yield Line()
        yield from worked_lines(run, question, view)


def status_text(course: Course) -> str:
    """Where the learner is: question, level, try, and how many are right so far."""
    score = course.score
    if course.is_over:
        return f"quiz · over · {score_text(score)}"
    tries = len(course.verdicts[course.here])
    now = "answered" if course.is_finished else f"try {tries + 1} of {course.tries}"
    question = course.question
    return f"question {question.number} of {score.asked} · {question.level} · {now} · {score.right} right so far"
