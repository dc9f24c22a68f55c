"""Functions of a sine: periodic ones, and lines with a periodic part."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from actfn.functions.common import LIFT, UNLIFT, cosine_of_product, sine_of_product
from actfn.functions.declare import INFINITY, POSITIVE, REALS, Interval, Parameter, elementwise
from actfn.functions.spelling import Argument, Spelling

PI = "3.141592653589793238462643383279502884197169399375105821"

# The root of sinc'' next to 0 as a sum, and what sinc'' is beside it (tools/coefficients.py).
SINC_BEND_ROOT = ("0.662586212158203125", "0.000000000423989255896843435862575356455845259326811231")
SINC_BEND = (
    "7.2818153823467820686730940806363315916891078",
    "-1.56848518083195963133462129316530967837463819",
    "-8.03274494069947250375700108342378334562757562",
    "1.39720015437858616026154525974079043278702847",
)

ZEROS = "its zeros are about 1e-17"

# Past this a product of pairs might overflow.
LARGE = 1e290


@elementwise(
    hot=False,
    float32_loops=True,
    piecewise=("value", "first"),
    aliases=("sin",),
    tags=("bounded", "smooth", "zero_centred"),
    papers=(
        "Sitzmann et al. 2020, Implicit neural representations with periodic activation functions, arXiv:2006.09661",
    ),
    names={
        "torch": ("torch.sin(input)", Spelling("torch.sin(frequency * x)", recipe=True)),
        "jax": ("jax.numpy.sin(x)", Spelling("jax.numpy.sin(frequency * x)", recipe=True)),
        "keras": ("keras.ops.sin(x)", Spelling("keras.ops.sin(frequency * x)", recipe=True)),
        "onnx": "Sin(input)",
        "tensorflow": "tensorflow.math.sin(x)",
        "scipy": "numpy.sin(x)",
        "mlx": "mlx.core.sin(a)",
        "tinygrad": "tinygrad.Tensor.sin(x)",
        "echo": Spelling("echoAI.Activation.t_ops.Sine(w0=1.0)(x)", means={"w0": "frequency"}),
    },
    parameters=(Parameter("frequency", 1.0, REALS, "radians for a step of 1; SIREN's first layer has 30"),),
)
class sine:
    """The periodic sin(frequency x) of implicit neural representations; NaN at infinity, where it has no limit."""

    def formula(m: Any, x: Any, frequency: Any) -> Any:
        return m.sin(frequency * x)

    def value(m: Any, x: Any, frequency: Any) -> Any:
        return m.where(x == 0.0, frequency * x, m.round(sine_of_product(m, frequency, x)))

    def first(m: Any, x: Any, frequency: Any) -> Any:
        return m.round(cosine_of_product(m, frequency, x) * frequency)

    def second(m: Any, x: Any, frequency: Any) -> Any:
        # Lifted, since the square would magnify the rounding of a subnormal number.
        tiny = (m.abs(x) < 2.0**-500) & (m.abs(frequency * x) < 2.0**-500)
        lifted = m.product(frequency, m.where(tiny, x * LIFT, 0.0))
        bend = m.where(tiny, lifted, sine_of_product(m, frequency, x))
        size = m.round(bend * frequency * frequency) * m.where(tiny, UNLIFT, 1.0)
        return m.where(x == 0.0, -x, -size)

    def partial_frequency(m: Any, x: Any, frequency: Any) -> Any:
        slope = cosine_of_product(m, frequency, x)
        bounded = m.minimum(m.maximum(x, -LARGE), LARGE)
        return m.where(m.abs(x) > LARGE, m.round(slope) * x, m.round(slope * bounded))

    def range(frequency: float) -> Interval:
        end = 1.0 if frequency else 0.0
        return Interval(-end, end, low_closed=True, high_closed=True)


def snake_value(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
    wave = sine_of_product(m, alpha, x)
    # The line has a limit, and the sign of a zero.
    return m.where((x == 0.0) | (m.abs(x) == INFINITY), x, m.round(wave * wave / beta + x))


def snake_first(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
    # 1 + (alpha / beta) sin(2 alpha x); next to the sine's minimum 1 + sin(t) is 2 sin(r / 2)^2.
    turned = 2.0 * alpha
    angle = m.angle(turned, x)
    half = m.sin_pair(0.5 * angle)
    near = m.sum(beta, -alpha) + half * half * turned
    far = sine_of_product(m, turned, x) * alpha + beta
    return m.round(m.where(m.quadrant(turned, x) == 3.0, near, far) / beta)


def snake_second(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
    return m.round(cosine_of_product(m, 2.0 * alpha, x) * (m.pair(2.0 * alpha) / beta) * alpha)


@elementwise(
    hot=False,
    tags=("monotone", "smooth", "learnable"),
    papers=(
        "Ziyin, Hartwig & Ueda 2020, Neural networks fail to learn periodic functions and how to fix it, arXiv:2006.08195",
    ),
    names={
        "torch": Spelling("x + torch.sin(alpha * x) ** 2 / alpha", recipe=True),
        "jax": Spelling("x + jax.numpy.sin(alpha * x) ** 2 / alpha", recipe=True),
        "keras": Spelling("x + keras.ops.sin(alpha * x) ** 2 / alpha", recipe=True),
        "tensorflow_addons": Spelling(
            "tensorflow_addons.activations.snake(x, frequency=1)", means={"frequency": "alpha"}, note="NaN at infinity"
        ),
        "transformers": Spelling(
            "transformers.models.dac.modeling_dac.Snake1d(hidden_dim)(x)",
            ignores=("hidden_dim",),
            note="learnt, one alpha for each channel, from 1 on; 1e-9 is added to the divisor",
        ),
        "echo": Spelling(
            "echoAI.Activation.t_ops.Snake(in_features, alpha=None, alpha_trainable=True)(x)",
            means={"alpha": Argument("alpha", words={None: None})},
            ignores=("in_features", "alpha_trainable"),
            note="learnt, one alpha for each feature; without one it starts at random, 10 on average",
        ),
    },
    parameters=(Parameter("alpha", 1.0, POSITIVE, "half the frequency of the ripple; may be learnt"),),
)
class snake:
    """x + sin(alpha x)^2 / alpha: a line with a periodic ripple that never falls; its slope has no limit, and is NaN at infinity."""

    def formula(m: Any, x: Any, alpha: Any) -> Any:
        return x + m.sin(alpha * x) ** 2 / alpha

    def value(m: Any, x: Any, alpha: Any) -> Any:
        return snake_value(m, x, alpha, alpha)

    def first(m: Any, x: Any, alpha: Any) -> Any:
        return snake_first(m, x, alpha, alpha)

    def second(m: Any, x: Any, alpha: Any) -> Any:
        return m.round(cosine_of_product(m, 2.0 * alpha, x) * (2.0 * alpha))

    def partial_alpha(m: Any, x: Any, alpha: Any) -> Any:
        # u (2 x cos(alpha x) - u) for u = sin(alpha x) / alpha, which is about x near 0.
        u, slope = sine_of_product(m, alpha, x) / alpha, cosine_of_product(m, alpha, x)
        bounded = m.minimum(m.maximum(x, -LARGE), LARGE)
        far = m.round(u * slope * 2.0) * x
        return m.where(m.abs(x) > LARGE, far, m.round(u * (slope * bounded * 2.0 - u)))

    def range(alpha: float) -> Interval:
        return REALS


@elementwise(
    hot=False,
    tags=("smooth", "learnable"),
    papers=(
        "Lee, Ping, Ginsburg, Catanzaro & Yoon 2022, BigVGAN: a universal neural vocoder with large-scale training, arXiv:2206.04658",
    ),
    names={
        "torch": Spelling("x + torch.sin(alpha * x) ** 2 / beta", recipe=True),
        "jax": Spelling("x + jax.numpy.sin(alpha * x) ** 2 / beta", recipe=True),
        "keras": Spelling("x + keras.ops.sin(alpha * x) ** 2 / beta", recipe=True),
        "transformers": Spelling(
            "transformers.models.qwen2_5_omni.modeling_qwen2_5_omni.SnakeBeta(in_features, alpha=1.0)(x)",
            values={"alpha": 1.0},
            ignores=("in_features", "alpha"),
            note="learnt, one pair for each channel, kept as logarithms from 0 on; 1e-9 is added to the divisor",
        ),
    },
    parameters=(
        Parameter("alpha", 1.0, POSITIVE, "half the frequency of the ripple; may be learnt"),
        Parameter("beta", 1.0, POSITIVE, "how flat the ripple is: its height is 1 / beta; may be learnt"),
    ),
)
class snake_beta:
    """x + sin(alpha x)^2 / beta: snake with a height of its own for the periodic ripple; its slope is NaN at infinity."""

    def formula(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        return x + m.sin(alpha * x) ** 2 / beta

    value, first, second = snake_value, snake_first, snake_second

    def partial_alpha(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        wave = sine_of_product(m, 2.0 * alpha, x) / beta
        bounded = m.minimum(m.maximum(x, -LARGE), LARGE)
        return m.where(m.abs(x) > LARGE, m.round(wave) * x, m.round(wave * bounded))

    def partial_beta(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        wave = sine_of_product(m, alpha, x) / beta
        return -m.round(wave * wave)

    def range(alpha: float, beta: float) -> Interval:
        return REALS


def half_turns(m: Any, x: Any) -> tuple[Any, Any]:
    """Return sin(pi x) and cos(pi x) as pairs, exactly 0, 1 and -1 where they are."""
    beside = x - 2.0 * m.nearest(0.5 * x)
    size = m.abs(beside)
    folded = m.minimum(size, 1.0 - size)
    swapped = folded > 0.25
    angle = m.constant(PI) * m.where(swapped, 0.5 - folded, folded)
    s, c = m.sin_pair(angle), m.cos_pair(angle)
    rise, run = m.where(swapped, c, s), m.where(swapped, s, c)
    return m.where(beside < 0.0, -rise, rise), m.where(size > 0.5, -run, run)


def sinc_series(m: Any, x: Any, numerator: Any) -> Any:
    """Return sum numerator(k) (-u^2)^(k - 1) / (2k + 1)! over k >= 1 as a pair, for u = pi x and |x| <= 1/4."""
    exact = [Fraction((-1) ** k * numerator(k), math.factorial(2 * k + 1)) for k in range(1, 11)]
    u = m.constant(PI) * x
    w = u * u
    rest = m.polynomial(m.high(w), tuple(map(float, exact[2:])))
    leading = [m.pair(float(c.numerator)) / float(c.denominator) for c in exact[:2]]
    return leading[0] + w * (leading[1] + m.high(w) * rest)


@elementwise(
    hot=False,
    tags=("bounded", "smooth"),
    names={
        "torch": (Spelling("torch.sinc(input)", note=ZEROS), Spelling("torch.special.sinc(input)", note=ZEROS)),
        "jax": Spelling("jax.numpy.sinc(x)", note=ZEROS),
        "scipy": Spelling("numpy.sinc(x)", note=ZEROS),
    },
)
class sinc:
    """The normalised sin(pi x) / (pi x), 1 at 0 and 0 at all other integers: a sine that fades as 1 / x."""

    def formula(m: Any, x: Any) -> Any:
        return m.sin(m.pi * x) / (m.pi * x)

    def value(m: Any, x: Any) -> Any:
        bounded, far = near_turns(m, x)
        rise, _ = half_turns(m, bounded)
        tiny = m.abs(bounded) < 2.0**-100
        inside = m.round(rise / (m.constant(PI) * m.where(tiny, 1.0, bounded)))
        # All zeros have one sign.
        whole = m.nearest(bounded) == bounded
        return m.where(tiny, 1.0, m.where(far, 0.0, m.where(whole, 0.0, inside)))

    def first(m: Any, x: Any) -> Any:
        bounded, far = near_turns(m, x)
        rise, run = half_turns(m, bounded)
        near, tiny = m.abs(bounded) < 0.25, m.abs(bounded) < 2.0**-500
        inner = m.where(near, bounded, 0.0)
        # Lifted where it would be subnormal.
        scale = m.where(tiny, bounded * LIFT, inner)
        series = m.round(sinc_series(m, inner, lambda k: 2 * k) * (m.constant(PI) * m.constant(PI)) * scale)
        series = m.copysign(series * m.where(tiny, UNLIFT, 1.0), -x)
        outer = m.where(near, 1.0, bounded)
        direct = (run - rise / (m.constant(PI) * outer)) / outer
        return m.where(far, 1.0 / x, m.where(near, series, m.round(direct)))

    def second(m: Any, x: Any) -> Any:
        bounded, far = near_turns(m, x)
        rise, run = half_turns(m, bounded)
        near = m.abs(bounded) < 0.25
        inner = m.where(near, bounded, 0.0)
        series = sinc_series(m, inner, lambda k: 2 * k * (2 * k - 1)) * (m.constant(PI) * m.constant(PI))
        u = m.constant(PI) * m.where(near, 1.0, bounded)
        # pi^2 ((2 - u^2) sin(u) - 2 u cos(u)) / u^3, divided by u before anything is large.
        direct = (2.0 * (rise / u - run) / u - rise) / u * (m.constant(PI) * m.constant(PI))
        # Far out all are even numbers: -2 / x^2, lifted, so that it is rounded once where it is subnormal.
        reciprocal = 1.0 / m.pair(m.where(far, m.minimum(m.abs(x), LARGE), 1.0))
        fading = m.round(reciprocal * LIFT * reciprocal) * (-2.0 * UNLIFT)
        # One float32 number is so close to a root that nothing would be left of the difference.
        beside = m.round(m.abs(bounded) - m.constant(SINC_BEND_ROOT[0]) - m.constant(SINC_BEND_ROOT[1]))
        bend = beside * m.polynomial(beside, tuple(map(float, SINC_BEND)))
        inside = m.where(m.abs(beside) < 2.0**-16, bend, m.round(direct))
        return m.where(far, fading, m.where(near, m.round(series), inside))

    def range() -> Interval:
        return Interval(-0.21723362821122166, 1.0, low_closed=True, high_closed=True)


def near_turns(m: Any, x: Any) -> tuple[Any, Any]:
    """Return x, 1 where every number of its size is even, and where that is."""
    far = m.abs(x) > 2.0**60
    return m.where(far, 1.0, x), far
