"""The laws about rules as such can each be broken; factors are named only where they are factors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import autograd_explain.ops  # noqa: F401 - fills the table
from autograd_explain import Op
from autograd_explain import functions as F  # noqa: N812 - as the README calls it
from autograd_explain.check.factors import factors
from autograd_explain.check.law_parts import own_samples
from autograd_explain.check.laws import by_law, laws
from autograd_explain.check.ratios import factor_text, times_what_is_right
from autograd_explain.core.registry import OPERATIONS

TANH, SUM, MUL = OPERATIONS["tanh"], OPERATIONS["sum"], OPERATIONS["mul"]
TOTAL = Op("total", ("x",), lambda x: x.sum(), vjp=(lambda up, out, x: up + 0 * x,), note="n", example="total(x)")


def broken(op: Op) -> set[str]:
    return {law for law, findings in by_law(op).items() if findings}


@pytest.mark.parametrize(
    ("law", "row"),
    [
        ("rules", replace(TANH, partials=())),
        ("rules", replace(MUL, partials=(1.0,))),
        ("shape", replace(TANH, partials=(lambda out, x: np.ones(7),))),
        ("shape", replace(TOTAL, vjp=(lambda up, out, x: up,))),
        ("upstream", replace(TOTAL, vjp=(lambda up, out, x: up + 1 + 0 * x,))),
        ("upstream", replace(TOTAL, vjp=(lambda up, out, x: up * up + 0 * x,))),
        ("domain", replace(OPERATIONS["log"], domain=TANH.domain)),
        ("differences", replace(TOTAL, vjp=(lambda up, out, x: 2 * up + 0 * x,))),
        ("again", replace(TANH, partials=(lambda out, x: 1 - F.detach(out) ** 2,))),
        ("again", replace(TANH, partials=(lambda out, x: 1 - np.tanh(np.asarray(x, dtype=float)) ** 2,))),
    ],
)
def test_each_law_can_be_broken(law: str, row: Any) -> None:
    assert law in broken(row)


def test_a_right_row_breaks_none() -> None:
    assert [] == laws(TOTAL)


def test_a_row_whose_rules_do_not_fit_is_not_tried_further() -> None:
    assert {"rules"} == set(by_law(replace(MUL, partials=(1.0,))))


def test_a_rule_that_fails_is_a_finding_not_a_failure() -> None:
    def fails(out: Any, x: Any) -> Any:
        raise KeyError("nowhere")

    findings = laws(replace(TANH, partials=(fails,)))
    assert any("KeyError" in str(finding) for finding in findings)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (TANH, {}),
        (replace(TANH, partials=(lambda out, x: 2 - 2 * out**2,)), {"x": "2"}),
        (replace(TANH, partials=(lambda out, x: out**2 - 1,)), {"x": "−1"}),
        (replace(TANH, partials=(lambda out, x: 1 - out,)), {}),  # wrong, but not by a factor
        (replace(TOTAL, vjp=(lambda up, out, x: up * x.size + 0 * x,)), {"x": "n (the number of entries)"}),
        (replace(MUL, partials=(lambda out, a, b: b, lambda out, a, b: 0.5 * a)), {"b": "1/2"}),
    ],
)
def test_a_factor_is_named_where_there_is_one(row: Any, expected: dict[str, str]) -> None:
    assert expected == factors(row, list(own_samples(row)))


def test_ratios_in_words() -> None:
    assert ["2", "−1", "2/3", "2.718"] == [factor_text(x) for x in (2.0, -1.0, 2 / 3, 2.71828)]
    assert ["2 times what is right", "", "", ""] == [
        times_what_is_right(right, given) for right, given in ((3.0, 6.0), (3.0, 3.0), (0.0, 1.0), (3.0, 8.1547))
    ]
