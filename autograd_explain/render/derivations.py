"""Steps as derivations: symbols, then numbers, then the value, one relation in a row. No format is known here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_explain.core.formula import Formula, filled, formula_of, written
from autograd_explain.core.notation import Style
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.core.shapes import shape_of, show_shape, stretched_axes
from autograd_explain.explanation.model import ForwardStepRecord, PartRecord, StepRecord
from autograd_explain.render.arithmetic import shapes_of, sides_of
from autograd_explain.render.latex import Math, Names, array_math, math_of, number, plain_number
from autograd_explain.render.numbers import LARGEST_SIDE, corner, fitting_style, show, summary, terms
from autograd_explain.render.selection import MOST_TERMS, Ledger
from autograd_explain.render.theme import View

if TYPE_CHECKING:
    from autograd_explain.core.var import Var
    from autograd_explain.explanation.build import Explanation

ADDED = r"\mathrel{+}="
_RELATIONS = {"=": "=", "≈": r"\approx"}
NOTHING = Math("", "", "")
_MARKS = {r"\overline": "gradient of", r"\dot": "tangent of"}
"""What a mark over a name says, for names that are too long to carry one."""


class Row(NamedTuple):
    """`left relation right`; a row without a left side goes on from the one above. `right` may be plain words."""

    left: Math
    relation: str
    right: Math | str


class Derivation(NamedTuple):
    """What is derived, and the rows that do it."""

    head: tuple[Math, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Writing:
    """How this run's values and numbers are written."""

    run: Explanation
    view: View
    style: Style
    names: Names

    def math(self, formula: Formula) -> Math:
        """A formula in symbols."""
        return math_of(formula, self.style, self.names)

    def filled(self, formula: Formula, value: float) -> tuple[str, Math]:
        """A formula with its numbers, at digits that make it true, and the relation to its value."""
        numbers = filled(formula)
        style, relation = fitting_style(numbers, value, self.view)
        return _RELATIONS[relation], math_of(numbers, style, self.names)

    def rows_of(self, value: Any, left: Math = NOTHING, relation: str = "=") -> Iterator[Row]:
        """A value as the end of a derivation; an array that is too large by its shape, its range and its corner."""
        said, math = value_math(value, self.view, self.style)
        if said:
            yield Row(left, r"\colon", said)
            left = NOTHING
        if math is not None:
            yield Row(left, relation, math)

    def slope(self, of: str, by: str) -> Math:
        """The local derivative as a fraction."""
        above, below = (rf"\partial {self.names(label)}" for label in (of, by))
        return Math(rf"\frac{{{above}}}{{{below}}}", f"{above} / {below}", f"∂{of}/∂{by}")


def value_math(value: Any, view: View, style: Style) -> tuple[str, Math | None]:
    """Words and a formula for a value: a small one is its numbers, a large one its shape, range and corner."""
    if type(value) is float or shape_of(value) == ():
        return "", plain_number(float(value), style)
    if not value.size:
        return f"empty, shape {show_shape(value.shape)}", None
    if value.ndim <= 2 and max(value.shape) <= LARGEST_SIDE:
        return "", array_math(value, style)
    return summary(value, view), _with_dots(array_math(corner(value), style))


def _with_dots(math: Math) -> Math:
    drawn = math.drawn.replace(r" \\ ", r" & \cdots \\ ").replace(r"\end{", r" & \cdots\end{")
    return Math(drawn, "", math.plain[:-1] + ", …]")


def share_rows(writing: Writing, record: StepRecord, ledger: Ledger) -> Derivation:
    """One step back: for each argument the rule, upstream × local, and the running total."""
    run = writing.run
    node = run.tape.nodes[record.node]
    label = run.words.label(node)
    here: list[PartRecord] = []
    rows: list[Row] = []
    for part, side in zip(record.parts, sides_of(run, node, record), strict=True):
        bar = _marked(r"\overline", writing.names(part.target_label), side)
        if node.op.elementwise:
            rows += _rule(writing, node, part, side)
            through = _marked(r"\overline", writing.names(label), "")
            rows += _product(writing, node, part, record.upstream, (bar, through))
        else:
            rows += _structured(writing, part, bar, ("upstream", rf"\overline{{{writing.names(label)}}}"))
        earlier = [other.contribution for other in here if other.target == part.target]
        rows += _total(writing, part, [*ledger.firsts.get(part.target, []), *earlier],
                       ledger.counts.get(part.target, 0) + len(earlier))  # fmt: skip
        here.append(part)
    return Derivation(_head(writing, node), tuple(rows))


def forward_derivation(writing: Writing, record: ForwardStepRecord) -> Derivation:
    """One step of forward mode: the rule for each argument, local × tangent, and their sum."""
    run = writing.run
    node = run.tape.nodes[record.node]
    dot = _marked(r"\dot", writing.names(run.words.label(node)), "")
    rows: list[Row] = []
    for part, side in zip(record.parts, sides_of(run, node, record), strict=True):
        through = _marked(r"\dot", writing.names(part.target_label), side)
        if part.local is None:
            rows += _structured(writing, part, dot, ("tangent", rf"\dot{{{writing.names(part.target_label)}}}"))
            continue
        rows += _rule(writing, node, part, side)
        symbols = _times(writing.slope(run.words.label(node), part.target_label), through)
        rows.append(Row(dot, ADDED, symbols))
        rows += writing.rows_of(part.contribution)
    if len(record.parts) > 1:
        rows += writing.rows_of(record.tangent, dot)
    return Derivation(_head(writing, node), tuple(rows))


def _head(writing: Writing, node: Var) -> tuple[Math, ...]:
    label = writing.run.words.label(node)
    name = writing.names(label)
    return Math(name, name, label), writing.math(writing.run.words.formula(node))


def _marked(mark: str, name: str, side: str) -> Math:
    after = rf"\;\text{{{side}}}" if side else ""
    flat = f"{mark}{{{name}}}" if "allowbreak" not in name else rf"\text{{{_MARKS[mark]}}}({name})"
    return Math(f"{mark}{{{name}}}{after}", flat + after, name)


def _times(left: Math, right: Math) -> Math:
    return Math(rf"{left.drawn} \times {right.drawn}", rf"{left.flat} \times {right.flat}", left.plain + right.plain)


def _rule(writing: Writing, node: Var, part: PartRecord, side: str) -> Iterator[Row]:
    """The local derivative: its symbols, its numbers, its value, nothing said twice."""
    left = writing.slope(writing.run.words.label(node), part.target_label)
    if side:
        left = Math(rf"{left.drawn}\;\text{{{side}}}", rf"{left.flat}\;\text{{{side}}}", left.plain)
    said = written(part.rule, writing.style).text
    ends = list(writing.rows_of(part.local))
    if type(part.local) is not float:
        yield Row(left, "=", writing.math(part.rule))
        yield from ends if not part.rule.is_number else ()
        return
    relation, numbers = writing.filled(part.rule, part.local)
    steps = [("=", writing.math(part.rule))] if said != ends[0].right.plain else []  # type: ignore[union-attr]
    if numbers.plain not in (said, ends[0].right.plain):  # type: ignore[union-attr]
        steps.append(("=", numbers))
    steps.append((relation if steps else "=", ends[0].right))  # type: ignore[arg-type]
    for sign, math in steps:
        yield Row(left, sign, math)
        left = NOTHING


def _product(writing: Writing, node: Var, part: PartRecord, upstream: Any, names: tuple[Math, Math]) -> Iterator[Row]:
    """Upstream × local: in symbols, in numbers, and the contribution."""
    to, through = names
    slope = writing.slope(writing.run.words.label(node), part.target_label)
    yield Row(to, ADDED, _times(through, slope))
    if all(type(value) is float for value in (upstream, part.local, part.contribution)):
        product = formula_of(OPERATIONS["mul"], (Formula(upstream), Formula(part.local)), {})
        relation, numbers = writing.filled(product, part.contribution)
        crossed = Math(*(text.replace(r"\cdot", r"\times").replace("·", "×") for text in numbers))
        yield Row(NOTHING, "=", crossed)
        yield from writing.rows_of(part.contribution, NOTHING, relation)
        return
    target = shape_of(part.contribution)
    axes = stretched_axes(target, node.shape)
    given = [show_shape(v.shape) if shape_of(v) else show(float(v), writing.view) for v in (upstream, part.local)]
    shapes = f"{' × '.join(given)}, entry by entry"
    if axes:
        shapes += f", summed over axis {', '.join(map(str, axes))}"
    yield Row(NOTHING, r"\colon", f"{shapes} → {show_shape(target)}")
    yield from writing.rows_of(part.contribution)


def _structured(writing: Writing, part: PartRecord, to: Math, arriving: tuple[str, str]) -> Iterator[Row]:
    """A contribution that is no product of numbers: its rule, the shapes that meet, and the contribution."""
    word, mark = arriving
    names = writing.names
    renamed = names if word in writing.run.words.labels else names.with_mark(word, mark)
    yield Row(to, ADDED, math_of(part.rule, writing.style, renamed))
    if _is_scalar(part.rule) and type(part.contribution) is float:
        relation, numbers = writing.filled(part.rule, part.contribution)
        yield Row(NOTHING, "=", numbers)
        yield from writing.rows_of(part.contribution, NOTHING, relation)
        return
    if part.rule.op is not None:
        yield Row(NOTHING, r"\colon", shapes_of(part.rule))
    yield from writing.rows_of(part.contribution)


def _is_scalar(formula: Formula) -> bool:
    return type(formula.value) is float and all(map(_is_scalar, formula.args))


def _total(writing: Writing, part: PartRecord, earlier: list[Any], count: int) -> Iterator[Row]:
    """The total of a value that is used more than once, once the second contribution has arrived."""
    uses = writing.run.uses[part.target]
    if not count:
        return
    bar = _marked(r"\overline", writing.names(part.target_label), "")
    so_far = "in all" if count + 1 == uses else f"so far, {count + 1} of {uses}"
    if type(part.contribution) is not float:
        yield Row(bar, r"\colon", f"the sum of the contributions {so_far}")
        yield from writing.rows_of(part.total_after)
        return
    numbers = [*earlier, part.contribution] if count < MOST_TERMS else [part.total_before, part.contribution]
    made = terms(numbers, part.total_after, writing.view)
    yield Row(bar, "=", sum_math(made.text))
    yield from writing.rows_of(part.total_after, NOTHING, _RELATIONS[made.relation])


def sum_math(text: str) -> Math:
    """A sum of numbers as it is printed."""
    parts = [part if part in "+-−" else number(part).text for part in text.split()]
    joined = " ".join(parts).replace("−", "-")
    return Math(joined, joined, text)
