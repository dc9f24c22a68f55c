"""The vocabulary of functions of rows: numbers and pairs with arithmetic, and what a row has beside, as its largest and its sum."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

from actfn.libraries.find import Library
from actfn.libraries.pairs import Pair, Pairs
from actfn.libraries.wide import Plain

# After so many bisections an interval of length 1 is as short as the last place of 1. So many steps of Newton's method are enough
# for a convex function of up to a million terms: each takes the product of value and slope to a quarter.
STEPS = 55


class Value:
    """A number, an array of them, or a pair of arrays, with arithmetic; comparisons give masks."""

    __slots__ = ("content", "operations")

    def __init__(self, operations: RowPairs | RowPlain, content: Any) -> None:
        self.operations, self.content = operations, content

    def _with(self, operation: str, other: Any, swapped: bool = False) -> Value:
        a, b = self.content, content_of(other)
        return Value(self.operations, getattr(self.operations, operation)(*((b, a) if swapped else (a, b))))

    def __add__(self, other: Any) -> Value:
        return self._with("add", other)

    def __sub__(self, other: Any) -> Value:
        return self._with("subtract", other)

    def __rsub__(self, other: Any) -> Value:
        return self._with("subtract", other, swapped=True)

    def __mul__(self, other: Any) -> Value:
        return self._with("multiply", other)

    def __truediv__(self, other: Any) -> Value:
        return self._with("divide", other)

    def __rtruediv__(self, other: Any) -> Value:
        return self._with("divide", other, swapped=True)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Value:
        return Value(self.operations, self.operations.negative(self.content))

    def __abs__(self) -> Value:
        return Value(self.operations, abs(self.content))

    def _excess(self, other: Any) -> Any:
        """Return a number with the sign of the difference."""
        return self.operations.high(self._with("subtract", other).content)

    def _compared(self, comparison: Callable[[Any, Any], Any], other: Any) -> Any:
        a, b = self.content, content_of(other)
        if type(a) is Pair and type(b) is float and b == 0.0:
            return comparison(a.high, b)
        if type(a) is Pair or type(b) is Pair:
            return comparison(self._excess(other), 0.0)
        return comparison(a, b)

    def __lt__(self, other: Any) -> Any:
        return self._compared(operator.lt, other)

    def __le__(self, other: Any) -> Any:
        return self._compared(operator.le, other)

    def __gt__(self, other: Any) -> Any:
        return self._compared(operator.gt, other)

    def __ge__(self, other: Any) -> Any:
        return self._compared(operator.ge, other)

    def equals(self, other: Any) -> Any:
        """Return where two numbers are equal."""
        return self.content == content_of(other)


def content_of(value: Any) -> Any:
    if isinstance(value, Value):
        return value.content
    return float(value) if isinstance(value, int) else value


class RowPlain(Plain):
    """Sums, exponentials and logarithms as they are."""

    brief = True

    def total(self, x: Any, axis: int) -> Any:
        return self.xp.sum(x, axis=axis, keepdims=True)

    def exp_precise(self, x: Any, lift: float) -> Any:
        return self.exp(x) * 2.0**lift

    def exp_full(self, x: Any) -> Any:
        return self.exp(x)

    def log_full(self, x: Any) -> Any:
        return self.log(x)


class RowPairs(Pairs):
    """Pairs, with sums, exponentials and logarithms to all of their digits."""

    def total(self, x: Any, axis: int) -> Any:
        """Return the sum along an axis, halving the row until one is left."""
        x = self.pair(x)
        high, low = x.high, 0.0 * x.high if type(x.low) is float else x.low
        if self.library.name == "jax":
            # XLA would compute what is summed anew for each slice.
            return Pair(*self.library.reduced(lambda a, b: tuple(self.add(Pair(*a), Pair(*b))), (high, low), axis))
        length = high.shape[axis]
        before = (slice(None),) * (axis % high.ndim)
        while length > 1:
            half = length // 2
            first, second = (*before, slice(half)), (*before, slice(half, 2 * half))
            last = (*before, slice(2 * half, length))
            s = self.add(Pair(high[first], low[first]), Pair(high[second], low[second]))
            odd = length % 2
            high = self.library.concatenate((s.high, high[last]), axis) if odd else s.high
            low = self.library.concatenate((s.low, low[last]), axis) if odd else s.low
            length = half + odd
        return Pair(high, low)

    # Whether results are narrower than the arithmetic, which then need not use all of a pair.
    brief = False

    def exp_full(self, x: Any) -> Pair:
        """Return e^x to 2^-100: e^(r / 128) - 1 by its series, squared seven times."""
        if self.brief:
            return self.exp_precise(x, 0.0)
        k, r = self.reduction(x)
        u = Pair(r.high / 128, r.low / 128)
        p: Any = self.polynomial(u.high, TAIL)
        for coefficient in HEAD:
            p = self.add(self.multiply(u, p), self.width.parts(coefficient))
        p = self.multiply(u, p)
        for _ in range(7):
            p = self.add(Pair(2.0 * p.high, 2.0 * p.low), self.multiply(p, p))
        return self.scaled(self.add(p, 1.0), k)

    def log_full(self, x: Any) -> Any:
        """Return log x: what is missing from a first logarithm y is that of x e^-y, next to 1."""
        y = self.log_pair(x)
        return y if self.brief else self.add(y, self.add(self.multiply(self.exp_full(self.negative(y)), x), -1.0))


# 1 / n! for n = 5, ..., 1 as pairs, and for n = 6, ..., 11 as numbers.
HEAD = tuple(Fraction(1, math.factorial(n)) for n in range(5, 0, -1))
TAIL = tuple(1 / math.factorial(n) for n in range(6, 12))


class RowVocabulary:
    """The namespace ``m`` of kernels of rows, which lie along an axis of an array.

    Numbers are float64, or float32 where a library has no float64, and pairs unevaluated sums of two; with ``plain`` there are no
    pairs, and nothing but elementary operations. With ``brief`` the results are narrower than the numbers.
    """

    def __init__(self, library: Library, x: Any, axis: int, plain: bool = False, brief: bool = False) -> None:
        self.library, self.axis, self.length = library, axis % x.ndim, x.shape[axis]
        self.operations: RowPairs | RowPlain = (RowPlain if plain else RowPairs)(library, x, x.dtype)
        self.operations.brief = brief
        self.eager = library.name == "numpy"

    def value(self, content: Any) -> Value:
        """Return an array or a number as a value."""
        return Value(self.operations, content_of(content))

    def high(self, x: Any) -> Value:
        """Return the leading part of a pair."""
        return self.value(self.operations.high(content_of(x)))

    def round(self, x: Any) -> Any:
        """Return a value as an array."""
        return self.operations.array(self.operations.round(content_of(x)))

    def where(self, mask: Any, chosen: Any, otherwise: Any) -> Value:
        return self.value(self.operations.where(mask, content_of(chosen), content_of(otherwise)))

    def maximum(self, x: Any, limit: Any) -> Value:
        return self.value(self.operations.maximum(content_of(x), content_of(limit)))

    def minimum(self, x: Any, limit: Any) -> Value:
        return self.value(self.operations.minimum(content_of(x), content_of(limit)))

    def quick(self, function: str, x: Any) -> Value:
        """Return exp, expm1, log or log1p of numbers as fast as can be."""
        own = self.operations
        known = getattr(own, function) if isinstance(own, RowPlain) else partial(own.function, function)
        return self.value(known(content_of(x)))

    def sum(self, a: Any, b: Any) -> Value:
        """Return the exact sum of two numbers."""
        return self.value(self.operations.sum(content_of(a), content_of(b)))

    def product(self, a: Any, b: Any) -> Value:
        """Return the exact product of two numbers."""
        return self.value(self.operations.product(content_of(a), content_of(b)))

    def exp(self, x: Any, lift: float = 0.0) -> Value:
        """Return e^x 2^lift, to 2^-64."""
        return self.value(self.operations.exp_precise(content_of(x), lift))

    def expm1(self, x: Any) -> Value:
        return self.value(self.operations.expm1_pair(content_of(x)))

    def log(self, x: Any) -> Value:
        """Return log x, to 2^-55."""
        return self.value(self.operations.log_pair(content_of(x)))

    def log1p(self, x: Any) -> Value:
        return self.value(self.operations.log1p_pair(content_of(x)))

    def exp_full(self, x: Any) -> Value:
        """Return e^x with all digits of a pair."""
        return self.value(self.operations.exp_full(content_of(x)))

    def log_full(self, x: Any) -> Value:
        """Return log x with all digits of a pair."""
        return self.value(self.operations.log_full(content_of(x)))

    def total(self, x: Any) -> Value:
        """Return the sum of each row; the axis is kept, with length 1."""
        content = content_of(x)
        if type(content) is Pair:
            return self.value(self.operations.total(content, self.axis))
        return self.value(self.library.xp.sum(content, axis=self.axis, keepdims=True))

    def count(self, mask: Any) -> Value:
        """Return how many entries of each row a mask has."""
        return self.total(self.where(mask, 1.0, 0.0))

    def largest(self, x: Value) -> Value:
        """Return the largest of each row."""
        xp = self.library.xp
        return self.value((xp.amax if hasattr(xp, "amax") else xp.max)(x.content, axis=self.axis, keepdims=True))

    def descending(self, x: Value) -> Value:
        """Return the numbers of each row, the largest first."""
        return self.value(self.library.descending(x.content, self.axis))

    def pick(self, x: Value, place: int) -> Value:
        """Return the number of each row at a place."""
        return self.value(x.content[(*(slice(None),) * self.axis, slice(place, place + 1))])

    def last(self, x: Value, holds: Callable[[Value], Any]) -> Value:
        """Return the last entry of each row for which something holds, as it does for the first and none behind another."""

        parts = x.content if type(x.content) is Pair else (x.content,)

        def at(places: Any) -> Value:
            taken = [self.library.take_along(part, places, self.axis) for part in parts]
            return self.value(Pair(*taken) if len(taken) > 1 else taken[0])

        first = self.library.expand_dims(self.library.xp.argmax(parts[0], axis=self.axis), self.axis)
        low, high = 0 * first, 0 * first + self.length
        for _ in range(self.length.bit_length()):
            middle = (low + high) // 2
            held = holds(at(middle))
            low, high = self.library.xp.where(held, middle, low), self.library.xp.where(held, high, middle)
        return at(low)

    def first_largest(self, x: Value) -> Any:
        """Return where the first largest entry of each row is."""
        return self.library.first_largest(x.content, self.axis)

    def below(self, x: Value, origin: Value, floor: float = -math.inf, ceiling: float = math.inf) -> Value:
        """Return x - origin as a pair between two bounds, with equal infinities equal."""
        same = x.equals(origin)
        rough = self.where(same, 0.0, x - origin)
        low, high = rough <= floor, rough >= ceiling
        kept = ~(same | low | high)
        exact = self.sum(self.where(kept, x, 0.0), self.where(kept, -origin, 0.0))
        return self.where(low, floor, self.where(high, ceiling, exact))

    def settled(self, step: Callable[[Value], Value], start: Any, last: bool = False) -> Value:
        """Return what steps of Newton's method come to, for each row until nothing changes but the last digits.

        A row stops by itself, whatever stands beside it. Where numbers are not known, in a program that is being built, there are
        as many steps as are ever needed, or three ``last`` ones.
        """
        found = step(self.value(start))
        moving = self.high(found) > -math.inf

        def one(state: tuple[Any, Any]) -> tuple[Any, Any]:
            before, moving = state
            following = self.where(moving, step(self.value(before)), before)
            change = abs(self.high(following - self.value(before)))
            return following.content, moving & (change > 2.0 ** (-90 if last else -44))

        times = 2 if last and not self.eager else STEPS
        return self.value(self.library.repeated(one, (found.content, moving), times))

    def crossing(self, total: Callable[[Value], Value], start: float, end: float) -> Value:
        """Return where the total of each row, which falls from start to end, crosses 1, by bisection."""
        low, high = self.value(start), self.value(end)
        for _ in range(STEPS):
            middle = (low + high) * 0.5
            enough = total(middle) >= 1.0
            low, high = self.where(enough, middle, low), self.where(enough, high, middle)
        middle = (low + high) * 0.5
        return middle
