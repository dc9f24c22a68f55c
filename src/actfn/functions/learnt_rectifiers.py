"""Rectifiers with learnt places and heights beside learnt slopes."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import constant, through
from actfn.functions.declare import INFINITY, REALS, Interval, Kink, Parameter, elementwise
from actfn.functions.spelling import Spelling


@elementwise(
    hot=False,
    aliases=("s_shaped_relu",),
    tags=("rectifier", "piecewise_linear", "learnable"),
    papers=("Jin et al. 2015, Deep learning with S-shaped rectified linear activation units, arXiv:1512.07030",),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.SReLU(in_features, parameters=None)(x)",
            values={"left_threshold": None, "left_slope": None, "right_threshold": None, "right_slope": None},
            ignores=("in_features", "parameters"),
            note="learnt, four standard normal numbers for each feature",
            differs="the outer lines are slope (x + threshold) + threshold, which do not meet the middle one",
        ),
    },
    parameters=(
        Parameter("left_threshold", None, REALS, "learnt end of the middle piece; at most the right one", example=-1.0),
        Parameter("left_slope", None, REALS, "learnt slope left of it", example=0.25),
        Parameter("right_threshold", None, REALS, "learnt end of the middle piece", example=1.0),
        Parameter("right_slope", None, REALS, "learnt slope right of it", example=0.5),
    ),
)
class srelu:
    """The identity between two learnt thresholds, with a learnt slope on either side: convex, concave or S-shaped."""

    def formula(m: Any, x: Any, left_threshold: Any, left_slope: Any, right_threshold: Any, right_slope: Any) -> Any:
        return m.where(
            x >= right_threshold,
            right_threshold + right_slope * (x - right_threshold),
            m.where(x <= left_threshold, left_threshold + left_slope * (x - left_threshold), x),
        )

    def value(m: Any, x: Any, left_threshold: Any, left_slope: Any, right_threshold: Any, right_slope: Any) -> Any:
        # At a threshold the value is the input, which keeps the sign of a zero.
        left = through(m, x, left_slope, left_threshold, left_threshold)
        right = through(m, x, right_slope, right_threshold, right_threshold)
        upper = m.where(x > right_threshold, right, x)
        return m.where(x >= right_threshold, upper, m.where(x < left_threshold, left, x))

    def first(m: Any, x: Any, left_threshold: Any, left_slope: Any, right_threshold: Any, right_slope: Any) -> Any:
        middle = m.where(x <= left_threshold, left_slope, constant(m, x, 1.0))
        return m.where(x >= right_threshold, right_slope, middle)

    def second(m: Any, x: Any, left_threshold: Any, left_slope: Any, right_threshold: Any, right_slope: Any) -> Any:
        return constant(m, x, 0.0)

    def partial_left_threshold(
        m: Any, x: Any, left_threshold: Any, left_slope: Any, right_threshold: Any, right_slope: Any
    ) -> Any:
        left = (x <= left_threshold) & (x < right_threshold)
        return m.where(left, 1.0 - left_slope, constant(m, x, 0.0))

    def partial_left_slope(
        m: Any, x: Any, left_threshold: Any, left_slope: Any, right_threshold: Any, right_slope: Any
    ) -> Any:
        left = (x <= left_threshold) & (x < right_threshold)
        return m.where(left, x - left_threshold, constant(m, x, 0.0))

    def partial_right_threshold(
        m: Any, x: Any, left_threshold: Any, left_slope: Any, right_threshold: Any, right_slope: Any
    ) -> Any:
        return m.where(x >= right_threshold, 1.0 - right_slope, constant(m, x, 0.0))

    def partial_right_slope(
        m: Any, x: Any, left_threshold: Any, left_slope: Any, right_threshold: Any, right_slope: Any
    ) -> Any:
        return m.where(x >= right_threshold, x - right_threshold, constant(m, x, 0.0))

    def range(left_threshold: float, left_slope: float, right_threshold: float, right_slope: float) -> Interval:
        low = -INFINITY if left_slope > 0 or right_slope < 0 else left_threshold
        high = INFINITY if right_slope > 0 or left_slope < 0 else right_threshold
        return Interval(low, high, low_closed=low > -INFINITY, high_closed=high < INFINITY)

    def kinks(left_threshold: float, left_slope: float, right_threshold: float, right_slope: float) -> tuple[Kink, ...]:
        if left_threshold >= right_threshold:
            return (Kink(right_threshold, left_slope, right_slope, chosen=right_slope),)
        left = Kink(left_threshold, left_slope, 1.0, chosen=left_slope)
        right = Kink(right_threshold, 1.0, right_slope, chosen=right_slope)
        return tuple(kink for kink in (left, right) if kink.left != kink.right)


@elementwise(
    hot=False,
    aliases=("flexible_relu",),
    tags=("rectifier", "monotone", "piecewise_linear", "learnable"),
    papers=("Qiu, Xu & Cai 2017, FReLU: flexible rectified linear units for improving CNNs, arXiv:1706.08098",),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.FReLU(in_features)(x)",
            values={"bias": None},
            ignores=("in_features",),
            note="learnt, from a standard normal number on; FReLU of m_ops is the funnel rectifier",
        ),
    },
    parameters=(Parameter("bias", None, REALS, "learnt height of the flat half", example=-0.4),),
)
class frelu:
    """The rectifier moved up or down by a learnt bias, so that its mean may be 0; not the funnel rectifier of that name."""

    def formula(m: Any, x: Any, bias: Any) -> Any:
        return m.where(x > 0, x + bias, bias)

    def value(m: Any, x: Any, bias: Any) -> Any:
        return m.where(x > 0.0, x + bias, constant(m, x, bias))

    def first(m: Any, x: Any, bias: Any) -> Any:
        return m.where(x > 0.0, 1.0, constant(m, x, 0.0))

    def second(m: Any, x: Any, bias: Any) -> Any:
        return constant(m, x, 0.0)

    def partial_bias(m: Any, x: Any, bias: Any) -> Any:
        return constant(m, x, 1.0)

    def range(bias: float) -> Interval:
        return Interval(bias, low_closed=True)

    def kinks(bias: float) -> tuple[Kink, ...]:
        return (Kink(0.0, 0.0, 1.0, chosen=0.0),)
