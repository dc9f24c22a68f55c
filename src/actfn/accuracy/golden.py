"""Golden vectors: inputs with correctly rounded results, for tests of kernels in any language."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from actfn.accuracy import sample
from actfn.accuracy.check import resolve
from actfn.accuracy.formats import Array, Format, format_of
from actfn.accuracy.judge import Judge
from actfn.activation import Activation
from actfn.information import info

VERSION = 1
SUFFIXES = (".npz", ".json", ".csv")
COLUMNS = ("x_bits", "x_hex", "x", "y_bits", "y_hex", "y")
# Vectors of float32 and float64 unless a number is given, and the most there are.
COUNT, MOST = 10_000, 1_000_000


@dataclass(frozen=True, eq=False)
class Golden:
    """Inputs with correctly rounded results, in the order of the inputs' bit patterns.

    Attributes
    ----------
    reference : str
        The function, with its parameters where they are not the defaults.
    parameters : dict
        The values of all its parameters.
    order : int
        Which derivative.
    dtype : str
    seed : int
    x, y : ndarray
        Inputs and results. Every NaN among the results is the quiet one without a sign; a kernel may return any other.
    """

    reference: str
    parameters: dict[str, Any]
    order: int
    dtype: str
    seed: int
    x: Array
    y: Array

    @property
    def header(self) -> dict[str, Any]:
        """What the vectors are, as plain data: with the version of this layout and that of the library."""
        return {
            "format": "actfn golden vectors",
            "version": VERSION,
            "actfn": info()["version"],
            "reference": self.reference,
            "parameters": self.parameters,
            "order": self.order,
            "dtype": self.dtype,
            "seed": self.seed,
            "count": len(self.x),
        }

    def bits(self) -> tuple[Array, Array]:
        """Return the bit patterns of inputs and results as unsigned integers."""
        unsigned = format_of(self.dtype).bits
        return self.x.view(unsigned), self.y.view(unsigned)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write a ``.npz``, ``.json`` or ``.csv`` file; the same vectors give the same bytes.

        The text forms have each number as bit pattern, as hexadecimal and as decimal float. A ``.npz`` file has the arrays ``x``,
        ``y``, ``x_bits``, ``y_bits`` and, as JSON, ``header``; numbers of bfloat16, which NumPy lacks, are float32 there.

        Raises
        ------
        ValueError
            If the path ends in something else.
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "relu.csv")
        ...     golden("relu", dtype="float16").write(path)
        ...     path.read_text().splitlines()[-1024]
        '0xfc00,-inf,-inf,0x0000,0x0.0p+0,0.0'
        """
        path = Path(path)
        check_suffix(path)
        if path.suffix.lower() == ".npz":
            self._write_npz(path)
        elif path.suffix.lower() == ".json":
            self._write_json(path)
        else:
            self._write_csv(path)

    def _write_npz(self, path: Path) -> None:
        with np.errstate(invalid="ignore"):
            x, y = (a.astype(np.float32) if self.dtype == "bfloat16" else a for a in (self.x, self.y))
        x_bits, y_bits = self.bits()
        with open(path, "wb") as file:
            np.savez(file, x=x, y=y, x_bits=x_bits, y_bits=y_bits, header=np.array(json.dumps(self.header)))

    def _write_json(self, path: Path) -> None:
        head = json.dumps({**self.header, "columns": COLUMNS}, indent=2).removesuffix("\n}")
        vectors = ",\n".join(f"    {json.dumps(row)}" for row in self._rows())
        path.write_text(f'{head},\n  "vectors": [\n{vectors}\n  ]\n}}\n', encoding="utf-8", newline="\n")

    def _write_csv(self, path: Path) -> None:
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(f"# {json.dumps(self.header)}\n")
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(self._rows())

    def _rows(self) -> Iterator[list[str]]:
        digits = 2 * format_of(self.dtype).dtype.itemsize
        with np.errstate(invalid="ignore"):
            numbers = (self.x.astype(np.float64).tolist(), self.y.astype(np.float64).tolist())
        for x, y, *patterns in zip(*numbers, *self.bits()):
            x_bits, y_bits = (f"0x{int(bits):0{digits}x}" for bits in patterns)
            yield [x_bits, x.hex(), repr(x), y_bits, y.hex(), repr(y)]


def golden(
    reference: str | Activation,
    *,
    order: int = 0,
    dtype: Any = "float32",
    count: int | None = None,
    seed: int = 0,
    **parameters: Any,
) -> Golden:
    """Return stratified inputs with the correctly rounded results of a function or its derivative.

    Parameters
    ----------
    reference : str or Activation
        The function; ``"leaky_relu(negative_slope=0.2)"`` gives parameters.
    order : {0, 1, 2}
        Value, first or second derivative. Where a derivative jumps, the result is the one that ``derivative`` returns.
    dtype : {"float16", "bfloat16", "float32", "float64"}
    count : int, optional
        How many vectors: by default all 65,536 inputs of a 16-bit format, and 10,000 of the others. Zeros, infinities, NaN, the ends
        of the format, kinks and their neighbours are always there; the rest is spread over all binades of both signs.
    seed : int
        The same seed gives the same vectors.
    **parameters
        Parameters of the function.

    Raises
    ------
    ValueError
        If the function, order or dtype is unknown, or the count is too small or too large.

    Examples
    --------
    >>> vectors = golden("gelu", order=1, dtype="float16")
    >>> len(vectors.x), float(vectors.y[vectors.x == 1][0])
    (65536, 1.0830078125)
    """
    form = format_of(dtype)
    activation = resolve(reference, parameters)
    if order not in (0, 1, 2):
        raise ValueError(f"order must be 0, 1 or 2, got {order!r}")
    judge = Judge(activation, order, form)
    x = inputs(form, judge, count, seed)
    with np.errstate(invalid="ignore"):
        wide = x.astype(np.float64)
    y = judge.oracle.rounded(wide, form.name)
    jumps = undecided(judge, wide)
    y[jumps] = judge.function.derivative(x[jumps], order=order)
    name = repr(activation).removeprefix("actfn.")
    return Golden(name, dict(judge.parameters), order, form.name, seed, x, y)


def inputs(form: Format, judge: Judge, count: int | None, seed: int) -> Array:
    """Return distinct inputs in the order of their bit patterns, with all that is special and the rest evenly spread."""
    narrow = form.digits < 24
    if count is None and narrow:
        return sample.every(form)
    count = COUNT if count is None else count
    special = _special(form, judge)
    most = 65536 if narrow else MOST
    if not len(special) <= count <= most:
        raise ValueError(f"count must be from {len(special)} to {most} for {form.name}, got {count}")
    each = 1
    pool = sample.every(form) if narrow else sample.stratified(form, judge.places, each, seed)
    while len(others := np.setdiff1d(pool.view(form.bits), special)) + len(special) < count:
        each *= 2
        pool = sample.stratified(form, judge.places, each, seed)
    chosen = others[np.linspace(0, len(others) - 1, count - len(special)).round().astype(np.int64)]
    return np.sort(np.concatenate([special, chosen])).view(form.dtype)


def _special(form: Format, judge: Judge) -> Array:
    """Return the bit patterns of zeros, infinities, NaN, 1, the ends of the format, and kinks with their neighbours."""
    ends = [np.ldexp(1.0, form.smallest_exponent), np.ldexp(1.0, form.smallest_exponent + form.digits - 1), 1.0]
    ends += [np.ldexp(2 - 2.0 ** (1 - form.digits), form.largest_exponent), np.inf, 0.0]
    numbers = np.array([*ends, *(-end for end in ends), np.nan, *judge.kinks], np.float64).astype(form.dtype)
    kinks = np.array([kink for kink in judge.kinks if kink], form.dtype).view(form.bits)
    one = form.bits.type(1)
    return np.unique(np.concatenate([numbers.view(form.bits), kinks - one, kinks + one]))


def undecided(judge: Judge, x: Array) -> Array:
    """Tell where a derivative jumps, so that its value there is a choice."""
    if judge.order == 0:
        return np.zeros(len(x), bool)
    corner = judge.order == 2 and "smooth" not in judge.activation.tags
    return np.isin(x, [*judge.kinks, *([0.0] if corner else [])])


def check_suffix(path: Path) -> None:
    """Raise ValueError unless the path ends in a form that golden vectors are written in."""
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"{path}: golden vectors are written as {', '.join(SUFFIXES)}, so the name must end in one of them"
        )
