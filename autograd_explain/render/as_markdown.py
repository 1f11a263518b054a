"""A run as Markdown that code hosts render: mathematics in fences, tables, and the graph as a Mermaid diagram.

User text stands in code fences and code spans, or with everything escaped that Markdown, HTML or a link could be made
of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from autograd_explain.core.formula import LARGEST_ARRAY_WRITTEN_OUT
from autograd_explain.core.notation import write_array
from autograd_explain.core.shapes import shape_of
from autograd_explain.errors import InputError
from autograd_explain.render import document
from autograd_explain.render.as_mermaid import mermaid_text
from autograd_explain.render.derivations import Derivation, value_math
from autograd_explain.render.graph import drawn_count
from autograd_explain.render.latex import BROWSER, Math, Names
from autograd_explain.render.numbers import style_of, summary
from autograd_explain.render.theme import View
from autograd_explain.source import visible

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_ACTIVE = re.compile(r"[\\`*_\[\]{}<>#|~$&]|(?<=\w):(?=//)|(?<=www)\.|^[-+=]|(?<=^\d)[.)]")
_LARGEST_GRAPH, _MOST_EDGES = 45_000, 450  # characters and arrows; code hosts draw no more


class _Writing(NamedTuple):
    """What a block's writer needs: the run and its view, and whether a notebook is to show it."""

    run: Explanation
    view: View
    notebook: bool = False


def write(run: Explanation, view: View, out: TextIO) -> None:
    """Write the document."""
    out.writelines(_lines(_Writing(run, view)))


def in_notebook(run: Explanation, view: View) -> str:
    """The document as a notebook shows it: mathematics between dollar signs."""
    return "".join(_lines(_Writing(run, view, notebook=True)))


def summary_formula(run: Explanation, view: View) -> str:
    """The result and its gradients as one formula between dollar signs."""
    names = Names(run.gradients, BROWSER)
    above = r"\partial\,\text{result}"
    slopes = {rf"\frac{{{above}}}{{\partial {names(name)}}}": g for name, g in run.gradients.items()}
    rows = []
    for left, value in {r"\text{result}": run.value, **slopes}.items():
        said, math = value_math(value, view, style_of(view))
        words = rf"\text{{{BROWSER.text(said)}}}\quad " if said else ""
        rows.append(f"{left} &= {words}{math.drawn if math else ''}")
    inside = r" \\ ".join(rows)
    return rf"$\displaystyle \begin{{aligned}} {inside} \end{{aligned}}$"


def _lines(writing: _Writing) -> Iterator[str]:
    first = True
    for block in document.blocks(writing.run, writing.view, BROWSER):
        text = _WRITERS[type(block)](block, writing)
        if text:
            yield text + "\n" if first else "\n" + text + "\n"
            first = False


def escaped(text: str) -> str:
    """Running text in which nothing is read as markup, a link, a mention or an emoji."""
    words = " ".join(visible(text, keep="\n").split())
    shielded = _ACTIVE.sub(lambda match: "\\" + match[0], words)
    shielded = re.sub(r"@(?=\w)", "&#64;", shielded)
    return re.sub(r":(?=[\w+-]+:)", "&#58;", shielded)


def code(text: str) -> str:
    """A code span, fenced by more backticks than the text has in a row; a bar in it does not end a table's cell."""
    shown = visible(text).replace("|", "\\|")
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    gap = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{gap}{shown}{gap}{fence}" if shown.strip() else ""


def fenced(text: str, language: str) -> str:
    """A code block, fenced by more backticks than the text has in a row."""
    fence = "`" * max(3, max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _title(block: document.Title, writing: _Writing) -> str:
    return f"# {escaped(block.text)}"


def _heading(block: document.Heading, writing: _Writing) -> str:
    return f"## {escaped(block.text)}"


def _prose(block: document.Prose, writing: _Writing) -> str:
    return ("> " if block.note else "") + escaped(block.text)


def _code(block: document.Code, writing: _Writing) -> str:
    return fenced("\n".join(visible(line.expandtabs(4)) for line in block.text.splitlines()), "text")


def _graph(block: document.Graph, writing: _Writing) -> str:
    if writing.run.mode == "forward":
        return ""
    try:
        large = drawn_count(writing.run, writing.view) > _MOST_EDGES + 1
        text = "" if large else mermaid_text(writing.run, writing.view)
    except InputError:
        if writing.view.fold or writing.view.labels:
            raise
        return escaped("The graph is too large to be drawn.")
    if large or len(text) > _LARGEST_GRAPH or text.count("-->") > _MOST_EDGES:
        return escaped("The graph is too large to be drawn here; --fold draws calls and loops as one box.")
    return fenced(text.rstrip("\n"), "mermaid")


def _table(block: document.Table, writing: _Writing) -> str:
    lines = [_row(map(escaped, block.titles)), _row("---" for _ in block.titles)]
    for row in block.rows:
        if len(row) == 1:
            lines.append(_row([f"*{escaped(row[0])}*", *("" for _ in block.titles[1:])]))
        else:
            lines.append(_row(_cell(entry, writing.view) for entry in row))
    return "\n".join(lines)


def _row(cells: Any) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(entry: Any, view: View) -> str:
    if isinstance(entry, str):
        return escaped(entry)
    return code(entry.plain) if isinstance(entry, Math) else code(value_text(entry, view))


def value_text(value: Any, view: View) -> str:
    """A value in one line: a large array by its shape and range."""
    if shape_of(value) and (value.ndim > 2 or value.size > LARGEST_ARRAY_WRITTEN_OUT):
        return summary(value, view)
    return write_array(value, style_of(view))


def _derivation(block: Derivation, writing: _Writing) -> str:
    head = ""
    if block.head:
        head = f"**{code(f'{block.head[0].plain} = {block.head[1].plain}')}**\n\n"
    rows = []
    for row in block.rows:
        sign = r"\phantom{=}\;" if row.relation == r"\colon" else row.relation
        right = rf"\text{{{BROWSER.text(row.right)}}}" if isinstance(row.right, str) else row.right.drawn
        rows.append(f"{row.left.drawn} &{sign} {right}".strip())
    inside = "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"
    return head + (f"$$\n{inside}\n$$" if writing.notebook else fenced(inside, "math"))


_WRITERS: dict[type, Callable[[Any, _Writing], str]] = {
    document.Title: _title,
    document.Heading: _heading,
    document.Prose: _prose,
    document.Code: _code,
    document.Graph: _graph,
    document.Table: _table,
    Derivation: _derivation,
}
