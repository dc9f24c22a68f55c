"""The exponential itself, and units that are linear on one side and exponential on the other."""

from __future__ import annotations

import math
from typing import Any

from actfn.functions.common import SATURATED, constant, decaying, scaled
from actfn.functions.declare import INFINITY, NON_NEGATIVE, POSITIVE, REALS, Interval, Kink, Parameter, elementwise
from actfn.functions.elementary import expm1_precise, exponential_rest, narrow, odd_line
from actfn.functions.spelling import Spelling

# The largest float64 whose exponential is finite.
LOG_LARGEST = 709.782712893384

CANCELS = "computed as exp(x) - 1, which cancels near 0"


@elementwise(
    hot=False,
    float32_loops=True,
    piecewise=("value", "first"),
    aliases=("exp",),
    tags=("monotone", "smooth"),
    names={
        "torch": "torch.exp(input)",
        "jax": "jax.numpy.exp(x)",
        "keras": ("keras.activations.exponential(x)", "keras.ops.exp(x)"),
        "onnx": "Exp(input)",
        "tensorflow": "tensorflow.exp(x)",
        "scipy": "numpy.exp(x)",
        "mlx": "mlx.core.exp(a)",
        "tinygrad": "tinygrad.Tensor.exp(x)",
        "onednn": "eltwise_exp(x)",
    },
)
class exponential:
    """The exponential function: turns a logarithm or a score into a positive number, a rate or a variance."""

    def formula(m: Any, x: Any) -> Any:
        return m.exp(x)

    def value(m: Any, x: Any) -> Any:
        return m.where(x > LOG_LARGEST, INFINITY, m.exp(m.minimum(x, LOG_LARGEST)))

    first = second = value

    def range() -> Interval:
        return POSITIVE


def quotient(m: Any, x: Any, alpha: Any) -> tuple[Any, Any]:
    """Return x / alpha for x <= 0 to twice the precision (0 where it is saturated), and where it is saturated."""
    low = x / alpha < -SATURATED
    return m.pair(m.where(low, 0.0, m.minimum(x, 0.0))) / alpha, low


def moment(m: Any, t: Any) -> Any:
    """Return (1 - t) e^t - 1 for t <= 0, which is -t^2 / 2 near 0."""
    near = m.where(m.high(t) > -1.0, t, 0.0)
    # e^t - 1 - t e^t = r - t (t + r) for the rest r = e^t - 1 - t.
    rest = exponential_rest(m, near)
    small = near * near * (rest - near * rest - 1.0)
    return m.where(m.high(t) > -1.0, small, (1.0 - t) * m.exp_pair(t, 0.0) - 1.0)


@elementwise(
    hot=False,
    float32_loops=True,
    piecewise=("value", "first"),
    tags=("rectifier", "monotone"),
    papers=("Barron 2017, Continuously differentiable exponential linear units, arXiv:1704.07483",),
    names={
        "torch": (
            "torch.nn.functional.celu(input, alpha=1.0, inplace=False)",
            "torch.nn.CELU(alpha=1.0, inplace=False)(x)",
        ),
        "jax": "jax.nn.celu(x, alpha=1.0)",
        "keras": tuple(
            Spelling(call, note="with TensorFlow its derivative at 0 is 2")
            for call in ("keras.activations.celu(x, alpha=1.0)", "keras.ops.celu(x, alpha=1.0)")
        ),
        "onnx": Spelling("Celu(X, alpha=1.0)", note="from opset 12"),
        "flax": "flax.linen.celu(x, alpha=1.0)",
        "timm": 'timm.layers.get_act_fn("celu")(x)',
        "mlx": tuple(
            Spelling(call, note=f"{CANCELS}; its derivative at 0 is 0")
            for call in ("mlx.nn.celu(x, alpha=1.0)", "mlx.nn.CELU(alpha=1.0)(x)")
        ),
        "tinygrad": "tinygrad.Tensor.celu(x, alpha=1.0)",
        "echo": "echoAI.Activation.tf_ops.CELU(alpha=1.0)(x)",
    },
    parameters=(Parameter("alpha", 1.0, POSITIVE, "minus the limit at minus infinity, and the length of the bend"),),
)
class celu:
    """An elu that is continuously differentiable for every alpha: alpha stretches the exponential in both directions."""

    def formula(m: Any, x: Any, alpha: Any) -> Any:
        return m.where(x > 0, x, alpha * (m.exp(x / alpha) - 1))

    def value(m: Any, x: Any, alpha: Any) -> Any:
        t, low = quotient(m, x, alpha)
        # A tiny quotient may have lost its bits as a subnormal number.
        bend = m.where(m.high(t) > -(2.0**-60), x, m.round(m.expm1_pair(t) * alpha))
        return m.where(x > 0.0, x, m.where(low, -alpha, bend))

    def first(m: Any, x: Any, alpha: Any) -> Any:
        t, low = quotient(m, x, alpha)
        e, unlift = decaying(m, t)
        return m.where(x > 0.0, 1.0, m.where(low, 0.0, m.round(e) * unlift))

    def second(m: Any, x: Any, alpha: Any) -> Any:
        t, low = quotient(m, x, alpha)
        e, unlift = decaying(m, t)
        return m.where((x > 0.0) | low, 0.0, m.round(e / alpha) * unlift)

    def partial_alpha(m: Any, x: Any, alpha: Any) -> Any:
        t, low = quotient(m, x, alpha)
        return m.where(x > 0.0, 0.0, m.where(low, -1.0, -m.abs(m.round(moment(m, t)))))

    def range(alpha: float) -> Interval:
        return Interval(-alpha)


@elementwise(
    hot=False,
    tags=("rectifier", "monotone", "learnable"),
    papers=("Li, Fan, Li, Wu & Ming 2016, Improving deep neural network with MPELU, arXiv:1606.00305",),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.MPeLU(alpha=0.25, beta=1.0)(x)", note="learnt, one alpha and one beta for all"
        )
    },
    parameters=(
        Parameter("alpha", 0.25, NON_NEGATIVE, "minus the limit at minus infinity; may be learnt"),
        Parameter("beta", 1.0, POSITIVE, "how fast the limit is reached; may be learnt"),
    ),
)
class mpelu:
    """An elu whose depth alpha and speed beta are learnt apart: relu, leaky, elu and celu are among its shapes."""

    def formula(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        return m.where(x > 0, x, alpha * (m.exp(beta * x) - 1))

    def value(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        t, _, low = scaled(m, beta, m.minimum(x, 0.0))
        # A tiny product may have lost its bits as a subnormal number.
        straight = m.round(m.product(alpha, beta) * (1.0 + m.sticky(x)) * x)
        bend = m.where(m.high(t) > -(2.0**-60), straight, m.round(m.expm1_pair(t) * alpha))
        return m.where(x > 0.0, x, m.copysign(m.where(low, alpha, bend), x))

    def first(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        slope, unlift = decayed(m, x, beta, m.product(alpha, beta))
        return m.where(x > 0.0, 1.0, m.round(slope) * unlift)

    def second(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        slope, unlift = decayed(m, x, beta, m.product(alpha, beta))
        return m.where(x > 0.0, 0.0, m.round(slope * beta) * unlift)

    def partial_alpha(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        t, _, low = scaled(m, beta, m.minimum(x, 0.0))
        return m.where(x > 0.0, 0.0, m.where(low, -1.0, m.copysign(m.round(m.expm1_pair(t)), x)))

    def partial_beta(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        slope, unlift = decayed(m, x, beta, m.pair(alpha))
        return m.where(x > 0.0, 0.0, m.copysign(m.round(slope * m.maximum(x, -1e300)) * unlift, x))

    def range(alpha: float, beta: float) -> Interval:
        return Interval(-alpha) if alpha > 0 else NON_NEGATIVE

    def kinks(alpha: float, beta: float) -> tuple[Kink, ...]:
        left = alpha * beta
        return () if left == 1 else (Kink(0.0, left, 1.0, chosen=left),)


def decayed(m: Any, x: Any, beta: Any, factor: Any) -> tuple[Any, Any]:
    """Return factor exp(beta x) for x <= 0, and the factor that takes its lift back."""
    t, _, low = scaled(m, beta, m.minimum(x, 0.0))
    e, unlift = decaying(m, t)
    return m.where(low, 0.0, factor * e), unlift


def xielu_left(m: Any, x: Any, alpha_n: Any, beta: Any) -> Any:
    """Return alpha_n (e^x - 1 - x) + beta x for -1e150 <= x <= 0: it may have a root."""
    near = m.maximum(x, -1.0)
    curved = m.product(near, near) * exponential_rest(m, m.pair(near)) * alpha_n
    small = m.where(
        narrow(m),
        odd_line(m, beta, near, m.round(curved)),
        m.round(m.product(beta, near) + curved),
    )
    # Where |x| is large, two products would cancel that differ in beta - alpha_n only.
    slope, decayed = m.sum(beta, -alpha_n), expm1_precise(m, m.pair(x)) * alpha_n
    large = m.where(narrow(m), odd_line(m, m.round(slope), x, m.round(decayed)), m.round(slope * x + decayed))
    return m.where(x > -1.0, small, large)


def xielu_right(m: Any, x: Any, alpha_p: Any, beta: Any) -> Any:
    """Return alpha_p x^2 + beta x for x >= 0."""
    bounded, scaled_down = m.minimum(x, 1e140), m.minimum(x * 2.0**-64, 1e150)
    usual = m.where(
        narrow(m),
        m.odd_product(odd_line(m, alpha_p, bounded, beta), bounded),
        m.round((m.product(alpha_p, bounded) + beta) * bounded),
    )
    # A pair must not overflow.
    return m.where(x > 1e140, m.round(m.product(alpha_p, scaled_down) * scaled_down) * 2.0**64 * 2.0**64, usual)


@elementwise(
    hot=False,
    tags=("rectifier", "learnable"),
    papers=("Huang & Schlag 2024, Deriving activation functions using integration, arXiv:2411.13010",),
    names={
        "transformers": Spelling(
            'transformers.activations.ACT2FN["xielu"](x)',
            note="alpha_p and alpha_n learnt through a softplus, in bfloat16",
            differs="-1e-6 alpha_n at 0, with a jump there",
        )
    },
    parameters=(
        Parameter("alpha_p", 0.8, POSITIVE, "half the second derivative for x > 0; learnt"),
        Parameter("alpha_n", 0.8, POSITIVE, "slope at 0 less that at minus infinity; learnt"),
        Parameter("beta", 0.5, NON_NEGATIVE, "slope at 0"),
    ),
)
class xielu:
    """The integral of an elu with learnt slopes: quadratic right of 0, and with a minimum left of it where alpha_n > beta."""

    def formula(m: Any, x: Any, alpha_p: Any, alpha_n: Any, beta: Any) -> Any:
        return m.where(x > 0, alpha_p * x**2 + beta * x, alpha_n * (m.exp(x) - 1 - x) + beta * x)

    def value(m: Any, x: Any, alpha_p: Any, alpha_n: Any, beta: Any) -> Any:
        left = xielu_left(m, m.minimum(m.maximum(x, -1e150), 0.0), alpha_n, beta)
        slope = m.sum(beta, -alpha_n)
        # A pair must not overflow.
        far = m.where(m.high(slope) == 0.0, -alpha_n, m.round(slope * m.maximum(x * 2.0**-64, -1e290)) * 2.0**64)
        left = m.where(x < -1e150, far, left)
        result = m.where(x > 0.0, xielu_right(m, m.maximum(x, 0.0), alpha_p, beta), left)
        return m.where(result == 0.0, beta * x, result)

    def first(m: Any, x: Any, alpha_p: Any, alpha_n: Any, beta: Any) -> Any:
        steep = m.minimum(x, 1e150)
        right = m.where(
            narrow(m),
            odd_line(m, 2.0 * alpha_p, steep, beta),
            m.round(m.product(2.0 * alpha_p, steep) + beta),
        )
        right = m.where(x > 1e150, 2.0 * alpha_p * x, right)
        left = m.round(expm1_precise(m, m.pair(m.minimum(m.maximum(x, -SATURATED), 0.0))) * alpha_n + beta)
        return m.where(x > 0.0, right, left)

    def second(m: Any, x: Any, alpha_p: Any, alpha_n: Any, beta: Any) -> Any:
        slope, unlift = decayed(m, x, 1.0, m.pair(alpha_n))
        return m.where(x > 0.0, 2.0 * alpha_p, m.round(slope) * unlift)

    def partial_alpha_p(m: Any, x: Any, alpha_p: Any, alpha_n: Any, beta: Any) -> Any:
        return m.where(x > 0.0, x * x, constant(m, x, 0.0))

    def partial_alpha_n(m: Any, x: Any, alpha_p: Any, alpha_n: Any, beta: Any) -> Any:
        bounded = m.minimum(m.maximum(x, -1e300), 0.0)
        return m.where(x > 0.0, 0.0, m.where(x < -1e300, -x, m.abs(xielu_left(m, bounded, 1.0, 0.0))))

    def partial_beta(m: Any, x: Any, alpha_p: Any, alpha_n: Any, beta: Any) -> Any:
        return x

    def range(alpha_p: float, alpha_n: float, beta: float) -> Interval:
        if alpha_n < beta:
            return REALS
        if alpha_n == beta:
            return Interval(-alpha_n)
        return Interval((beta - alpha_n) * math.log1p(-beta / alpha_n) - beta, low_closed=True)
