"""What a function makes of a standard normal input: moments by quadrature, and the three gains."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import mpmath

from actfn.properties.curve import Curve
from actfn.properties.piece import Piece, nearest
from actfn.properties.report import Property
from actfn.properties.roots import stationary

# Beyond this the normal density is below 1e-340.
END = 40

# The precision of the quadrature, and the error that it may have.
DIGITS = 30
ALLOWED = mpmath.mpf(10) ** -20

MARKS = (-16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16)

Function = Callable[[Any], Any]


def moments(curve: Curve) -> dict[str, Property]:
    """Return mean, second moment, variance, the derivative's second moment and the gains, by name."""
    names = ("mean", "second_moment", "variance", "derivative_second_moment")
    gains = ("forward_gain", "variance_gain", "backward_gain")
    if not curve.everywhere:
        return {name: Property(None, "a normal input leaves the domain") for name in (*names, *gains)}
    with mpmath.workdps(DIGITS):
        mean, mean_how = expectation(curve, 0, 1)
        second, second_how = expectation(curve, 0, 2)
        slope, slope_how = expectation(curve, 1, 2)
        # A sum of terms that cancel is known to be 0 only so far.
        mean = mpmath.mpf(0) if abs(mean) < ALLOWED else mean
        variance = second - mean**2
        variance = mpmath.mpf(0) if abs(variance) < ALLOWED * abs(second) else variance
        return {
            "mean": Property(_float(mean), mean_how),
            "second_moment": Property(_float(second), second_how),
            "variance": Property(_float(variance), "E f(z)^2 - (E f(z))^2"),
            "derivative_second_moment": Property(_float(slope), slope_how),
            "forward_gain": Property(_gain(second), "1 / sqrt(E f(z)^2): keeps the second moment at 1"),
            "variance_gain": Property(_gain(variance), "1 / sqrt(Var f(z)): keeps the variance at 1"),
            "backward_gain": Property(_gain(slope), "1 / sqrt(E f'(z)^2): keeps the gradient's second moment"),
        }


def _float(value: Any) -> float | None:
    return None if mpmath.isnan(value) else nearest(value)


def _gain(moment: Any) -> float | None:
    if mpmath.isnan(moment):
        return None
    return nearest(1 / mpmath.sqrt(moment)) if moment > 0 else float("inf")


def expectation(curve: Curve, order: int, power: int) -> tuple[Any, str]:
    """Return E f(z)^power of the function or a derivative, and how it was found; NaN where the tails do not fade."""
    total, worst = mpmath.mpf(0), mpmath.mpf(0)
    for piece in curve.pieces:
        if not piece.expression.is_zero:
            integrand = _weighted(piece, order, power)
            for end in (-END, END):
                if piece.low < end < piece.high and abs(integrand(mpmath.mpf(end))) > ALLOWED:
                    return mpmath.nan, "the integrand does not fade"
            for low, high in pairwise(_marks(piece, curve.settles)):
                value, error = _integral(integrand, low, high)
                total, worst = total + value, max(worst, error)
    if mpmath.isnan(total):
        return total, "the formula is not a real number everywhere"
    if worst > ALLOWED:
        return total, f"quadrature split at joints and bends, error below {mpmath.nstr(worst, 2)}"
    return total, "quadrature split at joints and bends, to 20 digits"


def _weighted(piece: Piece, order: int, power: int) -> Function:
    return cache(lambda x: piece.at(x, order) ** power * mpmath.npdf(x))


def _marks(piece: Piece, settles: bool) -> list[Any]:
    low, high = max(piece.low, mpmath.mpf(-END)), min(piece.high, mpmath.mpf(END))
    bends = [x for order in (1, 2, 3) for x in stationary(piece, order)] if settles else []
    inner = {float(x) for x in (*MARKS, *bends) if low < x < high}
    return [low, *map(mpmath.mpf, sorted(inner)), high] if low < high else []


def _integral(integrand: Function, low: Any, high: Any, depth: int = 6) -> tuple[Any, Any]:
    value, error = mpmath.quad(integrand, [low, high], error=True)
    if mpmath.isnan(value) or error < ALLOWED or depth == 0:
        return value, error
    middle = (low + high) / 2
    halves = [_integral(integrand, *ends, depth - 1) for ends in ((low, middle), (middle, high))]
    return sum(half[0] for half in halves), max(half[1] for half in halves)
