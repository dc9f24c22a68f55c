"""The committed tables of actfn's own errors: how they are measured, kept and read."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from actfn.accuracy import sample
from actfn.accuracy.check import check, own
from actfn.accuracy.formats import FORMATS, Array
from actfn.accuracy.sweep import sweep
from actfn.activation import Activation, get
from actfn.catalogue import common_names
from actfn.functions.declare import KERNELS

FOLDER = Path(__file__).parent / "tables"
COLUMNS = (
    "function",
    "order",
    "dtype",
    "instruction_set",
    "points",
    "max_ulp",
    "x",
    "x_hex",
    "mean_ulp",
    "correctly_rounded",
    "results",
)
KEY = ("function", "order", "dtype", "instruction_set")
INSTRUCTION_SETS = ("base", "avx2", "avx512")

# What DESIGN promises, in ULP.
BOUNDS = {"float16": 0.501, "bfloat16": 0.501, "float32": 1.0, "float64": 2.0}


def functions() -> list[Activation]:
    """Return the elementwise functions that the tables are about: the common ones, at an example's value where one must be given."""
    found = [get(name) for name in common_names()]
    return [
        f.with_parameters(**{name: p.example for name, p in f.parameters.items() if p.default is None})
        for f in found
        if f.kind == "elementwise"
    ]


def measure(
    function: Activation, order: int, dtype: str, *, exhaustive: bool, state: Path | None = None
) -> dict[str, Any]:
    """Return a row of the tables, but for the instruction set, which is the one that this process runs on."""
    if exhaustive and dtype == "float32":
        report = sweep(function, function, order=order, max_ulp=BOUNDS[dtype], state=state)
    else:
        each = {"float32": 4096, "float64": 256 if exhaustive else 16}.get(dtype)
        report = check(own(function, order), function, order=order, dtype=dtype, max_ulp=BOUNDS[dtype], each=each)
    if any(report.faults.values()):
        raise ValueError(report.sentence())
    x = report.worst["x"] if report.worst else 0.0
    return {
        "function": function.name,
        "order": order,
        "dtype": dtype,
        "points": report.tally.count,
        "max_ulp": f"{report.max_ulp + report.reference_error:.4f}",
        "x": repr(x),
        "x_hex": x.hex(),
        "mean_ulp": f"{report.tally.mean:.4f}",
        "correctly_rounded": f"{report.tally.share_correct:.9f}",
        "results": results(function, order, dtype),
    }


def is_tuned(function: Activation, order: int) -> bool:
    """Tell whether an order of a function has a float32 kernel by hand, which instruction sets without FMA do not use."""
    return KERNELS[order] in function._declaration.tuned + function._declaration.piecewise


def results(function: Activation, order: int, dtype: str) -> str:
    """Return a hash of a function's results on a fixed sample, which changes with any bit of them."""
    form = FORMATS[dtype]
    if form.digits < 24:
        x = sample.every(form)
    else:
        rng = np.random.default_rng(0)
        bits = rng.integers(0, 2 ** (8 * form.bits.itemsize), 2**19, dtype=form.bits)
        grid = np.linspace(-24, 24, 2**18) + np.linspace(0, 2e-4, 2**18)
        x = np.concatenate([bits.view(form.dtype), grid.astype(form.dtype)])
    return hashlib.sha256(_bits(own(function, order)(x))).hexdigest()[:16]


def fingerprint(samples: int = 2**26) -> str:
    """Return a hash of every function's results on all float16 numbers and on samples of float32: instruction sets with the same
    hash share their rows.
    """
    digest = hashlib.sha256()
    rng = np.random.default_rng(0)
    half = np.arange(65536, dtype=np.uint16).view(np.float16)
    for function in functions():
        for order in (0, 1, 2):
            digest.update(_bits(own(function, order)(half)))
    selected = functions()
    for _ in range(samples // 2**20):
        x = rng.integers(0, 2**32, 2**20 // (3 * len(selected)), dtype=np.uint32).view(np.float32)
        for function in selected:
            for order in (0, 1, 2):
                digest.update(_bits(own(function, order)(x)))
    return digest.hexdigest()


def _bits(result: Array) -> bytes:
    return np.ascontiguousarray(result).tobytes()


def read() -> dict[tuple[str, int, str, str], dict[str, str]]:
    """Return the committed rows by function, order, dtype and instruction set."""
    rows: dict[tuple[str, int, str, str], dict[str, str]] = {}
    for path in sorted(FOLDER.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                rows[row["function"], int(row["order"]), row["dtype"], row["instruction_set"]] = row
    return rows


def write(folder: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write the rows into one file a dtype, in a fixed order."""
    ordered = sorted(rows, key=lambda row: tuple(str(row[column]) for column in KEY))
    for dtype in FORMATS:
        partial = folder / f"{dtype}.csv.partial"
        with partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(row for row in ordered if row["dtype"] == dtype)
        partial.replace(folder / f"{dtype}.csv")
