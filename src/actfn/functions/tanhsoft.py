"""TanhSoft-2, of which tanhexp is a case."""

from __future__ import annotations

import math
from typing import Any

from actfn.functions.common import decaying
from actfn.functions.declare import POSITIVE, Interval, Parameter, elementwise
from actfn.functions.elementary import expm1_precise, narrow
from actfn.functions.spelling import Spelling

# 1 - tanh(u) / u for u < 1/4, in powers of u^2 from the first on, by its power series.
TANH_LOSS = (
    1 / 3,
    -2 / 15,
    17 / 315,
    -62 / 2835,
    1382 / 155925,
    -21844 / 6081075,
    0.0014558343870513183,
    -0.000590027440945586,
    0.00023912911424355248,
    -9.691537956929451e-05,
    3.927832388331683e-05,
    -1.5918905069328964e-05,
)


class Gate:
    """The parts of tanh(u) for u = beta e^t and t = gamma x, and where they are saturated.

    Left of 0 u may be lifted; it is then still so small that tanh(u) is u to the last bit. With q = 1 - exp(-2u) and w = 2 - q
    tanh(u) is q / w, and its derivative 4 (1 - q) / w^2.
    """

    def __init__(self, m: Any, x: Any, beta: Any, gamma: Any) -> None:
        rough, shift = gamma * x, m.log(beta)
        # tanh(u) is 1 with all its derivatives from u = 403 on, and u below e^-780 is nothing in every dtype.
        self.high, self.low = rough > 5.999 - shift, rough < -780.0 - shift
        self.x = m.where(self.high | self.low, 0.0, x)
        self.t = m.product(gamma, self.x)
        growth, self.unlift = decaying(m, self.t, "exp_precise")
        self.u = growth * beta
        self.q = -expm1_precise(m, -2.0 * self.u)
        self.w = 2.0 - self.q

    def chosen(self, m: Any, inside: Any, at_high: Any, at_low: Any) -> Any:
        return m.where(self.high, at_high, m.where(self.low, at_low, inside))

    def bell(self, m: Any) -> tuple[Any, Any]:
        """Return u tanh'(u) / 4, and the factor of its lift."""
        falling, unlift = decaying(m, -2.0 * self.u, "exp_precise")
        return falling * self.u / (self.w * self.w), unlift


def scaled_up(m: Any, factor: Any, x: Any) -> Any:
    """Return factor x for a pair, where x may be so large that a pair overflows."""
    inner = m.minimum(m.maximum(x, -1e300), 1e300)
    return m.where(m.abs(x) > 1e300, m.round(factor) * x, m.round(factor * inner))


@elementwise(
    hot=False,
    aliases=("tanhsoft_2",),
    tags=("gated", "smooth"),
    papers=("Biswas, Kumar, Banerjee & Pandey 2020, TanhSoft: a family of activation functions, arXiv:2009.03863",),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.TanhSoft(alpha=0.0, beta=0.6, gamma=1.0, delta=0.0)(x)",
            requires={"alpha": 0.0, "delta": 0.0},
        )
    },
    parameters=(
        Parameter("beta", 0.6, POSITIVE, "opens the gate further: the slope at 0 is tanh(beta)"),
        Parameter("gamma", 1.0, POSITIVE, "steepness of the gate"),
    ),
)
class tanhsoft:
    """x tanh(beta exp(gamma x)): the member TanhSoft-2 of the family, which its authors recommend; tanhexp for 1 and 1."""

    def formula(m: Any, x: Any, beta: Any, gamma: Any) -> Any:
        return x * m.tanh(beta * m.exp(gamma * x))

    def value(m: Any, x: Any, beta: Any, gamma: Any) -> Any:
        gate = Gate(m, x, beta, gamma)
        return m.copysign(gate.chosen(m, scaled_up(m, gate.q / gate.w, gate.x) * gate.unlift, x, 0.0), x)

    def first(m: Any, x: Any, beta: Any, gamma: Any) -> Any:
        gate = Gate(m, x, beta, gamma)
        slope = (gate.q / gate.u * gate.w + 4.0 * gate.t * (1.0 - gate.q)) / (gate.w * gate.w)
        # For a small u the root is next to t = -1, and what is beside t + 1 is of the size of u^2: narrow numbers would lose it.
        small = m.minimum(m.high(gate.u), 0.25)
        square, gain = small * small, gate.q / gate.w
        near = (gate.t + 1.0) - square * m.polynomial(square, TANH_LOSS) - gate.t * (gain * gain)
        slope = m.where(narrow(m) & (m.high(gate.u) < 0.25), near, slope)
        return gate.chosen(m, m.round(gate.u * slope) * gate.unlift, 1.0, -0.0)

    def second(m: Any, x: Any, beta: Any, gamma: Any) -> Any:
        # gamma u tanh'(u) (2 + t - 2 t u tanh(u)).
        gate = Gate(m, x, beta, gamma)
        bell, unlift = gate.bell(m)
        bend = (gate.t + 2.0) * gate.w - 2.0 * gate.t * (gate.u * gate.q)
        result = m.round(4.0 * bell * bend * gamma / gate.w) * gate.unlift * unlift
        return gate.chosen(m, result, -0.0, -0.0)

    def partial_beta(m: Any, x: Any, beta: Any, gamma: Any) -> Any:
        gate = Gate(m, x, beta, gamma)
        bell, unlift = gate.bell(m)
        return m.copysign(gate.chosen(m, scaled_up(m, 4.0 * bell / beta, gate.x) * gate.unlift * unlift, 0.0, 0.0), x)

    def partial_gamma(m: Any, x: Any, beta: Any, gamma: Any) -> Any:
        gate = Gate(m, x, beta, gamma)
        bell, unlift = gate.bell(m)
        product = scaled_up(m, 4.0 * bell, gate.x) * gate.x
        return gate.chosen(m, m.abs(product) * gate.unlift * unlift, 0.0, 0.0)

    def range(beta: float, gamma: float) -> Interval:
        return Interval(tanhsoft_minimum(beta) / gamma, low_closed=True)


def tanhsoft_minimum(beta: float) -> float:
    """Return the least value of t tanh(beta e^t), at the root of sinh(2u) + 2 t u for u = beta e^t."""

    def rising(t: float) -> bool:
        u = beta * math.exp(t)
        return u > 300.0 or math.sinh(2.0 * u) / (2.0 * u) + t > 0.0

    low, high = -max(3.0, math.log(beta) + 3.0), 0.0
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (low, middle) if rising(middle) else (middle, high)
    return low * math.tanh(beta * math.exp(low))
