"""A rectifier that is scaled on both sides."""

from __future__ import annotations

import math
from typing import Any

from actfn.functions.common import constant, logistic, magnitude
from actfn.functions.declare import REALS, Interval, Kink, Parameter, elementwise
from actfn.functions.elementary import narrow
from actfn.functions.spelling import Spelling

# What alpha is cut off at.
LEAST, MOST = "0.01", "0.99"


def left_slope(m: Any, alpha: Any) -> Any:
    return m.where(alpha <= float(LEAST), m.constant(LEAST), m.where(alpha >= float(MOST), m.constant(MOST), alpha))


def times(m: Any, slope: Any, x: Any) -> Any:
    """Return slope x for a pair of moderate size, where x may be as large as can be."""
    large = m.abs(x) > 1e200
    finite = m.minimum(m.maximum(x * m.where(large, 2.0**-64, 1.0), -1e290), 1e290)
    rounded = m.where(narrow(m), m.odd_product(m.round(slope), finite), m.round(slope * finite))
    product = rounded * m.where(large, 2.0**64, 1.0)
    return m.copysign(m.where(x - x == 0.0, product, x), x)


@elementwise(
    hot=False,
    tags=("rectifier", "monotone", "learnable"),
    papers=("Chen, Li & Xu 2020, AReLU: Attention-based rectified linear unit, arXiv:2006.13858",),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.AReLU(alpha=0.90, beta=2.0)(x)", note="learnt, one alpha and one beta for all"
        )
    },
    parameters=(
        Parameter("alpha", 0.9, REALS, "slope left of 0, cut off at 0.01 and 0.99; learnt"),
        Parameter("beta", 2.0, REALS, "1 + sigmoid(beta) is the slope right of 0; learnt"),
    ),
)
class arelu:
    """A rectifier with two learnt slopes: 1 + sigmoid(beta) right of 0, alpha between 0.01 and 0.99 left of it."""

    def formula(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        least, most = m.number(LEAST), m.number(MOST)
        attenuated = m.where(alpha <= least, least, m.where(alpha >= most, most, alpha))
        return m.where(x > 0, (1 + 1 / (1 + m.exp(-beta))) * x, attenuated * x)

    def value(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        return times(m, m.where(x > 0.0, 1.0 + logistic(m, m.pair(beta)), left_slope(m, alpha)), x)

    def first(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        left = constant(m, x, m.round(left_slope(m, alpha)))
        return m.where(x > 0.0, m.round(1.0 + logistic(m, m.pair(beta))), left)

    def second(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        return constant(m, x, 0.0)

    def partial_alpha(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        free = (alpha > float(LEAST)) & (alpha < float(MOST))
        return m.where((x > 0.0) & (x == x), 0.0, m.where(free, x, constant(m, x, 0.0)))  # noqa: PLR0124

    def partial_beta(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        # Two factors sqrt(sigmoid'(beta)), so that a small one meets a large x before it is lost.
        _, size = magnitude(m, m.pair(beta))
        root = m.exp_pair(-0.5 * size, 0.0)
        factor = root / (1.0 + root * root)
        return m.where(x > 0.0, times(m, factor, x) * m.round(factor), constant(m, x, 0.0))

    def range(alpha: float, beta: float) -> Interval:
        return REALS

    def kinks(alpha: float, beta: float) -> tuple[Kink, ...]:
        left, right = min(max(alpha, float(LEAST)), float(MOST)), 1.0 + 1.0 / (1.0 + math.exp(-max(beta, -700.0)))
        return (Kink(0.0, left, right, chosen=left),)
