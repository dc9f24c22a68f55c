"""Functions made of the hyperbolic tangent: scaled, capped, learnt, and what it leaves of its input."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import constant, decaying, magnitude, pair_polynomial
from actfn.functions.declare import POSITIVE, REALS, Interval, Parameter, elementwise
from actfn.functions.spelling import Spelling

# The coefficients come from tools/coefficients.py.
# (1 - tanh(x) / x) / x^2 in x^2, for 0 <= x <= 0.35: relative error 2^-63.
TANH_REST_LEADING = ("0.3333333333333333333327921549659951633217", "-0.1333333333333333322640106150975791030314")
TANH_REST = tuple(
    map(
        float.fromhex,
        [
            "0x1.ba1ba1ba1b9e9p-5",
            "-0x1.664f4882bdec3p-6",
            "0x1.226e355cd0ff9p-7",
            "-0x1.d6d3cfeb86dbbp-9",
            "0x1.7da3366bfb793p-10",
            "-0x1.35529f09e8f99p-11",
            "0x1.f4a1dd066e027p-13",
            "-0x1.8bc98c1b1eb1fp-14",
            "0x1.f800bc3a6828cp-16",
        ],
    )
)
# Past this 1 - tanh is zero in every dtype.
TANH_END = 400.0
# The constants of lecun_tanh, and the product of the two.
LECUN_AMPLITUDE = "1.7159"
TWO_THIRDS = "0.666666666666666666666666666666666666666666667"
LECUN_SLOPE = "1.14393333333333333333333333333333333333333333"


def tanh_rest(m: Any, a: Any) -> Any:
    """Return a - tanh(a) for a pair 0 <= a <= 400, as a pair: relative error 2^-54 or less."""
    square = a * a
    small = a * square * pair_polynomial(m, square, TANH_REST_LEADING, TANH_REST)
    return m.where(m.high(a) < 0.35, small, a - far_tanh(m, a))


def far_tanh(m: Any, a: Any) -> Any:
    e = m.exp_precise(-2.0 * a, 0.0)
    return (1.0 - e) / (1.0 + e)


def precise_tanh(m: Any, t: Any) -> Any:
    """Return tanh of a pair, |t| <= 400, as a pair: relative error 2^-62, so that a sum with it may cancel."""
    negative, a = magnitude(m, t)
    square = a * a
    small = a - a * square * pair_polynomial(m, square, TANH_REST_LEADING, TANH_REST)
    result = m.where(m.high(a) < 0.35, small, far_tanh(m, a))
    return m.where(negative, -result, result)


def tanh_slope(m: Any, a: Any) -> tuple[Any, Any]:
    """Return 1 - tanh(a)^2 for a pair a >= 0, as a pair, and the factor of its lift."""
    e, unlift = decaying(m, -2.0 * a)
    d = 1.0 + e
    return 4.0 * e / (d * d), unlift


def tanh_bend(m: Any, a: Any) -> tuple[Any, Any]:
    """Return 2 tanh(a) (1 - tanh(a)^2) for a pair a >= 0, as a pair, and the factor of its lift."""
    e, unlift = decaying(m, -2.0 * a)
    d = 1.0 + e
    # What the cubes of a take away decides ties.
    below = 8.0 - 8.0 * m.sticky(m.high(a))
    return -m.expm1_pair(-2.0 * a) * below / (d * d * d) * e, unlift


@elementwise(
    hot=False,
    float32_loops=True,
    aliases=("tanhshrink",),
    tags=("shrinkage", "monotone", "smooth", "zero_centred"),
    names={
        "torch": ("torch.nn.functional.tanhshrink(input)", "torch.nn.Tanhshrink()(x)"),
        "keras": ("keras.activations.tanh_shrink(x)", "keras.ops.tanh_shrink(x)"),
        "tensorflow_addons": "tensorflow_addons.activations.tanhshrink(x)",
    },
)
class tanh_shrink:
    """x - tanh(x): shrinks small input to next to nothing, and takes 1 from the size of large input."""

    def formula(m: Any, x: Any) -> Any:
        return x - m.tanh(x)

    def value(m: Any, x: Any) -> Any:
        a = m.abs(x)
        near = m.round(tanh_rest(m, m.pair(m.minimum(a, TANH_END))))
        # Far out the result is a - 1 and next to nothing, which may be a tie.
        return m.copysign(m.where(a > TANH_END, a - 1.0, near) * (1.0 + m.sticky(a)), x)

    def first(m: Any, x: Any) -> Any:
        a = m.abs(x)
        q = -m.expm1_pair(m.pair(-2.0 * a))
        t = q / (2.0 - q)
        # Near 0 the result is a^2 less next to nothing, which may be a tie.
        return m.where(a < 1e-9, a * a * (1.0 - m.sticky(a)), m.round(t * t))

    def second(m: Any, x: Any) -> Any:
        bend, unlift = tanh_bend(m, m.pair(m.minimum(m.abs(x), TANH_END)))
        return m.copysign(m.round(bend) * unlift, x)

    def range() -> Interval:
        return REALS


def ratio(m: Any, x: Any, cap: Any) -> tuple[Any, Any]:
    """Return |x| / cap as a pair, bounded, and where it is so small that tanh is the identity."""
    a = m.abs(x)
    rough = a / cap
    far = rough > TANH_END
    return m.where(far, TANH_END, m.pair(m.where(far, 0.0, a)) / cap), rough < 1e-9


@elementwise(
    hot=False,
    aliases=("softcap", "softclamp", "logit_soft_cap"),
    tags=("sigmoidal", "bounded", "monotone", "smooth", "zero_centred"),
    papers=(
        "Bello et al. 2016, Neural combinatorial optimization with reinforcement learning, arXiv:1611.09940",
        "Gemma Team 2024, Gemma 2: improving open language models at a practical size, arXiv:2408.00118",
    ),
    names={
        "torch": Spelling("cap * torch.tanh(x / cap)", recipe=True),
        "jax": Spelling("cap * jax.numpy.tanh(x / cap)", recipe=True),
        "keras": Spelling("cap * keras.ops.tanh(x / cap)", recipe=True),
        "transformers": Spelling(
            "transformers.Gemma2Config(attn_logit_softcapping=50.0, final_logit_softcapping=30.0)",
            part="inside the attention and before the output of Gemma 2",
        ),
        "x_transformers": Spelling("x_transformers.x_transformers.softclamp(t, value)", means={"value": "cap"}),
    },
    parameters=(
        Parameter("cap", 50.0, POSITIVE, "the limit: 50 for attention logits, 30 for output logits in Gemma 2"),
    ),
)
class soft_cap:
    """cap tanh(x / cap): the identity for small input, never past the cap; keeps the logits of attention in bounds."""

    def formula(m: Any, x: Any, cap: Any) -> Any:
        return cap * m.tanh(x / cap)

    def value(m: Any, x: Any, cap: Any) -> Any:
        t, linear = ratio(m, x, cap)
        q = -m.expm1_pair(-2.0 * t)
        return m.copysign(m.where(linear, m.abs(x), m.round(q / (2.0 - q) * cap)), x)

    def first(m: Any, x: Any, cap: Any) -> Any:
        t, _ = ratio(m, x, cap)
        slope, unlift = tanh_slope(m, t)
        return m.round(slope) * unlift

    def second(m: Any, x: Any, cap: Any) -> Any:
        t, linear = ratio(m, x, cap)
        bend, unlift = tanh_bend(m, t)
        # There x / cap may lose bits as a subnormal number.
        near = m.round(m.pair(2.0 * m.where(linear, m.abs(x), 0.0)) / m.product(cap, cap) * (1.0 - m.sticky(m.abs(x))))
        return m.copysign(m.where(linear, near, m.round(bend / cap) * unlift), -x)

    def partial_cap(m: Any, x: Any, cap: Any) -> Any:
        # tanh t - t / cosh^2 t: near 0 from t - tanh t = t^3 r, where it is t^3 ((1 - t^2 r)^2 - r).
        t, _ = ratio(m, x, cap)
        square = t * t
        r = pair_polynomial(m, square, TANH_REST_LEADING, TANH_REST)
        small = t * square * ((1.0 - square * r) * (1.0 - square * r) - r)
        e = m.exp_precise(-2.0 * t, 0.0)
        large = (1.0 - e * e - 4.0 * t * e) / ((1.0 + e) * (1.0 + e))
        return m.copysign(m.round(m.where(m.high(t) < 0.35, small, large)), x)

    def range(cap: float) -> Interval:
        return Interval(-cap, cap)


@elementwise(
    hot=False,
    aliases=("scaled_tanh",),
    tags=("sigmoidal", "bounded", "monotone", "smooth", "zero_centred"),
    papers=("LeCun, Bottou, Orr & Müller 1998, Efficient BackProp",),
)
class lecun_tanh:
    """1.7159 tanh(2 x / 3): a tangent stretched so that it is ±1 at ±1, where its bend is strongest."""

    def formula(m: Any, x: Any) -> Any:
        return m.number(LECUN_AMPLITUDE) * m.tanh(2 * x / 3)

    def value(m: Any, x: Any) -> Any:
        a = m.minimum(m.abs(x), TANH_END)
        q = -m.expm1_pair(m.constant(TWO_THIRDS) * (-2.0 * a))
        curved = m.round(q / (2.0 - q) * m.constant(LECUN_AMPLITUDE))
        # There 2 x / 3 may lose bits as a subnormal number.
        return m.copysign(m.where(a < 1e-100, m.round(m.constant(LECUN_SLOPE) * a), curved), x)

    def first(m: Any, x: Any) -> Any:
        slope, unlift = tanh_slope(m, m.constant(TWO_THIRDS) * m.minimum(m.abs(x), 2.0 * TANH_END))
        return m.round(slope * m.constant(LECUN_SLOPE)) * unlift

    def second(m: Any, x: Any) -> Any:
        a = m.minimum(m.abs(x), 2.0 * TANH_END)
        bend, unlift = tanh_bend(m, m.constant(TWO_THIRDS) * a)
        factor = m.constant(LECUN_SLOPE) * m.constant(TWO_THIRDS)
        near = m.round(factor * m.constant(TWO_THIRDS) * (2.0 * a))
        return m.copysign(m.where(a < 1e-100, near, m.round(bend * factor) * unlift), -x)

    def range() -> Interval:
        return Interval(-float(LECUN_AMPLITUDE), float(LECUN_AMPLITUDE))


def steep(m: Any, x: Any, alpha: Any) -> tuple[Any, Any, Any]:
    """Return alpha x as a pair, 0 where tanh saturates, where that is, and where tanh is the identity."""
    bounded = m.minimum(m.maximum(x, -1e300), 1e300)
    rough = alpha * bounded
    saturated = m.abs(rough) > TANH_END
    return (
        m.product(alpha, m.where(saturated, 0.0, bounded)),
        m.where(saturated, m.copysign(1.0, rough), 0.0),
        m.abs(rough) < 1e-10,
    )


@elementwise(
    hot=False,
    aliases=("dyt",),
    tags=("sigmoidal", "bounded", "smooth", "learnable"),
    papers=("Zhu, Chen, He, LeCun & Liu 2025, Transformers without normalization, arXiv:2503.10622",),
    names={
        "x_transformers": Spelling(
            "x_transformers.x_transformers.DynamicTanh(dim, init_alpha=1.0, gamma=1.0, beta=0.0, unit_offset=False)(x)",
            means={"init_alpha": "alpha"},
            ignores=("dim", "gamma", "beta", "unit_offset"),
            note="learnt, weight and bias one for each of dim features",
        )
    },
    parameters=(
        Parameter("alpha", 0.5, REALS, "learnt steepness, one for all"),
        Parameter("weight", 1.0, REALS, "learnt factor; an array broadcasts against x"),
        Parameter("bias", 0.0, REALS, "learnt offset; an array broadcasts against x"),
    ),
)
class dynamic_tanh:
    """weight tanh(alpha x) + bias: stands in place of a normalisation layer in transformers."""

    def formula(m: Any, x: Any, alpha: Any, weight: Any, bias: Any) -> Any:
        return weight * m.tanh(alpha * x) + bias

    def value(m: Any, x: Any, alpha: Any, weight: Any, bias: Any) -> Any:
        t, end, linear = steep(m, x, alpha)
        result = m.round(weight * m.where(end == 0.0, precise_tanh(m, t), end) + bias)
        # There alpha x may lose bits as a subnormal number; without a bias the result may be next to a tie.
        slope = m.product(weight, alpha) * (1.0 - m.sticky(m.abs(x)))
        result = m.where(linear, m.round(slope * x + bias), result)
        return m.where(result == 0.0, m.copysign(result, weight * alpha * x), result)

    def first(m: Any, x: Any, alpha: Any, weight: Any, bias: Any) -> Any:
        t, end, _ = steep(m, x, alpha)
        slope, unlift = tanh_slope(m, magnitude(m, t)[1])
        result = m.round(slope * m.product(weight, alpha)) * unlift
        return m.where(end == 0.0, result, m.copysign(0.0, weight * alpha))

    def second(m: Any, x: Any, alpha: Any, weight: Any, bias: Any) -> Any:
        t, end, linear = steep(m, x, alpha)
        negative, size = magnitude(m, t)
        bend, unlift = tanh_bend(m, size)
        factor = m.product(weight, alpha) * -alpha
        curved = m.round(bend * m.where(negative, -factor, factor)) * unlift
        result = m.where(linear, m.round(factor * alpha * (2.0 * x) * (1.0 - m.sticky(m.abs(x)))), curved)
        side = m.where(end == 0.0, alpha * x, end)
        return m.where((end == 0.0) & (m.abs(result) > 0.0), result, m.copysign(constant(m, x, 0.0), -weight * side))

    def partial_alpha(m: Any, x: Any, alpha: Any, weight: Any, bias: Any) -> Any:
        t, end, _ = steep(m, x, alpha)
        slope, unlift = tanh_slope(m, magnitude(m, t)[1])
        return m.where(end == 0.0, m.round(slope * weight) * x * unlift, m.copysign(0.0, weight * x))

    def partial_weight(m: Any, x: Any, alpha: Any, weight: Any, bias: Any) -> Any:
        t, end, linear = steep(m, x, alpha)
        result = m.where(linear, alpha * x, m.round(m.where(end == 0.0, precise_tanh(m, t), end)))
        return m.where(result == 0.0, m.copysign(result, alpha * x), result)

    def partial_bias(m: Any, x: Any, alpha: Any, weight: Any, bias: Any) -> Any:
        return constant(m, x, 1.0)

    def range(alpha: float, weight: float, bias: float) -> Interval:
        if alpha * weight == 0:
            return Interval(bias, bias, low_closed=True, high_closed=True)
        return Interval(bias - abs(weight), bias + abs(weight))
