"""One operation, one row: `Op`, and `apply`, through which every number passes.

Knows nothing of tapes, text or any particular operation. A rule is a function of `(out, *arguments)` written
with Python operators and our own functions only, so the same text gives numbers on floats and arrays, records
on `Var`, and prints on `Formula`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.notation import Call, Layout
from autograd_explain.core.shapes import as_value
from autograd_explain.limits import exceeded

Rule = Callable[..., Any]
ELEMENTS: ContextVar[int] = ContextVar("elements", default=10_000_000)  # the most entries one array may have
WORK: ContextVar[Callable[[int], None]] = ContextVar("work", default=lambda statements: None)
"""Told of every operation on arrays, as the number of statements that take about as long."""
CHECKED: ContextVar[bool] = ContextVar("checked", default=False)
"""Whether what is worked out now has been within its limits before, on other values of the same shapes."""
SILENT: ContextVar[bool] = ContextVar("silent", default=False)
"""Whether arithmetic keeps silent about overflow and the like around what is worked out now: see `silenced`."""
_SIMPLE, _STRUCTURED = 18, 40  # what calling NumPy costs, in statements of about half a microsecond
_STEPS = 50  # the steps of arithmetic inside NumPy that cost as much as a statement


class Direct(NamedTuple):
    """An operation on arrays of shapes that are known: the same numbers, without what the shapes alone decide.

    `forward` is a function of the arguments (None: the operation's own), `vjp` has one of `(upstream, out,
    *arguments)` per argument (none where the operation has partials); options are settled. Each takes, last, room
    for its result: an array to write into, or None. Backward may use what the forward pass just before it left.
    """

    forward: Rule | None
    vjp: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of an operation that is not differentiated: its name, kind and default."""

    name: str
    kind: str  # "axis", "flag", "number", "count", "shape", "axes" or "key"
    default: Any = None


@dataclass(frozen=True, slots=True)
class Domain:
    """Where an operation is defined: in words, and as a test on values."""

    text: str
    contains: Callable[..., Any]


REALS = Domain("every real number", lambda *args: True)


@dataclass(frozen=True, slots=True)
class Kink:
    """A place where the derivative is a choice: a test, the choice, and what else could be chosen.

    `about` lists the arguments by which there is a choice (None: all), `free` says why any choice is a convention
    though both one-sided derivatives may be one number: the value jumps there, say.
    """

    kind: str  # the note's kind: "kink" or "tie"
    place: str
    at: Callable[..., Any]
    left: str
    right: str
    chosen: str
    others: tuple[tuple[str, str], ...]  # library and its choice; PyTorch's only where it is not the one here
    about: tuple[int, ...] | None = None
    free: str = ""

    def concerns(self, position: int) -> bool:
        """Whether the derivative by this argument is a choice here."""
        return self.about is None or position in self.about

    @property
    def as_pytorch(self) -> bool:
        """Whether the choice is PyTorch's, as it is unless somebody asked for another."""
        return "PyTorch" not in dict(self.others)

    @property
    def choices(self) -> str:
        """What other libraries choose: `JAX: 0; TensorFlow: 0`."""
        return "; ".join(f"{library}: {choice}" for library, choice in self.others)


def no_value(*args: Any, **options: Any) -> Any:
    """Stand in for `forward` in a row that does not have one."""
    raise NotImplementedError("the operation has no forward")


def no_form(algebra: Any, *args: Any, **options: Any) -> Any:
    """Stand in for `symbolic` in a row that does not have one: SymPy has nothing to differentiate."""
    raise NotImplementedError("the operation has no symbolic form")


_BY_ITS_NAME = Call("")
YOURS = "defined by you"
"""The family of operations that did not come with the package, where their row names no other."""


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """A row of the table of operations.

    Needed are `name`, `arguments`, `forward` and either `partials` or `vjp`; the rest has defaults.

    `arguments` are differentiated, `options` are not. Elementwise operations give `partials`, one local
    derivative per argument (a number where it is constant, None where an argument gets no gradient);
    structured ones give `vjp`, one function of `(upstream, out, *arguments)` per argument. What forward mode needs
    follows from these; `jvp`, of `(tangent, out, *arguments)`, is for rules that would lose digits turned around.
    """

    name: str = ""
    arguments: tuple[str, ...] = ()
    forward: Rule = no_value
    symbolic: Rule = no_form
    layout: Layout = _BY_ITS_NAME
    family: str = YOURS
    note: str = ""
    scalar: Rule | None = None
    partials: tuple[Rule | float | None, ...] = ()
    shown: tuple[Rule | None, ...] = ()
    vjp: tuple[Rule | None, ...] = ()
    jvp: tuple[Rule, ...] = ()
    jvp_shown: tuple[Rule, ...] = ()
    options: tuple[Option, ...] = ()
    domain: Domain = REALS
    kinks: tuple[Kink, ...] = ()
    aliases: tuple[str, ...] = ()
    example: str = ""
    variadic: bool = False
    differentiable: bool = True
    uses_output: bool = False
    of_two: str = ""  # the operation on two values that one on a single value's entries may be taken for
    steepest: float | None = None  # the largest local derivative of a curve that flattens: sigmoid 1/4, tanh 1
    internal: bool = False
    selects: Rule | None = None  # which arguments are class numbers that only select, by the arguments' values
    entries: Rule | None = None  # how many entries the result of a growing operation has, by its arguments
    direct: Callable[..., Direct | None] | None = None  # by the arguments' shapes, the result's, and the options
    steps: Rule | None = None  # how many steps of arithmetic it takes, where that is not about one for each entry

    def __post_init__(self) -> None:
        """Write the operation as a call of its name where no layout was given."""
        if self.layout is _BY_ITS_NAME:
            object.__setattr__(self, "layout", Call(self.name))

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The operation on floats, arrays or recorded values; options by name or after the arguments."""
        if len(args) == len(self.arguments) and not self.options:
            trace = getattr(args[0], "trace_operation", None)
            return trace(self, args, {}) if trace else apply(self, *args)
        from autograd_explain.core.signature import bind

        args, options = bind(self, args, options)
        return apply(self, *args, **options)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    @property
    def has_form(self) -> bool:
        """Whether there is a symbolic form that checkers can differentiate."""
        return self.symbolic is not no_form

    @property
    def elementwise(self) -> bool:
        """Whether the operation works entry by entry, with a local derivative for each."""
        return bool(self.partials)

    @property
    def signature(self) -> str:
        """The call as a user writes it, with defaults: `sum(x, axis=None, keepdims=False)`."""
        given = ["[" + ", ".join(self.arguments) + ", …]"] if self.variadic else list(self.arguments)
        settings = [o.name if o.default is REQUIRED else f"{o.name}={_plain(o.default)}" for o in self.options]
        return f"{self.name}({', '.join(given + settings)})"

    def vjp_for(self, position: int) -> Rule | None:
        """The rule by which one argument gets its contribution."""
        if not self.variadic:
            return self.vjp[position]
        rule = self.vjp[0]
        if rule is None:
            return None
        return lambda upstream, out, *args, **options: rule(upstream, out, *args, position=position, **options)


class _Required:
    def __repr__(self) -> str:
        return "required"


REQUIRED = _Required()


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def apply(op: Op, *args: Any, **options: Any) -> Any:
    """The operation on its arguments: recorded where one of them is traced, else just worked out."""
    for arg in args:
        trace = getattr(arg, "trace_operation", None)
        if trace is not None:
            return trace(op, args, options)
    return compute(op, tuple(map(as_value, args)), options)


def compute(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """The operation's value on plain floats and arrays: IEEE results, never an arithmetic exception."""
    scalar = op.scalar
    if scalar is not None and type(args[0]) is float and all(type(arg) is float for arg in args):
        try:
            value = scalar(*args, **options)
            if type(value) is float:
                return value
        except (ArithmeticError, ValueError):
            pass  # `math` raises where IEEE arithmetic has an answer: the array form below gives it
    arrays = [np.asarray(arg, dtype=np.float64) for arg in args]
    if CHECKED.get():
        return as_value(op.forward(*arrays, **options))
    largest = _check_size(op, arrays, options)
    if SILENT.get():
        value = as_value(op.forward(*arrays, **options))
    else:
        with np.errstate(all="ignore"):
            value = as_value(op.forward(*arrays, **options))
    if op.steps is not None:
        largest = int(op.steps(*arrays))
    elif type(value) is not float and value.size > largest:
        largest = value.size
    WORK.get()((_SIMPLE if op.partials else _STRUCTURED) + largest // _STEPS)
    return value


@contextmanager
def silenced() -> Iterator[None]:
    """IEEE results without a word inside: operations need not see to that one by one, which costs more than small ones.

    Code of users that runs inside, such as operations of their own, finds the same silence as in a single operation.
    """
    token = SILENT.set(True)
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        SILENT.reset(token)


def _check_size(op: Op, arrays: list[Any], options: dict[str, Any]) -> int:
    """The entries of the largest argument; refuses an operation that would allocate more than one array may hold."""
    largest, most = 0, 1  # `most`: what broadcasting may make of them
    for array in arrays:
        size = array.size
        most *= size
        largest = max(largest, size)
    limit = ELEMENTS.get()
    if op.entries is not None:
        entries = op.entries(*arrays, **options)
    elif most > limit and op.partials:
        entries = math.prod(np.broadcast_shapes(*(array.shape for array in arrays)))
    else:
        return largest
    if entries > limit:
        raise exceeded("elements", limit, "entries in one array")
    return largest
