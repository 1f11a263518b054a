"""The notes of one kind that a program raises. Nothing here asserts but that there is one."""

from __future__ import annotations

from typing import Any

from tests.programs import Case


def told(program: Case, kind: str, **options: Any) -> list[Any]:
    return [note for note in program.run(**options).notes if note.kind == kind]


def only(program: Case, kind: str, **options: Any) -> str:
    [note] = told(program, kind, **options)
    return str(note.text)
