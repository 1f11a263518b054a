"""Every row of the table keeps every law; each law can be broken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import autograd_explain.ops  # noqa: F401 - fills the table
from autograd_explain.check.laws import LAWS, laws, own_samples, why_no_numbers
from autograd_explain.core.op import compute
from autograd_explain.core.registry import OPERATIONS
from tests.laws.samples import SAMPLES


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("op", OPERATIONS.values(), ids=lambda op: op.name)
def test_every_operation_keeps_every_law(op: Any, law: Any) -> None:
    samples = SAMPLES.get(op.name) or list(own_samples(op))
    assert [] == list(LAWS[law](op, samples))


@pytest.mark.parametrize("op", OPERATIONS.values(), ids=lambda op: op.name)
def test_every_operation_is_tried(op: Any) -> None:
    if not op.internal:
        assert SAMPLES.get(op.name) or list(own_samples(op))


@pytest.mark.parametrize("op", [op for op in OPERATIONS.values() if op.has_form], ids=lambda op: op.name)
def test_every_form_has_a_value_where_the_operation_has_one(op: Any) -> None:
    samples = SAMPLES.get(op.name) or list(own_samples(op))
    values = [(sample, compute(op, *sample)) for sample in samples]
    has_one = [sample for sample, value in values if np.all(np.isfinite(value) & (value != 0.0))]
    assert [] == [sample for sample in has_one if why_no_numbers(op, [sample])]


_SHOWN = [op for op in OPERATIONS.values() if op.vjp and any((*op.shown, *op.jvp_shown))]


@pytest.mark.parametrize("op", _SHOWN, ids=lambda op: op.name)
def test_the_shown_form_of_a_structured_rule_is_its_rule(op: Any) -> None:
    """On ordinary numbers; far out the shown form may lose the digits that the rule keeps."""
    tried = set()
    for args, options in SAMPLES[op.name]:
        out = compute(op, args, options)
        back = [(out, *pair) for pair in zip(op.vjp, op.shown, strict=False)]
        ahead = [*zip(args, op.jvp, op.jvp_shown, strict=False)]
        for like, rule, shown in (*back, *ahead) if np.max(np.abs(args[0])) < 5 else ():
            if shown:
                tried.add(shown)
                given = np.cos(1.0 + np.arange(np.size(like))).reshape(np.shape(like))[()]
                used, read = (form(given, out, *args, **options) for form in (rule, shown))
                np.testing.assert_allclose(np.asarray(used, dtype=float), read, rtol=1e-12, atol=1e-14)
    assert tried == {shown for shown in (*op.shown, *op.jvp_shown) if shown}


TANH, SUM = OPERATIONS["tanh"], OPERATIONS["sum"]


@pytest.mark.parametrize(
    ("law", "row"),
    [
        ("value", replace(TANH, scalar=lambda x: x)),
        ("slope", replace(TANH, partials=(lambda out, x: 1 - out**2,))),  # right, but no digit is left at 40
        ("slope", replace(TANH, partials=(lambda out, x: 1.0 + out,))),
        ("shown", replace(TANH, shown=(lambda out, x: 1 - out,))),
        ("shown", replace(TANH, shown=(lambda out, x: (out**2 - 1) ** 0.5,))),  # no number anywhere
        ("array", replace(TANH, forward=np.sin)),
        ("reverse", replace(TANH, partials=(lambda out, x: 1.0 + out,))),
        ("contribution", replace(SUM, vjp=(lambda upstream, out, x, axis, keepdims: 2.0 * x,))),
        ("described", replace(TANH, note="")),
        ("described", replace(TANH, example="tanh(")),
    ],
)
def test_every_law_can_be_broken(law: Any, row: Any) -> None:
    assert any(finding.op == row.name for finding in LAWS[law](row, list(own_samples(row))))
    assert [] != laws(row)
