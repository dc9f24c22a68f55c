"""The largest of each group of inputs, and its product, in any library."""

from __future__ import annotations

from typing import Any

from actfn.libraries.find import Library


def largest(library: Library, groups: Any, member: int) -> Any:
    """Return the largest along an axis; NaN if one is NaN."""
    xp = library.xp
    return (xp.amax if hasattr(xp, "amax") else xp.max)(groups, axis=member)


def largest_vjp(library: Library, groups: Any, member: int, g: Any, shape: tuple[int, ...]) -> Any:
    """Return g at the largest of each group, the first of equals, NaN where that is NaN, and 0 elsewhere, in a shape."""
    xp = library.xp
    winner = library.expand_dims(xp.argmax(groups, axis=member), member)
    along = [1] * groups.ndim
    along[member] = groups.shape[member]
    device = {} if library.name == "jax" else {"device": groups.device}
    first = xp.reshape(xp.arange(groups.shape[member], **device), tuple(along)) == winner
    g = library.expand_dims(library.astype(library.array(g, groups), groups.dtype), member)
    zero = library.scalar(0.0, groups.dtype, groups)
    return xp.reshape(xp.where(first, xp.where(xp.isnan(groups), groups, g), zero), shape)
