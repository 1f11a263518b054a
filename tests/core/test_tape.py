"""The tape's pauses: no search for garbage while it grows, and everything as before afterwards."""

from __future__ import annotations

import gc

import pytest

from autograd_explain import explain, grad
from autograd_explain.core.tape import uncollected


def test_no_garbage_is_searched_for_while_a_function_is_recorded() -> None:
    seen = []

    def square(x: object) -> object:
        seen.append(gc.isenabled())
        return x * x  # type: ignore[operator]

    explain(square, x=2.0)
    grad(square)(2.0)
    assert [False, False] == seen
    assert gc.isenabled()


def test_the_collector_is_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), uncollected():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
