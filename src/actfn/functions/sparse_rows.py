"""Rows of which most entries become 0: projections on the simplex, on its corners, and on a box cut by a plane."""

from __future__ import annotations

import math
from typing import Any

from actfn.functions.declare import POSITIVE, Interval, Parameter, simplex
from actfn.functions.row_parts import centred, threshold
from actfn.functions.spelling import Argument, Spelling

AXIS = {"axis": Argument("axis", words={None: "all"})}
DIM = {"dim": "axis"}
SEARCH = ("n_iter",)
SEARCH_AND_SUM = ("n_iter", "ensure_sum_one")
SORT = ("k", "return_support_size")
CLOSED = Interval(0.0, 1.0, low_closed=True, high_closed=True)


@simplex(
    double_suffices=True,
    hot=False,
    tags=("probability", "bounded", "sparse"),
    names={
        "onnx": Spelling("Hardmax(input, axis=-1)", note="before opset 13 axis=1 of a flattened matrix"),
        "torch": Spelling(
            "torch.nn.functional.one_hot(x.argmax(-1), x.shape[-1]).to(x.dtype)",
            recipe=True,
        ),
        "jax": Spelling("jax.nn.one_hot(x.argmax(-1), x.shape[-1], dtype=x.dtype)", recipe=True),
    },
)
class hardmax:
    """1 at the largest entry of a row, the first of equals, and 0 elsewhere: softmax without temperature."""

    def formula(m: Any, x: Any) -> Any:
        return m.where(x < m.top(x), 0, 1)

    def value(m: Any, x: Any) -> Any:
        return m.where(m.first_largest(x), 1.0, 0.0)

    def vjp(m: Any, x: Any, g: Any) -> Any:
        return m.where(m.first_largest(x), 0.0, 0.0)

    def range() -> Interval:
        return CLOSED


# Further than 1 below the largest nothing counts; next to 1 the digits decide.
FAR = -1.5


def positive(m: Any, excess: Any) -> Any:
    return m.where(excess > 0.0, excess, 0.0)


def sparsemax_excess(m: Any, x: Any) -> Any:
    """Return what each entry of a row has beyond the threshold at which these sum to 1, and 0 for less."""

    def step(values: Any, tau: Any) -> Any:
        excess = values - tau
        inside = excess > 0.0
        return tau + (m.total(m.where(inside, excess, 0.0)) - 1.0) / m.count(inside)

    below = m.below(x, m.largest(x), FAR)
    return positive(m, below - threshold(m, below, step))


@simplex(
    hot=False,
    tags=("probability", "bounded", "sparse", "piecewise_linear"),
    papers=("Martins & Astudillo 2016, From softmax to sparsemax: a sparse model of attention, arXiv:1602.02068",),
    names={
        "keras": (
            Spelling("keras.activations.sparsemax(x, axis=-1)", means=AXIS, differs="not finite beside +inf or NaN"),
            Spelling("keras.ops.sparsemax(x, axis=-1)", means=AXIS, differs="not finite beside +inf or NaN"),
        ),
        "tensorflow_addons": (
            Spelling("tensorflow_addons.activations.sparsemax(logits, axis=-1)", means=AXIS),
            Spelling("tensorflow_addons.layers.Sparsemax(axis=-1)(x)", means=AXIS),
        ),
        "entmax": (
            Spelling("entmax.sparsemax(X, dim=-1, k=None, return_support_size=False)", means=DIM, ignores=SORT),
            Spelling("entmax.Sparsemax(dim=-1, k=None, return_support_size=False)(x)", means=DIM, ignores=SORT),
            Spelling(
                "entmax.sparsemax_bisect(X, dim=-1, n_iter=50, ensure_sum_one=True)",
                means=DIM,
                ignores=SEARCH_AND_SUM,
                note="always 50 bisections",
            ),
            Spelling("entmax.SparsemaxBisect(dim=-1, n_iter=None)(x)", means=DIM, ignores=SEARCH),
        ),
    },
)
class sparsemax:
    """The nearest point of the probability simplex, max(0, x_i - tau) with sum 1: a softmax that can give exact zeros."""

    def formula(m: Any, x: Any) -> Any:
        tau = m.threshold(lambda tau: m.positive(x - tau))
        return m.positive(x - tau)

    def value(m: Any, x: Any) -> Any:
        return sparsemax_excess(m, x)

    def vjp(m: Any, x: Any, g: Any) -> Any:
        inside = sparsemax_excess(m, x) > 0.0
        return centred(m, m.where(inside, 1.0, 0.0), inside, g)

    def range() -> Interval:
        return CLOSED


def entmax15_root(m: Any, x: Any) -> Any:
    """Return what half of each entry of a row has beyond the threshold at which the squares of these sum to 1."""
    return excess_with_squares(m, m.below(x, m.largest(x), 2.0 * FAR) * 0.5)


def excess_with_squares(m: Any, below: Any) -> Any:
    """Return what entries have beyond the threshold at which the squares of these sum to 1; the largest entry is 0."""

    def step(values: Any, tau: Any) -> Any:
        excess = positive(m, values - tau)
        return tau + (m.total(excess * excess) - 1.0) / (m.total(excess) * 2.0)

    return positive(m, below - threshold(m, below, step))


@simplex(
    hot=False,
    tags=("probability", "bounded", "sparse"),
    papers=(
        "Peters, Niculae & Martins 2019, Sparse sequence-to-sequence models, arXiv:1905.05702",
        "Correia, Niculae & Martins 2019, Adaptively sparse transformers, arXiv:1909.00015",
    ),
    names={
        "entmax": (
            Spelling("entmax.entmax15(X, dim=-1, k=None, return_support_size=False)", means=DIM, ignores=SORT),
            Spelling("entmax.Entmax15(dim=-1, k=None, return_support_size=False)(x)", means=DIM, ignores=SORT),
        ),
    },
)
class entmax15:
    """entmax with alpha = 1.5, max(0, x_i / 2 - tau)^2 with sum 1: half-way from softmax to sparsemax."""

    def formula(m: Any, x: Any) -> Any:
        tau = m.threshold(lambda tau: m.positive(x / 2 - tau) ** 2)
        return m.positive(x / 2 - tau) ** 2

    def value(m: Any, x: Any) -> Any:
        root = entmax15_root(m, x)
        return root * root

    def vjp(m: Any, x: Any, g: Any) -> Any:
        root = entmax15_root(m, x)
        return centred(m, root, root > 0.0, g)

    def range() -> Interval:
        return CLOSED


def budget_parts(m: Any, x: Any, budget: float) -> tuple[Any, Any]:
    """Return the entries less the threshold at which they sum to the budget, cut off at 0 and 1, and where they are not cut."""
    if not 0 < budget <= m.length:
        raise ValueError(f"a row of {m.length} entries, each at most 1, cannot sum to budget={budget!r}")
    # The threshold is up to 1 below the entry at which the budget would end if each before it had 1.
    last = m.pick(m.descending(x), math.ceil(budget) - 1)
    beside = m.below(x, last, FAR, -FAR)
    rough = m.high(beside)

    def filled(tau: Any) -> Any:
        return m.total(m.minimum(m.maximum(rough - tau, 0.0), 1.0)) / budget

    def step(tau: Any) -> Any:
        excess = beside - tau
        full = excess >= 1.0
        partial = (excess > 0.0) & ~full
        size = m.count(partial)
        change = (m.total(m.where(partial, excess, 0.0)) + (m.count(full) - budget)) / m.maximum(size, 1.0)
        return m.where(size > 0.0, tau + change, tau)

    excess = beside - m.settled(step, m.crossing(filled, -1.0, 0.0), last=True)
    full = excess >= 1.0
    partial = (excess > 0.0) & ~full
    return m.where(full, 1.0, m.where(partial, excess, 0.0)), partial


@simplex(
    hot=False,
    tags=("bounded", "sparse", "piecewise_linear"),
    parameters=(Parameter("budget", 2.0, POSITIVE, "what the entries of a row sum to, at most their number"),),
    names={
        "entmax": (
            Spelling("entmax.budget_bisect(X, budget=2, dim=-1, n_iter=50)", means=DIM, ignores=SEARCH),
            Spelling("entmax.BudgetBisect(budget=2, dim=-1, n_iter=50)(x)", means=DIM, ignores=SEARCH),
        ),
    },
)
class budget:
    """A soft choice of several entries, min(1, max(0, x_i - tau)) with a given sum: sparsemax for subsets of k."""

    def formula(m: Any, x: Any, budget: Any) -> Any:
        tau = m.threshold(lambda tau: m.clipped(x - tau), budget)
        return m.clipped(x - tau)

    def value(m: Any, x: Any, budget: Any) -> Any:
        return budget_parts(m, x, budget)[0]

    def vjp(m: Any, x: Any, g: Any, budget: Any) -> Any:
        _, partial = budget_parts(m, x, budget)
        inside = m.where(partial, g, 0.0)
        size = m.maximum(m.count(partial), 1.0)
        return m.where(partial, m.value(g) - m.total(m.sum(inside, 0.0)) / size, 0.0)

    def partial_budget(m: Any, x: Any, budget: Any) -> Any:
        _, partial = budget_parts(m, x, budget)
        return m.where(partial, 1.0, 0.0) / m.maximum(m.count(partial), 1.0)

    def range(budget: float) -> Interval:
        return CLOSED
