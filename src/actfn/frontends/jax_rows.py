"""softmax, log_softmax and maxout for JAX, with their derivatives as linear maps that JAX can transpose and differentiate again."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from actfn.frontends.jax_calls import Rows, call


def spread(x: Any, tangent: Any, axis: int, share: Any) -> Any:
    """Return h - sum(share h), where h is the tangent less that of the largest entries.

    As the shares add up to 1, what is taken away changes nothing but the rounding: the terms of the largest entries do not cancel.
    """
    top = jax.lax.stop_gradient(x == jnp.max(x, axis=axis, keepdims=True))
    count = jnp.maximum(jnp.sum(top, axis=axis, keepdims=True), 1).astype(tangent.dtype)
    h = tangent - jnp.sum(jnp.where(top, tangent, 0), axis=axis, keepdims=True) / count
    return h - jnp.sum(share * h, axis=axis, keepdims=True)


def wide(x: Any) -> Any:
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def softmax(x: Any, axis: int) -> Any:
    return call(Rows("softmax", axis), x)


@softmax.defjvp
def _softmax_jvp(axis: int, primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
    (x,), (tangent,) = primals, tangents
    share = softmax(wide(x), axis)
    return softmax(x, axis), (share * spread(x, wide(tangent), axis, share)).astype(x.dtype)


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def log_softmax(x: Any, axis: int) -> Any:
    return call(Rows("log_softmax", axis), x)


@log_softmax.defjvp
def _log_softmax_jvp(axis: int, primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
    (x,), (tangent,) = primals, tangents
    return log_softmax(x, axis), spread(x, wide(tangent), axis, softmax(wide(x), axis)).astype(x.dtype)


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def largest(groups: Any, axis: int) -> Any:
    """Return the largest along an axis; its derivative is that of the first of equals, and NaN where the largest is."""
    return jnp.max(groups, axis=axis)


@largest.defjvp
def _largest_jvp(axis: int, primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
    (groups,), (tangent,) = primals, tangents
    first = jnp.expand_dims(jnp.argmax(groups, axis=axis), axis)
    members = jax.lax.broadcasted_iota(first.dtype, groups.shape, axis % groups.ndim)
    y = largest(groups, axis)
    chosen = jnp.sum(jnp.where(members == first, tangent, 0), axis=axis)
    return y, chosen * jax.lax.stop_gradient(jnp.where(jnp.isnan(y), y, 1))
