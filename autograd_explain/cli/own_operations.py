"""`--ops FILE.py`: operations of the user's own, by running a file that defines them.

The file is run because it was named, never otherwise. What it prints goes to standard error.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from autograd_explain.cli.declaring import option
from autograd_explain.errors import ExplainError, InputError

if TYPE_CHECKING:
    import click

_Function = TypeVar("_Function", bound=Callable[..., Any])
_MODULE = "own_operations"
_LONGEST = 1_000_000  # characters, as the limit on programs


def ops_option(function: _Function) -> _Function:
    """Give a command the option `--ops`, which acts before anything else is read."""
    return option(
        "--ops", "ops_files", metavar="FILE.py", multiple=True, expose_value=False, is_eager=True, callback=_load,
        help="Operations of your own: runs FILE.py, which calls define(Op(...)).",
    )(function)  # fmt: skip


def _load(ctx: click.Context, _parameter: click.Parameter, paths: tuple[str, ...]) -> None:
    if ctx.resilient_parsing or not paths:
        return
    from autograd_explain.core import registry
    from autograd_explain.lang.defining import withdraw

    before = set(registry.OWN)

    def forget() -> None:
        for name in registry.OWN - before:
            withdraw(name)

    ctx.call_on_close(forget)  # a process may run many commands: what one defines is not there for the next
    for path in dict.fromkeys(paths):
        known = set(registry.OWN)
        run_file(Path(path))
        if known == registry.OWN:
            hint = 'from autograd_explain import Op, define; define(Op("cube", ("x",), …))'
            raise InputError(f"{path} defines no operation", hint=hint)


def run_file(path: Path) -> None:
    """Run a file of Python. Raises InputError with the file and the line where it cannot be read or fails."""
    text = _text_of(path)
    module = types.ModuleType(_MODULE)
    module.__file__ = str(path)
    try:
        with _as_a_script(path, module), redirect_stdout(sys.stderr):
            exec(compile(text, str(path), "exec"), vars(module))  # noqa: S102 - the user named this file to be run
    except KeyboardInterrupt:
        raise
    except SyntaxError as error:
        own = error.filename == str(path)
        raise _failed(path, error.lineno if own else None, f"SyntaxError: {error.msg}") from None
    except ExplainError as error:
        raise _failed(path, _line(error, path), error.message, error.hint) from None
    except BaseException as error:  # noqa: BLE001 - whatever the file does, one message tells it
        said = str(error).splitlines()[0] if str(error) else ""
        told = f"{type(error).__name__}: {said}" if said else type(error).__name__
        raise _failed(path, _line(error, path), told) from None


def _text_of(path: Path) -> str:
    if path.suffix != ".py":
        raise InputError(f"--ops takes a file of Python, not {path}", hint="--ops cube.py")
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"there is no file {path}", hint="--ops cube.py: a file that calls define(Op(…))") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        message = f"{path} cannot be read: {reason}"
        raise InputError(message, hint="--ops cube.py: a text file of Python, in UTF-8") from None
    if len(text) > _LONGEST:
        message = f"{path} is longer than {_LONGEST:,} characters"
        raise InputError(message, hint="keep what it defines short; more can be imported from it")
    return text


@contextmanager
def _as_a_script(path: Path, module: types.ModuleType) -> Iterator[None]:
    """The module is known by its name while it runs, and finds what lies beside it, as a script does."""
    beside = str(path.resolve().parent)
    sys.modules[_MODULE] = module
    sys.path.insert(0, beside)
    try:
        yield
    finally:
        sys.path.remove(beside)


def _line(error: BaseException, path: Path) -> int | None:
    line, traceback = None, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _failed(path: Path, line: int | None, said: str, hint: str = "") -> InputError:
    place = f"{path}, line {line}" if line else str(path)
    return InputError(f"{place}: {said}", hint=hint)
