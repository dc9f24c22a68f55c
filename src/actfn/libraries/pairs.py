"""The vocabulary over pairs of arrays, for results as wide as the arithmetic: float64, or float32 where there is no float64.

A pair is an unevaluated sum of two arrays. Every product below is exact, so that a compiler that joins it with a sum to one fused
operation changes no bit; none may re-associate sums.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from actfn.circular import FLOAT32, FLOAT64, Circular
from actfn.libraries.find import Library
from actfn.libraries.wide import Operations

# log(2) to 200 bits.
LN2 = Fraction(
    math.floor(Fraction("0.693147180559945309417232121458176568075500134360255254120680009493393622") * 2**230), 2**230
)


class Pair(NamedTuple):
    """An unevaluated sum of two numbers, the second no more than half a last place of the first."""

    high: Any
    low: Any = 0.0


class Width:
    """What the vocabulary must know of a floating-point format."""

    def __init__(
        self, name: str, digits: int, bias: int, saturated: float, deep: float, terms: tuple[int, int, int]
    ) -> None:
        self.dtype, self.integer = np.dtype(name), name.replace("float", "int")
        self.digits, self.bias, self.tiny = digits, bias, 2.0 ** (2 * digits - bias)
        # Past the first, exp is 0 or infinite; past the second, it needs a lift to stay far from the subnormal numbers.
        self.saturated, self.deep = saturated, deep
        # Three parts of log(2); an exponent times the first two is exact.
        self.ln2 = tuple(map(float, self._parts(LN2, digits - 11)))
        exp, precise, log = terms
        self.exp = self._series(Fraction(1, math.factorial(n + 2)) for n in range(exp))
        self.exp_precise = self._series(Fraction(1, math.factorial(n + 3)) for n in range(precise))
        self.log = self._series(Fraction(2, 2 * n + 3) for n in range(log))

    def _parts(self, exact: Fraction, bits: int) -> tuple[Fraction, Fraction, Fraction]:
        first = Fraction(math.floor(exact * 2**bits), 2**bits)
        second = Fraction(math.floor((exact - first) * 2 ** (2 * bits)), 2 ** (2 * bits))
        return first, second, exact - first - second

    def _series(self, coefficients: Any) -> tuple[float, ...]:
        return tuple(float(self.dtype.type(float(c))) for c in coefficients)

    def parts(self, exact: Fraction) -> Pair:
        """Return a constant as a pair."""
        high = float(self.dtype.type(float(exact)))
        return Pair(high, float(self.dtype.type(float(exact - Fraction(high)))))

    def split(self, value: float) -> tuple[float, float]:
        """Return a known number as a sum of two, the first with half of the digits."""
        fraction, exponent = math.frexp(value)
        half = self.digits // 2
        high = math.ldexp(math.trunc(math.ldexp(fraction, half)), exponent - half) if math.isfinite(value) else value
        return high, value - high if math.isfinite(value) else 0.0


# How many terms of the three series leave an error of 2^-57, 2^-66 and 2^-57, and of 2^-29, 2^-36 and 2^-32.
WIDTHS = {
    "float64": Width("float64", 53, 1023, 780.0, -600.0, (12, 8, 11)),
    "float32": Width("float32", 24, 127, 120.0, -65.0, (7, 4, 6)),
}
# What float32 has instead of the constants that kernels have for float64: the largest numbers, and the lift of an exponential.
HUGE, LIFT_BITS = 2.0**100, 50.0
FLOAT32_MAX, FLOAT64_MAX = float(np.finfo(np.float32).max), sys.float_info.max


class Pairs(Circular, Operations):
    """Numbers in one dtype, and pairs of them."""

    def __init__(self, library: Library, like: Any, dtype: Any) -> None:
        super().__init__(library, like, dtype)
        self.width = WIDTHS[library.dtype_name(like)]
        self.short = self.width.digits < 53
        self.figures = FLOAT32 if self.short else FLOAT64
        self.integer = getattr(self.xp, self.width.integer)

    def literal(self, value: float) -> Any:
        if self.width.digits == 53 or value == 0 or not math.isfinite(value):
            return value
        if value == 1.5 * 2.0**52:
            return 1.5 * 2.0**23  # rounds to an integer when it is added and taken away
        fraction, exponent = math.frexp(value)
        if 120 < abs(exponent) < 140:
            return math.ldexp(value, int(LIFT_BITS - 128 if exponent > 0 else 128 - LIFT_BITS))
        if value == FLOAT64_MAX:
            return FLOAT32_MAX
        if abs(exponent) > 140:
            # float32 has an eighth of the exponents: where a square overflows there, it does so here.
            value = math.ldexp(2.0 * fraction, int((exponent - 1) / 8))
        return math.copysign(min(max(abs(value), 1 / HUGE), HUGE), value)

    def constant(self, value: tuple[float, float]) -> Pair:
        return self.width.parts(Fraction(value[0]) + Fraction(value[1]))

    def pair(self, x: Any) -> Pair:
        return x if type(x) is Pair else Pair(x)

    def round(self, x: Any) -> Any:
        return plus(x.high, x.low) if type(x) is Pair else x

    def high(self, x: Any) -> Any:
        return x.high if type(x) is Pair else x

    def sticky(self, x: Any) -> Any:
        return 0.0

    def deep(self, x: Any) -> Any:
        return x < self.width.deep

    def where(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        if type(chosen) is Pair or type(otherwise) is Pair:
            a, b = self.pair(chosen), self.pair(otherwise)
            return Pair(super().where(condition, a.high, b.high), super().where(condition, a.low, b.low))
        return super().where(condition, chosen, otherwise)

    # Sums and products without error. A known number comes second: XLA takes (x + c) - c for x.
    def sum(self, a: Any, b: Any) -> Pair:
        if type(a) is float:
            if type(b) is float:
                return self.width.parts(Fraction(a) + Fraction(b))
            a, b = b, a
        total = a + b
        part = total - a
        return Pair(total, (a - (total - part)) + (b - part))

    def fast_sum(self, a: Any, b: Any) -> Pair:
        """Return the exact sum for |a| >= |b|, or a = 0."""
        if type(b) is float and b == 0.0:
            return Pair(a)
        if type(a) is float:
            return self.sum(b, a)
        total = a + b
        return Pair(total, b - (total - a))

    def product(self, a: Any, b: Any) -> Pair:
        if type(a) is float:
            a, b = b, a
        if type(a) is float:
            return self.width.parts(Fraction(a) * Fraction(b))
        if type(b) is float and abs(math.frexp(b)[0]) == 0.5:
            return Pair(a * b)
        a_high, a_low = self.split(a)
        b_high, b_low = self.width.split(b) if type(b) is float else self.split(b)
        p = self.fast_sum(a_high * b_high, a_low * b_high)
        if not (type(b_low) is float and b_low == 0.0):
            second = self.fast_sum(p.high, a_high * b_low)
            p = self.fast_sum(second.high, (p.low + second.low) + a_low * b_low)
        if not self.library.flushes:
            return p
        # The parts of a tiny product would be lost.
        whole = a * b
        tiny = abs(whole) < self.width.tiny
        return Pair(super().where(tiny, whole, p.high), super().where(tiny, 0.0, p.low))

    def exact_product(self, a: Any, b: Any) -> Pair:
        """Return the product to the last bit, of numbers that are far from the largest; its modulus is known then."""
        (a_high, a_low), (b_high, b_low) = self.halves(self.array(a)), self.halves(self.array(b))
        middle = self.sum(a_high * b_low, a_low * b_high)
        whole = self.fast_sum(a_high * b_high, middle.high)
        rest = self.sum(whole.low, a_low * b_low)
        whole = self.fast_sum(whole.high, rest.high)
        return Pair(whole.high, whole.low + (rest.low + middle.low))

    def halves(self, x: Any) -> tuple[Any, Any]:
        """Return x as an exact sum of two numbers, the first the nearest with half of the digits."""
        if not hasattr(x, "view"):
            return self.split(x)
        lost = (self.width.digits + 1) // 2
        high = ((x.view(self.integer) + (1 << (lost - 1))) & -(1 << lost)).view(self.dtype)
        return high, x - high

    def split(self, x: Any) -> tuple[Any, Any]:
        """Return x as an exact sum of two numbers, each with half of the digits."""
        if hasattr(x, "view"):
            lost = (self.width.digits + 1) // 2
            high = (x.view(self.integer) & -(1 << lost)).view(self.dtype)
        else:
            # Veltkamp's way, where bits cannot be seen; it overflows near the largest numbers.
            scaled = x * (2.0 ** ((self.width.digits + 1) // 2) + 1.0)
            high = scaled - (scaled - x)
        return high, x - high

    # Arithmetic of pairs, with each other and with numbers.
    def negative(self, a: Any) -> Any:
        return Pair(-a.high, -a.low) if type(a) is Pair else -a

    def add(self, a: Any, b: Any) -> Any:
        if type(a) is not Pair:
            a, b = b, a
        if type(a) is not Pair:
            return a + b
        if type(b) is not Pair or (type(b.low) is float and b.low == 0.0):
            s = self.sum(a.high, b.high if type(b) is Pair else b)
            return self.fast_sum(s.high, plus(s.low, a.low))
        s, t = self.sum(a.high, b.high), self.sum(a.low, b.low)
        u = self.fast_sum(s.high, s.low + t.high)
        return self.fast_sum(u.high, plus(u.low, t.low))

    def subtract(self, a: Any, b: Any) -> Any:
        return self.add(a, self.negative(b)) if type(a) is Pair or type(b) is Pair else a - b

    def multiply(self, a: Any, b: Any) -> Any:
        if type(a) is not Pair:
            a, b = b, a
        if type(a) is not Pair:
            return super().multiply(a, b)
        if type(b) is not Pair:
            p = self.product(a.high, b)
            return self.fast_sum(p.high, plus(p.low, times(a.low, b)))
        p = self.product(a.high, b.high)
        return self.fast_sum(p.high, plus(p.low, plus(times(a.high, b.low), times(a.low, b.high))))

    def divide(self, a: Any, b: Any) -> Any:
        if type(a) is not Pair and type(b) is not Pair:
            return super().divide(a, b)
        a, b = self.pair(a), self.pair(b)
        q = a.high / b.high
        p = self.product(q, b.high)
        rest = plus((a.high - p.high) - p.low, a.low)
        return self.fast_sum(q, plus(rest, -times(q, b.low)) / b.high)

    # Exponentials: x = k log(2) + r with |r| <= log(2) / 2.
    def power_of_two(self, k: Any) -> Any:
        """Return 2^k for integers from -bias + 1 to bias."""
        bits = self.library.astype(k, self.integer) + self.width.bias
        if hasattr(bits, "view"):
            return (bits << (self.width.digits - 1)).view(self.dtype)
        powers = np.ldexp(1.0, np.arange(2 * self.width.bias + 1) - self.width.bias)
        return self.gathered(powers.tolist(), bits)

    def gathered(self, table: Sequence[float], places: Any) -> Any:
        """Return the numbers of a table at whole numbers; at NaN, and beyond the ends, any of them."""
        index = self.library.astype(places, self.xp.int64 if self.library.name == "torch" else self.integer)
        flat = self.xp.clip(self.xp.reshape(index, (-1,)), 0, len(table) - 1)
        device = {} if self.library.name == "jax" else {"device": self.like.device}
        numbers = self.xp.asarray(table, dtype=self.dtype, **device)
        return self.xp.reshape(self.xp.take(numbers, flat), index.shape)

    def fraction(self, exact: Fraction) -> Pair:
        """Return a constant as a pair."""
        return self.width.parts(exact)

    def parted(self, x: Any) -> tuple[Any, Any]:
        """Return the mantissa of x, from 1 to 2, and its exponent."""
        if type(x) is float:
            mantissa, exponent = math.frexp(x)
            return 2.0 * mantissa, exponent - 1.0
        small = abs(x) < self.width.tiny
        x = super().where(small, x * 2.0**64, x)
        less = super().where(small, 64.0, 0.0)
        if not hasattr(x, "view"):
            k = super().minimum(super().maximum(self.floor(self.function("log2", abs(x))), -1100.0), 1100.0)
            return self.scaled(Pair(x), -k).high, k - less
        bits, place = x.view(self.integer), self.width.digits - 1
        ones = 2 * self.width.bias + 1
        mantissa = ((bits & ~(ones << place)) | (self.width.bias << place)).view(self.dtype)
        return mantissa, self.library.astype((bits >> place) & ones, self.dtype) - self.width.bias - less

    def scaled(self, x: Pair, k: Any) -> Pair:
        """Return x 2^k in two steps, so that neither power overflows."""
        half = self.xp.round(0.5 * k)
        first, second = self.power_of_two(half), self.power_of_two(k - half)
        return Pair(x.high * first * second, x.low * first * second)

    def reduction(self, x: Any) -> tuple[Any, Pair]:
        x, end = self.pair(x), self.width.saturated
        inside = abs(x.high) <= end
        high, low = super().minimum(super().maximum(x.high, -end), end), super().where(inside, x.low, 0.0)
        k = self.xp.round(high * (1 / math.log(2)))
        first, second, third = self.width.ln2
        r = self.sum(high - k * first, -(k * second))
        return k, self.fast_sum(r.high, r.low + (low - k * third))

    def polynomial(self, x: Any, coefficients: tuple[float, ...]) -> Any:
        result = coefficients[-1]
        for coefficient in reversed(coefficients[:-1]):
            result = result * x + coefficient
        return result

    def exp_pair(self, x: Any, shift: Any) -> Pair:
        k, r = self.reduction(x)
        square = r.high * r.high * self.polynomial(r.high, self.width.exp)
        s = self.fast_sum(1.0, r.high)
        return self.scaled(self.fast_sum(s.high, s.low + square + r.low * (s.high + square)), self.shifted(k, shift))

    def exp_precise(self, x: Any, shift: Any) -> Pair:
        # e^(r / 8) - 1 by its series, squared three times.
        k, r = self.reduction(x)
        u = Pair(0.125 * r.high, 0.125 * r.low)
        square = self.multiply(u, u)
        cube = u.high * square.high * self.polynomial(u.high, self.width.exp_precise)
        p = self.add(u, self.fast_sum(0.5 * square.high, 0.5 * square.low + cube))
        for _ in range(3):
            p = self.add(Pair(2.0 * p.high, 2.0 * p.low), self.multiply(p, p))
        return self.scaled(self.add(p, 1.0), self.shifted(k, shift))

    def shifted(self, k: Any, shift: Any) -> Any:
        if type(shift) is float:
            return k + shift if shift else k
        return k + (shift if self.width.digits == 53 else super().minimum(shift, LIFT_BITS))

    def expm1_pair(self, x: Any) -> Pair:
        k, r = self.reduction(x)
        square = r.high * r.high * self.polynomial(r.high, self.width.exp)
        s = self.fast_sum(r.high, square)
        p = self.fast_sum(s.high, s.low + r.low * (1.0 + s.high))
        two_k = self.power_of_two(super().maximum(k, 20.0 - self.width.bias))
        found: Pair = self.add(self.sum(two_k, -1.0), Pair(two_k * p.high, two_k * p.low))
        return found

    # Logarithms: x = 2^k (1 + f), log(1 + f) = f - f^2 / 2 + s (f^2 / 2 + w R(w)) for s = f / (2 + f) and w = s^2.
    def log_pair(self, x: Any) -> Pair:
        x = self.pair(x)
        k = self.xp.round(self.function("log", x.high) * (1 / math.log(2)))
        m = self.scaled(x, -k)
        return self.log_of(m.high, m.low, k)

    def log1p_pair(self, q: Any) -> Pair:
        q = self.pair(q)
        s = self.add(q, 1.0)
        k = self.xp.round(self.function("log", s.high) * (1 / math.log(2)))
        m = self.scaled(s, -k)
        # Below 2^-60 the logarithm is q, whose bits beside 1 would not all fit.
        found: Pair = self.where(abs(q.high) < 2.0**-60, q, self.log_of(m.high, m.low, k))
        return found

    def log_of(self, m: Any, small: Any, k: Any) -> Pair:
        f = m - 1.0
        s = f / (2.0 + f)
        w = s * s
        square = self.product(f, 0.5 * f)
        rest = plus(s * (square.high + w * self.polynomial(w, self.width.log)) - square.low, times(small, 1.0 / m))
        head = self.sum(f, -square.high)
        first, second, third = self.width.ln2
        whole = self.fast_sum(k * first, k * second)
        log_m = self.fast_sum(head.high, head.low + rest)
        found: Pair = self.add(Pair(whole.high, whole.low + k * third), log_m)
        return found

    def exp(self, x: Any) -> Any:
        return self.round(self.exp_pair(x, 0.0))

    def expm1(self, x: Any) -> Any:
        small = super().minimum(x, 40.0)
        return super().where(x > 40.0, self.exp(x), self.round(self.expm1_pair(small)))

    def log(self, x: Any) -> Any:
        return self.function("log", x)

    def log1p(self, x: Any) -> Any:
        return self.function("log1p", x)

    def tanh(self, x: Any) -> Any:
        return self.function("tanh", x)


def plus(a: Any, b: Any) -> Any:
    """Return a sum, where 0 is known to change nothing."""
    if type(a) is float and a == 0.0:
        return b
    return a if type(b) is float and b == 0.0 else a + b


def times(a: Any, b: Any) -> Any:
    """Return a product, where 0 is known to give 0."""
    return 0.0 if (type(a) is float and a == 0.0) or (type(b) is float and b == 0.0) else a * b
