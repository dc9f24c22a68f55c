"""Functions of a whole row: every output depends on every input."""

from __future__ import annotations

from typing import Any

from actfn.functions.declare import INFINITY, Interval, simplex
from actfn.functions.spelling import Argument, Spelling

AXIS = {"axis": Argument("axis", words={None: "all"})}
IMPLICIT = "without dim the axis follows from the number of dimensions: 0 for 0, 1 and 3, else 1; deprecated"


@simplex(
    tags=("probability", "bounded", "smooth"),
    papers=("Bridle 1990, Training stochastic model recognition algorithms as networks",),
    names={
        "torch": (
            Spelling("torch.nn.functional.softmax(input, dim=None)", means={"dim": "axis"}, note=IMPLICIT),
            Spelling("torch.nn.Softmax(dim=None)(x)", means={"dim": "axis"}, note=IMPLICIT),
            Spelling("torch.nn.Softmax2d()(x)", values={"axis": -3}, note="of x with 3 or 4 dimensions"),
        ),
        "jax": Spelling("jax.nn.softmax(x, axis=-1, where=None)", means=AXIS),
        "keras": (
            Spelling("keras.activations.softmax(x, axis=-1)", means=AXIS),
            Spelling("keras.layers.Softmax(axis=-1)(x)", means=AXIS),
            Spelling("keras.ops.softmax(x, axis=-1)", means=AXIS),
        ),
        "onnx": Spelling("Softmax(input, axis=-1)", note="before opset 13 axis=1 of a flattened matrix"),
        "tensorflow": Spelling(
            "tensorflow.nn.softmax(logits, axis=None)", means={"axis": Argument("axis", words={None: -1})}
        ),
        "flax": Spelling("flax.linen.softmax(x, axis=-1, where=None)", means=AXIS),
        "scipy": Spelling("scipy.special.softmax(x, axis=None)", means=AXIS),
        "mlx": ("mlx.nn.softmax(x, axis=-1)", "mlx.nn.Softmax()(x)"),
        "tinygrad": "tinygrad.Tensor.softmax(x, axis=-1)",
        "x_transformers": Spelling("torch.nn.functional.softmax(input, dim=-1)", means={"dim": "axis"}),
    },
)
class softmax:
    """Turns a row of scores into probabilities that sum to 1: exp(x_i) / sum_j exp(x_j)."""

    def formula(m: Any, x: Any) -> Any:
        return m.exp(x) / m.total(m.exp(x))

    def range() -> Interval:
        return Interval(0.0, 1.0)


@simplex(
    tags=("smooth",),
    papers=("Bridle 1990, Training stochastic model recognition algorithms as networks",),
    names={
        "torch": (
            Spelling("torch.nn.functional.log_softmax(input, dim=None)", means={"dim": "axis"}, note=IMPLICIT),
            Spelling("torch.nn.LogSoftmax(dim=None)(x)", means={"dim": "axis"}, note=IMPLICIT),
        ),
        "jax": Spelling("jax.nn.log_softmax(x, axis=-1, where=None)", means=AXIS),
        "keras": (
            Spelling("keras.activations.log_softmax(x, axis=-1)", means=AXIS),
            Spelling("keras.ops.log_softmax(x, axis=-1)", means=AXIS),
        ),
        "onnx": Spelling("LogSoftmax(input, axis=-1)", note="before opset 13 axis=1 of a flattened matrix"),
        "tensorflow": Spelling(
            "tensorflow.nn.log_softmax(logits, axis=None)", means={"axis": Argument("axis", words={None: -1})}
        ),
        "flax": Spelling("flax.linen.log_softmax(x, axis=-1, where=None)", means=AXIS),
        "scipy": Spelling("scipy.special.log_softmax(x, axis=None)", means=AXIS),
        "mlx": ("mlx.nn.log_softmax(x, axis=-1)", "mlx.nn.LogSoftmax()(x)"),
        "tinygrad": "tinygrad.Tensor.log_softmax(x, axis=-1)",
    },
)
class log_softmax:
    """The logarithm of softmax, x_i - log(sum_j exp(x_j)): what the cross-entropy loss needs."""

    def formula(m: Any, x: Any) -> Any:
        return x - m.log(m.total(m.exp(x)))

    def range() -> Interval:
        return Interval(-INFINITY, 0.0)


@simplex(
    tags=("probability", "bounded", "smooth"),
    mirror_of="softmax",
    hot=False,
    names={
        "torch": (
            Spelling("torch.nn.functional.softmin(input, dim=None)", means={"dim": "axis"}, note=IMPLICIT),
            Spelling("torch.nn.Softmin(dim=None)(x)", means={"dim": "axis"}, note=IMPLICIT),
        ),
        "jax": Spelling("jax.nn.softmax(-x, axis=-1)", recipe=True),
        "mlx": ("mlx.nn.softmin(x, axis=-1)", "mlx.nn.Softmin()(x)"),
        "tinygrad": "tinygrad.Tensor.softmin(x, axis=-1)",
    },
)
class softmin:
    """Softmax of minus the row, exp(-x_i) / sum_j exp(-x_j): the smallest entry gets the largest share."""

    def formula(m: Any, x: Any) -> Any:
        return m.exp(-x) / m.total(m.exp(-x))

    def range() -> Interval:
        return Interval(0.0, 1.0)
