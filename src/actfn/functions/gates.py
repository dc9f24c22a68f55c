"""Self-gated functions: the input times a smooth gate of the input."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import SATURATED, constant, decaying, gate_first, gate_second, magnitude, scaled
from actfn.functions.declare import INFINITY, REALS, Interval, Parameter, elementwise
from actfn.functions.spelling import Spelling

# The minimum of silu, at x = -1.278464542761074.
SILU_MINIMUM = -0.27846454276107379


def swish_value(m: Any, x: Any, beta: Any) -> Any:
    t, high, low = scaled(m, beta, x)
    negative, size = magnitude(m, t)
    e, unlift = decaying(m, -size)
    gate = m.where(negative, e, 1.0) / (1.0 + e)
    bounded = m.minimum(m.maximum(x, -1e300), 1e300)
    # Near 0 the result is x / 2 and next to nothing, which may be a tie.
    gate = gate * (1.0 + m.sticky(m.high(t)))
    result = m.round(gate * bounded) * m.where(negative, unlift, 1.0)
    result = m.where(m.abs(x) > 1e300, m.round(gate) * x, result)
    result = m.where(high, x, m.where(low, 0.0, m.where(beta == 0.0, 0.5 * x, result)))
    return m.copysign(result, x)


def swish_first(m: Any, x: Any, beta: Any) -> Any:
    t, high, low = scaled(m, beta, x)
    _, size = magnitude(m, t)
    slope, unlift = gate_first(m, t, size)
    saturated = m.where(high, 1.0, m.where(low, -0.0, slope * unlift))
    return m.where(beta == 0.0, constant(m, x, 0.5), saturated)


def swish_second(m: Any, x: Any, beta: Any) -> Any:
    t, high, low = scaled(m, beta, x)
    _, size = magnitude(m, t)
    result, unlift = gate_second(m, t, m.pair(2.0 * beta), size * beta)
    saturated = m.where(high | low, -0.0 * beta, result * unlift)
    return m.where(beta == 0.0, constant(m, x, 0.0), saturated)


def swish_range(beta: float) -> Interval:
    if beta == 0:
        return REALS
    extreme = SILU_MINIMUM / beta
    return Interval(extreme, low_closed=True) if beta > 0 else Interval(high=extreme, high_closed=True)


@elementwise(
    piecewise=("value", "first"),
    tags=("gated", "smooth", "learnable"),
    papers=("Ramachandran, Zoph & Le 2017, Searching for activation functions, arXiv:1710.05941",),
    names={
        "torch": (
            "torch.nn.functional.silu(input, inplace=False)",
            "torch.nn.SiLU(inplace=False)(x)",
            Spelling("x * torch.sigmoid(beta * x)", recipe=True),
        ),
        "jax": ("jax.nn.silu(x)", "jax.nn.swish(x)", Spelling("x * jax.nn.sigmoid(beta * x)", recipe=True)),
        "keras": (
            "keras.activations.silu(x)",
            "keras.activations.swish(x)",
            Spelling("x * keras.ops.sigmoid(beta * x)", recipe=True),
        ),
        "onnx": Spelling("Swish(X, alpha=1.0)", means={"alpha": "beta"}, note="from opset 24"),
        "tensorflow": ("tensorflow.nn.silu(features, beta=1.0)", "tensorflow.nn.swish(features, beta=1.0)"),
        "onednn": Spelling("eltwise_swish(x, alpha)", means={"alpha": "beta"}),
        "echo": Spelling(
            "echoAI.Activation.t_ops.Swish(eswish=False, swish=False, beta=1.735, flatten=False)(x)",
            values={"beta": None},
            requires={"swish": True},
            ignores=("beta",),
            note="learnt, from a standard normal number on; its argument beta is that of E-swish",
        ),
    },
    parameters=(Parameter("beta", 1.0, REALS, "steepness of the gate: x / 2 at 0, relu as it grows; may be learnt"),),
)
class swish:
    """x sigmoid(beta x): smooth, non-monotone, self-gated, with a steepness that may be learnt."""

    def formula(m: Any, x: Any, beta: Any) -> Any:
        return x / (1 + m.exp(-beta * x))

    value, first, second = swish_value, swish_first, swish_second

    def partial_beta(m: Any, x: Any, beta: Any) -> Any:
        t, high, low = scaled(m, beta, x)
        _, size = magnitude(m, t)
        e, unlift = decaying(m, -size)
        d = 1.0 + e
        bounded = m.where(high | low, 0.0, x)
        return m.where(high | low, 0.0, m.round(e / (d * d) * bounded) * x * unlift)

    def range(beta: float) -> Interval:
        return swish_range(beta)


@elementwise(
    piecewise=("value", "first"),
    tags=("gated", "smooth"),
    papers=(
        "Hendrycks & Gimpel 2016, Gaussian error linear units, arXiv:1606.08415",
        "Elfwing, Uchibe & Doya 2017, Sigmoid-weighted linear units, arXiv:1702.03118",
        "Ramachandran, Zoph & Le 2017, Searching for activation functions, arXiv:1710.05941",
    ),
    names={
        "torch": ("torch.nn.functional.silu(input, inplace=False)", "torch.nn.SiLU(inplace=False)(x)"),
        "jax": ("jax.nn.silu(x)", "jax.nn.swish(x)"),
        "keras": ("keras.activations.silu(x)", "keras.activations.swish(x)", "keras.ops.silu(x)", "keras.ops.swish(x)"),
        "onnx": Spelling("Swish(X, alpha=1.0)", requires={"alpha": 1.0}, note="from opset 24"),
        "tensorflow": (
            Spelling("tensorflow.nn.silu(features, beta=1.0)", requires={"beta": 1.0}),
            Spelling("tensorflow.nn.swish(features, beta=1.0)", requires={"beta": 1.0}),
        ),
        "flax": ("flax.linen.silu(x)", "flax.linen.swish(x)"),
        "timm": ('timm.layers.get_act_fn("silu")(x)', 'timm.layers.get_act_fn("swish")(x)'),
        "transformers": (
            'transformers.activations.ACT2FN["silu"](x)',
            'transformers.activations.ACT2FN["swish"](x)',
        ),
        "mlx": ("mlx.nn.silu(x)", "mlx.nn.SiLU()(x)"),
        "tinygrad": ("tinygrad.Tensor.silu(x)", "tinygrad.Tensor.swish(x)"),
        "onednn": Spelling("eltwise_swish(x, alpha)", requires={"alpha": 1.0}),
        "x_transformers": Spelling("torch.nn.SiLU(inplace=False)(x)", note="chosen by FeedForward(swish=True)"),
    },
)
class silu:
    """x sigmoid(x): swish with beta = 1, the activation of most of today's large language models' gates."""

    def formula(m: Any, x: Any) -> Any:
        return x / (1 + m.exp(-x))

    def value(m: Any, x: Any) -> Any:
        return swish_value(m, x, 1.0)

    def first(m: Any, x: Any) -> Any:
        return swish_first(m, x, 1.0)

    def second(m: Any, x: Any) -> Any:
        return swish_second(m, x, 1.0)

    def range() -> Interval:
        return swish_range(1.0)


@elementwise(
    piecewise=("value", "first"),
    tags=("gated", "smooth"),
    papers=("Misra 2019, Mish: a self regularized non-monotonic activation function, arXiv:1908.08681",),
    names={
        "torch": ("torch.nn.functional.mish(input, inplace=False)", "torch.nn.Mish(inplace=False)(x)"),
        "jax": "jax.nn.mish(x)",
        "keras": "keras.activations.mish(x)",
        "onnx": Spelling("Mish(X)", note="from opset 18"),
        "tensorflow_addons": "tensorflow_addons.activations.mish(x)",
        "timm": 'timm.layers.get_act_fn("mish")(x)',
        "transformers": 'transformers.activations.ACT2FN["mish"](x)',
        "mlx": ("mlx.nn.mish(x)", "mlx.nn.Mish()(x)"),
        "tinygrad": "tinygrad.Tensor.mish(x)",
        "onednn": "eltwise_mish(x)",
        "echo": "echoAI.Activation.tf_ops.Mish()(x)",
    },
)
class mish:
    """x tanh(softplus(x)): smooth, non-monotone, self-gated, bounded below."""

    def formula(m: Any, x: Any) -> Any:
        return x * m.tanh(m.log(1 + m.exp(x)))

    def value(m: Any, x: Any) -> Any:
        # With u = e^x the gate is (u^2 + 2u) / (u^2 + 2u + 2); right of 0 both sides are divided by u^2.
        t = m.pair(m.minimum(m.maximum(x, -SATURATED), SATURATED))
        negative, size = magnitude(m, t)
        e, unlift = decaying(m, -size)
        numerator = m.where(negative, e * (e + 2.0), 1.0 + 2.0 * e)
        denominator = m.where(negative, numerator + 2.0, numerator + 2.0 * (e * e))
        result = m.round(numerator / denominator * m.high(t)) * m.where(negative, unlift, 1.0)
        return m.copysign(m.where(x > SATURATED, x, result), x)

    def first(m: Any, x: Any) -> Any:
        # f' = u (u^3 + 4u^2 + 6u + 4 + 4x + 4xu) / (u^2 + 2u + 2)^2 for u = e^x.
        t = m.pair(m.minimum(m.maximum(x, -SATURATED), SATURATED))
        negative, size = magnitude(m, t)
        e, unlift = decaying(m, -size, "exp_precise")
        linear = 4.0 * t
        left = e * (linear + 4.0 + e * (linear + 6.0 + e * (e + 4.0)))
        right = 1.0 + e * (4.0 + e * (6.0 + linear + e * (4.0 + linear)))
        d = m.where(negative, 2.0 + e * (2.0 + e), 1.0 + e * (2.0 + 2.0 * e))
        return m.round(m.where(negative, left, right) / (d * d)) * m.where(negative, unlift, 1.0)

    def second(m: Any, x: Any) -> Any:
        # f'' = 4u (2u^3 + 6u^2 + 8u + 4 + x (2 + 2u - 3u^2 - 2u^3)) / (u^2 + 2u + 2)^3 for u = e^x.
        t = m.pair(m.minimum(m.maximum(x, -SATURATED), SATURATED))
        negative, size = magnitude(m, t)
        e, unlift = decaying(m, -size, "exp_precise")
        left = 4.0 + e * (8.0 + e * (6.0 + 2.0 * e)) + t * (2.0 + e * (2.0 - e * (3.0 + 2.0 * e)))
        right = 2.0 + e * (6.0 + e * (8.0 + 4.0 * e)) + t * (e * (2.0 + 2.0 * e) * e - 3.0 * e - 2.0)
        d = m.where(negative, 2.0 + e * (2.0 + e), 1.0 + e * (2.0 + 2.0 * e))
        polynomial = m.where(negative, left, right)
        # The square of e right of 0 may underflow: the polynomial comes between its factors, and keeps the sign of a zero.
        inner = m.where(negative, polynomial, e * polynomial)
        return m.copysign(m.round(4.0 * e * inner / (d * d * d)) * unlift, m.high(polynomial))

    def range() -> Interval:
        return Interval(-0.30884341301725041, INFINITY, low_closed=True)
