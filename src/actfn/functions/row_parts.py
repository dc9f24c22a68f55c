"""Pieces that several kernels of rows share: exponentials beside the largest, cotangents, and the threshold of a sparse row."""

from __future__ import annotations

from typing import Any, NamedTuple

# exp of less is 0 in every format, whatever it is divided by or multiplied with.
NOTHING = -2000.0
# Powers of two that keep a small exponential away from the subnormal numbers until all its factors are there.
LIFT = 64.0
DROP = 2.0**-64


class Exponentials(NamedTuple):
    """The largest entry of each row, exp(x - largest) times 2^lift, and the sum of exp(x - largest)."""

    top: Any
    lifted: Any
    whole: Any


def exponentials(m: Any, x: Any) -> Exponentials:
    """Return the exponentials of each row."""
    top = m.largest(x)
    lifted = m.exp(m.below(x, top, NOTHING), LIFT)
    return Exponentials(top, lifted, m.total(lifted) * DROP)


def beside_heaviest(m: Any, weights: Any, g: Any) -> Any:
    """Return g less its mean over the entries with the largest weight, as a pair.

    A constant taken from g changes no product with a Jacobian whose rows sum to 0, and this one leaves nothing to cancel
    where one weight is almost everything.
    """
    heaviest = weights.equals(m.largest(weights))
    return m.sum(g, -m.high(m.total(m.where(heaviest, g, 0.0)) / m.count(heaviest)))


def centred(m: Any, weights: Any, inside: Any, g: Any) -> Any:
    """Return the weights times what g has beyond its weighted mean: the product with diag(w) - w w^T / sum(w)."""
    h = m.where(inside, beside_heaviest(m, m.high(weights), g), 0.0)
    return m.where(inside, weights * (h - m.total(weights * h) / m.total(weights)), 0.0)


def threshold(m: Any, below: Any, step: Any) -> Any:
    """Return the threshold tau at which a sum over a row, convex in tau and falling, is 1: as a pair, from -1 on.

    ``step(values, tau)`` is one of Newton's method. Started where the sum is too large it never goes too far, and with each step
    the excess times the slope falls to a quarter at least. A sum of finitely many straight pieces is solved exactly.
    """
    rough = m.high(below)
    found = m.settled(lambda tau: step(rough, tau), -1.0)
    return m.settled(lambda tau: step(below, tau), found, last=True)
