"""Functions of rows and maxout for JAX, with their derivatives as linear maps that JAX transposes and differentiates again."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp

from actfn.catalogue import find
from actfn.frontends.jax_calls import JAX, Rows, call
from actfn.libraries.row_derivatives import times_jacobian
from actfn.libraries.rows import evaluate


def wide(x: Any) -> Any:
    """Return an array in float32 at least."""
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


def spread(share: Any, t: Any, axis: int) -> Any:
    """Return t - sum(share t), taken twice: shares add up to 1, so that the second time changes only what the first has lost."""
    for _ in range(2):
        t = t - jnp.sum(share * t, axis=axis, keepdims=True)
    return t


@lru_cache(maxsize=64)
def differentiable_rows(name: str, axis: int, parameters: tuple[float, ...] = ()) -> Callable[[Any], Any]:
    """Return a function of rows along an axis that is counted from the last."""
    mirrored = find(name).mirror_of
    if mirrored is not None:
        straight = differentiable_rows(mirrored, axis)
        return lambda x: straight(-x)

    def value(x: Any) -> Any:
        return call(Rows(name, axis, parameters), x)

    value.__name__ = name
    function = jax.custom_jvp(value)

    @function.defjvp
    def derivative(primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
        (x,), (t,) = primals, tangents
        if name not in ("softmax", "log_softmax"):

            def other(function: str) -> Any:
                return differentiable_rows(function, axis, parameters if function == name else ())(wide(x))

            found = times_jacobian(JAX, name, wide(x), wide(t), axis, parameters, other, transposed=False)
            return function(x), found.astype(x.dtype)
        share = differentiable_rows("softmax", axis)(wide(x))
        change = spread(share, wide(t), axis)
        return function(x), (share * change if name == "softmax" else change).astype(x.dtype)

    return jax.jit(function)


def apply(name: str, x: Any, axis: int, g: Any = None, parameters: tuple[float, ...] = ()) -> Any:
    """Return a function of rows along an axis; with g, the product of g with its Jacobian."""
    axis = axis % x.ndim - x.ndim
    if not x.shape[axis]:
        return evaluate(JAX, name, x, axis, g, parameters=parameters)
    function = differentiable_rows(name, axis, parameters)
    if g is None:
        return function(x)
    if not find(name).reduces:
        x = jnp.broadcast_to(x, jnp.broadcast_shapes(x.shape, jnp.shape(g)))
    y, product = jax.vjp(function, x)
    return product(jnp.broadcast_to(g, y.shape).astype(y.dtype))[0]


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def largest(groups: Any, axis: int) -> Any:
    """Return the largest along an axis; its derivative is that of the first of equals, and NaN where the largest is."""
    return jnp.max(groups, axis=axis)


@largest.defjvp
def largest_jvp(axis: int, primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
    (groups,), (tangent,) = primals, tangents
    first = jnp.expand_dims(jnp.argmax(groups, axis=axis), axis)
    members = jax.lax.broadcasted_iota(first.dtype, groups.shape, axis % groups.ndim)
    y = largest(groups, axis)
    chosen = jnp.sum(jnp.where(members == first, tangent, 0), axis=axis)
    return y, chosen * jax.lax.stop_gradient(jnp.where(jnp.isnan(y), y, 1))
