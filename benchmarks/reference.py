"""How right the numbers are: every operation at every point of the table of `tests/laws/points.py`, against mpmath.

For each family: operations, points, numbers held against the true ones, and the worst relative error of a value and
of a partial derivative where the point leaves 13 digits. `misses` counts numbers that are further off than their
point allows, `known` those of them that tests/laws/test_reference.py lists with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import autograd_explain.ops  # noqa: F401 - fills the table
from autograd_explain.core.registry import OPERATIONS
from autograd_explain.ops.losses import COMPOSITES
from benchmarks.timing import table
from tests.laws.reference import Judged, all_judged, known_limit

HEADINGS = ("family", "operations", "points", "numbers", "13 digits", "value", "partials", "misses", "known")


@dataclass(frozen=True, slots=True)
class Family:
    """What came out for the operations of one family."""

    name: str
    operations: int
    points: int
    numbers: int
    well_conditioned: int
    worst_value: float
    worst_partial: float
    misses: int
    known: int

    @property
    def row(self) -> list[str]:
        """Its line in the table."""
        counts = (self.operations, self.points, self.numbers, self.well_conditioned)
        worst = (f"{error:.1e}" for error in (self.worst_value, self.worst_partial))
        return [self.name, *(f"{count:,}" for count in counts), *worst, f"{self.misses}", f"{self.known}"]


def main() -> None:
    """Print a line for each family, and one for all."""
    numbers = [number for name in (*OPERATIONS, *COMPOSITES) for number in all_judged(name)]
    print(table(HEADINGS, [family.row for family in families(numbers)]))


def families(numbers: Iterable[Judged]) -> Iterator[Family]:
    """The families in order of their names, then all of them together."""
    ordered = sorted(numbers, key=attrgetter("family"))
    for name, members in groupby(ordered, attrgetter("family")):
        yield _summed(name, list(members))
    yield _summed("all", ordered)


def _summed(name: str, numbers: list[Judged]) -> Family:
    errors = [number for number in numbers if number.right and number.error is not None]
    of_values = [number.error or 0.0 for number in errors if number.what.startswith("value")]
    of_partials = [number.error or 0.0 for number in errors if not number.what.startswith("value")]
    wrong = [number for number in numbers if not number.right]
    return Family(
        name,
        len({number.name for number in numbers}),
        len({(number.name, number.place) for number in numbers}),
        len(numbers),
        len(errors),
        max(of_values, default=0.0),
        max(of_partials, default=0.0),
        len(wrong),
        sum(known_limit(number) is not None for number in wrong),
    )
