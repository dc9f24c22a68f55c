"""Look for wrong results of PyTorch, JAX, Keras, SciPy and the package entmax, and write docs/wrong.md.

    python tools/wrong.py

Every function of theirs that actfn has too is tried on float32, its value and its gradient; functions of rows on rows of two.
"""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("KERAS_BACKEND", "jax")

import entmax
import numpy as np

import actfn
from actfn.accuracy.formats import FORMATS, Array
from actfn.accuracy.frameworks import caller
from actfn.accuracy.judge import Judge
from actfn.accuracy.sample import stratified
from actfn.activation import Activation
from actfn.frameworks.installed import own_functions

PAGE = Path(__file__).parent.parent / "docs" / "wrong.md"
FORM = FORMATS["float32"]
SMALLEST_NORMAL = 2.0**-126
# In units in the last place: what a few roundings more than ours may cost.
ALLOWED = 4.0
# For each framework its title, whose arrays it takes, and for how many orders.
FRAMEWORKS = {
    "torch": ("PyTorch", "torch", 2),
    "jax": ("JAX", "jax", 2),
    "keras": ("Keras", "jax", 2),
    "scipy": ("SciPy", "numpy", 1),
    "entmax": ("entmax", "torch", 2),
}
# What stands beside x in a row of two, by the kind of function; the result is the last entry of the function's.
BESIDE = {"simplex": 0.0, "gated": 1.0}
ENTMAX = {"sparsemax": "sparsemax", "entmax15": "entmax15"}

Function = Callable[[Any], Any]


class Wrong(NamedTuple):
    """A function that is wrong somewhere: an example, and on which share of all float32 numbers."""

    function: str
    framework: str
    order: int
    x: float
    theirs: float
    ours: float
    exact: float
    share: float

    def row(self) -> str:
        """Return the row of the table."""
        name = self.function + ("′" if self.order else "")
        share = f"{100 * self.share:.2g} %" if self.share else "rare"
        numbers = (f"{float(number):.9g}" for number in (self.x, self.theirs, self.ours, self.exact))
        return f"| {name} | {self.framework} | {' | '.join(numbers)} | {share} |"


def functions_of(framework: str) -> dict[str, Function]:
    """Return the framework's own functions by actfn's names."""
    if framework != "entmax":
        return own_functions(framework)
    return {name: partial(getattr(entmax, theirs), dim=-1) for name, theirs in ENTMAX.items()}


def of_one_number(function: Function, library: str, beside: float) -> Function:
    """Return the last entry of what a function makes of the row (beside, x)."""
    if library == "torch":
        import torch as namespace
    elif library == "jax":
        import jax.numpy as namespace  # type: ignore[no-redef]
    else:
        namespace = np  # type: ignore[assignment]

    def last(x: Any) -> Any:
        result = function(namespace.stack([namespace.full_like(x, beside), x], -1))
        return result[..., -1] if result.ndim > x.ndim else result

    return last


def exact_and_ours(function: Activation, order: int) -> tuple[Function, Function]:
    """Return actfn's function of one number in float64, and in the dtype of x."""

    def ours(x: Array) -> Array:
        if function.kind == "elementwise":
            return np.asarray(function.derivative(x, order=order))
        row = np.stack([np.full_like(x, BESIDE[function.kind]), x], -1)
        result = np.asarray(function.vjp(row, unit(function, row)) if order else function(row))
        return result[..., -1] if result.ndim > x.ndim else result

    return lambda x: ours(x.astype(np.float64)), ours


def unit(function: Activation, row: Array) -> Array:
    """Return the cotangent that picks the last entry of a result."""
    shape = np.shape(function(row[:1]))[1:]
    picked = np.zeros((len(row), *shape), row.dtype)
    picked[..., -1:] = 1
    return picked if shape else np.ones(len(row), row.dtype)


def is_wrong(theirs: Array, exact: Array) -> Array:
    """Tell where results are off: by more than a few units, or NaN or infinite by mistake; not where a subnormal one is 0."""
    with np.errstate(all="ignore"):
        theirs = theirs.astype(np.float64)
        overflow = np.abs(exact) >= float(FORM.overflow)
        right_infinity = overflow & np.isinf(theirs) & (np.signbit(theirs) == np.signbit(exact))
        off = np.abs(theirs - exact) > ALLOWED * FORM.unit(np.abs(exact))
        flushed = (theirs == 0) & (np.abs(exact) < SMALLEST_NORMAL)
        mistaken = (np.isnan(theirs) != np.isnan(exact)) | (np.isinf(theirs) & ~overflow)
    return (mistaken | (off & ~np.isnan(exact)) | (overflow & ~right_infinity)) & ~flushed & ~right_infinity


def example(x: Array, theirs: Array, exact: Array) -> int:
    """Return the place of the wrong result to show: next to 1 in size, of those off by a thousandth if there are any."""
    with np.errstate(all="ignore"):
        wide = theirs.astype(np.float64)
        slight = np.abs(wide - exact) <= 1e-3 * np.abs(exact)
        distance = np.nan_to_num(np.abs(np.log2(np.abs(x.astype(np.float64)))), nan=1e4, posinf=1e3)
    return int(np.argmin(distance + 1e6 * slight + 0.25 * (x < 0)))


def examined(name: str, framework: str, theirs: Function, order: int) -> Wrong | None:
    """Return where a framework's function is wrong, or None."""
    title, library, _ = FRAMEWORKS[framework]
    function = actfn.get(name)
    subject = theirs if function.kind == "elementwise" else of_one_number(theirs, library, BESIDE[function.kind])
    call = caller(subject, library, order, FORM)
    exactly, ours = exact_and_ours(function, order)
    judge = Judge(function, order, FORM) if function.kind == "elementwise" else None
    kinks = [*judge.kinks] if judge else [0.0, 1.0, -1.0]

    def compared(x: Array) -> tuple[Array, Array, Array]:
        # Subnormal inputs are taken for 0 by some, by design; at a kink the derivative is a matter of choice.
        x = x[~((np.abs(x) < SMALLEST_NORMAL) & (x != 0)) & ~(np.isin(x, np.float32(kinks)) & (order > 0))]
        if framework == "entmax":
            # It raises an exception where a row has NaN or infinity.
            x = x[np.isfinite(x)]
        with np.errstate(all="ignore"):
            found, exact = call(x), exactly(x)
        wrong = is_wrong(found, exact)
        return x[wrong], found[wrong], exact[wrong]

    looked_at = stratified(FORM, judge.places if judge else (0.0, 1.0, -1.0), 64)
    x, found, exact = compared(looked_at)
    if not len(x):
        return None
    at = example(x, found, exact)
    bits = np.random.default_rng(0).integers(0, 2**32, 2**18, dtype=np.uint32)
    share = len(compared(bits.view(np.float32))[0]) / len(bits)
    return Wrong(name, title, order, x[at], found[at], ours(x[at : at + 1])[0], exact[at], share)


def all_wrong() -> list[Wrong]:
    """Return every function that is wrong somewhere, by name."""
    found = []
    for framework, (_, _, orders) in FRAMEWORKS.items():
        for name, theirs in functions_of(framework).items():
            if actfn.get(name).kind not in ("elementwise", *BESIDE):
                continue
            found += [wrong for order in range(orders) if (wrong := examined(name, framework, theirs, order))]
    return joined(sorted(found))


def joined(found: list[Wrong]) -> list[Wrong]:
    """Join frameworks that are wrong in the same way: Keras computes with JAX."""
    rows: dict[Any, Wrong] = {}
    for wrong in found:
        key = (wrong.function, wrong.order, repr(wrong.x), repr(wrong.theirs), wrong.share)
        rows[key] = wrong._replace(framework=f"{rows[key].framework}, {wrong.framework}") if key in rows else wrong
    return sorted(rows.values(), key=lambda wrong: (wrong.function, wrong.order, wrong.framework))


def page(found: list[Wrong]) -> str:
    """Return the page as Markdown."""
    packages = ("torch", "jax", "keras", "scipy")
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in packages)
    return f"""# Where the frameworks are wrong

`make wrong` tries every function that actfn shares with {", ".join(title for title, *_ in FRAMEWORKS.values())}, the
value and (marked ′) the automatic gradient, on float32, and writes this page. A result is wrong if it is NaN or infinite by mistake
or off by more than {ALLOWED:g} units in the last place; subnormal numbers that are taken for 0 and derivatives at kinks do not count.
Shown is one input of each, that next to 1 in size of those off by more than a thousandth, if there are any. The share is that of all
float32 numbers. A function of a row is tried on (0, x) and `glu` on (1, x); shown is the last entry. Keras runs on JAX. The functions
of entmax raise an exception for NaN and infinity. The derivative at NaN is taken to be NaN; a framework that chooses a branch there
gives the slope of one. {versions}.

| function | framework | x | theirs | ours | exact | wrong |
|---|---|---|---|---|---|---|
{chr(10).join(wrong.row() for wrong in found)}
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(all_wrong()), encoding="utf-8")


if __name__ == "__main__":
    main()
