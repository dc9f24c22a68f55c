"""The input times a gate made of the logistic function: relatives of swish."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import SATURATED, constant, decaying, gate_first, gate_second, gate_slope, magnitude
from actfn.functions.declare import POSITIVE, REALS, Interval, Kink, Parameter, elementwise
from actfn.functions.elementary import log1p_precise, off_tie
from actfn.functions.gates import SILU_MINIMUM
from actfn.functions.spelling import Spelling

QUICK = "1.702"
LOG_TWO = "0.693147180559945309417232121458176568075500134360255254120680009"


def bounded(m: Any, x: Any) -> Any:
    """Return x, cut off where the gate is saturated in every dtype."""
    return m.minimum(m.maximum(x, -SATURATED), SATURATED)


def gate(m: Any, t: Any) -> tuple[Any, Any]:
    """Return sigmoid(t) for a pair t, and the factor of its lift."""
    negative, size = magnitude(m, t)
    e, unlift = decaying(m, -size)
    # It is 1 / 2 and next to nothing near 0, and next to nothing below 1 far right of it: a product may be a tie.
    side = m.sticky(m.where(m.high(t) > 1.0, -1.0, m.high(t)))
    return m.where(negative, e, 1.0) / (1.0 + e) * (1.0 + side), m.where(negative, unlift, 1.0)


@elementwise(
    hot=False,
    float32_loops=True,
    aliases=("gelu_fast_approx", "gelu_sigmoid"),
    tags=("gated", "smooth"),
    papers=("Hendrycks & Gimpel 2016, Gaussian error linear units, arXiv:1606.08415, section 2",),
    names={
        "timm": 'timm.layers.get_act_fn("quick_gelu")(x)',
        "transformers": 'transformers.activations.ACT2FN["quick_gelu"](x)',
        "mlx": (
            "mlx.nn.gelu_fast_approx(x)",
            Spelling('mlx.nn.GELU(approx="none")(x)', requires={"approx": "fast"}),
        ),
        "tinygrad": "tinygrad.Tensor.quick_gelu(x)",
        "torch": Spelling("x * torch.sigmoid(1.702 * x)", recipe=True),
        "jax": Spelling("x * jax.nn.sigmoid(1.702 * x)", recipe=True),
        "keras": Spelling("x * keras.ops.sigmoid(1.702 * x)", recipe=True),
    },
)
class quick_gelu:
    """x sigmoid(1.702 x): the logistic approximation of gelu, up to 0.0204 off it."""

    def formula(m: Any, x: Any) -> Any:
        return x / (1 + m.exp(-m.number(QUICK) * x))

    def value(m: Any, x: Any) -> Any:
        inner = bounded(m, x)
        factor, unlift = gate(m, m.constant(QUICK) * inner)
        return m.copysign(m.where(x > SATURATED, x, m.round(factor * inner) * unlift), x)

    def first(m: Any, x: Any) -> Any:
        t = m.constant(QUICK) * bounded(m, x)
        slope, unlift = gate_first(m, t, magnitude(m, t)[1])
        return slope * unlift

    def second(m: Any, x: Any) -> Any:
        t = m.constant(QUICK) * bounded(m, x)
        bend, unlift = gate_second(m, t, 2.0 * m.constant(QUICK), magnitude(m, t)[1] * m.constant(QUICK))
        return bend * unlift

    def range() -> Interval:
        return Interval(SILU_MINIMUM / 1.702, low_closed=True)


@elementwise(
    hot=False,
    tags=("gated", "smooth"),
    papers=("Alcaide 2018, E-swish: Adjusting activations to different network depths, arXiv:1801.07145",),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.Swish(eswish=False, swish=False, beta=1.735, flatten=False, pfts=False)(x)",
            requires={"eswish": True},
        ),
        "torch": Spelling("beta * torch.nn.functional.silu(x)", recipe=True),
        "jax": Spelling("beta * jax.nn.silu(x)", recipe=True),
        "keras": Spelling("beta * keras.ops.silu(x)", recipe=True),
    },
    parameters=(Parameter("beta", 1.735, POSITIVE, "slope at infinity; between 1 and 2 in the paper"),),
)
class eswish:
    """beta x sigmoid(x): silu scaled by a constant, whose slope grows beyond 1."""

    def formula(m: Any, x: Any, beta: Any) -> Any:
        return beta * x / (1 + m.exp(-x))

    def value(m: Any, x: Any, beta: Any) -> Any:
        inner = bounded(m, x)
        factor, unlift = gate(m, m.pair(inner))
        result = m.round(factor * beta * inner) * unlift
        # Near 0 the curve is next to nothing above its tangent, far right of it below its asymptote.
        near, far = m.odd_product(0.5 * beta, x), m.odd_product(beta, x)
        result = m.where(m.abs(x) < 2.0**-53, off_tie(m, near, 1.0), result)
        return m.copysign(m.where(x > 40.0, off_tie(m, far, -1.0), result), x)

    def first(m: Any, x: Any, beta: Any) -> Any:
        t = m.pair(bounded(m, x))
        slope, unlift = gate_slope(m, t, magnitude(m, t)[1])
        return m.round(slope * beta) * unlift

    def second(m: Any, x: Any, beta: Any) -> Any:
        t = m.pair(bounded(m, x))
        bend, unlift = gate_second(m, t, m.pair(2.0 * beta), magnitude(m, t)[1] * beta)
        return bend * unlift

    def partial_beta(m: Any, x: Any, beta: Any) -> Any:
        inner = bounded(m, x)
        factor, unlift = gate(m, m.pair(inner))
        return m.copysign(m.where(x > SATURATED, x, m.round(factor * inner) * unlift), x)

    def range(beta: float) -> Interval:
        return Interval(beta * SILU_MINIMUM, low_closed=True)


@elementwise(
    hot=False,
    aliases=("fts",),
    tags=("gated", "monotone"),
    papers=("Chieng, Wahid, Ong & Perla 2018, Flatten-T Swish: A thresholded activation function, arXiv:1812.06247",),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.Swish(eswish=False, swish=False, beta=1.735, flatten=False, pfts=False)(x)",
            requires={"flatten": True},
            ignores=("beta", "pfts"),
            differs="raises a TypeError, and would multiply by x twice",
        ),
    },
    parameters=(Parameter("threshold", -0.2, REALS, "the value for x <= 0, the T of the paper"),),
)
class flatten_t_swish:
    """relu(x) sigmoid(x) + threshold: silu right of 0, flat left of it, and moved down to bring the mean to 0."""

    def formula(m: Any, x: Any, threshold: Any) -> Any:
        return m.where(x > 0, x / (1 + m.exp(-x)) + threshold, threshold)

    def value(m: Any, x: Any, threshold: Any) -> Any:
        inner = m.minimum(m.maximum(x, 0.0), SATURATED)
        # x / (1 + e) + threshold, which may have a root, on one denominator.
        e = m.exp_precise(m.pair(-inner), 0.0)
        right = m.round((m.sum(inner, threshold) + e * threshold) / (1.0 + e))
        return m.where(x > 0.0, m.where(x > SATURATED, x + threshold, right), constant(m, x, threshold))

    def first(m: Any, x: Any, threshold: Any) -> Any:
        t = m.pair(m.minimum(m.maximum(x, 0.0), SATURATED))
        return m.where(x > 0.0, gate_first(m, t, t)[0], constant(m, x, 0.0))

    def second(m: Any, x: Any, threshold: Any) -> Any:
        t = m.pair(m.minimum(m.maximum(x, 0.0), SATURATED))
        bend, unlift = gate_second(m, t, m.pair(2.0), t)
        return m.where(x > 0.0, bend * unlift, constant(m, x, 0.0))

    def partial_threshold(m: Any, x: Any, threshold: Any) -> Any:
        return constant(m, x, 1.0)

    def range(threshold: float) -> Interval:
        return Interval(threshold, low_closed=True)

    def kinks(threshold: float) -> tuple[Kink, ...]:
        return (Kink(0.0, 0.0, 0.5, chosen=0.0),)


@elementwise(
    hot=False,
    tags=("gated", "smooth"),
    papers=(
        "Zhu, Zeng, Liu & Zhang 2021, Logish: A new nonlinear nonmonotonic activation function, Neurocomputing 458",
    ),
)
class logish:
    """x log(1 + sigmoid(x)): a gate between 0 and log 2, so that its slope at infinity is 0.69."""

    def formula(m: Any, x: Any) -> Any:
        return x * m.log(1 + 1 / (1 + m.exp(-x)))

    def value(m: Any, x: Any) -> Any:
        negative, size = magnitude(m, m.pair(bounded(m, x)))
        e, unlift = decaying(m, -size)
        s = m.where(negative, e, 1.0) / (1.0 + e)
        inner = m.minimum(m.maximum(x, -SATURATED), 1e290)
        # Lifted or not, log(1 + s) is s to the last bit where s is tiny.
        result = m.round(m.log1p_pair(s) * inner) * m.where(negative, unlift, 1.0)
        # A pair must not overflow.
        far = m.round(m.constant(LOG_TWO) * m.minimum(x * 2.0**-64, 1e290)) * 2.0**64
        return m.copysign(m.where(x > 1e290, m.where(x * 0.0 == 0.0, far, x), result), x)

    def first(m: Any, x: Any) -> Any:
        # log(1 + s) + x e / ((1 + e) w), where w = 2 + e right of 0 and 1 + 2e left of it.
        t = m.pair(bounded(m, x))
        negative, size = magnitude(m, t)
        e, unlift = decaying(m, -size, "exp_precise")
        d = 1.0 + e
        w = m.where(negative, 1.0 + 2.0 * e, 2.0 + e)
        logarithm = log1p_precise(m, m.where(negative, e, 1.0) / d)
        return m.round(logarithm + t * e / (d * w)) * m.where(negative, unlift, 1.0)

    def second(m: Any, x: Any) -> Any:
        # e (2 w (1 + e) + x v) / (w (1 + e))^2, where v = e^2 - 2 right of 0 and 1 - 2e^2 left of it.
        t = m.pair(bounded(m, x))
        negative, size = magnitude(m, t)
        e, unlift = decaying(m, -size, "exp_precise")
        product = m.where(negative, 1.0 + 2.0 * e, 2.0 + e) * (1.0 + e)
        v = m.where(negative, 1.0 - 2.0 * e * e, e * e - 2.0)
        return m.round(e * (2.0 * product + t * v) / (product * product)) * unlift

    def range() -> Interval:
        return Interval(-0.25276881678944035, low_closed=True)
