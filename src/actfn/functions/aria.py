"""A gate made of Richards's curve."""

from __future__ import annotations

import math
from typing import Any

from actfn.functions.common import SATURATED, decaying, magnitude
from actfn.functions.declare import POSITIVE, Interval, Parameter, elementwise
from actfn.functions.elementary import log1p_precise
from actfn.functions.spelling import Spelling


class Gate:
    """The gate (1 + exp(-t))^-alpha for t = beta x, as a logarithm, which is what a power magnifies.

    With e = exp(-|t|) minus the logarithm is alpha log(1 + e) right of 0, and alpha (|t| + log(1 + e)) left of it. Where t is
    so large that the gate is 1 (``high``) or 0 (``low``), all is as at 0.
    """

    def __init__(self, m: Any, x: Any, alpha: Any, beta: Any) -> None:
        rough = beta * x
        self.high, self.low = rough > SATURATED, alpha * rough < -SATURATED
        self.x = m.where(self.high | self.low, 0.0, x)
        self.t = m.product(beta, self.x)
        self.negative, self.size = magnitude(m, self.t)
        self.e = m.exp_precise(-self.size, 0.0)
        logarithm = log1p_precise(m, self.e)
        self.logarithm = m.where(self.negative, self.size + logarithm, logarithm)
        self.exponent = -(self.logarithm * alpha)
        self.d = 1.0 + self.e

    def saturated(self, m: Any, inside: Any, at_high: Any, at_low: Any) -> Any:
        return m.where(self.high, at_high, m.where(self.low, at_low, inside))


@elementwise(
    hot=False,
    aliases=("aria",),
    tags=("gated", "smooth", "learnable"),
    papers=("Patwardhan, Ingalhalikar & Walambe 2018, ARiA: Utilizing Richard's curve, arXiv:1805.08878",),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.Aria2(beta=0.5, alpha=1.0)(x)",
            differs="lacks the factor x: it is the gate alone",
        )
    },
    parameters=(
        Parameter("alpha", 1.5, POSITIVE, "power of the gate: 2^-alpha is the slope at 0"),
        Parameter("beta", 2.0, POSITIVE, "steepness of the gate"),
    ),
)
class aria2:
    """x (1 + exp(-beta x))^-alpha: swish with a gate to the power of alpha."""

    def formula(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        return x * (1 + m.exp(-beta * x)) ** (-alpha)

    def value(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        gate = Gate(m, x, alpha, beta)
        power, unlift = decaying(m, gate.exponent)
        # Near 0 the result is 2^-alpha x and next to nothing, which may be a tie.
        power = power * (1.0 + m.sticky(m.high(gate.t)))
        result = m.round(power * m.minimum(m.maximum(gate.x, -1e300), 1e300)) * unlift
        # A pair must not overflow.
        result = m.where(m.abs(gate.x) > 1e300, m.round(power) * gate.x * unlift, result)
        return m.copysign(gate.saturated(m, result, x, 0.0), x)

    def first(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        gate = Gate(m, x, alpha, beta)
        power, unlift = decaying(m, gate.exponent)
        slope = gate.d + gate.t * alpha * m.where(gate.negative, 1.0, gate.e)
        return gate.saturated(m, m.round(power * slope / gate.d) * unlift, 1.0, -0.0)

    def second(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        gate = Gate(m, x, alpha, beta)
        power, unlift = decaying(m, gate.exponent - m.where(gate.negative, 0.0, gate.size))
        bend = 2.0 * gate.d + gate.t * m.where(gate.negative, alpha - gate.e, gate.e * alpha - 1.0)
        result = m.round(power * bend * m.product(alpha, beta) / (gate.d * gate.d)) * unlift
        return gate.saturated(m, result, -0.0, -0.0)

    def partial_alpha(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        gate = Gate(m, x, alpha, beta)
        power, unlift = decaying(m, gate.exponent)
        e, other_unlift = decaying(m, -gate.size)
        # Where e is lifted, log(1 + e) is e to the last bit.
        tiny = (other_unlift < 1.0) & (m.high(gate.t) > 0.0)
        result = m.round(m.where(tiny, e, gate.logarithm) * power * gate.x) * unlift
        return m.copysign(gate.saturated(m, result * m.where(tiny, other_unlift, 1.0), 0.0, 0.0), -x)

    def partial_beta(m: Any, x: Any, alpha: Any, beta: Any) -> Any:
        gate = Gate(m, x, alpha, beta)
        power, unlift = decaying(m, gate.exponent - m.where(gate.negative, 0.0, gate.size))
        return gate.saturated(m, m.abs(m.round(power / gate.d * alpha * gate.x) * gate.x) * unlift, 0.0, 0.0)

    def range(alpha: float, beta: float) -> Interval:
        return Interval(aria_minimum(alpha) / beta, low_closed=True)


def aria_minimum(alpha: float) -> float:
    """Return the least value of t (1 + e^-t)^-alpha, at the root of 1 + e^t + alpha t."""
    low, high = -1.0 - 1.0 / alpha - 1.0, 0.0
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if 1 + math.exp(middle) + alpha * middle < 0 else (low, middle)
    return float(low * (1 + math.exp(-low)) ** -alpha)
