"""Write docs/picture.svg: the program's own output as a picture. Run it as `python -m docs.make_picture`.

The text is made in this process from the lines and styles that a terminal gets; nothing is fetched, and the same
program gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from xml.sax.saxutils import escape

from autograd_explain import explain
from autograd_explain.render.terminal import lines
from autograd_explain.render.theme import Line, View
from autograd_explain.source import cell_width

PICTURE = Path(__file__).parent / "picture.svg"
COMMAND = '$ autograd-explain run "(1 - sigmoid(w*x + b))**2" --x 2 --w 3 --b 1 --check'
CELL, ROW, SIZE, MARGIN = 8.4, 19, 14, 20
COLUMNS = 80
PLAIN = "#d6deeb"
COLOURS = {
    "dim": "#8796b0", "head": "#ffffff", "accent": "#7fdbca", "note": "#ecc48d", "good": "#8fd18b", "bad": "#ff6b6b",
}  # fmt: skip
BOLD = ' font-weight="bold"'


def shown() -> Iterator[Line]:
    """The command, and what it prints up to the closed forms of SymPy, whose spelling is that library's own."""
    run = explain("(1 - sigmoid(w*x + b))**2", {"x": 2, "w": 3, "b": 1}, check=["symbolic"])
    printed = lines(run, View(width=COLUMNS, color=True))
    yield Line("  ").add(COMMAND, "head")
    yield from takewhile(lambda line: not line.pieces[-1][0].startswith("∂w = -"), printed)


def texts(line: Line, row: int) -> Iterator[str]:
    """The pieces of a line as SVG, each pinned to its columns, whatever font the reader has."""
    column = 0
    for text, style in line.pieces:
        words = text.strip()
        if words:
            left = MARGIN + CELL * (column + len(text) - len(text.lstrip()))
            weight = BOLD if style in ("head", "accent") else ""
            yield (
                f'<text x="{left:.1f}" y="{MARGIN + ROW * (row + 1):.1f}" textLength="{CELL * cell_width(words):.1f}"'
                f' fill="{COLOURS.get(style, PLAIN)}"{weight}>{escape(words)}</text>'
            )
        column += cell_width(text)


def picture(rows: Iterable[Line]) -> str:
    """The whole picture: a dark card with the rows of text on it."""
    drawn = list(rows)
    width, height = round(2 * MARGIN + CELL * COLUMNS), 2 * MARGIN + ROW * (len(drawn) + 1)
    body = "\n".join(text for row, line in enumerate(drawn) for text in texts(line, row))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' role="img" aria-label="The output of autograd-explain for one neuron with its loss">\n'
        f'<rect width="{width}" height="{height}" rx="10" fill="#011627"/>\n'
        f'<g font-family="Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="{SIZE}" xml:space="preserve">\n'
        f"{body}\n</g>\n</svg>\n"
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(shown()), encoding="utf-8")
