"""A search for a program that breaks a law: Hypothesis draws, shrinks, and the smallest one found is returned."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, reject, seed, settings

from tests.programs import Case
from tests.properties.laws import Law
from tests.properties.rewriting import Unfit
from tests.strategies import array_programs, scalar_programs

PROGRAMS = scalar_programs() | array_programs()


@dataclass(slots=True)
class Found:
    """What a search came to: on how many programs the law had something to say, and the one that broke it."""

    tried: int = 0
    case: Case | None = None
    error: BaseException | None = None


def search(law: Law, examples: int, number: int | None = None, programs: Any = PROGRAMS) -> Found:
    """Try a law on that many generated programs: for the same number the same ones, without a number new ones."""
    found = Found()

    @seed(random.randrange(2**32) if number is None else zlib.crc32(law.name.encode()) + number)  # noqa: S311 - no secret
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(programs)
    def holds(case: Case) -> None:
        try:
            law.holds(case)
        except Unfit:
            reject()
        except Exception:
            found.case = case  # the last one to fail is the smallest
            raise
        found.tried += 1

    try:
        holds()
    except Exception as error:
        if found.case is None:
            raise
        found.error = error
    return found
