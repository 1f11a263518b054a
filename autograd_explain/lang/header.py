"""The leading comment lines of a program file: `# title: …`, `# values: x=2 w=3`, `# expect: w = 6`.

Must not know what the values or the program compute.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from autograd_explain.errors import ExplainError, LanguageError, NameProblem
from autograd_explain.lang.expect import read_written
from autograd_explain.lang.names import fold_name
from autograd_explain.source import Source, Span


class Expectation(NamedTuple):
    """A number the author expects: of `result`, or of the gradient by a name; `written` is its text."""

    target: str
    written: str


class _Line(NamedTuple):
    key: str
    text: str
    span: Span


@dataclass(slots=True)
class Header:
    """What the heading of a file says, as read so far."""

    title: str = ""
    teaches: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    wrt: tuple[str, ...] | None = None
    expects: list[Expectation] = field(default_factory=list)
    expect_error: str = ""
    data: str = ""
    train: str = ""


_KEYED = re.compile(r"#[ \t]*(?P<key>[^\W\d_][^:#]{0,30}?)[ \t]*:[ \t]*(?P<text>.*?)[ \t]*$")
_CLOSE = 0.75


def read_header(source: Source) -> Header:
    """Return what the comment lines before the program say.

    A comment without a known key is a comment. Raises LanguageError for a line that cannot be read, a misspelt
    key, and a heading that stands further down, where it would go unseen.
    """
    header = Header()
    leading = True
    for start, text in _lines(source.text):
        leading = leading and (text.startswith("#") or not text.strip())
        line = _keyed(start, text)
        if line is None:
            continue
        try:
            _take(line, header, leading)
        except ExplainError as error:
            raise LanguageError(error.message, span=line.span, hint=error.hint, source=source) from None
    return header


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 1 if text.startswith("\ufeff") else 0
    for line in re.split(r"\r\n|\r|\n", text[start:]):
        yield start, line
        start += len(line)
        start += 2 if text.startswith("\r\n", start) else 1


def _keyed(start: int, text: str) -> _Line | None:
    match = _KEYED.match(text)
    if match is None:
        return None
    span = Span(start + match.start("key"), start + max(match.end("text"), match.end("key")))
    return _Line(" ".join(match["key"].lower().split()), match["text"], span)


def _take(line: _Line, header: Header, leading: bool) -> None:
    if line.key not in _KEYS:
        import difflib  # loaded for a mistake alone, as start-up counts

        close = difflib.get_close_matches(line.key, _KEYS, 1, _CLOSE) if leading else ()
        if close:
            raise LanguageError(f"unknown heading '{line.key}'", hint=f"did you mean # {close[0]}: {line.text}")
        return
    if not leading:
        _refuse_late(line)
        return
    if not line.text:
        raise LanguageError(f"the heading '{line.key}' is empty", hint=f"# {_EXAMPLES[line.key]}")
    _KEYS[line.key](header, line.text)


def _refuse_late(line: _Line) -> None:
    """Refuse numbers meant for the heading but written further down; other words there are just a comment."""
    if line.key not in {"values", "expect"}:
        return
    try:
        _KEYS[line.key](Header(), line.text)
    except ExplainError:
        return
    raise LanguageError(f"the heading '{line.key}' stands after the program's first line", hint="move it to the top")


def _title(header: Header, text: str) -> None:
    header.title = _once("title", header.title, text)


def _once(key: str, before: str, text: str) -> str:
    if before:
        raise LanguageError(f"the heading '{key}' is there twice", hint="keep one of them")
    return text


def _teaches(header: Header, text: str) -> None:
    header.teaches.append(text)


_NAME = re.compile(r"(?<!\S)(?P<name>[^\s=()\[\],]+)[ \t]*=(?!=)[ \t]*")


def _values(header: Header, text: str) -> None:
    starts = [match for match in _NAME.finditer(text) if _is_outside_brackets(text, match.start())]
    if not starts or starts[0].start() != 0:
        raise LanguageError("values are written NAME=VALUE, with spaces between them", hint=f"# {_EXAMPLES['values']}")
    ends = [match.start() for match in starts[1:]] + [len(text)]
    for match, end in zip(starts, ends, strict=True):
        name, value = fold_name(match["name"]), text[match.end() : end].strip()
        if name in header.values:
            raise NameProblem(f"{name} has two values here", hint="keep one of them")
        if not value:
            raise LanguageError(f"{name} has no value here", hint=f"# {_EXAMPLES['values']}")
        header.values[name] = value


def _is_outside_brackets(text: str, position: int) -> bool:
    before = text[:position]
    return sum(map(before.count, "([")) <= sum(map(before.count, ")]"))


def _wrt(header: Header, text: str) -> None:
    _once("wrt", " ".join(header.wrt or ()), text)
    header.wrt = tuple(fold_name(name) for name in re.split(r"[\s,]+", text.strip(" ,")))


def _expect(header: Header, text: str) -> None:
    target, equals, written = (part.strip() for part in text.partition("="))
    if not (target and equals and written):
        raise LanguageError("an expected number is written NAME = NUMBER", hint=f"# {_EXAMPLES['expect']}")
    read_written(written)
    header.expects.append(Expectation(fold_name(target), written))


def _expect_error(header: Header, text: str) -> None:
    header.expect_error = _once("expect error", header.expect_error, text)


def _data(header: Header, text: str) -> None:
    header.data = _once("data", header.data, text)


def _train(header: Header, text: str) -> None:
    header.train = _once("train", header.train, text)


_KEYS: dict[str, Callable[[Header, str], None]] = {
    "title": _title,
    "teaches": _teaches,
    "values": _values,
    "wrt": _wrt,
    "expect": _expect,
    "expect error": _expect_error,
    "data": _data,
    "train": _train,
}
_EXAMPLES = {
    "title": "title: The chain rule",
    "teaches": "teaches: Slopes along a path multiply.",
    "values": "values: x=2 w=[1, 2]",
    "wrt": "wrt: w b",
    "expect": "expect: w = -3.317032e-06",
    "expect error": "expect error: no value for x",
    "data": "data: points.csv",
    "train": "train: --optimizer adam --lr 0.1",
}
