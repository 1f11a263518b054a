"""The table of operations, a row each, by family. Importing this package fills the registry."""

from autograd_explain.ops import (
    activations as activations,
    arithmetic as arithmetic,
    compare as compare,
    elementary as elementary,
    indexing as indexing,
    linalg as linalg,
    losses as losses,
    reductions as reductions,
    shaping as shaping,
)
