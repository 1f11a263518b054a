"""Notes about arrays: products of every shape, shares of averages, classes."""

from __future__ import annotations

import numpy as np
import pytest

from autograd_explain import explain
from tests.explanation.told import only, told
from tests.programs import Case, case


@pytest.mark.parametrize(
    ("program", "parts"),
    [
        (case("sum(A @ v)", A=[[1, 2], [3, 4]], v=[1, 2]), ("v1[i] = Σₖ A[i,k]·v[k]", "Aᵀ (2,2) @ upstream (2) → (2)")),
        (case("sum(v @ A)", A=[[1, 2, 5], [3, 4, 6]], v=[1, 2]), ("v1[j] = Σₖ v[k]·A[k,j]", "(3) @ Aᵀ (3,2) → (2)")),
        (case("a @ b", a=[1, 2], b=[3, 4]), ("v1 = Σₖ a[k]·b[k]",)),
        (case("sum(A @ B)", A=[[[1, 2]], [[3, 4]]], B=[[1], [2]]), ("upstream @ Bᵀ", "Aᵀ @ upstream", "(2,1,2)")),
    ],
    ids=str,
)
def test_products_of_every_shape(program: Case, parts: tuple[str, ...]) -> None:
    assert all(part in only(program, "matmul") for part in parts)


@pytest.mark.parametrize(
    ("program", "part"),
    [
        (case("var(x)", x=[1, 2, 4]), "2/3 times its distance from the mean"),
        (case("std(x)", x=[1, 2, 4]), "its distance from the mean, divided by 3 and by v1"),
        (
            case("cross_entropy(z, t)", z=[[1, 2], [3, 4]], t=[0, 1]),
            "averages over its 2 rows, so each row gets 1/2 = 0.5",
        ),
        (case("mse(p, t)", p=[1, 2], t=[0, 0]), "1/2 = 0.5"),
        (case("bce(p, t)", p=[0.1, 0.2], t=[1, 0]), "averages over its 2 pairs, so each pair gets 1/2 = 0.5"),
    ],
    ids=str,
)
def test_each_share_of_an_average(program: Case, part: str) -> None:
    assert part in only(program, "reduction")


def test_the_share_of_a_variance_is_the_gradient() -> None:
    assert np.allclose(2 / 3 * (np.array([1, 2, 4]) - 7 / 3), explain("var(x)", x=[1, 2, 4]).gradients["x"])


def test_an_average_of_one_has_nothing_to_share() -> None:
    assert [] == told(case("mse(p, t)", p=1, t=0), "reduction")
    assert [] == told(case("bce(p, t)", p=0.5, t=0), "reduction")


def test_many_classes_show_the_one_that_was_wanted() -> None:
    run = case("cross_entropy(z, t)", z=[0.5, 0.2, 1, 2, 3], t=1)
    assert "for class 1, 0.03694 − 1 = -0.9631" in only(run, "softmax-cross-entropy")


def test_log_of_a_softmax_has_its_numbers() -> None:
    assert "1/p = 1/0.2689" in only(case("log(softmax(x))[1]", x=[1, 2]), "softmax-cross-entropy")
