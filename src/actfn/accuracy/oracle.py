"""The oracle: what the value or a derivative of a function is at a float, known to be right to the last bit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from actfn.accuracy.balls import PRECISIONS, arithmetic, ball
from actfn.accuracy.formats import FORMATS, Array, Format, rounded
from actfn.functions.declare import Declaration

# Beyond this many bits below 1 nothing is above half of the smallest subnormal number of any format.
NOTHING = -1080

# So large that every function is at its limit there.
NEARLY_INFINITE = 4000


class Exact:
    """A real number that is known closely enough: numerator 2^exponent, with an error of less than 2^-60 of itself or 2^-1140."""

    __slots__ = ("exponent", "numerator", "sign")

    def __init__(self, numerator: int, exponent: int, sign: int) -> None:
        self.numerator, self.exponent = numerator, exponent
        # Of a number so small that it rounds to zero, the sign may be known all the same; 0 if not.
        self.sign = sign

    def rounded(self, form: Format) -> float:
        """Return the nearest number of a format."""
        value = rounded(self.numerator, self.exponent, form)
        return math.copysign(value, self.sign) if value == 0 and self.sign else value

    def ulps(self, value: float, form: Format) -> float:
        """Return the distance of a finite value in units in the last place of this number."""
        if not math.isfinite(value):
            return 0.0 if value == self.rounded(form) else math.inf
        place = self.numerator.bit_length() + self.exponent - form.digits if self.numerator else form.smallest_exponent
        unit = max(place, form.smallest_exponent)
        numerator, denominator = value.as_integer_ratio()
        low = min(self.exponent, 1 - denominator.bit_length())
        difference = (numerator << (1 - denominator.bit_length() - low)) - (self.numerator << (self.exponent - low))
        try:
            return abs(float(Fraction(difference) * Fraction(2) ** (low - unit)))
        except OverflowError:
            return math.inf


class Oracle:
    """A function with its parameters and an order of derivative, evaluated as exactly as a question needs.

    Examples
    --------
    >>> from actfn import catalogue
    >>> oracle = Oracle(catalogue.find("sigmoid"), {}, order=1)
    >>> oracle.rounded([40.0], "float64")
    array([4.24835426e-18])
    """

    def __init__(
        self, declaration: Declaration, parameters: Mapping[str, Any], order: int = 0, by: str | None = None
    ) -> None:
        arithmetic()
        self.declaration, self.order, self.by = declaration, order, by
        self.parameters = tuple(
            _exact(declaration.parameters[name].unit_fraction, parameters[name]) for name in declaration.parameters
        )

    def at(self, x: float) -> Exact | None:
        """Return the number at a finite x (of any size), or None where the function is not defined."""
        for precision in PRECISIONS:
            found = ball(self.declaration, self.order, self.by, (x, *self.parameters), precision)
            if found.is_nan():
                continue
            size = found.abs_upper()
            if size == 0 or _exponent(size) < NOTHING:
                return Exact(0, 0, 1 if found > 0 else -1 if found < 0 else 0)
            if found.is_exact() or found.rel_accuracy_bits() > 75:
                numerator, exponent = (int(part) for part in found.mid().man_exp())
                return _shortened(numerator, exponent)
        return None

    def limit(self, sign: int) -> Exact | None:
        """Return the limit at plus or minus infinity."""
        found = self.at(sign * 2**NEARLY_INFINITE) or self.at(sign * 2.0**1023)
        if found is not None and found.numerator == 0 and found.sign == 0:
            found.sign = self._tail_sign(sign)
        return found

    def _tail_sign(self, sign: int) -> int:
        """Return the sign that the function has where its tail can still be told from zero."""
        for exponent in range(60, -60, -1):
            found = self.at(sign * 2.0**exponent)
            if found is not None and (found.numerator or found.sign):
                return 1 if (found.numerator or found.sign) > 0 else -1
        return 0

    @cached_property
    def tail_signs(self) -> dict[int, int]:
        """The signs of the function towards minus and plus infinity."""
        return {-1: self._tail_sign(-1), 1: self._tail_sign(1)}

    def expected(self, x: float) -> Exact | None:
        """Return the number that a result at a float must be near: limits at infinity, the sign of zeros; None for NaN."""
        if math.isnan(x):
            return None
        if math.isinf(x):
            return self.limit(1 if x > 0 else -1)
        found = self.at(x)
        if found is not None and found.numerator == 0 and found.sign == 0:
            if x == 0:
                # A zero at zero has the sign of the function beside it.
                beside = self.at(math.copysign(5e-324, x))
                found.sign = 0 if beside is None else (beside.numerator > 0) - (beside.numerator < 0) or beside.sign
            else:
                near = self.at(x * 0.5)
                constant = near is not None and near.numerator == 0 and near.sign == 0
                found.sign = self.tail_signs[1 if x > 0 else -1] if abs(x) > 20 or constant else 0
        return found

    def rounded(self, x: Iterable[float], dtype: str) -> Array:
        """Return the correctly rounded results at floats, in a dtype by name."""
        form = FORMATS[dtype]
        exact = (self.expected(float(point)) for point in x)
        return np.array([math.nan if e is None else e.rounded(form) for e in exact], np.float64).astype(form.dtype)


def _shortened(numerator: int, exponent: int) -> Exact:
    drop = max(0, abs(numerator).bit_length() - 160)
    return Exact(numerator >> drop, exponent + drop, (numerator > 0) - (numerator < 0))


def _exponent(size: Any) -> int:
    mantissa, exponent = size.man_exp()
    return int(abs(mantissa)).bit_length() + int(exponent)


def _exact(unit_fraction: bool, value: float) -> Any:
    """Return the number that a parameter's float stands for."""
    n = round(1 / value) if unit_fraction and value and abs(1 / value) < 2**52 else 0
    return arithmetic().fmpq(1, n) if n and 1 / n == value else float(value)
