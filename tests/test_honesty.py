"""The honesty benchmark does what it counts: right programs agree, and a wrong rule in one of them differs."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from autograd_explain.check.run import check
from benchmarks.honesty import drawn, shows, sound, sound_programs, with_wrong_rule
from tests.programs import case
from tests.strategies import scalar_programs


def test_right_programs_agree_and_wrong_rules_differ() -> None:
    rules: Counter[Any] = Counter()
    for _, run in sound_programs(4):
        assert {"agrees"} == {verdict.status for verdict in check(run.recording, run.sweep)}
        wrong = list(with_wrong_rule(run, random.Random(1), rules))  # noqa: S311 - no secret
        assert all(verdict.status == "differs" for _, verdict in wrong)
        assert {"agrees"} == {verdict.status for verdict in check(run.recording, run.sweep)}, "the rule was put back"


def test_programs_are_the_same_for_the_same_number() -> None:
    assert list(map(str, drawn(scalar_programs(), 3, 5))) == list(map(str, drawn(scalar_programs(), 3, 5)))


def test_what_stands_at_a_corner_or_grows_too_large_is_passed_over() -> None:
    assert sound(case("relu(x)", x=0)) is None
    assert sound(case("exp(x)", x=50)) is None
    assert sound(case("relu(x)", x=1)) is not None


def test_a_gradient_that_moved_shows() -> None:
    assert shows(1.0, 1.0001)
    assert not shows(1.0, 1.0 + 1e-12)
