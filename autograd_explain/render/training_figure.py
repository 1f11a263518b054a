"""Trainings as a picture file: the losses as curves, and for two numbers the map of the loss with the paths walked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograd_explain.explanation.curves import Plane
from autograd_explain.explanation.trail import MOST_VALUES, Trail, landscape
from autograd_explain.lang.program import Program
from autograd_explain.render.plots_figure import draw_contours, figure_file
from autograd_explain.render.plots_text import show_short
from autograd_explain.render.theme import View
from autograd_explain.train.loop import Plan

_COLOURS = ("#1b6ca8", "#b8540a", "#2e7d32", "#8e24aa", "#6b4f1d", "#00838f")
_ON_MAP = ("#ff8c42", "#e6399b", "#ffffff", "#57d3ff", "#ffe14d", "#7cff6b")
_GRID = (61, 61)
_MOST = 10 * MOST_VALUES  # a file may take longer than a terminal
_DECADES = 50.0


def picture_of(
    plan: Plan, losses: Mapping[str, Sequence[float]], trails: Mapping[str, Trail], program: Program, view: View,
    kind: str,
) -> bytes:  # fmt: skip
    """The file; `kind` is svg or png, `losses` and `trails` are by the trainings' names."""
    plane = landscape(plan, list(trails.values()), _GRID, _MOST) if all(t.points for t in trails.values()) else None

    def draw(figure: Any) -> None:
        if plane is None:
            _draw_losses(figure.subplots(), losses)
            return
        above, below = figure.subplots(2, 1, gridspec_kw={"height_ratios": (2, 3)})
        _draw_losses(above, losses)
        _draw_map(figure, below, plane, trails)

    return figure_file(draw, program.title or program.text, kind, height=4.2 if plane is None else 8.4)


def _draw_losses(axes: Any, losses: Mapping[str, Sequence[float]]) -> None:
    finite = [loss for each in losses.values() for loss in each if math.isfinite(loss)]
    for (label, each), colour in zip(losses.items(), _COLOURS, strict=False):
        heights = np.array([loss if math.isfinite(loss) else math.nan for loss in each])
        axes.plot(np.arange(1, len(each) + 1), heights, color=colour, linewidth=1.8, label=label)
    if finite and min(finite) > 0 and max(finite) > _DECADES * min(finite):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: show_short(float(value)))
        axes.yaxis.set_minor_formatter(lambda value, _: "")
    axes.set(xlabel="step", ylabel="loss")
    axes.grid(visible=True, color="#d5dae1", linewidth=0.5)
    axes.legend(fontsize=8)


def _draw_map(figure: Any, axes: Any, plane: Plane, trails: Mapping[str, Trail]) -> None:
    draw_contours(figure, axes, plane)
    for place, ((label, trail), colour) in enumerate(zip(trails.items(), _ON_MAP, strict=False)):
        wide = 1.2 + 1.8 * (len(trails) - 1 - place)  # an earlier path still shows where a later one covers it
        places = np.array([at for at in trail.points if all(map(math.isfinite, at))])
        axes.plot(places[:, 0], places[:, 1], "-o", color=colour, markersize=1.3 + wide, linewidth=wide, label=label)
    axes.plot(*plane.point.at, "s", color="white", markeredgecolor="black", markersize=6, label="the start")
    axes.legend(fontsize=8, facecolor="#4a4f57", labelcolor="white", framealpha=0.9)
    across, up = plane.overs
    axes.set(xlabel=across.label, ylabel=up.label, xlim=(across.low, across.high), ylim=(up.low, up.high))
