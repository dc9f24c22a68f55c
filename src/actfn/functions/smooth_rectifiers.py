"""Relatives of the rectifier: smooth ones, flattened ones, their logarithms, and the logarithm of the sigmoid."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import LIFT, UNLIFT, constant, decaying, logistic, pair_polynomial, square_root
from actfn.functions.declare import INFINITY, NON_NEGATIVE, POSITIVE, REALS, Interval, Kink, Parameter, elementwise
from actfn.functions.spelling import Spelling
from actfn.functions.squashing import ISR_ALPHA, isru_first, isru_partial, isru_second, isru_value

# The coefficients come from tools/coefficients.py.
# (2 s (1 - p) - p) / (root - x) in x - root, for s = softplus(x), p = sigmoid(x), |x - root| <= 1/2: relative error 2^-56.
BEND_LEADING = ("0.3080674853700877902673700302101476637819",)
BEND = tuple(
    map(
        float.fromhex,
        [
            "0x1.44ed46e5c62bfp-4",
            "-0x1.42a98dce2c0dap-5",
            "-0x1.8c71c1940b44bp-8",
            "0x1.508fca29eab37p-8",
            "-0x1.887e9f81248f1p-26",
            "-0x1.1c1aa3ea2093ap-11",
            "0x1.49c81eef89f8bp-14",
            "0x1.6bb1316d15eb8p-15",
            "-0x1.e987569c9f344p-17",
            "-0x1.1169199afddffp-19",
            "0x1.dae0dc2b88118p-20",
            "-0x1.608fae92a2f98p-24",
            "-0x1.56ee6bb898f29p-23",
            "0x1.fcf0cd82188bcp-26",
            "0x1.4e54ce3ce8bfap-27",
        ],
    )
)
BEND_ROOT = "0.921422508655360310739115446799521611276654613"

# Past this a square, and a pair with it, may overflow.
SQUARE_END = 1e150


@elementwise(
    hot=False,
    float32_loops=True,
    piecewise=("value", "first"),
    aliases=("logsigmoid", "log_expit", "log_logistic"),
    tags=("monotone", "smooth"),
    names={
        "torch": ("torch.nn.functional.logsigmoid(input)", "torch.nn.LogSigmoid()(x)"),
        "jax": "jax.nn.log_sigmoid(x)",
        "keras": ("keras.activations.log_sigmoid(x)", "keras.ops.log_sigmoid(x)"),
        "tensorflow": "tensorflow.math.log_sigmoid(x)",
        "flax": "flax.linen.log_sigmoid(x)",
        "scipy": "scipy.special.log_expit(x)",
        "mlx": ("mlx.nn.log_sigmoid(x)", "mlx.nn.LogSigmoid()(x)"),
        "tinygrad": "tinygrad.Tensor.logsigmoid(x)",
        "onednn": Spelling("eltwise_soft_relu(x, alpha)", requires={"alpha": -1.0}),
    },
)
class log_sigmoid:
    """log(1 / (1 + exp(-x))): the logarithm of a probability, without the overflow; minus softplus of -x."""

    def formula(m: Any, x: Any) -> Any:
        return m.log(1 / (1 + m.exp(-x)))

    def value(m: Any, x: Any) -> Any:
        size = m.pair(m.minimum(m.abs(x), 1e300))
        e, unlift = decaying(m, -size)
        logarithm = m.log1p_pair(m.where(unlift == 1.0, e, 0.0))
        # Where e is lifted, log(1 + e) is e to the last bit.
        right = m.round(m.where(unlift == 1.0, logarithm, e)) * unlift
        return m.where(x < -1e300, x, -m.where(x < 0.0, m.round(size + logarithm), right))

    def first(m: Any, x: Any) -> Any:
        return m.round(logistic(m, m.pair(-x)))

    def second(m: Any, x: Any) -> Any:
        e = m.exp_pair(m.pair(-m.abs(x)), 0.0)
        d = 1.0 + e
        return -m.round(e / (d * d))

    def range() -> Interval:
        return Interval(high=0.0)


def hypotenuse(m: Any, x: Any, b: Any) -> tuple[Any, Any, Any]:
    """Return |x| and sqrt(x^2 + b) as a pair, both scaled where they are large, and the scale; 0 at infinity."""
    a = m.abs(x)
    large = a > SQUARE_END
    scale = m.where(large, m.where(a < INFINITY, 2.0**-600, 0.0), 1.0)
    size = m.where(a == INFINITY, 1.0, a * scale)
    root = square_root(m, m.product(size, size) + m.where(large, 0.0, b))
    return size, m.where(large, size, root), scale


@elementwise(
    hot=False,
    float32_loops=True,
    tags=("rectifier", "monotone", "smooth"),
    papers=("Barron 2021, Squareplus: a softplus-like algebraic rectifier, arXiv:2112.11687",),
    names={
        "jax": Spelling("jax.nn.squareplus(x, b=4)", note="NaN at minus infinity"),
        "keras": ("keras.activations.squareplus(x, b=4)", "keras.ops.squareplus(x, b=4)"),
    },
    parameters=(
        Parameter("b", 4.0, POSITIVE, "width of the bend; 4 log(2)^2 for softplus's value at 0, relu as it falls"),
    ),
)
class squareplus:
    """(x + sqrt(x^2 + b)) / 2: a smooth rectifier from a square root, a hyperbola between 0 and x."""

    def formula(m: Any, x: Any, b: Any) -> Any:
        return (x + m.sqrt(x**2 + b)) / 2

    def value(m: Any, x: Any, b: Any) -> Any:
        size, root, scale = hypotenuse(m, x, b)
        # Left of 0 the sum would cancel.
        left = m.round(m.pair(0.5 * b) / (root + size)) * scale
        return m.where(x > SQUARE_END, x, m.where(x < 0.0, left, m.round(0.5 * (root + size))))

    def first(m: Any, x: Any, b: Any) -> Any:
        size, root, scale = hypotenuse(m, x, b)
        left = m.round(m.pair(0.5 * b) / (root * (root + size))) * scale * scale
        return m.where(x < 0.0, left, m.round(0.5 + 0.5 * (size / root)))

    def second(m: Any, x: Any, b: Any) -> Any:
        _, root, scale = hypotenuse(m, x, b)
        reciprocal = 1.0 / root
        return m.round(reciprocal * reciprocal * (0.5 * b) * reciprocal) * scale * scale * scale

    def partial_b(m: Any, x: Any, b: Any) -> Any:
        _, root, scale = hypotenuse(m, x, b)
        return m.round(0.25 / root) * scale

    def range(b: float) -> Interval:
        return POSITIVE


@elementwise(
    hot=False,
    tags=("rectifier", "monotone"),
    papers=("Blondel, Martins & Niculae 2019, Learning with Fenchel-Young losses, arXiv:1901.02324",),
    names={
        "jax": Spelling("jax.nn.sparse_plus(x)", note="its derivative at infinity is NaN"),
        "keras": ("keras.activations.sparse_plus(x)", "keras.ops.sparse_plus(x)"),
    },
)
class sparse_plus:
    """0 up to -1, x from 1 on, and the parabola (x + 1)^2 / 4 between: to sparsemax what softplus is to softmax."""

    def formula(m: Any, x: Any) -> Any:
        return m.where(x <= -1, 0, m.where(x >= 1, x, (x + 1) ** 2 / 4))

    def value(m: Any, x: Any) -> Any:
        s = m.sum(m.minimum(m.maximum(x, -1.0), 1.0), 1.0)
        return m.where(x >= 1.0, x, m.round(0.25 * (s * s)))

    def first(m: Any, x: Any) -> Any:
        return 0.5 * (m.minimum(m.maximum(x, -1.0), 1.0) + 1.0)

    def second(m: Any, x: Any) -> Any:
        return m.where((x > -1.0) & (x < 1.0), 0.5, constant(m, x, 0.0))

    def range() -> Interval:
        return NON_NEGATIVE


def soft(m: Any, x: Any) -> tuple[Any, Any, Any]:
    """Return softplus of x, |x| <= 600, its square root, and exp(-|x|), as pairs."""
    e = m.exp_pair(m.pair(-m.abs(x)), 0.0)
    s = m.log1p_pair(e) + m.maximum(x, 0.0)
    return s, square_root(m, s), e


@elementwise(
    hot=False,
    aliases=("sqrtsoftplus",),
    tags=("rectifier", "monotone", "smooth"),
    papers=("DeepSeek-AI 2026, DeepSeek-V4, the scores of its router",),
    names={"transformers": 'transformers.activations.ACT2FN["sqrtsoftplus"](x)'},
)
class sqrt_softplus:
    """The square root of softplus: always positive, it grows like the square root of x; scores of a router of experts."""

    def formula(m: Any, x: Any) -> Any:
        return m.sqrt(m.log1p(m.exp(x)))

    def value(m: Any, x: Any) -> Any:
        _, root, _ = soft(m, m.minimum(m.maximum(x, -40.0), 40.0))
        # Past 40 on either side softplus is x, or exp(x), to the last bit.
        e, unlift = half_exponential(m, x)
        return m.where(x > 40.0, m.sqrt(x), m.where(x < -40.0, m.round(e) * unlift, m.round(root)))

    def first(m: Any, x: Any) -> Any:
        _, root, e = soft(m, m.minimum(m.maximum(x, -40.0), 40.0))
        middle = m.where(x < 0.0, e, 1.0) / (1.0 + e) / (2.0 * root)
        end, unlift = half_exponential(m, x)
        right = 0.5 / square_root(m, m.pair(m.minimum(m.maximum(x, 40.0), 1e300)))
        far = m.where(x > 1e300, 0.5 / m.sqrt(x), m.round(right))
        return m.where(x > 40.0, far, m.where(x < -40.0, m.round(0.5 * end) * unlift, m.round(middle)))

    def second(m: Any, x: Any) -> Any:
        # (2 s (1 - p) - p) p / (4 s^(3/2)) for s = softplus(x) and p = s'; the bracket has a root.
        s, root, e = soft(m, m.minimum(m.maximum(x, -40.0), 80.0))
        d = 1.0 + e
        p, q = m.where(x < 0.0, e, 1.0) / d, m.where(x < 0.0, 1.0, e) / d
        distance = m.constant(BEND_ROOT) - m.minimum(m.maximum(x, -40.0), 80.0)
        near = distance * pair_polynomial(m, -distance, BEND_LEADING, BEND)
        bracket = m.where(m.abs(m.high(distance)) < 0.5, near, 2.0 * s * q - p)
        middle = m.round(bracket * p / (4.0 * s) / root)
        end, unlift = half_exponential(m, x)
        far = m.pair(m.minimum(m.maximum(x, 80.0), 1e300))
        right = m.round(-0.25 * LIFT / far / square_root(m, far)) * UNLIFT
        return m.where(
            x > 80.0, m.where(x > 1e300, -0.0, right), m.where(x < -40.0, m.round(0.25 * end) * unlift, middle)
        )

    def range() -> Interval:
        return POSITIVE


def half_exponential(m: Any, x: Any) -> tuple[Any, Any]:
    """Return exp(x / 2) for x <= 0 as a pair, and the factor of its lift."""
    return decaying(m, m.pair(0.5 * m.minimum(m.maximum(x, -1600.0), 0.0)))


@elementwise(
    hot=False,
    aliases=("inverse_square_root_linear_unit",),
    tags=("rectifier", "monotone", "smooth"),
    papers=(
        "Carlile et al. 2017, Improving deep learning by inverse square root linear units (ISRLUs), arXiv:1710.09967",
    ),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.ISRU(alpha=1.0, isrlu=False)(x)",
            requires={"isrlu": True},
            note="raises AttributeError when it is called",
        )
    },
    parameters=(ISR_ALPHA,),
)
class isrlu:
    """x right of 0, x / sqrt(1 + alpha x^2) left of it: an elu from one inverse square root, without an exponential."""

    def formula(m: Any, x: Any, alpha: Any) -> Any:
        return m.where(x >= 0, x, x / m.sqrt(1 + alpha * x**2))

    def value(m: Any, x: Any, alpha: Any) -> Any:
        return m.where(x >= 0.0, x, isru_value(m, x, alpha))

    def first(m: Any, x: Any, alpha: Any) -> Any:
        return m.where(x >= 0.0, 1.0, isru_first(m, x, alpha))

    def second(m: Any, x: Any, alpha: Any) -> Any:
        return m.where(x >= 0.0, 0.0, isru_second(m, x, alpha))

    def partial_alpha(m: Any, x: Any, alpha: Any) -> Any:
        return m.where(x >= 0.0, 0.0, isru_partial(m, x, alpha))

    def range(alpha: float) -> Interval:
        return Interval(-1 / alpha**0.5)


@elementwise(
    hot=False,
    aliases=("natural_logarithm_relu",),
    tags=("rectifier", "monotone"),
    papers=("Liu, Zhang, Liang, Xiao & Yang 2019, Natural-logarithm-rectified activation function, arXiv:1908.03682",),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.NLReLU(beta=1.0, inplace=False)(x)", note="raises NameError when it is called"
        ),
    },
    parameters=(Parameter("beta", 1.0, POSITIVE, "slope at 0 from the right"),),
)
class nlrelu:
    """log(1 + beta max(0, x)): a rectifier whose large outputs are pressed together by the logarithm."""

    def formula(m: Any, x: Any, beta: Any) -> Any:
        return m.where(x > 0, m.log(1 + beta * x), 0)

    def value(m: Any, x: Any, beta: Any) -> Any:
        t, far, positive = scaled_part(m, x, beta)
        # Where beta x would overflow, the 1 is lost beside it.
        logarithm = m.where(x < INFINITY, m.round(m.log_pair(m.pair(beta)) + m.log_pair(m.pair(positive))), x)
        return m.where(x > 0.0, m.where(far, logarithm, m.round(m.log1p_pair(t))), constant(m, x, 0.0))

    def first(m: Any, x: Any, beta: Any) -> Any:
        t, far, positive = scaled_part(m, x, beta)
        slope = m.where(far, 1.0 / positive, m.round(beta / (1.0 + t)))
        return m.where(x > 0.0, slope, constant(m, x, 0.0))

    def second(m: Any, x: Any, beta: Any) -> Any:
        t, far, positive = scaled_part(m, x, beta)
        slope = beta / (1.0 + t)
        return m.where(x > 0.0, m.where(far, -1.0 / positive / positive, -m.round(slope * slope)), constant(m, x, 0.0))

    def partial_beta(m: Any, x: Any, beta: Any) -> Any:
        t, far, positive = scaled_part(m, x, beta)
        slope = m.where(far, 1.0 / beta, m.round(m.where(far, 1.0, positive) / (1.0 + t)))
        return m.where(x > 0.0, slope, constant(m, x, 0.0))

    def range(beta: float) -> Interval:
        return NON_NEGATIVE

    def kinks(beta: float) -> tuple[Kink, ...]:
        return (Kink(0.0, 0.0, beta, chosen=0.0),)


def scaled_part(m: Any, x: Any, beta: Any) -> tuple[Any, Any, Any]:
    """Return beta x as a pair, 0 where it is huge, where that is, and x or, where that is not positive, 1."""
    positive = m.where(x > 0.0, x, 1.0)
    far = beta * positive > 1e150
    return m.product(beta, m.where(far, 0.0, positive)), far, positive


@elementwise(
    hot=False,
    tags=("monotone", "smooth", "zero_centred"),
)
class bent_identity:
    """(sqrt(x^2 + 1) - 1) / 2 + x: the identity with a gentle bend at 0, slope 1/2 far left and 3/2 far right."""

    def formula(m: Any, x: Any) -> Any:
        return (m.sqrt(x**2 + 1) - 1) / 2 + x

    def value(m: Any, x: Any) -> Any:
        bounded, root = bend(m, x)
        # Without cancellation it is x (1 + x / (2 sqrt(x^2 + 1) + 2)); far right, less than 3 x / 2, which may be a tie.
        below, next_to_nothing = m.where(x > 1e9, 1.0 - m.sticky(x), 1.0), m.where(x > 1e9, 2.0**-104, 0.0)
        gate = (1.0 + 0.5 * (bounded / (root + 1.0)) - next_to_nothing) * below
        # A pair must not overflow.
        far = m.abs(x) > SQUARE_END
        result = m.round(gate * m.where(far, x * 2.0**-64, x)) * m.where(far, 2.0**64, 1.0)
        return m.copysign(m.where(m.abs(x) < INFINITY, result, x), x)

    def first(m: Any, x: Any) -> Any:
        bounded, root = bend(m, x)
        return m.round(1.0 + 0.5 * (bounded / root))

    def second(m: Any, x: Any) -> Any:
        _, root = bend(m, x)
        reciprocal = 1.0 / root
        return m.round(reciprocal * reciprocal * (0.5 * reciprocal))

    def range() -> Interval:
        return REALS


def bend(m: Any, x: Any) -> tuple[Any, Any]:
    """Return x, bounded so that its square does not overflow, and sqrt(x^2 + 1) as a pair."""
    bounded = m.minimum(m.maximum(x, -SQUARE_END), SQUARE_END)
    return bounded, square_root(m, m.product(bounded, bounded) + 1.0)
