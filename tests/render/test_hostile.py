"""Text of the user in every format that is text: it is read as text, whatever it is made of.

The formats are those of the table, so that a new row is held by these tests as well.
"""

from __future__ import annotations

import html
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from autograd_explain import explain
from autograd_explain.render.formats import BY_NAME, FORMATS
from autograd_explain.render.latex_text import character, code
from autograd_explain.render.theme import View
from autograd_explain.source import visible

FRAGMENTS = [
    "</script>", "<script>alert(1)</script>", "]]>", "-->", "<!--", "<img src=x onerror=y>", "&amp;", "&#60;", '"', "'",
    "\\", r"\input{x}", r"\end{document}", "$x$", "$$", "%", "#", "_{", "}", "^", "~", "`", "```", "|", "[red]", "[/]",
    ":smile:", "@all", "*a*", "{{x}}", "é", "中", "\u00a0", ";", "end", "]", "//", "<br/>", "#quot;", "-", "--", "?`",
]  # fmt: skip
TITLES = st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=6).map(lambda parts: "t" + " ".join(parts) + "t")
HIDDEN = ["\x1b[31m", "\u202e", "\r", "\x07"]  # refused in a program, but not in the names of a Python function
NAMES = st.lists(st.sampled_from([*FRAGMENTS, *HIDDEN]), min_size=1, max_size=4).map("n".join)
TEXTS = [row.name for row in FORMATS if not row.binary]
FEW = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def program(title: str) -> str:
    return f"# title: {title}\n# {title}\ndef f(t): return t*abs(t)\nif x > 1:\n    y = f(x)*w\ny + x"


def written(run: Any, name: str) -> str:
    out = io.StringIO()
    BY_NAME[name].write(run, View(digits=4), out)
    return out.getvalue()


class Tags(HTMLParser):
    """The tags of a page, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: D102 - the parser's own
        self.tags.append(f"{tag} {sorted(key for key, _ in attrs)}")

    def handle_data(self, data: str) -> None:  # noqa: D102 - the parser's own
        self.text += data


def skeleton_of_markdown(text: str) -> list[str]:
    """The languages of the fences, and how many cells each row of a table has."""
    found: list[str] = []
    fence = ""
    for line in text.splitlines():
        marks = re.match(r"`{3,}", line)
        if fence:
            fence = "" if line == fence else fence
        elif marks:
            fence = marks[0]
            found.append(line.strip("`"))
        elif line.startswith("|"):
            found.append("|" * len(re.findall(r"(?<!\\)\|", line)))
    assert not fence
    return found


def skeleton_of_latex(text: str) -> list[str]:
    """The commands that are no accents or characters, braces being balanced in every line."""
    for line in text.partition(r"\begin{document}")[2].splitlines():
        plain = re.sub(r"\\[{}%]", "", line)
        assert plain.count("{") == plain.count("}"), line
        outside = re.sub(r"\\begin\{(pmatrix|aligned)\}.*?\\end\{\1\}", "", plain)
        assert re.search(r"(?<!\\)[%#&]", outside) is None, line
    return re.findall(r"\\(?:begin|end)\{document\}|\\(?:section|input|write|def|tablerow|note|codeline)\b", text)


SKELETONS: dict[str, Callable[[str], Any]] = {
    "json": lambda text: sorted(json.loads(text)),
    "html": lambda text: [tag.replace("mtext", "mi") for tag in Tags(text).tags],  # a name that is no word is words
    "svg": lambda text: [element.tag for element in ET.fromstring(text).iter()],  # noqa: S314 - our own
    "markdown": skeleton_of_markdown,
    "latex": skeleton_of_latex,
}
"""What a format is made of besides text; another format has at least so many lines."""


def skeleton(name: str, text: str) -> Any:
    assert re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e\u2028]", text) is None
    return SKELETONS.get(name, lambda text: text.count("\n"))(text)


READERS: dict[str, Callable[[str], str]] = {
    "json": lambda text: str(json.loads(text)["source"]),
    "html": lambda text: Tags(text).text,
    "markdown": lambda text: text,
    "latex": lambda text: text.replace(r"\allowbreak{}", ""),
}
"""What a reader of a format sees, for those that show the program's own heading."""


@pytest.mark.parametrize("name", TEXTS)
@FEW
@given(title=TITLES)
def test_a_hostile_title_and_comment_change_nothing_but_text(name: str, title: str) -> None:
    plain = written(explain(program("plain"), x=2.0, w=-1.5), name)
    hostile = written(explain(program(title), x=2.0, w=-1.5), name)
    assert skeleton(name, plain) == skeleton(name, hostile)


@pytest.mark.parametrize("name", sorted(READERS.keys() & set(TEXTS)))
@FEW
@given(title=TITLES)
def test_a_hostile_title_is_shown_as_it_is(name: str, title: str) -> None:
    seen = READERS[name](written(explain(program(title), x=2.0, w=-1.5), name))
    comment = title if name == "html" else f"# {title}"  # the page shows the title, and no comments
    expected = code(comment).replace(r"\allowbreak{}", "") if name == "latex" else comment
    assert "".join(visible(expected).split()) in "".join(seen.split())


@pytest.mark.parametrize("name", TEXTS)
@FEW
@example(given_name="\u202e")
@given(given_name=NAMES)
def test_hostile_names_of_a_python_function_change_nothing_but_text(name: str, given_name: str) -> None:
    def square(**values: Any) -> Any:
        (value,) = values.values()
        return value * abs(value)

    plain = written(explain(square, {"plain": 2.0}), name)
    hostile = written(explain(square, {f"n{given_name}n": 2.0}), name)
    if name in SKELETONS:
        assert skeleton(name, plain) == skeleton(name, hostile)
    else:
        assert re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", hostile) is None


def test_every_character_of_latex_is_a_character() -> None:
    for letter in map(chr, range(32, 127)):
        assert r"\input" not in character(letter)
    assert r"\textbackslash{}" == character("\\")
    assert r"\unset{4E2D}" == character("中")


def test_the_tests_can_fail() -> None:
    raw = f"<p>{FRAGMENTS[1]}</p>"
    assert Tags(raw).tags != Tags(f"<p>{html.escape(FRAGMENTS[1])}</p>").tags
    assert skeleton_of_markdown("```text\na\n```\n| a | b |") != skeleton_of_markdown("```text\na\n```\n| a |b| |")
    with pytest.raises(AssertionError):
        skeleton_of_latex("\\begin{document}\n100 % of it")
