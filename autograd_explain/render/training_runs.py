"""Several trainings in one picture: the losses as curves, each with a mark of its own, and its legend.

Knows losses by label; must not know why trainings stand beside one another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from autograd_explain.render.numbers import show
from autograd_explain.render.theme import Line, View, heading, wrapped

_MARKS, _PLAIN_MARKS = "●○◆◇▲△", "*o+x#@"
_STYLES = ("accent", "note", "good", "bad")
_HEIGHT = 12
_WIDEST = 62
_SEVERAL_DECADES = 50.0
_FURTHEST = 1e3  # how far above the start of all trainings a curve is followed

MOST_RUNS = len(_MARKS)
"""How many trainings one picture can tell apart."""


def mark_of(place: int, view: View) -> str:
    """The mark of a training by its place among all."""
    return (_PLAIN_MARKS if view.ascii else _MARKS)[place]


def style_of_run(place: int) -> str:
    """The colour of a training by its place among all."""
    return _STYLES[place % len(_STYLES)]


def curves(losses: Mapping[str, Sequence[float]], view: View) -> Iterator[Line]:
    """The losses over the steps on one scale: powers of ten where they span several.

    A curve that runs off far above where all began is cut there, and the picture says so.
    """
    width = min(view.width - 16, _WIDEST)
    sampled = [_sampled(each, width, max(map(len, losses.values()))) for each in losses.values()]
    finite = [loss for each in sampled for loss in each if math.isfinite(loss)]
    if max(map(len, losses.values())) < 3 or len(set(finite)) < 2:
        return
    top = max(each[0] for each in losses.values() if math.isfinite(each[0]))
    ceiling = top * _FURTHEST if top > 0 else math.inf
    low, high = min(finite), min(max(finite), ceiling)
    steep = low > 0 and high / low > _SEVERAL_DECADES
    yield from heading("LOSS", "at each step, on a scale of powers of ten" if steep else "at each step", view)
    grid = _grid(sampled, (low, high), steep=steep)
    for row, cells in enumerate(grid):
        edge = show(high, view) if row == 0 else show(low, view) if row == _HEIGHT - 1 else ""
        line = Line("  ").add(f"{edge:>12}").add(" |")
        for place in cells:
            line.add(" " if place is None else mark_of(place, view), "" if place is None else style_of_run(place))
        yield line
    last = f"step {max(map(len, losses.values())):,}"
    yield Line(" " * 15).add("+" + "-" * width)
    yield Line(" " * 16).add("1").to(16 + width - len(last), 1).add(last)
    yield from _legend(losses, ceiling, view)


def _legend(losses: Mapping[str, Sequence[float]], ceiling: float, view: View) -> Iterator[Line]:
    for place, (label, each) in enumerate(losses.items()):
        beyond = next((i for i, loss in enumerate(each, 1) if not loss <= ceiling), None)
        more = "" if beyond is None else f": from step {beyond:,} on far above the picture, or not a finite number"
        line = Line(" " * 14).add(mark_of(place, view), style_of_run(place))
        for text in wrapped(label + more, view.width - 20):
            yield line.to(16, 1).add(text)
            line = Line()


def _sampled(losses: Sequence[float], width: int, most: int) -> list[float]:
    """The loss at each column of a picture that shows `most` steps."""
    return [_at(losses, column / max(width - 1, 1) * (most - 1)) for column in range(width)]


def _grid(sampled: Sequence[Sequence[float]], limits: tuple[float, float], *, steep: bool) -> list[list[int | None]]:
    """Which training's mark stands where; of two at one place the later one."""
    low, high = limits
    rows: list[list[int | None]] = [[None] * len(sampled[0]) for _ in range(_HEIGHT)]
    for place, each in enumerate(sampled):
        for column, loss in enumerate(each):
            if not low <= loss <= high:
                continue  # false for nan too
            share = math.log(loss / low) / math.log(high / low) if steep else (loss - low) / (high - low)
            rows[round((1 - share) * (_HEIGHT - 1))][column] = place
    return rows


def _at(losses: Sequence[float], step: float) -> float:
    """The loss at a step between two others, nan behind the last."""
    before = int(step)
    if before >= len(losses) - 1:
        return losses[-1] if step <= len(losses) - 1 else math.nan
    return losses[before] + (step - before) * (losses[before + 1] - losses[before])
