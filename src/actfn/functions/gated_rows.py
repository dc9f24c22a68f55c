"""Rows that softmax weighs once more: by a sigmoid of each entry, or by the entry itself."""

from __future__ import annotations

from typing import Any

from actfn.functions.declare import INFINITY, Interval, simplex
from actfn.functions.row_parts import DROP, LIFT, NOTHING, beside_heaviest, exponentials
from actfn.functions.spelling import Spelling


def sigmoid_parts(m: Any, x: Any) -> tuple[Any, Any]:
    """Return exp(-|x|) and 1 + exp(-|x|)."""
    e = m.exp(m.maximum(-abs(x), NOTHING))
    return e, e + 1.0


def sigsoftmax_weights(m: Any, x: Any) -> Any:
    """Return exp(x) sigmoid(x) relative to that of the largest entry, times 2^64."""
    top = m.largest(x)
    # exp(x) sigmoid(x) is exp(x + min(x, 0)) / (1 + exp(-|x|)).
    exponent = m.below(x, top, NOTHING) + m.below(m.minimum(x, 0.0), m.minimum(top, 0.0), NOTHING)
    return m.exp(exponent, LIFT) * (sigmoid_parts(m, top)[1] / sigmoid_parts(m, x)[1])


@simplex(
    double_suffices=True,
    hot=False,
    tags=("probability", "bounded", "smooth"),
    papers=(
        "Kanai, Fujiwara, Yamanaka & Adachi 2018, Sigsoftmax: reanalysis of the softmax bottleneck, arXiv:1805.10829",
    ),
    names={
        "torch": Spelling(
            "torch.nn.functional.softmax(x + torch.nn.functional.logsigmoid(x), dim=-1)",
            recipe=True,
        ),
        "jax": Spelling("jax.nn.softmax(x + jax.nn.log_sigmoid(x), axis=-1)", recipe=True),
        "x_transformers": Spelling(
            "x_transformers.autoregressive_wrapper.sigsoftmax_logits(logits)",
            differs="it returns x + log(sigmoid(x)), without the softmax; -inf below -104 in float32",
        ),
    },
)
class sigsoftmax:
    """Softmax whose exponentials are multiplied by a sigmoid, exp(x_i) sigmoid(x_i) / sum_j exp(x_j) sigmoid(x_j)."""

    def formula(m: Any, x: Any) -> Any:
        return m.exp(x) / (1 + m.exp(-x)) / m.total(m.exp(x) / (1 + m.exp(-x)))

    def value(m: Any, x: Any) -> Any:
        weights = sigsoftmax_weights(m, x)
        return weights / m.total(weights)

    def vjp(m: Any, x: Any, g: Any) -> Any:
        weights = sigsoftmax_weights(m, x)
        shares = weights / (m.total(weights) * DROP)
        # The logarithm of a weight has the slope 1 + sigmoid(-x).
        e, whole = sigmoid_parts(m, x)
        slope = m.where(x >= 0.0, e, 1.0) / whole + 1.0
        h = beside_heaviest(m, x, g)
        mean = m.total(shares * h) * DROP
        return m.value(m.round(shares * slope * (h - mean))) * DROP

    def range() -> Interval:
        return Interval(0.0, 1.0)


def own_infinities(m: Any, x: Any) -> Any:
    """Return x with -0 for an entry of -inf that is not the largest: its exponential wins."""
    return m.where((x <= -INFINITY) & (m.largest(x) > -INFINITY), -0.0, x)


@simplex(
    double_suffices=True,
    hot=False,
    aliases=("softmax_linear_unit",),
    tags=("smooth",),
    papers=("Elhage and others 2022, Softmax linear units, Transformer Circuits Thread",),
    names={
        "torch": Spelling("x * torch.nn.functional.softmax(x, dim=-1)", recipe=True),
        "jax": Spelling("x * jax.nn.softmax(x, axis=-1)", recipe=True),
        "x_transformers": Spelling(
            "x_transformers.x_transformers.SoLU(dim)(x)",
            ignores=("dim",),
            differs="a LayerNorm over dim features follows",
        ),
    },
)
class solu:
    """Each entry times its own share, x_i softmax(x)_i: the softmax linear unit, without the layer norm that follows it."""

    def formula(m: Any, x: Any) -> Any:
        return x * m.exp(x) / m.total(m.exp(x))

    def value(m: Any, x: Any) -> Any:
        top, lifted, whole = exponentials(m, x)
        finite = abs(top) < INFINITY
        inside = m.where(finite, own_infinities(m, x), 0.0)
        product = m.value(m.round(lifted / whole * inside)) * DROP
        zero = m.where(x.equals(0.0), x, m.where(x < 0.0, -0.0, 0.0))
        # No pair can be multiplied with infinity: equal ones are shared, and leave nothing to the others.
        endless = m.where(x.equals(top), top, zero)
        return m.where(finite, m.where(product.equals(0.0), zero, product), endless)

    def vjp(m: Any, x: Any, g: Any) -> Any:
        top, lifted, whole = exponentials(m, x)
        shares = lifted / whole
        finite = abs(top) < INFINITY
        at_top = x.equals(top)
        inside = m.where(finite, own_infinities(m, x), 0.0)
        weighed = m.product(g, inside)
        # sum_i g_i x_i s_i taken from s_k (g_k + g_k x_k), with the terms at the top left out of both.
        origin = m.total(m.where(at_top, weighed, 0.0)) / m.count(at_top)
        h = weighed - origin
        found = m.value(m.round(shares * (h - m.total(shares * h) * DROP + g))) * DROP
        # Equal infinities: what g has beyond its mean over them is multiplied by infinity.
        spread = m.round(m.where(at_top, beside_heaviest(m, x, g), 0.0))
        endless = m.where(m.value(spread).equals(0.0), found, m.value(spread) * top)
        return m.where(finite, found, endless)

    def range() -> Interval:
        return Interval()
