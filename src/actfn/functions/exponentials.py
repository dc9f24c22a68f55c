"""Functions that are exponential on one side and linear on the other, and their inverses."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import SATURATED, decaying, logistic, magnitude, scaled
from actfn.functions.declare import INFINITY, NON_NEGATIVE, POSITIVE, REALS, Interval, Kink, Parameter, elementwise
from actfn.functions.spelling import Spelling

# The constants of selu, and the product of the two.
SELU_ALPHA = "1.6732632423543772848170429916716520384611553482812"
SELU_SCALE = "1.0507009873554804934193349852946063519589812043764"
SELU_SCALE_ALPHA = "1.758099340847376859940217520812279577323506837162"

CUT = "its constants are cut to 1.67326 and 1.0507"
CANCELS = "computed as exp(x) - 1, which cancels near 0"


def scaled_expm1(m: Any, factor: Any, x: Any) -> Any:
    """Return factor (exp(x) - 1) for x <= 0."""
    return m.round(m.expm1_pair(m.pair(m.minimum(x, 0.0))) * factor)


def scaled_exp(m: Any, factor: Any, x: Any) -> Any:
    """Return factor exp(x) for x <= 0."""
    e, unlift = decaying(m, m.pair(m.minimum(m.maximum(x, -SATURATED), 0.0)))
    return m.round(e * factor) * unlift


@elementwise(
    piecewise=("value", "first"),
    tags=("rectifier", "monotone"),
    papers=(
        "Clevert, Unterthiner & Hochreiter 2015, Fast and accurate deep network learning by ELUs, arXiv:1511.07289",
    ),
    names={
        "torch": (
            "torch.nn.functional.elu(input, alpha=1.0, inplace=False)",
            "torch.nn.ELU(alpha=1.0, inplace=False)(x)",
        ),
        "jax": "jax.nn.elu(x, alpha=1.0)",
        "keras": (
            "keras.activations.elu(x, alpha=1.0)",
            "keras.layers.ELU(alpha=1.0)(x)",
            "keras.ops.elu(x, alpha=1.0)",
        ),
        "onnx": "Elu(X, alpha=1.0)",
        "tensorflow": Spelling("tensorflow.nn.elu(features)", note=CANCELS),
        "flax": "flax.linen.elu(x, alpha=1.0)",
        "timm": 'timm.layers.get_act_fn("elu")(x)',
        "mlx": (
            Spelling("mlx.nn.elu(x, alpha=1.0)", note=CANCELS),
            Spelling("mlx.nn.ELU(alpha=1.0)(x)", note=CANCELS),
        ),
        "tinygrad": Spelling("tinygrad.Tensor.elu(x, alpha=1.0)", note="its derivative at 0 is 0 for every alpha"),
        "onednn": "eltwise_elu(x, alpha)",
    },
    parameters=(Parameter("alpha", 1.0, NON_NEGATIVE, "minus the limit at minus infinity"),),
)
class elu:
    """A rectifier that decays smoothly to -alpha, so that mean activations are nearer to zero."""

    def formula(m: Any, x: Any, alpha: Any) -> Any:
        return m.where(x > 0, x, alpha * (m.exp(x) - 1))

    def value(m: Any, x: Any, alpha: Any) -> Any:
        return m.where(x >= 0.0, x, scaled_expm1(m, alpha, x))

    def first(m: Any, x: Any, alpha: Any) -> Any:
        return m.where(x > 0.0, 1.0, scaled_exp(m, alpha, x))

    def second(m: Any, x: Any, alpha: Any) -> Any:
        return m.where(x > 0.0, 0.0, scaled_exp(m, alpha, x))

    def partial_alpha(m: Any, x: Any, alpha: Any) -> Any:
        return m.where(x > 0.0, 0.0, m.expm1(m.minimum(x, 0.0)))

    def range(alpha: float) -> Interval:
        return Interval(-alpha) if alpha > 0 else NON_NEGATIVE

    def kinks(alpha: float) -> tuple[Kink, ...]:
        return () if alpha == 1 else (Kink(0.0, alpha, 1.0, chosen=alpha),)

    def inverse(alpha: float) -> tuple[str, dict[str, Any]] | None:
        return ("inverse_elu", {"alpha": alpha}) if alpha > 0 else None


@elementwise(
    piecewise=("value", "first"),
    tags=("rectifier", "monotone", "self_normalising"),
    papers=("Klambauer, Unterthiner, Mayr & Hochreiter 2017, Self-normalizing neural networks, arXiv:1706.02515",),
    names={
        "torch": ("torch.nn.functional.selu(input, inplace=False)", "torch.nn.SELU(inplace=False)(x)"),
        "jax": "jax.nn.selu(x)",
        "keras": tuple(
            Spelling(call, note="with TensorFlow its derivative at 0 is 1.0507")
            for call in ("keras.activations.selu(x)", "keras.ops.selu(x)")
        ),
        "onnx": Spelling(
            "Selu(X, alpha=1.67326319217681884765625, gamma=1.05070102214813232421875)",
            note="constants rounded to float32",
        ),
        "tensorflow": Spelling("tensorflow.nn.selu(features)", kinks=("right",)),
        "flax": "flax.linen.selu(x)",
        "timm": 'timm.layers.get_act_fn("selu")(x)',
        "mlx": (Spelling("mlx.nn.selu(x)", differs=CUT), Spelling("mlx.nn.SELU()(x)", differs=CUT)),
        "tinygrad": Spelling("tinygrad.Tensor.selu(x, alpha=1.67326, gamma=1.0507)", kinks=("right",), differs=CUT),
    },
)
class selu:
    """A scaled elu whose two constants make mean 0 and variance 1 a stable fixed point from layer to layer."""

    def formula(m: Any, x: Any) -> Any:
        alpha, scale = m.number(SELU_ALPHA), m.number(SELU_SCALE)
        return scale * m.where(x > 0, x, alpha * (m.exp(x) - 1))

    def value(m: Any, x: Any) -> Any:
        # A pair must not overflow.
        linear = m.where(x > 1e300, 1.0507009873554805 * x, m.round(m.constant(SELU_SCALE) * m.minimum(x, 1e300)))
        return m.copysign(m.where(x > 0.0, linear, scaled_expm1(m, m.constant(SELU_SCALE_ALPHA), x)), x)

    def first(m: Any, x: Any) -> Any:
        return m.where(x > 0.0, m.round(m.constant(SELU_SCALE)), scaled_exp(m, m.constant(SELU_SCALE_ALPHA), x))

    def second(m: Any, x: Any) -> Any:
        return m.where(x > 0.0, 0.0, scaled_exp(m, m.constant(SELU_SCALE_ALPHA), x))

    def range() -> Interval:
        return Interval(-float(SELU_SCALE_ALPHA))

    def kinks() -> tuple[Kink, ...]:
        left, right = float(SELU_SCALE_ALPHA), float(SELU_SCALE)
        return (Kink(0.0, left, right, chosen=left),)

    def inverse() -> tuple[str, dict[str, Any]]:
        return "inverse_selu", {}


@elementwise(
    piecewise=("value", "first"),
    aliases=("soft_relu",),
    tags=("rectifier", "monotone", "smooth"),
    papers=(
        "Dugas, Bengio, Bélisle, Nadeau & Garcia 2001, Incorporating second-order functional knowledge",
        "Glorot, Bordes & Bengio 2011, Deep sparse rectifier neural networks",
    ),
    names={
        "torch": tuple(
            Spelling(call, ignores=("threshold",), note="linear past beta x = threshold, 2e-9 below the function there")
            for call in (
                "torch.nn.functional.softplus(input, beta=1.0, threshold=20.0)",
                "torch.nn.Softplus(beta=1.0, threshold=20.0)(x)",
            )
        ),
        "jax": ("jax.nn.softplus(x)", Spelling("jax.nn.softplus(beta * x) / beta", recipe=True)),
        "keras": (
            "keras.activations.softplus(x)",
            "keras.ops.softplus(x)",
            Spelling("keras.ops.softplus(beta * x) / beta", recipe=True),
        ),
        "onnx": "Softplus(X)",
        "tensorflow": (
            "tensorflow.nn.softplus(features)",
            Spelling("tensorflow.nn.softplus(beta * x) / beta", recipe=True),
        ),
        "flax": "flax.linen.softplus(x)",
        "scipy": "scipy.special.softplus(x)",
        "mlx": ("mlx.nn.softplus(x)", "mlx.nn.Softplus()(x)"),
        "tinygrad": "tinygrad.Tensor.softplus(x, beta=1.0)",
        "onednn": Spelling("eltwise_soft_relu(x, alpha)", means={"alpha": "beta"}),
    },
    parameters=(Parameter("beta", 1.0, POSITIVE, "steepness of the bend; relu as it grows"),),
)
class softplus:
    """The smooth rectifier log(1 + exp(beta x)) / beta, whose derivative is the sigmoid; no hidden threshold."""

    def formula(m: Any, x: Any, beta: Any) -> Any:
        return m.log(1 + m.exp(beta * x)) / beta

    def value(m: Any, x: Any, beta: Any) -> Any:
        t, high, low = scaled(m, beta, x)
        negative, size = magnitude(m, t)
        e, unlift = decaying(m, -size)
        logarithm = m.log1p_pair(m.where(unlift == 1.0, e, 0.0))
        # Where e is lifted, log(1 + e) is e to the last bit.
        bend = m.where(negative, m.where(unlift == 1.0, logarithm, e), t + logarithm)
        result = m.round(bend / beta) * m.where(negative, unlift, 1.0)
        return m.where(high, x, m.where(low, 0.0, result))

    def first(m: Any, x: Any, beta: Any) -> Any:
        t, high, low = scaled(m, beta, x)
        return m.where(high, 1.0, m.where(low, 0.0, m.round(logistic(m, t))))

    def second(m: Any, x: Any, beta: Any) -> Any:
        t, high, low = scaled(m, beta, x)
        _, size = magnitude(m, t)
        e, unlift = decaying(m, -size)
        d = 1.0 + e
        return m.where(high | low, 0.0, m.round(e / (d * d) * beta) * unlift)

    def partial_beta(m: Any, x: Any, beta: Any) -> Any:
        t, high, low = scaled(m, beta, x)
        _, size = magnitude(m, t)
        e, unlift = decaying(m, -size)
        d = 1.0 + e
        bend = m.where(unlift == 1.0, m.log1p_pair(m.where(unlift == 1.0, e, 0.0)), e) + size * (e / d)
        return m.where(high | low, -0.0, -m.round(bend / m.product(beta, beta)) * unlift)

    def range(beta: float) -> Interval:
        return POSITIVE

    def inverse(beta: float) -> tuple[str, dict[str, Any]]:
        return "inverse_softplus", {"beta": beta}


@elementwise(
    inverse_of="elu",
    tags=("monotone",),
    parameters=(Parameter("alpha", 1.0, POSITIVE, "alpha of the elu that is undone"),),
)
class inverse_elu:
    """The inverse of elu: x for x > 0, log(1 + x / alpha) below."""

    def formula(m: Any, x: Any, alpha: Any) -> Any:
        return m.where(x > 0, x, m.log(1 + x / alpha))

    def value(m: Any, x: Any, alpha: Any) -> Any:
        return above(m, x, -alpha, m.where(x >= 0.0, x, log1p_quotient(m, x, m.pair(alpha))), -INFINITY)

    def first(m: Any, x: Any, alpha: Any) -> Any:
        return above(m, x, -alpha, m.where(x > 0.0, 1.0, m.round(1.0 / m.sum(alpha, x))), INFINITY)

    def second(m: Any, x: Any, alpha: Any) -> Any:
        reciprocal = 1.0 / m.sum(alpha, m.minimum(x, 0.0))
        return above(m, x, -alpha, m.where(x > 0.0, 0.0, -m.round(reciprocal * reciprocal)), -INFINITY)

    def partial_alpha(m: Any, x: Any, alpha: Any) -> Any:
        slope = -m.round(m.pair(m.minimum(x, 0.0)) / (m.sum(alpha, m.minimum(x, 0.0)) * alpha))
        return above(m, x, -alpha, m.where(x > 0.0, 0.0, slope), INFINITY)

    def range(alpha: float) -> Interval:
        return REALS

    def kinks(alpha: float) -> tuple[Kink, ...]:
        return () if alpha == 1 else (Kink(0.0, 1.0 / alpha, 1.0, chosen=1.0 / alpha),)

    def inverse(alpha: float) -> tuple[str, dict[str, Any]]:
        return "elu", {"alpha": alpha}


def above(m: Any, x: Any, end: Any, inside: Any, at_end: Any) -> Any:
    """Return a value right of an open end, its limit at the end, and NaN left of it and at NaN."""
    return m.where(x > end, inside, m.where(x == end, at_end, float("nan")))


def log1p_quotient(m: Any, x: Any, scale: Any) -> Any:
    """Return log(1 + x / scale) for -scale < x <= 0, where scale is a pair."""
    ratio = m.minimum(x, 0.0) / scale
    return m.round(m.log1p_pair(m.where(m.high(1.0 + ratio) > 0.0, ratio, 0.0)))


def beyond_end(m: Any, x: Any) -> Any:
    """Return how far x is from the end of selu's range, which lies between two floats."""
    return m.where(x < INFINITY, m.high(m.constant(SELU_SCALE_ALPHA) + m.minimum(x, 1.0)), x)


@elementwise(inverse_of="selu", tags=("monotone",))
class inverse_selu:
    """The inverse of selu."""

    def formula(m: Any, x: Any) -> Any:
        alpha, scale = m.number(SELU_ALPHA), m.number(SELU_SCALE)
        return m.where(x > 0, x / scale, m.log(1 + x / (scale * alpha)))

    def value(m: Any, x: Any) -> Any:
        # A pair must not overflow.
        linear = m.where(x > 1e300, x / 1.0507009873554805, m.round(m.minimum(x, 1e300) / m.constant(SELU_SCALE)))
        inside = m.copysign(m.where(x > 0.0, linear, log1p_quotient(m, x, m.constant(SELU_SCALE_ALPHA))), x)
        return above(m, beyond_end(m, x), 0.0, inside, -INFINITY)

    def first(m: Any, x: Any) -> Any:
        linear = m.round(1.0 / m.constant(SELU_SCALE))
        inside = m.round(1.0 / (m.constant(SELU_SCALE_ALPHA) + m.minimum(x, 0.0)))
        return above(m, beyond_end(m, x), 0.0, m.where(x > 0.0, linear, inside), INFINITY)

    def second(m: Any, x: Any) -> Any:
        reciprocal = 1.0 / (m.constant(SELU_SCALE_ALPHA) + m.minimum(x, 0.0))
        inside = m.where(x > 0.0, 0.0, -m.round(reciprocal * reciprocal))
        return above(m, beyond_end(m, x), 0.0, inside, -INFINITY)

    def range() -> Interval:
        return REALS

    def kinks() -> tuple[Kink, ...]:
        left, right = 1 / float(SELU_SCALE_ALPHA), 1 / float(SELU_SCALE)
        return (Kink(0.0, left, right, chosen=left),)

    def inverse() -> tuple[str, dict[str, Any]]:
        return "selu", {}


@elementwise(
    inverse_of="softplus",
    tags=("monotone", "smooth"),
    parameters=(Parameter("beta", 1.0, POSITIVE, "beta of the softplus that is undone"),),
)
class inverse_softplus:
    """The inverse of softplus, log(exp(beta y) - 1) / beta."""

    def formula(m: Any, x: Any, beta: Any) -> Any:
        return m.log(m.exp(beta * x) - 1) / beta

    def value(m: Any, x: Any, beta: Any) -> Any:
        t, high, _ = scaled(m, beta, m.maximum(x, 0.0))
        # log(e^t - 1) = t + log(1 - e^-t), and t + log(-expm1(-t)) has no cancellation but at its own root.
        tiny = m.high(t) < 1e-290
        q = m.where(tiny, 1.0, -m.expm1_pair(-t))
        logarithm = m.log_pair(m.where(tiny, m.pair(m.where(x > 0.0, x, 1.0)), q))
        # There beta x would lose its bits as a subnormal number.
        inside = m.round((m.where(tiny, m.log_pair(m.pair(beta)), t) + logarithm) / beta)
        return above(m, x, 0.0, m.where(high, x, inside), -INFINITY)

    def first(m: Any, x: Any, beta: Any) -> Any:
        t, high, _ = scaled(m, beta, m.maximum(x, 0.0))
        return above(m, x, 0.0, m.where(high, 1.0, 1.0 / m.abs(m.round(m.expm1_pair(-t)))), INFINITY)

    def second(m: Any, x: Any, beta: Any) -> Any:
        t, high, _ = scaled(m, beta, m.maximum(x, 0.0))
        e, unlift = decaying(m, -t)
        q = m.round(m.expm1_pair(-t))
        return above(m, x, 0.0, m.where(high, -0.0, -m.round(e * beta) / q / q * unlift), -INFINITY)

    def partial_beta(m: Any, x: Any, beta: Any) -> Any:
        # (t e / q - log q) / beta^2, where q = 1 - e and e = exp(-t): no cancellation.
        t, high, _ = scaled(m, beta, m.maximum(x, 0.0))
        tiny = m.high(t) < 1e-290
        e, q = m.exp_pair(-t, 0.0), m.where(tiny, 1.0, -m.expm1_pair(-t))
        near = m.log_pair(m.where(tiny, m.pair(m.where(x > 0.0, x, 1.0)), 1.0)) + m.log_pair(m.pair(beta))
        logarithm = m.where(tiny, near, m.where(m.high(t) > 1.0, m.log1p_pair(-e), m.log_pair(q)))
        bend = m.where(tiny, 1.0, t * e / q) - logarithm
        return above(m, x, 0.0, m.where(high, 0.0, m.round(bend / beta) / beta), INFINITY)

    def range(beta: float) -> Interval:
        return REALS

    def inverse(beta: float) -> tuple[str, dict[str, Any]]:
        return "softplus", {"beta": beta}
