"""Elementary functions to 2^-62, for kernels in which a difference magnifies their error."""

from __future__ import annotations

from math import factorial
from typing import Any

# (e^t - 1 - t) / t^2 for |t| <= 1, and (1 - t) (2 atanh(s) / 2s) for s^2 <= 1/9, by their power series: relative error 2^-66.
REST_LEADING = tuple(f"1/{factorial(n)}" for n in range(2, 8))
REST = tuple(1.0 / factorial(n) for n in range(8, 23))
ATANH_LEADING = ("1", "1/3", "1/5", "1/7")
ATANH = tuple(1.0 / n for n in range(9, 43, 2))


def series(m: Any, t: Any, leading: tuple[str, ...], rest: tuple[float, ...]) -> Any:
    """Return a power series in t, whose first coefficients count to twice the precision."""
    result = m.polynomial(m.high(t), rest)
    for coefficient in reversed(leading):
        result = m.constant(coefficient) + t * result
    return result


def exponential_rest(m: Any, t: Any) -> Any:
    """Return (e^t - 1 - t) / t^2 for |t| <= 1."""
    return series(m, t, REST_LEADING, REST)


def expm1_precise(m: Any, t: Any) -> Any:
    """Return e^t - 1 for t <= 0."""
    near = m.where(m.high(t) > -1.0, t, 0.0)
    return m.where(m.high(t) > -1.0, near + near * near * exponential_rest(m, near), m.exp_precise(t, 0.0) - 1.0)


def log1p_precise(m: Any, q: Any) -> Any:
    """Return log(1 + q) for 0 <= q <= 1."""
    s = q / (2.0 + q)
    return 2.0 * s * series(m, s * s, ATANH_LEADING, ATANH)


def narrow(m: Any) -> Any:
    """Return whether results are narrower than float64, so that a pair is a plain float64."""
    return m.round(m.sum(1.0, 2.0**-60) - 1.0) == 0.0


def odd_line(m: Any, slope: Any, x: Any, offset: Any) -> Any:
    """Return slope x + offset for a narrow x; a sum that was rounded to a few digits is moved to the side of what was cut off."""
    high = upper(slope, 2.0**27 + 1.0)
    start, small = high * x, (slope - high) * x
    rough = start + offset
    part = rough - start
    below = (start - (rough - part)) + (offset - part) + small
    total = rough + below
    rest = below - (total - rough)
    return m.where(rest == 0.0, total, off_tie(m, total, rest))


def off_tie(m: Any, x: Any, side: Any) -> Any:
    """Return x, but where results are narrow and x may be half way between two, a number next to it on a side given by its sign."""
    # Only a number of at most 40 bits can be half way between two narrow ones.
    return m.where(upper(x, 2.0**13 + 1.0) == x, x + m.abs(x) * m.sticky(side), x)


def upper(x: Any, spread: float) -> Any:
    """Return the upper bits of a number: without those that a factor of 2^n + 1 shifts n places up."""
    shifted = x * spread
    return shifted - (shifted - x)


Root = tuple[float, str]


def beyond(m: Any, x: Any, root: Root) -> Any:
    """Return how far x is right of a root, which is given as a number of 26 bits and a rest."""
    return m.sum(x, -root[0]) - m.constant(root[1])


def near_root(m: Any, x: Any, root: Root, taylor: tuple[float, ...], usual: Any) -> Any:
    """Return a result, but where narrow ones would lose it to cancellation within 2^-6 of a root, its Taylor series from order 1 on."""
    distance = m.round(beyond(m, x, root))
    return m.where(narrow(m) & (m.abs(distance) < 2.0**-6), distance * m.polynomial(distance, taylor), usual)
