"""Pieces that several kernels share."""

from __future__ import annotations

from typing import Any

from actfn.functions.declare import INFINITY

# A power of two that lifts an exponential out of the subnormal numbers, so that a large factor does not magnify its rounding.
LIFT_BITS = 128.0
LIFT, UNLIFT = 2.0**128, 2.0**-128

# Past this no exponential of float64 is above zero.
SATURATED = 800.0


def constant(m: Any, x: Any, value: Any) -> Any:
    """Return the value, but NaN where x is NaN."""
    return m.where(x == x, value, x)  # noqa: PLR0124


def decaying(m: Any, exponent: Any, exponential: str = "exp_pair") -> tuple[Any, Any]:
    """Return exp(exponent) for exponent <= 0, lifted where it would be subnormal, and the factor that takes the lift back."""
    deep = m.deep(m.high(exponent))
    lifted = getattr(m, exponential)(exponent, m.where(deep, LIFT_BITS, 0.0))
    return lifted, m.where(deep, UNLIFT, 1.0)


def scaled(m: Any, beta: Any, x: Any) -> tuple[Any, Any, Any]:
    """Return beta x to twice the precision (0 where it is saturated), and where it is saturated high and low."""
    rough = beta * x
    high, low = rough > SATURATED, rough < -SATURATED
    return m.product(beta, m.where(high | low, 0.0, x)), high, low


def magnitude(m: Any, t: Any) -> tuple[Any, Any]:
    """Return where a pair is negative, and its absolute value."""
    negative = m.high(t) < 0.0
    return negative, m.where(negative, -t, t)


def line(m: Any, slope: Any, x: Any, offset: Any) -> Any:
    """Return slope x + offset as a pair, where a slope that is the float64 nearest to 1/n means 1/n: (x + offset n) / n."""
    to_integer = 1.5 * 2.0**52
    n = (1.0 / slope + to_integer) - to_integer
    fraction = 1.0 / n == slope
    start = m.where(fraction, m.product(offset, n), offset)
    return (m.where(fraction, x, m.product(slope, x)) + start) / m.where(fraction, n, 1.0)


def through(m: Any, x: Any, slope: Any, corner: Any, height: Any) -> Any:
    """Return height + slope (x - corner), rounded once: the line through the point (corner, height)."""
    # Far out both ends of the sum are scaled down, so that the pair does not overflow.
    far = m.abs(x) > 1e100
    scale = m.where(far, 2.0**-200, 1.0)
    rise = m.sum(scale * x, -(scale * corner)) * slope
    finite = m.round(rise + scale * height) * m.where(far, 2.0**200, 1.0)
    return m.where(m.abs(x) == INFINITY, m.where(slope == 0.0, height, slope * x), finite)


def logistic(m: Any, t: Any) -> Any:
    """Return 1 / (1 + exp(-t)) for a pair t, as a pair: with e = exp(-|t|) neither half overflows nor cancels."""
    negative, size = magnitude(m, t)
    e = m.exp_pair(-size, 0.0)
    return m.where(negative, e, 1.0) / (1.0 + e)


def pair_polynomial(m: Any, t: Any, leading: tuple[str, ...], rest: tuple[float, ...]) -> Any:
    """Return a polynomial of a pair, lowest coefficient first; the leading ones are known to twice the precision."""
    result = m.polynomial(m.high(t), rest)
    for coefficient in reversed(leading):
        result = m.constant(coefficient) + t * result
    return result


def square_root(m: Any, square: Any) -> Any:
    """Return the square root of a positive pair, as a pair: one step of Newton's method."""
    rough = m.sqrt(m.high(square))
    return rough + (square - m.product(rough, rough)) / (2.0 * rough)


def gate_slope(m: Any, t: Any, inner: Any) -> tuple[Any, Any]:
    """Return (x sigmoid(z(x)))' for a pair t = z(x) and inner = |x z'(x)| as a pair, and the factor of its lift.

    With e = exp(-|t|) it is (1 + e + inner e) / (1 + e)^2 right of 0 and e (1 + e - inner) / (1 + e)^2 left of it; the
    difference has a root, and is taken from an exponential of twice the precision.
    """
    negative, size = magnitude(m, t)
    e, unlift = decaying(m, -size, "exp_precise")
    d = 1.0 + e
    numerator = m.where(negative, e * (d - inner), d + inner * e)
    return numerator / (d * d), m.where(negative, unlift, 1.0)


def gate_first(m: Any, t: Any, inner: Any) -> tuple[Any, Any]:
    """Return (x sigmoid(z(x)))' as a number, and the factor of its lift."""
    slope, unlift = gate_slope(m, t, inner)
    return m.round(slope), unlift


def gate_second(m: Any, t: Any, straight: Any, curved: Any) -> tuple[Any, Any]:
    """Return e (straight (1 + e) - curved (1 - e)) / (1 + e)^3 with e = exp(-|t|), and the factor of its lift."""
    _, size = magnitude(m, t)
    e, unlift = decaying(m, -size, "exp_precise")
    d = 1.0 + e
    return m.round(e * (d * straight - (1.0 - e) * curved) / (d * d * d)), unlift


def sine_of_product(m: Any, a: Any, b: Any) -> Any:
    """Return sin(a b) of two numbers as a pair; NaN at infinity, where it has no limit."""
    quadrant, angle = m.quadrant(a, b), m.angle(a, b)
    odd = (quadrant == 1.0) | (quadrant == 3.0)
    size = m.where(odd, m.cos_pair(angle), m.sin_pair(angle))
    return m.where(quadrant >= 2.0, -size, size)


def cosine_of_product(m: Any, a: Any, b: Any) -> Any:
    """Return cos(a b) of two numbers as a pair; NaN at infinity, where it has no limit."""
    quadrant, angle = m.quadrant(a, b), m.angle(a, b)
    odd = (quadrant == 1.0) | (quadrant == 3.0)
    size = m.where(odd, m.sin_pair(angle), m.cos_pair(angle))
    return m.where((quadrant == 1.0) | (quadrant == 2.0), -size, size)
