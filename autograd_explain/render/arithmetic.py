"""The arithmetic of steps as lines: a forward operation, and a backward block with its ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_explain.core.formula import Formula, filled, formula_of, written
from autograd_explain.core.notation import UNICODE_SYMBOLS, Infix, style_for, write_key
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.shapes import shape_of, show_shape, stretched_axes, sum_to
from autograd_explain.core.var import Var
from autograd_explain.explanation.model import ForwardStepRecord, NodeRecord, PartRecord, StepRecord
from autograd_explain.render.numbers import (
    MOST_DIGITS,
    array_lines,
    as_printed,
    equation,
    is_true,
    show,
    style_of,
    terms,
)
from autograd_explain.render.selection import MOST_TERMS, Ledger
from autograd_explain.render.theme import Line, View, spelled, wrapped
from autograd_explain.source import cell_width

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation

FORMULA_COLUMN = 23
TARGET_COLUMN = 23
LARGEST_INLINE = 4
_MARGIN = 6  # what a line of a running total needs besides: room for the mark of a finished gradient


def labelled(label: str, value: Any, view: View) -> str:
    """`x = 2`, or for an array `X (2,3)`, with its entries where they are few."""
    if type(value) is float:
        return f"{label} = {show(value, view)}"
    if value.ndim == 1 and 0 < value.size <= LARGEST_INLINE:
        return f"{label} = {inline(value, view)}"
    return f"{label} {show_shape(value.shape)}"


def inline(array: Any, view: View) -> str:
    """A short vector in one line."""
    return "[" + ", ".join(show(float(entry), view) for entry in array) + "]"


def is_inline(value: Any) -> bool:
    """Whether a value is written within a line: a number, or a short vector."""
    return type(value) is float or (value.ndim == 1 and 0 < value.size <= LARGEST_INLINE)


def text_of(value: Any, view: View) -> str:
    """A number or short vector as text."""
    return show(value, view) if type(value) is float else inline(value, view)


def forward_lines(run: Explanation, record: NodeRecord, view: View, *, is_result: bool) -> Iterator[Line]:
    """An operation of the forward pass: symbols, numbers, value."""
    style = style_of(view)
    line = Line("    ").add(record.label).add(f" = {written(record.formula, style).text}")
    mark = "result" if is_result else ""
    if type(record.value) is float and all(type(arg.value) is float for arg in record.formula.args):
        made = equation(filled(record.formula), record.value, view)
        if run.tape.nodes[record.id].op.family == "comparison":
            mark = "true" if record.value else "false"
        yield from _in_columns(line, made.text, f"{made.relation} {made.result}", mark, view)
        return
    shapes = spelled(shapes_of(record.formula), view)
    if is_inline(record.value):
        yield from _in_columns(line, shapes, f"= {text_of(record.value, view)}", mark, view)
        return
    yield from _in_columns(line, shapes, "", mark, view)
    yield from rows(record.value, view)


def rows(array: Any, view: View) -> Iterator[Line]:
    """The rows of an array, indented under their line."""
    for text in array_lines(array, view, view.width - 12):
        yield Line("          ").add(text)


def shapes_of(formula: Formula) -> str:
    """The shapes that meet in an operation, and the one that comes out: `(2,3) @ (3,4) → (2,4)`."""
    shapes = [show_shape(arg.shape) for arg in formula.args if arg.shape] or ["()"]
    layout = formula.op.layout if formula.op else None
    gap = f" {UNICODE_SYMBOLS.get(layout.symbol, layout.symbol)} " if isinstance(layout, Infix) else ", "
    return f"{gap.join(shapes)} → {show_shape(formula.shape)}"


def _in_columns(line: Line, middle: str, right: str, mark: str, view: View) -> Iterator[Line]:
    """Left, middle and right parts of a line; what does not fit goes on to a line of its own."""
    value_column = max(view.width - 25, FORMULA_COLUMN + 17)
    room = value_column - FORMULA_COLUMN - 2
    if line.width > FORMULA_COLUMN - 1 or cell_width(middle) > room:
        if line.width + cell_width(middle) + 4 > value_column:
            yield line
            line = Line(" " * FORMULA_COLUMN)
            if cell_width(middle) + FORMULA_COLUMN > value_column:
                line = Line("      ")
        else:
            line.to(FORMULA_COLUMN)
    else:
        line.to(FORMULA_COLUMN)
    line.add(middle, "dim")
    if right:
        needed = cell_width(right) + (len(mark) + 2 if mark else 0)
        if line.width + 1 + needed > view.width:
            yield line
            line = Line()
        line.to(max(min(value_column, view.width - needed), 0), 1).add(right, "accent")
    yield line.to(0).add(mark, "head") if mark else line


def backward_block(run: Explanation, record: StepRecord, view: View, ledger: Ledger) -> Iterator[Line]:
    """A step back: the rule for each argument, then upstream × local = contribution, and the running total."""
    node = run.tape.nodes[record.node]
    style = style_of(view)
    head = Line("    ").add(f"{run.words.label(node)} = {written(run.words.formula(node), style).text}", "head")
    sides = sides_of(run, node, record)
    if node.op.elementwise:
        rules = [rule_text(run, node, part, sides[i], view) for i, part in enumerate(record.parts)]
        yield from rule_lines(head, rules, view)
        for part in record.parts:
            if part.rule.op is not None and not is_inline(part.local):
                yield Line("      ").add(f"∂{run.words.label(node)}/∂{part.target_label} here", "dim")
                yield from rows(part.local, view)
    else:
        yield head.to(FORMULA_COLUMN).add(shapes_of(run.words.formula(node)), "dim")
    here: list[PartRecord] = []
    for i, part in enumerate(record.parts):
        now = [other.contribution for other in here if other.target == part.target]
        count = ledger.counts.get(part.target, 0) + len(now)
        earlier = Earlier(count, [*ledger.firsts.get(part.target, []), *now])
        yield from _share(run, node, record, part, sides[i], earlier, view)
        here.append(part)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The contributions that reached a value before: how many, and the terms while they are few."""

    count: int
    terms: list[Any]


def sides_of(run: Explanation, node: Var, record: StepRecord | ForwardStepRecord) -> list[str]:
    """`(left)` and `(right)` where one value stands on both sides, so that its two uses can be told apart."""
    targets = [part.target for part in record.parts]
    words = ["(left)", "(right)"] if len(node.inputs) == 2 else [f"(use {i + 1})" for i in range(len(node.inputs))]
    return [words[part.argument] if targets.count(part.target) > 1 else "" for part in record.parts]


def rule_text(run: Explanation, node: Var, part: PartRecord, side: str, view: View) -> str:
    """`∂out/∂x = rule = rule with numbers = value`, without saying anything twice."""
    style = style_of(view)
    of = f"∂{run.words.label(node)}/∂{part.target_label}{' ' + side if side else ''}"
    symbols = written(part.rule, style).text
    if type(part.local) is not float:
        value = f" = {text_of(part.local, view)}" if is_inline(part.local) else ""
        return f"{of} = {symbols}{value}" if symbols != value[3:] else f"{of}{value}"
    made = equation(filled(part.rule), part.local, view)
    texts = [symbols, made.text]
    links = [text for text in dict.fromkeys(texts) if text != made.result]
    chain = " = ".join([of, *links])
    return f"{chain} {made.relation if links else '='} {made.result}"


def rule_lines(head: Line, rules: list[str], view: View) -> Iterator[Line]:
    """The operation, and its rules beside it where they fit, else below."""
    joined = "    ".join(rules)
    column = max(head.width + 2, FORMULA_COLUMN)
    if column + cell_width(joined) <= view.width:
        yield head.to(column, 2).add(joined)
        return
    if len(rules) == 1 or column + max(map(cell_width, rules)) > view.width:
        yield head
        for rule in rules:
            yield from _broken(rule, view)
        return
    for rule in rules:
        yield head.to(column).add(rule)
        head = Line()


def _broken(rule: str, view: View) -> Iterator[Line]:
    """A long chain of equalities, broken before an equals sign."""
    line = ""
    for link in rule.replace(" = ", "\n= ").replace(" ≈ ", "\n≈ ").split("\n"):
        if line and cell_width(line) + 1 + cell_width(link) + 6 > view.width:
            yield from _indented(line, view, 6)
            line = "    " + link
        else:
            line = f"{line} {link}" if line else link
    yield from _indented(line, view, 6)


def _indented(text: str, view: View, indent: int) -> Iterator[Line]:
    """Text at an indent; what is too long goes on below, further in."""
    if indent + cell_width(text) <= view.width:
        yield Line(" " * indent).add(text)
        return
    lead = len(text) - len(text.lstrip())
    for part in wrapped(text, view.width - 12):
        yield Line(" " * (indent + lead)).add(part)
        indent, lead = 12, 0


def _share(
    run: Explanation, node: Var, record: StepRecord, part: PartRecord, side: str, earlier: Earlier, view: View
) -> Iterator[Line]:
    line = Line("      → ").add(part.target_label, "head")
    if side:
        line.add(f" {side}", "dim")
    line.to(TARGET_COLUMN, 1)
    target = run.tape.nodes[part.target]
    last = earlier.count + 1 == run.uses[part.target]
    mark = f"∂{part.target_label}" if last and not target.inputs else ""
    ledger = _ledger(run, part, earlier, view)
    if type(part.contribution) is float and type(part.local) is float and type(record.upstream) is float:
        product = formula_of(OPERATIONS["mul"], (Formula(record.upstream), Formula(part.local)), {})
        made = equation(product, part.contribution, view)
        text = times(made.text, view)
        result = f"{made.relation} {made.result}"
        if line.add(text).width + 1 + cell_width(result) > view.width:
            yield line
            line = Line(" " * TARGET_COLUMN)
        line.to(view.width - 25, 1).add(result, "accent")
        yield from _with_total(line, ledger, mark, view)
        return
    yield from _share_of_arrays(line, node, record, part, ledger, mark, view)


def _share_of_arrays(
    line: Line, node: Var, record: StepRecord, part: PartRecord, ledger: str, mark: str, view: View
) -> Iterator[Line]:
    """A share with an array in it: how it was made, and its entries where they are few."""
    shown, relation = fitting_view(record.upstream, part, view)
    how = array_share(node, record, part, shown)
    if line.width + cell_width(how) > view.width:
        yield line
        *before, line = _indented(how, view, 10)
        yield from before
    else:
        line.add(how)
    if is_inline(part.contribution):
        result = f" {relation} {text_of(part.contribution, view)}"
        if line.width + cell_width(result) > view.width:
            yield line
            line = Line("         ")
        yield from _with_total(line.add(result, "accent"), ledger, mark, view)
        return
    yield from _with_total(line, "", "" if ledger else mark, view)
    yield from rows(part.contribution, view)
    if ledger:
        yield from _total_line(ledger, mark, view)


def fitting_view(factor: Any, part: PartRecord, view: View) -> tuple[View, str]:
    """The view with just enough digits that short vectors, multiplied as they are printed, give the contribution."""
    if part.local is None or not all(map(is_inline, (factor, part.local, part.contribution))):
        return view, "="
    wanted, shape = np.ravel(part.contribution).tolist(), shape_of(part.contribution)
    for digits in range(view.digits, MOST_DIGITS + 1):
        with np.errstate(all="ignore"):
            product = as_printed(factor, digits) * as_printed(part.local, digits)
            is_summed = np.ndim(product) > len(shape) or np.size(product) > len(wanted)
            found = sum_to(product, shape) if is_summed else np.broadcast_to(product, shape)
        if all(is_true(one, other, view.digits) for one, other in zip(np.ravel(found).tolist(), wanted, strict=True)):
            return replace(view, digits=digits), "="
    return view, "≈"


def times(text: str, view: View) -> str:
    """Upstream × local: the sign of multiplication that no formula uses."""
    return text.replace("*" if view.ascii else "·", " × ")


def _is_scalar(formula: Formula) -> bool:
    """Whether only numbers meet in a formula, so that it can be written out with them."""
    return type(formula.value) is float and all(map(_is_scalar, formula.args))


def in_words(node: Var) -> str:
    """A rule that is easier said than written: entries that were picked get the upstream back; "" for all others."""
    tell = _SAID.get(node.op.name)
    return tell(node) if tell else ""


def _put_back(node: Var) -> str:
    key = node.tape.options.get(node.index, {}).get("key", ())
    if all(not isinstance(part, np.ndarray) and part in (None, Ellipsis, slice(None)) for part in key):
        return f"upstream in the shape {show_shape(node.inputs[0].shape)}"
    return f"upstream added in at [{write_key(key, style_for(6, ascii_only=False))}], 0 elsewhere"


def _to_the_winner(node: Var) -> str:
    axis = node.tape.options.get(node.index, {}).get("axis")
    axes = () if axis is None else (axis,) if isinstance(axis, int) else axis
    along = f" along {'axis' if len(axes) == 1 else 'axes'} {' and '.join(map(str, axes))}" if axes else ""
    size = "largest" if node.op.name == "max" else "smallest"
    return f"upstream to the {size}{along}, 0 elsewhere"


_SAID: dict[str, Callable[[Var], str]] = {"index": _put_back, "max": _to_the_winner, "min": _to_the_winner}


def array_share(node: Var, record: StepRecord, part: PartRecord, view: View) -> str:
    """How an array's contribution is made: shapes, and short vectors themselves."""
    if part.local is None:
        text = in_words(node) or written(part.rule, style_of(view)).text
        shapes = shapes_of(part.rule) if part.rule.op else ""
        if type(part.contribution) is float and _is_scalar(part.rule):
            return f"{text} = {equation(filled(part.rule), part.contribution, view).text}"
        fits = TARGET_COLUMN + cell_width(text) + cell_width(shapes) + 8 <= view.width
        return f"{text}   {shapes}" if shapes and fits and not is_inline(part.contribution) else text
    given = [text_of(v, view) if is_inline(v) else show_shape(v.shape) for v in (record.upstream, part.local)]
    text = " × ".join(given)
    target = shape_of(part.contribution)
    text += summed_axes(part.contribution, node)
    return text if is_inline(part.contribution) else f"{text} → {show_shape(target)}"


def summed_axes(contribution: Any, node: Var) -> str:
    """The axes of a value over which a contribution to one of its arguments was summed, as words to go on with."""
    axes = stretched_axes(shape_of(contribution), node.shape)
    return f" summed over axis {', '.join(map(str, axes))}" if axes else ""


def _ledger(run: Explanation, part: PartRecord, earlier: Earlier, view: View) -> str:
    """The running total of a value that is used more than once, every earlier term in it."""
    uses = run.uses[part.target]
    if uses == 1:
        return ""
    if type(part.contribution) is not float:
        return f"{part.target_label}: total of {earlier.count + 1} of {uses} contributions"
    so_far = f"  ({earlier.count + 1} of {uses})" if earlier.count + 1 < uses else ""
    if not earlier.count:
        return f"{part.target_label}: {show(part.total_after, view)}{so_far}"
    if earlier.count < MOST_TERMS:
        every = f"{part.target_label}: {terms([*earlier.terms, part.contribution], part.total_after, view)}{so_far}"
        if TARGET_COLUMN + cell_width(every) + _MARGIN <= view.width:
            return every
    return f"{part.target_label}: {terms([part.total_before, part.contribution], part.total_after, view)}{so_far}"


def _with_total(line: Line, ledger: str, mark: str, view: View) -> Iterator[Line]:
    """A share's line with the mark of a finished gradient; a running total stands below, always in one column."""
    if ledger:
        yield line
        yield from _total_line(ledger, mark, view)
        return
    if mark and line.width + 2 + cell_width(mark) > view.width:
        yield line
        line = Line(" " * TARGET_COLUMN)
    elif mark:
        line.add("  ")
    yield line.add(mark, "head")


def _total_line(ledger: str, mark: str, view: View) -> Iterator[Line]:
    indent = TARGET_COLUMN if TARGET_COLUMN + cell_width(ledger) <= view.width else 8
    line = Line(" " * indent).add(ledger, "dim")
    if mark and line.width + 2 + cell_width(mark) > view.width:
        yield line
        line = Line(" " * indent)
    elif mark:
        line.add("  ")
    yield line.add(mark, "head")
