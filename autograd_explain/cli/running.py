"""What `run` and `check` do: gather a program and its values, explain, write."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import click

from autograd_explain.cli import console
from autograd_explain.cli.breaking import read_choices, read_fault
from autograd_explain.cli.comparing import read_versus, refuse_together, with_others, write_comparison
from autograd_explain.cli.options import ALL_CHECKERS, CHECKERS
from autograd_explain.cli.output import open_target, write_explanation
from autograd_explain.cli.quoting import COMMAND, with_places
from autograd_explain.errors import ExplainError, InputError, NameProblem
from autograd_explain.lang.expect import agrees, shown
from autograd_explain.lang.names import MissingValues, fold_name, names_of, suggestion
from autograd_explain.lang.program import Program, bind_values, gallery, resolve
from autograd_explain.lang.value_files import Table, read_table
from autograd_explain.lang.values import read_values
from autograd_explain.limits import Limits
from autograd_explain.modes.corners import without_effect
from autograd_explain.pipeline import Second, explain_program
from autograd_explain.source import visible

DIFFERS = 1


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says, read as far as no program is needed."""

    program: str
    values: tuple[tuple[str, str], ...]
    wrt: tuple[str, ...] | None
    table: Table | None
    checkers: tuple[str, ...]
    upstream: str | None
    seed: int
    limits: Limits
    fault: str | None = None
    at_kink: dict[str, float] = field(default_factory=dict)
    mode: str = "reverse"
    paths: bool = False
    versus: tuple[tuple[str, str], ...] = ()
    hessian: bool = False
    hvp: str | None = None

    @property
    def changes_numbers(self) -> bool:
        """Whether something given may change what the program comes to by itself."""
        return bool(self.values or self.table or self.wrt or self.upstream or self.seed or self.at_kink)


def run_program(options: dict[str, Any]) -> int:
    """Explain a program as the options of `run` ask; 1 where a check differs, else 0."""
    if options["step"] is not None:
        from autograd_explain.cli.stepping import step_program

        return step_program(options)
    target = open_target(options)
    refuse_together(options, target)
    given = read_given(options)
    program = resolve(given.program, names_given(given.values), given.limits)
    explanation = explained(program, given)
    if given.versus:
        other = replace(given, values=with_others(given.values, given.versus))
        write_comparison(explanation, explained(program, other), target)
        return 0
    write_explanation(explanation, target)
    return verdict(explanation, told=target.format.name in TELLING)


def check_program(options: dict[str, Any]) -> int:
    """As `run --check --brief`, and the numbers the program's file expects; 1 where something differs, else 0."""
    options = {**options, "check": options["check"] or CHECKERS, "brief": True}
    target = open_target(options)
    refuse_together(options, target)
    given = read_given(options)
    program = resolve(given.program, names_given(given.values), given.limits)
    if program.expect_error:
        return _check_error(program, given)
    explanation = explained(program, given)
    failures = _failures(program, given, explanation)
    write_explanation(explanation, target)
    failures += _about_own_rules(explanation)
    for failure in failures:
        console.complain(failure)
    return DIFFERS if failures else verdict(explanation, told=target.format.name in TELLING)


def _about_own_rules(explanation: Any) -> list[str]:
    """Return what is wrong with the program's own rules; what is only worth knowing is told at once."""
    from autograd_explain.check.own_rules import OWN, remarks

    if not any(node.op.family == OWN for node in explanation.tape.nodes):
        return []
    told = list(remarks(explanation.tape))
    for remark in told:
        if not remark.wrong:
            console.complain(f"note: {remark.text}")
    return [remark.text for remark in told if remark.wrong]


def verdict(explanation: Any, *, told: bool = True) -> int:
    """Return the exit code: 1 where a check differs, else 0. What was not `told` in the output is said here."""
    differing = [check for check in explanation.checks if check.status == "differs"]
    for check in () if told else differing:
        console.complain(f"check: by {check.target} the gradient differs ({check.checker}): {check.why}".rstrip(": "))
    return DIFFERS if differing else 0


TELLING = frozenset({"text", "json", "markdown", "html", "latex"})
"""The formats that tell the verdicts of checks."""


def read_given(options: dict[str, Any]) -> Given:
    """Return what the options say, read as far as no program is needed."""
    limits = read_limits(options["limits"])
    return Given(
        options["program"],
        tuple(read_pair(text) for text in options["values"]),
        tuple(dict.fromkeys(map(fold_name, listed(options["wrt"], "--wrt", "--wrt w,b"))))
        if options["wrt"] is not None
        else None,
        read_table(options["data"], limits) if options["data"] is not None else None,
        _checkers(options["check"]),
        options["upstream"],
        options["seed"],
        limits,
        read_fault(options["fault"]),
        read_choices(options["at_kink"]),
        options["mode"],
        options["paths"],
        read_versus(options["versus"]),
        options["hessian"],
        options["hvp"],
    )


def read_pair(text: str) -> tuple[str, str]:
    """Return the name and the value in `x=2`."""
    name, equals, value = text.partition("=")
    if not equals:
        words = text.split() or ["x"]
        raise InputError(f"--set takes NAME=VALUE, not {text}", hint=f"--set {words[0]}={(*words, '2')[1]}")
    return name.strip(), value


def listed(text: str, option: str, usual: str) -> list[str]:
    """Return the names in `w,b`; raises InputError, with the usual form as a hint, where one is missing."""
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise InputError(f"{option} takes names with commas between them, not '{text}'", hint=usual)
    return parts


def _checkers(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    known = ALL_CHECKERS.split(",")
    chosen = listed(text, "--check", f"--check={CHECKERS}")
    for name in chosen:
        if name not in known:
            raise InputError(f"there is no checker {name}", hint=suggestion(name, known, offer="checkers"))
    return tuple(dict.fromkeys(chosen))


def read_limits(texts: Sequence[str]) -> Limits:
    """Return the limits with those that `nodes=5000` and the like raise."""
    known = [limit.name for limit in fields(Limits)]
    chosen: dict[str, int] = {}
    for text in texts:
        name, _, number = text.partition("=")
        digits = number.replace("_", "").replace(",", "")
        if name not in known:
            raise InputError(f"there is no limit {name}", hint=suggestion(name, known, offer="limits"))
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_LIMIT and int(digits) > 0):
            message = f"the limit {name} takes a whole number, 1 or more, not '{number}'"
            raise InputError(message, hint=f"--limit {name}=5000")
        chosen[name] = int(digits)
    return Limits(**chosen)


_LONGEST_LIMIT = 15


def names_given(values: Sequence[tuple[str, str]]) -> set[str]:
    """Return the names that have values, leaving those at fault for `bind_values` to complain about."""
    names = set()
    for typed, _ in values:
        try:
            names.add(fold_name(typed))
        except NameProblem:
            continue
    return names


def explained(program: Program, given: Given) -> Any:
    """Return the explanation of a program for what is given; raises ExplainError."""
    texts, columns = bound(program, given)
    values = read_values(texts, given.seed, given.limits) | columns
    wrt = given.wrt if given.wrt is not None else program.wrt
    if wrt is not None:
        check_tracked(program, wrt, values)
    elif columns:
        wrt = tuple(name for name in values if name not in columns)
    explanation = explain_program(
        program, values, wrt=None if wrt is None else list(wrt), checkers=given.checkers,
        upstream=_upstream(given), seed=given.seed, limits=given.limits, fault=given.fault, at_kink=given.at_kink,
        mode=given.mode, second=_second(given),
    )  # fmt: skip
    for line in without_effect(explanation.tape, given.at_kink):
        console.complain(f"note: {line}")
    if given.paths:
        from autograd_explain.explanation.paths import paths

        explanation.paths = paths(explanation)
    return explanation


def _second(given: Given) -> Second | None:
    """Return which second derivatives are asked for: all of them, or those along a vector given by name or alone."""
    if given.hvp is None:
        return Second() if given.hessian else None
    named = re.match(r"\s*[^\W\d]\w*\s*=(?!=)", given.hvp)
    texts = dict(read_versus(given.hvp, "--hvp")) if named else {"--hvp": given.hvp}
    values = read_values(texts, given.seed, given.limits)
    return Second(values if named else values["--hvp"])


def _upstream(given: Given) -> Any:
    if given.upstream is None:
        return None
    return read_values({"--upstream": given.upstream}, given.seed, given.limits)["--upstream"]


def bound(program: Program, given: Given) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the texts of values by name, and the columns of the table that the program uses."""
    columns = _columns(program, given)
    try:
        bound = bind_values(program, [*given.values, *columns.items()], other_words=_option_names())
    except MissingValues as error:
        error.hint = _to_copy(error, program, given)
        if given.table is not None:
            error.message += f"; the table's columns are {_some([*given.table.columns, *given.table.refused])}"
        raise
    used = {name: value for name, value in bound.items() if not isinstance(value, str)}
    return {name: text for name, text in bound.items() if isinstance(text, str)}, used


_MOST_NAMED = 12


def _some(names: list[str]) -> str:
    more = ["…"] if len(names) > _MOST_NAMED else []
    return ", ".join([visible(name) for name in names[:_MOST_NAMED]] + more)


def _columns(program: Program, given: Given) -> dict[str, Any]:
    """Return the table's columns that the program has a name for; those of text only where nothing else gives it.

    Without --data it is the table that the program's file names, whose columns given values replace.
    """
    table = read_table(program.data, given.limits) if given.table is None and program.data else given.table
    if table is None:
        return {}
    names = names_of(program.parsed)
    for name in names.required:
        if name in table.refused and name not in names_given(given.values):
            hint = f"give it in place of the column: --{name} 2"
            raise InputError(f"the column {name} is not numeric: {table.refused[name]}", hint=hint)
    used = {n: c for n, c in table.columns.items() if n in (*names.required, *names.optional)}
    if given.table is None:
        return {name: column for name, column in used.items() if name not in names_given(given.values)}
    twice = names_given(given.values) & used.keys()
    if twice:
        message = f"{min(twice)} is given twice: as --{min(twice)} and as a column of the table"
        raise InputError(message, hint="give it once")
    return used


def _option_names() -> list[str]:
    context = click.get_current_context()
    return [text for p in context.command.get_params(context) if isinstance(p, click.Option) for text in p.opts]


def _to_copy(error: MissingValues, program: Program, given: Given) -> str:
    """Return the command as it was typed with places for the missing values, and the example it may have meant."""
    import difflib

    words = click.get_current_context().obj or ("run", given.program)
    hint = with_places(words, error.names, _option_names())
    close = difflib.get_close_matches(given.program, gallery(), 1)
    if close and not program.name:
        hint += f"\nor the example: {COMMAND} {words[0]} {close[0]}"
    return hint


def check_tracked(program: Program, wrt: Sequence[str], values: dict[str, Any]) -> None:
    """Raise NameProblem for a name in `--wrt` that no value is given under."""
    for name in wrt:
        if name in values:
            continue
        if name in names_of(program.parsed).assigned:
            raise NameProblem(f"--wrt {name}: the program computes {name}", hint=suggestion(name, values))
        raise NameProblem(f"--wrt {name}: no value is given under that name", hint=suggestion(name, values))


def _failures(program: Program, given: Given, explanation: Any) -> list[str]:
    """Return a line for each expected number that does not hold."""
    if given.changes_numbers:
        if program.expects:
            console.complain("note: the expected numbers are for the file's own values, so they are not checked")
        return []
    failures = []
    for target, written in program.expects:
        known = {"result": explanation.value} if target == "result" else explanation.gradients
        if target not in known:
            failures.append(f"expect: {target} = {written}, but there is no gradient by {target}")
        elif not agrees(written, known[target]):
            failures.append(f"expect: {target} = {written}, but it is {shown(known[target])}")
    if program.expects and not failures:
        number = len(program.expects)
        held = f"all {number} expected numbers hold" if number > 1 else "the expected number holds"
        console.complain(f"note: {held}")
    return failures


def _check_error(program: Program, given: Given) -> int:
    """Hold the error a program runs into against the one its file expects."""
    try:
        explained(program, given)
    except ExplainError as error:
        if program.expect_error in error.message:
            console.write_lines([f"the expected error: {error.message}"])
            return 0
        console.complain(f"expect error: {program.expect_error}, but the error is: {error.message}")
        return DIFFERS
    console.complain(f"expect error: {program.expect_error}, but there is none")
    return DIFFERS
