"""A program over a range as a picture file, drawn by matplotlib, which is loaded here alone and only when needed.

The same input gives the same bytes: no date, no random ids, no address in the file.
"""

from __future__ import annotations

import io
import logging
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_explain.errors import InputError
from autograd_explain.explanation.curves import Curve, Plane
from autograd_explain.render.numbers import show
from autograd_explain.render.plots_text import limits_of, show_short
from autograd_explain.render.theme import View
from autograd_explain.source import visible

_BLUE, _ORANGE, _GREY = "#1b6ca8", "#b8540a", "#6b7280"
_SETTINGS = {
    "svg.hashsalt": "autograd-explain", "svg.fonttype": "none", "text.usetex": False, "text.parse_math": False,
    "font.family": "DejaVu Sans", "axes.unicode_minus": True, "figure.dpi": 120,
}  # fmt: skip
_BANDS = 12
_ARROWS = 14  # arrows of the gradient along each side of a map


def _library() -> Any:
    """Matplotlib without a window. Raises InputError where it is missing."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # without a home it speaks of folders for its own files
    try:
        import matplotlib as mpl
    except ImportError:
        hint = 'pip install "autograd-explain[plot]"   or -o FILE.txt, and without -o the terminal'
        raise InputError("pictures of plots need matplotlib, which is not installed", hint=hint) from None
    mpl.use("agg")
    return mpl


def require_library() -> None:
    """Raise InputError, with what to install, where matplotlib is missing."""
    _library()


def picture(drawn: Curve | Plane, title: str, view: View, kind: str) -> bytes:
    """The file of a curve or a map; `kind` is svg or png."""

    def draw(figure: Any) -> None:
        if isinstance(drawn, Curve):
            _draw_curve(figure, drawn, view)
        else:
            _draw_plane(figure, drawn, view)

    return figure_file(draw, title, kind)


def figure_file(draw: Callable[[Any], None], title: str, kind: str, height: float = 6.4) -> bytes:
    """The file of a figure that `draw` fills; `kind` is svg or png, `height` in inches."""
    mpl = _library()
    from matplotlib.figure import Figure

    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(7.0, height), layout="constrained")
        figure.suptitle(_short(title), fontsize=11, family="monospace")
        draw(figure)
        held = io.BytesIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type")) if kind == "svg" else {"Software": None}
        figure.savefig(held, format=kind, metadata=nothing)
    return _without_addresses(held.getvalue()) if kind == "svg" else held.getvalue()


def _short(title: str) -> str:
    line = visible(title.strip().splitlines()[-1] if title.strip() else "")
    return line if len(line) <= 70 else line[:69] + "…"


def _without_addresses(data: bytes) -> bytes:
    """The picture without the type declaration and the description that name addresses; namespaces stay."""
    text = data.decode("utf-8")
    text = re.sub(r"<!DOCTYPE[^>]*>\s*", "", text, count=1)
    return re.sub(r"<metadata>.*?</metadata>\s*", "", text, count=1, flags=re.DOTALL).encode("utf-8")


def _broken(values: list[float]) -> Any:
    """The values with gaps where they are not finite."""
    return np.array([value if math.isfinite(value) else math.nan for value in values])


def _parted(x: Any, heights: Any, places: list[float]) -> Any:
    """The heights with a gap at each jump: a line drawn through one would be a slope that is not there."""
    near = np.any([np.abs(x - place) <= 0.5 * (x[1] - x[0]) for place in places], axis=0)
    return np.where(near, math.nan, heights)


def _draw_curve(figure: Any, curve: Curve, view: View) -> None:
    above, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3, 2)})
    x = np.array([sample.at[0] for sample in curve.samples])
    value, slope = (_broken([getattr(s, name) for s in curve.samples]) for name in ("value", "slope"))
    label, point = curve.over.label, curve.point
    jumps = [corner.x for corner in curve.corners if corner.parts]
    value, slope = _parted(x, value, jumps), _parted(x, slope, [corner.x for corner in curve.corners])
    for axes, heights, name in ((above, value, "value"), (below, slope, "derivative")):
        axes.plot(x, heights, color=_BLUE, linewidth=1.8, label=name)
        axes.axhline(0.0, color=_GREY, linewidth=0.6)
        low, high = limits_of(heights.tolist())
        axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
        axes.set_ylabel(name if name == "value" else f"derivative by {label}")
        axes.grid(visible=True, color="#d5dae1", linewidth=0.5)
    below.set_xlabel(label)
    below.set_xlim(curve.over.low, curve.over.high)
    for number, corner in enumerate(curve.corners):
        name = "corner or jump" if number == 0 else "_nolegend_"
        above.axvline(corner.x, color=_GREY, linewidth=1.0, linestyle=":", label=name)
        below.axvline(corner.x, color=_GREY, linewidth=1.0, linestyle=":")
    if curve.over.within(point.at[0]) and math.isfinite(point.value):
        if math.isfinite(point.slope):
            tangent = point.value + point.slope * (x - point.at[0])
            above.plot(x, tangent, color=_ORANGE, linewidth=1.2, linestyle="--",
                       label=f"tangent, slope {show(point.slope, view)}")  # fmt: skip
        for axes, height in ((above, point.value), (below, point.slope)):
            axes.plot([point.at[0]], [height], "o", color=_ORANGE, zorder=5)
    above.legend(fontsize=8)


def draw_contours(figure: Any, axes: Any, plane: Plane) -> tuple[Any, Any]:
    """Draw the bands of a map with their key; returns the places along both axes."""
    from matplotlib.colors import BoundaryNorm

    x = np.array([sample.at[0] for sample in plane.rows[0]])
    y = np.array([row[0].at[1] for row in plane.rows])
    heights = np.ma.masked_invalid([_broken([sample.value for sample in row]) for row in plane.rows])
    if heights.count() and float(heights.max()) > float(heights.min()):
        # Each band covers as many places as the others, so that a flat valley beside steep walls has contours too.
        bands = np.unique(np.quantile(heights.compressed(), np.linspace(0.0, 1.0, _BANDS + 1)))
        norm = BoundaryNorm(bands, 256)
        filled = axes.contourf(x, y, heights, levels=bands, cmap="cividis", norm=norm)
        figure.colorbar(filled, ax=axes, label="value", format=lambda value, _: show_short(float(value)))
        axes.contour(x, y, heights, levels=bands, colors="white", linewidths=0.4, negative_linestyles="solid")
    return x, y


def _draw_plane(figure: Any, plane: Plane, view: View) -> None:
    axes = figure.subplots()
    across, up = plane.overs
    x, y = draw_contours(figure, axes, plane)
    _arrows(axes, plane, x, y)
    if across.within(plane.point.at[0]) and up.within(plane.point.at[1]):
        said = ", ".join(f"∂{o.label} = {show(s, view)}" for o, s in zip(plane.overs, plane.point.slopes, strict=True))
        axes.plot(*plane.point.at, "o", color=_ORANGE, markeredgecolor="white", zorder=5, label=said)
        _arrow(axes, plane)
        axes.legend(fontsize=8)
    axes.set(xlabel=across.label, ylabel=up.label, xlim=(across.low, across.high), ylim=(up.low, up.high))


def _arrows(axes: Any, plane: Plane, x: Any, y: Any) -> None:
    """Where the gradient points, on a coarse grid; all arrows are of one length."""
    places = [np.linspace(0, len(v) - 1, min(_ARROWS, len(v)) + 2).round().astype(int)[1:-1] for v in (x, y)]
    slopes = np.array([[plane.rows[j][i].slopes for i in places[0]] for j in places[1]])
    spans = np.array([over.high - over.low for over in plane.overs])
    on_page = slopes / spans  # the way of steepest ascent as the page shows it: by each axis' own scale
    length = np.linalg.norm(on_page, axis=-1, keepdims=True)
    with np.errstate(all="ignore"):
        unit = np.where(np.isfinite(on_page).all(axis=-1, keepdims=True) & (length > 0), on_page / length, 0.0)
    axes.quiver(x[places[0]], y[places[1]], unit[..., 0], unit[..., 1], color="white", alpha=0.7, pivot="mid",
                width=0.0025, scale=2.2 * _ARROWS)  # fmt: skip


def _arrow(axes: Any, plane: Plane) -> None:
    """The gradient at the point."""
    slopes = np.array(plane.point.slopes) / np.array([over.high - over.low for over in plane.overs])
    size = float(np.linalg.norm(slopes))
    if size > 0 and math.isfinite(size):
        axes.quiver(*plane.point.at, *(slopes / size), color=_ORANGE, scale=8, width=0.008, zorder=4)
