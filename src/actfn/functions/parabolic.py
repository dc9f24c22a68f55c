"""Rectifiers with a piece of a parabola."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import constant
from actfn.functions.declare import NON_NEGATIVE, POSITIVE, Interval, Parameter, elementwise


@elementwise(
    hot=False,
    float32_loops=True,
    aliases=("relu2", "squared_relu"),
    tags=("rectifier", "monotone"),
    papers=("So et al. 2021, Primer: searching for efficient Transformers for language modeling, arXiv:2109.08668",),
    names={
        "transformers": 'transformers.activations.ACT2FN["relu2"](x)',
        "mlx": ("mlx.nn.relu2(x)", "mlx.nn.ReLU2()(x)"),
        "x_transformers": "x_transformers.x_transformers.ReluSquared()(x)",
    },
    single_rounding=True,
)
class relu_squared:
    """The square of the rectifier: smooth in its slope, steep for large input, and as sparse as relu."""

    def formula(m: Any, x: Any) -> Any:
        return m.where(x > 0, x**2, 0)

    def value(m: Any, x: Any) -> Any:
        return m.where(x > 0.0, x * x, constant(m, x, 0.0))

    def first(m: Any, x: Any) -> Any:
        return m.where(x > 0.0, 2.0 * x, constant(m, x, 0.0))

    def second(m: Any, x: Any) -> Any:
        return m.where(x > 0.0, 2.0, constant(m, x, 0.0))

    def range() -> Interval:
        return NON_NEGATIVE


@elementwise(
    hot=False,
    aliases=("smooth_relu",),
    tags=("rectifier", "monotone"),
    papers=("Shamir, Lin & Coviello 2020, Smooth activations and reproducibility in deep networks, arXiv:2010.09931",),
    parameters=(Parameter("beta", 1.0, POSITIVE, "half the width of the bend; relu as it shrinks"),),
)
class smelu:
    """A rectifier whose corner is a parabola of width 2 beta: as smooth as it must be, and exactly 0 and x outside."""

    def formula(m: Any, x: Any, beta: Any) -> Any:
        return m.where(x <= -beta, 0, m.where(x >= beta, x, (x + beta) ** 2 / (4 * beta)))

    def value(m: Any, x: Any, beta: Any) -> Any:
        height = m.sum(x, beta)
        bend = m.round(height / (4.0 * beta) * height)
        return m.where(x >= beta, x, m.where(x > -beta, bend, constant(m, x, 0.0)))

    def first(m: Any, x: Any, beta: Any) -> Any:
        slope = m.round(m.sum(x, beta) / (2.0 * beta))
        return m.where(x >= beta, 1.0, m.where(x > -beta, slope, constant(m, x, 0.0)))

    def second(m: Any, x: Any, beta: Any) -> Any:
        return m.where(m.abs(x) < beta, 0.5 / beta, constant(m, x, 0.0))

    def partial_beta(m: Any, x: Any, beta: Any) -> Any:
        # (beta^2 - x^2) / (2 beta)^2, in factors that do not cancel.
        bend = m.round(m.sum(x, beta) / (2.0 * beta) * (m.sum(beta, -x) / (2.0 * beta)))
        return m.where(m.abs(x) < beta, bend, constant(m, x, 0.0))

    def range(beta: float) -> Interval:
        return NON_NEGATIVE
