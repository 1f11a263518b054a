"""The table of operations, a row each, by family. Importing this package fills the registry."""

from autograd_explain.ops import (
    activations as activations,
)
from autograd_explain.ops import (
    arithmetic as arithmetic,
)
from autograd_explain.ops import (
    compare as compare,
)
from autograd_explain.ops import (
    elementary as elementary,
)
from autograd_explain.ops import (
    indexing as indexing,
)
from autograd_explain.ops import (
    linalg as linalg,
)
from autograd_explain.ops import (
    losses as losses,
)
from autograd_explain.ops import (
    numpy_names as numpy_names,
)
from autograd_explain.ops import (
    reductions as reductions,
)
from autograd_explain.ops import (
    shaping as shaping,
)
