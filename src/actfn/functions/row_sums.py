"""Functions from a row to one number: the logarithm of a sum, or of a mean, of exponentials."""

from __future__ import annotations

from typing import Any

from actfn.functions.declare import INFINITY, Interval, simplex
from actfn.functions.row_parts import DROP, NOTHING, exponentials
from actfn.functions.spelling import Argument, Spelling

WHOLE = {"axis": Argument("axis", words={None: "all"})}
# Below it a logarithm of 1 + q is right as it is: what its largest entry takes away from it leaves digits enough.
SHORT = 2.0**-20


def sharpened(m: Any, logarithm: Any, x: Any) -> Any:
    """Return a logarithm of x with ten more bits: the largest entry of a row may cancel almost all of it."""
    rest = m.exp(-logarithm) * x - 1.0
    return m.where(abs(m.high(logarithm)) < SHORT, logarithm, logarithm + rest)


def lowered(m: Any, top: Any, logarithm: Any) -> Any:
    """Return largest + logarithm, where equal infinities are equal."""
    finite = abs(top) < INFINITY
    return m.where(finite, m.where(finite, top, 0.0) + logarithm, top)


def weighted(m: Any, x: Any, g: Any) -> Any:
    """Return g softmax(x)."""
    _, lifted, whole = exponentials(m, x)
    return m.value(m.round(lifted / whole * g)) * DROP


@simplex(
    double_suffices=True,
    hot=False,
    aliases=("log_sum_exp", "lse"),
    tags=("smooth", "convex", "reduction"),
    of_nothing=-INFINITY,
    names={
        "torch": Spelling(
            "torch.logsumexp(input, dim, keepdim=False)", means={"dim": "axis"}, requires={"keepdim": False}
        ),
        "jax": Spelling(
            "jax.nn.logsumexp(a, axis=None, b=None, keepdims=False, return_sign=False, where=None)",
            means=WHOLE,
            requires={"b": None, "keepdims": False, "return_sign": False},
        ),
        "keras": Spelling(
            "keras.ops.logsumexp(x, axis=None, keepdims=False)", means=WHOLE, requires={"keepdims": False}
        ),
        "onnx": Spelling(
            "ReduceLogSumExp(data, axes=None, keepdims=1)",
            means={"axes": Argument("axis", words={None: "all"})},
            ignores=("keepdims",),
            note="axes is an input from opset 18; they are kept by default",
        ),
        "tensorflow": Spelling(
            "tensorflow.reduce_logsumexp(input_tensor, axis=None, keepdims=False)",
            means=WHOLE,
            requires={"keepdims": False},
        ),
        "flax": Spelling(
            "flax.linen.logsumexp(a, axis=None, b=None, keepdims=False, return_sign=False, where=None)",
            means=WHOLE,
            requires={"b": None, "keepdims": False, "return_sign": False},
        ),
        "scipy": Spelling(
            "scipy.special.logsumexp(a, axis=None, b=None, keepdims=False, return_sign=False)",
            means=WHOLE,
            requires={"b": None, "keepdims": False, "return_sign": False},
        ),
        "mlx": Spelling("mlx.core.logsumexp(a, axis=None, keepdims=False)", means=WHOLE, requires={"keepdims": False}),
        "tinygrad": Spelling(
            "tinygrad.Tensor.logsumexp(x, axis=None, keepdim=False)", means=WHOLE, requires={"keepdim": False}
        ),
    },
)
class logsumexp:
    """The soft maximum of a row, log(sum_j exp(x_j)): between the largest entry and log(n) above it."""

    def formula(m: Any, x: Any) -> Any:
        return m.log(m.total(m.exp(x)))

    def value(m: Any, x: Any) -> Any:
        top = m.largest(x)
        at_top = x.equals(top)
        others = m.where(at_top, 0.0, m.exp(m.below(x, top, NOTHING)))
        # What the others add to many equal numbers counts beside log(n), and beside one it is everything.
        rest, ties = m.total(others), m.count(at_top)
        return lowered(m, top, sharpened(m, m.log1p(rest + (ties - 1.0)), rest + ties))

    def vjp(m: Any, x: Any, g: Any) -> Any:
        return weighted(m, x, g)

    def range() -> Interval:
        return Interval()


@simplex(
    double_suffices=True,
    hot=False,
    aliases=("log_mean_exp",),
    tags=("smooth", "convex", "reduction"),
    of_nothing=float("nan"),
    names={
        "jax": Spelling(
            "jax.nn.logmeanexp(x, axis=None, where=None, keepdims=False)", means=WHOLE, requires={"keepdims": False}
        ),
        "torch": Spelling("(torch.logsumexp(x, -1) - math.log(x.shape[-1]))", recipe=True),
    },
)
class logmeanexp:
    """The soft maximum of a row for a mean instead of a sum, log(mean_j exp(x_j)): between its mean and its largest entry."""

    def formula(m: Any, x: Any) -> Any:
        return m.log(m.mean(m.exp(x)))

    def value(m: Any, x: Any) -> Any:
        top = m.largest(x)
        below = m.below(x, top, NOTHING)
        mean = m.total(m.exp(below)) / float(m.length)
        # Near 1 what the mean lacks is known better than the mean.
        lack = m.total(m.expm1(below)) / float(m.length)
        near = m.high(mean) > 0.5
        logarithm = m.where(near, m.log1p(m.where(near, lack, 0.0)), m.log(m.where(near, 1.0, mean)))
        return lowered(m, top, sharpened(m, logarithm, mean))

    def vjp(m: Any, x: Any, g: Any) -> Any:
        return weighted(m, x, g)

    def range() -> Interval:
        return Interval()
