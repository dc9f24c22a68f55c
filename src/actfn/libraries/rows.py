"""softmax, log_softmax and their products along an axis, in any library.

Equal infinities count as equal numbers: the largest of a row is taken from the others, and from itself without a subtraction.
"""

from __future__ import annotations

from typing import Any

from actfn.libraries.find import Library
from actfn.libraries.pairs import Pair, Pairs, plus
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


def low(x: Any) -> Any:
    return plus(x.low, 0.0) if type(x) is Pair else 0.0


def evaluate(library: Library, name: str, x: Any, axis: int, g: Any = None, plain: bool = False) -> Any:
    """Return softmax or log_softmax along an axis; with g, the product of g with its Jacobian. The dtype is that of x."""
    x = library.as_float(x)
    if x.shape[axis] == 0:
        return 0 * x  # a new array, as elsewhere
    with library.quiet():
        rows = Rows(library, x, axis, plain)
        if g is None:
            return library.astype(getattr(rows, name)(), x.dtype)
        g = library.astype(library.array(g, x), rows.x.dtype)
        return library.astype(getattr(rows, f"{name}_vjp")(g), x.dtype)
