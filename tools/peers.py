"""Check PyTorch, JAX, SciPy and textbook NumPy code in the same way as actfn, and write docs/accuracy.md.

    python tools/peers.py

Everything is checked in one run on the same sample of float32. Gradients of PyTorch and JAX are their own automatic ones; those of
textbook code are what it is usually accompanied with.
"""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.special

import actfn
from actfn.accuracy import Report, tables
from actfn.accuracy.check import own
from actfn.frameworks.installed import own_function

DOCUMENT = Path(__file__).parent.parent / "docs" / "accuracy.md"
COLUMNS = ("actfn", "PyTorch", "JAX", "SciPy", "textbook")
one = np.float32(1)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def softplus(x: Any) -> Any:
    return np.log(1 + np.exp(x))


def gelu_gate(x: Any) -> Any:
    return (1 + scipy.special.erf(x / np.sqrt(np.float32(2)))) / 2


def mish_gate(x: Any) -> Any:
    return np.tanh(softplus(x))


# For each function: SciPy, the textbook's value and its derivative.
PEERS: dict[str, tuple[Any, Callable[[Any], Any] | None, Callable[[Any], Any] | None]] = {
    "sigmoid": (scipy.special.expit, sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x))),
    "tanh": (None, np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "relu": (None, lambda x: np.maximum(x, 0), lambda x: np.where(x > 0, one, 0 * one)),
    "elu": (None, lambda x: np.where(x > 0, x, np.exp(x) - 1), lambda x: np.where(x > 0, one, np.exp(x))),
    "softplus": (None, softplus, sigmoid),
    "softsign": (None, lambda x: x / (1 + np.abs(x)), lambda x: 1 / (1 + np.abs(x)) ** 2),
    "silu": (None, lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x)))),
    "mish": (
        None,
        lambda x: x * mish_gate(x),
        lambda x: mish_gate(x) + x * sigmoid(x) * (1 - mish_gate(x) ** 2),
    ),
    "gelu": (
        lambda x: x * scipy.special.ndtr(x),
        lambda x: x * gelu_gate(x),
        lambda x: gelu_gate(x) + x * np.exp(-x * x / 2) / np.sqrt(np.float32(2 * np.pi)),
    ),
    "gelu_tanh": (None, None, None),
}
LIBRARIES = {"PyTorch": "torch", "JAX": "jax"}


def cell(report: Report | None) -> str:
    """Return the largest error, and in short what else was wrong."""
    if report is None:
        return ""
    short = {"wrong_nan": "NaN", "wrong_infinity": "∞", "flushed": "flushed"}
    faults = [f"{short[kind]} {count:,}" for kind, count in report.faults.items() if kind in short and count]
    return f"{report.max_ulp:.2g}" + (f" ({', '.join(faults)})" if faults else "")


def row(name: str, order: int) -> str:
    """Return the line of the table for one function and order."""
    special, value, first = PEERS[name]
    function = actfn.get(name)
    subjects: dict[str, Any] = {"actfn": own(function, order)}
    subjects |= {column: own_function(name, library) for column, library in LIBRARIES.items()}
    subjects |= {"SciPy": special if order == 0 else None, "textbook": value if order == 0 else first}
    cells = []
    for column in COLUMNS:
        subject = subjects[column]
        found = subject and actfn.check(subject, function, order=order, dtype="float32", library=LIBRARIES.get(column))
        cells.append(cell(found or None))
    return f"| {name}{'′' if order else ''} | {' | '.join(cells)} |"


def peers_table() -> str:
    head = f"| float32 | {' | '.join(COLUMNS)} |\n|---|{'---|' * len(COLUMNS)}"
    return "\n".join([head, *(row(name, order) for name in PEERS for order in (0, 1))])


def own_table(dtype: str) -> str:
    """Return actfn's committed figures for one dtype."""
    rows = tables.read()
    sets = [isa for isa in tables.INSTRUCTION_SETS if any(key[3] == isa and key[2] == dtype for key in rows)]
    lines = [
        f"| {dtype} | order | {' | '.join(sets)} | correctly rounded | points |",
        f"|---|---|{'---|' * len(sets)}---|---|",
    ]
    for name, order in sorted({(key[0], key[1]) for key in rows if key[2] == dtype}):
        found = [rows[name, order, dtype, isa] for isa in sets]
        share = min(float(r["correctly_rounded"]) for r in found)
        points = min(int(r["points"]) for r in found)
        lines.append(
            f"| {name} | {order} | {' | '.join(r['max_ulp'] for r in found)} | {100 * share:.4f} % | {points:,} |"
        )
    return "\n".join(lines)


def main() -> None:
    versions = {name: importlib.metadata.version(name) for name in ("torch", "jax", "scipy", "numpy")}
    document = f"""# Accuracy

Errors are in units in the last place (ULP) of the exact value, which comes from the formula in ball arithmetic. The tables of
actfn's own errors are measured by `make accuracy`, this page is written by `make accuracy-peers`; nothing is typed by hand.

## Beside others

The largest error on {actfn.check(actfn.relu, "relu").tally.count:,} numbers of float32: every binade, both signs, subnormals, and
the neighbourhoods of kinks, roots and thresholds. In brackets, how many results are NaN or infinite by mistake, or are 0 where the
exact value is not (flushed). Empty: not offered. Python {platform.python_version()}, {", ".join(f"{n} {v}" for n, v in versions.items())}.

{peers_table()}

A derivative that crosses zero is measured there too, without allowance: a formula that cancels is off by millions of units next to
its root.

## actfn's own

{chr(10).join(f"{chr(10)}### {dtype}{chr(10)}{chr(10)}{own_table(dtype)}" for dtype in tables.BOUNDS)}

For float64, next to a root of a derivative the unit is that of the value one part in 1,024 away from it; the other types get no such
allowance. At a kink any slope between the two sides counts as right.
"""
    DOCUMENT.write_text(document, encoding="utf-8")
    print(f"wrote {DOCUMENT.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
