"""The vocabulary over arrays of float64 for narrower results: one rounding is left to the result."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from actfn.circular import QUARTER_PARTS
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
        if type(a) is bool or type(b) is bool:
            return a and b if type(a) is bool else b and a
        return a & b

    def either(self, a: Any, b: Any) -> Any:
        if type(a) is bool or type(b) is bool:
            return a or b if type(a) is bool else b or a
        return a | b

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

    def sin(self, x: Any) -> Any:
        return self.function("sin", x)

    def cos(self, x: Any) -> Any:
        return self.function("cos", x)

    def atan(self, x: Any) -> Any:
        return self.function("atan", x)

    def nearest(self, x: Any) -> Any:
        return self.function("round", x)

    def floor(self, x: Any) -> Any:
        return self.function("floor", x)

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
        # It is nothing in narrower results, but something to divide by.
        return self.exp(self.maximum(x, -700.0))

    exp_precise = exp_pair
    expm1_pair, log_pair, log1p_pair = expm1, log, log1p
    sin_pair, cos_pair, atan_pair = Operations.sin, Operations.cos, Operations.atan

    @cached_property
    def pairs(self) -> Any:
        """The vocabulary over pairs, for what rounding would spoil: a product that is many turns."""
        from actfn.libraries.pairs import Pairs

        return Pairs(self.library, self.like, self.dtype)

    def quadrant(self, a: Any, b: Any) -> Any:
        return self.pairs.quadrant(a, b)

    def angle(self, a: Any, b: Any) -> Any:
        return self.pairs.round(self.pairs.angle(a, b))


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

    def turned(self, a: Any, b: Any) -> tuple[Any, Any]:
        """Return how many quarter turns a b is, none where its fraction of a turn is lost, and what is left."""
        product = self.array(a * b)
        turns = self.nearest(product * (1 / sum(QUARTER_PARTS)))
        turns = self.where(abs(product) < 2.0**20, turns, 0.0)
        rest = product
        for part in QUARTER_PARTS:
            rest = rest - turns * self.literal(part)
        return turns, rest

    def quadrant(self, a: Any, b: Any) -> Any:
        turns, _ = self.turned(a, b)
        return turns - 4.0 * self.floor(0.25 * turns)

    def angle(self, a: Any, b: Any) -> Any:
        return self.turned(a, b)[1]
