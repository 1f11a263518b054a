"""The check by another library: the recorded operations run again there, differentiated by that library.

The forward texts are those of the scripts (`code`); no backward rule of ours is used. The program's own operations
are entered: it is their body that the other library differentiates. Knows neither PyTorch nor JAX: a `Framework`
brings them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from autograd_explain.check.algebra import Undefined
from autograd_explain.check.exact import pull_back, to_exact, to_float
from autograd_explain.check.naming import Naming, number
from autograd_explain.check.result import CheckResult, Status
from autograd_explain.check.rounding import gradient_of, spreads
from autograd_explain.check.verdict import judge
from autograd_explain.code.corners import is_at
from autograd_explain.code.library import Arg, Library
from autograd_explain.code.own import body_of
from autograd_explain.core.formula import Formula
from autograd_explain.core.notation import Written
from autograd_explain.core.op import Op
from autograd_explain.core.var import CONSTANT, INPUT, Var
from autograd_explain.errors import ExplainError
from autograd_explain.modes.records import Recording, Sweep
from autograd_explain.modes.reverse import steps

Values = Sequence[Any]
_CLOSE = 1e-9
_MOST_STEPS = 5_000  # that are looked through one by one for the place where the libraries part


@dataclass(frozen=True, slots=True)
class Framework:
    """Another library: its texts, and what runs and differentiates them.

    `pull(function, values, tracked, upstream)` gives the gradient by each tracked value, as float64 arrays, of
    Σ upstream·function(values). `longest` is how many recorded values it gets through within seconds.
    """

    name: str
    library: Library
    namespace: dict[str, Any]
    pull: Callable[[Callable[[Values], Any], Values, Sequence[bool], Any], list[Any]]
    constant: Callable[[Any], Any]
    longest: int
    _compiled: dict[str, Any] = field(default_factory=dict)

    def apply(self, op: Op, args: Values, options: dict[str, Any]) -> Any:
        """The operation on the library's own values. Raises InputError where it has no text there."""
        names = [f"a{position}" for position in range(len(args))]
        written = [
            Arg(Written(n), tuple(np.shape(a)), self.library) for n, a in zip(names, args, strict=True)
        ]
        shape = self._shape_of(op, args, options)
        text = self.library.write(op, tuple(written), options, shape).text
        if op.family == "comparison":
            text = f"1.0*({text})"
        key = f"lambda {', '.join(names)}: {text}"
        if key not in self._compiled:
            self._compiled[key] = eval(key, self.namespace)  # noqa: S307 - the text is of our own table, of names a0 …
        return self._compiled[key](*args)

    @staticmethod
    def _shape_of(op: Op, args: Values, options: dict[str, Any]) -> tuple[int, ...]:
        if op.name in _SHAPED:
            return tuple(np.shape(op.forward(*(np.zeros(np.shape(arg)) for arg in args), **options)))
        return ()


_SHAPED = frozenset({"reshape", "squeeze", "expand_dims", "broadcast_to", "sum_to"})


def compare(framework: Framework, recording: Recording, sweep: Sweep) -> list[CheckResult]:
    """A verdict by another library for every tracked input."""
    targets = {name: node for name, node in recording.inputs.items() if node.tracked}
    length = len(sweep.tape.nodes)
    if length > framework.longest:
        why = f"the run is too long for {framework.library.name}: {length:,} values"
        return undecided(framework.name, recording, sweep, why)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            theirs = _gradients(framework, sweep, list(targets.values()))
            return [_verdict(framework, sweep, n, t, g) for (n, t), g in zip(targets.items(), theirs, strict=True)]
    except ExplainError as error:
        return undecided(framework.name, recording, sweep, error.message)
    except Exception as error:  # noqa: BLE001 - whatever the other library raises, it has not decided anything
        said = str(error).strip().partition("\n")[0] or type(error).__name__
        return undecided(framework.name, recording, sweep, f"{framework.library.name} stops: {said}")


def undecided(checker: str, recording: Recording, sweep: Sweep, why: str) -> list[CheckResult]:
    """No verdict for any tracked input, and why."""
    targets = [(name, node) for name, node in recording.inputs.items() if node.tracked]
    return [CheckResult(checker, name, "undecided", gradient_of(sweep, node), why=why) for name, node in targets]


def _gradients(framework: Framework, sweep: Sweep, targets: list[Var]) -> list[Any]:
    """What the library finds by each target."""
    nodes = sweep.tape.nodes[: sweep.result.index + 1]
    leaves = [node for node in nodes if node.op in {INPUT, CONSTANT}]
    places = {node.index: place for place, node in enumerate(leaves)}
    tracked = [node.tracked for node in leaves]

    def program(values: Values) -> Any:
        made: dict[int, Any] = {index: values[place] for index, place in places.items()}
        for node in nodes:
            if node.index not in made:
                args = [made[argument.index] for argument in node.inputs]
                made[node.index] = _made(framework, node, args)
        return made[sweep.result.index]

    found = framework.pull(program, [node.value for node in leaves], tracked, sweep.seed)
    by_index = dict(zip((node.index for node in leaves if node.tracked), found, strict=True))
    return [by_index.get(t.index, np.zeros(t.shape)) for t in targets]


def _made(framework: Framework, node: Var, args: Values) -> Any:
    options = node.tape.options.get(node.index, {})
    if not framework.library.has(node.op):
        return _run_body(framework, node.op, [argument.value for argument in node.inputs], args, options)
    return framework.apply(node.op, args, options)


def _run_body(framework: Framework, op: Op, values: Values, args: Values, options: dict[str, Any]) -> Any:
    """The body of an operation that is none of the library's, step by step, on the library's values."""
    leaves = [Formula(value, f"a{place}") for place, value in enumerate(values)]
    made: dict[int, Any] = {id(leaf): arg for leaf, arg in zip(leaves, args, strict=True)}
    root = body_of(op, leaves, options)
    waiting = [root]
    while waiting:
        formula = waiting[-1]
        missing = [part for part in formula.args if id(part) not in made]
        if missing:
            waiting.extend(missing)
            continue
        waiting.pop()
        if id(formula) not in made:
            inner = [made[id(part)] for part in formula.args]
            made[id(formula)] = _formula_made(framework, formula, inner)
    return made[id(root)]


def _formula_made(framework: Framework, formula: Formula, inner: Values) -> Any:
    if formula.op is None:
        return framework.constant(formula.value)
    if not framework.library.has(formula.op):
        return _run_body(framework, formula.op, [part.value for part in formula.args], inner, formula.options)
    return framework.apply(formula.op, inner, formula.options)


def _verdict(framework: Framework, sweep: Sweep, name: str, target: Var, theirs: Any) -> CheckResult:
    ours = gradient_of(sweep, target)
    theirs = float(theirs) if type(target.value) is float else np.asarray(theirs, dtype=np.float64)
    a, b = np.ravel(ours), np.ravel(theirs)
    alike = (np.isnan(a) & np.isnan(b)) | (a == b)
    judgement = judge(a[~alike], b[~alike])
    if judgement.kind == "apart" and np.all(np.isfinite([a[~alike], b[~alike]])):
        judgement = judge(a[~alike], b[~alike], np.ravel(spreads(sweep, [target])[0])[~alike])
    error, tolerance = judgement.error, judgement.tolerance
    status: Status = "agrees"
    why = "nan and infinities stand in the same entries" * (not np.all(np.isfinite(a)))
    if judgement.kind == "apart":
        status, why = _parting(framework, sweep, target)
    elif judgement.kind == "lost":
        status, why = "undecided", "rounding in the run leaves none of the gradient's digits"
    digits = (16 if np.all(alike) else judgement.digits or None) if status == "agrees" else None
    return CheckResult(framework.name, name, status, ours, theirs, error, tolerance, digits, None, why)


def _parting(framework: Framework, sweep: Sweep, target: Var) -> tuple[Status, str]:
    """Where the two libraries part, walking back from the result: at a corner, in lost digits, or over a fault."""
    library = framework.library.name
    naming = Naming(sweep.tape)
    for step in steps(sweep):
        if step.number > _MOST_STEPS:
            return "undecided", f"the run is too long to find the step at which {library} gives another number"
        node = step.node
        values = [argument.value for argument in node.inputs]
        tracked = [argument.tracked for argument in node.inputs]
        found = framework.pull(partial(_made, framework, node), values, tracked, step.upstream)
        for part, theirs in zip(step.parts, found, strict=True):
            if np.allclose(part.contribution, theirs, rtol=_CLOSE, atol=0.0, equal_nan=True):
                continue
            where = naming.operation(node)
            if any(is_at(node, kink) for kink in node.op.kinks):
                return "convention", f"{where} stands at a corner, where {library} takes another derivative"
            return _arbitrated(node, part, step.upstream, theirs, f"in {where} {library}")
    return "differs", f"every step is as in {library}, but not the gradient they add up to"


def _arbitrated(node: Var, part: Any, upstream: Any, theirs: Any, where: str) -> tuple[Status, str]:
    """Which of the two is right at one step, by SymPy's derivative at many digits."""
    said = f"{where} hands back {_first(theirs)}, here it is {_first(part.contribution)}"
    try:
        args = tuple(to_exact(argument.value) for argument in node.inputs)
        options = node.tape.options.get(node.index, {})
        exact = to_float(pull_back(node.op, args, options, to_exact(upstream), (part.position,))[part.position])
    except Undefined:
        return "undecided", f"{said}; which of them is right could not be found out"
    if np.allclose(part.contribution, exact, rtol=_CLOSE, atol=0.0):
        return "undecided", f"{said}; SymPy says the latter: the other library's form loses digits there"
    return "differs", f"{said}; SymPy says {_first(exact)}"


def _first(value: Any) -> str:
    return number(float(np.ravel(value)[0]))


