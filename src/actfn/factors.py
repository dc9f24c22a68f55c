"""The factors of a gated function, on blocks of float64 numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from actfn.activation import compiled
from actfn.arrays import InterpretedFunction, NarrowVocabulary, NumPyVocabulary, exact_product
from actfn.functions.declare import Declaration


class Factor:
    """An elementwise function whose results are written to blocks, in the end for arrays of a dtype."""

    def __init__(self, declaration: Declaration, dtype: Any) -> None:
        name, kernels = declaration.name, declaration.kernels
        vocabulary = NumPyVocabulary if dtype == np.float64 else NarrowVocabulary
        self.parameters, self.identity = tuple(declaration.parameters), name == "identity"
        self.function = compiled(name) or InterpretedFunction(name, kernels["value"], vocabulary=vocabulary)
        self.slope = compiled(f"{name}_d1") or InterpretedFunction(name, kernels["first"], vocabulary=vocabulary)
        self.both = compiled(f"{name}_value_d1")

    def value(self, x: Any, parameters: Mapping[str, Any], out: Any) -> Any:
        """Return the value, in ``out`` unless it is x itself."""
        return x if self.identity else self.function(x, *self._of(parameters), out=out)

    def value_and_slope(self, x: Any, parameters: Mapping[str, Any], value: Any, slope: Any) -> tuple[Any, Any]:
        """Return value and derivative; the latter is None where it is 1."""
        if self.identity:
            return x, None
        arguments = (x, *self._of(parameters))
        if self.both is not None:
            self.both(*arguments, out=(value, slope))
        else:
            self.function(*arguments, out=value)
            self.slope(*arguments, out=slope)
        return value, slope

    def _of(self, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(parameters[name] for name in self.parameters)


def multiply(slope: Any, value: Any, g: Any, out: Any, exact: bool) -> None:
    """Multiply three blocks, of which the first may be None for 1, into another one; no product on the way leaves the range.

    If ``exact``, that of the last two is kept to twice the precision, so that the result is rounded once.
    """
    try:
        with np.errstate(over="raise", under="raise"):
            _multiply(slope, value, g, out, exact)
    except FloatingPointError:
        exponent = np.int32(0)
        mantissas: list[Any] = []
        for block in (slope, value, g):
            mantissa, scale = (None, 0) if block is None else np.frexp(block)
            mantissas.append(mantissa)
            exponent = exponent + scale
        slope, value, g = mantissas
        _multiply(slope, value, g, out, exact)
        np.ldexp(out, exponent, out=out)


def _multiply(slope: Any, value: Any, g: Any, out: Any, exact: bool) -> None:
    if slope is None:
        np.multiply(value, g, out=out)
    elif exact:
        product = exact_product(value, g)
        np.multiply(slope, product.high, out=out)
        # The rest of an infinite product is none.
        np.add(out, slope * product.low, out=out, where=np.isfinite(out))
    else:
        np.multiply(value, g, out=out)
        np.multiply(slope, out, out=out)
