"""What is fuzzed: each target reads an input as the product does, and ends in a result or one `ExplainError`.

An input is bytes; text is in UTF-8, lone surrogates included. Limits are small, so that an input is soon done.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from autograd_explain import explain
from autograd_explain.check.equal import is_same
from autograd_explain.cli.verifying import verify_file
from autograd_explain.explanation.quiz import ask
from autograd_explain.explanation.quiz_grading import graded
from autograd_explain.lang.expect import agrees
from autograd_explain.lang.names import names_of
from autograd_explain.lang.program import bind_values, example, gallery, read_expression, resolve
from autograd_explain.lang.value_files import read_file, read_table
from autograd_explain.lang.values import read_value, read_values
from autograd_explain.limits import Limits
from autograd_explain.pipeline import MODES, Second, explain_program
from autograd_explain.render.formats import FORMATS
from autograd_explain.render.theme import View
from autograd_explain.train.fitting import clipping_of, schedules_of
from autograd_explain.train.loop import Plan, Stop, beginning, steps
from autograd_explain.train.objective import Data
from autograd_explain.train.optimizers import OPTIMIZERS
from autograd_explain.train.rules import choose
from autograd_explain.train.saved import Session, as_text, from_text, record_of
from tests import test_bad_input, test_bad_values
from tests.fuzz import mutator
from tests.programs import EVERY

LIMITS = Limits(nodes=2_000, statements=20_000, depth=40, elements=10_000, text=20_000, nesting=60)
_LONGEST_SEED = 2_000  # characters
_VALUES: tuple[Any, ...] = (0.5, -2.0, np.array([1.0, -2.0, 3.0]), np.array([[1.0, 2.0], [3.0, -4.0]]))


@dataclass(frozen=True)
class Target:
    """Something that reads inputs: `run` one, given the fuzzer's folder; `mutant` makes one; `share` of them in all.

    Where `file` is not "", the input is put into a file of that name in the folder first.
    """

    run: Callable[[bytes, Path], Any]
    mutant: Callable[..., bytes]
    share: int
    file: str = ""


def encoded(text: str) -> bytes:
    """A text as an input."""
    return text.encode("utf-8", "surrogatepass")


def decoded(data: bytes) -> str:
    """An input as text, whatever it is."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("latin-1")


# What reads inputs.


def _program(data: bytes, folder: Path, **options: Any) -> Any:
    program = read_expression(decoded(data), limits=LIMITS) if data else read_expression("")
    values = {name: _VALUES[zlib.crc32(encoded(name)) % len(_VALUES)] for name in names_of(program.parsed).required}
    return explain_program(program, bind_values(program, values), seed=1, limits=LIMITS, **options)


def _checked(data: bytes, folder: Path) -> None:
    _program(data, folder, checkers=("finite",), mode=MODES[zlib.crc32(data) % len(MODES)], second=Second())


def _written(data: bytes, folder: Path) -> None:
    run = _program(data, folder)
    formats = [row for row in FORMATS if not row.binary]
    row = formats[zlib.crc32(data) % len(formats)]
    row.write(run, View(width=60 + zlib.crc32(data) % 50), io.StringIO())


def _program_file(data: bytes, folder: Path) -> None:
    program = resolve(str(folder / "program.expr"), limits=LIMITS)
    columns = read_table(program.data, LIMITS).columns if program.data else {}
    names = names_of(program.parsed)
    given = {name: column for name, column in columns.items() if name in names.required}
    bound = bind_values(program, given)
    values = {**read_values({n: v for n, v in bound.items() if isinstance(v, str)}, limits=LIMITS), **given}
    wrt = None if program.wrt is None else [name for name in program.wrt if name in values]
    run = explain_program(program, values, wrt=wrt, limits=LIMITS)
    known = {"result": run.value, **run.gradients}
    for target, written in program.expects:
        agrees(written, known.get(target, 0.0))


def _answers(data: bytes, folder: Path) -> None:
    run, questions = _quizzes()[zlib.crc32(data) % len(_quizzes())]
    lines = decoded(data).splitlines()[: len(questions)]
    first = zlib.crc32(data) % len(questions)
    graded(run, questions[first : first + 2], lines[:2], is_same)


@cache
def _quizzes() -> list[tuple[Any, Any]]:
    runs = [
        explain("(w*x + b)**2", w=3.0, x=2.0, b=1.0),
        explain("sum(W @ x)", W=np.array([[1.0, 2.0], [3.0, 4.0]]), x=np.array([1.0, -1.0])),
        explain("x*sin(x)", x=2.0),
    ]
    return [(run, ask(run, 8)) for run in runs]


def _training(data: bytes, folder: Path) -> None:
    session = from_text(decoded(data), "training.json")
    state = session.state
    for taken in steps(session.plan, session.state, Stop(steps=2)):
        state = taken.after
    as_text(Session(session.program, session.plan, state, session.losses, session.norms, session.limits))


def _file(name: str, reader: Callable[..., Any]) -> Callable[[bytes, Path], Any]:
    return lambda data, folder: reader(str(folder / name), LIMITS)


# What inputs are made of.


def _cases(test: Any) -> list[Any]:
    """The cases a test is run with, from its marks; of several arguments the first one, which is the program."""
    found = [case for mark in test.pytestmark if mark.name == "parametrize" for case in mark.args[1]]
    return [case if isinstance(case, str) else case[0] for case in found]


@cache
def programs() -> list[str]:
    """The gallery, and every program of the tests of bad input that is not too long."""
    tests = (
        test_bad_input.test_a_program_at_fault, test_bad_input.test_what_is_huge_is_refused_soon,
        test_bad_input.test_without_end, test_bad_values.test_names_that_look_or_fold_alike,
        test_bad_input.test_a_loop_that_goes_round_in_circles, test_bad_input.test_python_that_is_not_the_language,
    )  # fmt: skip
    bad = [text for test in tests for text in _cases(test)]
    return [text for text in (*map(_gallery_text, gallery()), *bad) if len(text) < _LONGEST_SEED]


def _gallery_text(name: str) -> str:
    return example(name).text


_ONE_LINERS = [
    "w*x + b", "sum(W @ x)", "softmax([x, 1, 2])[0]", "x**2 if x > 0 else -x", "mean((w*x - y)**2)",
    "where(x > 0, x, 0)", "a, b = [x, 2]\na*b", "for i in range(3): x = x*i\nx", "x[0] + x[1:].T", "x @ x.T",
    "def f(t): return t*t\nf(x) + f(f(x))", "concat([x, x])[::-1]", "var(x, axis=0, ddof=1)", "max([x, x])",
    "cross_entropy([x, 1, 2], 1)", "grad(x*x, x)", "reshape(x, (1, -1))", "norm(x)", "prod(x)", "cumsum(x)",
    "outer(x, x)", "transpose(x)", "x = 1\nwhile x < 9: x = x*2\nx",
]  # fmt: skip


def _program_mutant(dice: Any) -> bytes:
    return encoded(mutator.text_mutant(dice, dice.choice((programs(), _ONE_LINERS, _small()))))


@cache
def _small() -> list[str]:
    return [case.text for case in EVERY]


def _file_mutant(dice: Any) -> bytes:
    return encoded(mutator.text_mutant(dice, _headed()))


@cache
def _headed() -> list[str]:
    heads = ["# title: t", "# values: x=2 w=[1, 2]", "# wrt: x", "# expect: x = 6", "# expect: result = [1, 2]",
             "# expect error: no value", "# data: value.csv", "# train: --lr 0.1", "# teaches: much."]  # fmt: skip
    return [*map(_gallery_text, gallery()), *("\n".join([*heads[i : i + 3], "x*x"]) for i in range(len(heads)))]


def _value_mutant(dice: Any) -> bytes:
    return encoded(mutator.text_mutant(dice, [*_cases(test_bad_values.test_a_value_at_fault), *_PLAIN_VALUES]))


_PLAIN_VALUES = ["1", "[1, 2]", "[[1, 2], [3, 4]]", "pi/4", "randn(3, 2)*0.1", "1e-5", "-2", "[sqrt(2), e]", "−1"]
_ANSWERS = ["1\n2", "1/3\n3*4", "[1, 2]\n(2, 2)", "w*x\n2*(w*x + b)", "x\nv3", "cos(x)*x + sin(x)\n()", "w**2\nnan"]
_CSV = [b"1,2\n3,4\n", b"x,y\n1,2\n3,4\n", b'"a","b"\n1,2\n', b"1;2\n", b"\xef\xbb\xbf1,2\r\n3,4\r\n", b"1e5,nan\n"]
_JSON = [b"[[1, 2], [3, 4]]", b"1.5", b'{"x": [1, 2], "y": [3, "nan"]}', b'["inf", -1e5]', b"[[[1]]]"]


def _answers_mutant(dice: Any) -> bytes:
    return encoded(mutator.text_mutant(dice, _ANSWERS))


def _bytes_mutant(dice: Any, seeds: Callable[[], Sequence[bytes]]) -> bytes:
    return mutator.bytes_mutant(dice, seeds())


def _json_mutant(dice: Any, seeds: Callable[[], Sequence[bytes]]) -> bytes:
    """Four of five times JSON with another tree, else JSON with other tokens."""
    if dice.random() < 0.8:
        return mutator.tree_mutant(dice, seeds())
    return encoded(mutator.text_mutant(dice, [decoded(seed) for seed in seeds()]))


@cache
def _npy() -> list[bytes]:
    arrays = (
        np.array([1.0, 2.0]), np.eye(3, dtype=np.float32), np.arange(6).reshape(1, 2, 3), np.float64(3.0),
        np.array([1j]), np.array(["a"]), np.array([True]), np.zeros((0, 3)), np.asfortranarray(np.eye(2)),
    )  # fmt: skip
    found = []
    for array in arrays:
        stream = io.BytesIO()
        np.save(stream, array)
        found.append(stream.getvalue())
    return found


@cache
def _npz() -> list[bytes]:
    found = []
    for save in (np.savez, np.savez_compressed):
        stream = io.BytesIO()
        save(stream, x=np.arange(3.0), y=np.eye(2))
        found.append(stream.getvalue())
    return found


@cache
def trainings() -> list[bytes]:
    """Trainings as they are saved: with several optimizers, schedules, data in batches, arrays, after a step or two."""
    columns = {"x": np.array([1.0, 2.0, 3.0]), "y": np.array([2.0, 4.0, 6.5])}
    many = [
        _saved("(x - 2)**2", {"x": 0.5}, {}, Data(), "sgd"),
        _saved("mean((w*x + b - y)**2)", {"w": 1.0, "b": 0.0}, {}, Data(columns, 2, 0.3, 4), "adam"),
        _saved("sum((W @ v)**2)", {"W": np.eye(2)}, {"v": np.array([1.0, 2.0])}, Data(), "sgd(momentum=0.9)"),
    ]
    return [text.encode() for text in many]


def _saved(text: str, parameters: dict[str, Any], fixed: dict[str, Any], data: Data, optimizer: str) -> str:
    program = read_expression(text)
    limits = Limits(nodes=1000, statements=10_000, elements=1000)
    chosen = choose(optimizer, OPTIMIZERS, "optimizer", lr=0.1)
    record = record_of(program, parameters, limits)
    plan = Plan(record, chosen, schedules_of(("cosine",), 10), clipping_of(1.0, None), fixed, data)
    taken = list(steps(plan, beginning(plan, parameters), Stop(steps=2)))
    return as_text(Session(program, plan, taken[-1].after, (1.0, 0.5), (2.0, 1.0), limits))


@cache
def exports() -> list[bytes]:
    """Explanations as JSON: scalars, arrays, a loop with a function, forward mode, second derivatives."""
    runs = [
        explain("x*w", x=2.0, w=3.0),
        explain("sum(W @ x)", W=np.eye(2), x=np.array([1.0, 2.0])),
        explain("def f(t): return t*t\nfor i in range(2): x = f(x)\nx", x=1.5, mode="both"),
        explain("x**2*y", x=2.0, y=3.0, hessian=True, check=True),
    ]
    return [json.dumps(run.to_dict()).encode() for run in runs]


def _verified(data: bytes, folder: Path) -> None:
    verify_file(str(folder / "export.json"))


TARGETS: dict[str, Target] = {
    "program": Target(_program, _program_mutant, 44),
    "value": Target(lambda data, folder: read_value(decoded(data), limits=LIMITS), _value_mutant, 20),
    "program-file": Target(_program_file, _file_mutant, 10, "program.expr"),
    "npy": Target(_file("value.npy", read_file), partial(_bytes_mutant, seeds=_npy), 6, "value.npy"),
    "csv": Target(_file("value.csv", read_file), partial(_bytes_mutant, seeds=lambda: _CSV), 4, "value.csv"),
    "json": Target(_file("value.json", read_file), partial(_json_mutant, seeds=lambda: _JSON), 4, "value.json"),
    "table-csv": Target(_file("table.csv", read_table), partial(_bytes_mutant, seeds=lambda: _CSV), 2, "table.csv"),
    "table-json": Target(_file("table.json", read_table), partial(_json_mutant, seeds=lambda: _JSON), 2, "table.json"),
    "table-npz": Target(_file("table.npz", read_table), partial(_bytes_mutant, seeds=_npz), 2, "table.npz"),
    "training": Target(_training, partial(_json_mutant, seeds=trainings), 3, "training.json"),
    "answers": Target(_answers, _answers_mutant, 1),
    "checked": Target(_checked, _program_mutant, 1),
    "written": Target(_written, _program_mutant, 1),
    "export": Target(_verified, partial(_json_mutant, seeds=exports), 1, "export.json"),
}
"""By name; of a hundred inputs each target gets its share."""
