"""Functions of the normal distribution: a clipped gelu, the distribution function itself, and a gate made of erf."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, cast

from actfn.functions.common import constant, decaying, magnitude
from actfn.functions.declare import POSITIVE, REALS, Declaration, Interval, Kink, Parameter, elementwise
from actfn.functions.elementary import log1p_precise, series
from actfn.functions.gaussians import (
    INVERSE_SQRT_TWO_PI,
    NORMAL_END,
    NORMAL_TAIL,
    NORMAL_TAIL_LEADING,
    NORMAL_TAIL_SHORT,
    gelu,
    tail,
    tail_polynomial,
)
from actfn.functions.spelling import Spelling

GELU: Mapping[str, Callable[..., Any]] = cast(Declaration, gelu).kernels

GELU_MINIMUM, GELU_TURN = -0.16997120747990366, -0.7517915246935645
SQRT_TWO = "1.41421356237309504880168872420969807856967187537694807317668"
TWO_OVER_SQRT_PI = "1.12837916709551257389615890312154517168810125865799771368817"
# erf(y) sqrt(pi) / 2y as a power series in y^2, for y <= log(2): relative error 2^-66.
ERF_LEADING = tuple(f"{(-1) ** n}/{math.factorial(n) * (2 * n + 1)}" for n in range(6))
ERF = tuple((-1.0) ** n / (math.factorial(n) * (2 * n + 1)) for n in range(6, 20))


def gelu_against(m: Any, x: Any, level: Any) -> Any:
    """Return gelu(x) less a level, closely enough to tell the sign next to where they meet."""
    a, e, unlift = tail(m, x)
    upper = e * tail_polynomial(m, a, NORMAL_TAIL_LEADING, NORMAL_TAIL, NORMAL_TAIL_SHORT) / m.sum(a, 3.0) * unlift
    inside = m.where(x < 0.0, -(upper * a), (1.0 - upper) * a)
    return m.high(m.where(x > NORMAL_END, m.minimum(x, 1e300), inside) - level)


def gelu_crossings(level: float, upper: bool) -> list[tuple[float, float]]:
    """Return the last floats at which gelu is not beyond a bound, and its slope there."""

    def value(x: float) -> float:
        return 0.5 * x * math.erfc(-x / math.sqrt(2.0))

    def slope(x: float) -> float:
        return 0.5 * math.erfc(-x / math.sqrt(2.0)) + x * math.exp(-0.5 * x * x) * float(INVERSE_SQRT_TWO_PI)

    def crossing(below: float, above: float) -> float:
        while (middle := (below + above) / 2) not in (below, above):
            below, above = (middle, above) if value(middle) < level else (below, middle)
        return below if upper and value(above) > level else above

    if level < GELU_MINIMUM:
        return []
    right = crossing(GELU_TURN, max(level, 0.0) + 1.0)
    found = [right] if level >= 0 else [crossing(GELU_TURN, -NORMAL_END), right]
    return [(x, slope(x)) for x in found]


@elementwise(
    hot=False,
    aliases=("gelu_10",),
    tags=("gated", "bounded"),
    papers=("Wu, Judd, Zhang, Isaev & Micikevicius 2020, Integer quantization for deep learning, arXiv:2004.09602",),
    names={
        "transformers": (
            'transformers.activations.ACT2FN["gelu_10"](x)',
            Spelling(
                "transformers.activations.ClippedGELUActivation(min, max)(x)",
                means={"min": "min_value", "max": "max_value"},
            ),
        )
    },
    parameters=(
        Parameter("min_value", -10.0, REALS, "lower bound; below -0.17 without effect"),
        Parameter("max_value", 10.0, REALS, "upper bound, which should be above the lower one"),
    ),
)
class clipped_gelu:
    """Gelu cut off at two bounds, so that few bits are enough for its results."""

    def formula(m: Any, x: Any, min_value: Any, max_value: Any) -> Any:
        value = x * (1 + m.erf(x / m.sqrt(2))) / 2
        return m.where(value >= max_value, max_value, m.where(value <= min_value, min_value, value))

    def value(m: Any, x: Any, min_value: Any, max_value: Any) -> Any:
        value = GELU["value"](m, x)
        return m.where(value >= max_value, max_value, m.maximum(value, min_value))

    def first(m: Any, x: Any, min_value: Any, max_value: Any) -> Any:
        return between(m, x, min_value, max_value, GELU["first"](m, x), 0.0)

    def second(m: Any, x: Any, min_value: Any, max_value: Any) -> Any:
        # Beyond the bound zero has the sign that the second derivative has up to it: gelu(sqrt(2)) is 1.303.
        beyond = m.where(max_value > 1.303, -0.0, 0.0)
        return between(m, x, min_value, max_value, GELU["second"](m, x), beyond)

    def partial_min_value(m: Any, x: Any, min_value: Any, max_value: Any) -> Any:
        raised = (gelu_against(m, x, min_value) < 0.0) & (gelu_against(m, x, max_value) < 0.0)
        return m.where(raised, 1.0, constant(m, x, 0.0))

    def partial_max_value(m: Any, x: Any, min_value: Any, max_value: Any) -> Any:
        return m.where(gelu_against(m, x, max_value) > 0.0, 1.0, constant(m, x, 0.0))

    def range(min_value: float, max_value: float) -> Interval:
        low = max(min_value, GELU_MINIMUM)
        return Interval(min(low, max_value), max(low, max_value), low_closed=True, high_closed=True)

    def kinks(min_value: float, max_value: float) -> tuple[Kink, ...]:
        if min_value >= max_value:
            return ()
        inside_right = [(x, slope, slope > 0) for x, slope in gelu_crossings(min_value, upper=False)]
        inside_right += [(x, slope, slope < 0) for x, slope in gelu_crossings(max_value, upper=True)]
        return tuple(
            Kink(x, 0.0, slope, chosen=slope) if right else Kink(x, slope, 0.0, chosen=slope)
            for x, slope, right in sorted(inside_right)
        )


def between(m: Any, x: Any, min_value: Any, max_value: Any, inside: Any, outside: Any) -> Any:
    """Return a derivative where gelu is between the bounds, these included, and 0 elsewhere."""
    unclipped = (gelu_against(m, x, min_value) >= 0.0) & (gelu_against(m, x, max_value) <= 0.0)
    return m.where(unclipped, inside, constant(m, x, outside))


def upper_tail(m: Any, a: Any) -> Any:
    """Return P(Z > a) exp(a^2 / 2) for a pair 0 <= a <= 39.5 and a standard normal Z."""
    t, leading = (a - 3.0) / (a + 3.0), NORMAL_TAIL_LEADING
    rest = m.polynomial(m.high(t), NORMAL_TAIL, NORMAL_TAIL_SHORT)
    return (m.constant(leading[0]) + t * (m.constant(leading[1]) + t * rest)) / (a + 3.0)


def standardised(m: Any, x: Any, mu: Any, sigma: Any) -> tuple[Any, Any, Any]:
    """Return (x - mu) / sigma as a pair, 0 where the distribution is saturated, and whether that is high or low."""
    rough = (x - mu) / sigma
    high, low = rough > NORMAL_END, rough < -NORMAL_END
    return m.sum(m.where(high | low, mu, x), -mu) / sigma, high, low


def density(m: Any, z: Any) -> tuple[Any, Any]:
    """Return exp(-z^2 / 2) / sqrt(2 pi) for a pair, and the factor of its lift."""
    e, unlift = decaying(m, -0.5 * (z * z), "exp_precise")
    return e * m.constant(INVERSE_SQRT_TWO_PI), unlift


@elementwise(
    hot=False,
    tags=("sigmoidal", "bounded", "monotone", "smooth", "probability"),
    papers=("Ma et al. 2022, Mega: Moving average equipped gated attention, arXiv:2209.10655",),
    names={"transformers": 'transformers.activations.ACT2FN["laplace"](x)'},
    parameters=(
        Parameter("mu", 0.707107, REALS, "mean of the normal distribution, where the value is 1/2"),
        Parameter("sigma", 0.282095, POSITIVE, "its standard deviation"),
    ),
)
class laplace:
    """P(Z <= (x - mu) / sigma) for a standard normal Z: Mega's smooth stand-in for a squared relu in attention."""

    def formula(m: Any, x: Any, mu: Any, sigma: Any) -> Any:
        return (1 + m.erf((x - mu) / (sigma * m.sqrt(2)))) / 2

    def value(m: Any, x: Any, mu: Any, sigma: Any) -> Any:
        z, high, low = standardised(m, x, mu, sigma)
        negative, size = magnitude(m, z)
        e, unlift = decaying(m, -0.5 * (z * z), "exp_precise")
        upper = e * upper_tail(m, size)
        inside = m.where(negative, m.round(upper) * unlift, m.round(1.0 - upper))
        return m.where(high, 1.0, m.where(low, 0.0, inside))

    def first(m: Any, x: Any, mu: Any, sigma: Any) -> Any:
        z, high, low = standardised(m, x, mu, sigma)
        e, unlift = density(m, z)
        return m.where(high | low, 0.0, m.round(e / sigma) * unlift)

    def second(m: Any, x: Any, mu: Any, sigma: Any) -> Any:
        z, high, low = standardised(m, x, mu, sigma)
        e, unlift = density(m, z)
        return m.copysign(m.where(high | low, 0.0, m.round(e * z / sigma / sigma) * unlift), -(x - mu))

    def partial_mu(m: Any, x: Any, mu: Any, sigma: Any) -> Any:
        z, high, low = standardised(m, x, mu, sigma)
        e, unlift = density(m, z)
        return m.where(high | low, -0.0, -m.abs(m.round(e / sigma) * unlift))

    def partial_sigma(m: Any, x: Any, mu: Any, sigma: Any) -> Any:
        z, high, low = standardised(m, x, mu, sigma)
        e, unlift = density(m, z)
        return m.copysign(m.where(high | low, 0.0, m.round(e * z / sigma) * unlift), -(x - mu))

    def range(mu: float, sigma: float) -> Interval:
        return Interval(0.0, 1.0)


class Serf:
    """The parts of erf(p) for p = softplus(x), as pairs: e = exp(-|x|), p, exp(-p^2) and erf(p).

    Left of 0 e may be lifted, and all of these but exp(-p^2) with it; right of 0 exp(-p^2) may be lifted.
    """

    def __init__(self, m: Any, x: Any) -> None:
        self.x = m.minimum(m.maximum(x, -760.0), 27.7)
        self.negative, size = magnitude(m, m.pair(self.x))
        lifted, unlift = decaying(m, -size, "exp_precise")
        self.e, self.d = lifted, 1.0 + lifted
        logarithm = log1p_precise(m, lifted)
        self.p = m.where(self.negative, logarithm, size + logarithm)
        self.bell, other_unlift = decaying(m, -(self.p * self.p), "exp_precise")
        near = m.where(self.negative, self.p, 0.0)
        left = m.constant(TWO_OVER_SQRT_PI) * near * series(m, near * near, ERF_LEADING, ERF)
        upper = self.bell * upper_tail(m, m.constant(SQRT_TWO) * m.where(self.negative, 1.0, self.p))
        self.erf = m.where(self.negative, left, 1.0 - 2.0 * upper)
        self.unlift, self.both = m.where(self.negative, unlift, 1.0), m.where(self.negative, unlift, other_unlift)


@elementwise(
    hot=False,
    tags=("gated", "smooth"),
    papers=("Nag & Bhattacharyya 2021, SERF: Log-softplus error activation function, arXiv:2108.09598",),
)
class serf:
    """x erf(softplus(x)): as mish, with the error function in place of tanh."""

    def formula(m: Any, x: Any) -> Any:
        return x * m.erf(m.log(1 + m.exp(x)))

    def value(m: Any, x: Any) -> Any:
        parts = Serf(m, x)
        return m.copysign(m.where(x > 27.0, x, m.round(parts.erf * parts.x) * parts.unlift), x)

    def first(m: Any, x: Any) -> Any:
        # erf(p) + x erf'(p) s, where s is sigmoid(x).
        parts = Serf(m, x)
        s = m.where(parts.negative, parts.e, 1.0) / parts.d
        rise = m.constant(TWO_OVER_SQRT_PI) * parts.bell * s * parts.x
        return m.round(parts.erf + rise) * parts.unlift

    def second(m: Any, x: Any) -> Any:
        # erf'(p) s (2 + x (1 - s - 2 p s)); 1 - s is e / (1 + e) right of 0 and 1 / (1 + e) left of it.
        parts = Serf(m, x)
        e, d, p, negative = parts.e, parts.d, parts.p, parts.negative
        inner = m.where(negative, 1.0, e) - 2.0 * p * m.where(negative, e, 1.0)
        factor = m.constant(TWO_OVER_SQRT_PI) * parts.bell * m.where(negative, e, 1.0)
        return m.round(factor * (2.0 * d + inner * parts.x) / (d * d)) * parts.both

    def range() -> Interval:
        return Interval(-0.3484374587596064, low_closed=True)
