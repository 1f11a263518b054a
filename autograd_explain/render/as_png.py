"""The graph as a PNG picture: the light SVG, drawn by resvg where the extra `png` is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from autograd_explain.errors import InputError
from autograd_explain.render.as_svg import svg_text

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation
    from autograd_explain.render.theme import View

_SHARP = 2.0
_MOST_PIXELS = 60_000_000.0


def write(run: Explanation, view: View, out: BinaryIO) -> None:
    """Write the picture, at twice the size of the SVG where that is not too large.

    Raises InputError where the library that draws is not installed.
    """
    try:
        import resvg_py
    except ImportError:
        raise InputError(
            "a PNG needs the library resvg-py", hint="pip install 'autograd-explain[png]'   or -o graph.svg"
        ) from None
    text = svg_text(run, view, embedded=False, dark=False)
    width, height = _size(text)
    zoom = min(_SHARP, (_MOST_PIXELS / (width * height)) ** 0.5)
    out.write(bytes(resvg_py.svg_to_bytes(svg_string=text, width=max(int(width * zoom), 1), font_family=_FONT)))


_FONT = "DejaVu Sans Mono"


def _size(text: str) -> tuple[float, float]:
    """The picture's width and height, as its first line says."""
    head = text[: text.index(">")]
    return _number(head, ' width="'), _number(head, ' height="')


def _number(head: str, name: str) -> float:
    start = head.index(name) + len(name)
    return float(head[start : head.index('"', start)])
