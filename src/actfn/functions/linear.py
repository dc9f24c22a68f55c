"""The function that does nothing."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import constant
from actfn.functions.declare import Interval, elementwise


@elementwise(
    aliases=("linear",),
    tags=("linear", "monotone", "smooth", "zero_centred"),
    frameworks={
        "PyTorch": "nn.Identity",
        "JAX": "nn.identity",
        "Keras": 'activations.linear ("linear")',
        "ONNX": "Identity",
    },
    single_rounding=True,
)
class identity:
    """Returns its input: the output layer of a regression, and the absence of an activation."""

    def formula(m: Any, x: Any) -> Any:
        return x

    def value(m: Any, x: Any) -> Any:
        return x

    def first(m: Any, x: Any) -> Any:
        return constant(m, x, 1.0)

    def second(m: Any, x: Any) -> Any:
        return constant(m, x, 0.0)

    def range() -> Interval:
        return Interval()

    def inverse() -> tuple[str, dict[str, Any]]:
        return "identity", {}
