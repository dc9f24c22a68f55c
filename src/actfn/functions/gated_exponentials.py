"""Gates made of exponentials: elish and its hard form, and tanhexp."""

from __future__ import annotations

from typing import Any

from actfn.functions.common import SATURATED, constant, decaying, gate_first, gate_second, magnitude
from actfn.functions.declare import Interval, Kink, elementwise
from actfn.functions.elementary import beyond, expm1_precise, near_root, off_tie
from actfn.functions.gated_sigmoids import bounded, gate
from actfn.functions.spelling import Spelling

# sqrt(2) - 1 is exp(x) where elish has its minimum; x is its logarithm.
ELISH_TURN = "0.414213562373095048801688724209698078569671875376948073177"
ELISH_ROOT = (-0.8813735842704773, "-0.000000002749065730310734324979792309028160328262")


@elementwise(
    hot=False,
    tags=("gated",),
    papers=("Basirat & Roth 2018, The quest for the golden activation function, arXiv:1808.00783",),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.Elish(hard=False)(x)", requires={"hard": False}, differs="raises a TypeError"
        )
    },
)
class elish:
    """Silu right of 0 and (exp(x) - 1) sigmoid(x) left of it: an elu with a gate, found by a genetic algorithm."""

    def formula(m: Any, x: Any) -> Any:
        return m.where(x >= 0, x / (1 + m.exp(-x)), (m.exp(x) - 1) / (1 + m.exp(-x)))

    def value(m: Any, x: Any) -> Any:
        inner = bounded(m, x)
        factor, unlift = gate(m, m.pair(inner))
        result = m.round(m.where(x < 0.0, m.expm1_pair(m.pair(m.minimum(inner, 0.0))), inner) * factor) * unlift
        return m.copysign(m.where(x > SATURATED, x, result), x)

    def first(m: Any, x: Any) -> Any:
        # With e = exp(x) and r = sqrt(2) - 1 it is e (e - r) (e + 2 + r) / (1 + e)^2 left of 0.
        t = m.pair(bounded(m, x))
        _, size = magnitude(m, t)
        right, _ = gate_first(m, t, size)
        e, unlift = decaying(m, -size)
        past_root = m.expm1_pair(beyond(m, m.minimum(m.high(t), 0.0), ELISH_ROOT)) * m.constant(ELISH_TURN)
        left = m.round(e * past_root * (e + 2.0 + m.constant(ELISH_TURN)) / ((1.0 + e) * (1.0 + e))) * unlift
        return m.where(x < 0.0, left, right)

    def second(m: Any, x: Any) -> Any:
        # With e = exp(x) it is e (e^3 + 3e^2 + 5e - 1) / (1 + e)^3 left of 0.
        t = m.pair(bounded(m, x))
        _, size = magnitude(m, t)
        right, unlift = gate_second(m, t, m.pair(2.0), size)
        e, _ = decaying(m, -size, "exp_precise")
        d = 1.0 + e
        left = m.round(e * (e * (e * (e + 3.0) + 5.0) - 1.0) / (d * d * d))
        return m.where(x < 0.0, left, right) * unlift

    def range() -> Interval:
        return Interval(-0.17157287525380990, low_closed=True)


@elementwise(
    hot=False,
    tags=("gated",),
    papers=("Basirat & Roth 2018, The quest for the golden activation function, arXiv:1808.00783",),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.Elish(hard=False)(x)",
            requires={"hard": True},
            differs="has exp(x - 1) instead of exp(x) - 1 left of 0",
        )
    },
)
class hard_elish:
    """Elish with the gate max(0, min(1, (x + 1) / 2)): zero up to -1, the identity from 1 on."""

    def formula(m: Any, x: Any) -> Any:
        left, right = (m.exp(x) - 1) * (x + 1) / 2, x * (x + 1) / 2
        return m.where(x <= -1, 0, m.where(x < 0, left, m.where(x < 1, right, x)))

    def value(m: Any, x: Any) -> Any:
        inner = m.minimum(m.maximum(x, -1.0), 1.0)
        unit = m.where(x < 0.0, m.expm1_pair(m.pair(m.minimum(inner, 0.0))), inner)
        middle = m.round(unit * (0.5 * m.sum(inner, 1.0)))
        # Next to 0 the curve is above its tangent, which may be a tie.
        middle = m.where(m.abs(x) < 2.0**-100, m.copysign(off_tie(m, 0.5 * x, 1.0), x), middle)
        return m.where(x >= 1.0, x, m.where(x > -1.0, middle, constant(m, x, -0.0)))

    def first(m: Any, x: Any) -> Any:
        inner = m.minimum(m.maximum(x, -1.0), 0.0)
        left = m.round(0.5 * (m.exp_precise(m.pair(inner), 0.0) * m.sum(inner, 2.0) - 1.0))
        middle = m.where(x > 0.0, x + 0.5, left)
        return m.where(x >= 1.0, 1.0, m.where(x > -1.0, middle, constant(m, x, -0.0)))

    def second(m: Any, x: Any) -> Any:
        inner = m.minimum(m.maximum(x, -1.0), 0.0)
        left = m.round(0.5 * m.exp_pair(m.pair(inner), 0.0) * m.sum(inner, 3.0))
        middle = m.where(x > 0.0, 1.0, left)
        return m.where((x > -1.0) & (x < 1.0), middle, constant(m, x, 0.0))

    def range() -> Interval:
        return Interval(-0.09967315152874262, low_closed=True)

    def kinks() -> tuple[Kink, ...]:
        return Kink(-1.0, 0.0, -0.31606027941427883, chosen=0.0), Kink(1.0, 1.5, 1.0, chosen=1.0)


# Where the second derivative of tanhexp crosses zero right of 0, and its Taylor series there.
TANHEXP_BEND = (0.6965639591217041, "0.000000001273468282467224549594036522867795460579")
TANHEXP_BEND_SERIES = (
    -0.8338185514456832,
    1.609005508360816,
    0.38221194037810517,
    -2.3425727479473353,
    0.21027569378453604,
    1.9572607498504429,
    -0.4345806664648111,
    -1.1720393956800274,
)


def double_exponential(m: Any, x: Any, exponential: str) -> tuple[Any, Any, Any]:
    """Return x, cut off where tanh(exp(x)) is saturated, u = exp(x), and the factor of its lift.

    Lifted, u is still so small that tanh(u) is u to the last bit.
    """
    inner = m.minimum(m.maximum(x, -760.0), 6.0)
    u, unlift = decaying(m, m.pair(inner), exponential)
    return inner, u, unlift


@elementwise(
    hot=False,
    aliases=("telu",),
    tags=("gated", "smooth"),
    papers=(
        "Liu & Di 2020, TanhExp: A smooth activation function with high convergence speed, arXiv:2003.09855",
        "Fernandez & Mali 2024, TeLU activation function for fast and stable deep learning, arXiv:2412.20269",
    ),
)
class tanhexp:
    """x tanh(exp(x)): as mish, but with a gate that is shut and open doubly exponentially; rediscovered as TeLU."""

    def formula(m: Any, x: Any) -> Any:
        return x * m.tanh(m.exp(x))

    def value(m: Any, x: Any) -> Any:
        inner, u, unlift = double_exponential(m, x, "exp_pair")
        q = -m.expm1_pair(-2.0 * u)
        return m.copysign(m.where(x > 6.0, x, m.round(q / (2.0 - q) * inner) * unlift), x)

    def first(m: Any, x: Any) -> Any:
        # With q = 1 - exp(-2u) tanh(u) is q / (2 - q), and its derivative 4 (1 - q) / (2 - q)^2.
        inner, u, unlift = double_exponential(m, x, "exp_precise")
        q = -expm1_precise(m, -2.0 * u)
        w = 2.0 - q
        return m.round(u * (q / u * w + 4.0 * inner * (1.0 - q)) / (w * w)) * unlift

    def second(m: Any, x: Any) -> Any:
        # u tanh'(u) (2 + x - 2 x u tanh(u)).
        inner, u, unlift = double_exponential(m, x, "exp_precise")
        q = -expm1_precise(m, -2.0 * u)
        w = 2.0 - q
        falling, other_unlift = decaying(m, -2.0 * u, "exp_precise")
        bend = m.sum(inner, 2.0) * w - 2.0 * inner * (u * q)
        result = m.round(4.0 * falling * bend * u / (w * w * w)) * unlift * other_unlift
        return near_root(m, x, TANHEXP_BEND, TANHEXP_BEND_SERIES, result)

    def range() -> Interval:
        return Interval(-0.35328577784821125, low_closed=True)
