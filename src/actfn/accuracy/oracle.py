"""The oracle: what the value or a derivative of a function is at a float, known to be right to the last bit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from actfn import catalogue
from actfn.accuracy.balls import PRECISIONS, arithmetic, ball
from actfn.accuracy.formats import FORMATS, Array, Format, rounded
from actfn.functions.declare import Declaration, Interval, Parameter

# Beyond this many bits below 1 nothing is above half of the smallest subnormal number of any format.
NOTHING = -1080

# So large that every function is at its limit there; the smaller ones where exp(exp(x)) is too large to be computed.
NEARLY_INFINITE = (2**4000, 2**1023, 2**40)
FARTHER = 2**6000
# No oscillation of a function is as large.
UNLIKE_A_SINE = 64

# So small that what happens beside a number is what happens at it.
HOLE = Fraction(1, 2**1100)


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
        self.given = tuple(parameters[name] for name in declaration.parameters)
        self.parameters = tuple(
            _exact(declaration.parameters[name], parameters[name]) for name in declaration.parameters
        )

    def at(self, x: float, form: Format | None = None) -> Exact | None:
        """Return the number at a finite x (of any size), or None where the function is not defined.

        With a format, so closely that its rounding to the format is settled.
        """
        if not self.domain.low <= x <= self.domain.high:
            return None
        found = self._evaluated(x, form)
        if found is not None:
            return found
        return self._at_the_end(x) if x in (self.domain.low, self.domain.high) else self._in_the_hole(x)

    def _evaluated(self, x: Any, form: Format | None = None) -> Exact | None:
        for precision in PRECISIONS:
            found = ball(self.declaration, self.order, self.by, (x, *self.parameters), precision)
            if not found.is_finite():
                continue
            size = found.abs_upper()
            if size == 0 or _exponent(size) < NOTHING:
                return Exact(0, 0, 1 if found > 0 else -1 if found < 0 else 0)
            if found.is_exact() or found.rel_accuracy_bits() > 75:
                if form is None or _settled(found, form):
                    return _shortened(*_parts(found.mid()))
                if precision == PRECISIONS[-1]:
                    # So close to the middle of two numbers that it is taken to be the middle.
                    numerator, exponent = _parts(found.mid())
                    drop = max(0, abs(numerator).bit_length() - 160)
                    return _shortened((numerator + (1 << drop >> 1)) >> drop, exponent + drop)
        return None

    def _at_the_end(self, end: float) -> Exact | None:
        """Return the limit at an end of an inverse's domain, which is infinite, since the range that it inverts is open there."""
        inside = self.at(
            math.nextafter(end, (self.domain.low + self.domain.high) / 2 if self.domain.high < math.inf else math.inf)
        )
        if inside is None or inside.numerator == 0:
            return inside
        return Exact(1 if inside.numerator > 0 else -1, 2**20, 0)

    def _in_the_hole(self, x: float) -> Exact | None:
        """Return the limit at a number where the formula alone is not defined, as sin(x) / x at 0; None if it has none."""
        if abs(x) >= 2.0**1023:
            return None
        exact = [Fraction(x) + side for side in (HOLE, -HOLE)]
        sides = [self._evaluated(arithmetic().fmpq(*place.as_integer_ratio())) for place in exact]
        left, right = (None if side is None else side.rounded(FORMATS["float64"]) for side in sides)
        found = sides[0]
        if found is None or left != right:
            return None
        # Values of either sign beside a zero leave its own sign open.
        return found if found.numerator else Exact(0, 0, 0)

    def limit(self, sign: int) -> Exact | None:
        """Return the limit at plus or minus infinity; None where there is none, as for a sine."""
        size, found = next(((n, f) for n in NEARLY_INFINITE if (f := self.at(sign * n)) is not None), (0, None))
        if found is None:
            return None
        farther = self.at(sign * FARTHER)
        if farther is not None and _size(farther) > 1.01 * _size(found) > UNLIKE_A_SINE:
            # It grows without end, and be it as slowly as a logarithm.
            return Exact(1 if found.numerator > 0 else -1, 2**20, 0)
        beyond = self.at(3 * sign * size)
        if beyond is not None and beyond.rounded(FORMATS["float64"]) != found.rounded(FORMATS["float64"]):
            return None
        if found.numerator == 0 and found.sign == 0:
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
    def domain(self) -> Interval:
        """Where the function is defined: an inverse on the range of the function that it undoes, others where they say."""
        values = dict(zip(self.declaration.parameters, map(float, self.given)))
        if self.declaration.inverse_of is None:
            return self.declaration.domain(**values)
        return catalogue.find(self.declaration.inverse_of).range(**values)

    @cached_property
    def tail_signs(self) -> dict[int, int]:
        """The signs of the function towards minus and plus infinity."""
        return {-1: self._tail_sign(-1), 1: self._tail_sign(1)}

    def expected(self, x: float, form: Format | None = None) -> Exact | None:
        """Return the number that a result at a float must be near: limits at infinity, the sign of zeros; None for NaN."""
        if math.isnan(x):
            return None
        if math.isinf(x):
            return self.limit(1 if x > 0 else -1)
        found = self.at(x, form)
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
        exact = (self.expected(float(point), form) for point in x)
        return np.array([math.nan if e is None else e.rounded(form) for e in exact], np.float64).astype(form.dtype)


def _parts(number: Any) -> tuple[int, int]:
    mantissa, exponent = number.man_exp()
    return int(mantissa), int(exponent)


def _settled(found: Any, form: Format) -> bool:
    """Tell whether all numbers of a ball round to the same one."""
    return found.is_exact() or rounded(*_parts(found.lower()), form) == rounded(*_parts(found.upper()), form)


def _shortened(numerator: int, exponent: int) -> Exact:
    """Keep 160 bits; the last one says whether anything was dropped, so that a tie stays one and a near tie does not become one."""
    size = abs(numerator)
    drop = max(0, size.bit_length() - 160)
    kept = size >> drop
    if size & ((1 << drop) - 1):
        kept |= 1
    return Exact(kept if numerator > 0 else -kept, exponent + drop, (numerator > 0) - (numerator < 0))


def _size(number: Exact) -> float:
    """Return the logarithm of a number that is not a float's, else its size."""
    bits = abs(number.numerator).bit_length() + number.exponent
    return (
        abs(math.ldexp(number.numerator, number.exponent)) if -1000 < bits < 1000 else 2.0**1000 * min(abs(bits), 2**20)
    )


def _exponent(size: Any) -> int:
    mantissa, exponent = _parts(size)
    return abs(mantissa).bit_length() + exponent


def _exact(parameter: Parameter, value: float) -> Any:
    """Return the number that a parameter's float stands for."""
    n = parameter.denominator(value)
    return float(value) if n is None else arithmetic().fmpq(1, n)
