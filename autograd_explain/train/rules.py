"""Update rules as data: lines such as `m ← beta1*m + (1 - beta1)*g`, which work on numbers and on formulas alike.

Must not know any particular rule, programs or the loop.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_explain.core.op import Op
from autograd_explain.core.rooms import is_large, room_for
from autograd_explain.core.shapes import as_value, shape_of
from autograd_explain.core.traced import Traced
from autograd_explain.errors import DomainError, InputError, NameProblem
from autograd_explain.lang.names import suggestion
from autograd_explain.lang.numerals import read_number
from autograd_explain.ops.arithmetic import power

Facts = Mapping[str, Any]
"""Plain numbers that decide which lines apply: a rule's settings, the step `t`, the norm of all gradients."""
Setting = float | bool

_CALL = re.compile(r"\s*(?P<name>[\w-]+)\s*(?:\((?P<settings>[^()]*)\))?\s*")
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an update: `name ← rule`, where `applies` holds.

    `rule` is a function written with Python's operators and our own; its argument names say what it reads.
    """

    name: str
    rule: Any
    applies: Callable[[Facts], Any] = lambda facts: True

    @property
    def reads(self) -> tuple[str, ...]:
        """The names of the quantities that the rule reads."""
        code = self.rule.__code__
        names: tuple[str, ...] = code.co_varnames[: code.co_argcount]
        return names


@dataclass(frozen=True, slots=True)
class Recipe:
    """A named list of lines with its settings and their defaults; `keeps` are carried from step to step.

    `positive` names the settings that must be above 0, `shares` those that lie in [0, 1); all others may be 0.
    `refuses` returns what is wrong with the settings taken together, "" where nothing is.
    """

    name: str
    says: str
    settings: Mapping[str, Setting]
    lines: tuple[Line, ...]
    keeps: Mapping[str, float] = field(default_factory=dict)
    positive: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    refuses: Callable[[Facts], str] = lambda facts: ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A recipe with the settings it is used with."""

    recipe: Recipe
    settings: Mapping[str, Setting]

    def lines(self, facts: Facts) -> list[Line]:
        """The lines that apply, in order."""
        known = {**self.settings, **facts}
        return [line for line in self.recipe.lines if line.applies(known)]

    def __str__(self) -> str:
        """The recipe as it is chosen: its name, and the settings that are not the defaults."""
        changed = [f"{n}={_shown(v)}" for n, v in self.settings.items() if v != self.recipe.settings[n]]
        return f"{self.recipe.name}({', '.join(changed)})" if changed else self.recipe.name


def _shown(value: Setting) -> str:
    return str(value) if type(value) is bool else f"{value:g}"


def choose(text: str, table: Mapping[str, Recipe], kind: str, **others: Setting) -> Chosen:
    """The recipe that `sgd` or `sgd(momentum=0.9, nesterov=True)` names, with `others` among its settings.

    Raises NameProblem for a recipe or a setting that does not exist, InputError for what cannot be read or is given
    twice, DomainError for a setting out of its range.
    """
    match = _CALL.fullmatch(text)
    if match is None:
        raise InputError(f"{kind} is written NAME or NAME(SETTING=NUMBER), not '{text}'", hint=_some(table))
    name = match["name"]
    if name not in table:
        raise NameProblem(f"there is no {kind} {name}", hint=suggestion(name, table, offer=f"{kind}s"))
    recipe = table[name]
    written = _settings(recipe, match["settings"] or "")
    for twice in written.keys() & others.keys():
        raise InputError(f"{twice} of {name} is given twice", hint=f"{kind} {name}, or {text} alone")
    chosen = Chosen(recipe, {**recipe.settings, **written, **others})
    _check(chosen)
    return chosen


def _some(table: Mapping[str, Recipe]) -> str:
    return f"there are {', '.join(table)}"


def _settings(recipe: Recipe, text: str) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, written = (piece.strip() for piece in part.partition("="))
        if name not in recipe.settings:
            known = suggestion(name, recipe.settings, offer="its settings") if recipe.settings else "it has no settings"
            raise NameProblem(f"{recipe.name} has no setting {name}", hint=known)
        if name in found:
            raise InputError(f"{name} of {recipe.name} is given twice", hint=f"{name}={written}")
        found[name] = _setting(recipe, name, written)
    return found


def _setting(recipe: Recipe, name: str, written: str) -> Setting:
    if type(recipe.settings[name]) is bool:
        if written.lower() in _FLAGS:
            return _FLAGS[written.lower()]
        raise InputError(f"{recipe.name}: {name} is True or False, not '{written}'", hint=f"{name}=True")
    number = read_number(written)
    if number is None or not np.isfinite(number):
        usual = f"{name}={_shown(recipe.settings[name])}"
        raise InputError(f"{recipe.name}: {name} takes a number, not '{written}'", hint=usual)
    return number


def _check(chosen: Chosen) -> None:
    recipe = chosen.recipe
    for name, value in chosen.settings.items():
        wrong = _wrong(recipe, name, value)
        if wrong:
            usual = f"{name}={_shown(recipe.settings[name])}"
            raise DomainError(f"{recipe.name}: {name} must be {wrong}, not {value:g}", hint=f"usual is {usual}")
    refused = recipe.refuses(chosen.settings)
    if refused:
        hint = "settings stand in parentheses: sgd(momentum=0.9, nesterov=True)"
        raise DomainError(f"{recipe.name}: {refused}", hint=hint)


def _wrong(recipe: Recipe, name: str, value: Setting) -> str:
    """What a setting must be and is not; "" where it may be this."""
    if not np.isfinite(value):
        return "a finite number"
    if name in recipe.positive and not value > 0:
        return "above 0"
    if name in recipe.shares and not 0 <= value < 1:
        return "at least 0 and below 1"
    return "at least 0" if value < 0 else ""


def follow(
    lines: Iterable[Line], known: dict[str, Any], see: Callable[[str, Any], Any] | None = None
) -> Iterator[tuple[str, Any]]:
    """Each line's name and value in turn; `known` gets the values, as `see` lets later lines see them."""
    for line in lines:
        value = value_of(line, [known[name] for name in line.reads])
        known[line.name] = value if see is None else see(line.name, value)
        yield line.name, value


Rooms = dict[Any, Callable[[], Any]]
"""Arrays to write into, by what is written: see `core.rooms`."""
_AT_A_TIME = 32  # arrays kept for one parameter: itself and what an optimizer keeps, twice, and what its lines make


def value_of(line: Line, given: Sequence[Any]) -> Any:
    """What one line makes of the quantities it reads."""
    try:
        value = line.rule(*given)
    except ArithmeticError:  # Python's own numbers raise where IEEE arithmetic has an answer
        value = line.rule(*map(np.float64, given))
    return value if type(value) is float or isinstance(value, Traced) else as_value(value)


class Roomy(Traced):
    """A large array in a line: what is made of it goes into arrays that nobody holds any more.

    What a line makes on the way is used once, for a line is one expression: it is written over at once.
    """

    __slots__ = ("on_the_way", "room", "value")

    def __init__(self, value: Any, room: Callable[[], Any], *, on_the_way: bool = False) -> None:
        self.value, self.room, self.on_the_way = value, room, on_the_way

    @staticmethod
    def trace_operation(op: Op, args: tuple[Any, ...], options: dict[str, Any]) -> Roomy:
        """The operation at once, with the bits that the array itself would give."""
        arrays = [arg for arg in args if type(arg) is Roomy]
        room = arrays[0].room
        plain = [arg.value if type(arg) is Roomy else arg for arg in args]
        forward = op.forward
        if op is power and type(plain[1]) in {float, int} and plain[1] == _SQUARE:  # as an array's own `**` has it
            forward, plain = np.square, plain[:1]
        into = {}
        if isinstance(forward, np.ufunc):
            into["out"] = next((array.value for array in arrays if array.on_the_way), None)
            into["out"] = room() if into["out"] is None else into["out"]
        return Roomy(forward(*plain, **options, **into), room, on_the_way=True)


_SQUARE = 2


def in_rooms(line: Line, given: Sequence[Any], rooms: Rooms, purpose: Any) -> Any:
    """The same as `value_of`, for large arrays of one shape without asking for memory."""
    shapes = {value.shape for value in given if type(value) is np.ndarray}
    if len(shapes) != 1 or not is_large(shape := shapes.pop()):
        return value_of(line, given)
    if (purpose, shape) not in rooms:
        rooms[purpose, shape] = room_for(shape, _AT_A_TIME)
    room = rooms[purpose, shape]
    value = line.rule(*[Roomy(value, room) if type(value) is np.ndarray else value for value in given])
    return value.value if type(value) is Roomy else value


def entry(value: Any, index: tuple[int, ...], shape: tuple[int, ...]) -> float:
    """One entry of a quantity that goes with a parameter of that shape; a number stands for every entry."""
    return float(value[index]) if shape_of(value) == shape and shape else float(value)
