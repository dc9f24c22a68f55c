"""The vocabulary over NumPy: what a kernel runs on that has not been compiled."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from actfn import _core, blocks
from actfn.circular import FLOAT64, Circular
from actfn.functions.declare import Declaration
from actfn.inputs import KEPT, is_real

# A kernel's ufunc bears the function's name with an ending.
SUFFIXES = {"value": "", "first": "_d1", "second": "_d2"}


class Pair:
    """An unevaluated sum of two float64 arrays, the second no more than half a last place of the first."""

    __array_ufunc__ = None

    def __init__(self, high: Any, low: Any = 0.0) -> None:
        self.high, self.low = high, low

    def __neg__(self) -> Pair:
        return Pair(-self.high, -self.low)

    def __add__(self, other: Any) -> Pair:
        other = as_pair(other)
        high, low = exact_sum(self.high, other.high), exact_sum(self.low, other.low)
        middle = exact_sum(high.high, high.low + low.high)
        return exact_sum(middle.high, middle.low + low.low)

    def __sub__(self, other: Any) -> Pair:
        return self + -as_pair(other)

    def __mul__(self, other: Any) -> Pair:
        other = as_pair(other)
        product = exact_product(self.high, other.high)
        return exact_sum(product.high, product.low + (self.high * other.low + self.low * other.high))

    def __truediv__(self, other: Any) -> Pair:
        other = as_pair(other)
        quotient = self.high / other.high
        product = exact_product(quotient, other.high)
        rest = (self.high - product.high) - product.low + self.low - quotient * other.low
        return exact_sum(quotient, rest / other.high)

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Any) -> Pair:
        return as_pair(other) - self

    def __rtruediv__(self, other: Any) -> Pair:
        return as_pair(other) / self


def as_pair(value: Any) -> Pair:
    return value if isinstance(value, Pair) else Pair(value)


def exact_sum(a: Any, b: Any) -> Pair:
    total = a + b
    part = total - a
    return Pair(total, (a - (total - part)) + (b - part))


def exact_product(a: Any, b: Any) -> Pair:
    # Dekker's: NumPy has no fused multiply-add.
    product, a_split, b_split = a * b, a * 134217729.0, b * 134217729.0
    a_high, b_high = a_split - (a_split - a), b_split - (b_split - b)
    a_low, b_low = a - a_high, b - b_high
    return Pair(product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low)


class NumPyVocabulary(Circular):
    """The namespace ``m`` over float64 arrays."""

    figures = FLOAT64

    # The square of such a number, and what is left of it in a pair, stay within the range.
    far = 2.0**480

    abs = staticmethod(np.abs)
    sqrt = staticmethod(np.sqrt)
    exp = staticmethod(np.exp)
    expm1 = staticmethod(np.expm1)
    log = staticmethod(np.log)
    log1p = staticmethod(np.log1p)
    tanh = staticmethod(np.tanh)
    sin = staticmethod(np.sin)
    cos = staticmethod(np.cos)
    atan = staticmethod(np.arctan)
    nearest = staticmethod(np.rint)
    floor = staticmethod(np.floor)
    minimum = staticmethod(np.minimum)
    maximum = staticmethod(np.maximum)
    copysign = staticmethod(np.copysign)
    pair = staticmethod(as_pair)
    sum = staticmethod(exact_sum)
    product = exact_product = staticmethod(exact_product)
    add = staticmethod(operator.add)
    subtract = staticmethod(operator.sub)
    multiply = staticmethod(operator.mul)
    divide = staticmethod(operator.truediv)
    negative = staticmethod(operator.neg)

    def apply(self, declaration: Declaration, kernel: str, x: Any, *parameters: Any) -> Any:
        """Return a kernel of another function: its compiled loop where it has one."""
        name = declaration.name + SUFFIXES.get(kernel, f"_d_{kernel.removeprefix('partial_')}")
        function = _core.ufuncs.get(name)
        return declaration.kernels[kernel](self, x, *parameters) if function is None else function(x, *parameters)

    def round(self, x: Any) -> Any:
        return x.high + x.low if isinstance(x, Pair) else x

    def high(self, x: Any) -> Any:
        return as_pair(x).high

    def constant(self, decimal: str) -> Pair:
        return self.fraction(Fraction(decimal))

    def fraction(self, exact: Fraction) -> Pair:
        return Pair(float(exact), float(exact - Fraction(float(exact))))

    def parted(self, x: Any) -> tuple[Any, Any]:
        mantissa, exponent = np.frexp(x)
        return 2.0 * mantissa, exponent - 1.0

    def power_of_two(self, exponent: Any) -> Any:
        return np.ldexp(1.0, exponent.astype(np.int64))

    def gathered(self, table: tuple[float, ...], place: Any) -> Any:
        # At NaN any place will do.
        return np.array(table)[np.nan_to_num(place).astype(np.int64)]

    def where(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        if isinstance(chosen, Pair) or isinstance(otherwise, Pair):
            chosen, otherwise = as_pair(chosen), as_pair(otherwise)
            return Pair(
                np.where(condition, chosen.high, otherwise.high), np.where(condition, chosen.low, otherwise.low)
            )
        return np.where(condition, chosen, otherwise)

    def polynomial(self, x: Any, coefficients: Sequence[float], short: Sequence[float] = ()) -> Any:
        result = x * 0.0 + coefficients[-1]
        for coefficient in reversed(coefficients[:-1]):
            result = result * x + coefficient
        return result

    def sticky(self, x: Any) -> Any:
        return 0.0 * x

    def odd_product(self, a: Any, b: Any) -> Any:
        return a * b

    def deep(self, x: Any) -> Any:
        return x < -600.0

    def exp_pair(self, x: Any, shift: Any) -> Any:
        x = as_pair(x)
        high = np.exp(x.high)
        if np.any(shift):
            # Two factors, so that the lift comes before the result can be subnormal.
            half = np.exp(0.5 * x.high)
            high = np.where(shift == 0.0, high, half * np.exp2(shift) * half)
        return Pair(high, high * x.low)

    exp_precise = exp_pair

    def expm1_pair(self, x: Any) -> Any:
        x = as_pair(x)
        high = np.expm1(x.high)
        return Pair(high, (high + 1.0) * x.low)

    def log_pair(self, x: Any) -> Any:
        x = as_pair(x)
        return Pair(np.log(x.high), x.low / x.high)

    def log1p_pair(self, x: Any) -> Any:
        x = as_pair(x)
        return Pair(np.log1p(x.high), x.low / (1.0 + x.high))


class NarrowVocabulary(NumPyVocabulary):
    """The same for results of float32 or less: where float64 is wide enough, a pair is one number."""

    pair = round = high = staticmethod(np.asarray)  # type: ignore[assignment]
    sum = staticmethod(np.add)  # type: ignore[assignment]
    product = staticmethod(np.multiply)  # type: ignore[assignment]

    def constant(self, decimal: str) -> Any:
        return float(decimal)

    def deep(self, x: Any) -> Any:
        return False

    def exp_pair(self, x: Any, shift: Any) -> Any:
        return np.exp(x)

    exp_precise = exp_pair

    def expm1_pair(self, x: Any) -> Any:
        return np.expm1(x)

    def log_pair(self, x: Any) -> Any:
        return np.log(x)

    def log1p_pair(self, x: Any) -> Any:
        return np.log1p(x)


class InterpretedFunction:
    """A kernel run over NumPy, with the call of the ufunc that it stands in for."""

    def __init__(
        self,
        name: str,
        kernel: Callable[..., Any],
        times_g: bool = False,
        vocabulary: type[NumPyVocabulary] = NumPyVocabulary,
    ) -> None:
        self.name, self.kernel, self.times_g, self.vocabulary = name, kernel, times_g, vocabulary

    def __call__(
        self, *arguments: Any, out: Any = None, where: Any = True, dtype: Any = None, **others_given: Any
    ) -> Any:
        if others_given:
            raise TypeError(
                f"{self.name} is not compiled: it takes out=, where= and dtype=, not {', '.join(others_given)}="
            )
        x, *others = (np.asarray(argument) for argument in arguments)
        for argument in (x, *others):
            if not is_real(argument.dtype):
                raise TypeError(f"{self.name} is not defined for dtype {argument.dtype}")
        result_type = np.dtype(dtype) if dtype is not None else self._result_type(x)
        if self.times_g and dtype is None and np.ndim(arguments[1]) > 0:
            result_type = np.result_type(result_type, others[0])
        with np.errstate(all="ignore"):
            wide = [argument.astype(np.float64) for argument in (x, *others)]
            factor = wide.pop(1) if self.times_g else None
            result = self.kernel(self.vocabulary(), *wide)
            result = NumPyVocabulary().round(result) if isinstance(result, Pair) else np.asarray(result)
            if factor is not None:
                result = factor * result
            # A kernel may return a constant; the result has the shape of all that went in.
            shape = np.broadcast_shapes(*(np.shape(argument) for argument in arguments))
            result = blocks.narrowed(np.broadcast_to(result, shape), result_type)
        if out is None and where is True:
            return result[()]
        target = np.empty(shape, result_type) if out is None else (out[0] if isinstance(out, tuple) else out)
        np.copyto(target, result, where=where, casting="same_kind")
        return target

    def _result_type(self, x: Any) -> Any:
        return x.dtype.newbyteorder("=") if x.dtype.name in KEPT else np.dtype(np.float64)
