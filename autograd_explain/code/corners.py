"""Where a run stands at a corner and another library takes another derivative there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from autograd_explain.core.op import Kink
from autograd_explain.core.var import Var

_ALIKE = frozenset({("1/(number of ties)", "split evenly"), ("½", "½ each"), ("slope", "slope"), ("alpha", "alpha")})


def differing(nodes: Iterable[Var], library: str) -> Iterator[tuple[Var, Kink]]:
    """The recorded values at a kink whose derivative the library chooses otherwise, with that kink."""
    for node in nodes:
        for kink in node.op.kinks if node.tracked else ():
            other = dict(kink.others).get(library, kink.chosen)
            if other != kink.chosen and (kink.chosen, other) not in _ALIKE and is_at(node, kink):
                yield node, kink


def is_at(node: Var, kink: Kink) -> bool:
    """Whether a recorded value stands at this kink."""
    values = [np.asarray(argument.value) for argument in node.inputs]
    with np.errstate(all="ignore"):
        return bool(np.any(kink.at(*values, **node.tape.options.get(node.index, {}))))
