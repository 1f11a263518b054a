"""Programs with what comes along in their file: a title, default values, expected numbers; and where they are found.

Reads text and files. Must not know values (their texts stay unread) or how programs are run.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograd_explain.errors import ExplainError, InputError, NameProblem
from autograd_explain.lang.calls import function_names
from autograd_explain.lang.header import Expectation, Header, read_header
from autograd_explain.lang.interpret import compile_program
from autograd_explain.lang.names import bind, free_names, suggestion
from autograd_explain.lang.parse import Parsed, parse
from autograd_explain.limits import DEFAULT_LIMITS, Limits, exceeded

ENDING = ".expr"
_PACKAGE = Path(__file__).resolve().parent.parent
_BYTES_PER_CHARACTER = 4  # the most that UTF-8 needs


@dataclass(frozen=True, slots=True)
class Program:
    """A parsed program and what its file says about it; for a bare expression those parts are empty.

    `defaults` are texts of values by name, `wrt` the names to track (None: not said), `expects` pairs of a
    target (`result` or a name, whose gradient is meant) and the number as written. `data` is the path of a table
    that stands beside the file, `train` the options it is well trained with.
    """

    text: str
    parsed: Parsed
    name: str = ""
    title: str = ""
    teaches: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)
    wrt: tuple[str, ...] | None = None
    expects: tuple[Expectation, ...] = ()
    expect_error: str = ""
    data: str = ""
    train: str = ""


def read_program(text: str, name: str = "", limits: Limits = DEFAULT_LIMITS) -> Program:
    """Return the program in the text of a file called `name`, with what its leading comment lines say.

    Raises LanguageError for text outside the language, and for a heading that cannot be read.
    """
    parsed = parse(text, function_names(), limits, name=name)
    header: Header = read_header(parsed.source)
    return Program(
        text,
        parsed,
        name,
        title=header.title,
        teaches=" ".join(header.teaches),
        defaults=dict(header.values),
        wrt=header.wrt,
        expects=tuple(header.expects),
        expect_error=header.expect_error,
        data=header.data,
        train=header.train,
    )


def read_expression(text: str, name: str = "", limits: Limits = DEFAULT_LIMITS) -> Program:
    """Return the program in a text that comes from no file: its comments are comments."""
    return Program(text, parse(text, function_names(), limits, name=name), name)


def bind_values(
    program: Program, given: Mapping[str, Any] | Iterable[tuple[str, Any]], *, other_words: Collection[str] = ()
) -> dict[str, Any]:
    """Return a value for each name of the program, the given ones before the file's own, in order of first use.

    Values pass through unread. Raises NameProblem for names that are given twice or are not in the program (they
    may be meant as one of `other_words`) and for unknown functions; MissingValues where names are left over.
    """
    pairs = given.items() if isinstance(given, Mapping) else given
    try:
        return bind(program.parsed, pairs, program.defaults, other_words=other_words)
    except NameProblem:
        compile_program(program.parsed)  # `sigmod(x)` is a misspelt function before x is a name too few or too many
        raise


def resolve(text: str, values_given: Collection[str] = (), limits: Limits = DEFAULT_LIMITS) -> Program:
    """Return the program that `text` stands for, as a command's PROGRAM does.

    `-` is standard input, read as a file is, a text ending in `.expr` a file, the name of a gallery example that
    example, and anything else an expression. Where values are given for all names of a text it is an expression,
    even if an example has that name. Raises InputError for a file that cannot be read.
    """
    if text == "-":
        return read_program(_standard_input(limits), "standard input", limits)
    if text.endswith(ENDING):
        return _from_file(Path(text), limits)
    if text in gallery() and not _is_given(text, values_given):
        return example(text, limits)
    try:
        return read_expression(text, "", limits)
    except ExplainError as error:
        error.hint = _file_hint(text) or error.hint
        raise


def _is_given(text: str, values_given: Collection[str]) -> bool:
    """True for `x` with a value for x, and for `a-b` with values for both."""
    try:
        return set(free_names(parse(text))) <= set(values_given)
    except ExplainError:
        return False  # a name such as `bce-with-logits` is no expression at all


def is_file(text: str) -> bool:
    """True where a text is the path of a file, whatever else it may be."""
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # far too long for a path, or not one at all
        return False


def _file_hint(text: str) -> str:
    if not is_file(text):
        return ""
    if text.endswith(".json"):
        return f"what train --save wrote goes on with train --resume {text}; what --format json wrote: verify {text}"
    return f"to read the file {text}, give it the ending {ENDING}, or pass it as standard input: - < {text}"


def gallery_folder() -> Path:
    """Return the folder of the examples: inside an installed package, or beside it in a checkout."""
    inside = _PACKAGE / "expressions"
    return inside if inside.is_dir() else _PACKAGE.parent / "expressions"


def gallery() -> tuple[str, ...]:
    """Return the names of the examples, sorted."""
    return tuple(sorted(path.stem for path in gallery_folder().glob("*" + ENDING)))


def example(name: str, limits: Limits = DEFAULT_LIMITS) -> Program:
    """Return the example of that name; raises NameProblem, with the nearest name, where there is none."""
    if name not in gallery():
        hint = suggestion(name, gallery(), offer="examples")
        raise NameProblem(f"there is no example {name}", hint=hint)
    path = gallery_folder() / (name + ENDING)
    return _with_files(read_program(_text_of(path, limits), name + ENDING, limits), path)


def _from_file(path: Path, limits: Limits) -> Program:
    return _with_files(read_program(_text_of(path, limits), str(path), limits), path)


def _with_files(program: Program, path: Path) -> Program:
    """The program whose values and table from files are those beside it, wherever the command is run."""
    defaults = {name: _beside(path, value) for name, value in program.defaults.items()}
    return replace(program, defaults=defaults, data=str(path.parent / program.data) if program.data else "")


def _beside(path: Path, value: str) -> str:
    """A value `@FILE` of a program file means a file beside that program."""
    return f"@{path.parent / value[1:]}" if value.startswith("@") else value


def _text_of(path: Path, limits: Limits) -> str:
    most = limits.text * _BYTES_PER_CHARACTER
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder, not a program", hint=f"name a file in it that ends in {ENDING}")
        with path.open("rb") as file:
            data = file.read(most + 1)
    except FileNotFoundError:
        raise InputError(f"there is no file {path}", hint=_missing_hint(path)) from None
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read: {reason(error)}"
        raise InputError(message, hint="name a file that can be read, or give the program in quotes") from None
    return _decoded(data, str(path), limits)


def _missing_hint(path: Path) -> str:
    if path.stem in gallery():
        return f"the example of that name is called {path.stem}, without the ending"
    try:
        near = sorted(other.name for other in path.parent.glob("*" + ENDING))
    except OSError:
        near = []
    return suggestion(path.name, near, offer="programs there") if near else "see autograd-explain examples"


def reason(error: Exception) -> str:
    """Return why a file could not be read, without its name."""
    return getattr(error, "strerror", None) or str(error)


def _standard_input(limits: Limits) -> str:
    if sys.stdin is None:
        raise InputError("there is no standard input to read", hint="give the program in quotes")
    try:
        data = sys.stdin.buffer.read(limits.text * _BYTES_PER_CHARACTER + 1)
    except OSError as error:
        raise InputError(f"standard input cannot be read: {reason(error)}", hint="give the program in quotes") from None
    return _decoded(data, "standard input", limits)


_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def _decoded(data: bytes, name: str, limits: Limits) -> str:
    """Return the text in `data`; raises LimitError for too much of it, InputError for what is no text."""
    if len(data) > limits.text * _BYTES_PER_CHARACTER:
        raise exceeded("text", limits.text, f"characters in {name}")
    if data.startswith(_UTF16):
        raise InputError(f"{name} is UTF-16, not UTF-8", hint="save it as UTF-8")
    if b"\0" in data:
        raise InputError(f"{name} is not a text file", hint="save the program as text, in UTF-8")
    try:
        return data.decode("utf-8-sig")  # a byte order mark is the file's, not the program's
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{name} is not UTF-8: byte {error.start + 1} (line {line}) is 0x{data[error.start]:02x}"
        raise InputError(message, hint="save it as UTF-8") from None
