"""Evaluate a function on a file of numbers, piece by piece.

A `.npy` file is mapped into memory and a piece of it is read, evaluated and written at a time, so that a file may be
larger than memory. Numbers in a `.csv` file are first laid out as such an array, also piece by piece. The result
appears under its final name only when it is complete.
"""

from __future__ import annotations

import errno
import math
import os
import tempfile
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actfn.functions.declare import WITH_KERNELS

if TYPE_CHECKING:
    from actfn.activation import Activation

Array = NDArray[Any]
Block = tuple[slice, ...]
Progress = Callable[[str, int, int], None]

CHUNK = 1 << 20  # elements evaluated at a time
FORMATS = (".npy", ".csv")


def evaluate(
    activation: Activation,
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    order: int = 0,
    axis: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    chunk: int = CHUNK,
    force: bool = False,
    progress: Progress | None = None,
) -> tuple[int, ...]:
    """Evaluate a function on every number of a file.

    Parameters
    ----------
    activation : Activation
    source : path-like
        A ``.npy`` file of real numbers of any shape and order, or a ``.csv`` file of lines with equally many numbers;
        a first line without numbers is taken as a heading and, if the columns stay, copied.
    target : path-like
        The file to write, ``.npy`` or ``.csv``. It may be the source, with ``force``.
    order : int
        0 for the function, 1 or 2 for a derivative.
    axis : int, optional
        The axis that the rows of a simplex function or the groups of maxout lie along; the last by default.
    parameters : mapping, optional
        The function's parameters. An array broadcasts against the whole input.
    chunk : int
        How many numbers to evaluate at a time; a row that must stay whole may be longer.
    force : bool
        Whether an existing target is replaced.
    progress : callable, optional
        Called now and then with what is being done ("read", "evaluate" or "write"), how much is done, and of how much.

    Returns
    -------
    tuple of int
        The shape of the result.

    Raises
    ------
    OSError
        If a file cannot be read or written, or the target exists.
    ValueError
        If the source is not what its name says, or a shape or parameter does not fit.
    TypeError
        If the numbers are of a kind the function does not take.

    Examples
    --------
    >>> import actfn, numpy, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source, target = pathlib.Path(folder, "x.npy"), pathlib.Path(folder, "y.npy")
    ...     numpy.save(source, numpy.array([-1.0, 2.0]))
    ...     shape = evaluate(actfn.relu, source, target)
    ...     print(numpy.load(target))
    [0. 2.]
    """
    source, target = Path(source), Path(target)
    if chunk < 1:
        raise ValueError(f"a chunk holds at least one number, not {chunk}")
    for path in (source, target):
        if path.suffix.lower() not in FORMATS:
            raise ValueError(f"{path}: the name must end in {' or '.join(FORMATS)}")
    report = progress or (lambda task, done, total: None)
    with replacing(target, force) as folder:
        if source.suffix.lower() == ".npy":
            x, heading = open_array(source), ""
        else:
            x, heading = read_csv(source, folder / "input", report)
        if target.suffix.lower() == ".npy":
            y = _evaluate_array(activation, x, folder / target.name, order, axis, dict(parameters or {}), chunk, report)
        elif x.ndim > 2:
            raise ValueError(f"{target}: an array of {x.ndim} dimensions does not fit a .csv file; write a .npy file")
        else:
            y = _evaluate_array(activation, x, folder / "array", order, axis, dict(parameters or {}), chunk, report)
            write_csv(y, folder / target.name, heading if y.shape == x.shape else "", chunk, report)
        return y.shape


@contextmanager
def replacing(target: Path, force: bool) -> Iterator[Path]:
    """Give a folder beside the target; at the end, move the file of the target's name from it to the target.

    Whatever else is in the folder is removed, also after an exception.
    """
    check_target(target, force)
    final = Path(os.path.realpath(target))  # a link stays a link
    try:
        folder = tempfile.TemporaryDirectory(prefix=f".{final.name[:80]}.", suffix=".partial", dir=final.parent)
    except OSError as error:
        raise type(error)(f"{target} cannot be written: {error.strerror}") from None
    with folder:
        complete = Path(folder.name, target.name)
        yield complete.parent
        with open(complete, "rb") as file:
            os.fsync(file.fileno())
        check_target(target, force)
        os.replace(complete, final)


def check_target(target: Path, force: bool) -> None:
    """Raise OSError unless the target may be written: a new file in a folder that exists, or, with force, a file."""
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder, not a file")
    if target.exists() and not target.is_file():
        raise OSError(f"{target} is not an ordinary file")
    if target.exists() and not force:
        raise FileExistsError(f"{target} exists already; --force replaces it")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{target}: the folder {target.parent} does not exist")


def open_array(path: Path) -> Array:
    """Map a ``.npy`` file into memory, to read.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not a ``.npy`` file, is cut off, or holds Python objects.
    """
    with open(path, "rb") as file:
        start = file.read(6)
    if start != b"\x93NUMPY":
        what = "is a .npz archive of several arrays" if start[:2] == b"PK" else "is not a .npy file"
        raise ValueError(f"{path} {what}")
    try:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except ValueError as error:
        if "Python objects" in str(error):
            raise ValueError(f"{path} holds pickled Python objects, which are never loaded") from None
        raise ValueError(f"{path} is damaged or cut off: {error}") from None


def blocks(shape: tuple[int, ...], chunk: int, whole: int | None = None) -> Iterator[Block]:
    """Cut an array into blocks of at most ``chunk`` elements, the last axis first.

    Parameters
    ----------
    shape : tuple of int
    chunk : int
    whole : int, optional
        An axis that is never cut, however long it is.

    Yields
    ------
    tuple of slice

    Examples
    --------
    >>> list(blocks((2, 3), 3))
    [(slice(0, 1, None), slice(0, 3, None)), (slice(1, 2, None), slice(0, 3, None))]
    """
    lengths = [1] * len(shape)
    if whole is not None:
        lengths[whole] = shape[whole]
    for axis in reversed(range(len(shape))):
        if axis != whole:
            room = max(1, chunk // max(1, math.prod(lengths)))
            pieces = max(1, math.ceil(shape[axis] / room))
            lengths[axis] = max(1, math.ceil(shape[axis] / pieces))
    starts = [range(0, size, length) if size else [0] for size, length in zip(shape, lengths, strict=True)]
    for corner in product(*starts):
        yield tuple(
            slice(start, min(start + length, size)) for start, length, size in zip(corner, lengths, shape, strict=True)
        )


def _evaluate_array(
    activation: Activation,
    x: Array,
    path: Path,
    order: int,
    axis: int | None,
    parameters: dict[str, Any],
    chunk: int,
    report: Progress,
) -> Array:
    """Evaluate a function on an array, block by block, into a new ``.npy`` file in the same memory order."""
    name, whole = activation.name, None
    if not activation._declaration.along_axis:
        if axis is not None:
            raise ValueError(f"{name} works on each number alone, so it takes no axis")
        if order and activation.kind not in WITH_KERNELS:
            activation.derivative(x, order)
        coefficients = activation.kind == "expansion"
        parameters = {
            key: (_of_terms if coefficients else _broadcast)(name, key, value, x.shape)
            for key, value in parameters.items()
        }
    else:
        if order:
            raise TypeError(f"{name} works on whole rows, so it has no derivative of one number; only order 0 exists")
        whole = -1 if axis is None else axis
        if not -x.ndim <= whole < x.ndim:
            raise ValueError(f"{name} needs axis {whole}, which an array of shape {x.shape} does not have")
        whole %= x.ndim
        parameters["axis"] = whole
    transposed = x.flags.f_contiguous and not x.flags.c_contiguous
    # Blocks follow the order in memory; for Fortran order that is the transposed array.
    pieces = (
        (block[::-1] for block in blocks(x.shape[::-1], chunk, None if whole is None else x.ndim - 1 - whole))
        if transposed
        else blocks(x.shape, chunk, whole)
    )
    y: Array | None = None
    done = 0
    for block in pieces:
        options = {
            key: value[block] if isinstance(value, np.ndarray) and whole is None else value
            for key, value in parameters.items()
        }
        piece = np.asarray(x[block])
        values = activation.derivative(piece, order=order, **options) if order else activation(piece, **options)
        values = np.asarray(values)
        if whole is not None and values.ndim < x.ndim:  # one number for each row
            values = np.expand_dims(values, whole)
        if y is None:
            shape = x.shape if whole is None else (*x.shape[:whole], values.shape[whole], *x.shape[whole + 1 :])
            y = _create(path, shape, values.dtype, transposed)
        target = block if whole is None else (*block[:whole], slice(None), *block[whole + 1 :])
        y[target] = values
        done += piece.size
        report("evaluate", done, x.size)
    assert y is not None  # even an empty array has one block
    return y


def _broadcast(name: str, key: str, value: Any, shape: tuple[int, ...]) -> Any:
    """Return a number as it is and an array as a view with the shape of the input."""
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return value
    try:
        return np.broadcast_to(value, shape)
    except ValueError:
        raise ValueError(
            f"{name}: {key} of shape {value.shape} does not broadcast to the input's shape {shape}"
        ) from None


def _of_terms(name: str, key: str, value: Any, shape: tuple[int, ...]) -> Any:
    """Return coefficients that are the same everywhere as a tuple, and others as a view with the input's shape and their terms."""
    array = np.asarray(value)
    if array.ndim < 2:
        return tuple(array.tolist()) if array.ndim else value
    terms = array.shape[-1:]
    return _broadcast(name, key, array, (*shape, *terms))


def _create(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], fortran_order: bool) -> Array:
    """Create a ``.npy`` file and map it, with its space reserved: a full disk is an error now, not a crash later."""
    if 0 in shape:
        y: Array = np.empty(shape, dtype)
        with open(path, "wb") as file:
            np.save(file, y)
        return y
    y = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape, fortran_order=fortran_order)
    if hasattr(os, "posix_fallocate"):
        with open(path, "r+b") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
            except OSError as error:
                if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                    raise
    return y


def read_csv(path: Path, raw: Path, report: Progress) -> tuple[Array, str]:
    """Lay the numbers of a CSV file out as float64 in the file ``raw``, line by line, and map that.

    Parameters
    ----------
    path : Path
        Lines of numbers separated by commas, all with equally many; empty lines are skipped.
    raw : Path
        The file to create.
    report : callable
        Called with "read", the bytes read and the bytes in all.

    Returns
    -------
    array : ndarray of float64, shape (lines, columns)
    heading : str
        The first line, if it holds no number, else "".

    Raises
    ------
    ValueError
        Naming the line that is wrong.
    """
    heading, columns, rows = "", 0, 0
    done, size = 0, path.stat().st_size
    try:
        with open(path, encoding="utf-8-sig") as lines, open(raw, "wb") as file:
            for number, line in enumerate(lines, start=1):
                done += len(line)
                fields = line.strip().split(",")
                if fields == [""]:
                    continue
                if not columns and not heading and not any(_is_number(field) for field in fields):
                    heading = line.rstrip("\n")
                    continue
                columns = columns or len(fields)
                if len(fields) != columns:
                    raise ValueError(f"{path}, line {number} has {len(fields)} columns where the first has {columns}")
                try:
                    array("d", map(_number, fields)).tofile(file)
                except ValueError as error:
                    raise ValueError(f"{path}, line {number}: {error}") from None
                rows += 1
                if number % 10_000 == 0:
                    report("read", min(done, size), size)
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text in UTF-8") from None
    if not rows:
        raise ValueError(f"{path} holds no numbers")
    report("read", size, size)
    return np.asarray(np.memmap(raw, dtype=np.float64, mode="r", shape=(rows, columns))), heading


def _number(field: str) -> float:
    if "_" in field:  # float() would skip it
        raise ValueError(f"{field.strip()!r} is not a number")
    try:
        return float(field)
    except ValueError:
        raise ValueError(f"{field.strip()!r} is not a number") from None


def _is_number(field: str) -> bool:
    try:
        return _number(field) is not None
    except ValueError:
        return False


def write_csv(y: Array, path: Path, heading: str, chunk: int, report: Progress) -> None:
    """Write an array of at most two dimensions as CSV, each number as the shortest text that reads back the same."""
    table = y if y.ndim == 2 else y.reshape(-1, 1)
    rows, columns = table.shape
    step = max(1, chunk // max(1, columns))
    with open(path, "w", encoding="utf-8") as file:
        if heading:
            file.write(heading + "\n")
        for start in range(0, rows, step):
            file.writelines(",".join(row) + "\n" for row in table[start : start + step].astype(str).tolist())
            report("write", min(rows, start + step), rows)
