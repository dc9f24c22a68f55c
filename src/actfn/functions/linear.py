"""The function that does nothing."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import constant
from actfn.functions.declare import Interval, elementwise
from actfn.functions.spelling import Spelling


@elementwise(
    aliases=("linear",),
    tags=("linear", "monotone", "smooth", "zero_centred"),
    names={
        "torch": "torch.nn.Identity()(x)",
        "jax": "jax.nn.identity(x)",
        "keras": "keras.activations.linear(x)",
        "onnx": "Identity(input)",
        "flax": "flax.nnx.identity(x)",
        "timm": 'timm.layers.get_act_layer("identity")()(x)',
        "transformers": 'transformers.activations.ACT2FN["linear"](x)',
        "onednn": Spelling("eltwise_linear(x, alpha=1.0, beta=0.0)", requires={"alpha": 1.0, "beta": 0.0}),
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
