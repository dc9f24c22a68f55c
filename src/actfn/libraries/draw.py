"""Noise for an array: from a generator of NumPy, of PyTorch, or a key of JAX."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from actfn.inputs import KEPT
from actfn.libraries.find import Library

DISTRIBUTIONS = ("uniform", "normal", "gumbel")


def draw(distribution: str, rng: Any, x: Any, library: Library | None, bounds: Mapping[str, float]) -> Any:
    """Return independent numbers of a distribution in the shape and dtype of an array.

    Raises
    ------
    TypeError
        If ``rng`` is no generator that suits the array.

    Examples
    --------
    >>> import numpy as np
    >>> draw("uniform", np.random.default_rng(0), np.zeros(2), None, {"low": 1.0, "high": 1.5}).round(3).tolist()
    [1.318, 1.135]
    """
    if isinstance(rng, np.random.Generator):
        shape = tuple(x.shape)
        if distribution == "uniform":
            found = rng.uniform(bounds["low"], bounds["high"], shape)
        else:
            found = rng.standard_normal(shape) if distribution == "normal" else rng.gumbel(size=shape)
        if library is None:
            return np.asarray(found).astype(x.dtype if x.dtype.name in KEPT else np.float64)
        return library.astype(library.array(np.asarray(found), x), x.dtype)
    if library is not None and library.name == "torch":
        if not isinstance(rng, library.xp.Generator):
            raise TypeError(f"rng must be a torch.Generator or a numpy.random.Generator, got {rng!r}")
        return from_torch(distribution, x, library.xp, bounds, rng)
    if library is not None and library.name == "jax":
        return _from_jax(distribution, rng, x, bounds)
    raise TypeError(f"rng must be a numpy.random.Generator, such as numpy.random.default_rng(0), got {rng!r}")


def from_torch(distribution: str, x: Any, torch: Any, bounds: Mapping[str, float], generator: Any = None) -> Any:
    """Return noise for a tensor, from PyTorch's own generator unless another one is given."""
    empty = torch.empty_like(x, requires_grad=False)
    if distribution == "uniform":
        return empty.uniform_(bounds["low"], bounds["high"], generator=generator)
    return (
        empty.normal_(generator=generator)
        if distribution == "normal"
        else -empty.exponential_(generator=generator).log()
    )


def _from_jax(distribution: str, key: Any, x: Any, bounds: Mapping[str, float]) -> Any:
    random = sys.modules["jax"].random
    if not hasattr(key, "dtype"):
        raise TypeError(f"rng must be a key, such as jax.random.key(0), or a numpy.random.Generator, got {key!r}")
    if distribution == "uniform":
        return random.uniform(key, x.shape, x.dtype, bounds["low"], bounds["high"])
    return (random.normal if distribution == "normal" else random.gumbel)(key, x.shape, x.dtype)
