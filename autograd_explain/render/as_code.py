"""What the scripts share: their heading, their layout on the page, and the JSON line they end with."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from autograd_explain.code.corners import differing
from autograd_explain.code.library import LINE, nested
from autograd_explain.code.names import as_comment
from autograd_explain.code.recorded import Line, Recorded
from autograd_explain.errors import InputError
from autograd_explain.render.as_json import number as json_value

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation
    from autograd_explain.explanation.model import InputRecord

_COLUMN = 44
_MOST_LINES = 400  # of the program, in the heading
PLAIN = '''def plain(value):
    """A number or an array as JSON has it: nested lists, with nan and infinities as text."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return float(value) if math.isfinite(value) else str(float(value))
'''
COMPARE = '''def numbers(value):
    """All the numbers in nested lists, one after the other."""
    return [n for entry in value for n in numbers(entry)] if isinstance(value, list) else [float(value)]


def compare(name, found, expected):
    """Print how far the numbers found here are from those that autograd-explain found."""
    pairs = zip(numbers(found), numbers(expected), strict=True)
    worst = max((abs(a - b) for a, b in pairs if str(a) != str(b)), default=0.0)
    print(f"{name}: largest difference {worst:.1e}")
'''


def to_code(run: Explanation, target: str) -> str:
    """The script for "numpy" (or "python"), "torch" or "jax". Raises InputError for another target."""
    from importlib import import_module

    modules = {"numpy": "as_python", "python": "as_python", "torch": "as_torch", "jax": "as_jax"}
    if target not in modules:
        raise InputError(f"there are no scripts for {target!r}", hint="numpy, torch or jax")
    text: str = import_module(f"autograd_explain.render.{modules[target]}").script(run)
    return text


def heading(run: Explanation, title: str) -> Iterator[str]:
    """What the script is, and the program it was made from."""
    yield f'"""{title}"""'
    yield ""
    lines = (run.source or "").rstrip().split("\n")
    told = [as_comment(line) if not line[:1].isspace() else _indented(line) for line in lines[:_MOST_LINES]]
    if run.source is not None:
        yield "# The program:"
        yield "#"
        yield from (f"#     {line}".rstrip() for line in told)
        if len(lines) > _MOST_LINES:
            yield f"#     … and {len(lines) - _MOST_LINES:,} more lines"
        yield ""


def _indented(line: str) -> str:
    """A line of the program with the spaces it begins with."""
    return " " * (len(line) - len(line.lstrip())) + as_comment(line)


def section(title: str) -> list[str]:
    """A heading within the script."""
    return ["", "", f"# {title}", "# " + "-" * (LINE - 2)]


def laid_out(lines: Iterable[Line], indent: str = "") -> Iterator[str]:
    """The lines with their comments in one column, or above where there is no room."""
    gap = True
    for line in lines:
        if not line.text and not line.comment:
            if not gap:
                yield ""
            gap = True
            continue
        gap = False
        if not line.text:
            yield f"{indent}# {line.comment}"
        else:
            yield from _with_comment(f"{indent}{line.text}", line.comment, indent)


def _with_comment(text: str, comment: str, indent: str) -> Iterator[str]:
    if not comment:
        yield text
    elif "\n" in text or max(len(text), _COLUMN) + 4 + len(comment) > LINE:
        yield f"{indent}# {comment}"
        yield text
    else:
        yield f"{text:<{_COLUMN}}  # {comment}"


def imports(text: str, wanted: Iterable[tuple[str, str]]) -> list[str]:
    """The import lines for the modules that the text mentions: `(name in use, import line)`."""
    return [line for name, line in wanted if re.search(rf"\b{name}\.", text)]


def given_values(recorded: Recorded) -> Iterator[tuple[InputRecord, str]]:
    """The given values that the script needs, with what each is called."""
    used = recorded.needed | set(recorded.run.tape.selectors)
    for record in recorded.run.inputs:
        if record.tracked or record.node in used:
            yield record, recorded.given[record.name]


def expected(run: Explanation) -> list[str]:
    """The values found here as a literal, to be compared with."""
    def listed(value: Any, indent: int) -> str:
        return nested(json_value(value), json.dumps, indent)

    lines = ["expected = {", f'    "value": {listed(run.value, 13)},', '    "gradients": {']
    for name, gradient in run.gradients.items():
        key = json.dumps(name)
        lines.append(f"        {key}: {listed(gradient, 10 + len(key))},")
    return [*lines, "    },", "}"]


def gradients_literal(recorded: Recorded, text: Callable[[str], str]) -> list[str]:
    """The gradients by the program's own names; `text` makes an entry from a name."""
    if not recorded.run.gradients:
        return ["gradients = {}"]
    rows = [f"    {json.dumps(name)}: {text(name)}," for name in recorded.run.gradients]
    return ["gradients = {", *rows, "}"]


def parameters(recorded: Recorded) -> str:
    """The given values as the arguments of a call."""
    return ", ".join(name for _, name in given_values(recorded))


def program(recorded: Recorded, forward: Iterable[Line]) -> Iterator[str]:
    """The forward pass as a function of the given values."""
    yield f"def program({parameters(recorded)}):"
    yield from laid_out(forward, "    ")
    number = recorded.library.number(recorded.run.value) if recorded.run.result.index not in recorded.called else ""
    yield f"    return {f'{recorded.library.scalar}({number})' if number else recorded.result}"


def conventions(run: Explanation, library: str) -> Iterator[str]:
    """A comment for each place where the derivative is a choice and the library chooses otherwise."""
    for node, kink in differing(run.tape.nodes, library):
        name = run.words.label(node)
        other = dict(kink.others)[library]
        choices = f"{kink.chosen} is taken here; {library}: {other}"
        yield f"# {as_comment(name)} is at a corner of {node.op.name} ({kink.place}): {choices}"


def compared(recorded: Recorded, library: str, given: Iterable[Line], backwards: Iterable[str]) -> list[str]:
    """The body of a script in another library: given values, the program, both passes, and how far they are apart."""
    forward = list(recorded.statements())
    return [
        *section("The values given"),
        *laid_out(given),
        *laid_out(recorded.constants),
        *section("The program, as it ran"),
        *program(recorded, forward),
        *section("Forwards, and backwards"),
        *backwards,
        *section("What autograd-explain found, and how far that is from here"),
        *conventions(recorded.run, library),
        *expected(recorded.run),
        'compare("value", value, expected["value"])',
        'for name, gradient in expected["gradients"].items():',
        "    compare(name, gradients[name], gradient)",
        'print(json.dumps({"value": value, "gradients": gradients}))',
    ]


def functions_of(recorded: Recorded, body: Iterable[str], *more: str) -> str:
    """The functions that a script calls: helpers where they are used, the program's own, and those of every script."""
    text = "\n".join([*recorded.own.definitions, *body])
    helpers = [*recorded.library.helpers_for(text), *recorded.own.definitions]
    return "\n\n\n".join([*helpers, *(part.rstrip() for part in (*more, PLAIN, COMPARE))])
