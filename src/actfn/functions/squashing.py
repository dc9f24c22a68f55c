"""More functions that squash the reals into an interval: algebraic sigmoids, a parabola's, soft and lopsided ones."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import LIFT, LIFT_BITS, SATURATED, UNLIFT, constant, decaying, magnitude, square_root
from actfn.functions.declare import POSITIVE, Interval, Parameter, elementwise
from actfn.functions.spelling import Spelling


@elementwise(
    hot=False,
    aliases=("elliott_sigmoid",),
    tags=("sigmoidal", "bounded", "monotone", "probability"),
    papers=("Elliott 1993, A better activation function for artificial neural networks",),
)
class elliott:
    """A sigmoid with range (0, 1) made of one division, x / (2 + 2 |x|) + 1/2: softsign, halved and lifted."""

    def formula(m: Any, x: Any) -> Any:
        return (x / (1 + m.abs(x)) + 1) / 2

    def value(m: Any, x: Any) -> Any:
        a = m.abs(x)
        half = 0.5 / m.sum(1.0, m.minimum(a, 1e300))
        return m.where(x > 0.0, m.round(1.0 - half), m.where(a > 1e300, 0.5 / a, m.round(half)))

    def first(m: Any, x: Any) -> Any:
        # Lifted, the product is rounded once where it is subnormal.
        reciprocal = 1.0 / m.sum(1.0, m.minimum(m.abs(x), 1e300))
        return m.round(reciprocal * (0.5 * LIFT) * reciprocal) * UNLIFT

    def second(m: Any, x: Any) -> Any:
        reciprocal = 1.0 / m.sum(1.0, m.minimum(m.abs(x), 1e300))
        # The formula has 0 as its second derivative at the joint, half way between the one-sided 1 and -1.
        cube = m.where(x == 0.0, 0.0, m.round(reciprocal * LIFT * reciprocal * reciprocal))
        return m.copysign(cube * UNLIFT, -x)

    def range() -> Interval:
        return Interval(0.0, 1.0)


def inverse_root(m: Any, x: Any, alpha: Any) -> tuple[Any, Any, Any, Any]:
    """Return sqrt(alpha), y = sqrt(alpha) |x| and 1 / sqrt(1 + y^2) as pairs, with 0 for y where that is huge, and where it is."""
    root = square_root(m, m.pair(alpha))
    a = m.abs(x)
    far = m.high(root) * a > 1e108
    y = root * m.where(far, 0.0, a)
    return root, y, 1.0 / square_root(m, 1.0 + y * y), far


def isru_value(m: Any, x: Any, alpha: Any) -> Any:
    root, _, q, far = inverse_root(m, x, alpha)
    near = m.round(q * m.where(far, 0.0, m.abs(x)))
    return m.copysign(m.where(far, m.round(1.0 / root), near), x)


def isru_first(m: Any, x: Any, alpha: Any) -> Any:
    _, _, q, far = inverse_root(m, x, alpha)
    return m.where(far, 0.0, m.round(q * q * q))


def isru_second(m: Any, x: Any, alpha: Any) -> Any:
    # It is 3 alpha x q^5: small factors last, and the subnormal numbers never among them.
    root, y, q, far = inverse_root(m, x, alpha)
    a = m.where(far, 0.0, m.abs(x))
    cube = q * q * q
    near = m.round(m.product(3.0, alpha) * (1.0 - m.sticky(a)) * (cube * q * q) * a)
    middle = m.round(root * q * (3.0 * y * q) * cube)
    return m.copysign(m.where(far, 0.0, m.where(m.high(y) < 1.0, near, middle)), -x)


def isru_partial(m: Any, x: Any, alpha: Any) -> Any:
    root, _, q, far = inverse_root(m, x, alpha)
    size = m.where(far, 1.0 / root, q * m.where(far, 0.0, m.abs(x)))
    huge = m.high(size) > 1e100
    bounded = m.where(huge, 0.0, size)
    cube = m.round(0.5 * (bounded * bounded * bounded))
    return m.copysign(m.where(huge, 0.5 * m.high(size) * m.high(size) * m.high(size), cube), -x)


ISR_ALPHA = Parameter("alpha", 1.0, POSITIVE, "curvature: the limit is 1 / sqrt(alpha)")


@elementwise(
    hot=False,
    aliases=("inverse_square_root_unit",),
    tags=("sigmoidal", "bounded", "monotone", "smooth", "zero_centred"),
    papers=(
        "Carlile et al. 2017, Improving deep learning by inverse square root linear units (ISRLUs), arXiv:1710.09967",
    ),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.ISRU(alpha=1.0, isrlu=False)(x)",
            requires={"isrlu": False},
            note="raises AttributeError when it is called",
        )
    },
    parameters=(ISR_ALPHA,),
)
class isru:
    """x / sqrt(1 + alpha x^2): a sigmoid from one inverse square root, without an exponential."""

    def formula(m: Any, x: Any, alpha: Any) -> Any:
        return x / m.sqrt(1 + alpha * x**2)

    value, first, second, partial_alpha = isru_value, isru_first, isru_second, isru_partial

    def range(alpha: float) -> Interval:
        return Interval(-1 / alpha**0.5, 1 / alpha**0.5)


@elementwise(
    hot=False,
    aliases=("square_nonlinearity",),
    tags=("sigmoidal", "bounded", "monotone", "zero_centred"),
    papers=("Wuraola & Patel 2018, SQNL: a new computationally efficient activation function",),
    names={"echo": "echoAI.Activation.t_ops.SQNL()(x)"},
)
class sqnl:
    """x - x |x| / 4 between -2 and 2, and ±1 beyond: two parabolas that meet like a tangent."""

    def formula(m: Any, x: Any) -> Any:
        return m.where(x > 2, 1, m.where(x >= 0, x - x**2 / 4, m.where(x >= -2, x + x**2 / 4, -1)))

    def value(m: Any, x: Any) -> Any:
        a = m.minimum(m.abs(x), 2.0)
        return m.copysign(m.round(m.sum(1.0, -0.25 * a) * a), x)

    def first(m: Any, x: Any) -> Any:
        return 1.0 - 0.5 * m.minimum(m.abs(x), 2.0)

    def second(m: Any, x: Any) -> Any:
        # Of the formula's pieces the one right of -2 and of 0 has the joint.
        inside = m.where(x >= 0.0, m.where(x > 2.0, -0.0, -0.5), m.where(x >= -2.0, 0.5, 0.0))
        return constant(m, x, inside)

    def range() -> Interval:
        return Interval(-1.0, 1.0, low_closed=True, high_closed=True)


@elementwise(
    hot=False,
    aliases=("complementary_log_log",),
    tags=("sigmoidal", "bounded", "monotone", "smooth", "probability"),
    papers=(
        "Gomes & Ludermir 2008, Complementary log-log and probit: activation functions in artificial neural networks",
    ),
)
class cloglog:
    """1 - exp(-exp(x)): a lopsided sigmoid that nears 1 far faster than 0; the inverse of the complementary log-log link."""

    def formula(m: Any, x: Any) -> Any:
        return 1 - m.exp(-m.exp(x))

    def value(m: Any, x: Any) -> Any:
        e, unlift = decaying(m, saturating(m, x), "exp_precise")
        # Where e is lifted, 1 - exp(-e) is e to the last bit.
        return m.round(m.where(unlift == 1.0, -m.expm1_pair(m.where(unlift == 1.0, -e, 0.0)), e)) * unlift

    def first(m: Any, x: Any) -> Any:
        slope, unlift = gompertz(m, x)
        return m.round(slope) * unlift

    def second(m: Any, x: Any) -> Any:
        slope, unlift = gompertz(m, x)
        _, size = magnitude(m, m.expm1_pair(saturating(m, x)))
        return m.copysign(m.round(slope * size) * unlift, -x)

    def range() -> Interval:
        return Interval(0.0, 1.0)


def saturating(m: Any, x: Any) -> Any:
    """Return x, as a pair, between the places where exp(x) and exp(-exp(x)) are zero in every dtype."""
    return m.pair(m.minimum(m.maximum(x, -SATURATED), 7.0))


def gompertz(m: Any, x: Any) -> tuple[Any, Any]:
    """Return exp(x - exp(x)) as a pair, and the factor of its lift."""
    bounded = saturating(m, x)
    return decaying(m, bounded - m.exp_precise(bounded, 0.0))


def clipped(m: Any, x: Any, alpha: Any) -> tuple[Any, Any, Any, Any]:
    """Return y, the smaller of x and 1 - x, alpha y, 1 - 2 y and whether y is 1 - x; all bounded where the clip is closed."""
    # By symmetry f(1 - x) = 1 - f(x).
    end = 2000.0 / alpha
    bounded = m.minimum(m.maximum(x, -end), 1.0 + end)
    mirrored = x > 0.5
    y = m.where(mirrored, m.sum(1.0, -bounded), bounded)
    return y, y * alpha, magnitude(m, m.sum(1.0, -2.0 * bounded))[1], mirrored


@elementwise(
    hot=False,
    aliases=("smooth_clip",),
    tags=("sigmoidal", "bounded", "monotone", "smooth"),
    papers=("Klimek & Perelstein 2018, Neural network-based approach to phase space integration, arXiv:1810.11509",),
    names={
        "echo": Spelling("echoAI.Activation.t_ops.SoftClipping(alpha=0.5)(x)", note="NaN where alpha x overflows exp"),
    },
    parameters=(Parameter("alpha", 50.0, POSITIVE, "sharpness of both bends; a hard clip to [0, 1] as it grows"),),
)
class soft_clipping:
    """log((1 + exp(alpha x)) / (1 + exp(alpha (x - 1)))) / alpha: x itself between 0 and 1, with rounded bends at both."""

    def formula(m: Any, x: Any, alpha: Any) -> Any:
        return m.log((1 + m.exp(alpha * x)) / (1 + m.exp(alpha * (x - 1)))) / alpha

    def value(m: Any, x: Any, alpha: Any) -> Any:
        # log(1 + (1 - exp(-alpha)) exp(t) / (1 + exp(t - alpha))) for t = alpha y; past 40 it is t.
        y, t, _, mirrored = clipped(m, x, alpha)
        straight = m.high(t) > 40.0
        t = m.where(straight, 0.0, t)
        e, unlift = decaying(m, t)
        inner = -m.expm1_pair(m.pair(-alpha)) * e / (1.0 + m.exp_pair(t - alpha, 0.0))
        logarithm = m.where(unlift == 1.0, m.log1p_pair(m.where(unlift == 1.0, inner, 0.0)), inner)
        result = m.where(straight, y, logarithm / alpha)
        return m.where(mirrored, m.round(1.0 - result * unlift), m.round(result) * unlift)

    def first(m: Any, x: Any, alpha: Any) -> Any:
        _, t, _, _ = clipped(m, x, alpha)
        negative, size = magnitude(m, t)
        e, unlift = decaying(m, -size)
        both = (1.0 + e) * (1.0 + m.exp_pair(t - alpha, 0.0))
        slope = -m.expm1_pair(m.pair(-alpha)) * m.where(negative, e, 1.0) / both
        return m.round(slope) * m.where(negative, unlift, 1.0)

    def second(m: Any, x: Any, alpha: Any) -> Any:
        _, t, middle, _ = clipped(m, x, alpha)
        _, size = magnitude(m, t)
        e, unlift = decaying(m, -size)
        both = (1.0 + e) * (1.0 + m.exp_pair(t - alpha, 0.0))
        bends = m.expm1_pair(m.pair(-alpha)) * m.expm1_pair(-alpha * middle)
        return m.copysign(m.round(bends * alpha / (both * both) * e) * unlift, 0.5 - x)

    def partial_alpha(m: Any, x: Any, alpha: Any) -> Any:
        _, t, middle, _ = clipped(m, x, alpha)
        difference, unlift = entropy_difference(m, t, middle * alpha, alpha)
        return m.copysign(m.round(difference / alpha / alpha) * unlift, x - 0.5)

    def range(alpha: float) -> Interval:
        return Interval(0.0, 1.0)


def entropy_difference(m: Any, t: Any, middle: Any, alpha: Any) -> tuple[Any, Any]:
    """Return h(a) - h(b) for a = |t| and b = alpha - t, and the factor of its lift; middle is alpha - 2 t.

    h(s) = log(1 + exp(-s)) + s / (1 + exp(s)) is the entropy of a coin that falls heads with probability sigmoid(s).
    """
    negative, a = magnitude(m, t)
    deep = m.deep(-m.high(a))
    shift, unlift = m.where(deep, LIFT_BITS, 0.0), m.where(deep, UNLIFT, 1.0)

    def entropy(s: Any) -> Any:
        e = m.exp_pair(-s, shift)
        return m.where(deep, e, m.log1p_pair(m.where(deep, 0.0, e))) + s * (e / (1.0 + e))

    # Where b - a <= 2 the entropies cancel. With u = tanh((a + b) / 4), v = tanh((b - a) / 4) and y = u v their difference
    # is 2 beta v (1 - u^2) / (1 - y^2) - 2 (atanh(y) - eta u (1 - v^2) / (1 - y^2)); the bracket, where u is near 1, is
    # eta (1 - u) (1 + u v^2) / (1 - y^2) - atanh((1 - u) v / (1 - u v^2)).
    gap = m.where(negative, alpha, middle)
    apart = m.high(gap) > 2.0
    beta, eta = 0.25 * m.where(negative, middle, alpha), m.where(apart, 0.5, 0.25 * gap)
    e = m.exp_pair(-2.0 * beta, shift)
    u, v = positive_tanh(m, beta), positive_tanh(m, eta)
    y, rest = u * v, 2.0 * e / (1.0 + e)
    below = 1.0 - y * y
    near = inverse_tanh(m, y, deep) - eta * u * (1.0 - v * v) / below
    far = eta * rest * (1.0 + u * v * v) / below - inverse_tanh(m, rest * v / (1.0 - u * v * v), deep)
    together = 2.0 * beta * v * rest * (1.0 + u) / below - 2.0 * m.where(m.high(beta) < 0.5, near, far)
    return m.where(apart, entropy(a) - entropy(alpha - t), together), unlift


def positive_tanh(m: Any, a: Any) -> Any:
    q = -m.expm1_pair(-2.0 * a)
    return q / (2.0 - q)


def inverse_tanh(m: Any, y: Any, identity: Any) -> Any:
    """Return the inverse hyperbolic tangent of a pair 0 <= y < 1, which is y where y is next to nothing."""
    inside = m.where(identity, 0.0, y)
    return m.where(identity, y, 0.5 * m.log1p_pair(2.0 * inside / (1.0 - inside)))
