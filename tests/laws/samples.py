"""Arguments and options for the structured operations: what the laws are tried on, and the shapes of other tests."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

_random = np.random.default_rng(6)


def _array(*shape: Any) -> Any:
    return _random.uniform(0.3, 1.7, shape) * _random.choice((-1.0, 1.0), shape)


def _reductions(*names: Any) -> Any:
    axes = (None, 0, 1, -1, (0, 2))
    return {
        name: [
            ((_array(2, 3, 2),), {"axis": axis, "keepdims": keep, **({"ddof": 1} if name in {"var", "std"} else {})})
            for axis, keep in itertools.product(axes, (False, True))
        ]
        + [((_array(4),), {"axis": 0, "keepdims": False, **({"ddof": 0} if name in {"var", "std"} else {})})]
        for name in names
    }


def _far(name: Any, *options: Any) -> Any:
    """Scores far out, where a careless form overflows or loses every digit."""
    rows = ([40.0, -40.0, 0.0], [1000.0, -1000.0, 999.0], [0.0, 0.0, 0.0], [1000.0, 1000.0, -3.0], [1e8, 1e8 - 1, 0.0])
    return [((np.array(row),), dict(option)) for row in rows for option in options]


_MATMUL = [
    ((2,), (2,)), ((2,), (2, 3)), ((3, 2), (2,)), ((3, 2), (2, 4)), ((5, 3, 2), (2, 4)), ((3, 2), (5, 2, 4)),
    ((5, 3, 2), (5, 2, 4)), ((5, 3, 2), (1, 2, 4)), ((2,), (5, 2, 4)), ((5, 3, 2), (2,)), ((2, 1, 3, 2), (5, 2, 4)),
]  # fmt: skip
_KEEP = {"axis": -1, "keepdims": False}

SAMPLES = {
    **_reductions("sum", "mean", "prod", "max", "min", "var", "std", "norm", "logsumexp"),
    "softmax": [((_array(2, 3),), {"axis": axis}) for axis in (0, 1, -1)] + _far("softmax", {"axis": -1}),
    "log_softmax": [((_array(2, 3),), {"axis": axis}) for axis in (0, 1, -1)] + _far("log_softmax", {"axis": -1}),
    "cumsum": [((_array(2, 3),), {"axis": axis}) for axis in (None, 0, 1, -1)] + [((0.7,), {"axis": 0})],
    "cross_entropy": [
        ((_array(2, 3), np.array([0.0, 2.0])), {}),
        ((_array(3), 1.0), {}),
        ((_array(3), np.array([0.2, 0.5, 0.3])), {}),
        ((_array(2, 3), np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])), {}),
        *(((np.array([far, -far, 0.5 * far]), float(t)), {}) for far in (40.0, 1000.0) for t in range(3)),
    ],
    "bce": [
        ((np.array([0.2, 0.5, 0.9]), np.array([0.0, 1.0, 0.3])), {}),
        ((0.3, 1.0), {}),
        ((np.array([[0.2, 0.5], [0.6, 0.9]]), np.array([1.0, 0.0])), {}),
        ((np.array([0.2, 0.5]), np.array([[1.0, 0.3]])), {}),
        ((np.array([0.2, 0.5]), np.array([[1.0], [0.3]])), {}),
        ((0.2, np.array([[1.0, 0.3]])), {}),
    ],
    "matmul": [((_array(*a), _array(*b)), {}) for a, b in _MATMUL],
    "dot": [((_array(3), _array(3)), {})],
    "outer": [((_array(3), _array(2)), {})],
    "reshape": [((_array(2, 3),), {"shape": shape}) for shape in ((3, 2), (6,), (-1,), (1, 6))],
    "transpose": [((_array(2, 3),), {"axes": None}), ((_array(2, 3, 4),), {"axes": (2, 0, 1)})],
    "squeeze": [((_array(1, 3, 1),), {"axis": axis}) for axis in (None, 0, -1)],
    "expand_dims": [((_array(2, 3),), {"axis": axis}) for axis in (0, 1, -1)],
    "concat": [((_array(2, 3), _array(2, 1), _array(2, 2)), {"axis": 1}), ((_array(2), _array(3)), {"axis": 0})],
    "stack": [((_array(2), _array(2), _array(2)), {"axis": axis}) for axis in (0, 1, -1)],
    "index": [
        ((_array(3, 4),), {"key": key})
        for key in (
            (1,), (slice(None), 2), (np.array([0, 2, 0]),), (Ellipsis, None, slice(0, 3, 2)),
            (-1, slice(None, None, -1)),
        )
    ],
    "scatter_add": [((_array(3),), {"key": (np.array([0, 2, 0]),), "shape": (4,)})],
    "broadcast_to": [((_array(2, 1),), {"shape": (3, 2, 4)})],
    "sum_to": [((_array(3, 2, 4),), {"shape": (2, 1)})],
    "at_largest": [((_array(2, 3), _array(2, 3)), {"axis": axis}) for axis in (0, 1, -1)],
    "elu": [((x,), {"alpha": alpha}) for x in (-40.0, -0.7, 0.3, 40.0) for alpha in (1.0, 0.3)],
    "leaky_relu": [((x,), {"slope": slope}) for x in (-40.0, -0.7, 0.3, 40.0) for slope in (0.01, -0.2)],
}  # fmt: skip
SAMPLES["logsumexp"] += [
    ((np.array(row),), {"axis": None, "keepdims": False}) for row in ([1e3, -1e3], [40.0, 0.0], [-1e3, -1e3])
]
SAMPLES["prod"] += [
    ((np.array(row),), _KEEP) for row in ([0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [1.5, -2.0, 3.0], [0.0, 0.0, 0.0])
]
SAMPLES["sum_to"] += [((_array(2, 1, 2),), {"shape": (1, 1)})]
SAMPLES["index"] += [((_array(3),), {"key": (1,)}), ((_array(2, 2),), {"key": (slice(None), -1)})]
SAMPLES["concat"] += [((_array(1), _array(2)), {"axis": 0})]
