"""Values in files: arrays in `.npy`, matrices in `.csv`, nested lists in `.json`, and tables with a header.

Nothing is unpickled, and no header is believed before the file's length bears it out. Must not know the language.
"""

from __future__ import annotations

import io
import math
import struct
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from autograd_explain.core.shapes import MOST_AXES, as_value, show_shape
from autograd_explain.errors import ExplainError, InputError, LimitError, ShapeError
from autograd_explain.lang.numerals import NON_FINITE, finite, regular
from autograd_explain.limits import Limits, exceeded
from autograd_explain.source import visible

LARGEST_FILE = 100_000_000
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a table: the numeric ones as arrays by name, the others with what is wrong with them."""

    columns: dict[str, Any]
    refused: dict[str, str]


def read_file(name: str, limits: Limits) -> Any:
    """Return the float or float64 array in a `.npy`, `.csv` (a matrix, no header) or `.json` file.

    Raises InputError for a file that cannot be read or holds something else, LimitError for too large a one.
    """
    if not name:
        raise InputError("@ stands without a file", hint="@points.csv")
    return _read(name, _READERS.get(Path(name).suffix.lower(), _no_format), limits, _known("values are", _READERS))


def read_table(name: str, limits: Limits) -> Table:
    """Return the columns of a `.csv` file whose first line names them, or of a `.npz` or `.json` file by name."""
    known = _known("a table is", (".csv", *_TABLES))
    table: Table = _read(name, _TABLES.get(Path(name).suffix.lower(), _table), limits, known)
    return table


def _read(name: str, reader: Callable[[bytes, Limits], Any], limits: Limits, known: str) -> Any:
    data = _bytes(name, known)
    try:
        return reader(data, limits)
    except ExplainError as error:
        error.message = f"{visible(name)}: {error.message}"
        raise


def _no_format(data: bytes, limits: Limits) -> NoReturn:
    raise InputError("its ending says no format", hint=_known("values are", _READERS))


def _known(what: str, readers: Iterable[str]) -> str:
    return f"{what} read from {', '.join(readers)}"


def _bytes(name: str, known: str) -> bytes:
    """Return a file's bytes; never more than `LARGEST_FILE`, whatever its size claims to be. `known` is the hint."""
    try:
        path = Path(name).expanduser()  # a shell leaves the ~ of @~/points.csv alone
        if not name:
            raise InputError("the name of the file is empty", hint=known)
        if path.is_dir():
            raise InputError(f"{visible(name)} is a folder, not a file", hint=known)
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise InputError(f"there is no file {visible(name)}", hint=known) from None
    except (OSError, ValueError, RuntimeError) as error:
        message = f"{visible(name)} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise InputError(message, hint=known) from None
    if len(data) > LARGEST_FILE:
        raise LimitError(f"{visible(name)} is larger than {LARGEST_FILE // 1_000_000} MB", hint="give a part of it")
    return data


def _npy(data: bytes, limits: Limits) -> Any:
    stream = io.BytesIO(data)
    shape, order, dtype = _npy_header(stream)
    if dtype.kind not in "biuf":
        kind = _KINDS.get(dtype.kind, "something else than numbers")
        raise InputError(f"it holds {kind}: {dtype}", hint="save an array of real numbers")
    if any(size < 0 for size in shape) or len(shape) > MOST_AXES:
        message = f"its header gives an impossible shape: {shape}"
        raise InputError(message, hint="numpy.save(path, array) writes it anew")
    count = math.prod(shape)
    if count > limits.elements:
        raise exceeded("elements", limits.elements, "entries")
    body = data[stream.tell() :]
    if len(body) != count * dtype.itemsize:
        stated = f"{count * dtype.itemsize:,} bytes for shape {show_shape(shape)}"
        message = f"its header promises {stated}, but {len(body):,} follow"
        raise InputError(message, hint="it may have been cut short; numpy.save(path, array) writes it anew")
    with np.errstate(all="ignore"):
        array = np.frombuffer(body, dtype=dtype).reshape(shape, order=order).astype(np.float64, order="C")
    return as_value(array)


_KINDS = {"c": "complex numbers", "O": "Python objects, which are never unpickled", "S": "text", "U": "text",
          "V": "records", "M": "dates", "m": "durations"}  # fmt: skip


def _npy_header(stream: io.BytesIO) -> tuple[tuple[int, ...], Any, np.dtype[Any]]:
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            version = np.lib.format.read_magic(stream)
            shape, fortran, dtype = readers[version](stream)
    except Exception:  # noqa: BLE001 - a hostile header makes NumPy's reader raise nearly anything
        raise InputError("it is not a .npy file NumPy has written", hint="numpy.save(path, array)") from None
    return shape, "F" if fortran else "C", dtype


def _text(data: bytes) -> str:
    if b"\0" in data:
        raise InputError("it is not a text file", hint="save it as text, in UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"it is not UTF-8: byte {error.start + 1} is 0x{data[error.start]:02x}"
        raise InputError(message, hint="save it as text, in UTF-8") from None


def _rows(data: bytes, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """Return the lines of a CSV file with their numbers, blank ones left out.

    What is far too long is refused by counting its commas and lines, before minutes go into reading it.
    """
    if b'"' not in data and max(data.count(b","), data.count(b"\n")) > limits.elements:
        raise exceeded("elements", limits.elements, "entries")
    import csv

    reader = csv.reader(io.StringIO(_text(data), newline=""), skipinitialspace=True)
    count = 0
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                count += len(row)
                if count > limits.elements:
                    raise exceeded("elements", limits.elements, "entries")
                yield reader.line_num, row
    except csv.Error as error:
        message = f"line {reader.line_num}: {error}"
        raise InputError(message, hint="columns of numbers, with commas between them") from None


def _csv(data: bytes, limits: Limits) -> Any:
    matrix: list[list[float]] = []
    for line, row in _rows(data, limits):
        if matrix and len(row) != len(matrix[0]):
            raise ShapeError(f"line {line} has {_entries(row)}, those before have {len(matrix[0])}", hint=_EVEN)
        matrix.append(_numbers(row, line, first=not matrix))
    if not matrix:
        raise InputError("it is empty", hint="write numbers into it, a line for each row: 1,2,3")
    return np.array(matrix, dtype=np.float64)


def _numbers(row: list[str], line: int, *, first: bool) -> list[float]:
    try:
        return [finite(cell, f"line {line}, column {column}") for column, cell in enumerate(row, 1)]
    except InputError as error:
        error.hint = "a table whose first line has names is read by --data FILE" if first else _SEPARATOR
        raise


def _entries(row: list[str]) -> str:
    return f"{len(row)} entries" if len(row) != 1 else "1 entry"


_EVEN = "every line needs one entry for each column"
_SEPARATOR = "columns are separated by commas, decimals by points"


def _table(data: bytes, limits: Limits) -> Table:
    rows = _rows(data, limits)
    _, names = next(rows, (0, []))
    names = [name.strip() for name in names]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"two columns are called '{visible(twice)}'", hint="give each its own name")
    cells: list[list[tuple[int, str]]] = [[] for _ in names]
    for line, row in rows:
        if len(row) != len(names):
            raise ShapeError(f"line {line} has {_entries(row)}, the header has {len(names)}", hint=_EVEN)
        for column, cell in zip(cells, row, strict=True):
            column.append((line, cell))
    if not any(cells):
        raise InputError("it has no lines of numbers", hint="the first line names the columns, numbers follow")
    columns: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for name, column in zip(names, cells, strict=True):
        try:
            columns[name] = np.array([finite(cell, f"line {line}") for line, cell in column], dtype=np.float64)
        except InputError as error:
            refused[name] = error.message
    return Table(columns, refused)


def _json(data: bytes, limits: Limits) -> Any:
    return _json_array(_json_content(data), limits)


def _json_content(data: bytes) -> Any:
    import json

    try:
        return json.loads(_text(data), parse_int=_json_number, parse_float=_json_number, parse_constant=_constant)
    except json.JSONDecodeError as error:
        message = f"line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}"
        raise InputError(message, hint='such as [1, 2.5], or {"x": [1, 2]} for a table') from None
    except RecursionError:
        raise _too_deep() from None


def _json_array(content: Any, limits: Limits) -> Any:
    value = _json_value(content, 0)
    return regular(value, limits) if isinstance(value, list) else value


def _json_number(text: str) -> float:
    return finite(text, "in the list")


def _constant(word: str) -> NoReturn:
    raise InputError(f"{word} is not JSON", hint=f'write it in quotes: "{word.lower().replace("infinity", "inf")}"')


def _too_deep() -> LimitError:
    return LimitError(f"its list is nested deeper than {MOST_AXES} levels", hint="no array has as many axes")


def _json_value(value: Any, depth: int) -> Any:
    if depth > MOST_AXES:
        raise _too_deep()
    if isinstance(value, list):
        return [_json_value(entry, depth + 1) for entry in value]
    if type(value) is float:
        return value
    if isinstance(value, str) and value in NON_FINITE:
        return NON_FINITE[value]
    raise InputError(f"{_JSON_KINDS.get(type(value), 'this')} is not a number", hint="numbers in (nested) lists")


_JSON_KINDS: dict[type, str] = {dict: "an object", str: "a text in quotes", bool: "true or false", type(None): "null"}

_READERS: dict[str, Callable[[bytes, Limits], Any]] = {".npy": _npy, ".csv": _csv, ".json": _json}


def _json_table(data: bytes, limits: Limits) -> Table:
    content = _json_content(data)
    if not isinstance(content, dict):
        raise InputError("a table is an object of columns", hint='{"x": [1, 2], "y": [3, 4]}')
    return _gathered({name: partial(_json_array, entry, limits) for name, entry in content.items()})


def _npz_table(data: bytes, limits: Limits) -> Table:
    import zipfile

    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
        raise InputError("it is not a .npz file NumPy has written", hint="numpy.savez(path, x=x, y=y)") from None
    if sum(entry.file_size for entry in members.values()) > LARGEST_FILE:
        raise LimitError(f"it unpacks to more than {LARGEST_FILE // 1_000_000} MB", hint="give a part of it")
    return _gathered({name: partial(_member, archive, entry, limits) for name, entry in members.items()})


def _member(archive: Any, entry: Any, limits: Limits) -> Any:
    try:
        with archive.open(entry) as file:
            data = file.read(LARGEST_FILE)
    except Exception as error:  # noqa: BLE001 - hostile headers make the unpackers raise nearly anything
        raise InputError(f"it cannot be unpacked: {error}", hint="numpy.savez(path, x=x, y=y) writes it anew") from None
    return _npy(data, limits)


def _gathered(readers: dict[str, Callable[[], Any]]) -> Table:
    """Return the columns that could be read, and why the others could not."""
    columns: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for name, read in readers.items():
        try:
            columns[name] = read()
        except LimitError:
            raise
        except ExplainError as error:
            refused[name] = error.message
    return Table(columns, refused)


_TABLES: dict[str, Callable[[bytes, Limits], Table]] = {".npz": _npz_table, ".json": _json_table}
