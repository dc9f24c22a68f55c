"""Rows between softmax and hardmax, with a parameter that says how sparse they are: entmax and normmax."""

from __future__ import annotations

from typing import Any, NamedTuple

from actfn.functions.declare import INFINITY, Interval, Parameter, simplex
from actfn.functions.row_parts import NOTHING, beside_heaviest, centred
from actfn.functions.sparse_rows import (
    CLOSED,
    DIM,
    FAR,
    SEARCH,
    SEARCH_AND_SUM,
    entmax15_root,
    excess_with_squares,
    positive,
    sparsemax_excess,
)
from actfn.functions.spelling import Spelling

# For a smaller logarithm three terms of a series are right to the last place.
SHORT = 2.0**-22


class Shares(NamedTuple):
    """The shares p of a row, where they are not 0, log p, (alpha - 1) log p, and the weights p^(2 - alpha) of the Jacobian."""

    share: Any
    inside: Any
    logarithm: Any
    scaled: Any
    weight: Any


def from_base(m: Any, base: Any, a: float) -> Shares:
    """Return the shares p with p^a = base."""
    inside = base > 0.0
    base = m.where(inside, base, 1.0)
    scaled = m.log_full(base)
    share = base if a == 1.0 else base * base if a == 0.5 else m.exp_full(scaled / a)
    share = m.where(inside, share, 0.0)
    return Shares(share, inside, scaled / a, scaled, share / base)


def softmax_shares(m: Any, x: Any) -> Shares:
    below = m.below(x, m.largest(x), NOTHING)
    e = m.exp(below)
    whole = m.total(e)
    return Shares(e / whole, below >= NOTHING, below - m.log_full(whole), m.value(0.0), e / whole)


def entmax_shares(m: Any, x: Any, alpha: float) -> Shares:
    """Return the shares for one alpha."""
    if alpha == 1.0:
        return softmax_shares(m, x)
    if alpha == 1.5:
        return from_base(m, entmax15_root(m, x), 0.5)
    if alpha == 2.0:
        return from_base(m, sparsemax_excess(m, x), 1.0)
    return searched_shares(m, x, alpha - 1.0)


def searched_shares(m: Any, x: Any, a: float) -> Shares:
    """Return the shares p with p^a = q^a + a (x - origin), where q is the share of the origin.

    The origin is the largest entry for a < 1, and for more the smallest whose share is not 0. Then the sum of all shares grows
    with q no slower than q, and at most n times as fast, so that nothing magnifies what is not known of q.
    """
    few = a > 1.0
    beside = m.below(x, m.largest(x), -2.0 / a) * a
    if few:
        ordered = m.descending(x)
        descending = m.below(ordered, m.largest(x), -2.0 / a) * a

        def is_inside(place: Any) -> Any:
            gap = m.maximum(m.high(beside - place), 0.0)
            return m.total(m.quick("exp", m.quick("log", gap) / a)) < 1.0

        beside = beside - m.last(descending, is_inside)
        reached = beside >= 0.0
    else:
        reached = beside > -2.0
    rough = m.high(beside)

    def quick_step(q: Any) -> Any:
        logarithm = m.quick("log", q)
        if few:
            base = m.where(reached, m.quick("exp", logarithm * a) + rough, 0.0)
            scaled = m.quick("log", base)
        else:
            # Next to 1 what a power lacks of 1 is known better than the power.
            scaled = m.quick("log1p", m.maximum(m.quick("expm1", logarithm * a) + rough, -1.0))
        share = m.quick("exp", scaled / a)
        slope = m.where(share > 0.0, m.quick("exp", scaled * (1.0 / a - 1.0) - logarithm * (1.0 - a)), 0.0)
        return q - (m.total(share) - 1.0) / m.total(slope)

    def shares(q: Any) -> Shares:
        base = m.where(reached, m.exp_full(m.log_full(q) * a) + beside, 0.0)
        return from_base(m, m.where(base > 0.0, base, 0.0), a)

    def step(q: Any) -> Any:
        found = shares(q)
        own = m.quick("exp", m.quick("log", m.high(q)) * (1.0 - a))
        return q - (m.total(found.share) - 1.0) * own / m.total(found.weight)

    return shares(step(m.settled(quick_step, 1.0)))


@simplex(
    hot=False,
    aliases=("alpha_entmax",),
    tags=("probability", "bounded", "sparse"),
    papers=(
        "Peters, Niculae & Martins 2019, Sparse sequence-to-sequence models, arXiv:1905.05702",
        "Correia, Niculae & Martins 2019, Adaptively sparse transformers, arXiv:1909.00015",
    ),
    parameters=(
        Parameter(
            "alpha",
            1.5,
            Interval(1.0, INFINITY, low_closed=True),
            "how sparse: 1 is softmax, 2 is sparsemax; an array has one for each row",
        ),
    ),
    names={
        "entmax": (
            Spelling(
                "entmax.entmax_bisect(X, alpha=1.5, dim=-1, n_iter=50, ensure_sum_one=True)",
                means=DIM,
                ignores=SEARCH_AND_SUM,
                note="alpha = 1 divides by 0",
            ),
            Spelling("entmax.EntmaxBisect(alpha=1.5, dim=-1, n_iter=50)(x)", means=DIM, ignores=SEARCH),
        ),
    },
)
class entmax:
    """Sparse softmax with a degree, max(0, (alpha - 1) x_i - tau)^(1 / (alpha - 1)) with sum 1."""

    def formula(m: Any, x: Any, alpha: Any) -> Any:
        def share(tau: Any) -> Any:
            return m.positive((alpha - 1) * x - tau) ** (1 / (alpha - 1))

        return share(m.threshold(share))

    def value(m: Any, x: Any, alpha: float) -> Any:
        return entmax_shares(m, x, alpha).share

    def vjp(m: Any, x: Any, g: Any, alpha: float) -> Any:
        found = entmax_shares(m, x, alpha)
        return centred(m, found.weight, found.inside, g)

    def partial_alpha(m: Any, x: Any, alpha: float) -> Any:
        # c = p (log p)^2 (e^-w - 1 + w) / w^2 for w = (alpha - 1) log p is what p loses while the threshold stays.
        share, inside, logarithm, w, weight = entmax_shares(m, x, alpha)
        short = abs(m.high(w)) < SHORT
        series = share * logarithm * logarithm * (0.5 - w * (1.0 / 6.0) + w * w * (1.0 / 24.0))
        if alpha > 1.0:
            a = alpha - 1.0
            loss = m.where(short, series, (weight - share + share * w) / a / a)
        else:
            loss = series
        loss = m.where(inside, loss, 0.0)
        return weight * (m.total(loss) / m.total(weight)) - loss

    def range(alpha: float) -> Interval:
        return CLOSED


def normed(m: Any, x: Any, alpha: float) -> tuple[Any, Any, Any]:
    """Return what entries have beyond the threshold, t, where that is positive, and t^(1 / (alpha - 1)).

    The sum of t^(alpha / (alpha - 1)) is 1.
    """
    below = m.below(x, m.largest(x), FAR)
    if alpha == 2.0:
        excess = excess_with_squares(m, below)
        return excess, excess > 0.0, excess
    a = alpha - 1.0
    rough = m.high(below)

    def quick_step(tau: Any) -> Any:
        excess = positive(m, rough - tau)
        power = m.quick("exp", m.quick("log", excess) / a)
        return tau + (m.total(excess * power) - 1.0) / (m.total(power) * (alpha / a))

    def powers(tau: Any) -> tuple[Any, Any, Any]:
        excess = positive(m, below - tau)
        inside = excess > 0.0
        power = m.where(inside, m.exp_full(m.log_full(m.where(inside, excess, 1.0)) / a), 0.0)
        return excess, inside, power

    def step(tau: Any) -> Any:
        excess, _, power = powers(tau)
        return tau + (m.total(excess * power) - 1.0) / (m.total(power) * (alpha / a))

    return powers(step(step(m.settled(quick_step, -1.0))))


@simplex(
    hot=False,
    tags=("probability", "bounded", "sparse"),
    papers=("Santos, Niculae, McNamee & Martins 2024, Sparse and structured Hopfield networks, arXiv:2402.13725",),
    parameters=(
        Parameter(
            "alpha",
            2.0,
            Interval(1.0),
            "the norm: towards 1 it is hardmax, for a large one the support has equal shares",
        ),
    ),
    names={
        "entmax": (
            Spelling("entmax.normmax_bisect(X, alpha=2, dim=-1, n_iter=50)", means=DIM, ignores=SEARCH),
            Spelling("entmax.NormmaxBisect(alpha=2, dim=-1, n_iter=50)(x)", means=DIM, ignores=SEARCH),
        ),
    },
)
class normmax:
    """The point p of the simplex with the largest <p, x> - ||p||_alpha: sparse, with shares that are nearly equal."""

    def formula(m: Any, x: Any, alpha: Any) -> Any:
        tau = m.threshold(lambda tau: m.positive(x - tau) ** (alpha / (alpha - 1)))
        power = m.positive(x - tau) ** (1 / (alpha - 1))
        return power / m.total(power)

    def value(m: Any, x: Any, alpha: float) -> Any:
        _, _, power = normed(m, x, alpha)
        return power / m.total(power)

    def vjp(m: Any, x: Any, g: Any, alpha: float) -> Any:
        # The Jacobian is (1 - p 1^T) diag(s) (1 - 1 p^T) for s = p / (t (alpha - 1)).
        excess, inside, power = normed(m, x, alpha)
        whole = m.total(power)
        share = power / whole
        h = m.where(inside, beside_heaviest(m, m.high(share), g), 0.0)
        slope = share / (m.where(inside, excess, 1.0) * (alpha - 1.0))
        product = slope * (h - m.total(share * h))
        return product - share * m.total(product)

    def partial_alpha(m: Any, x: Any, alpha: float) -> Any:
        a = alpha - 1.0
        excess, inside, power = normed(m, x, alpha)
        base = m.where(inside, excess, 1.0)
        logarithm, whole = m.log_full(base), m.total(power)
        share = power / whole
        # The exponents change by -1 / a^2, and the threshold so that the sum of t^(1 + 1 / a) stays 1.
        moved = m.total(excess * power * logarithm) / whole / alpha
        change = share * (moved / base - logarithm) / a / a
        return change - share * m.total(change)

    def range(alpha: float) -> Interval:
        return CLOSED
