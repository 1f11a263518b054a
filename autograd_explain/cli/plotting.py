"""What `plot` does: read the ranges, run the program at every place, draw."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from autograd_explain.cli import console
from autograd_explain.cli.output import deliver, view_for, writable
from autograd_explain.cli.running import Given, bound, names_given, read_limits, read_pair
from autograd_explain.core.shapes import show_shape
from autograd_explain.errors import InputError, NameProblem
from autograd_explain.explanation.curves import Curve, Over, Plane, Probe, curve, plane
from autograd_explain.lang.interpret import recorder
from autograd_explain.lang.names import fold_name, names_of, suggestion
from autograd_explain.lang.program import Program, resolve
from autograd_explain.lang.value_files import read_table
from autograd_explain.lang.values import read_values
from autograd_explain.limits import Limits
from autograd_explain.render import plots_text
from autograd_explain.render.theme import View
from autograd_explain.source import visible

_FORM = "--over x=-5:5"
_OVER = re.compile(r"(?P<name>[^=\[\]]+?)\s*(?:\[(?P<place>[\d,\s-]+)\])?\s*=(?P<range>.*)", re.DOTALL)
_ENDINGS = (".svg", ".png", ".txt")
_FINE, _GRID = 401, (61, 61)  # places at which a picture file is computed
_MOST = 2


def plot_program(options: dict[str, Any]) -> int:
    """Draw a program over one range or two, in the terminal or to a file."""
    path = _path(options)
    limits = read_limits(options["limits"])
    overs = _overs(options["over"], options["seed"], limits)
    program, values = _program(options, overs, limits)
    overs = [_placed(over, values) for over in overs]
    view = view_for(options, path)
    record = recorder(program.parsed, tracked={over.name for over in overs}, limits=limits)
    probe = Probe(lambda given: record(given, options["seed"]), values, overs)
    drawn = _drawn(probe, overs, values, view, program, fine=path is not None and path.suffix.lower() != ".txt")
    _written(drawn, _title(program), view, path, options)
    return 0


def _path(options: dict[str, Any]) -> Path | None:
    """Return the file to write; raises InputError before anything is computed."""
    path = writable(options["output"], force=options["force"], example="plot.svg")
    if path is None:
        return None
    if path.suffix.lower() not in _ENDINGS:
        raise InputError(f"a plot cannot be written to {path}", hint=f"the ending says how: {', '.join(_ENDINGS)}")
    if path.suffix.lower() != ".txt":
        from autograd_explain.render.plots_figure import require_library

        require_library()
    return path


def _overs(texts: Sequence[str], seed: int, limits: Limits) -> list[Over]:
    if not texts:
        raise InputError("plot needs a range to draw over", hint=f"{_FORM}   and twice for a map")
    if len(texts) > _MOST:
        raise InputError(f"{len(texts)} ranges are too many to draw", hint="--over once for a curve, twice for a map")
    overs = [_over(text, seed, limits) for text in texts]
    if len({(over.name, over.place) for over in overs}) < len(overs):
        raise InputError(f"{overs[0].label} is given two ranges", hint="--over x=-5:5 --over y=-5:5")
    return overs


def _over(text: str, seed: int, limits: Limits) -> Over:
    """Return what `x=-5:5` or `x[0]=-pi:pi` says."""
    match = _OVER.fullmatch(text.strip())
    ends = match["range"].split(":") if match else []
    if match is None or len(ends) != 2 or not all(end.strip() for end in ends):
        raise InputError(f"--over takes NAME=LOW:HIGH, not '{visible(text)}'", hint=_FORM)
    name = fold_name(match["name"].strip())
    place = _place(match["place"], text)
    low, high = (_end(end.strip(), text, seed, limits) for end in ends)
    if low > high:
        turned = f"--over {name}={high:g}:{low:g}"
        raise InputError(f"the range of {name} runs backwards: {low:g} to {high:g}", hint=turned)
    if not high - low > 1e-12 * max(abs(low), abs(high)):
        raise InputError(f"the range of {name} is empty: both ends are {low:g}", hint=_FORM)
    return Over(name, place, low, high)


def _place(text: str | None, whole: str) -> tuple[int, ...]:
    if text is None:
        return ()
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        message = f"--over takes whole numbers between [ and ], not '{visible(whole)}'"
        raise InputError(message, hint='--over "x[0]=-5:5"') from None


def _end(text: str, whole: str, seed: int, limits: Limits) -> float:
    """Return one end of a range: a number, or a constant expression such as `2*pi`."""
    value = read_values({"--over": text}, seed, limits)["--over"]
    if not isinstance(value, float) or not np.isfinite(value) or abs(value) > 1e300:
        raise InputError(f"the ends of --over '{visible(whole)}' must be finite numbers", hint=_FORM)
    return value


def _program(options: dict[str, Any], overs: Sequence[Over], limits: Limits) -> tuple[Program, dict[str, Any]]:
    """Return the program and its values; a name that is moved and not given stands in the middle of its range."""
    pairs = tuple(read_pair(text) for text in options["values"])
    table = read_table(options["data"], limits) if options["data"] is not None else None
    named = names_given(pairs)
    program = resolve(options["program"], named | {over.name for over in overs}, limits)
    _check_names(program, overs)
    for over in overs:
        if over.name in named or over.name in program.defaults or (table and over.name in table.columns):
            continue
        if over.place:
            raise InputError(f"{over.label} moves an entry of {over.name}, which has no value",
                             hint=f'--{over.name} "[1, 2]"')  # fmt: skip
        pairs = (*pairs, (over.name, repr((over.low + over.high) / 2)))
    given = Given(options["program"], pairs, None, table, (), None, options["seed"], limits)
    texts, columns = bound(program, given)
    return program, read_values(texts, options["seed"], limits) | columns


def _check_names(program: Program, overs: Sequence[Over]) -> None:
    names = names_of(program.parsed)
    known = (*names.required, *names.optional)
    for over in overs:
        if over.name in known:
            continue
        computed = over.name in names.assigned
        said = f"the program computes {over.name}" if computed else "there is no such name in the program"
        raise NameProblem(f"--over {over.name}: {said}", hint=suggestion(over.name, known))


def _placed(over: Over, values: dict[str, Any]) -> Over:
    """Return the range once the value it moves is known; raises InputError where that is no single number."""
    value = values[over.name]
    if isinstance(value, float):
        if over.place:
            raise InputError(f"{over.name} is a single number and has no entries", hint=f"--over {over.name}=-5:5")
        return over
    shape = value.shape
    entry = ",".join("0" for _ in shape)
    if not over.place:
        raise InputError(f"{over.name} is an array of shape {show_shape(shape)}: one entry of it can be moved",
                         hint=f'--over "{over.name}[{entry}]={over.low:g}:{over.high:g}"')  # fmt: skip
    fits = len(over.place) == len(shape) and all(-n <= i < n for i, n in zip(over.place, shape, strict=True))
    if not fits:
        raise InputError(f"{over.name} of shape {show_shape(shape)} has no entry {over.label}",
                         hint=f'--over "{over.name}[{entry}]={over.low:g}:{over.high:g}"')  # fmt: skip
    return over._replace(place=tuple(i % n for i, n in zip(over.place, shape, strict=True)))


def _drawn(
    probe: Probe, overs: Sequence[Over], values: dict[str, Any], view: View, program: Program, *, fine: bool
) -> Curve | Plane:
    points = [float(values[over.name][over.place]) if over.place else values[over.name] for over in overs]
    if len(overs) == 1:
        count = _FINE if fine else plots_text.samples_for(view)
        return curve(probe, overs[0], points[0], count, lambda site: _text_of(program, site))
    counts = _GRID if fine else plots_text.grid_for(view)
    return plane(probe, (overs[0], overs[1]), (points[0], points[1]), counts)


def _text_of(program: Program, site: Any) -> str:
    return program.parsed.text_of(site) if site is not None else ""


def _title(program: Program) -> str:
    lines = [line for line in program.text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return program.title or "\n".join(lines[:3] + ["…"] * (len(lines) > 3))


def _written(drawn: Curve | Plane, title: str, view: View, path: Path | None, options: dict[str, Any]) -> None:
    if path is None:
        lines = [line.render(view) for line in plots_text.lines_of(drawn, title, view)]
        console.write(lambda out: out.writelines(line + "\n" for line in lines))
        return
    if path.suffix.lower() == ".txt":
        plain = replace(view, color=False)
        text = "".join(line.render(plain) + "\n" for line in plots_text.lines_of(drawn, title, plain))
        deliver(path, lambda out: out.write(text), force=options["force"])
    else:
        from autograd_explain.render.plots_figure import picture

        data = picture(drawn, title, view, path.suffix.lower()[1:])
        deliver(path, lambda out: out.write(data), force=options["force"], binary=True)
