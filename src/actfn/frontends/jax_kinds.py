"""Functions of JAX arrays with arrays of coefficients, with noise, and with the statistics of a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from actfn.inputs import KEPT


def as_floats(name: str, x: Any) -> Any:
    """Return x as an array of floats: integers and bool take JAX's default dtype; raise TypeError for anything else."""
    if isinstance(x, str) or x is None:
        raise TypeError(f"actfn.jax.{name} takes an array of real numbers, got {type(x).__name__} {x!r}")
    x = jnp.asarray(x)
    if x.dtype.name in KEPT:
        return x
    if x.dtype.kind not in "biu":
        raise TypeError(
            f"actfn.jax.{name} is not defined for dtype {x.dtype}; it takes arrays of float16, bfloat16, float32, float64, "
            "integers and bool"
        )
    return x.astype(jnp.asarray(0.0).dtype)


def named(activation: Any, values: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a call by their names."""
    names = [*activation.parameters]
    if len(values) > len(names):
        raise TypeError(
            f"actfn.jax.{activation.name} takes x and {len(names)} parameters, got {1 + len(values)} arguments"
        )
    return {**dict(zip(names, values)), **given}


def expansion(activation: Any) -> Callable[..., jax.Array]:
    """Return a sum over coefficients as a function of arrays."""

    def function(x: Any, *values: Any, **given: Any) -> jax.Array:
        found: jax.Array = activation(as_floats(activation.name, x), **named(activation, values, given))
        return found

    return function


def noisy(activation: Any) -> Callable[..., jax.Array]:
    """Return a function with noise as one of arrays."""

    def function(
        x: Any, *values: Any, key: Any = None, sample: Any = None, training: bool | None = None, **given: Any
    ) -> jax.Array:
        if training and key is None and sample is None:
            raise TypeError(
                f"actfn.jax.{activation.name} needs noise in training: give key=jax.random.key(0), or a sample"
            )
        x = as_floats(activation.name, x)
        own = {
            name: given.pop(name) for name in ("axis", "hard") if name in given and activation._declaration.along_axis
        }
        given = named(activation, values, given)
        found: jax.Array = activation(x, rng=key, sample=sample, training=training, **own, **given)
        return found

    return function


def standardised(activation: Any) -> Callable[..., jax.Array]:
    """Return a function of the statistics of a batch as one of arrays."""

    def function(
        x: Any,
        *values: Any,
        axis: int = -1,
        training: bool = False,
        mean: Any = None,
        variance: Any = None,
        **given: Any,
    ) -> jax.Array:
        given = named(activation, values, given)
        x = as_floats(activation.name, x)
        found: jax.Array = activation(x, axis, training=training, mean=mean, variance=variance, **given)
        return found

    return function


OTHERS: dict[str, Callable[[Any], Callable[..., jax.Array]]] = {
    "expansion": expansion,
    "stochastic": noisy,
    "batchwise": standardised,
}
