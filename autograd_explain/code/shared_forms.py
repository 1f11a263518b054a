"""What NumPy and JAX write alike: a row for each such operation, given the name their arrays' module goes by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from autograd_explain.code.library import Form, Use, key_text

_SAME = [
    "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt", "sin", "cos", "tan", "sinh", "cosh",
    "tanh", "square", "reciprocal", "sign", "abs", "floor", "ceil", "round",
]  # fmt: skip
_OTHER = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
}  # fmt: skip
_REDUCED = ["sum", "mean", "prod", "max", "min", "var", "std", "cumsum"]


def over(use: Use, axis: str = "axis", keep: str = "keepdims") -> str:
    """The axis and the flag as arguments of a call, where they differ from their defaults."""
    chosen = use.options.get("axis") if use.args[0].rank else None  # a number has none, whatever the program names
    text = f", {axis}={chosen}" if chosen is not None else ""
    return text + (f", {keep}=True" if use.keeps else "")


def reduced(name: str) -> Callable[[Use], str]:
    """A call of that name with its axis, flag and degrees of freedom."""
    return lambda use: f"{name}({use.args[0]}{over(use)}{_freedom(use)})"


def _freedom(use: Use) -> str:
    return f", ddof={use.options['ddof']}" if use.options.get("ddof") else ""


def shape_text(use: Use) -> str:
    """The shape asked for: as that of a value that has it, where the script has one at hand."""
    shape = tuple(use.options["shape"])
    return use.texts.get(f"shape {shape}", repr(shape))


def index(use: Use) -> str:
    """The value with its key in brackets."""
    return f"{use.args[0].atom}[{key_text(use.options['key'], use)}]"


def _transpose(np: str) -> Callable[[Use], str]:
    def form(use: Use) -> str:
        axes = use.options.get("axes")
        if axes is not None:
            return f"{np}.transpose({use.args[0]}, {axes})"
        return f"{use.args[0].atom}.T" if use.args[0].rank else f"{np}.transpose({use.args[0]})"

    return form


def _joined(name: str) -> Callable[[Use], str]:
    def form(use: Use) -> str:
        axis = use.options.get("axis", 0)
        parts = ", ".join(arg.float for arg in use.args)
        return f"{name}([{parts}]{f', axis={axis}' if axis else ''})"

    return form


def _where(np: str) -> Callable[[Use], str]:
    def form(use: Use) -> str:
        c, a, b = use.args
        test = str(c) if use.texts.get("condition") else f"{c} != 0"
        return f"{np}.where({test}, {a.float}, {b.float})"

    return form


def shared_forms(np: str) -> Mapping[str, Form]:
    """The rows for a library whose module of arrays goes by this name."""
    return {
        **{name: f"{np}.{name}({{x}})" for name in _SAME},
        **{name: f"{np}.{other}({{x}})" for name, other in _OTHER.items()},
        **{name: f"{np}.{name}({{a}}, {{b}})" for name in ("maximum", "minimum", "outer")},
        **{name: reduced(f"{np}.{name}") for name in _REDUCED},
        "hypot": f"{np}.hypot({{x}}, {{y}})",
        "atan2": f"{np}.arctan2({{y}}, {{x}})",
        "where": _where(np),
        "reshape": lambda use: f"{np}.reshape({use.args[0]}, {shape_text(use)})",
        "squeeze": lambda use: f"{np}.squeeze({use.args[0]}{over(use)})",
        "expand_dims": f"{np}.expand_dims({{x}}, {{axis}})",
        "flatten": f"{np}.ravel({{x}})",
        "transpose": _transpose(np),
        "concat": _joined(f"{np}.concatenate"),
        "stack": _joined(f"{np}.stack"),
        "broadcast_to": lambda use: f"{np}.broadcast_to({use.args[0]}, {shape_text(use)})",
    }
