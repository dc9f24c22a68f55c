"""Kernels that only choose between numbers, in JAX: comparisons by the bits, since XLA takes subnormal numbers for zero."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from actfn.libraries.find import Library
from actfn.libraries.wide import Wide


class Choices(Wide):
    """The vocabulary of what compares and chooses."""

    def __init__(self, x: Any) -> None:
        super().__init__(Library("jax", jnp), x, x.dtype)
        self.integer = jnp.dtype(f"int{8 * x.dtype.itemsize}")

    def rank(self, x: Any) -> Any:
        """Return integers in the order of the numbers, equal for both zeros."""
        bits = jax.lax.bitcast_convert_type(self.array(x), self.integer)
        return jnp.where(bits < 0, jnp.iinfo(self.integer).min - bits, bits)

    def ordered(self, a: Any, b: Any) -> Any:
        """Tell where neither is NaN."""
        a, b = self.array(a), self.array(b)
        return (a == a) & (b == b)  # noqa: PLR0124

    def less(self, a: Any, b: Any) -> Any:
        if type(a) is float and a == 0.0:
            return (jax.lax.bitcast_convert_type(b, self.integer) > 0) & (b == b)  # noqa: PLR0124
        return (self.rank(a) < self.rank(b)) & self.ordered(a, b)

    def less_equal(self, a: Any, b: Any) -> Any:
        return (self.rank(a) <= self.rank(b)) & self.ordered(a, b)

    def equal(self, a: Any, b: Any) -> Any:
        return (a == b) if a is b else (self.rank(a) == self.rank(b)) & self.ordered(a, b)
