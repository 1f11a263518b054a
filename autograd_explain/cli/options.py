"""The options of a command that takes a program, and the pass before click's own that makes names into values.

Any name may be a variable, so `--x 2` cannot be declared: it is rewritten to `--set x=2` before click reads it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, TypeVar

import click

from autograd_explain.cli.complaints import closest
from autograd_explain.cli.declaring import Option, option
from autograd_explain.cli.own_operations import ops_option
from autograd_explain.cli.quoting import command_line
from autograd_explain.errors import InputError
from autograd_explain.render.formats import BY_NAME
from autograd_explain.source import visible

CHECKERS = "symbolic,finite"
ALL_CHECKERS = f"{CHECKERS},torch,jax"
LARGEST_DIGITS = 17
MODES = ("reverse", "forward", "both")

_NAME = re.compile(r"(?!\d)[^\x00-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]+")
_SINGLE_DASH = re.compile(r"-[^\W\d]\w*")


class OptionalValue(Option):
    """An option that takes a value only after `=`, and `bare` without one."""

    def __init__(self, *args: Any, bare: str, **kwargs: Any) -> None:
        """Declare it; `bare` is what the option alone stands for."""
        super().__init__(*args, **kwargs)
        self.bare = bare


class ProgramCommand(click.Command):
    """A command whose unknown options are values for the names of a program."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Rewrite values to `--set`, then read the options as usual."""
        if not ctx.resilient_parsing:
            args = rewritten(args, self.get_params(ctx), str(ctx.info_name))
        return super().parse_args(ctx, args)


def rewritten(words: Sequence[str], parameters: Sequence[click.Parameter], command: str) -> list[str]:
    """Return the words with every unknown `--name value` as `--set=name=value`, and the program after `--`.

    A value is the next word, whatever it looks like. Raises InputError for an option without its value, for what
    can be no name, and for more than one program.
    """
    known = {text: p for p in parameters if isinstance(p, click.Option) for text in p.opts}
    options: list[str] = []
    programs: list[str] = []
    queue = deque(words)
    while queue:
        word = queue.popleft()
        if word == "--":
            programs.extend(queue)
            break
        if _is_option(word, known):
            options.append(_option(word, known, queue))
            _refuse_twice(options, known)
        else:
            programs.append(word)
    if len(programs) > 1:
        _refuse_apart(words, programs, known)
        raise _two_programs(programs, [word for word in words if word not in programs], command)
    return [*options, "--", *programs]


def _refuse_twice(options: list[str], known: dict[str, click.Option]) -> None:
    """Raise InputError where the last option was given before and only one of its values would count."""
    name = options[-1].partition("=")[0]
    twice = [option for option in options if option.partition("=")[0] == name]
    if len(twice) > 1 and not (known[name].multiple or known[name].is_flag):
        raise InputError(f"{name} is given twice", hint="give it once: only one of the values would count")


def _is_option(word: str, known: dict[str, click.Option]) -> bool:
    return (word.startswith("--") and len(word) > len("--")) or word.partition("=")[0] in known


def _option(word: str, known: dict[str, click.Option], queue: deque[str]) -> str:
    """Return one option, and its value taken off the queue, as a single word."""
    text, equals, value = word.partition("=")
    option = known.get(text)
    if option is None:
        if not _NAME.fullmatch(text[2:]):
            raise InputError(f"there is no option {text}", hint=_option_hint(text, known))
        return f"--set={text[2:]}={value if equals else _next(text, known, queue)}"
    name = max(option.opts, key=len)
    if isinstance(option, OptionalValue):
        return f"{name}={value if equals else option.bare}"
    if option.is_flag:
        return f"{name}={value}" if equals else name
    return f"{name}={value if equals else _next(text, known, queue)}"


def _next(text: str, known: dict[str, click.Option], queue: deque[str]) -> str:
    if not queue or queue[0] in known or re.match(r"--[^\W\d]", queue[0]):
        close = "" if text in known else closest(text, known)
        hint = f"did you mean {close}?   " if close else ""
        value = (known[text].metavar if text in known else None) or "2"
        hint += f"A value stands after the name: {text} {value}, or {text}={value}"
        raise InputError(f"{text} has no value", hint=hint)
    return queue.popleft()


def _option_hint(text: str, known: dict[str, click.Option]) -> str:
    close = closest(text, known)
    return f"did you mean {close}?" if close else "a name has letters, digits and _; -- ends the options"


def _refuse_apart(words: Sequence[str], programs: list[str], known: dict[str, click.Option]) -> None:
    """Raise InputError where one of the programs is a value that stands apart from its option."""
    for text, value in pairwise(words):
        if value in programs and isinstance(known.get(text), OptionalValue) and _WORDS.fullmatch(value):
            raise InputError(f"{text} takes a value only after =", hint=f"{text}={value}")


_WORDS = re.compile(r"\w+(?:,\w+)*")


_PAIR = re.compile(r"[^\W\d]\w*=[^=].*", re.DOTALL)


def _two_programs(programs: list[str], others: list[str], command: str) -> InputError:
    shown = "   ".join(programs[:_MOST_SHOWN]) + ("   …" if len(programs) > _MOST_SHOWN else "")
    message = f"there are {len(programs)} programs here: {visible(shown)}"
    dashed = next((word for word in programs if _SINGLE_DASH.fullmatch(word)), None)
    if dashed:
        return InputError(message, hint=f"a value has two dashes: -{dashed} 2")
    pair = next((word for word in programs if _PAIR.fullmatch(word)), None)
    if pair:
        return InputError(message, hint=f"a value has two dashes: --{pair}")
    joined = " ".join(programs)
    hint = "put the expression in quotes, for the shell takes it apart"
    if len(joined) <= _LONGEST_HINT:
        hint += f": {command_line([command, joined, *others])}"
    return InputError(message, hint=hint)


_MOST_SHOWN = 4
_LONGEST_HINT = 60

_Function = TypeVar("_Function", bound=Callable[..., Any])
# Options that several commands have.
digits_option = option(
    "--digits", type=click.IntRange(1, LARGEST_DIGITS), default=6, show_default=True, help="Significant digits shown."
)
limit_option = option(
    "--limit", "limits", multiple=True, metavar="NAME=N",
    help="Raise a limit: nodes, statements, depth, elements, text, nesting.",
)  # fmt: skip
seed_option = option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, metavar="N", help="The start of rand and randn."
)
plain_option = option("--plain", is_flag=True, help="ASCII without colour.")
debug_option = option("--debug", is_flag=True, help="Show where a fault of the program itself happened.")

_OPTIONS = (
    click.argument("program"),
    option("--wrt", metavar="W,B", help="Track only these names.  [default: every given value]"),
    option("--check", cls=OptionalValue, bare=CHECKERS, metavar="[=symbolic,finite]",
                 help="Check the gradients against independent sources; =torch,jax asks those libraries."),
    option("--brief", is_flag=True, help="The gradients only, without the steps."),
    option("--all", "everything", is_flag=True, help="Every step, however many there are."),
    option("--no-notes", is_flag=True, help="No explaining notes."),
    digits_option,
    option("--upstream", metavar="VALUE", help="What the result is seeded with.  [default: ones]"),
    option("--mode", type=click.Choice(MODES), default=MODES[0], show_default=True, help="Which sweep."),
    option("--paths", is_flag=True, help="Each gradient as the sum over all paths (small graphs)."),
    option("--hessian", is_flag=True, help="Second derivatives: the backward pass, recorded and walked back."),
    option("--hvp", metavar="V", help="The Hessian times a vector: --hvp 1, or by name --hvp x=1,w=[0,1]."),
    option("--versus", metavar="X=-1", help="The same program at other values, side by side: --versus x=-1,y=2."),
    option("--fault", metavar="NAME", help="An engine with this rule broken beside the right one: see faults."),
    option("--at-kink", metavar="RELU=1", help="Another derivative at a corner: --at-kink relu=1,abs=0.5."),
    option("--format", "format_name", type=click.Choice(list(BY_NAME)), metavar="NAME",
                 help=f"What is written: {', '.join(BY_NAME)}.  [default: by the ending of -o FILE, else text]"),
    option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all."),
    option("--force", is_flag=True, help="Let -o FILE replace a file."),
    option("--fold", cls=OptionalValue, bare="all", metavar="[=NAME,NAME]",
                 help="In pictures: draw calls and loops as one box, all or those named."),
    option("--labels", metavar="VALUE,GRADIENT",
                 help="In pictures: which of value, gradient, local, contribution, formula, shape are written."),
    plain_option,
    seed_option,
    limit_option,
    option("--set", "values", multiple=True, metavar="NAME=VALUE",
                 help="A value for a name that is also an option: --set digits=2."),
    option("--data", metavar="FILE", help="A .csv table: its numeric columns become names, untracked."),
    ops_option,
    debug_option,
)  # fmt: skip


def step_option(function: _Function) -> _Function:
    """Give a command the option `--step`."""
    told = "Full screen, one step at a time; =12 prints that step back alone."
    return option("--step", cls=OptionalValue, bare=SCREEN, metavar="[=12]", help=told)(function)


SCREEN = "screen"
"""What `--step` alone stands for."""


def run_options(function: _Function) -> _Function:
    """Give a command the argument PROGRAM and the options of `run`."""
    for declare in reversed(_OPTIONS):
        function = declare(function)
    return function
