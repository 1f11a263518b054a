"""The loss of two numbers as a map in characters, with the paths that trainings walked over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from autograd_explain.explanation.trail import Trail, landscape
from autograd_explain.render.plots_text import cell_of, grid_for, map_lines
from autograd_explain.render.theme import Line, View, heading, wrapped
from autograd_explain.render.training_runs import mark_of
from autograd_explain.train.loop import Plan

_START = ("S", "S")


def training_map(plan: Plan, trails: Mapping[str, Trail], view: View) -> Iterator[Line]:
    """The map with each training's path, marked as its curve is; nothing where there is none to draw."""
    if not all(trail.points for trail in trails.values()):
        return
    plane = landscape(plan, list(trails.values()), grid_for(view))
    if plane is None:
        return
    names = " and ".join(over.label for over in plane.overs)
    yield from heading("MAP", f"of the loss over {names}, with the path walked", view)

    def mark(rows: list[list[str]]) -> None:
        for place, trail in enumerate(trails.values()):
            for at in trail.points:
                _put(rows, cell_of(plane, at), mark_of(place, view))
        _put(rows, cell_of(plane, plane.point.at), _START[view.ascii])

    yield from map_lines(plane, view, mark)
    ways = [f"{mark_of(place, view)} {label or 'after each step'}" for place, label in enumerate(trails)]
    for text in wrapped(f"{_START[view.ascii]} the start; {', '.join(ways)}", view.width - 4):
        yield Line("  ").add(text, "dim")


def _put(rows: list[list[str]], cell: tuple[int, int] | None, mark: str) -> None:
    if cell is not None:
        rows[cell[0]][cell[1]] = mark
