"""Each of the usual faults of an engine, planted, is noticed by a law; without it the law holds."""

from __future__ import annotations

import numpy as np
import pytest

from tests.properties.laws import LAWS
from tests.properties.planted import FAULTS, Fault

NOTICED = (AssertionError, RecursionError, TypeError, ValueError)  # where shapes are wrong, NumPy is first to say so
BY_NAME = {law.name: law for law in LAWS}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_breaks_its_law(fault: Fault) -> None:
    law = BY_NAME[fault.law]
    law.holds(fault.shows)
    with fault.plant(), np.errstate(all="ignore"), pytest.raises(NOTICED):
        law.holds(fault.shows)
    law.holds(fault.shows)
