"""Functions of a whole row: every output depends on every input."""

from __future__ import annotations

from typing import Any

from actfn.functions.declare import INFINITY, Interval, simplex


@simplex(
    tags=("probability", "bounded", "smooth"),
    papers=("Bridle 1990, Training stochastic model recognition algorithms as networks",),
    frameworks={
        "PyTorch": "nn.functional.softmax, nn.Softmax (dim must be given)",
        "JAX": "nn.softmax (axis=-1)",
        "Keras": "activations.softmax (axis=-1)",
        "ONNX": "Softmax (axis=-1; before opset 13 axis=1 on a flattened matrix)",
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
    frameworks={
        "PyTorch": "nn.functional.log_softmax, nn.LogSoftmax (dim must be given)",
        "JAX": "nn.log_softmax (axis=-1)",
        "Keras": "activations.log_softmax (axis=-1)",
        "ONNX": "LogSoftmax (axis=-1; before opset 13 axis=1 on a flattened matrix)",
    },
)
class log_softmax:
    """The logarithm of softmax, x_i - log(sum_j exp(x_j)): what the cross-entropy loss needs."""

    def formula(m: Any, x: Any) -> Any:
        return x - m.log(m.total(m.exp(x)))

    def range() -> Interval:
        return Interval(-INFINITY, 0.0)
