"""The faults: the right engine with one rule broken, and what that does to a run.

A fault is one row: the misconception in a learner's words, what is broken, a hint, how the sweep is changed, and
why a program may show no damage. `Comparison` holds the broken sweep against the right one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd_explain.core.formula import Formula, as_formula, formula_of
from autograd_explain.core.op import Op
from autograd_explain.core.shapes import shape_of
from autograd_explain.errors import NameProblem
from autograd_explain.explanation import wrong_rules as wrong
from autograd_explain.explanation.model import PartRecord, StepRecord
from autograd_explain.lang.names import suggestion
from autograd_explain.modes.faulty import Break, Edge, at_once, consumers_of, faulty
from autograd_explain.modes.records import Part, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from autograd_explain.explanation.build import Explanation


@dataclass(frozen=True, slots=True)
class Fault:
    """A broken rule.

    `says` is the misconception, `broken` what the engine does instead, `hint` how to see what is right. `absent`
    says why nothing happens where the rule is never used, `harmless` why where it is used and changes nothing.
    `example` with `values` is a program that shows the damage, by `command` with the words of `options`. A fault
    whose command is `train` lies between two sweeps, so that a single one shows nothing of it.
    """

    name: str
    says: str
    broken: str
    hint: str
    change: Break
    absent: str
    harmless: str
    example: str
    values: dict[str, str] = field(default_factory=dict)
    command: str = "run"
    options: tuple[str, ...] = ()


_ROWS = (
    Fault(
        "overwrite", "A value has one gradient: I write it down when it arrives.",
        "every contribution replaces the total (=) instead of being added to it (+=)",
        "Each use of a value is a path of its own to the result. Count the uses: there is one contribution for each.",
        Break(accumulate=lambda known, amount: amount),
        "every value is used once: a tree has no second use, so there is nothing to overwrite",
        "where a value is used again, what had arrived before is 0 (or too small to count)",
        "x*x + x", {"x": "3"},
    ),
    Fault(
        "depth-first", "As soon as a gradient reaches a value, I pass it on.",
        "a value is passed on, once, by the first contribution that reaches it: naive recursion",
        "Wait until every use of a value has sent its contribution. Walking the record backwards does just that.",
        Break(order=at_once),
        "no value in between is used twice, so none has to wait for a second contribution",
        "what arrives too late is 0 (or too small to count)",
        "h = x*x\nh*y + h", {"x": "3", "y": "2"},
    ),
    Fault(
        "no-unbroadcast", "The contribution has the shape of the result, and that is fine.",
        "contributions to a stretched value are not summed back to its shape",
        "A gradient has the shape of its value. What is stretched over 3 rows is used 3 times: 3 contributions add up.",
        Break(combine=wrong.stretched, rule=wrong.stretched_batch),
        "no tracked value is stretched: each meets others of its own shape",
        "the stretched values get the same either way",
        "sum(X*W + b)", {"X": "[[1, 2], [3, 4]]", "W": "[[2, 0], [1, 3]]", "b": "[5, 6]"},
    ),
    Fault(
        "no-chain", "The gradient of a step is its local derivative.",
        "the local derivative is passed back alone, without the upstream",
        "Ask what the result does, not what the next value does: multiply by the upstream that arrives.",
        Break(combine=wrong.local_alone, rule=wrong.rule_of_ones),
        "every upstream here is 1, and leaving out a factor of 1 changes nothing",
        "wherever an upstream other than 1 arrives, the local derivative is 0",
        "(3*x + 1)**2", {"x": "2"},
    ),
    Fault(
        "wrong-operand", "In a*b, the slope by a is a.",
        "each factor of a product gets its own value as slope, instead of its partner's",
        "Hold b still and raise a by 1: a*b grows by b.",
        Break(rule=wrong.own_factor),
        "nothing is multiplied entry by entry (a matrix product has a rule of its own)",
        "the factors are equal, so that either one gives the same slope",
        "w*x", {"w": "3", "x": "2"},
    ),
    Fault(
        "missing-minus", "A slope is how strongly a value counts; the sign does not matter.",
        "the minus sign in a local derivative is dropped: in a − b by b, in −a, in a/b by b, in the cosine …",
        "Raise b by a little and look at a − b: it goes down, so its slope is −1.",
        Break(rule=wrong.replacing(wrong.WITHOUT_MINUS)),
        "nothing tracked is subtracted, negated or divided by, so no rule here begins with a minus sign",
        "the slopes that lose their sign are 0 here",
        "1 - w*x", {"w": "3", "x": "2"},
    ),
    Fault(
        "stale-value", "The rule s·(1 − s) means: put in what went into the sigmoid.",
        "a rule that uses the output (exp, sigmoid, tanh, sqrt, softmax …) is given the input instead",
        "In s·(1 − s), s is what came out: the forward pass has already worked it out.",
        Break(rule=wrong.stale),
        "no rule used here needs an output",
        "input and output lead to the same slope here",
        "sigmoid(x)", {"x": "2"},
    ),
    Fault(
        "no-transpose", "Backwards, a matrix product is the same product again.",
        "a matrix stands in the backward product as it is, without being transposed",
        "Write the shapes down: only upstream @ Wᵀ has the shape of X.",
        Break(rule=wrong.unturned),
        "no matrix has to be transposed on the way back",
        "the products come to the same without the transpose, as with symmetric matrices",
        "sum(X @ W)", {"X": "[[1, 2], [3, 4]]", "W": "[[1, 2], [0, 1]]"},
    ),
    Fault(
        "forgot-inner", "The derivative of f(g(x)) is f'(x).",
        "where functions of one value stand inside one another, the slope is f'(x) instead of f'(g(x))·g'(x)",
        "Two things are missing: f' is taken at g(x), where f is; and how fast g(x) moves, g'(x), is a factor.",
        Break(rule=wrong.outer_at_innermost),
        "no function of one tracked value stands inside another, so there is no inner derivative to forget",
        "f'(x) and f'(g(x))·g'(x) come to the same number here",
        "sin(x**2)", {"x": "2"},
    ),
    Fault(
        "power-off-by-one", "The derivative of x**n is n·x**n.",
        "the exponent comes down, but is not lowered by one",
        "x**2 has the slope 2·x: one factor of x has been used up.",
        Break(rule=wrong.replacing(wrong.POWER_KEPT)),
        "no tracked value is raised to a power",
        "the base is 1 or 0, or the exponent 0: lowering the exponent makes no difference there",
        "x**3", {"x": "2"},
    ),
    Fault(
        "sum-for-mean", "A mean passes its upstream on to every entry, like a sum.",
        "the 1/n of a mean (also in var, std and cross_entropy) is left out on the way back",
        "Raise one of n entries by 1: the mean rises by 1/n only.",
        Break(rule=wrong.replacing(wrong.NOT_AVERAGED)),
        "nothing is averaged",
        "the averages are over a single entry, so 1/n is 1 (or the slopes are 0)",
        "mean(x**2)", {"x": "[1, 2, 3]"},
    ),
    Fault(
        "diagonal-softmax", "Softmax works entry by entry: the slope is p·(1 − p).",
        "each share is taken to depend on its own score alone",
        "The shares sum to 1: raising one score lowers every other share, and that counts too.",
        Break(rule=wrong.replacing(wrong.DIAGONAL)),
        "no softmax is taken",
        "nothing comes back from the other shares",
        "softmax(x)[0]", {"x": "[1, 2, 3]"},
    ),
    Fault(
        "relu-at-zero-one", "relu(x) is x from 0 on, so its slope at 0 is 1.",
        "the slope of relu at exactly 0 is 1 instead of 0",
        "At the corner the slope is a choice. Most libraries take 0, and tests against them expect it.",
        Break(rule=wrong.replacing(wrong.ON_AT_ZERO)),
        "no relu is used on a tracked value",
        "no input of a relu is exactly 0, so nobody has to choose",
        "relu(x)*3", {"x": "0"},
    ),
    Fault(
        "keep-gradients", "The gradients of the last backward pass are still there, and the new ones come on top.",
        "gradients are not set to 0 between the steps of a training, so that those of all steps so far add up",
        "Set all gradients to 0 before each backward pass (zero_grad): every step starts from nothing.",
        Break(),
        "there is one backward pass alone: nothing is left over from an earlier one",
        "what is left over from the steps before is 0",
        "(x - 3)**2", {"x": "0"}, "train", ("--lr", "0.1", "--steps", "20"),
    ),
)  # fmt: skip
FAULTS = {row.name: row for row in _ROWS}
"""Every fault by name."""
FAULTS_OF_ONE_SWEEP = {row.name: row for row in _ROWS if row.command == "run"}
"""Those that a single backward pass shows."""


_NINE_DIGITS = 1e-9


def find_fault(name: str) -> Fault:
    """The fault of that name. Raises NameProblem, with the nearest name, where there is none."""
    if name not in FAULTS:
        raise NameProblem(f"there is no fault {name}", hint=suggestion(name, FAULTS, offer="faults"))
    return FAULTS[name]


def same(right: Any, other: Any) -> bool:
    """Whether two values agree to nine digits, in shape too."""
    if type(right) is float and type(other) is float:  # NumPy takes a hundred times as long for one number
        return math.isclose(right, other, rel_tol=_NINE_DIGITS) or (math.isnan(right) and math.isnan(other))
    if other is None or right is None or shape_of(right) != shape_of(other):
        return right is other
    return bool(np.allclose(other, right, rtol=_NINE_DIGITS, atol=0.0, equal_nan=True))


class Parting(NamedTuple):
    """The first step at which the engines differ, as each of them takes it."""

    right: Step
    faulty: Step


class Comparison:
    """A run beside the same run with a fault: where they part, and what becomes of the gradients."""

    def __init__(self, run: Explanation, fault: Fault) -> None:
        self.run = run
        self.fault = fault
        self.faulty = faulty(run.sweep, fault.change)

    @cached_property
    def gradients(self) -> dict[str, Any]:
        """The faulty gradient by each tracked input: zeros where no path leads, None where shapes stopped it."""
        return {name: self._gradient(name, right) for name, right in self.run.gradients.items()}

    def _gradient(self, name: str, right: Any) -> Any:
        place = self.run.recording.inputs[name].index
        total = self.faulty.gradients[place]
        unreached = self.run.sweep.gradients[place] is None
        return right if total is None and unreached else total

    @cached_property
    def right_steps(self) -> list[Step]:
        """The steps of the right engine, in its order."""
        return list(self.run.walk())

    @cached_property
    def damaged(self) -> list[str]:
        """The names whose gradient is not the right one."""
        return [name for name, right in self.run.gradients.items() if not same(right, self.gradients[name])]

    @cached_property
    def parting(self) -> Parting | None:
        """The first step of the faulty engine that differs from the right one's, if any."""
        found = self._first_where(_differs)
        return found or (self._first_where(_differs_at_all) if self.damaged else None)

    def _first_where(self, differ: Callable[[Step, Step], bool]) -> Parting | None:
        right = {step.node.index: step for step in self.right_steps}
        pairs = ((right.get(step.node.index), step) for step in self.faulty.steps)
        return next((Parting(other, step) for other, step in pairs if other is not None and differ(other, step)), None)

    @property
    def reason(self) -> str:
        """Why there is no visible damage; empty where there is some."""
        if self.damaged:
            return ""
        if not self.faulty.steps:
            return "no operation on a tracked value leads to the result, so nothing is passed back at all"
        if not self.faulty.acted:
            return self.fault.absent
        if self.parting is not None:
            return "what goes wrong does not reach a tracked input: on the way it meets a slope of 0, or cancels"
        return self.fault.harmless if self.faulty.with_upstream else "only 0 arrives where the rule is broken"

    @cached_property
    def _consumers(self) -> Any:
        return consumers_of(self.run.sweep)

    def step(self, step: Step) -> StepRecord:
        """A step of the faulty engine with the rules it used, as formulas."""
        words = self.run.words
        parts = tuple(
            PartRecord(
                part.position, part.target.index, words.label(part.target), self.rule(step, part),
                part.local, part.contribution, part.before, part.after,
            )
            for part in step.parts
        )  # fmt: skip
        return StepRecord(step.number, step.node.index, step.upstream, parts)

    def rule(self, step: Step, part: Part) -> Formula:
        """The rule by which the faulty engine hands on one part of a step, as a formula; nan for what fits nowhere."""
        node, words = step.node, self.run.words
        edge = Edge(node, part.position, step.upstream, self._consumers)
        change = self.fault.change.rule(edge) if self.fault.change.rule else None
        with np.errstate(all="ignore"):
            if change is None and part.contribution is not None:
                return words.rule(node, part.position, step.upstream, part.local)
            rule = change.rule if change else _right_rule(node.op, part.position)
            if not callable(rule):
                return as_formula(float(rule or 0.0))
            args = tuple(map(words.leaf, (change and change.inputs) or node.inputs))
            options = self.run.tape.options.get(node.index, {})
            out = formula_of(node.op, args, options) if change and change.inputs else words.leaf(node)
            given = (out, *args) if node.op.elementwise else (Formula(step.upstream, "upstream"), out, *args)
            if part.contribution is None:
                given = tuple(Unfit(formula.value, formula.label) for formula in given)
            return as_formula(rule(*given, **options))


def _right_rule(op: Op, position: int) -> Any:
    return op.partials[position] if op.elementwise else op.vjp_for(position)


class Unfit(Formula):
    """A formula that is written down even where its shapes do not fit and it has no value."""

    __slots__ = ()

    @staticmethod
    def trace_operation(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> Formula:
        """The formula of the operation, with nan for a value that cannot be worked out."""
        try:
            made = Formula.trace_operation(op, args, options)
        except Exception:  # noqa: BLE001 - see the class: whatever is wrong with the shapes
            return Unfit(float("nan"), "", op, tuple(map(as_formula, args)), options)
        return Unfit(made.value, made.label, made.op, made.args, made.options)


def _differs(right: Step, other: Step) -> bool:
    if not same(right.upstream, other.upstream):
        return True
    pairs = zip(right.parts, other.parts, strict=True)
    return any(not same(r.contribution, f.contribution) or not _adds_up(f) for r, f in pairs)


def _differs_at_all(right: Step, other: Step) -> bool:
    """Whether a contribution differs in its last digits: where the others cancel further on, these are what is left."""
    pairs = zip(right.parts, other.parts, strict=True)
    return any(not np.array_equal(r.contribution, f.contribution, equal_nan=True) for r, f in pairs)


def _adds_up(part: Part) -> bool:
    return part.contribution is None or same(part.before + part.contribution, part.after)
