"""S-shaped functions between two limits, and their inverses."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import LIFT, UNLIFT, constant, decaying, line, logistic
from actfn.functions.declare import INFINITY, POSITIVE, REALS, Interval, Kink, Parameter, elementwise
from actfn.functions.spelling import Spelling


def logistic_second(m: Any, size: Any, factor: float) -> Any:
    """Return factor e (1 - e) / (1 + e)^3 for e = exp(-size); 1 - e comes from expm1, so that it is exact near 0."""
    e, unlift = decaying(m, -size)
    d = 1.0 + e
    # What the cubes of the size take away decides ties.
    below = factor - factor * m.sticky(m.high(size))
    return m.round(-m.expm1_pair(-size) * below / (d * d * d) * e) * unlift


@elementwise(
    piecewise=("value", "first"),
    aliases=("logistic", "expit"),
    tags=("sigmoidal", "bounded", "monotone", "smooth", "probability"),
    papers=(
        "Verhulst 1838, Notice sur la loi que la population poursuit dans son accroissement",
        "Rumelhart, Hinton & Williams 1986, Learning representations by back-propagating errors",
    ),
    names={
        "torch": (
            "torch.sigmoid(input)",
            "torch.nn.Sigmoid()(x)",
            "torch.special.expit(input)",
            "torch.nn.functional.sigmoid(input)",
        ),
        "jax": ("jax.nn.sigmoid(x)", "jax.scipy.special.expit(x)"),
        "keras": ("keras.activations.sigmoid(x)", "keras.ops.sigmoid(x)"),
        "onnx": "Sigmoid(X)",
        "tensorflow": "tensorflow.nn.sigmoid(x)",
        "flax": "flax.linen.sigmoid(x)",
        "scipy": "scipy.special.expit(x)",
        "timm": 'timm.layers.get_act_fn("sigmoid")(x)',
        "transformers": 'transformers.activations.ACT2FN["sigmoid"](x)',
        "mlx": ("mlx.nn.sigmoid(x)", "mlx.nn.Sigmoid()(x)"),
        "tinygrad": "tinygrad.Tensor.sigmoid(x)",
        "onednn": "eltwise_logistic(x)",
    },
)
class sigmoid:
    """The logistic function: squashes the reals to (0, 1); a probability, a gate."""

    def formula(m: Any, x: Any) -> Any:
        return 1 / (1 + m.exp(-x))

    def value(m: Any, x: Any) -> Any:
        return m.round(logistic(m, m.pair(x)))

    def first(m: Any, x: Any) -> Any:
        e = m.exp_pair(m.pair(-m.abs(x)), 0.0)
        d = 1.0 + e
        return m.round(e / (d * d))

    def second(m: Any, x: Any) -> Any:
        return m.copysign(logistic_second(m, m.pair(m.abs(x)), 1.0), -x)

    def range() -> Interval:
        return Interval(0.0, 1.0)

    def inverse() -> tuple[str, dict[str, Any]]:
        return "logit", {}


@elementwise(
    piecewise=("value", "first"),
    tags=("sigmoidal", "bounded", "monotone", "smooth", "zero_centred"),
    papers=("LeCun, Bottou, Orr & Müller 1998, Efficient BackProp",),
    names={
        "torch": ("torch.tanh(input)", "torch.nn.Tanh()(x)", "torch.nn.functional.tanh(input)"),
        "jax": ("jax.nn.tanh(x)", "jax.numpy.tanh(x)"),
        "keras": ("keras.activations.tanh(x)", "keras.ops.tanh(x)"),
        "onnx": "Tanh(input)",
        "tensorflow": "tensorflow.nn.tanh(x)",
        "flax": "flax.linen.tanh(x)",
        "scipy": "numpy.tanh(x)",
        "timm": 'timm.layers.get_act_fn("tanh")(x)',
        "transformers": 'transformers.activations.ACT2FN["tanh"](x)',
        "mlx": ("mlx.nn.tanh(x)", "mlx.nn.Tanh()(x)"),
        "tinygrad": Spelling("tinygrad.Tensor.tanh(x)", note="computed as 2 sigmoid(2x) - 1, which cancels near 0"),
        "onednn": "eltwise_tanh(x)",
    },
)
class tanh:
    """The hyperbolic tangent: a sigmoid with range (-1, 1) that passes through the origin with slope 1."""

    def formula(m: Any, x: Any) -> Any:
        return m.tanh(x)

    def value(m: Any, x: Any) -> Any:
        q = -m.expm1_pair(m.pair(-2.0 * m.abs(x)))
        return m.copysign(m.round(q / (2.0 - q)), x)

    def first(m: Any, x: Any) -> Any:
        e, unlift = decaying(m, m.pair(-2.0 * m.abs(x)))
        d = 1.0 + e
        return m.round(e / (d * d)) * (4.0 * unlift)

    def second(m: Any, x: Any) -> Any:
        return m.copysign(logistic_second(m, m.pair(2.0 * m.abs(x)), 8.0), -x)

    def range() -> Interval:
        return Interval(-1.0, 1.0)

    def inverse() -> tuple[str, dict[str, Any]]:
        return "inverse_tanh", {}


@elementwise(
    aliases=("soft_sign",),
    tags=("sigmoidal", "bounded", "monotone", "zero_centred"),
    papers=(
        "Elliott 1993, A better activation function for artificial neural networks",
        "Glorot & Bengio 2010, Understanding the difficulty of training deep feedforward neural networks",
    ),
    names={
        "torch": ("torch.nn.functional.softsign(input)", "torch.nn.Softsign()(x)"),
        "jax": "jax.nn.soft_sign(x)",
        "keras": "keras.activations.softsign(x)",
        "onnx": "Softsign(input)",
        "tensorflow": "tensorflow.nn.softsign(features)",
        "flax": "flax.linen.soft_sign(x)",
        "mlx": ("mlx.nn.softsign(x)", "mlx.nn.Softsign()(x)"),
        "tinygrad": "tinygrad.Tensor.softsign(x)",
    },
)
class softsign:
    """A sigmoid without an exponential, x / (1 + |x|): it saturates polynomially, more slowly than tanh."""

    def formula(m: Any, x: Any) -> Any:
        return x / (1 + m.abs(x))

    def value(m: Any, x: Any) -> Any:
        a = m.minimum(m.abs(x), 1e300)
        return m.copysign(m.round(a / m.sum(1.0, a)), x)

    def first(m: Any, x: Any) -> Any:
        a = m.minimum(m.abs(x), 1e300)
        # Lifted, the product is rounded once where it is subnormal.
        reciprocal = 1.0 / m.sum(1.0, a)
        return m.round(reciprocal * LIFT * reciprocal) * UNLIFT

    def second(m: Any, x: Any) -> Any:
        a = m.minimum(m.abs(x), 1e300)
        reciprocal = 1.0 / m.sum(1.0, a)
        # The formula has 0 as its second derivative at the joint, half way between the one-sided 2 and -2.
        cube = m.where(x == 0.0, 0.0, m.round(reciprocal * LIFT * reciprocal * reciprocal))
        return m.copysign(cube * (2.0 * UNLIFT), -x)

    def range() -> Interval:
        return Interval(-1.0, 1.0)

    def inverse() -> tuple[str, dict[str, Any]]:
        return "inverse_softsign", {}


@elementwise(
    tuned=("value", "first"),
    aliases=("hardsigmoid",),
    tags=("sigmoidal", "bounded", "monotone", "piecewise_linear", "probability"),
    papers=(
        "Courbariaux, Bengio & David 2015, BinaryConnect, arXiv:1511.00363",
        "Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244",
    ),
    names={
        "torch": ("torch.nn.functional.hardsigmoid(input, inplace=False)", "torch.nn.Hardsigmoid(inplace=False)(x)"),
        "jax": (
            "jax.nn.hard_sigmoid(x)",
            Spelling("jax.nn.sparse_sigmoid(x)", values={"slope": 0.5}, kinks=(0.25, 0.25)),
        ),
        "keras": (
            Spelling("keras.activations.hard_sigmoid(x)", note="slope 0.2 in Keras 1 and 2"),
            "keras.ops.hard_sigmoid(x)",
            Spelling("keras.activations.sparse_sigmoid(x)", values={"slope": 0.5}),
            Spelling("keras.ops.sparse_sigmoid(x)", values={"slope": 0.5}),
        ),
        "onnx": Spelling("HardSigmoid(X, alpha=0.2, beta=0.5)", means={"alpha": "slope", "beta": "offset"}),
        "flax": "flax.linen.hard_sigmoid(x)",
        "timm": Spelling(
            'timm.layers.get_act_fn("hard_sigmoid")(x)',
            note="the memory-efficient variant has derivative 1/6 at both corners",
        ),
        "tinygrad": Spelling(
            "tinygrad.Tensor.hardsigmoid(x, alpha=1/6, beta=0.5)",
            means={"alpha": "slope", "beta": "offset"},
            kinks=("left", "left"),
            note="NaN at infinity",
        ),
        "onednn": Spelling("eltwise_hardsigmoid(x, alpha, beta)", means={"alpha": "slope", "beta": "offset"}),
    },
    parameters=(
        Parameter("slope", 1 / 6, POSITIVE, "slope of the middle piece", unit_fraction=True),
        Parameter("offset", 0.5, REALS, "value of the middle piece at 0"),
    ),
)
class hard_sigmoid:
    """A straight line cut off at 0 and 1: the cheap sigmoid of mobile networks."""

    def formula(m: Any, x: Any, slope: Any, offset: Any) -> Any:
        line = slope * x + offset
        return m.where(line <= 0, 0, m.where(line >= 1, 1, line))

    def value(m: Any, x: Any, slope: Any, offset: Any) -> Any:
        return m.minimum(m.maximum(m.round(hard_line(m, x, slope, offset)), 0.0), 1.0)

    def first(m: Any, x: Any, slope: Any, offset: Any) -> Any:
        return hard_inside(m, x, slope, offset, slope)

    def second(m: Any, x: Any, slope: Any, offset: Any) -> Any:
        return constant(m, x, 0.0)

    def partial_slope(m: Any, x: Any, slope: Any, offset: Any) -> Any:
        return hard_inside(m, x, slope, offset, x)

    def partial_offset(m: Any, x: Any, slope: Any, offset: Any) -> Any:
        return hard_inside(m, x, slope, offset, 1.0)

    def range(slope: float, offset: float) -> Interval:
        return Interval(0.0, 1.0, low_closed=True, high_closed=True)

    def kinks(slope: float, offset: float) -> tuple[Kink, ...]:
        return (
            Kink(-offset / slope, 0.0, slope, chosen=0.0),
            Kink((1.0 - offset) / slope, slope, 0.0, chosen=0.0),
        )


def hard_line(m: Any, x: Any, slope: Any, offset: Any) -> Any:
    # Past 1e150 the line is cut off for every slope of use, and the pair must not overflow.
    return line(m, slope, m.minimum(m.maximum(x, -1e150), 1e150), offset)


def hard_inside(m: Any, x: Any, slope: Any, offset: Any, inside: Any) -> Any:
    height = hard_line(m, x, slope, offset)
    # As a pair, the line is seen to be below 1 where it rounds to 1.
    return m.where((m.high(height) > 0.0) & (m.high(1.0 - height) > 0.0), inside, constant(m, x, 0.0))


@elementwise(
    inverse_of="sigmoid",
    tags=("monotone",),
    names={
        "torch": ("torch.logit(input, eps=None)", "torch.special.logit(input, eps=None)"),
        "jax": "jax.scipy.special.logit(x)",
        "scipy": "scipy.special.logit(x)",
    },
)
class logit:
    """The log-odds log(y / (1 - y)): the inverse of sigmoid."""

    def formula(m: Any, x: Any) -> Any:
        return m.log(x / (1 - x))

    def value(m: Any, x: Any) -> Any:
        # log(1 + (2x - 1) / (1 - x)) keeps its digits near the root, log(x / (1 - x)) near 0.
        small = x < 0.25
        odds = m.pair(m.where(small, x, 2.0 * x - 1.0)) / m.sum(1.0, -x)
        left = m.log_pair(m.where(small & (x > 0.0), odds, 1.0))
        right = m.log1p_pair(m.where(small | (x >= 1.0), 0.0, odds))
        return outside(m, x, 0.0, 1.0, m.round(m.where(small, left, right)), -INFINITY, INFINITY)

    def first(m: Any, x: Any) -> Any:
        return outside(m, x, 0.0, 1.0, 1.0 / x / (1.0 - x), INFINITY, INFINITY)

    def second(m: Any, x: Any) -> Any:
        first = 1.0 / x / (1.0 - x)
        return outside(m, x, 0.0, 1.0, m.round(m.sum(2.0 * x, -1.0)) * first * first, -INFINITY, INFINITY)

    def range() -> Interval:
        return REALS

    def inverse() -> tuple[str, dict[str, Any]]:
        return "sigmoid", {}


def outside(m: Any, x: Any, low: float, high: float, inside: Any, at_low: Any, at_high: Any) -> Any:
    """Return a value inside an interval, its limits at the ends, and NaN outside and at NaN."""
    beyond = m.where(x == low, at_low, m.where(x == high, at_high, float("nan")))
    return m.where((x > low) & (x < high), inside, beyond)


@elementwise(
    inverse_of="tanh",
    aliases=("artanh",),
    tags=("monotone",),
    names={
        "torch": "torch.atanh(input)",
        "jax": "jax.numpy.arctanh(x)",
        "scipy": "numpy.arctanh(x)",
    },
)
class inverse_tanh:
    """The inverse hyperbolic tangent log((1 + y) / (1 - y)) / 2: the inverse of tanh."""

    def formula(m: Any, x: Any) -> Any:
        return m.log((1 + x) / (1 - x)) / 2

    def value(m: Any, x: Any) -> Any:
        # (1 + a) / (1 - a) = 1 + 2a / (1 - a).
        a = m.where(m.abs(x) < 1.0, m.abs(x), 0.0)
        inside = m.round(0.5 * m.log1p_pair(2.0 * a / m.sum(1.0, -a)))
        return outside(m, x, -1.0, 1.0, m.copysign(inside, x), -INFINITY, INFINITY)

    def first(m: Any, x: Any) -> Any:
        return outside(m, x, -1.0, 1.0, m.round(1.0 / (m.sum(1.0, -x) * m.sum(1.0, x))), INFINITY, INFINITY)

    def second(m: Any, x: Any) -> Any:
        reciprocal = 1.0 / (m.sum(1.0, -x) * m.sum(1.0, x))
        inside = m.copysign(m.round(reciprocal * reciprocal * (2.0 * x)), x)
        return outside(m, x, -1.0, 1.0, inside, -INFINITY, INFINITY)

    def range() -> Interval:
        return REALS

    def inverse() -> tuple[str, dict[str, Any]]:
        return "tanh", {}


@elementwise(inverse_of="softsign", tags=("monotone",))
class inverse_softsign:
    """The inverse of softsign, y / (1 - |y|)."""

    def formula(m: Any, x: Any) -> Any:
        return x / (1 - m.abs(x))

    def value(m: Any, x: Any) -> Any:
        inside = m.copysign(m.round(x / m.sum(1.0, -m.abs(x))), x)
        return outside(m, x, -1.0, 1.0, inside, -INFINITY, INFINITY)

    def first(m: Any, x: Any) -> Any:
        reciprocal = 1.0 / m.sum(1.0, -m.abs(x))
        return outside(m, x, -1.0, 1.0, m.round(reciprocal * reciprocal), INFINITY, INFINITY)

    def second(m: Any, x: Any) -> Any:
        reciprocal = 1.0 / m.sum(1.0, -m.abs(x))
        cube = m.where(x == 0.0, 0.0, m.round(reciprocal * reciprocal * reciprocal))
        return outside(m, x, -1.0, 1.0, m.copysign(2.0 * cube, x), -INFINITY, INFINITY)

    def range() -> Interval:
        return REALS

    def inverse() -> tuple[str, dict[str, Any]]:
        return "softsign", {}
