"""Second derivatives of a run: its backward pass as a recording, and the walk back over that.

The program is recorded once more, its backward pass is appended to that tape, and every entry of a gradient is then
a result like any other: a sweep from it gives one row of the Hessian. Knows nothing of checks or text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from autograd_explain.core.shapes import shape_of, show_shape, zeros_of
from autograd_explain.core.var import Var
from autograd_explain.errors import LimitError, NameProblem, ShapeError
from autograd_explain.explanation.build import Explanation
from autograd_explain.modes.higher import recorded_gradients
from autograd_explain.modes.records import Recording
from autograd_explain.modes.reverse import reverse
from autograd_explain.ops.reductions import sum_

MOST_ENTRIES = 64
"""The most entries of inputs that a whole Hessian is made for: each is a sweep over the recorded backward pass."""
Again = Callable[[Mapping[str, Any]], Recording]


class Row(NamedTuple):
    """One entry of a gradient, walked back: `label` is the entry, `walk` the explanation of that walk."""

    name: str
    place: tuple[int, ...]
    label: str
    walk: Explanation | None
    """None where the entry depends on no tracked input."""


class SecondOrder:
    """The second derivatives of a run by its tracked inputs.

    `again` records the program at given values. With `along`, a vector by name, only the Hessian times that vector is
    made; `product` holds it. Raises LimitError where a whole Hessian would have more than `MOST_ENTRIES` rows,
    NameProblem and ShapeError for a vector that does not fit the inputs.
    """

    def __init__(
        self, first: Explanation, again: Again, *, upstream: Any = None, along: Mapping[str, Any] | None = None
    ) -> None:
        self.first = first
        self.again = again
        self.upstream = upstream
        values = {name: node.value for name, node in first.recording.inputs.items()}
        self.names = [record.name for record in first.inputs if record.tracked]
        self.along = None if along is None else self._fitting(along)
        if along is None:
            self._refuse_many()
        self.recording = again(values)
        self.start = len(self.recording.tape.nodes)
        self.gradients = dict(zip(self.names, self._recorded(), strict=True))
        self.slope = None if self.along is None else self._slope()

    def _fitting(self, along: Mapping[str, Any]) -> dict[str, Any]:
        inputs = self.first.recording.inputs
        for name, row in along.items():
            if name not in self.names:
                known = ", ".join(self.names)
                raise NameProblem(f"the vector has a value for {name}, which is not tracked", hint=known)
            if shape_of(row) != inputs[name].shape:
                shown = show_shape(shape_of(row)), show_shape(inputs[name].shape)
                message = f"the vector has shape {shown[0]} for {name}, which has {shown[1]}"
                raise ShapeError(message, hint=f"give one number for each entry of {name}")
        return dict(along)

    def _refuse_many(self) -> None:
        entries = sum(int(np.size(self.first.recording.inputs[name].value)) for name in self.names)
        if entries > MOST_ENTRIES:
            raise LimitError(
                f"the Hessian has a row for each of {entries:,} entries of inputs; {MOST_ENTRIES} are the most",
                hint="--hvp V gives the Hessian times a vector in one sweep; --wrt NAME tracks fewer inputs",
            )

    def _recorded(self) -> list[Any]:
        tape, inputs = self.recording.tape, self.recording.inputs
        targets = [inputs[name] for name in self.names]
        found = recorded_gradients(tape, self.recording.result, targets, self.upstream)
        for name, gradient in zip(self.names, found, strict=True):
            if isinstance(gradient, Var) and gradient.index >= self.start and gradient.inputs:
                tape.names.setdefault(gradient.index, f"d_{name}")
        return found

    def _slope(self) -> Any:
        """Gradient · vector, recorded."""
        slope: Any = None
        for name, row in (self.along or {}).items():
            gradient = self.gradients[name]
            if not isinstance(gradient, Var):
                continue
            share = gradient * row
            share = sum_(share, axis=None, keepdims=False) if share.shape else share
            slope = share if slope is None else slope + share
        if slope is not None and slope.index >= self.start:
            self.recording.tape.names.setdefault(slope.index, "d_along")
        return slope

    @cached_property
    def recorded(self) -> list[Var]:
        """The operations of the recorded backward pass, in their order."""
        return [node for node in self.recording.tape.nodes[self.start :] if node.inputs]

    @cached_property
    def whole(self) -> Explanation:
        """The longer recording as a run, for the labels and formulas of its values."""
        result = self.recording.tape.nodes[-1]
        return self._walk(result, None)

    def _walk(self, result: Var, upstream: Any) -> Explanation:
        recording = Recording(self.recording.tape, result, self.recording.inputs, self.recording.rerun)
        walk = Explanation(recording, reverse(recording.tape, result, upstream), self.first.parsed)
        if "whole" in self.__dict__:
            walk.words = self.whole.words  # one set of labels for all of them
        return walk

    @cached_property
    def rows(self) -> list[Row]:
        """Every entry of every gradient, walked back; with a vector the one walk from gradient · vector."""
        self.whole  # noqa: B018 - the labels are made once
        if self.along is not None:
            return [Row("", (), "the slope", self._walk(self.slope, None) if self.slope is not None else None)]
        return [self._row(name, place) for name in self.names for place in np.ndindex(shape_of(self.gradients[name]))]

    def _row(self, name: str, place: tuple[int, ...]) -> Row:
        gradient = self.gradients[name]
        label = f"{name}[{', '.join(map(str, place))}]" if place else name
        if not isinstance(gradient, Var) or not gradient.tracked:
            return Row(name, place, label, None)
        seed: Any = None
        if gradient.shape:
            seed = np.zeros(gradient.shape)
            seed[place] = 1.0
        return Row(name, place, label, self._walk(gradient, seed))

    def _swept(self, row: Row) -> dict[str, Any]:
        inputs = self.recording.inputs
        zeros = {n: zeros_of(inputs[n]) for n in self.names}
        if row.walk is None:
            return zeros
        return {name: row.walk.gradient(inputs[name]) for name in self.names}

    @cached_property
    def table(self) -> dict[str, dict[str, Any]]:
        """The Hessian: `table[a][b]` is the gradient by a, differentiated by b, in shape `a.shape + b.shape`."""
        inputs = self.recording.inputs
        found: dict[str, dict[str, list[Any]]] = {name: {other: [] for other in self.names} for name in self.names}
        for row in self.rows if self.along is None else ():
            for other, share in self._swept(row).items():
                found[row.name][other].append(share)
        return {
            a: {b: _laid_out(rows, (*inputs[a].shape, *inputs[b].shape)) for b, rows in own.items()}
            for a, own in found.items()
        }

    @cached_property
    def product(self) -> dict[str, Any]:
        """The Hessian times the vector, by name; empty without a vector."""
        return self._swept(self.rows[0]) if self.along is not None else {}

    def entries(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Every entry of the tracked inputs: the Hessian's rows and columns."""
        for name in self.names:
            yield from ((name, place) for place in np.ndindex(self.recording.inputs[name].shape))

    @cached_property
    def matrix(self) -> Any:
        """The Hessian as one square array over all entries."""
        inputs = self.recording.inputs
        sizes = {name: int(np.size(inputs[name].value)) for name in self.names}
        blocks = [[np.reshape(self.table[a][b], (sizes[a], sizes[b])) for b in self.names] for a in self.names]
        return np.block(blocks) if blocks else np.zeros((0, 0))


def _laid_out(rows: list[Any], shape: tuple[int, ...]) -> Any:
    return np.array(rows, dtype=np.float64).reshape(shape) if shape else float(rows[0])
