"""What the modules may import, how cheaply they start, and how long they may grow."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = "autograd_explain"
ROOT = Path(__file__).resolve().parent.parent
LONGEST_FUNCTION = 40
LONGEST_FILE = 400
ERRORS = {"ExplainError", "LanguageError", "NameProblem", "ShapeError", "DomainError", "LimitError", "InputError"}

LAYERS = (
    "source",
    "errors",
    "limits",
    "core.notation",
    "core.shapes",
    "core.rooms",
    "core.op",
    "core.refusals",
    "core.registry",
    "core.tape",
    "core.callers",
    "core.traced",
    "core.var",
    "core.formula",
    "core.signature",
    "ops",
    "functions",
    "modes",
    "lang",
    "train",
    "explanation",
    "code",
    "check",
    "render",
    "pipeline",
    "transforms",
    "session",
    "app",
    "cli",
    "__main__",
)
"""A module imports only from its own layer and from those above it. The package's own `__init__` is not a layer:
it names what is public and loads it when asked."""

EXCEPTIONS = {
    ("core.op", "core.signature"): "a call with options is checked against the signature when it is made",
    ("explanation.build", "render"): "an Explanation shows itself: print(e), and HTML in a notebook",
}
"""Imports that go the other way, with the reason. Each stands inside a function, so that nothing loads in a ring."""

LIBRARIES = {
    "click": {"cli"},
    "jax": {"check"},
    "matplotlib": {"render"},
    "mpmath": {"check"},
    "plotille": {"render"},
    "resvg_py": {"render"},
    "rich": {"app", "cli", "render"},
    "sympy": {"check"},
    "textual": {"app"},
    "torch": {"check"},
}
"""Which layers may know a library. NumPy is everywhere below the command line."""


def modules() -> list[Path]:
    """Every module of the package."""
    return sorted((ROOT / PACKAGE).rglob("*.py"))


def dotted(path: Path) -> str:
    """The module's name within the package: `core.var`; the package's own `__init__` is ''."""
    parts = path.relative_to(ROOT / PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def parsed(path: Path) -> ast.Module:
    """The module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Each import at run time: the module's full name, the line, and whether it stands inside a function."""
    waiting: list[tuple[ast.AST, bool]] = [(parsed(path), False)]
    while waiting:
        node, inside = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend((child, inside) for child in node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno, inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are written in full"
            yield from ((target, node.lineno, inside) for target in targets(node))
        within = inside or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        waiting.extend((child, within) for child in ast.iter_child_nodes(node))


def targets(node: ast.ImportFrom) -> set[str]:
    """The modules that `from a import b, c` reaches: `a.b` where that is a module of ours, else `a`."""
    module = str(node.module)
    inner = {f"{module}.{alias.name}" for alias in node.names}
    return {name if is_module(name) else module for name in inner}


def is_module(name: str) -> bool:
    """Whether the full name is one of our modules."""
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def layer(name: str) -> str:
    """The layer a module of ours stands in."""
    found = [entry for entry in LAYERS if name == entry or name.startswith(entry + ".")]
    assert found, f"{name} stands in no layer: add it to LAYERS"
    return found[0]


def excepted(importer: str, imported: str, *, inside: bool) -> bool:
    """Whether the import is one of the exceptions, and stands where those may stand."""
    allowed = {target for (source, target) in EXCEPTIONS if source == importer}
    return inside and any(imported == target or imported.startswith(target + ".") for target in allowed)


def upward(path: Path) -> list[str]:
    """The module's imports of what stands below it, as messages."""
    importer = dotted(path)
    complaints = []
    for name, line, inside in imports(path):
        imported = name.removeprefix(PACKAGE).lstrip(".")
        if name.split(".")[0] != PACKAGE or not imported or imported == "core":
            continue
        below = LAYERS.index(layer(imported)) > LAYERS.index(layer(importer))
        if below and not excepted(importer, imported, inside=inside):
            complaints.append(f"{path.relative_to(ROOT)}:{line}: {importer} imports {imported}, which stands below it")
    return complaints


def test_a_module_imports_only_what_stands_above_it() -> None:
    layered = [path for path in modules() if dotted(path) not in {"", "core"}]
    assert [] == [complaint for path in layered for complaint in upward(path)]


def test_every_exception_is_still_needed() -> None:
    used = set()
    for path in modules():
        for name, _, _ in imports(path):
            imported = name.removeprefix(PACKAGE + ".")
            used |= {(s, t) for s, t in EXCEPTIONS if s == dotted(path) and (imported + ".").startswith(t + ".")}
    assert set() == {pair for pair in EXCEPTIONS if is_module(f"{PACKAGE}.{pair[0]}")} - used


def test_a_library_is_known_only_where_it_belongs() -> None:
    complaints = []
    for path in modules():
        own = dotted(path).split(".")[0]
        for name, line, _ in imports(path):
            library = name.split(".")[0]
            if own not in LIBRARIES.get(library, {own}):
                complaints.append(f"{path.relative_to(ROOT)}:{line}: {library} in {own}")
    assert [] == complaints


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import autograd_explain", "click mpmath numpy rich sympy textual"),
        ("import autograd_explain.cli.main", "mpmath numpy rich sympy textual"),
        (
            "from autograd_explain.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass",
            "mpmath numpy rich sympy textual",
        ),
        ("import autograd_explain.pipeline", "click rich sympy textual"),
        ("from autograd_explain import explain; str(explain('x*x', x=3).to_dict())", "click sympy textual"),
    ],
    ids=["import", "command", "help", "pipeline", "run"],
)
def test_start_up_loads_only_what_it_needs(statement: str, unwanted: str) -> None:
    script = f"{statement}\nimport sys\nprint('loaded:', *sorted(set(sys.argv[1:]) & set(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", script, *unwanted.split()], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "loaded:" == run.stdout.splitlines()[-1].strip()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of the module, methods and inner ones too."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many lines the function has, without its decorators."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_functions_and_files_stay_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {lines(node)} lines"
        for path in modules()
        for node in functions(path)
        if lines(node) > LONGEST_FUNCTION
    ]
    others = (path for folder in ("benchmarks", "docs", "tests") for path in sorted((ROOT / folder).rglob("*.py")))
    lengths = {path: path.read_text(encoding="utf-8").count("\n") for path in (*modules(), *others)}
    long += [f"{path.relative_to(ROOT)}: {count} lines" for path, count in lengths.items() if count > LONGEST_FILE]
    assert [] == long


def without_hint(path: Path) -> list[str]:
    """The places of a module that make an error of the user without saying what to do about it."""
    made = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return [
        f"{path.name}:{node.lineno}"
        for node in made
        if node.func.id in ERRORS and not any(each.arg in {"hint", None} for each in node.keywords)  # type: ignore[attr-defined]
    ]


def test_every_refusal_says_what_to_do() -> None:
    assert [] == [place for path in modules() for place in without_hint(path)]


def test_every_module_says_what_it_holds() -> None:
    assert [] == [str(path.relative_to(ROOT)) for path in modules() if not ast.get_docstring(parsed(path))]


def test_the_rule_can_be_broken(tmp_path: Path) -> None:
    bad = ROOT / PACKAGE / "core" / "shapes.py"
    assert [] == upward(bad)
    text = "def f():\n    from autograd_explain.modes.reverse import reverse\n"
    trial = tmp_path / "trial.py"
    trial.write_text(text, encoding="utf-8")
    assert [(f"{PACKAGE}.modes.reverse", 2, True)] == list(imports(trial))
    assert LAYERS.index(layer("modes.reverse")) > LAYERS.index(layer("core.shapes"))
    assert not excepted("core.shapes", "modes.reverse", inside=True)


ALONE = """
import os, sys
import click, numpy, rich.console, sympy
for name in sys.argv[1:]:
    child = os.fork()
    if not child:
        sys.stderr = open(os.devnull, "w")
        try:
            __import__(name)
        except BaseException:
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print(name)
"""


@pytest.mark.skipif(os.name != "posix", reason="each module is loaded in a process forked for it")
def test_every_module_can_be_loaded_first() -> None:
    names = [f"{PACKAGE}.{dotted(path)}".rstrip(".") for path in modules() if path.stem != "__main__"]
    done = subprocess.run([sys.executable, "-c", ALONE, *names], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [] == done.stdout.split()
