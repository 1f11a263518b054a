"""Which calls and loop turns a picture folds into one node each, and what every one of them is called.

Must not know what is drawn of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograd_explain.errors import InputError
from autograd_explain.explanation.model import ScopeRecord

ALL = "all"
MOST_TURNS = 6
_SHOWN_FIRST, _SHOWN_LAST = 2, 1


@dataclass(frozen=True, slots=True)
class Folding:
    """Which scope stands for each folded one (itself, the outer one, the first of several turns); every title."""

    into: dict[int, int]
    titles: dict[int, str]


def folding(scopes: Sequence[ScopeRecord], wanted: str) -> Folding:
    """What `--fold` asks for: "" nothing, "all" everything, else names of functions and loops with commas.

    A loop goes by its kind (`for`), its variable, or its whole head; `#3` is the call or turn of that number alone.
    Of a folded loop of many turns those in the middle are one node. Raises InputError for a name that none has.
    """
    titles = {scope.id: _title(scope) for scope in scopes}
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    _refuse_unknown(names, scopes, wanted)
    into: dict[int, int] = {}
    for scope in scopes:
        if scope.parent in into:
            into[scope.id] = into[scope.parent]
        elif ALL in names or not {f"#{scope.id}", *_names_of(scope)}.isdisjoint(names):
            into[scope.id] = scope.id
    for turns in _long_loops(scopes, into):
        first, last = turns[_SHOWN_FIRST], turns[-_SHOWN_LAST - 1]
        titles[first] = f"{scopes[first].title}: turns {scopes[first].iteration}–{scopes[last].iteration}"
        middle = set(turns[_SHOWN_FIRST:-_SHOWN_LAST])
        into.update({scope: first for scope, target in into.items() if target in middle})
    return Folding(into, titles)


def _title(scope: ScopeRecord) -> str:
    return scope.title if scope.iteration is None else f"{scope.title}: turn {scope.iteration}"


def _names_of(scope: ScopeRecord) -> set[str]:
    """The names a scope answers to."""
    if scope.kind == "call":
        return {scope.title, scope.title.partition("(")[0].strip()}
    words = re.findall(r"[^\W\d]\w*", scope.title)
    kind = words[0] if words else scope.title
    return {scope.title, kind, *words[1:2]} if kind == "for" else {scope.title, kind}


def _refuse_unknown(names: list[str], scopes: Sequence[ScopeRecord], wanted: str) -> None:
    known = list(dict.fromkeys(name for scope in scopes for name in sorted(_names_of(scope), key=len)))
    numbers = {f"#{scope.id}" for scope in scopes}
    for name in names:
        if name == ALL or name in known or name in numbers:
            continue
        if not known:
            raise InputError(f"--fold {name}: the program calls no function and runs no loop", hint="leave out --fold")
        from autograd_explain.lang.names import suggestion

        hint = suggestion(name, known, offer="to be folded there are")
        raise InputError(f"--fold: there is no call or loop named {name}", hint=hint)


def _long_loops(scopes: Sequence[ScopeRecord], into: dict[int, int]) -> Iterator[list[int]]:
    """The folded turns of each loop that has more of them than are shown."""
    loops: dict[tuple[int | None, str, object], list[int]] = {}
    for scope in scopes:
        if scope.kind == "loop" and into.get(scope.id) == scope.id:
            key = (scope.parent, scope.title, scope.span)
            known = loops.setdefault(key, [])
            if known and (scope.iteration or 0) <= (scopes[known[-1]].iteration or 0):
                yield from _if_long(loops.pop(key))  # the same loop, entered again
                known = loops.setdefault(key, [])
            known.append(scope.id)
    for turns in loops.values():
        yield from _if_long(turns)


def _if_long(turns: list[int]) -> Iterator[list[int]]:
    if len(turns) > MOST_TURNS:
        yield turns
