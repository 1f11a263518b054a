"""`record()`: values recorded line by line, and gradients that collect on them as in PyTorch.

`y.backward()` adds to the gradients of the tracked inputs, and to nothing else unless `retain_grad` asks for it. What
an operation saved for its rule is let go by a backward pass and is checked before the next: the value, who saved it
and both versions are named where it is gone or was written over.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.formula import written
from autograd_explain.core.notation import LANGUAGE
from autograd_explain.core.shapes import as_value, shape_of, show_shape
from autograd_explain.core.tape import QUIET, Tape, opened
from autograd_explain.core.var import INPUT, Var, leaf
from autograd_explain.errors import ExplainError, InputError, NameProblem, ShapeError
from autograd_explain.explanation.build import Explanation
from autograd_explain.explanation.notes_run import needed_by
from autograd_explain.explanation.words import Wording
from autograd_explain.modes.functions import as_number, or_zero
from autograd_explain.modes.records import Recording
from autograd_explain.modes.reverse import reverse
from autograd_explain.ops.compare import where
from autograd_explain.ops.indexing import scatter_add
from autograd_explain.render.numbers import show
from autograd_explain.render.theme import View


class Entry(NamedTuple):
    """One addition to a gradient: `after` = `before` + `amount`; `of` is the value that was walked back from."""

    backward: int
    of: str
    name: str
    before: Any
    amount: Any
    after: Any


class Ledger(tuple[Entry, ...]):
    """Every addition to a gradient, in order; printed it is a table."""

    __slots__ = ()

    def __str__(self) -> str:
        lines = []
        known = 0
        for entry in self:
            if entry.backward != known:
                lines.append(f"backward {entry.backward}, from {entry.of}")
                known = entry.backward
            before, amount, after = (_told(value) for value in (entry.before, entry.amount, entry.after))
            lines.append(f"    {entry.name}   {before} + {amount} = {after}")
        return "\n".join(lines)


def _told(value: Any) -> str:
    view = View()
    return show(value, view) if isinstance(value, float) else np.array2string(value, precision=view.digits)


class _OpenTape(Tape):
    """A tape that knows its session."""

    __slots__ = ("session",)
    session: Session


class Session:
    """Values recorded line by line: see `record`."""

    def __init__(self) -> None:
        self.tape = _OpenTape()
        self.tape.session = self
        self.inputs: dict[str, Var] = {}
        self._gradients: dict[int, Any] = {}
        self._retained: set[int] = set()
        self._entries: list[Entry] = []
        self._passes = 0
        self._let_go: dict[int, str] = {}  # operations whose saved values a backward pass has used up, and from where
        self._writes: dict[int, list[int]] = {}  # by value: how many values had been recorded at each write

    def input(self, name: str, value: Any, *, tracked: bool = True) -> Var:
        """A given value under a name: a number or an array, copied. Raises InputError and NameProblem."""
        if not isinstance(name, str) or not name.isidentifier() or name in self.inputs:  # type: ignore[redundant-expr]
            raise NameProblem(f"{name!r} is not a new name", hint='session.input("x", 2.0)')
        self.inputs[name] = leaf(self.tape, name, as_number(name, value), tracked=tracked)
        return self.inputs[name]

    def backward(self, value: Var, upstream: Any = None, *, retain: bool = False) -> None:
        """Walk back from a value and add to the gradients; see `Var.backward`."""
        self._own(value)
        if not value.tracked:
            said = self.label(value)
            message = f"{said} depends on no tracked input, so there is nothing to walk back to"
            raise ExplainError(message, hint='session.input("x", 2.0) is tracked unless told otherwise')
        given = None if upstream is None else as_number("the upstream", upstream)
        sweep = reverse(self.tape, value, given)
        walked = [n for n in self.tape.nodes[: value.index + 1] if n.inputs and sweep.gradients[n.index] is not None]
        self._check(walked)
        self._passes += 1
        for node in self.tape.nodes[: value.index + 1]:
            amount = sweep.gradients[node.index]
            if amount is not None and ((node.op is INPUT and node.tracked) or node.index in self._retained):
                self._add(value, node, amount)
        if not retain:
            self._let_go.update(dict.fromkeys((node.index for node in walked), self.label(value)))

    def _add(self, value: Var, node: Var, amount: Any) -> None:
        before = self._gradients.get(node.index, or_zero(None, node))
        after = self._gradients[node.index] = before + amount
        self._entries.append(Entry(self._passes, self.label(value), self.label(node), before, amount + 0.0, after))

    def _check(self, walked: list[Var]) -> None:
        """Raise ExplainError where a value that a rule needs was let go or written over."""
        for node in reversed(walked):
            if node.index not in self._let_go and not self._writes:
                continue
            saved = needed_by(node)
            if saved and node.index in self._let_go:
                raise self._gone(node, saved)
            for kept in saved:
                times = self._writes.get(kept.index, [])
                then = sum(at <= node.index for at in times)
                if then != len(times):
                    raise self._overwritten(node, kept, then, len(times))

    def _gone(self, node: Var, saved: list[Var]) -> ExplainError:
        names = ", ".join(dict.fromkeys("its output" if kept is node else self.label(kept) for kept in saved))
        of = self._let_go[node.index]
        return ExplainError(
            f"{self._written(node)} has let go of what it saved ({names}): a backward pass from {of} has used it",
            hint=f"keep it for another pass: {of}.backward(retain=True); or record the operations anew",
        )

    def _overwritten(self, node: Var, kept: Var, then: int, now: int) -> ExplainError:
        name = "its output" if kept is node else self.label(kept)
        return ExplainError(
            f"{self._written(node)} saved {name} at version {then}, and it was written to since: "
            f"it is at version {now}",
            hint="write before the value is used, or make a new value: functions.where(mask, new, old)",
        )

    def _written(self, node: Var) -> str:
        words = Wording(self.tape, lambda site: "")
        return f"{words.label(node)} = {written(words.formula(node), LANGUAGE).text}"

    def label(self, value: Var) -> str:
        """What a value is called: an input's name, else `v1`, `v2` and so on."""
        return Wording(self.tape, lambda site: "").label(value)

    def gradient(self, value: Var) -> Any:
        """The gradient collected so far, a copy; None where there is none."""
        found = self._gradients.get(value.index)
        return None if found is None else found + 0.0

    def retain(self, value: Var) -> None:
        """Let an inner value collect its gradient too. Raises ExplainError where it is not tracked."""
        self._own(value)
        if not value.tracked:
            message = f"{self.label(value)} is not tracked, so it gets no gradient to retain"
            raise ExplainError(message, hint='session.input("x", 2.0) is tracked, and so is what is made from it')
        self._retained.add(value.index)

    def zero_grad(self) -> None:
        """Clear every gradient."""
        self._gradients.clear()

    def ledger(self) -> Ledger:
        """Every addition that the backward passes made to a gradient."""
        return Ledger(self._entries)

    def explain(self, value: Var, upstream: Any = None) -> Explanation:
        """The explanation of a recorded value: every step back from it to the inputs."""
        self._own(value)
        self.tape.settle()
        recording = Recording(self.tape, value, self.inputs, _no_rerun)
        return Explanation(recording, reverse(self.tape, value, upstream))

    def _own(self, value: Any) -> None:
        if not isinstance(value, Var) or value.tape is not self.tape:
            raise InputError("this value was not recorded in this session", hint="with record() as session: …")

    def write(self, value: Var, key: Any, new: Any) -> None:
        """Write into an array, as `value[key] = new`; see `Var.__setitem__`."""
        self._own(value)
        if isinstance(value.value, float):
            hint = "with no_grad(): w -= 0.1 * w.grad   gives an input another value"
            raise InputError("a number has no entries to write to", hint=hint)
        quiet = QUIET.get() or not (value.tracked or (isinstance(new, Var) and new.tracked))
        if quiet:
            self._writes.setdefault(value.index, []).append(len(self.tape.nodes))
            value.value[_plain_key(key)] = new.value if isinstance(new, Var) else new
            return
        if value.op is INPUT:
            raise ExplainError(
                f"{self.label(value)} is an input: writing to it would lose the value that gradients are asked for",
                hint="with no_grad(): the write is no step of the record; or functions.where(mask, new, old)",
            )
        old = self._moved(value)
        self._writes.setdefault(old.index, []).append(len(self.tape.nodes))
        self._become(value, self._patched(old, _plain_key(key), new))

    def update(self, leaf: Var, new: Any) -> None:
        """Give an input another value in its place, as an optimizer does: no step of the record.

        Raises InputError for what is no number, and ShapeError for another shape.
        """
        fresh = as_number(self.label(leaf), new)
        if shape_of(fresh) != leaf.shape:
            message = f"{self.label(leaf)} has shape {show_shape(leaf.shape)}, its update {show_shape(shape_of(fresh))}"
            raise ShapeError(message, hint="an update has one number for each of the input's")
        self._writes.setdefault(leaf.index, []).append(len(self.tape.nodes))
        leaf.value = fresh

    def _moved(self, value: Var) -> Var:
        """What the value was, as a value of its own that all its earlier uses now refer to."""
        old = Var()
        for name in Var.__slots__:
            setattr(old, name, getattr(value, name))
        self.tape.nodes[value.index] = old
        for node in self.tape.nodes[value.index + 1 :]:
            if node.first is value:
                node.first = old
            if node.second is value:
                node.second = old
            elif isinstance(node.second, tuple):
                node.second = tuple(old if part is value else part for part in node.second)
        return old

    def _patched(self, old: Var, key: Any, new: Any) -> Var:
        mask = np.zeros(old.shape)
        mask[key] = 1.0
        if isinstance(new, Var):
            room = np.shape(mask[key])
            spread = new + np.zeros(room) if new.shape != room else new
            patch = scatter_add(spread, key=key if isinstance(key, tuple) else (key,), shape=old.shape)
        else:
            patch = np.zeros(old.shape)
            patch[key] = as_value(new)
        patched: Var = where(mask, patch, old)
        return patched

    def _become(self, value: Var, node: Var) -> None:
        for name in Var.__slots__:
            setattr(value, name, getattr(node, name))
        self.tape.nodes[value.index] = value


def _plain_key(key: Any) -> Any:
    parts = key if isinstance(key, tuple) else (key,)
    return tuple(np.asarray(part.value).astype(int)[()] if isinstance(part, Var) else part for part in parts)


def _no_rerun(values: Any) -> Any:
    raise ExplainError("a session was recorded line by line and cannot be run again", hint="explain(function, x=…)")


@contextmanager
def record() -> Iterator[Session]:
    """A session: inputs by name, ordinary Python with them, `backward` on what was made.

    >>> from autograd_explain import record
    >>> with record() as session:
    ...     a = session.input("a", 1.0)
    ...     b = a + a
    ...     c = b + b
    ...     c.backward()
    ...     c.backward()
    >>> a.grad
    8.0
    >>> print(session.ledger())
    backward 1, from v2
        a   0 + 4 = 4
    backward 2, from v2
        a   4 + 4 = 8
    """
    session = Session()
    with opened(session.tape):
        yield session


def _session_of(value: Var) -> Session:
    found = getattr(value.tape, "session", None)
    if found is None:
        hint = "with record() as session: …   explain(function) and grad(function) walk back by themselves"
        raise ExplainError("this value was not recorded in a session", hint=hint)
    return found  # type: ignore[no-any-return]


def _backward(self: Var, upstream: Any = None, *, retain: bool = False) -> None:
    """Walk back from here and add to the gradients of the tracked inputs.

    `upstream` is what the walk starts with (ones unless given). `retain` keeps what the operations saved, for
    another pass. Raises ExplainError where nothing is tracked, and where a saved value is gone or was written over.
    """
    _session_of(self).backward(self, upstream, retain=retain)


def _retain_grad(self: Var) -> None:
    """Collect this value's gradient as well."""
    _session_of(self).retain(self)


def _in_place(change: Callable[[Any, Any], Any]) -> Callable[[Var, Any], Any]:
    """`w -= step` inside `no_grad`: an input takes its new value and stays the input. Elsewhere it is a new value."""

    def update(self: Var, other: Any) -> Any:
        session = getattr(self.tape, "session", None)
        if session is None or self.op is not INPUT or not QUIET.get():
            return NotImplemented
        session.update(self, change(self.value, other.value if isinstance(other, Var) else other))
        return self

    return update


def _attach() -> None:
    """Give recorded values what only a session can answer."""
    Var.backward = _backward  # type: ignore[method-assign]
    Var.retain_grad = _retain_grad  # type: ignore[method-assign]
    Var.grad = property(lambda self: _session_of(self).gradient(self))
    Var.__setitem__ = lambda self, key, new: _session_of(self).write(self, key, new)  # type: ignore[method-assign]
    for name in ("add", "sub", "mul", "truediv"):
        setattr(Var, f"__i{name}__", _in_place(getattr(operator, name)))


_attach()
