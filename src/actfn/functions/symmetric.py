"""Even functions: lisht and seagull."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import LIFT, SATURATED, UNLIFT, gate_second
from actfn.functions.declare import NON_NEGATIVE, Interval, elementwise

# Beyond this 1 + x^2 is x^2, and x^2 is still far from overflow.
LARGE = 1e100
LARGEST = 1.7976931348623157e308


@elementwise(
    hot=False,
    tags=("gated", "smooth"),
    papers=("Roy, Manna, Dubey & Chaudhuri 2019, LiSHT: Non-parametric linearly scaled tanh, arXiv:1901.05894",),
    names={"tensorflow_addons": "tensorflow_addons.activations.lisht(x)"},
)
class lisht:
    """x tanh(x): |x| with a round bottom, even and never negative."""

    def formula(m: Any, x: Any) -> Any:
        return x * m.tanh(x)

    def value(m: Any, x: Any) -> Any:
        a = m.minimum(m.abs(x), SATURATED)
        q = -m.expm1_pair(m.pair(-2.0 * a))
        # Near 0 the result is next to nothing below x^2, which may be a tie.
        return m.where(m.abs(x) > SATURATED, m.abs(x), m.abs(m.round(q / (2.0 - q) * (1.0 - m.sticky(a)) * a)))

    def first(m: Any, x: Any) -> Any:
        # With e = exp(-2|x|) it is (1 - e^2 + 4 |x| e) / (1 + e)^2: no difference.
        a = m.minimum(m.abs(x), SATURATED)
        e = m.exp_pair(m.pair(-2.0 * a), 0.0)
        d = 1.0 + e
        return m.copysign(m.round((4.0 * a * e - m.expm1_pair(m.pair(-4.0 * a))) / (d * d)), x)

    def second(m: Any, x: Any) -> Any:
        a = m.minimum(m.abs(x), SATURATED)
        bend, unlift = gate_second(m, m.pair(2.0 * a), m.pair(8.0), m.pair(8.0 * a))
        return bend * unlift

    def range() -> Interval:
        return NON_NEGATIVE


@elementwise(
    hot=False,
    tags=("smooth",),
    papers=("Gao & Zhang 2020, A use of even activation functions in neural networks, arXiv:2011.11713",),
    names={"echo": "echoAI.Activation.t_ops.Seagull()(x)"},
)
class seagull:
    """log(1 + x^2): even, a parabola near 0 and logarithmic far from it; for targets that do not change with a sign."""

    def formula(m: Any, x: Any) -> Any:
        return m.log(1 + x**2)

    def value(m: Any, x: Any) -> Any:
        a = m.abs(x)
        inner = m.minimum(a, LARGE)
        # Near 0 the result is next to nothing below x^2, which may be a tie.
        near = m.round(m.log1p_pair(m.product(inner, inner)) * (1.0 - m.sticky(a)))
        far = m.round(2.0 * m.log_pair(m.pair(m.minimum(m.maximum(a, LARGE), LARGEST))))
        return m.where(a > LARGE, m.where(a * 0.0 == 0.0, far, a), near)

    def first(m: Any, x: Any) -> Any:
        inner = m.minimum(m.maximum(x, -LARGE), LARGE)
        return m.where(m.abs(x) > LARGE, 2.0 / x, m.copysign(m.round(2.0 * inner / (m.product(inner, inner) + 1.0)), x))

    def second(m: Any, x: Any) -> Any:
        inner = m.minimum(m.abs(x), LARGE)
        reciprocal = 1.0 / (m.product(inner, inner) + 1.0)
        near = m.round(2.0 * (m.sum(1.0, -inner) * m.sum(1.0, inner)) * reciprocal * reciprocal)
        # Lifted, the product is rounded once where it is subnormal.
        far = 1.0 / m.pair(m.minimum(m.maximum(m.abs(x), LARGE), 1e170))
        return m.where(m.abs(x) > LARGE, -m.abs(m.round(2.0 * far * LIFT * far) * UNLIFT), near)

    def range() -> Interval:
        return NON_NEGATIVE
