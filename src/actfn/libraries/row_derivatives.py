"""Jacobians of functions of rows times a tangent or cotangent, from their values: what a library differentiates once more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actfn.libraries.find import Library


def times_jacobian(
    library: Library,
    name: str,
    x: Any,
    t: Any,
    axis: int,
    parameters: tuple[float, ...],
    value: Callable[[str], Any],
    transposed: bool,
) -> Any:
    """Return the Jacobian of a function of rows, or its transpose, times t.

    ``value`` returns that function, or softmax, of x, so that it can be differentiated.
    """
    xp = library.xp

    def total(terms: Any) -> Any:
        return xp.sum(terms, axis=axis, keepdims=True)

    if name in ("logsumexp", "logmeanexp"):
        share = value("softmax")
        return share * library.expand_dims(t, axis) if transposed else xp.sum(share * t, axis=axis)
    if name == "solu":
        share, inside = value("softmax"), xp.where(abs(x) < float("inf"), x, xp.zeros_like(x))
        return share * (t + inside * t - (total(t * inside * share) if transposed else inside * total(share * t)))
    if name == "hardmax":
        return 0.0 * t
    y = value(name)
    if name == "sigsoftmax":
        slope = 1.5 - 0.5 * xp.tanh(0.5 * x)
        h = t if transposed else slope * t
        product = y * (h - total(y * h))
        return slope * product if transposed else product
    inside = y > 0
    if name == "budget":
        inside = inside & (y < 1)
    nothing = xp.zeros_like(y)
    within = xp.where(inside, y, nothing + 1.0)
    if name == "normmax":
        (alpha,) = parameters
        # What an entry has beyond the threshold is the power alpha - 1 of its share over the norm of all.
        norm = total(xp.where(inside, within**alpha, nothing)) ** (1.0 / alpha)
        slope = xp.where(inside, y / (within / norm) ** (alpha - 1.0) / (alpha - 1.0), nothing)
        product = slope * (t - total(y * t))
        return product - y * total(product)
    power = {"sparsemax": 0.0, "budget": 0.0, "entmax15": 0.5}.get(name)
    weight = within ** (2.0 - parameters[0] if power is None else power)
    weight = xp.where(inside, weight, nothing)
    whole = total(weight)
    mean = total(weight * t) / xp.where(whole > 0, whole, xp.zeros_like(whole) + 1.0)
    return xp.where(inside, weight * (t - mean), nothing)
