"""Sine, cosine and arctangent of pairs over arrays: what the vocabularies over NumPy and over other libraries share.

The product of two numbers of any size is reduced by quarter turns as in core/circular.hpp, with as many digits of 2/pi as it needs.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

# Places of the arctangent: it is known at 0, 1/16, ..., 1.
PLACES = 16


@cache
def arctangent(numerator: int, denominator: int, bits: int) -> int:
    """Return floor(atan(numerator / denominator) 2^bits), but for a few last bits, by Euler's series; the fraction is in [0, 1].

    Examples
    --------
    >>> 4 * arctangent(1, 1, 70) >> 20 == int(math.pi * 2**50)
    True
    """
    above, below = numerator**2, numerator**2 + denominator**2
    term = (numerator * denominator << bits) // below
    total, n = 0, 0
    while term:
        total, n = total + term, n + 1
        term = term * (2 * n * above) // ((2 * n + 1) * below)
    return total


class Digits:
    """What a format with so many digits needs of 2/pi, of the series and of the arctangent."""

    def __init__(self, digits: int, largest: int, group: int, terms: int) -> None:
        self.digits, self.group, self.terms = digits, group, terms
        # The first row is for products below 1, whose exponent is cut off here; below the other number sin(x) is x.
        self.lowest, self.tiny = -float(largest - 24), 2.0 ** (-largest // 2)
        self.rows = 2 * largest // group + 1

    @property
    def columns(self) -> tuple[tuple[float, ...], ...]:
        """2^(group row) 2/pi in five pieces, less what makes whole turns of every product of that size."""
        return _columns(self.digits, self.group, self.rows)

    @property
    def arctangents(self) -> tuple[Fraction, ...]:
        """atan(0), atan(1/16), ..., atan(1)."""
        bits = 4 * self.digits
        return tuple(Fraction(arctangent(place, PLACES, bits), 2**bits) for place in range(PLACES + 1))

    def sine(self, start: int) -> tuple[float, ...]:
        """Return the coefficients of sin(x) / x (start 1) or cos(x) (start 0) in x^2, from the fourth on."""
        return tuple((-1) ** (k % 2) / math.factorial(2 * k + start) for k in range(3, 3 + self.terms))

    def arctangent(self) -> tuple[float, ...]:
        """Return the coefficients of (atan(t) - t) / t^3 in t^2."""
        return tuple((-1) ** (k % 2) / (2 * k + 1) for k in range(1, self.terms))


@cache
def _columns(digits: int, group: int, rows: int) -> tuple[tuple[float, ...], ...]:
    ends = (2 * digits + 2, digits + 3, 4, 5 - digits, 6 - 2 * digits, 7 - 3 * digits)
    bits = group * rows - ends[-1] + 8
    # The reciprocal of the series' pi is as exact as that.
    two_over_pi = (1 << 2 * bits) // (2 * arctangent(1, 1, bits + 16) >> 16)

    def piece(row: int, above: int, below: int) -> float:
        shifted = two_over_pi >> (bits - group * row + below)
        return math.ldexp(shifted & ((1 << (above - below)) - 1), below)

    return tuple(tuple(piece(row, *two) for row in range(rows)) for two in pairwise(ends))


FLOAT64 = Digits(53, 1024, 16, 7)
FLOAT32 = Digits(24, 128, 4, 4)

QUARTER = Fraction(2 * arctangent(1, 1, 256), 2**256)
# pi/2 as a sum; the first two terms times a whole number of 20 bits are exact.
QUARTER_PARTS = tuple(math.ldexp(int(QUARTER * 2**bits) % 2**32, -bits) for bits in (31, 63, 95))


class Circular:
    """The operations ``quadrant``, ``angle``, ``sin_pair``, ``cos_pair`` and ``atan_pair`` of a vocabulary over arrays.

    The vocabulary has the arithmetic of pairs, ``exact_product``, ``fraction`` (a constant as a pair), ``parted`` (mantissa and exponent of a
    number), ``power_of_two``, ``gathered`` (the entries of a table at whole numbers), ``nearest`` and ``floor``.
    """

    figures: Any
    _turned: Any = None

    def quadrant(self: Any, a: Any, b: Any) -> Any:
        """Return the quarter turns nearest to a b, modulo 4."""
        return self.turned(a, b)[0]

    def angle(self: Any, a: Any, b: Any) -> Any:
        """Return a b without its quarter turns, between -pi/4 and pi/4, as a pair; NaN for infinities."""
        _, high, low = self.turned(a, b)
        turned = self.multiply(self.sum(high, low), self.fraction(QUARTER))
        whole = a * b
        angle = self.where(abs(whole) < self.figures.tiny, self.pair(whole), turned)
        for factor in (a, b):
            angle = self.where(abs(factor) < math.inf, angle, self.pair(math.nan))
        return angle

    def turned(self: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
        """Return a b in quarter turns: the nearest whole number modulo 4, and what is left as a sum of two."""
        if self._turned is None or self._turned[0] is not a or self._turned[1] is not b:
            # Kernels ask for the quadrant and for the angle.
            self._turned = a, b, self._reduced(a, b)
        found: tuple[Any, Any, Any] = self._turned[2]
        return found

    def _reduced(self: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
        (x, i), (y, j) = self.parted(a), self.parted(b)
        figures = self.figures
        exponent = self.maximum(i + j, figures.lowest)
        row = self.floor(self.maximum(exponent, 0.0) * (1 / figures.group))
        exact, scale = self.exact_product(x, y), self.power_of_two(exponent - figures.group * row)
        large, small = exact.high * scale, exact.low * scale
        c0, c1, c2, c3, c4 = (self.gathered(column, row) for column in figures.columns)
        p, q, r, s = (
            self.exact_product(small, c0),
            self.exact_product(large, c1),
            self.exact_product(small, c1),
            self.exact_product(large, c2),
        )
        # Few bits above and below the point: their sum is exact.
        first = (self._within_a_turn(p.high) + self._within_a_turn(p.low)) + (
            self._within_a_turn(q.high) + self._within_a_turn(q.low)
        )
        u = self.sum(first, self._within_a_turn(r.high))
        v = self.sum(u.high, self._within_a_turn(s.high))
        whole = self.nearest(v.high)
        # What is left may be very small.
        e, f = self.exact_product(small, c2), self.exact_product(large, c3)
        g, h, k = self.sum(e.high, f.high), self.sum(r.low, s.low), self.sum(u.low, v.low)
        m = self.sum(g.high, h.high)
        n = self.sum(m.high, k.high)
        rest = self.sum(v.high - whole, n.high)
        last = (n.low + m.low) + (g.low + h.low + k.low) + ((e.low + f.low) + (small * c3 + large * c4))
        total = self.sum(rest.high, rest.low + last)
        return whole - 4.0 * self.floor(0.25 * whole), total.high, total.low

    def _within_a_turn(self: Any, x: Any) -> Any:
        return x - 4.0 * self.nearest(0.25 * x)

    def sin_pair(self: Any, x: Any) -> Any:
        """Return sin(x) for |x| <= pi/4."""
        x = self.pair(x)
        w = self.multiply(x, x)
        p = w.high * horner(w.high, self.figures.sine(1))
        q = self.add(self.multiply(w, self.add(self.fraction(Fraction(1, 120)), p)), self.fraction(Fraction(-1, 6)))
        return self.add(x, self.multiply(x, self.multiply(w, q)))

    def cos_pair(self: Any, x: Any) -> Any:
        """Return cos(x) for |x| <= pi/4."""
        x = self.pair(x)
        w = self.multiply(x, x)
        p = w.high * horner(w.high, self.figures.sine(0))
        q = self.add(self.multiply(w, self.add(self.fraction(Fraction(1, 24)), p)), -0.5)
        return self.add(self.multiply(w, q), 1.0)

    def atan_pair(self: Any, x: Any) -> Any:
        """Return atan(x)."""
        x = self.pair(x)
        negative = x.high < 0.0
        size = self.where(negative, self.negative(x), x)
        far = 1 / self.figures.tiny
        size = self.where(size.high > far, self.pair(far), size)
        beyond = size.high > 1.0
        place = self.nearest(PLACES * self.where(beyond, 1.0 / size.high, size.high))
        high, low = (
            self.gathered(tuple(part), place)
            for part in zip(*((c.high, c.low) for c in map(self.fraction, self.figures.arctangents)))
        )
        # atan(y) = atan(c) + atan((y - c) / (1 + c y)), and atan(x) = pi/2 - atan(1/x).
        c = place * (1 / PLACES)
        product = self.multiply(size, c)
        above = self.where(beyond, self.subtract(self.pair(1.0), product), self.subtract(size, c))
        below = self.where(beyond, self.add(size, c), self.add(product, 1.0))
        t = self.divide(above, below)
        v = t.high * t.high
        inner = self.add(self.sum(high, low), self.add(t, t.high * v * horner(v, self.figures.arctangent())))
        result = self.where(beyond, self.subtract(self.fraction(QUARTER), inner), inner)
        return self.where(negative, self.negative(result), result)


def horner(x: Any, coefficients: tuple[float, ...]) -> Any:
    """Return a polynomial's value; its coefficients come lowest first."""
    result = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        result = result * x + coefficient
    return result
