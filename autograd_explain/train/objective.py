"""What is made small: a program or a Python function with its trained values, its other values, and its data.

Knows how a step's values are put together; must not know optimizers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from autograd_explain.core.shapes import shape_of, show_shape
from autograd_explain.errors import DomainError, ShapeError
from autograd_explain.modes.records import Recording


@dataclass(frozen=True)
class Data:
    """The columns of a table, and how their rows are dealt out; the same rows for the same seed.

    `batch` is how many rows a step sees (None: all), `holdout` the share of rows that is never trained on.
    """

    columns: Mapping[str, Any] = field(default_factory=dict)
    batch: int | None = None
    holdout: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise ShapeError or DomainError where the rows cannot be dealt out like that."""
        if not 0.0 <= self.holdout < 1.0:
            message = f"the share that is held out must be at least 0 and below 1, not {self.holdout:g}"
            raise DomainError(message, hint="0.2 holds out a fifth of the rows")
        if self.batch is not None and self.batch < 1:
            message = f"a batch has at least 1 row, not {self.batch}"
            raise DomainError(message, hint="leave it out to take all rows at once")
        if self.batch is None and not self.holdout:
            return
        if not self.columns:
            hint = "they come from a table: --data FILE, or arrays among the data of fit"
            raise DomainError("there are no rows to make batches of or to hold out", hint=hint)
        lengths = {name: self._length(name) for name in self.columns}
        first, *others = lengths
        for name in others:
            if lengths[name] != lengths[first]:
                message = f"{first} has {lengths[first]} rows, {name} has {lengths[name]}"
                raise ShapeError(message, hint="the columns of a table are equally long")
        if not 0 < len(self.training_rows) or (self.holdout and not len(self.held_out_rows)):
            message = f"{self.rows} rows are too few to hold out a share of {self.holdout:g}"
            raise DomainError(message, hint="give more rows, or a share that leaves some on both sides")

    def _length(self, name: str) -> int:
        shape = shape_of(self.columns[name])
        if not shape:
            message = f"{name} is one number: it has no rows to choose from"
            raise ShapeError(message, hint="a column has one number for each row")
        return shape[0]

    @property
    def is_dealt(self) -> bool:
        """Whether steps see chosen rows rather than the columns as they are."""
        return self.batch is not None or self.holdout > 0

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self._length(next(iter(self.columns)))

    @cached_property
    def _shuffled(self) -> Any:
        return np.random.default_rng([self.seed, 0]).permutation(self.rows)

    @cached_property
    def training_rows(self) -> Any:
        """The rows that are trained on, in their own order."""
        return np.sort(self._shuffled[round(self.holdout * self.rows) :])

    @cached_property
    def held_out_rows(self) -> Any:
        """The rows that are only looked at, in their own order."""
        return np.sort(self._shuffled[: round(self.holdout * self.rows)])

    @property
    def batches(self) -> int:
        """How many steps an epoch has."""
        return 1 if self.batch is None else math.ceil(len(self.training_rows) / self.batch)

    def epoch_of(self, step: int) -> int:
        """The epoch that a step belongs to, both from 1."""
        return (step - 1) // self.batches + 1

    def rows_at(self, step: int) -> int:
        """How many rows a step sees, where they are dealt out in batches: the last of an epoch may see fewer."""
        most = self.batch or len(self.training_rows)
        return min(most, len(self.training_rows) - (step - 1) % self.batches * most)

    def at(self, step: int) -> dict[str, Any]:
        """The columns as one step sees them."""
        if not self.is_dealt:
            return dict(self.columns)
        rows = self.training_rows
        if self.batch is not None:
            order = np.random.default_rng([self.seed, self.epoch_of(step)]).permutation(len(rows))
            start = (step - 1) % self.batches * self.batch
            rows = rows[order[start : start + self.batch]]
        return self.of(rows)

    def of(self, rows: Any) -> dict[str, Any]:
        """The columns with these rows alone."""
        return {name: column[rows] for name, column in self.columns.items()}


def checked_loss(recording: Recording) -> Recording:
    """The recording, whose result is one number that depends on a trained value; else ShapeError or DomainError."""
    if recording.result.shape:
        raise ShapeError(
            f"training makes one number small, but the result has shape {show_shape(recording.result.shape)}",
            hint="end the program with mean(…) or sum(…) of it, or with a loss such as mse(…)",
        )
    if not recording.result.tracked:
        message = "the result depends on no trained value, so there is nothing to train"
        raise DomainError(message, hint="train a value that the result is made from: --wrt, or the params of fit")
    return recording


def all_finite(values: Iterator[Any]) -> bool:
    """Whether every number in every value is finite."""
    return all(math.isfinite(v) if type(v) is float else bool(np.isfinite(v).all()) for v in values)
