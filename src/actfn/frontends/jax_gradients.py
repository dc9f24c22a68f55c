"""Elementwise functions that JAX differentiates by their declared derivatives: by x twice, by every parameter once.

What is not declared (a third derivative, a second one by a parameter) is JAX's derivative of the declared kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from actfn.frontends.jax_calls import Kernel, call
from actfn.functions.declare import Declaration
from actfn.libraries.find import Library
from actfn.libraries.pairs import WIDTHS, Pairs
from actfn.libraries.run import followed, plan
from actfn.libraries.wide import Wide

# The kernel that is the derivative of another by x.
NEXT = {"value": "first", "first": "second"}


class Differentiable(Wide):
    """The vocabulary in arithmetic that JAX can differentiate, joints and zeros included."""

    def __init__(self, x: Any) -> None:
        super().__init__(Library("jax", jnp), x, x.dtype)
        self.width = WIDTHS[x.dtype.name]

    literal = Pairs.literal  # type: ignore[assignment]

    # At 0 the slope is that of the side that the sign tells, as in copysign.
    def abs(self, x: Any) -> Any:
        return jnp.where(jnp.signbit(x), -x, x)

    def minimum(self, x: Any, y: Any) -> Any:
        return jnp.where(x > y, self.array(y), x)

    def maximum(self, x: Any, y: Any) -> Any:
        return jnp.where(x < y, self.array(y), x)


def followed_plainly(task: Kernel, x: Any, *given: Any) -> Any:
    """Return a kernel's result in arithmetic that JAX can differentiate."""
    dtype = jnp.promote_types(x.dtype, jnp.float32)
    m = Differentiable(x.astype(dtype))
    values = [value if isinstance(value, float) else value.astype(dtype) for value in task.parameters(given)]
    steps, kept = plan(task.declaration, (task.kernel,), True)
    found = m.array(followed(m, steps, {"x": m.like, **dict(zip(task.declaration.parameters, values))})[kept[0]])
    shape = jnp.broadcast_shapes(x.shape, *(value.shape for value in given))
    return jnp.broadcast_to(found, shape).astype(x.dtype)


# A number that changes all the time is better given as an array; the oldest programs are forgotten.
@lru_cache(maxsize=4096)
def differentiable(declaration: Declaration, kernel: str, constants: tuple[float | None, ...]) -> Callable[..., Any]:
    """Return a kernel as a function of x and the parameters that are not constants."""
    task = Kernel(declaration, kernel, constants)

    @jax.custom_jvp
    def function(x: Any, *given: Any) -> Any:
        return call(task, x, *given)

    def derivative(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
        y = function(*primals)
        by_x = isinstance(tangents[0], SymbolicZero)
        by_parameters = all(isinstance(tangent, SymbolicZero) for tangent in tangents[1:])
        if by_x and by_parameters:
            return y, jnp.zeros_like(y)
        if kernel != "value" and (kernel != "first" or not by_parameters):
            dense = [
                jnp.zeros_like(primal) if isinstance(tangent, SymbolicZero) else tangent
                for primal, tangent in zip(primals, tangents)
            ]
            return y, jax.jvp(lambda *arrays: followed_plainly(task, *arrays), primals, tuple(dense))[1]
        terms = []
        if not by_x:
            slope = differentiable(declaration, NEXT[kernel], constants)(*primals)
            terms.append(slope * tangents[0])
        if not by_parameters:
            # A parameter's gradient is a sum over x, and float32 at least.
            dtype = jnp.promote_types(y.dtype, jnp.float32)
            x, free = primals[0].astype(dtype), [n for n, v in zip(declaration.parameters, constants) if v is None]
            for name, tangent in zip(free, tangents[1:]):
                if not isinstance(tangent, SymbolicZero):
                    partial = differentiable(declaration, f"partial_{name}", constants)(x, *primals[1:])
                    terms.append((partial * tangent.astype(dtype)).astype(y.dtype))
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return y, jnp.broadcast_to(total, y.shape)

    function.defjvp(derivative, symbolic_zeros=True)
    function.__name__ = declaration.name
    return jax.jit(function)
