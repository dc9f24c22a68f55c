"""The normal distribution's curves: the bell, the error function, probabilities and their logarithms."""

from __future__ import annotations

import math
from typing import Any

from actfn.functions.common import constant, decaying, magnitude, pair_polynomial
from actfn.functions.declare import REALS, Interval, Parameter, elementwise
from actfn.functions.gaussians import (
    INVERSE_SQRT_TWO_PI,
    NORMAL_TAIL,
    NORMAL_TAIL_LEADING,
    NORMAL_TAIL_SHORT,
    tail,
    tail_polynomial,
)
from actfn.functions.spelling import Spelling

# The coefficients come from tools/coefficients.py.
TWO_OVER_SQRT_PI = "1.12837916709551257389615890312154517168810126"
SQRT_TWO_PI = "2.50662827463100050241576528481104525300698674"
# (2 / sqrt(pi) - erf(x) / x) / x^2 in x^2, for 0 <= x <= 1/2: relative error 2^-64.
ERF_SMALL_LEADING = ("0.3761263890318375246300209947965638183619", "-0.1128379167095512557638807173826031678779")
ERF_SMALL = tuple(
    map(
        float.fromhex,
        [
            "0x1.b82ce31288b13p-6",
            "-0x1.565bcd0e673b1p-8",
            "0x1.c02db3fdbb984p-11",
            "-0x1.f9a325cbffcaap-14",
            "0x1.f4d2063d89718p-17",
            "-0x1.b9d7967f8dcd5p-20",
            "0x1.5dd2fcc1206e6p-23",
            "-0x1.cac885b9d0bf4p-27",
        ],
    )
)
# erfc(a) exp(a^2) (a + 2) in t = (a - 2) / (a + 2), for 1/2 <= a <= 6.7: relative error 2^-66.
ERF_LARGE_LEADING = (
    "1.021582705242022975460261628038527297935",
    "-0.6871606844138105995195457098211854447766",
    "0.2794720925560548330838677478440314785248",
    "-0.03644223150687748106400288597131595571911",
    "-0.02151066188949927600825234545246198000892",
    "0.006479185067658885030176746493889324316331",
)
ERF_LARGE = tuple(
    map(
        float.fromhex,
        [
            "0x1.9517bb714f94fp-9",
            "-0x1.b6fbf992cf3c5p-11",
            "-0x1.5ba4388a26998p-11",
            "0x1.205408bb7cef6p-15",
            "0x1.2efa33c275925p-13",
            "0x1.1e76bfeeee83ap-15",
            "-0x1.6c034a2ebf0fep-16",
            "-0x1.0e7d08c70ebe2p-16",
            "-0x1.2d94cf868b5f8p-20",
            "0x1.e9cb09e1a2906p-19",
            "0x1.0c3ce32eba10ap-19",
            "-0x1.9bf3fcf9f3a59p-27",
            "-0x1.32dc5a3480061p-21",
            "-0x1.4250f3f49b8c7p-22",
            "0x1.58e05d2c2c5bfp-27",
            "0x1.6e8a445934ebdp-24",
            "0x1.12b472269c100p-25",
        ],
    )
)
# (phi(a) / P(Z > a) - a) (a + 4) in t = (a - 4) / (a + 4), for 0 <= a <= 39.5: relative error 2^-56.
MILLS_EXCESS_LEADING = (
    "1.804857155915768589999683855610010626706",
    "-1.182204501519279737161652815053179441198",
    "0.4019567038062249913587314279780874047851",
)
MILLS_EXCESS = tuple(
    map(
        float.fromhex,
        [
            "0x1.148dadc527ff8p-4",
            "-0x1.1b1571333facdp-3",
            "0x1.1419b6ca14276p-5",
            "0x1.03548cc5fa72ap-5",
            "-0x1.54cb6db211625p-6",
            "-0x1.262a0982ee26fp-8",
            "0x1.04e1271348d46p-7",
            "-0x1.87bc6cf4993d6p-12",
            "-0x1.45d13ad6e392bp-9",
            "0x1.37e240f53c84ap-11",
            "0x1.5ce77553dd698p-11",
            "-0x1.2f681b9e15e75p-12",
            "-0x1.3b3167bb042dfp-13",
            "0x1.b89b2b95d130dp-14",
            "0x1.ac90662bf586dp-16",
            "-0x1.0c8a91309f542p-15",
            "-0x1.7d95d2d211c6dp-20",
            "0x1.1d678aa48e27fp-17",
            "-0x1.27258d2e7d058p-20",
            "-0x1.0f00200f66453p-19",
            "0x1.053f95f86723fp-21",
            "0x1.c074b73c85925p-22",
            "-0x1.4d27b2d6867c3p-24",
            "-0x1.e3a7cf1e5ef62p-25",
            "-0x1.f5313412abb8ep-30",
        ],
    )
)

# Past this erf is 1, and exp(-x^2) zero, in every dtype.
ERF_END = 28.0


def bell(m: Any, x: Any) -> tuple[Any, Any, Any]:
    """Return a = |x|, exp(-a^2) as a pair, with its square's rounding kept, and the factor of its lift."""
    a = m.minimum(m.abs(x), ERF_END)
    e, unlift = decaying(m, -m.product(a, a))
    return a, e, unlift


def error_function(m: Any, t: Any) -> Any:
    """Return erf of a pair, |t| <= 28, as a pair: relative error 2^-62, so that a sum with it may cancel."""
    negative, a = magnitude(m, t)
    square = a * a
    small = a * (m.constant(TWO_OVER_SQRT_PI) - square * pair_polynomial(m, square, ERF_SMALL_LEADING, ERF_SMALL))
    quotient = (a - 2.0) / (a + 2.0)
    scaled_tail = pair_polynomial(m, quotient, ERF_LARGE_LEADING, ERF_LARGE) / (a + 2.0)
    large = 1.0 - m.exp_precise(-square, 0.0) * scaled_tail
    result = m.where(m.high(a) < 0.5, small, large)
    return m.where(negative, -result, result)


@elementwise(
    hot=False,
    aliases=("radial_basis", "gaussian_bump"),
    tags=("bounded", "smooth"),
    papers=("Broomhead & Lowe 1988, Multivariable functional interpolation and adaptive networks",),
)
class gaussian:
    """The bell exp(-x^2): 1 at the origin, fading on both sides; the unit of radial basis networks."""

    def formula(m: Any, x: Any) -> Any:
        return m.exp(-(x**2))

    def value(m: Any, x: Any) -> Any:
        _, e, unlift = bell(m, x)
        return m.round(e) * unlift

    def first(m: Any, x: Any) -> Any:
        a, e, unlift = bell(m, x)
        return m.copysign(m.round(e * (2.0 * a)) * unlift, -x)

    def second(m: Any, x: Any) -> Any:
        a, e, unlift = bell(m, x)
        return m.round(e * (4.0 * m.product(a, a) - 2.0)) * unlift

    def range() -> Interval:
        return Interval(0.0, 1.0, high_closed=True)


@elementwise(
    hot=False,
    piecewise=("value", "first"),
    float32_loops=True,
    aliases=("error_function",),
    tags=("sigmoidal", "bounded", "monotone", "smooth", "zero_centred"),
    papers=("Glaisher 1871, On a class of definite integrals",),
    names={
        "torch": ("torch.erf(input)", "torch.special.erf(input)"),
        "jax": ("jax.lax.erf(x)", "jax.scipy.special.erf(x)"),
        "keras": "keras.ops.erf(x)",
        "onnx": "Erf(input)",
        "tensorflow": "tensorflow.math.erf(x)",
        "scipy": "scipy.special.erf(x)",
        "mlx": "mlx.core.erf(x)",
        "tinygrad": Spelling("tinygrad.Tensor.erf(x)", note="its erf is within 1.5e-7"),
    },
)
class erf:
    """The error function: a sigmoid with range (-1, 1) whose slope is a Gaussian bell."""

    def formula(m: Any, x: Any) -> Any:
        return m.erf(x)

    def value(m: Any, x: Any) -> Any:
        return m.copysign(m.round(error_function(m, m.pair(m.minimum(m.abs(x), ERF_END)))), x)

    def first(m: Any, x: Any) -> Any:
        _, e, unlift = bell(m, x)
        return m.round(e * m.constant(TWO_OVER_SQRT_PI)) * unlift

    def second(m: Any, x: Any) -> Any:
        a, e, unlift = bell(m, x)
        return m.copysign(m.round(e * m.constant(TWO_OVER_SQRT_PI) * (2.0 * a)) * unlift, -x)

    def range() -> Interval:
        return Interval(-1.0, 1.0)


def upper_tail(m: Any, a: Any, e: Any) -> Any:
    """Return P(Z > a) for e = exp(-a^2 / 2)."""
    return e * tail_polynomial(m, a, NORMAL_TAIL_LEADING, NORMAL_TAIL, NORMAL_TAIL_SHORT) / m.sum(a, 3.0)


@elementwise(
    hot=False,
    piecewise=("value", "first"),
    float32_loops=True,
    aliases=("probit", "normal_cdf"),
    tags=("sigmoidal", "bounded", "monotone", "smooth", "probability"),
    papers=("Bliss 1934, The method of probits",),
    names={
        "torch": "torch.special.ndtr(input)",
        "jax": "jax.scipy.special.ndtr(x)",
        "scipy": "scipy.special.ndtr(x)",
    },
)
class ndtr:
    """P(Z <= x) for a standard normal Z: the sigmoid of probit models, and the gate of gelu."""

    def formula(m: Any, x: Any) -> Any:
        return (1 + m.erf(x / m.sqrt(2))) / 2

    def value(m: Any, x: Any) -> Any:
        a, e, unlift = tail(m, x)
        upper = upper_tail(m, a, e)
        return m.where(x < 0.0, m.round(upper) * unlift, m.round(1.0 - upper))

    def first(m: Any, x: Any) -> Any:
        _, e, unlift = tail(m, x)
        return m.round(e * m.constant(INVERSE_SQRT_TWO_PI)) * unlift

    def second(m: Any, x: Any) -> Any:
        a, e, unlift = tail(m, x)
        return m.copysign(m.round(e * m.constant(INVERSE_SQRT_TWO_PI) * a) * unlift, -x)

    def range() -> Interval:
        return Interval(0.0, 1.0)


def mills(m: Any, x: Any) -> tuple[Any, Any]:
    """Return |x| and phi(x) / P(Z > |x|) - |x|, as a pair; the latter times |x| goes to 1."""
    a = m.abs(x)
    near = m.minimum(a, 40.0)
    quotient = m.sum(near, -4.0) / m.sum(near, 4.0)
    middle = pair_polynomial(m, quotient, MILLS_EXCESS_LEADING, MILLS_EXCESS) / m.sum(near, 4.0)
    # The asymptotic series of P(Z > a) a / phi(a), in r = 1 / a^2.
    far = m.maximum(a, 1.0)
    r = 1.0 / far / far
    excess = m.sum(1.0, -r * (3.0 - r * (15.0 - r * (105.0 - r * (945.0 - r * 10395.0)))))
    return a, m.where(a < 39.5, middle, excess / m.sum(1.0, -r * m.high(excess)) / far)


@elementwise(
    hot=False,
    aliases=("log_probit",),
    tags=("monotone", "smooth"),
    papers=("Bliss 1934, The method of probits",),
    names={
        "torch": Spelling("torch.special.log_ndtr(input)", note="its derivative at minus infinity is NaN"),
        "jax": Spelling("jax.scipy.special.log_ndtr(x, series_order=3)", ignores=("series_order",)),
        "scipy": "scipy.special.log_ndtr(x)",
    },
)
class log_ndtr:
    """log P(Z <= x) for a standard normal Z: the log-likelihood of a probit model."""

    def formula(m: Any, x: Any) -> Any:
        return m.log(m.erfc(-x / m.sqrt(2)) / 2)

    def value(m: Any, x: Any) -> Any:
        a, e, unlift = tail(m, x)
        upper = upper_tail(m, a, e)
        # Where e is lifted, log(1 - u) is -u to the last bit.
        right = m.round(m.where(unlift == 1.0, m.log1p_pair(m.where(unlift == 1.0, -upper, 0.0)), -upper)) * unlift
        # Left of 0, P = exp(-a^2 / 2) / (sqrt(2 pi) h) with h = a + excess.
        size, excess = mills(m, m.minimum(m.abs(x), 1e150))
        half_square = 0.5 * m.product(size, size)
        logarithm = m.log_pair((excess + size) * m.constant(SQRT_TWO_PI))
        # Far left the logarithm is next to nothing, and the half square may be a tie.
        left = -m.round((half_square + logarithm) * (1.0 + m.sticky(size)))
        return m.where(x < -1e150, -0.5 * x * x, m.where(x < 0.0, left, right))

    def first(m: Any, x: Any) -> Any:
        a, e, unlift = tail(m, x)
        right = m.round(e * m.constant(INVERSE_SQRT_TWO_PI) / (1.0 - upper_tail(m, a, e * unlift))) * unlift
        size, excess = mills(m, x)
        return m.where(x < 0.0, m.where(size > 1e150, size, m.round(excess + m.minimum(size, 1e150))), right)

    def second(m: Any, x: Any) -> Any:
        # With h the first derivative it is -h (h + x).
        a, e, unlift = tail(m, x)
        h = e * m.constant(INVERSE_SQRT_TWO_PI) / (1.0 - upper_tail(m, a, e * unlift))
        right = -m.round(h * (h * unlift + a)) * unlift
        size, excess = mills(m, m.minimum(m.abs(x), 1e150))
        return m.where(x < 0.0, -m.round(excess * (excess + size)), right)

    def range() -> Interval:
        return Interval(high=0.0)


def affine(m: Any, x: Any, alpha: Any, shift: Any) -> tuple[Any, Any, Any]:
    """Return alpha x + shift as a pair, 0 where erf saturates, where that is, and where it is next to alpha x."""
    bounded = m.minimum(m.maximum(x, -1e300), 1e300)
    rough = alpha * bounded + shift
    saturated = m.abs(rough) > ERF_END
    inside = m.product(alpha, m.where(saturated, 0.0, bounded)) + m.where(saturated, 0.0, shift)
    return inside, m.where(saturated, m.copysign(1.0, rough), 0.0), (shift == 0.0) & (m.abs(rough) < 1e-100)


@elementwise(
    hot=False,
    aliases=("dynamic_erf",),
    tags=("sigmoidal", "bounded", "smooth", "learnable"),
    papers=("Chen, Lu, Zhu, Sun & Liu 2025, Stronger normalization-free transformers, arXiv:2512.10938",),
    names={
        "x_transformers": Spelling(
            "x_transformers.x_transformers.Derf(dim, init_alpha=0.5, init_bias=0.0, unit_offset=False)(x)",
            means={"init_alpha": "alpha", "init_bias": "shift"},
            ignores=("dim", "unit_offset"),
            note="learnt, weight and bias one for each of dim features",
        )
    },
    parameters=(
        Parameter("alpha", 0.5, REALS, "learnt steepness, one for all"),
        Parameter("shift", 0.0, REALS, "learnt shift of the input, one for all"),
        Parameter("weight", 1.0, REALS, "learnt factor; an array broadcasts against x"),
        Parameter("bias", 0.0, REALS, "learnt offset; an array broadcasts against x"),
    ),
)
class derf:
    """weight erf(alpha x + shift) + bias: stands in place of a normalisation layer in transformers."""

    def formula(m: Any, x: Any, alpha: Any, shift: Any, weight: Any, bias: Any) -> Any:
        return weight * m.erf(alpha * x + shift) + bias

    def value(m: Any, x: Any, alpha: Any, shift: Any, weight: Any, bias: Any) -> Any:
        t, end, linear = affine(m, x, alpha, shift)
        result = m.round(weight * m.where(end == 0.0, error_function(m, t), end) + bias)
        slope = m.product(weight, alpha) * m.constant(TWO_OVER_SQRT_PI)
        # There alpha x may lose bits as a subnormal number.
        result = m.where(linear, m.round(slope * x + bias), result)
        return m.where(result == 0.0, m.copysign(result, weight * alpha * x), result)

    def first(m: Any, x: Any, alpha: Any, shift: Any, weight: Any, bias: Any) -> Any:
        t, end, _ = affine(m, x, alpha, shift)
        e, unlift = decaying(m, -(t * t))
        factor = m.product(weight, alpha) * m.constant(TWO_OVER_SQRT_PI)
        return m.where(end == 0.0, m.round(e * factor) * unlift, m.copysign(0.0, weight * alpha))

    def second(m: Any, x: Any, alpha: Any, shift: Any, weight: Any, bias: Any) -> Any:
        t, end, linear = affine(m, x, alpha, shift)
        e, unlift = decaying(m, -(t * t))
        factor = m.product(weight, alpha) * m.constant(TWO_OVER_SQRT_PI) * (-2.0 * alpha)
        result = m.where(linear, m.round(factor * alpha * x), m.round(e * factor * t) * unlift)
        side = m.where(end == 0.0, m.where(linear, alpha * x, m.high(t)), end)
        return m.where((end == 0.0) & (m.abs(result) > 0.0), result, m.copysign(constant(m, x, 0.0), -weight * side))

    def partial_alpha(m: Any, x: Any, alpha: Any, shift: Any, weight: Any, bias: Any) -> Any:
        t, end, _ = affine(m, x, alpha, shift)
        e, unlift = decaying(m, -(t * t))
        slope = m.round(e * m.constant(TWO_OVER_SQRT_PI) * weight)
        return m.where(end == 0.0, slope * x * unlift, m.copysign(0.0, weight * x))

    def partial_shift(m: Any, x: Any, alpha: Any, shift: Any, weight: Any, bias: Any) -> Any:
        t, end, _ = affine(m, x, alpha, shift)
        e, unlift = decaying(m, -(t * t))
        slope = m.round(e * m.constant(TWO_OVER_SQRT_PI) * weight)
        return m.where(end == 0.0, slope * unlift, m.copysign(0.0, weight))

    def partial_weight(m: Any, x: Any, alpha: Any, shift: Any, weight: Any, bias: Any) -> Any:
        t, end, linear = affine(m, x, alpha, shift)
        result = m.round(m.where(end == 0.0, error_function(m, t), end))
        result = m.where(linear, m.round(m.constant(TWO_OVER_SQRT_PI) * alpha * x), result)
        return m.where(result == 0.0, m.copysign(result, alpha * x), result)

    def partial_bias(m: Any, x: Any, alpha: Any, shift: Any, weight: Any, bias: Any) -> Any:
        return constant(m, x, 1.0)

    def range(alpha: float, shift: float, weight: float, bias: float) -> Interval:
        if alpha * weight == 0:
            value = bias + weight * math.erf(shift)
            return Interval(value, value, low_closed=True, high_closed=True)
        return Interval(bias - abs(weight), bias + abs(weight))
