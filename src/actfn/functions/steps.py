"""Functions that jump from one constant to another."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import constant
from actfn.functions.declare import REALS, Interval, Parameter, elementwise
from actfn.functions.spelling import Spelling

WEIGHED = "what it returns at 0 is its second argument: 1 for this function"
IGNORES_NAN = "0 at NaN"


@elementwise(
    hot=False,
    aliases=("step", "binary_step", "unit_step"),
    tags=("bounded", "monotone"),
    papers=(
        "McCulloch & Pitts 1943, A logical calculus of the ideas immanent in nervous activity",
        "Rosenblatt 1958, The perceptron: a probabilistic model for information storage and organization in the brain",
    ),
    names={
        "torch": (
            Spelling("torch.heaviside(input, values)", ignores=("values",), note=WEIGHED),
            Spelling("torch.heaviside(x - threshold, torch.ones_like(x))", recipe=True),
        ),
        "jax": (
            Spelling("jax.numpy.heaviside(x1, x2)", ignores=("x2",), note=WEIGHED),
            Spelling("jax.numpy.heaviside(x - threshold, 1.0)", recipe=True),
        ),
        "scipy": (
            Spelling("numpy.heaviside(x1, x2)", ignores=("x2",), note=WEIGHED),
            Spelling("numpy.heaviside(x - threshold, 1.0)", recipe=True),
        ),
        "mlx": tuple(
            Spelling(call, note="returns integers")
            for call in ("mlx.nn.step(x, threshold=0.0)", "mlx.nn.Step(threshold=0.0)(x)")
        ),
    },
    parameters=(Parameter("threshold", 0.0, REALS, "where it jumps; there the value is 1"),),
)
class heaviside:
    """The step of the perceptron: 0 below the threshold, 1 from the threshold on."""

    def formula(m: Any, x: Any, threshold: Any) -> Any:
        return m.where(x >= threshold, 1, 0)

    def value(m: Any, x: Any, threshold: Any) -> Any:
        return m.where(x >= threshold, 1.0, constant(m, x, 0.0))

    def first(m: Any, x: Any, threshold: Any) -> Any:
        return constant(m, x, 0.0)

    second = partial_threshold = first

    def range(threshold: float) -> Interval:
        return Interval(0.0, 1.0, low_closed=True, high_closed=True)


@elementwise(
    hot=False,
    float32_loops=True,
    aliases=("signum", "sgn"),
    tags=("bounded", "monotone", "zero_centred"),
    names={
        "torch": (Spelling("torch.sign(input)", note=IGNORES_NAN), "torch.sgn(input)"),
        "jax": "jax.numpy.sign(x)",
        "keras": "keras.ops.sign(x)",
        "onnx": "Sign(input)",
        "tensorflow": "tensorflow.sign(x)",
        "scipy": "numpy.sign(x)",
        "mlx": "mlx.core.sign(a)",
        "tinygrad": "tinygrad.Tensor.sign(x)",
    },
    single_rounding=True,
)
class sign:
    """-1, 0 or 1: the activation of binary networks, which train it with another function's derivative."""

    def formula(m: Any, x: Any) -> Any:
        return m.where(x > 0, 1, m.where(x < 0, -1, 0))

    def value(m: Any, x: Any) -> Any:
        # A zero keeps its sign, and NaN stays.
        return m.where(x > 0.0, 1.0, m.where(x < 0.0, -1.0, x))

    def first(m: Any, x: Any) -> Any:
        return constant(m, x, 0.0)

    second = first

    def range() -> Interval:
        return Interval(-1.0, 1.0, low_closed=True, high_closed=True)
