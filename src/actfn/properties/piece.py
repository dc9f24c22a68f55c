"""A piece of a function: an interval on which the formula is one analytic expression, which SymPy differentiates."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import mpmath
import sympy

from actfn.formula import MPMATH

# As many as any cancellation among float64 numbers can take.
BITS = 1400

# Where limits are checked, and where the last sign of a tail is looked for.
FAR = 100

# Differences below this are those of roots known to 60 digits.
TINY = mpmath.mpf(10) ** -45

X = sympy.Symbol("x", real=True)


class Piece:
    """An interval on which the function is one analytic expression; its ends are SymPy numbers."""

    def __init__(self, expression: Any, low: Any, high: Any) -> None:
        self.expression, self.exact_low, self.exact_high = expression, low, high
        self.low, self.high = number(low), number(high)
        self.known_roots: dict[int, list[Any]] = {}
        self.known_samples: dict[int, list[tuple[Any, Any]]] = {}
        self._derivatives: dict[int, Any] = {0: expression}
        self._evaluators: dict[int, Any] = {}
        self._ends: dict[tuple[int, int], Any] = {}

    def derivative(self, order: int) -> Any:
        """Return a derivative as a SymPy expression."""
        if order not in self._derivatives:
            self._derivatives[order] = sympy.diff(self.derivative(order - 1), X)
        return self._derivatives[order]

    def at(self, x: Any, order: int = 0) -> Any:
        """Return the value or a derivative at a number of the piece, at the precision in use; the limit at an end."""
        if x in (self.low, self.high):
            return self.end(-1 if x == self.low else 1, order)
        try:
            return self._evaluated(x, order)
        except ZeroDivisionError:
            # A hole, as that of sin(x) / x at 0.
            return number(sympy.limit(self.derivative(order), X, rational(x)))

    def _evaluated(self, x: Any, order: int) -> Any:
        if order not in self._evaluators:
            self._evaluators[order] = sympy.lambdify(X, self.derivative(order), modules=[*MPMATH], cse=True)
        value = self._evaluators[order](x)
        if isinstance(value, mpmath.mpc):
            return value.real if value.imag == 0 else mpmath.nan
        return mpmath.mpf(value)

    def end(self, side: int, order: int = 0) -> Any:
        """Return the limit at the left end (side -1) or the right end (side 1); NaN if it is not found."""
        if (side, order) not in self._ends:
            self._ends[side, order] = self._found_end(side, order)
        return self._ends[side, order]

    def _found_end(self, side: int, order: int) -> Any:
        x = self.low if side < 0 else self.high
        if mpmath.isinf(x):
            near, far = (self._evaluated(mpmath.sign(x) * mpmath.mpf(2) ** power, order) for power in (FAR, FAR + 50))
            settled = order > 0 and abs(far - near) < mpmath.mpf(10) ** -50 * (1 + abs(far))
            # A value at 2^150 that settled is near enough, and much faster found than a limit of SymPy.
            return _snapped(far) if settled else limit(self.derivative(order), side).value
        try:
            value = self._evaluated(x, order)
        except (ZeroDivisionError, ValueError, OverflowError):
            value = mpmath.nan
        if mpmath.isfinite(value):
            return value
        return number(
            sympy.limit(self.derivative(order), X, self.exact_low if side < 0 else self.exact_high, "+-"[side > 0])
        )

    def is_constant(self, order: int = 0) -> bool:
        """Tell whether a derivative of this order is one number on the whole piece."""
        return bool(self.derivative(order + 1) == 0)

    @property
    def inside(self) -> Any:
        """A number inside the piece."""
        return between(self.low, self.high)


def number(value: Any) -> Any:
    """Return a SymPy number as one of mpmath, with BITS bits."""
    if value in (sympy.oo, -sympy.oo):
        return mpmath.inf if value is sympy.oo else -mpmath.inf
    with mpmath.workprec(BITS):
        try:
            return mpmath.mpf(sympy.N(value, int(BITS * math.log10(2)))._to_mpmath(BITS))
        except (AttributeError, TypeError, ValueError):
            return mpmath.nan


class Limit(NamedTuple):
    """A limit: as a SymPy number where SymPy knows it, as a number (NaN if none was found), and how it was found."""

    exact: Any
    value: Any
    how: str


@lru_cache(maxsize=1024)
def limit(expression: Any, side: int) -> Limit:
    """Return the limit at minus (side -1) or plus infinity (side 1)."""
    near, far = (_evaluate(expression, side * mpmath.mpf(2) ** power) for power in (FAR, FAR + 50))
    try:
        exact = sympy.limit(expression, X, side * sympy.oo)
        found = number(exact)
    except Exception:  # noqa: BLE001  SymPy raises errors of many kinds where it knows no limit.
        found = mpmath.nan
    if mpmath.isinf(found):
        agrees = far * mpmath.sign(found) > 10
    else:
        agrees = abs(far - found) < mpmath.mpf(10) ** -20 * (1 + abs(found))
    if agrees:
        return Limit(exact, found, f"SymPy limit, agrees with the value at {'-' if side < 0 else ''}2^{FAR + 50}")
    if abs(far - near) < mpmath.mpf(10) ** -25 * (1 + abs(far)):
        return Limit(rational(far), far, f"values at 2^{FAR} and 2^{FAR + 50} agree to 25 digits")
    if mpmath.isnan(found) and abs(far) > mpmath.mpf(2) ** 20 * max(1, abs(near)):
        infinite = mpmath.sign(far) * mpmath.inf
        return Limit(
            sympy.oo * int(mpmath.sign(far)), infinite, f"values at 2^{FAR} and 2^{FAR + 50} grow like a power"
        )
    return Limit(sympy.nan, mpmath.nan, "no limit was found")


def _evaluate(expression: Any, x: Any) -> Any:
    with mpmath.workprec(BITS):
        try:
            value = sympy.lambdify(X, expression, modules=[*MPMATH], cse=True)(x)
            return mpmath.mpf(value) if not isinstance(value, mpmath.mpc) else mpmath.nan
        except (ZeroDivisionError, OverflowError, ValueError):
            return mpmath.nan


def _snapped(value: Any) -> Any:
    """Return the integer that a number agrees with to 45 digits, if there is one."""
    return mpmath.nint(value) if abs(value - mpmath.nint(value)) < TINY else value


def between(low: Any, high: Any) -> Any:
    """Return a number between two, either of which may be infinite."""
    if mpmath.isinf(low) and mpmath.isinf(high):
        return mpmath.mpf("0.3")
    if mpmath.isinf(low) or mpmath.isinf(high):
        return high - 1 if mpmath.isinf(low) else low + 1
    return (low + high) / 2


def rational(x: Any) -> Any:
    """Return a finite number of mpmath as an exact SymPy number."""
    mantissa, exponent = fraction(x)
    return sympy.Integer(mantissa) * sympy.Integer(2) ** exponent


def nearest(x: Any) -> float:
    """Return the float64 number nearest to one of mpmath, whose own conversion cuts digits off."""
    return float(mpmath.libmp.to_float(mpmath.mpf(x)._mpf_, rnd="n"))


def fraction(x: Any) -> tuple[int, int]:
    """Return a finite number of mpmath as mantissa and exponent of two."""
    sign, mantissa, exponent, _ = mpmath.mpf(x)._mpf_
    return int(-mantissa if sign else mantissa), int(exponent)
