r"""An article in LaTeX that pdflatex sets without a warning, with the packages of every installation.

No line can be too wide: a formula that is wider than its place is set smaller, and one that is much wider is written
flat, in a paragraph that breaks. Tables are rows of boxes, so that they break over pages without a second run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TextIO

from autograd_explain.render import document
from autograd_explain.render.derivations import Derivation, Row
from autograd_explain.render.latex import TEX, Math
from autograd_explain.render.latex_text import code, escaped
from autograd_explain.render.numbers import style_of
from autograd_explain.render.theme import View
from autograd_explain.source import cell_width

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

WIDEST = 72  # a formula of more characters is written flat
_PREAMBLE = r"""\documentclass[a4paper]{article}
\usepackage{amsmath}
\usepackage{graphicx}
\setlength{\textwidth}{16cm}\setlength{\oddsidemargin}{-0.04cm}\setlength{\evensidemargin}{-0.04cm}
\setlength{\textheight}{23cm}\setlength{\topmargin}{-1cm}
\setlength{\parindent}{0pt}\setlength{\parskip}{4pt plus 2pt}\setlength{\fboxsep}{4pt}
\raggedbottom\frenchspacing\setcounter{secnumdepth}{0}
\newsavebox{\held}
% A formula, set smaller where it is wider than its place.
\newcommand{\fitted}[1]{\sbox{\held}{$\displaystyle #1$}%
  \ifdim\wd\held>\linewidth\resizebox{\linewidth}{!}{\usebox{\held}}\else\usebox{\held}\fi}
% A formula over several lines.
\newcommand{\flowing}[1]{{\raggedright\binoppenalty=0 \relpenalty=0 \hangindent=2em $#1$\par}}
\newcommand{\cell}[2]{\parbox[t]{#1\linewidth}{\raggedright\strut #2\strut}}
\newcommand{\tablerow}[1]{\par\smallskip\noindent #1\par}
\newcommand{\tablerule}{\par\nobreak\smallskip\hrule\nobreak}
\newcommand{\note}[1]{\par\smallskip\noindent\hspace*{1em}\vrule width 1.5pt\hspace{0.6em}%
  \parbox{0.92\linewidth}{\raggedright\small\itshape #1}\par\smallskip}
\newcommand{\codeline}[1]{{\raggedright\hangindent=2em\ttfamily\small\mbox{}#1\par}}
% A character that the fonts of pdflatex lack, by its number.
\newcommand{\unset}[1]{\textnormal{\ttfamily\footnotesize U+#1}\allowbreak}
\raggedright
\begin{document}
"""


def write(run: Explanation, view: View, out: TextIO) -> None:
    """Write the article."""
    out.write(_PREAMBLE)
    for block in document.blocks(run, view, TEX):
        out.writelines(line + "\n" for line in _WRITERS[type(block)](block, view))
    out.write("\\end{document}\n")


def _title(block: document.Title, view: View) -> Iterator[str]:
    yield rf"{{\LARGE\bfseries {escaped(block.text)}\par}}\medskip"


def _heading(block: document.Heading, view: View) -> Iterator[str]:
    yield rf"\section{{{escaped(block.text)}}}"


def _prose(block: document.Prose, view: View) -> Iterator[str]:
    text = escaped(block.text)
    yield rf"\note{{{text}}}" if block.note else rf"{text}\par"


def _code(block: document.Code, view: View) -> Iterator[str]:
    for line in block.text.splitlines():
        yield rf"\codeline{{{code(line)}}}" if line.strip() else r"\medskip"
    yield r"\medskip"


def _graph(block: document.Graph, view: View) -> Iterator[str]:
    """The derivation tells the graph; a picture is a format of its own."""
    yield from ()


def _table(block: document.Table, view: View) -> Iterator[str]:
    yield r"\begin{samepage}"
    yield _row([rf"\textbf{{{escaped(title)}}}" for title in block.titles], block.shares)
    yield r"\tablerule"
    yield r"\end{samepage}"
    for row in block.rows:
        if len(row) == 1:
            yield rf"\tablerow{{\cell{{0.97}}{{\itshape {escaped(row[0])}}}}}"
        else:
            yield _row([_cell(entry, view) for entry in row], block.shares)
    yield r"\tablerule\medskip"


def _row(cells: list[str], shares: tuple[float, ...]) -> str:
    boxes = (rf"\cell{{{share:g}}}{{{text}}}" for share, text in zip(shares, cells, strict=True))
    return r"\tablerow{" + r"\hfill".join(boxes) + "}"


def _cell(entry: Any, view: View) -> str:
    if isinstance(entry, str):
        return escaped(entry)
    if isinstance(entry, Math):
        return _set(entry, WIDEST // 3)
    said, math = document.value_math(entry, view, style_of(view))
    return " ".join(part for part in (escaped(said), _set(math, WIDEST // 3) if math else "") if part)


def _set(math: Math, room: int) -> str:
    """A formula in its place: as it is drawn, or flat where it is long."""
    if math.flat and cell_width(math.plain) > room:
        return rf"\flowing{{{math.flat}}}"
    return rf"\fitted{{{math.drawn}}}"


def _derivation(block: Derivation, view: View) -> Iterator[str]:
    yield r"\par\medskip\pagebreak[2]"
    if block.head:
        label, formula = block.head
        head = Math(*(f"{a} = {b}" for a, b in zip(label, formula, strict=True)))
        yield rf"\nobreak{_set(head, WIDEST)}\par\nobreak"
    if any(_is_long(row.right) for row in block.rows):
        for row in block.rows:
            yield rf"\flowing{{\quad {row.left.flat} {row.relation} {_flat(row.right)}}}"
        return
    rows = [rf"{row.left.drawn} &{_sign(row)} {_drawn(row.right)}" for row in block.rows]
    for group in _groups(rows):
        inside = r" \\[2pt]".join(group)
        yield rf"\hspace*{{2em}}\parbox{{0.92\linewidth}}{{\fitted{{\begin{{aligned}}{inside}\end{{aligned}}}}}}\par"


_MOST_ROWS = 9  # rows of one box, which no page break can enter


def _groups(rows: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(rows), _MOST_ROWS):
        yield rows[start : start + _MOST_ROWS]


def _sign(row: Row) -> str:
    return r"\phantom{=}\;" if row.relation == r"\colon" else row.relation


def _is_long(side: Math | str) -> bool:
    return isinstance(side, Math) and bool(side.flat) and cell_width(side.plain) > WIDEST


def _drawn(side: Math | str) -> str:
    return rf"\text{{{escaped(side)}}}" if isinstance(side, str) else side.drawn


def _flat(side: Math | str) -> str:
    if isinstance(side, str):
        return rf"$ {escaped(side)} ${{}}"
    return side.flat or rf"$\fitted{{{side.drawn}}}${{}}"


_WRITERS: dict[type, Callable[[Any, View], Iterator[str]]] = {
    document.Title: _title,
    document.Heading: _heading,
    document.Prose: _prose,
    document.Code: _code,
    document.Graph: _graph,
    document.Table: _table,
    Derivation: _derivation,
}
