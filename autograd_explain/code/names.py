"""Names that a script can use: valid Python, never a keyword, a built-in, a module or a helper, and never twice.

Knows nothing of runs; who asks says what the value is called elsewhere.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Collection

MODULES = frozenset({"F", "jax", "jnp", "json", "math", "np", "torch"})
SCRIPT = frozenset({"argnums", "compare", "expected", "found", "gradients", "numbers", "plain", "program", "pull_back",
                    "gradient_of", "result", "value", "gradient", "name"})
"""What the scripts' own lines are called."""
_TAKEN = frozenset({*keyword.kwlist, *dir(builtins)}) | MODULES | SCRIPT


class Names:
    """Hands out names; one that is taken gets an underscore, and so on until it is free."""

    def __init__(self, reserved: Collection[str] = ()) -> None:
        self._taken = set(_TAKEN) | set(reserved)
        self._counts: Counter[str] = Counter()

    def give(self, wanted: str, endings: tuple[str, ...] = ()) -> str:
        """A free name, as near to the wanted one as there is; with these endings it is free too, and taken."""
        name = as_identifier(wanted)
        while not self._taken.isdisjoint({name, *(name + ending for ending in endings)}):
            name += "_"
        self._taken.update({name, *(name + ending for ending in endings)})
        return name

    def number(self, letter: str) -> str:
        """The next free one of `t1`, `t2` and so on."""
        self._counts[letter] += 1
        while f"{letter}{self._counts[letter]}" in self._taken:
            self._counts[letter] += 1
        return self.give(f"{letter}{self._counts[letter]}")


def as_identifier(text: str) -> str:
    """The text with everything replaced that a Python name cannot hold, and no leading double underscore."""
    name = re.sub(r"\W", "_", text)
    if name.startswith("__"):
        name = "name" + name
    return name if name.isidentifier() else f"x{name}"


def as_comment(text: str) -> str:
    """The text on one line, with everything unprintable escaped: nothing in it can end a comment."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in " ".join(text.split()))
