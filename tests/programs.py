"""Programs that several tests run: small ones of every kind, and the examples of the gallery as they come.

A program is its text and its values. Nothing here asserts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograd_explain import explain
from autograd_explain.lang.names import names_of
from autograd_explain.lang.program import Program, bind_values, example, gallery
from autograd_explain.lang.value_files import read_table
from autograd_explain.lang.values import read_values
from autograd_explain.limits import DEFAULT_LIMITS
from autograd_explain.pipeline import explain_program


@dataclass(frozen=True, slots=True)
class Case:
    """A program's text and values."""

    text: str
    values: dict[str, Any]

    def __str__(self) -> str:
        return self.text.replace("\n", "; ")[:60]

    def run(self, **options: Any) -> Any:
        """Explain it."""
        return explain(self.text, self.values, **options)


def case(text: str, **values: Any) -> Case:
    """A case with its values as keywords."""
    return Case(text, values)


def run_example(name: str) -> Any:
    """Explain the example of that name with its own values."""
    program = example(name)
    return explain_program(program, example_values(program), wrt=program.wrt)


def example_values(program: Program) -> dict[str, Any]:
    """The values of a program's own heading: those written there, and the columns of its table."""
    names = names_of(program.parsed)
    table = read_table(program.data, DEFAULT_LIMITS).columns if program.data else {}
    columns = {name: column for name, column in table.items() if name in names.required}
    bound = bind_values(program, columns)
    return {**read_values({n: v for n, v in bound.items() if isinstance(v, str)}), **columns}


def sound_examples() -> list[str]:
    """The examples that end in a result, not in an error they are there to show."""
    return [name for name in gallery() if not example(name).expect_error]


EXAMPLE = case("(1 - sigmoid(w*x + b))**2", x=2, w=3, b=1)
FAN_OUT = case("x*x + x", x=3)
TWO_LAYERS = case(
    "H = tanh(X @ W1 + b1)\nY = H @ W2 + b2\nmean((Y - T)**2)",
    X=[[0.5, -1.0], [1.0, 2.0], [-0.3, 0.8]],
    W1=[[0.1, -0.2, 0.3], [0.4, 0.5, -0.6]],
    b1=[0.0, 0.1, -0.1],
    W2=[[0.7], [-0.8], [0.9]],
    b2=[0.2],
    T=[[1.0], [0.0], [0.5]],
)
DEF_AND_FOR = case("def step(h): return tanh(w*h + x)\nh = 0.5\nfor i in range(3):\n    h = step(h)\nh", w=0.8, x=0.3)
SATURATION = case("sigmoid(20*x) * y", x=1, y=2)
KINK = case("relu(x) + 2*x", x=0)
LONG_LOOP = case("s = 0\nfor i in range(60):\n    s = s + x/(i + 1)\ns", x=0.5)

SCALAR = [
    EXAMPLE, FAN_OUT, DEF_AND_FOR, SATURATION, KINK, LONG_LOOP,
    case("h = x\nh = h*2\nh = h^2 + β₁\nh·x²", x=2, β1=3),
    case("exp(sin(x)) / (1 + y**2) - log(x*y)", x=1.3, y=0.7),
    case("x**y - y**x + -x", x=2.5, y=1.5),
    case("tanh(x)*softplus(y) + gelu(x) - silu(y) + mish(x)", x=0.4, y=-1.2),
    case("atan2(y, x) + hypot(x, y) + maximum(x, y) - minimum(x, 2*y)", x=1.5, y=-0.5),
    case("where(x > y, x**3, y**3) + abs(x - y) + clip(x, -1, 1)", x=0.3, y=0.9),
    case("leaky_relu(x) + elu(x) + selu(x) + hardtanh(x/4) + relu(-x)", x=-0.8),
    case("sqrt(x) + cbrt(x) + log1p(x) + expm1(x) + log2(x) + log10(x)", x=1.7),
    case("asin(x) + acos(x) + atan(x) + sinh(x) + cosh(x) + asinh(x) + atanh(x) + tan(x)", x=0.3),
    case("erf(x) + erfc(x) + square(x) + reciprocal(x) + logsigmoid(x) + acosh(x + 2)", x=0.6),
    case("if x > 1:\n    y = x*x\nelse:\n    y = -x\ny + 1", x=3),
    case("while x < 10:\n    x = x*2\nx", x=1.5),
    case("floor(x) + round(x)*x + sign(x) + detach(x)*x", x=2.3),
    case("mse(x, y) + huber(x, y) + mae(x, y)", x=2.0, y=0.5),
    case("bce(p, 1) + bce_with_logits(z, 0) + hinge(z, 1)", p=0.3, z=0.4),
]  # fmt: skip

ARRAYS = [
    TWO_LAYERS,
    case("softmax(x)[1] + logsumexp(x) + log_softmax(x)[0]", x=[1, 2, 3]),
    case("cross_entropy(Z, t)", Z=[[1, 2, 0.5], [0.1, -1, 3]], t=[0, 2]),
    case("sum(X[:, ::-1] * v[None, :]) + X[0, -1]", X=[[1, 2], [3, 4]], v=[0.5, -1]),
    case("sum(E[ids]**2)", E=[[1, 2], [3, 4]], ids=[0, 0, 1]),
    case("max([x, y]) + prod([x, y, 2]) + norm([x, y])", x=3, y=3),
    case("sum(outer(a, b) @ reshape(concat([a, b]), (2, 3)).T)", a=[1, 2, 3], b=[4, 5, 6]),
    case("std(x) + var(x, ddof=1) + cumsum(x)[2] + mean(x, axis=0) + min(x)", x=[1, 2, 4]),
    case("stack([a, 2*a], axis=1)", a=[1, 2]),
    case("relu(X) @ w", X=[[1, -2], [-3, 4]], w=[1, 2]),
]
NON_FINITE = [case("log(x)*0 + y/z", x=0, y=1, z=0), case("sqrt(x)", x=0), case("exp(x) - exp(x)", x=1000)]
EVERY = [*SCALAR, *ARRAYS, *NON_FINITE]
