"""Straight lines: the function that does nothing, and any other."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import constant, through
from actfn.functions.declare import REALS, Interval, Parameter, elementwise
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


@elementwise(
    hot=False,
    aliases=("linear_affine",),
    tags=("linear", "monotone", "smooth"),
    names={
        "torch": Spelling("slope * x + intercept", recipe=True),
        "jax": Spelling("slope * x + intercept", recipe=True),
        "keras": Spelling("slope * x + intercept", recipe=True),
        "tensorflow": Spelling("slope * x + intercept", recipe=True),
        "onednn": Spelling("eltwise_linear(x, alpha, beta)", means={"alpha": "slope", "beta": "intercept"}),
    },
    parameters=(
        Parameter("slope", 1.0, REALS, "what the input is multiplied by"),
        Parameter("intercept", 0.0, REALS, "the value at 0"),
    ),
)
class affine:
    """A straight line with any slope and intercept: a scale and a shift without a layer."""

    def formula(m: Any, x: Any, slope: Any, intercept: Any) -> Any:
        return slope * x + intercept

    def value(m: Any, x: Any, slope: Any, intercept: Any) -> Any:
        # Without an intercept the sign of a zero stays.
        ray = m.odd_product(slope, m.where(slope == 0.0, m.minimum(m.maximum(x, -1.0), 1.0), x))
        return m.where(intercept == 0.0, ray, through(m, x, slope, 0.0, intercept))

    def first(m: Any, x: Any, slope: Any, intercept: Any) -> Any:
        return constant(m, x, slope)

    def second(m: Any, x: Any, slope: Any, intercept: Any) -> Any:
        return constant(m, x, 0.0)

    def partial_slope(m: Any, x: Any, slope: Any, intercept: Any) -> Any:
        return x

    def partial_intercept(m: Any, x: Any, slope: Any, intercept: Any) -> Any:
        return constant(m, x, 1.0)

    def range(slope: float, intercept: float) -> Interval:
        return REALS if slope else Interval(intercept, intercept, low_closed=True, high_closed=True)

    def inverse(slope: float, intercept: float) -> tuple[str, dict[str, Any]] | None:
        return ("affine", {"slope": 1 / slope, "intercept": -intercept / slope}) if slope else None
