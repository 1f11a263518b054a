"""The program's own operations as functions of a script: body and rule as each of the libraries wants them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple

from autograd_explain.code.library import Library
from autograd_explain.code.names import Names
from autograd_explain.code.writing import Place, write_formula
from autograd_explain.core.formula import Formula, as_formula
from autograd_explain.core.op import Op
from autograd_explain.core.shapes import shape_of, zeros_of
from autograd_explain.errors import ExplainError, InputError

_PLAIN = """
def {name}({parameters}):
{body}
    return {value}
"""
_NUMPY = '''
def {name}({parameters}):
{body}
    return {value}


def {name}_backward(upstream, out, {parameters}):
    """The program's own rule: what each argument of {name} gets of the upstream."""
{rule}
    return {shares}
'''
_TORCH = '''
class {name}_function(torch.autograd.Function):
    """{name}, with the program's own rule as its derivative."""

    @staticmethod
    def forward(context, {parameters}):
{inner_body}
        out = {value}
        context.save_for_backward(out, {parameters})
        return out

    @staticmethod
    def backward(context, upstream):
        out, {parameters} = context.saved_tensors
{inner_rule}
        return {tensor_shares}


{name} = {name}_function.apply
'''
_JAX = '''
@jax.custom_vjp
def {name}({parameters}):
{body}
    return {value}


def {name}_forward({parameters}):
    out = {name}({parameters})
    return out, (out, {parameters})


def {name}_backward(saved, upstream):
    """The program's own rule: what each argument of {name} gets of the upstream."""
    out, {parameters} = saved
{rule}
    return ({tensor_shares},)


{name}.defvjp({name}_forward, {name}_backward)
'''
_LAYOUTS = {"NumPy": _NUMPY, "PyTorch": _TORCH, "JAX": _JAX}
_SUFFIXES = {"NumPy": ("_backward",), "PyTorch": ("_function",), "JAX": ("_forward", "_backward")}


class _Body(NamedTuple):
    """What a function computes: statements as text, and the text of what it returns."""

    statements: list[str]
    value: str
    is_number: bool
    shape: tuple[int, ...]


class OwnOperations:
    """The definitions that a script needs so far; calls that run the same steps share one."""

    def __init__(self, library: Library, names: Names) -> None:
        self.library = library
        self.names = names
        self.definitions: list[str] = []
        self._known: dict[str, str] = {}

    def name_of(self, call: Formula) -> str:
        """The function for this call, defined on the way; where the operation is none of the program's, without a rule.

        Raises InputError for an operation without a body.
        """
        op = _operation(call)
        local = Names((*self.library.helpers, "out", "upstream", "context", "saved"))
        parameters = [local.give(name) for name in op.arguments]
        arguments = [Formula(part.value, name) for name, part in zip(parameters, call.args, strict=True)]
        out, upstream = Formula(call.value, "out"), Formula(1.0 + zeros_of(call.value), "upstream")
        with_rule = op.family == "own"
        rules: list[Callable[..., Any]] = [rule for rule in op.vjp if rule is not None] if with_rule else []
        body = self._written(body_of(op, arguments, call.options), local)
        shares = [self._written(rule(upstream, out, *arguments), local) for rule in rules]
        return self._defined(op.name, ", ".join(parameters), body, shares)

    def _written(self, value: Any, local: Names) -> _Body:
        place = Place(self.library, lambda: local.number("t"), self.name_of, {})
        formula = as_formula(value)
        statements, text = write_formula(formula, place)
        lines = [f"{name} = {inner}" for name, inner in statements]
        return _Body(lines, text.text, formula.is_number, shape_of(formula.value))

    def _defined(self, wanted: str, parameters: str, body: _Body, shares: list[_Body]) -> str:
        layout = _LAYOUTS[self.library.name] if shares else _PLAIN
        rule = [line for share in shares for line in share.statements]
        fields = {
            "parameters": parameters,
            "value": body.value,
            "body": _indented(body.statements, 4),
            "inner_body": _indented(body.statements, 8),
            "rule": _indented(rule, 4),
            "inner_rule": _indented(rule, 8),
            "shares": ", ".join(share.value for share in shares),
            "tensor_shares": ", ".join(map(self._tensor, shares)),
        }
        steps = repr((wanted, fields))
        if steps not in self._known:
            name = self.names.give(wanted, _SUFFIXES[self.library.name])
            self._known[steps] = name
            text = layout.format(name=name, **fields).strip()
            self.definitions.append("\n".join(line for line in text.split("\n") if line != _EMPTY))
        return self._known[steps]

    def _tensor(self, share: _Body) -> str:
        return f"{self.library.scalar}({float(share.value)!r})" if share.is_number and not share.shape else share.value


_EMPTY = "\0"


def _indented(lines: list[str], by: int) -> str:
    return textwrap.indent("\n".join(lines), " " * by) if lines else _EMPTY


def _operation(call: Formula) -> Op:
    if call.op is None:
        raise TypeError("only an operation can be called")
    return call.op


def body_of(op: Op, arguments: list[Formula], options: dict[str, Any]) -> Formula:
    """What an operation that has no text of its own computes. Raises InputError where that cannot be followed."""
    try:
        return as_formula(op.forward(*arguments, **options))
    except (ExplainError, TypeError, ValueError, AttributeError):
        if op.family == "own":
            raise
        raise InputError(
            f"the operation {op.name} has no text for a script",
            hint="its forward must be written with operators and autograd_explain's own functions, "
            "or be a function of the program with @backward_of",
        ) from None
