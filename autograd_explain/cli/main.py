"""The command `autograd-explain`: its commands, and how every way of ending comes out as an exit code.

The bodies of commands are imported when they run, so that help is instant.
"""

from __future__ import annotations

import gc
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import click

from autograd_explain.cli import console
from autograd_explain.cli.complaints import told
from autograd_explain.cli.declaring import option
from autograd_explain.cli.options import SCREEN, ProgramCommand, run_options, step_option
from autograd_explain.cli.own_operations import ops_option
from autograd_explain.cli.plot_options import plot_options
from autograd_explain.cli.quiz_options import quiz_options
from autograd_explain.cli.quoting import COMMAND, command_line
from autograd_explain.cli.train_options import train_options
from autograd_explain.errors import ExplainError, InputError
from autograd_explain.source import visible

OK, AT_FAULT, BROKEN, INTERRUPTED = 0, 2, 3, 130
_Ending = tuple[str, int]


class Commands(click.Group):
    """The group: a first word that is no command is most likely a program."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command of that name; raises InputError with the whole command that may be meant."""
        if not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            from autograd_explain.cli.guess import unknown_command

            raise unknown_command(args, list(self.commands))
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Split off the group's own options; raises InputError for one it does not have."""
        if not ctx.resilient_parsing and args and args[0].startswith("-") and args[0] not in _OWN_OPTIONS:
            raise _misplaced(args)
        return super().parse_args(ctx, args)


def _misplaced(args: list[str]) -> InputError:
    """Return the error for a first word with a dash: a value before its command, or a program such as `-x`."""
    if args[0].startswith("--"):
        hint = f"options and values come after the command: {command_line(['run', 'PROGRAM', *args[:2]])}"
        return InputError(f"there is no option {visible(args[0])} before a command", hint=hint)
    from autograd_explain.cli.guess import unknown_command

    return unknown_command(args, [])


_OWN_OPTIONS = {"-h", "--help", "--version", "--"}
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _show_version(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            click.echo(f"{COMMAND} {version(COMMAND)}")
        except PackageNotFoundError:
            click.echo(f"{COMMAND}, not installed")
        ctx.exit()


@click.group(cls=Commands, context_settings=_CONTEXT, invoke_without_command=True)
@option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
@click.pass_context
def group(ctx: click.Context) -> None:
    """Explain a derivative step by step: what is computed, what flows back, and why."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@group.command("run", cls=ProgramCommand, short_help="Show every step of PROGRAM and its gradients.")
@run_options
@step_option
def run(**options: Any) -> int:
    """Show the forward pass, the backward pass and the gradients of PROGRAM.

    PROGRAM is an expression in quotes, a file ending in .expr, the name of an example, or - for standard input.
    Values are given by name, as numbers, lists, expressions such as pi/4, or files (.npy .csv .json):

        autograd-explain run "(1 - sigmoid(w*x + b))**2" --x 2 --w 3 --b 1

        autograd-explain run "sum(W @ x)" --W "[[1, 2], [3, 4]]" --x @x.csv
    """
    from autograd_explain.cli.running import run_program

    return run_program(options)


@group.command("step", cls=ProgramCommand, short_help="Walk through PROGRAM on the full screen.")
@run_options
@step_option
def step(**options: Any) -> int:
    """Walk through PROGRAM one step at a time, forwards and backwards, on the full screen.

    The same as run --step. The arrow keys walk, ? shows all keys. Where there is no terminal the steps are printed.
    train --step walks through a training in the same way; a training that was saved goes on where it stopped.

        autograd-explain step "(1 - sigmoid(w*x + b))**2" --x 2 --w 3 --b 1

        autograd-explain step fan-out --step=2

        autograd-explain step training.json
    """
    from autograd_explain.cli.running import run_program
    from autograd_explain.cli.stepping import as_saved_training

    context = click.get_current_context()
    training = as_saved_training(context)
    if training is not None:
        return int(context.invoke(train, **training))
    return run_program({**options, "step": options["step"] or SCREEN})


@group.command("check", cls=ProgramCommand, short_help="Check the gradients of PROGRAM.")
@run_options
def check(**options: Any) -> int:
    """Hold the gradients of PROGRAM against independent sources, in brief.

    The same as run --check --brief; the numbers a file expects (# expect: w = 6) are checked as well. Ends with 1
    where something differs:

        autograd-explain check "(1 - sigmoid(w*x + b))**2" --x 2 --w 3 --b 1

        autograd-explain check newton-step
    """
    from autograd_explain.cli.running import check_program

    return check_program(options)


@group.command("train", cls=ProgramCommand, short_help="Train the values of PROGRAM, each update explained.")
@train_options
def train(**options: Any) -> int:
    """Make the result of PROGRAM small, step by step: forward pass, gradients, update, again.

    The first step is shown in full, with the numbers of each parameter's update; then a table, the curve of the
    loss, and what became of it. Values given by name are where training starts; columns of the data stay as they
    are:

        autograd-explain train "mse(w*x, y)" --data points.csv --w 0 --lr 0.1

        autograd-explain train rosenbrock --optimizer adam --lr 0.05 --steps 400
    """
    from autograd_explain.cli.training import train_program

    return train_program(options)


@group.command("quiz", cls=ProgramCommand, short_help="Predict the numbers of PROGRAM, and hear what went wrong.")
@quiz_options
def quiz(**options: Any) -> int:
    """Ask you to predict values, local derivatives, contributions, totals, shapes and formulas of PROGRAM.

    A wrong answer is compared with what common misconceptions would give; the one that fits is named. There are
    three tries, then the worked step. Answers are numbers (1/3 and 3*4 will do), lists, shapes, names or formulas:

        autograd-explain quiz "(1 - sigmoid(w*x + b))**2" --x 2 --w 3 --b 1

        autograd-explain quiz fan-out --answers answers.txt --format json

        autograd-explain quiz two-layers --questions 6 --worksheet quiz.md
    """
    from autograd_explain.cli.quizzing import quiz_program

    return quiz_program(options)


@group.command("plot", cls=ProgramCommand, short_help="Draw the value and derivative of PROGRAM over a range.")
@plot_options
def plot(**options: Any) -> int:
    """Draw the value of PROGRAM and its derivative over a range, with the tangent at the point.

    The point is the value given for the name, else the middle of the range. Two ranges give a map of heights with the
    gradient at the point. A file ending in .svg or .png needs matplotlib.

        autograd-explain plot "abs(x) + x**2" --over x=-2:2 --x 1

        autograd-explain plot rosenbrock --over x=-2:2 --over y=-1:3
    """
    from autograd_explain.cli.plotting import plot_program

    return plot_program(options)


@group.command("verify", short_help="Derive every number of an exported explanation again.")
@click.argument("file")
@option("--debug", is_flag=True, help="Show where a fault of the program itself happened.")
def verify(file: str, **_options: Any) -> int:
    """Derive every number of FILE, an explanation exported as JSON, again without the engine.

    Formulas are worked out anew, contributions multiplied and totals added up anew, and the gradients are held
    against differences of the formulas. FILE may be - for standard input. Ends with 1 where something does not hold:

        autograd-explain run "x*x + x" --x 3 -o run.json

        autograd-explain verify run.json
    """
    from autograd_explain.cli.verifying import verify_file

    return verify_file(file)


@group.command("examples", short_help="List the example programs, or show one.")
@click.argument("name", required=False)
def examples(name: str | None) -> None:
    """List the example programs, or show the one called NAME.

    Every example has values of its own and runs by its name; other values may be given:

        autograd-explain examples fan-out

        autograd-explain run fan-out --x 5
    """
    from autograd_explain.cli.listing import show_example, show_examples

    show_example(name) if name else show_examples()


@group.command("ops", short_help="List the functions, show one with its rule, or search.")
@click.argument("name", required=False)
@option("--glossary", is_flag=True, help="The words of the subject, and autograd told as a recipe.")
@option("--check", is_flag=True, help="Hold NAME's row against the laws: what is missing, what is wrong.")
@ops_option
@option("--debug", is_flag=True, help="Show where a fault of the program itself happened.")
def ops(name: str | None, *, glossary: bool, check: bool, debug: bool) -> int:
    """List every function, show the one called NAME with its rule, or search for a word.

    With --check the operation NAME is held against the laws that every operation keeps; ends with 1 where one is
    broken. Your own operations come from a file:

        autograd-explain ops sigmoid

        autograd-explain ops logarithm

        autograd-explain ops cube --ops cube.py --check
    """
    if glossary:
        from autograd_explain.cli.words import show_glossary

        show_glossary()
        return OK
    if check:
        from autograd_explain.cli.lawful import check_operation

        return check_operation(name)
    from autograd_explain.cli.listing import show_functions
    from autograd_explain.cli.operation import show_function

    show_function(name) if name else show_functions()
    return OK


@group.command("faults", short_help="List the rules that can be broken, or show one.")
@click.argument("name", required=False)
def faults(name: str | None) -> None:
    """List the faults, or show the one called NAME: the thought behind it, and a program that shows the damage.

    A run with a fault is put beside the right one, step by step:

        autograd-explain faults overwrite

        autograd-explain run fan-out --fault overwrite
    """
    from autograd_explain.cli.breaking import show_fault, show_faults

    show_fault(name) if name else show_faults()


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command that `arguments` (those of the process unless given) ask for, and end the process."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    gc.set_threshold(*_SELDOM)
    sys.exit(execute(sys.argv[1:] if arguments is None else arguments))


_SELDOM = (50_000, 20, 100)  # a long text or run makes much and leaves little: looking for garbage cost a quarter


def execute(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code; whatever goes wrong is told on standard error, in one report."""
    console.prepare()
    try:
        outcome = group.main(
            list(arguments), prog_name=COMMAND, standalone_mode=False, windows_expand_args=False,
            obj=tuple(arguments),
        )  # fmt: skip
        console.finish()
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - a learner never meets a traceback unasked
        message, code = next(end for kinds, end in _ENDINGS if isinstance(error, kinds))(error)
        if code == BROKEN and "--debug" in arguments:
            console.complain("".join(traceback.format_exception(error)).rstrip())
        if message:
            console.complain(f"error: {message}")
        return code
    return int(outcome or OK)


def _closed_pipe(_error: Any) -> _Ending:
    console.discard()
    return "", OK


def _failed_output(error: Any) -> _Ending:
    """A full disk under standard output; any other error of the system here is our own fault."""
    if error.errno not in console.OUTPUT_ERRORS:
        return _broken(error)
    console.discard()
    return str(console.unwritten(error)), AT_FAULT


def _broken(error: Any) -> _Ending:
    said = " ".join(visible(str(error)).split())[:_LONGEST_FAULT]
    return f"this is a fault of {COMMAND} itself: {type(error).__name__}: {said}   (--debug shows where)", BROKEN


_LONGEST_FAULT = 200
_ENDINGS: tuple[tuple[Any, Callable[[Any], _Ending]], ...] = (
    ((click.Abort, KeyboardInterrupt), lambda error: ("", INTERRUPTED)),
    (click.ClickException, lambda error: (told(error), AT_FAULT)),
    (ExplainError, lambda error: (str(error), error.exit_code)),
    ((BrokenPipeError, SystemExit), _closed_pipe),  # click leaves in this way when help meets a closed pipe
    (OSError, _failed_output),
    (MemoryError, lambda error: ("there is not enough memory for this", AT_FAULT)),
    (Exception, _broken),
)
"""How each kind of failure ends: the report, and the exit code. The first that fits counts."""
