"""The algebras in which an operation's own definition (`op.symbolic`) is read: SymPy's, and 40-digit numbers'.

SymPy is given comparisons and choices as functions it cannot look into: its own `Piecewise`, `Max` and relations
decide things while an expression is being built, which takes for ever on nested ones. It differentiates a choice
side by side, which is all that is asked of it. Nothing here knows a backward rule.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import sympy
from sympy.printing.str import StrPrinter

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
LARGEST = 1 << 16  # in bits: of a larger number, an exponential would need more memory than there is
LARGEST_INSIDE = 1 << 2200  # the same for what a definition makes on its way: the bell curve of any float
_NEED_ALL_DIGITS = frozenset({"exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "erf", "erfc"})


class Undefined(Exception):
    """A definition has no real value at this point."""


class _Opaque(sympy.Function):  # type: ignore[misc]  # SymPy has no types
    """A function SymPy must not evaluate, flat in all its arguments."""

    @classmethod
    def eval(cls, *_: Any) -> None:
        return None

    def _eval_derivative(self, _: Any) -> Any:
        return sympy.Integer(0)


class Where(_Opaque):
    """`a` where the condition holds, else `b`."""

    def _eval_derivative(self, symbol: Any) -> Any:
        condition, a, b = self.args
        left, right = a.diff(symbol), b.diff(symbol)
        return left if left == right else Where(condition, left, right)

    def _mpmathcode(self, printer: Any) -> str:
        condition, a, b = map(printer._print, self.args)  # noqa: SLF001 - how SymPy's printers are extended
        return f"(({a}) if ({condition}) else ({b}))"

    def _sympystr(self, printer: Any) -> str:
        return f"where({', '.join(map(printer._print, self.args))})"  # noqa: SLF001


def _comparison(name: str, symbol: str) -> type:
    def code(self: Any, printer: Any) -> str:
        a, b = map(printer._print, self.args)  # noqa: SLF001
        return f"({a}) {symbol} ({b})"

    def text(self: Any, printer: Any) -> str:
        a, b = map(printer._print, self.args)  # noqa: SLF001
        return f"{a} {symbol} {b}"

    return type(name, (_Opaque,), {"_mpmathcode": code, "_sympystr": text})


def _step(name: str, call: str) -> type:
    def code(self: Any, printer: Any) -> str:
        return f"mpmath.{call}({printer._print(self.args[0])})"  # noqa: SLF001

    def text(self: Any, printer: Any) -> str:
        return f"{name}({printer._print(self.args[0])})"  # noqa: SLF001

    return type(name, (_Opaque,), {"_mpmathcode": code, "_sympystr": text})


_RELATIONS = {symbol: _comparison(f"Compare{i}", symbol) for i, symbol in enumerate(COMPARISONS)}
_STEPS = {name: _step(name, call) for name, call in {"floor": "floor", "ceil": "ceil", "round": "nint"}.items()}


class Term:
    """A SymPy expression with our operators, whose comparisons stay comparisons."""

    __slots__ = ("expression",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, expression: Any) -> None:
        self.expression = expression

    def __neg__(self) -> Term:
        return Term(-self.expression)


def sympy_number(value: Any) -> Any:
    """The number exactly: whole floats as integers, the others as the fraction that their bits are."""
    if isinstance(value, float):
        return sympy.Integer(int(value)) if value.is_integer() else sympy.Rational(*value.as_integer_ratio())
    return sympy.sympify(value, strict=True)


def expression_of(value: Any) -> Any:
    """The SymPy expression of a term or a number."""
    return value.expression if isinstance(value, Term) else sympy_number(value)


def _install() -> None:
    for name in ("add", "sub", "mul", "truediv", "pow"):
        plain = getattr(operator, name)
        setattr(Term, f"__{name}__", lambda self, other, f=plain: Term(f(self.expression, expression_of(other))))
        setattr(Term, f"__r{name}__", lambda self, other, f=plain: Term(f(expression_of(other), self.expression)))
    for symbol, name in zip(COMPARISONS, ("lt", "le", "gt", "ge", "eq", "ne"), strict=True):
        relation = _RELATIONS[symbol]
        setattr(
            Term, f"__{name}__",
            lambda self, other, r=relation: Term(r(self.expression, expression_of(other))),
        )  # fmt: skip


_install()


class SymbolicAlgebra:
    """SymPy behind the names a definition uses."""

    def __getattr__(self, name: str) -> Callable[..., Term]:
        function = getattr(sympy, name)
        return lambda *args: Term(function(*map(expression_of, args)))

    @staticmethod
    def cbrt(x: Any) -> Term:
        """The real cube root, of negative numbers too."""
        root = sympy.Rational(1, 3)
        inner = expression_of(x)
        return Term(Where(_RELATIONS[">="](inner, 0), inner**root, -((-inner) ** root)))

    @staticmethod
    def sign(x: Any) -> Term:
        """−1, 0 or 1, flat everywhere."""
        inner = expression_of(x)
        below = Where(_RELATIONS["<"](inner, 0), sympy.Integer(-1), sympy.Integer(0))
        return Term(Where(_RELATIONS[">"](inner, 0), sympy.Integer(1), below))

    floor = staticmethod(lambda x: Term(_STEPS["floor"](expression_of(x))))
    ceil = staticmethod(lambda x: Term(_STEPS["ceil"](expression_of(x))))
    round = staticmethod(lambda x: Term(_STEPS["round"](expression_of(x))))

    @staticmethod
    def compare(symbol: str, a: Any, b: Any) -> Term:
        """The comparison, left as it stands; `(condition as 1 or 0) != 0` is the condition again."""
        inner = expression_of(a)
        if symbol == "!=" and b == 0 and isinstance(inner, Where) and inner.args[1:] == (1, 0):
            return Term(inner.args[0])
        return Term(_RELATIONS[symbol](inner, expression_of(b)))

    @staticmethod
    def choose(condition: Any, a: Any, b: Any) -> Term:
        """`a` where the condition holds, else `b`."""
        if not isinstance(condition, Term):
            return Term(expression_of(a if condition else b))
        return Term(Where(condition.expression, expression_of(a), expression_of(b)))

    @staticmethod
    def each(function: Callable[[Any], Any], array: Any) -> Any:
        """The function entry by entry."""
        return np.frompyfunc(function, 1, 1)(array)


def real(value: Any, largest: int = LARGEST_INSIDE) -> Any:
    """The value as a real mpmath number. Raises Undefined where it is none, or has more bits than `largest`."""
    if isinstance(value, mpmath.mpc):
        if value.imag != 0:
            raise Undefined
        value = value.real
    number = value if isinstance(value, mpmath.mpf) else mpmath.mpf(value)
    _, mantissa, exponent, _ = number._mpf_
    if (not mantissa and exponent) or abs(exponent) > largest:
        raise Undefined
    return number


def _real_function(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        try:
            if name in _NEED_ALL_DIGITS:
                real(args[0], LARGEST)
            return real(function(*args))
        except (ArithmeticError, ValueError, TypeError):
            raise Undefined from None

    return call


def _cube_root(x: Any) -> Any:
    return mpmath.cbrt(x) if x >= 0 else -mpmath.cbrt(-x)


def _bell_tail(x: Any) -> Any:
    """1 − erf(x). mpmath's own stops where x² overflows float64; so far out the first term is all there is."""
    return mpmath.exp(-x * x) / (x * mpmath.sqrt(mpmath.pi)) if x > _FAR_OUT else mpmath.erfc(x)


_FAR_OUT = 1e100
_NAMES = "exp log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sqrt erf erfc atan2"
SMOOTH = {name: _real_function(name, getattr(mpmath, name)) for name in _NAMES.split()}
SMOOTH["erfc"] = _real_function("erfc", _bell_tail)
SMOOTH["cbrt"] = _real_function("cbrt", _cube_root)
STEPS = {"floor": mpmath.floor, "ceil": mpmath.ceil, "round": mpmath.nint, "sign": mpmath.sign}


def over_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function entry by entry where an argument is an array, else just the function."""

    def call(*args: Any) -> Any:
        if any(isinstance(arg, np.ndarray) for arg in args):
            return np.frompyfunc(function, len(args), 1)(*args)
        return function(*args)

    return call


class PreciseAlgebra:
    """mpmath behind the names a definition uses, at whatever precision is in force.

    `choices` is what every comparison and step came to, in order: two runs that differ there stand on two sides
    of a corner or a jump.
    """

    def __init__(self) -> None:
        self.choices: list[Any] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name in STEPS:
            return over_arrays(lambda x: self._stepped(STEPS[name](x)))
        if name not in SMOOTH:
            raise AttributeError(name)
        return over_arrays(SMOOTH[name])

    def _stepped(self, value: Any) -> Any:
        self.choices.append(value)
        return value

    @staticmethod
    def compare(symbol: str, a: Any, b: Any) -> Any:
        """Whether the comparison holds."""
        return over_arrays(lambda a, b: bool(COMPARISONS[symbol](a, b)))(a, b)

    def choose(self, condition: Any, a: Any, b: Any) -> Any:
        """`a` where the condition holds, else `b`; which one is noted."""
        return over_arrays(self._chosen)(condition, a, b)

    def _chosen(self, condition: Any, a: Any, b: Any) -> Any:
        self.choices.append(bool(condition))
        return a if condition else b

    @staticmethod
    def each(function: Callable[[Any], Any], array: Any) -> Any:
        """The function entry by entry."""
        return np.frompyfunc(function, 1, 1)(array)


class LanguagePrinter(StrPrinter):  # type: ignore[misc]
    """SymPy's text in our language's names."""

    def _print_Exp1(self, expr: Any) -> str:  # noqa: N802, ARG002 - SymPy's name for the method
        return "exp(1)"

    def _print_Abs(self, expr: Any) -> str:  # noqa: N802
        return f"abs({self._print(expr.args[0])})"
