"""Functions of rows and their products along an axis, in any library: softmax and log_softmax here, the others by their kernels.

Equal infinities count as equal numbers: the largest of a row is taken from the others, and from itself without a subtraction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from actfn.catalogue import find
from actfn.functions import declared
from actfn.functions.declare import Declaration
from actfn.libraries.find import Library
from actfn.libraries.pairs import Pair, Pairs, plus
from actfn.libraries.row_vocabulary import RowVocabulary
from actfn.libraries.wide import Plain, Wide


class Rows:
    """Rows of an array along an axis: their exponentials, the sums of them, and what is derived from both."""

    def __init__(self, library: Library, x: Any, axis: int, plain: bool) -> None:
        self.library, self.axis, xp = library, axis, library.xp
        name = library.dtype_name(x)
        dtype = xp.float64 if library.has_float64(x) else xp.float32
        x = library.astype(x, dtype)
        paired = not plain and (name == "float64" or dtype != xp.float64)
        self.operations = (Pairs if paired else Plain if plain else Wide)(library, x, dtype)
        m = self.operations
        largest = (xp.amax if hasattr(xp, "amax") else xp.max)(x, axis=axis, keepdims=True)
        self.x, self.at_top = x, x == largest
        self.rough = m.where(self.at_top, 0.0, x - largest)
        self.below = m.sum(m.where(self.at_top, 0.0, x), m.where(self.at_top, 0.0, -largest))
        e = m.exp_precise(self.below, 0.0)
        self.e = m.where(self.at_top, m.pair(1.0), e)
        # Beside many equal numbers the others count too, and beside one they are all that its share lacks of 1.
        self.count = self.total(m.where(self.at_top, 1.0, 0.0))
        self.rest = m.add(
            self.total(m.where(self.at_top, 0.0, m.high(e))), self.total(m.where(self.at_top, 0.0, low(e)))
        )
        self.whole = m.add(m.pair(self.rest), self.count)

    def total(self, x: Any) -> Any:
        return self.library.xp.sum(x, axis=self.axis, keepdims=True)

    def softmax(self) -> Any:
        m = self.operations
        return m.round(m.divide(self.e, self.whole))

    def log_softmax(self) -> Any:
        m = self.operations
        logarithm = m.log1p_pair(m.add(m.pair(self.count - 1.0), self.rest))
        # A difference past 1e290 may be infinite; the logarithm is nothing beside it.
        return m.where(self.rough < m.literal(-1e290), self.rough, m.round(m.subtract(self.below, logarithm)))

    def softmax_vjp(self, g: Any) -> Any:
        # A constant taken from g changes nothing but the rounding: that of the largest entries.
        m = self.operations
        origin = self.total(m.where(self.at_top, g, 0.0)) / self.count
        h = g - origin
        return m.round(m.divide(self.e, self.whole)) * (h - self.total(m.high(self.e) * h) / m.high(self.whole))

    def log_softmax_vjp(self, g: Any) -> Any:
        # g - s G for the sum G; at the top s is 1 / (count + rest), and what cancels is left out.
        m = self.operations
        top, others = self.total(m.where(self.at_top, g, 0.0)), self.total(m.where(self.at_top, 0.0, g))
        at_top = (g * self.rest + (g * self.count - top) - others) / m.high(self.whole)
        return m.where(self.at_top, at_top, g - m.round(m.divide(self.e, self.whole)) * (top + others))


# A compiler looks into what is called, and not into how declarations are found.
_known = dict(declared())


def low(x: Any) -> Any:
    return plus(x.low, 0.0) if type(x) is Pair else 0.0


def evaluate(
    library: Library,
    name: str,
    x: Any,
    axis: int,
    g: Any = None,
    plain: bool = False,
    parameters: tuple[float, ...] = (),
) -> Any:
    """Return a function of rows along an axis; with g, the product of g with its Jacobian. The dtype is that of x."""
    declaration = _known.get(name) or find(name)
    x = library.as_float(x)
    if declaration.mirror_of is not None:
        found = evaluate(library, declaration.mirror_of, -x, axis, g, plain)
        return found if g is None else -found
    # Not by the mapping itself, which the compiler takes for true when it is empty.
    if "value" in declaration.kernels:
        g = () if g is None else (library.as_float(library.array(g, x)),)
        if declaration.reduces:
            g = tuple(library.expand_dims(one, axis) for one in g)
        found = run(library, declaration, "vjp" if g else "value", (x, *g), axis, parameters, x.dtype, plain)
        return library.xp.squeeze(found, axis) if declaration.reduces and not g else found
    if x.shape[axis] == 0:
        return 0 * x  # a new array, as elsewhere
    with library.quiet():
        rows = Rows(library, x, axis, plain)
        if g is None:
            return library.astype(getattr(rows, name)(), x.dtype)
        g = library.astype(library.array(g, x), rows.x.dtype)
        return library.astype(getattr(rows, f"{name}_vjp")(g), x.dtype)


def run(
    library: Library,
    declaration: Declaration,
    kernel: str,
    arrays: Sequence[Any],
    axis: int,
    parameters: Sequence[float],
    dtype: Any,
    plain: bool = False,
) -> Any:
    """Return what a kernel makes of x, or of x and g; where it gives one number for each row, the axis has length 1.

    NaN in a row of x or g makes the row NaN. Where g is so small, or so large, that its products would lose digits, it is brought
    near 1 first.
    """
    xp = library.xp
    wide = xp.float64 if library.has_float64(arrays[0]) else xp.float32
    x, *g = (library.astype(array, wide) for array in arrays)
    if x.shape[axis] == 0:
        nothing = declaration.of_nothing if declaration.reduces and kernel == "value" else None
        # A new array, as elsewhere.
        found = 0 * x if nothing is None else xp.sum(x, axis=axis, keepdims=True) + nothing
        return library.astype(found, dtype)
    with library.quiet():
        m = RowVocabulary(library, x, axis, plain, brief=dtype != wide)
        bad = m.count(xp.isnan(x))
        factor = m.value(1.0)
        if g:
            size = m.largest(abs(m.value(g[0])))
            bad = bad + m.count(xp.isnan(g[0]))
            reach = 2.0**400 if wide == xp.float64 else 2.0**40
            factor = m.where(size > reach, 1 / reach, m.where(size < 1 / reach, reach, 1.0))
            g = [(m.value(g[0]) * factor)]
        found = declaration.kernels[kernel](m, m.value(x), *g, *parameters)
        found = m.value(m.round(found)) / factor
        return library.astype(m.where(bad > 0.0, math.nan, found).content, dtype)
