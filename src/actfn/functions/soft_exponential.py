"""A continuum from the logarithm over the identity to the exponential."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from actfn.functions.common import LIFT, UNLIFT, constant, decaying, scaled
from actfn.functions.declare import INFINITY, REALS, Interval, Parameter, elementwise
from actfn.functions.elementary import expm1_precise, exponential_rest
from actfn.functions.spelling import Argument, Spelling

# A pair must not overflow: past these numbers, and past these squares.
LARGE, LARGEST, LARGE_ROOT = 1e200, 1.7976931348623157e308, 1e150
# (atanh(s) - s) / s^3 as a power series in s^2, for |s| <= 1/3: relative error 2^-58.
ATANH_REST = tuple(1.0 / n for n in range(3, 39, 2))


class Exponential:
    """The parts for alpha > 0: t = alpha x as a pair, which is 0 where it is saturated high or low."""

    def __init__(self, m: Any, x: Any, alpha: Any) -> None:
        self.alpha = m.where(alpha > 0.0, alpha, 1.0)
        self.t, self.high, self.low = scaled(m, self.alpha, x)
        # Where t is large, exp(t) is the square of half, so that factors come in before it overflows.
        self.far = m.high(self.t) > 40.0
        self.near_t = m.where(self.far, 0.0, self.t)
        self.half = m.exp_pair(0.5 * m.where(self.far, self.t, 0.0), 0.0)

    def chosen(self, m: Any, near: Any, far: Any, at_low: Any) -> Any:
        """Return a number, but half times a pair where t is large, and limits where t is saturated."""
        product = m.round(far * (self.half * 2.0**-200)) * 2.0**200
        # A pair that overflows is no number.
        product = m.where(product == product, product, INFINITY)  # noqa: PLR0124
        return m.where(self.high, INFINITY, m.where(self.low, at_low, m.where(self.far, product, near)))


class Logarithm:
    """The parts for alpha < 0, where b = -alpha: y = b (x - b) as a pair; the domain is where y > -1."""

    def __init__(self, m: Any, x: Any, alpha: Any) -> None:
        self.b = m.where(alpha < 0.0, -alpha, 1.0)
        self.large = self.b * m.abs(x) > LARGE
        self.distance = m.sum(m.where(self.large, self.b, x), -self.b)
        self.y = self.distance * self.b
        self.end = m.high(1.0 + self.y)
        self.x = x

    def logarithm(self, m: Any) -> tuple[Any, Any]:
        """Return log(1 + y), and the same where y is large."""
        big = m.log_pair(m.pair(m.minimum(m.maximum(self.x, 1.0), LARGEST))) + m.log_pair(m.pair(self.b))
        return m.log1p_pair(m.where(self.end > 0.0, self.y, 0.0)), big

    def chosen(self, m: Any, near: Any, far: Any, at_infinity: Any, at_end: Any) -> Any:
        """Return a number inside the domain, limits at its ends, and NaN left of it."""
        nan = float("nan")
        outside = m.where(self.end == 0.0, at_end, nan)
        beyond = m.where(self.x == INFINITY, at_infinity, m.where(self.x > 0.0, far, nan))
        return m.where(self.large, beyond, m.where(self.end > 0.0, near, outside))


def by_sign(m: Any, alpha: Any, positive: Any, zero: Any, negative: Any) -> Any:
    return m.where(alpha > 0.0, positive, m.where(alpha < 0.0, negative, zero))


def squared(m: Any, factor: Any, x: Any) -> Any:
    """Return factor x^2 + 1 for a pair factor, which may be infinite."""
    inner = m.minimum(m.maximum(x, -LARGE_ROOT), LARGE_ROOT)
    return m.where(m.abs(x) > LARGE_ROOT, m.round(factor) * x * x, m.round(factor * inner * inner + 1.0))


@elementwise(
    hot=False,
    tags=("monotone", "smooth", "learnable"),
    papers=(
        "Godfrey & Gashler 2015, A continuum among logarithmic, linear, and exponential functions, arXiv:1602.01321",
    ),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.SoftExponential(alpha=None)(x)",
            means={"alpha": Argument("alpha", "{}", {None: 0.0})},
            note="learnt, one alpha for all",
        )
    },
    parameters=(
        Parameter("alpha", None, REALS, "learnt: logarithm for -1, identity for 0, exponential for 1", example=0.5),
    ),
)
class soft_exponential:
    """Between the logarithm (alpha = -1), the identity (0) and the exponential (1); alpha and -alpha undo each other."""

    def formula(m: Any, x: Any, alpha: Any) -> Any:
        logarithm, power = -m.log(1 - alpha * (x + alpha)) / alpha, (m.exp(alpha * x) - 1) / alpha + alpha
        return m.where(alpha > 0, power, m.where(alpha < 0, logarithm, x))

    def value(m: Any, x: Any, alpha: Any) -> Any:
        e = Exponential(m, x, alpha)
        negative = m.high(e.near_t) < 0.0
        # The sum may have a root left of 0.
        rise = m.where(negative, expm1_precise(m, m.where(negative, e.near_t, 0.0)), m.expm1_pair(e.near_t))
        at_low = m.round(e.alpha - 1.0 / m.pair(e.alpha))
        power = e.chosen(m, m.round(rise / e.alpha + e.alpha), e.half / e.alpha + e.alpha / e.half, at_low)
        g = Logarithm(m, x, alpha)
        near, far = g.logarithm(m)
        logarithm = g.chosen(m, m.round(near / g.b), m.round(far / g.b), INFINITY, -INFINITY)
        return by_sign(m, alpha, power, x, logarithm)

    def first(m: Any, x: Any, alpha: Any) -> Any:
        e = Exponential(m, x, alpha)
        near, unlift = decaying(m, e.near_t)
        power = e.chosen(m, m.round(near) * unlift, e.half, 0.0)
        g = Logarithm(m, x, alpha)
        far = m.round(LIFT / m.pair(m.minimum(m.maximum(x, 1.0), LARGEST)) / g.b) * UNLIFT
        logarithm = g.chosen(m, m.round(1.0 / (1.0 + g.y)), far, 0.0, INFINITY)
        return by_sign(m, alpha, power, constant(m, x, 1.0), logarithm)

    def second(m: Any, x: Any, alpha: Any) -> Any:
        e = Exponential(m, x, alpha)
        near, unlift = decaying(m, e.near_t)
        power = e.chosen(m, m.round(near * e.alpha) * unlift, e.half * e.alpha, 0.0)
        g = Logarithm(m, x, alpha)
        reciprocal = 1.0 / (1.0 + g.y)
        inside = -m.abs(m.round(reciprocal * LIFT * reciprocal * g.b) * UNLIFT)
        return by_sign(m, alpha, power, constant(m, x, 0.0), g.chosen(m, inside, -0.0, -0.0, -INFINITY))

    def partial_alpha(m: Any, x: Any, alpha: Any) -> Any:
        # (1 - e^t + t e^t) / alpha^2 + 1, where the first sum is t^2 (1 - (1 - t) r) for the rest r = (e^t - 1 - t) / t^2.
        e = Exponential(m, x, alpha)
        t = m.where(m.abs(m.high(e.near_t)) < 1.0, e.near_t, 0.0)
        small = squared(m, 1.0 - (1.0 - t) * exponential_rest(m, t), x)
        wide = m.round((1.0 + m.exp_pair(e.near_t, 0.0) * (e.near_t - 1.0)) / e.alpha / e.alpha + 1.0)
        far = e.half * (e.t - 1.0) / e.alpha / e.alpha + 1.0 / e.half
        at_low = m.round(1.0 / m.pair(e.alpha) / e.alpha + 1.0)
        power = e.chosen(m, m.where(m.abs(m.high(e.near_t)) < 1.0, small, wide), far, at_low)
        # (log(1 + y) - y / (1 + y)) / b^2 + 1 / (1 + y), where log(1 + y) is 2 atanh(s) for s = y / (2 + y).
        g = Logarithm(m, x, alpha)
        y = m.where(m.abs(m.high(g.y)) < 0.5, g.y, 0.0)
        s, slope = y / (2.0 + y), 1.0 / (1.0 + g.y)
        scale = m.where(m.abs(m.high(g.y)) < 0.5, g.distance, 0.0) / (2.0 + y)
        rest = m.polynomial(m.high(s * s), ATANH_REST)
        small = m.round(2.0 * scale * scale * (1.0 / (1.0 + s) + s * rest) + slope)
        near, big = g.logarithm(m)
        wide = m.round((near - g.y * slope) / g.b / g.b + slope)
        inside = m.where(m.abs(m.high(g.y)) < 0.5, small, wide)
        logarithm = g.chosen(m, inside, m.round((big - 1.0) / g.b / g.b), INFINITY, INFINITY)
        return by_sign(m, alpha, power, squared(m, m.pair(0.5), x), logarithm)

    def range(alpha: float) -> Interval:
        return Interval(alpha - 1 / alpha) if alpha > 0 else REALS

    def domain(alpha: float) -> Interval:
        return Interval(float(1 / Fraction(alpha) - Fraction(alpha))) if alpha < 0 else REALS

    def inverse(alpha: float) -> tuple[str, dict[str, Any]]:
        return "soft_exponential", {"alpha": -alpha}
