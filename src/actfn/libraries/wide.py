"""The vocabulary over arrays of float64 for narrower results: one rounding is left to the result."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from actfn.libraries.find import Library


class Operations:
    """What every vocabulary over arrays has; a number is an array, or a Python float where it is known."""

    def __init__(self, library: Library, like: Any, dtype: Any) -> None:
        self.library, self.xp, self.like, self.dtype = library, library.xp, like, dtype

    short: bool

    def constant(self, value: tuple[float, float]) -> Any:
        """Return a constant that is known to twice the precision."""
        raise NotImplementedError

    add: Callable[..., Any] = staticmethod(operator.add)
    subtract: Callable[..., Any] = staticmethod(operator.sub)
    negative: Callable[..., Any] = staticmethod(operator.neg)
    less: Callable[..., Any] = staticmethod(operator.lt)
    less_equal: Callable[..., Any] = staticmethod(operator.le)
    equal: Callable[..., Any] = staticmethod(operator.eq)

    def multiply(self, a: Any, b: Any) -> Any:
        if type(a) is float and a == 1.0:
            return b
        return a if type(b) is float and b == 1.0 else a * b

    def divide(self, a: Any, b: Any) -> Any:
        if type(a) is type(b) is float:
            with np.errstate(all="ignore"):
                return float(np.float64(a) / b)
        return a / b

    def both(self, a: Any, b: Any) -> Any:
        return a and b if type(a) is bool or type(b) is bool else a & b

    def either(self, a: Any, b: Any) -> Any:
        return a or b if type(a) is bool or type(b) is bool else a | b

    def where(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        if type(condition) is bool:
            return chosen if condition else otherwise
        return self.xp.where(condition, self.array(chosen), self.array(otherwise))

    def fused(self, a: Any, b: Any, c: Any) -> Any:
        return a * b + c

    def abs(self, x: Any) -> Any:
        return abs(x)

    def minimum(self, x: Any, y: Any) -> Any:
        return self.xp.minimum(self.array(x), self.array(y))

    def maximum(self, x: Any, y: Any) -> Any:
        return self.xp.maximum(self.array(x), self.array(y))

    def copysign(self, x: Any, y: Any) -> Any:
        return self.xp.copysign(self.array(x), self.array(y))

    def literal(self, value: float) -> Any:
        return value

    def array(self, x: Any) -> Any:
        return self.library.scalar(x, self.dtype, self.like) if type(x) is float else x

    def function(self, name: str, x: Any) -> Any:
        return getattr(self.xp, name)(self.array(x))

    def sqrt(self, x: Any) -> Any:
        return self.function("sqrt", x)

    def odd_product(self, a: Any, b: Any) -> Any:
        return a * b


class Wide(Operations):
    """Everything in the dtype of the arrays, where a pair is one number."""

    short = True

    def same(self, x: Any) -> Any:
        return x

    pair = round = high = same

    def constant(self, value: tuple[float, float]) -> Any:
        return value[0]

    sum = Operations.add
    product = Operations.multiply

    def sticky(self, x: Any) -> Any:
        return 0.0

    def deep(self, x: Any) -> Any:
        # float32 has no exponential below 2^-149, far above the subnormal numbers of float64.
        return False

    def exp(self, x: Any) -> Any:
        return self.function("exp", x)

    def expm1(self, x: Any) -> Any:
        return self.function("expm1", x)

    def log(self, x: Any) -> Any:
        return self.function("log", x)

    def log1p(self, x: Any) -> Any:
        return self.function("log1p", x)

    def tanh(self, x: Any) -> Any:
        return self.function("tanh", x)

    def exp_pair(self, x: Any, shift: Any) -> Any:
        return self.exp(x)

    exp_precise = exp_pair
    expm1_pair, log_pair, log1p_pair = expm1, log, log1p


class Plain(Wide):
    """The same from the elementary operations of exchange formats, which know no sign bit, expm1 or log1p."""

    def literal(self, value: float) -> Any:
        # An exporter may write a Python number as float32.
        with np.errstate(over="ignore"):
            return value if float(np.float32(value)) == value else self.library.exact(value, self.dtype, self.like)

    def constant(self, value: tuple[float, float]) -> Any:
        return self.literal(value[0])

    def copysign(self, x: Any, y: Any) -> Any:
        size = abs(self.array(x))
        return self.where((y < 0.0) | (1.0 / y < 0.0), -size, size)

    def expm1(self, x: Any) -> Any:
        # Kahan's: what rounding does to u = exp(x), it does to log(u) too.
        u = self.exp(x)
        inside = (u - 1.0) * x / self.log(self.where((u == 1.0) | (u == 0.0), 2.0, u))
        return self.where(u == 1.0, x, self.where(u - 1.0 == -1.0, -1.0, inside))

    def log1p(self, x: Any) -> Any:
        u = 1.0 + x
        return self.where(u == 1.0, x, self.log(u) * x / self.where(u == 1.0, 1.0, u - 1.0))

    expm1_pair, log1p_pair = expm1, log1p
