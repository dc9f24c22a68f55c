"""Gated functions that are bounded: the clamped one of gpt-oss, and one whose bounds are soft."""

from __future__ import annotations

import math
from typing import Any

from actfn.functions.common import constant
from actfn.functions.declare import POSITIVE, Interval, Parameter, elementwise, gated
from actfn.functions.gated import layout
from actfn.functions.gates import swish
from actfn.functions.sigmoids import sigmoid, tanh
from actfn.functions.spelling import Spelling

ALPHA = Parameter("alpha", 1.702, POSITIVE, "how steep the gate is")
LIMIT = Parameter("limit", 7.0, POSITIVE, "where gate is cut above, and up on both sides")
GATE_CAP = Parameter("gate_cap", None, POSITIVE, "what the gate's size tends to", example=7)
UP_CAP = Parameter("up_cap", None, POSITIVE, "what the size of up tends to", example=7)

# The smallest value of x sigmoid(x).
DIP = -0.27846454276107374


@gated(
    hot=False,
    tags=("gated", "bounded"),
    names={
        "transformers": Spelling(
            "transformers.models.gpt_oss.modeling_gpt_oss.GptOssExperts._apply_gate(gate_up)",
            note="a method; alpha and limit are those of the configuration",
        ),
    },
    parameters=(ALPHA, LIMIT, layout("interleaved")),
)
class swiglu_oai:
    """The clamped swiglu of gpt-oss: (up + 1) swish(gate), with gate and up cut at a limit first."""

    @elementwise(parameters=(ALPHA, LIMIT))
    class gate:
        """swish of x up to a limit."""

        def formula(m: Any, x: Any, alpha: Any, limit: Any) -> Any:
            cut = m.where(x > limit, limit, x)
            return cut / (1 + m.exp(-alpha * cut))

        def value(m: Any, x: Any, alpha: Any, limit: Any) -> Any:
            return m.apply(swish, "value", m.minimum(x, limit), alpha)

        # At the limit itself the slope is that from inside, as in a clamp.
        def first(m: Any, x: Any, alpha: Any, limit: Any) -> Any:
            return m.where(x > limit, 0.0, m.apply(swish, "first", x, alpha))

        def second(m: Any, x: Any, alpha: Any, limit: Any) -> Any:
            return m.where(x > limit, 0.0, m.apply(swish, "second", x, alpha))

        def partial_alpha(m: Any, x: Any, alpha: Any, limit: Any) -> Any:
            return m.apply(swish, "partial_beta", m.minimum(x, limit), alpha)

        def partial_limit(m: Any, x: Any, alpha: Any, limit: Any) -> Any:
            slope = m.apply(swish, "first", m.minimum(x, limit), alpha)
            return m.where(x > limit, slope, constant(m, x, 0.0))

        def range(alpha: float, limit: float) -> Interval:
            return Interval()

    @elementwise(parameters=(LIMIT,))
    class up:
        """x + 1, with x cut at a limit on both sides."""

        def formula(m: Any, x: Any, limit: Any) -> Any:
            return m.where(x > limit, limit, m.where(x < -limit, -limit, x)) + 1

        def value(m: Any, x: Any, limit: Any) -> Any:
            return 1.0 + m.maximum(m.minimum(x, limit), -limit)

        def first(m: Any, x: Any, limit: Any) -> Any:
            return m.where(m.abs(x) <= limit, 1.0, constant(m, x, 0.0))

        def second(m: Any, x: Any, limit: Any) -> Any:
            return constant(m, x, 0.0)

        def partial_limit(m: Any, x: Any, limit: Any) -> Any:
            return m.where(x > limit, 1.0, m.where(x < -limit, -1.0, constant(m, x, 0.0)))

        def range(limit: float) -> Interval:
            return Interval(1 - limit, 1 + limit, True, True)

    def formula(m: Any, gate: Any, up: Any, alpha: Any, limit: Any) -> Any:
        cut = m.where(gate > limit, limit, gate)
        return (m.where(up > limit, limit, m.where(up < -limit, -limit, up)) + 1) * cut / (1 + m.exp(-alpha * cut))

    def range(alpha: float, limit: float, layout: str) -> Interval:
        corners = [
            opened * passed
            for opened in (DIP / alpha, limit / (1 + math.exp(-alpha * limit)))
            for passed in (1 - limit, 1 + limit)
        ]
        return Interval(min(corners), max(corners), True, True)


def soft(m: Any, x: Any, cap: Any) -> tuple[Any, Any]:
    """Return tanh(x / cap) and its complement 1 - tanh(x / cap)^2."""
    cut = m.maximum(m.minimum(x, 400.0 * cap), -400.0 * cap)
    q = cut / cap
    # What rounding took from the quotient counts where the complement falls steeply.
    lost = m.round(cut - m.product(q, cap)) / cap
    t, rest = m.apply(tanh, "value", q), m.apply(tanh, "first", q)
    return t + rest * lost, rest - 2.0 * t * rest * lost


@gated(
    hot=False,
    tags=("gated", "smooth", "bounded"),
    names={
        "transformers": Spelling(
            "transformers.models.inkling2.modeling_inkling2.Inkling2SoftcappedSwiGLU()(x)",
            note="the caps are those of the configuration",
        ),
        "x_transformers": Spelling(
            "x_transformers.x_transformers.GLU(dim_in, dim_out, activation, softclamp_value, gate_softclamp_value)(x)",
            part="with activation = torch.nn.SiLU() the nearest: the gate is capped before the activation",
        ),
    },
    parameters=(GATE_CAP, UP_CAP, layout("gate_up")),
)
class softcapped_swiglu:
    """A swiglu with soft bounds: c tanh(x / c) stands for gate and up, and the sigmoid is that of the gate itself."""

    @elementwise(parameters=(GATE_CAP,))
    class gate:
        """c tanh(x / c) sigmoid(x)."""

        def formula(m: Any, x: Any, gate_cap: Any) -> Any:
            return gate_cap * m.tanh(x / gate_cap) / (1 + m.exp(-x))

        def value(m: Any, x: Any, gate_cap: Any) -> Any:
            t, _ = soft(m, x, gate_cap)
            return m.round(m.product(t, m.apply(sigmoid, "value", x)) * gate_cap)

        def first(m: Any, x: Any, gate_cap: Any) -> Any:
            t, rest = soft(m, x, gate_cap)
            return m.round(rest + m.product(t, m.apply(sigmoid, "value", -x)) * gate_cap) * m.apply(sigmoid, "value", x)

        def second(m: Any, x: Any, gate_cap: Any) -> Any:
            t, rest = soft(m, x, gate_cap)
            s, r = m.apply(sigmoid, "value", x), m.apply(sigmoid, "value", -x)
            return s * (2.0 * rest * (r - t / gate_cap) + gate_cap * t * r * (r - s))

        def partial_gate_cap(m: Any, x: Any, gate_cap: Any) -> Any:
            return m.apply(sigmoid, "value", x) * by_cap(m, x, gate_cap)

        def range(gate_cap: float) -> Interval:
            return Interval(-gate_cap, gate_cap)

    @elementwise(parameters=(UP_CAP,))
    class up:
        """c tanh(x / c)."""

        def formula(m: Any, x: Any, up_cap: Any) -> Any:
            return up_cap * m.tanh(x / up_cap)

        def value(m: Any, x: Any, up_cap: Any) -> Any:
            return soft(m, x, up_cap)[0] * up_cap

        def first(m: Any, x: Any, up_cap: Any) -> Any:
            return soft(m, x, up_cap)[1]

        def second(m: Any, x: Any, up_cap: Any) -> Any:
            t, rest = soft(m, x, up_cap)
            return -2.0 * t * rest / up_cap

        def partial_up_cap(m: Any, x: Any, up_cap: Any) -> Any:
            return by_cap(m, x, up_cap)

        def range(up_cap: float) -> Interval:
            return Interval(-up_cap, up_cap)

    def formula(m: Any, gate: Any, up: Any, gate_cap: Any, up_cap: Any) -> Any:
        return up_cap * m.tanh(up / up_cap) * gate_cap * m.tanh(gate / gate_cap) / (1 + m.exp(-gate))

    def range(gate_cap: float, up_cap: float, layout: str) -> Interval:
        return Interval(-gate_cap * up_cap, gate_cap * up_cap)


def by_cap(m: Any, x: Any, cap: Any) -> Any:
    """Return the derivative of cap tanh(x / cap) by cap, which near 0 is 2/3 (x / cap)^3."""
    t, rest = soft(m, x, cap)
    q = m.maximum(m.minimum(x, 400.0 * cap), -400.0 * cap) / cap
    square = q * q
    near = q * square * m.polynomial(square, (2 / 3, -8 / 15, 34 / 105, -496 / 2835, 2764 / 31185, -87376 / 2027025))
    return m.where(square < 0.01, near, t - rest * q)
