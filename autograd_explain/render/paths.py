"""The gradient as a sum over paths, in lines: the values on a path, the product of its slopes, and the sum."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from autograd_explain.explanation.model import PathRecord
from autograd_explain.explanation.paths import labels_of, multiplications
from autograd_explain.render.arithmetic import is_inline, rows, text_of
from autograd_explain.render.numbers import product_sum, show, terms
from autograd_explain.render.selection import left_out
from autograd_explain.render.theme import Line, View, heading, note_line, wrapped
from autograd_explain.source import cell_width

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

_SHOWN = 12  # paths of one input told one by one; --all tells every one
_LONGEST = 8  # slopes of a path written out
_MOST_TERMS = 6
_PRODUCT_COLUMN = 34
_ABOUT = "every way from an input to the result: multiply the slopes along a path, add up the paths"
_ABOUT_ARRAYS = (
    "every way from an input to the result: take the upstream back through the rules on one path alone, add up the "
    "paths"
)


def path_lines(run: Explanation, found: dict[str, list[PathRecord]], view: View) -> Iterator[Line]:
    """Each input's paths with their products, their sum, and what the sum costs beside the reverse sweep."""
    yield from heading("PATHS", _ABOUT_ARRAYS if _of_arrays(found) else _ABOUT, view)
    for name, own in found.items():
        yield Line()
        yield Line("    ").add(name, "head").add(f"   {len(own):,} path{'' if len(own) == 1 else 's'}", "dim")
        shown = own if view.all else own[:_SHOWN]
        for path in shown:
            yield from _path(run, path, view)
        if len(own) > len(shown):
            yield Line("      ").add(left_out(len(own) - len(shown), "path"), "dim")
        yield from _sum(run, name, own, view)
    yield from _cost(run, found, view)


def _of_arrays(found: dict[str, list[PathRecord]]) -> bool:
    """Whether arrays take part: then a path has no single slopes."""
    return any(not path.locals and len(path.nodes) > 1 for own in found.values() for path in own)


def _path(run: Explanation, path: PathRecord, view: View) -> Iterator[Line]:
    """`x → v1 → v2   0.5 × 1 = 0.5`; what does not fit goes on below."""
    labels, slopes = labels_of(run, path), path.locals
    if (not slopes and len(path.nodes) > 1) or type(run.sweep.seed) is not float:
        yield from _carried(labels, path.product, view)
        return
    seed = float(run.sweep.seed)
    factors = slopes if seed == 1.0 and slopes else (*slopes, seed)
    way = " → ".join(labels)
    if len(slopes) > _LONGEST and not view.all:
        way = " → ".join([*labels[:3], "…", *labels[-2:]])
        text, result = f"the product of {len(factors)} slopes", f"= {show(path.product, view)}"
    else:
        made = product_sum([factors], path.product, view)
        text, result = made.text, f"{made.relation} {made.result}"
    *before, last = wrapped(way, view.width - 6)
    yield from (Line("      ").add(part) for part in before)
    yield from _product(Line("      ").add(last), text, result, view)


def _carried(labels: list[str], product: Any, view: View) -> Iterator[Line]:
    """`X → v1 → v2   (2,3)` and what the path adds to the gradient: the upstream, taken through its rules alone."""
    way = " → ".join(labels)
    *before, last = wrapped(way, view.width - 6)
    yield from (Line("      ").add(part) for part in before)
    line = Line("      ").add(last)
    if not is_inline(product):
        yield line
        yield from rows(product, view)
        return
    text = f"= {text_of(product, view)}"
    if line.width + 2 + cell_width(text) > view.width:
        yield line
        line = Line()
    column = min(max(view.width - 25, 0), view.width - cell_width(text))
    yield line.to(column, 2 if line.width else 0).add(text, "accent")


def _product(line: Line, text: str, result: str, view: View) -> Iterator[Line]:
    start = max(line.width + 2, min(_PRODUCT_COLUMN, view.width // 2))
    if start + cell_width(text) + cell_width(result) + 1 > view.width:
        yield line
        line, start = Line(), 10
    line.to(start, 0)
    parts = list(wrapped(text, view.width - max(start, 12)))
    for part in parts[:-1]:
        yield line.add(part)
        line = Line(" " * 12)
    line.add(parts[-1])
    if line.width + 1 + cell_width(result) > view.width:
        yield line
        line = Line(" " * 12)
    yield line.to(min(view.width - 25, view.width - cell_width(result)), 1).add(result, "accent")


def _sum(run: Explanation, name: str, own: list[PathRecord], view: View) -> Iterator[Line]:
    total = run.gradients[name]
    if not own:
        yield Line("      ").add(f"no path leads from {name} to the result: ∂{name} = 0", "dim")
        return
    products = [path.product for path in own]
    if type(total) is not float:
        yield from _array_sum(name, len(own), total, view)
        return
    if 1 < len(products) <= _MOST_TERMS:
        made = terms(products, total, view)
        text, result = made.text, f"{made.relation} {made.result}"
    else:
        same = show(math.fsum(products) if math.isfinite(sum(products)) else sum(products), view) == show(total, view)
        text, result = "the sum" if len(own) > 1 else "the only path", f"{'=' if same else '≈'} {show(total, view)}"
    yield from _product(Line("      ").add(f"∂{name}", "head"), text, result, view)


def _array_sum(name: str, count: int, total: Any, view: View) -> Iterator[Line]:
    what = "the sum, entry by entry" if count > 1 else "the only path"
    line = Line("      ").add(f"∂{name}", "head").to(_PRODUCT_COLUMN, 2).add(what)
    if is_inline(total) and line.width + cell_width(text := f" = {text_of(total, view)}") <= view.width:
        yield line.add(text, "accent")
        return
    yield line
    yield from rows(total, view)


def _cost(run: Explanation, found: dict[str, list[PathRecord]], view: View) -> Iterator[Line]:
    along, edges = multiplications(run, found)
    yield Line()
    arrays = _of_arrays(found)
    what = "rules applied" if arrays else "multiplications"
    told = f"{what}: {along:,} along the paths, {edges:,} in the reverse sweep"
    yield from (Line("    ").add(text, "head") for text in wrapped(told, view.width - 4))
    if along > edges:
        why = (
            "Paths that meet share the rest of their way. The reverse sweep adds them up where they meet and "
            f"multiplies the shared rest once, so it needs one {'rule' if arrays else 'multiplication'} for each use "
            "of a value, however many paths there are."
        )
    else:
        why = "No two paths share a stretch here: there is nothing to factor. Where paths meet, the reverse sweep wins."
    yield from note_line(why, view) if view.notes else ()
