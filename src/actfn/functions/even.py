"""Even functions without a parameter: the magnitude of the input and its square."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import constant
from actfn.functions.declare import NON_NEGATIVE, Interval, Kink, elementwise
from actfn.functions.spelling import Spelling


@elementwise(
    hot=False,
    float32_loops=True,
    aliases=("abs", "modulus", "vrelu"),
    tags=("piecewise_linear",),
    names={
        "torch": ("torch.abs(input)", "torch.absolute(input)"),
        "jax": (
            Spelling("jax.numpy.abs(x)", kinks=("right",)),
            Spelling("jax.numpy.absolute(x)", kinks=("right",)),
        ),
        "keras": ("keras.ops.abs(x)", "keras.ops.absolute(x)"),
        "onnx": "Abs(X)",
        "tensorflow": "tensorflow.abs(x)",
        "scipy": ("numpy.abs(x)", "numpy.absolute(x)"),
        "mlx": "mlx.core.abs(a)",
        "tinygrad": "tinygrad.Tensor.abs(x)",
        "onednn": "eltwise_abs(x)",
    },
    single_rounding=True,
)
class absolute:
    """The magnitude |x|: an even activation that keeps the size of the input and forgets its sign."""

    def formula(m: Any, x: Any) -> Any:
        return m.abs(x)

    def value(m: Any, x: Any) -> Any:
        return m.abs(x)

    def first(m: Any, x: Any) -> Any:
        return m.where(x > 0.0, 1.0, m.where(x < 0.0, -1.0, constant(m, x, 0.0)))

    def second(m: Any, x: Any) -> Any:
        return constant(m, x, 0.0)

    def range() -> Interval:
        return NON_NEGATIVE

    def kinks() -> tuple[Kink, ...]:
        return (Kink(0.0, -1.0, 1.0, chosen=0.0),)


@elementwise(
    hot=False,
    float32_loops=True,
    tags=("smooth",),
    names={
        "torch": "torch.square(input)",
        "jax": "jax.numpy.square(x)",
        "keras": "keras.ops.square(x)",
        "tensorflow": "tensorflow.square(x)",
        "scipy": "numpy.square(x)",
        "mlx": "mlx.core.square(a)",
        "tinygrad": "tinygrad.Tensor.square(x)",
        "onednn": "eltwise_square(x)",
    },
    single_rounding=True,
)
class square:
    """The parabola x^2: the one activation that networks on encrypted data can afford, and that proofs can follow."""

    def formula(m: Any, x: Any) -> Any:
        return x**2

    def value(m: Any, x: Any) -> Any:
        return x * x

    def first(m: Any, x: Any) -> Any:
        return 2.0 * x

    def second(m: Any, x: Any) -> Any:
        return constant(m, x, 2.0)

    def range() -> Interval:
        return NON_NEGATIVE
