"""What `quiz` does: gather a program, choose questions, then ask them, grade answers, or write them down."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from autograd_explain.cli import console
from autograd_explain.cli.output import deliver, view_for, writable
from autograd_explain.cli.running import explained, names_given, read_given
from autograd_explain.errors import InputError
from autograd_explain.explanation.quiz import LEVELS, Question, ask
from autograd_explain.explanation.quiz_grading import Course, Grader, graded
from autograd_explain.explanation.telling import plural
from autograd_explain.lang.program import resolve
from autograd_explain.modes.records import Recording
from autograd_explain.render import quiz as shown
from autograd_explain.render import quiz_json, quiz_sheet
from autograd_explain.render.theme import Line, View

_LARGEST_ANSWERS = 1_000_000  # bytes
_LINE = re.compile(r"\r\n|\n|\r")
_PIPED = "note: standard input is not a terminal, so one answer a line is read from it"
_NO_SCREEN = "note: the full screen needs a terminal (no dumb one) on all three streams, so the questions come in lines"


def quiz_program(options: dict[str, Any]) -> int:
    """Ask about a program as the options say; 0 however well it went."""
    sheet = _sheet_paths(options)
    output = writable(options["output"], force=options["force"], example="results.json")
    options["format_name"] = options["format_name"] or _format_of(output)
    source = None if sheet is not None else _source(options)
    run = _run(options)
    questions = ask(run, options["questions"], options["seed"], (options["level"],) if options["level"] else LEVELS)
    lines = _read_answers(source) if source is not None else None
    if len(questions) < options["questions"]:
        console.complain(f"note: this run has {plural(len(questions), 'question')} in it, not {options['questions']}")
    if sheet is not None:
        _write_sheets(run, questions, sheet, options)
        return 0
    if source == "-" and options["answers"] is None:
        console.complain(_PIPED)
    course = _asked(run, questions, options) if lines is None else _graded(run, questions, lines)
    _write_results(run, course, options, output, None if lines is None else len(lines))
    return 0


_ENDINGS = {".txt": "text", ".json": "json"}


def _format_of(path: Path | None) -> str:
    ending = ".txt" if path is None else path.suffix.lower()
    if ending not in _ENDINGS:
        raise InputError(f"the ending of {path} says no format", hint=f"use {', '.join(_ENDINGS)}, or --format text")
    return _ENDINGS[ending]


def _source(options: dict[str, Any]) -> str | None:
    """Where answers are read from: a file's name, or `-` for standard input; None where somebody is asked."""
    name: str | None = options["answers"]
    if name is None and not _is_terminal(sys.stdin):
        name = "-"
    if name == "-" and options["program"] == "-":
        message = "standard input holds the program, so it cannot hold the answers"
        raise InputError(message, hint="put the answers into a file: --answers FILE")
    return name


_NOT_ASKED = {"check": None, "fault": None, "mode": "reverse", "paths": False, "versus": None,
              "hessian": False, "hvp": None}  # fmt: skip


def _run(options: dict[str, Any]) -> Any:
    given = read_given({**_NOT_ASKED, **options})
    return explained(resolve(given.program, names_given(given.values), given.limits), given)


class Sheets(NamedTuple):
    """Where the worksheet and its key go."""

    sheet: Path
    key: Path


def _sheet_paths(options: dict[str, Any]) -> Sheets | None:
    if options["worksheet"] is None:
        if options["key"] is not None:
            raise InputError("--key goes with --worksheet", hint="--worksheet quiz.md --key key.md")
        return None
    for name in ("answers", "output"):
        if options[name] is not None:
            said = "-o" if name == "output" else f"--{name}"
            message = f"--worksheet only writes the questions down, so {said} cannot be given"
            raise InputError(message, hint=f"leave out {said}")
    sheet = Path(options["worksheet"])
    key = Path(options["key"]) if options["key"] is not None else sheet.with_name(f"{sheet.stem}-key{sheet.suffix}")
    for path in (sheet, key):
        writable(str(path), force=options["force"])
    if sheet.resolve() == key.resolve():
        raise InputError("the worksheet and its key are one file", hint="give two names")
    return Sheets(sheet, key)


def _write_sheets(run: Any, questions: Sequence[Question], paths: Sheets, options: dict[str, Any]) -> None:
    view = View(width=console.file_width(), digits=options["digits"], ascii=options["plain"])
    for path, write in ((paths.sheet, quiz_sheet.write_sheet), (paths.key, quiz_sheet.write_key)):
        deliver(path, partial(write, run, questions, view), force=options["force"])


def _read_answers(name: str) -> list[str]:
    """The lines of a file, or of standard input; whatever they hold is an answer, right or wrong."""
    try:
        if name == "-":
            data = sys.stdin.buffer.read(_LARGEST_ANSWERS + 1) if sys.stdin is not None else b""
        else:
            with Path(name).open("rb") as file:
                data = file.read(_LARGEST_ANSWERS + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"the answers in {name} cannot be read: {reason}"
        raise InputError(message, hint="a text file with one short answer a line, or - for standard input") from None
    if len(data) > _LARGEST_ANSWERS:
        raise InputError(f"the answers are longer than {_LARGEST_ANSWERS:,} bytes", hint="one short answer a line")
    lines = _LINE.split(data.decode("utf-8-sig", errors="replace"))
    return lines[:-1] if lines[-1] == "" else lines


def _is_proved(left: Recording, right: Recording) -> bool:
    """What SymPy says of two formulas; it is loaded when the first of them is typed."""
    from autograd_explain.check.equal import is_same

    return is_same(left, right)


def _graded(run: Any, questions: Sequence[Question], lines: list[str]) -> Course:
    given = len(lines)
    while given > len(questions) and not lines[given - 1].strip():
        given -= 1
    if given != len(questions):
        what = "the last ones are not read" if given > len(questions) else "the rest counts as not answered"
        console.complain(f"note: {plural(given, 'line')} of answers for {plural(len(questions), 'question')}: {what}")
    return graded(run, questions, lines, _is_proved)


def _asked(run: Any, questions: Sequence[Question], options: dict[str, Any]) -> Course:
    """The questions asked of whoever sits at the terminal."""
    course = Course(questions, Grader(run, _is_proved))
    wants_lines = options["format_name"] != "text" or options["plain"] or console.is_ascii()
    if not wants_lines and _has_screen():
        from autograd_explain.app.quiz import play

        if play(run, course, View(digits=options["digits"], color=console.has_color())):
            raise KeyboardInterrupt
        return course
    if not wants_lines:
        console.complain(_NO_SCREEN)
    stream = sys.stdout if _is_terminal(sys.stdout) and options["format_name"] == "text" else sys.stderr
    plain = options["plain"]
    color = console.has_color() and not plain and stream is sys.stdout
    view = View(width=console.width(), digits=options["digits"], ascii=plain or console.is_ascii(), color=color)
    prompted(run, course, view, stream, _line_typed)
    return course


def _has_screen() -> bool:
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return all(map(_is_terminal, streams)) and os.environ.get("TERM") != "dumb"


def _is_terminal(stream: Any) -> bool:
    with suppress(ValueError, AttributeError):
        return bool(stream.isatty())
    return False


def _line_typed() -> str | None:
    """One line from the keyboard; None at the end of input."""
    data = sys.stdin.buffer.readline(_LARGEST_ANSWERS)
    return data.decode("utf-8", errors="replace").rstrip("\r\n") if data else None


def prompted(run: Any, course: Course, view: View, out: TextIO, read: Callable[[], str | None]) -> None:
    """Ask question after question in plain lines; an empty line passes one over, the end of input ends it all."""

    def tell(lines: Iterable[Line]) -> None:
        out.writelines(line.render(view) + "\n" for line in lines)
        out.flush()

    tell(shown.program_lines(run, view))
    tell([Line(), Line("  ").add("An empty line passes a question over; Ctrl-D ends the quiz.", "dim")])
    while not course.is_over:
        tell([Line(), shown.title_line(course.question, len(course.questions))])
        tell(shown.question_lines(run, course.question, view))
        while not course.is_finished:
            out.write(f"    try {len(course.verdicts[course.here]) + 1} of {course.tries}> ")
            out.flush()
            text = read()
            if text is None:
                out.write("\n")
                return
            if text.strip():
                tell(answered(run, course, text, view))
            else:
                course.pass_over()
                tell(shown.worked_lines(run, course.question, view))
        course.go_on()


def answered(run: Any, course: Course, text: str, view: View) -> list[Line]:
    """What is said to an answer, with the worked step after the last try."""
    verdict = course.answer(text)
    question, used = course.question, len(course.verdicts[course.here])
    words = shown.told(run, question, view)
    lines = list(shown.feedback_lines(words.feedback(verdict, used, course.tries), view, correct=verdict.correct))
    if course.is_finished and not verdict.correct:
        lines += shown.worked_lines(run, question, view)
    return lines


def _write_results(run: Any, course: Course, options: dict[str, Any], path: Path | None, lines: int | None) -> None:
    if options["format_name"] == "json":
        if path is None:
            console.use_utf8()
        writer = partial(quiz_json.write, run, course, options["seed"], lines)
    else:
        writer = partial(_write_text, run, course, view_for(options, path))
    if path is None:
        console.write(writer)
        return
    deliver(path, writer, force=options["force"])


def _write_text(run: Any, course: Course, view: View, out: TextIO) -> None:
    out.writelines(line.render(view) + "\n" for line in shown.result_lines(run, course, view))
