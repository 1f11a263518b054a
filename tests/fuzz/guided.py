"""`python -m tests.fuzz.guided FOLDER TARGET [-runs=N …]`: inputs guided by coverage, where atheris is installed.

Atheris is no requirement of the project: `pip install atheris`. Half of the inputs come from the project's own
mutator, half from libFuzzer's. The same guard and bounds hold; the first failure ends the run, and libFuzzer writes
its input into a file, to be put into `tests/fuzz/crashers/TARGET`.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["autograd_explain"]):
    from tests.fuzz.run import CANARY, is_failure, outcome, prepare
    from tests.fuzz.targets import TARGETS


def main(words: list[str]) -> None:
    """Fuzz one target for as long as libFuzzer's options say."""
    folder, name, *options = words
    target = TARGETS[name]
    (Path(folder) / CANARY).write_text("nothing may read this\n", encoding="ascii")
    files, guard = prepare(Path(folder), [name])
    guard.on = False  # between inputs libFuzzer does as it likes

    def one_input(data: bytes) -> None:
        guard.on = True
        found = outcome(target, data, files)
        guard.on = False
        if found is not None and is_failure(found):
            raise found

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        dice = random.Random(seed)  # noqa: S311 - nothing here is a secret
        made: bytes = target.mutant(dice) if dice.random() < 0.5 else atheris.Mutate(data, len(data) + 20)
        return made[:most]

    atheris.Setup([sys.argv[0], *options], one_input, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
