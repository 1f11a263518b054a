"""One edge walked, as markup: the rule in symbols and numbers, the product, and the running total.

The same lines as in `arithmetic` and `sweeps`, drawn instead of spelled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd_explain.core.formula import Formula, filled, formula_of, written
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.explanation.model import ForwardStepRecord, PartRecord, StepRecord
from autograd_explain.modes.forward import ForwardStep
from autograd_explain.modes.records import Step
from autograd_explain.render.arithmetic import array_share, fitting_view, is_inline, shapes_of, sides_of
from autograd_explain.render.html_parts import figure
from autograd_explain.render.markup import Markup, joined, tag
from autograd_explain.render.mathml import formula_markup, math, name, sign, slope
from autograd_explain.render.numbers import fitting_style, show, style_of, terms
from autograd_explain.render.selection import MOST_TERMS
from autograd_explain.render.theme import View

if TYPE_CHECKING:
    from autograd_explain.explanation.build import Explanation


def back_share(
    run: Explanation, step: Step, record: StepRecord, place: int, earlier: tuple[int, list[Any]], view: View
) -> Markup:
    """What one argument gets back; `earlier` counts its contributions with this one and has the first of them."""
    part = record.parts[place]
    target = run.tape.nodes[part.target]
    last = earlier[0] == run.uses[part.target]
    side = sides_of(run, step.node, record)[place]
    to = _to("to", part, side)
    numbers = (record.upstream, part.local, part.contribution)
    if all(type(value) is float for value in numbers):
        made = _product(("u", record.upstream), ("i", part.local), part.contribution, view)
    else:
        shown, sign = fitting_view(record.upstream, part, view)
        how = _array_how(step, record, part, shown)
        relation = f" {sign} " if is_inline(part.contribution) else ""
        made = joined(how, relation, figure(part.contribution, view, "gradient answer"))
    done = tag("em", "complete") if last and (run.uses[part.target] > 1 or not target.inputs) else ""
    total = _total(run, part, earlier, done, view)
    return tag("div", _rule(run, step, part, view), tag("p", to, made), total, class_="part")


def _array_how(step: Step, record: StepRecord, part: PartRecord, view: View) -> Markup:
    """How an array's contribution is made: the rule drawn with the shapes that meet in it, or the product."""
    if part.local is not None or type(part.contribution) is float:
        return tag("span", array_share(step.node, record, part, view), class_="how")
    meet = shapes_of(part.rule) if part.rule.op and not is_inline(part.contribution) else ""
    shapes = tag("span", f"   {meet}", class_="how") if meet else ""
    return joined(math(formula_markup(part.rule, style_of(view))), shapes)


def _to(word: str, part: PartRecord, side: str) -> Markup:
    return tag("b", f"{word} {part.target_label}", f" {side}" if side else "")


def _product(first: tuple[str, float], second: tuple[str, float], product: float, view: View) -> Markup:
    """`upstream × local = contribution`, each said by its name below it."""
    formula = formula_of(OPERATIONS["mul"], (Formula(first[1]), Formula(second[1])), {})
    style, relation = fitting_style(formula, product, view)
    factors = [tag(role, style.number(value)) for role, value in (first, second)]
    result = figure(product, view, "c")
    # Upstream and tangents are `u`, locals `i`, which the page's styles draw; a page has thousands of them.
    return joined(factors[0], " × ", factors[1], f" {relation} ", result)


def _rule(run: Explanation, step: Step | ForwardStep, part: PartRecord, view: View) -> Markup:
    """`∂out/∂x = rule = rule with numbers = value`, without saying anything twice; its entries for an array."""
    if part.local is None:
        return Markup()
    style = style_of(view)
    of = slope(run.words.label(step.node), part.target_label)
    symbols = written(part.rule, style).text
    links = [joined(sign("="), formula_markup(part.rule, style))]
    if type(part.local) is not float:
        short = is_inline(part.local)
        own = "" if short and part.rule.is_number else figure(part.local, view)
        return tag("p", math(of, *links), " = " if own and short else " ", own)
    result = show(part.local, view)
    exact, relation = fitting_style(filled(part.rule), part.local, view)
    made = written(filled(part.rule), exact).text
    if symbols == result:
        links = []
    numbers = f" = {made}" if made not in (symbols, result) else ""
    return tag("p", math(of, *links), f"{numbers} {relation if numbers or links else '='} {result}")


def _total(run: Explanation, part: PartRecord, earlier: tuple[int, list[Any]], done: str, view: View) -> Markup:
    """The running total of a value that is used more than once, its terms while they are few."""
    count, first = earlier
    uses = run.uses[part.target]
    by = joined("∂", name(part.target_label))
    if uses == 1:
        return tag("p", by, " is ", done, class_="total") if done else Markup()
    so_far = tag("small", f" {count} of {uses} uses ")
    if type(part.contribution) is not float:
        return tag("p", by, ": added up so far", so_far, done, class_="total")
    after = figure(part.total_after, view, "gradient after")
    if count == 1:
        return tag("p", by, " so far: ", after, so_far, class_="total")
    few = len(first) < MOST_TERMS and len(first) == count - 1
    added = [*first, part.contribution] if few else [part.total_before, part.contribution]
    made = terms(added, part.total_after, view)
    sum_ = tag("span", f"{made.text} {made.relation} ", class_="after")
    return tag("p", by, " so far: ", sum_, after, so_far, done, class_="total")


def tangent_share(run: Explanation, step: ForwardStep, record: ForwardStepRecord, place: int, view: View) -> Markup:
    """What one argument's tangent adds to that of a value."""
    part, tangent = record.parts[place], step.parts[place].tangent
    side = sides_of(run, step.node, record)[place]
    if all(type(value) is float for value in (part.local, tangent, part.contribution)):
        made = _product(("i", part.local), ("u", tangent), part.contribution, view)
    else:
        text = written(part.rule, style_of(view)).text if part.local is None else "local × tangent"
        shapes = f"   {shapes_of(part.rule)}" if part.local is None and part.rule.op else ""
        got = figure(part.contribution, view, "gradient answer")
        made = joined(tag("span", text + shapes, class_="how"), " = ", got)
    return tag("div", _rule(run, step, part, view), tag("p", _to("from", part, side), made), class_="part tangent")
