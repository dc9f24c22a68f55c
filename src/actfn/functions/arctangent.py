"""The arctangent as an activation."""

from __future__ import annotations

import math
from typing import Any

from actfn.functions.common import LIFT, UNLIFT
from actfn.functions.declare import Interval, elementwise


def folded(m: Any, x: Any) -> tuple[Any, Any, Any]:
    """Return where |x| > 1, the smaller of |x| and 1 / |x| as a pair y, and 1 + y^2."""
    size = m.minimum(m.abs(x), 1e300)
    far = size > 1.0
    y = m.where(far, 1.0 / m.pair(m.maximum(size, 1.0)), size)
    return far, y, 1.0 + y * y


@elementwise(
    hot=False,
    piecewise=("value", "first"),
    float32_loops=True,
    aliases=("atan", "arc_tangent"),
    tags=("sigmoidal", "bounded", "monotone", "smooth", "zero_centred"),
    names={
        "torch": ("torch.atan(input)", "torch.arctan(input)"),
        "jax": ("jax.numpy.arctan(x)", "jax.numpy.atan(x)"),
        "keras": "keras.ops.arctan(x)",
        "onnx": "Atan(input)",
        "tensorflow": "tensorflow.math.atan(x)",
        "scipy": "numpy.arctan(x)",
        "mlx": "mlx.core.arctan(a)",
        "tinygrad": "tinygrad.Tensor.atan(x)",
    },
)
class arctan:
    """The arctangent: a sigmoid between -pi/2 and pi/2 whose slope 1 / (1 + x^2) fades polynomially, not exponentially."""

    def formula(m: Any, x: Any) -> Any:
        return m.atan(x)

    def value(m: Any, x: Any) -> Any:
        return m.copysign(m.round(m.atan_pair(m.pair(x))), x)

    def first(m: Any, x: Any) -> Any:
        # Far out 1 / (1 + x^2) is y^2 / (1 + y^2) for y = 1/|x|; lifted, it is rounded once where it is subnormal.
        far, y, d = folded(m, x)
        return m.round(m.where(far, y * LIFT * y, m.pair(LIFT)) / d) * UNLIFT

    def second(m: Any, x: Any) -> Any:
        far, y, d = folded(m, x)
        # Lifted only where it is needed: near 0 the result is x itself.
        lifted = m.where(far, y * LIFT * y * y, y)
        size = m.round(lifted / (d * d)) * m.where(far, 2.0 * UNLIFT, 2.0)
        return m.copysign(size, -x)

    def range() -> Interval:
        return Interval(-math.pi / 2, math.pi / 2)
