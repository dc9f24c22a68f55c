"""Functions that JAX differentiates by their declared derivatives: by x twice, by every parameter once.

What is not declared (a third derivative, a second one by a parameter) is JAX's derivative of the declared kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero
from jax.interpreters import ad

from actfn.frontends.jax_calls import JAX, Kernel, call, product, product_p
from actfn.functions.declare import Declaration
from actfn.libraries.differentiable import evaluate

# The kernel that is the derivative of another by x.
NEXT = {"value": "first", "first": "second"}


def wide(x: Any) -> Any:
    """Return an array in float32 at least."""
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


def in_plain_arithmetic(task: Kernel, x: Any, *given: Any) -> Any:
    """Return a kernel's result in arithmetic that JAX can differentiate."""
    wider = wide(x)
    values = [value if isinstance(value, float) else value.astype(wider.dtype) for value in task.parameters(given)]
    return evaluate(JAX, task.declaration, task.kernel, wider, values).astype(x.dtype)


def dense(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return tangents with zeros in full."""
    return tuple(jnp.zeros_like(p) if type(t) in (SymbolicZero, ad.Zero) else t for p, t in zip(primals, tangents))


# A number that changes all the time is better given as an array; the oldest programs are forgotten.
@lru_cache(maxsize=4096)
def differentiable(declaration: Declaration, kernel: str, constants: tuple[float | None, ...]) -> Callable[..., Any]:
    """Return a kernel as a function of x and the parameters that are not constants."""
    task = Kernel(declaration, kernel, constants)
    free = [name for name, value in zip(declaration.parameters, constants) if value is None]

    def value(x: Any, *given: Any) -> Any:
        return call(task, x, *given)

    value.__name__ = declaration.name
    function = jax.custom_jvp(value)

    def derivative(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
        y = function(*primals)
        x, given = primals[0], primals[1:]
        moving = [(n, t) for n, t in zip(free, tangents[1:]) if type(t) is not SymbolicZero]
        total = jnp.zeros_like(y)
        if type(tangents[0]) is not SymbolicZero and kernel in NEXT:
            slope = Kernel(declaration, NEXT[kernel], constants)
            total = product(slope, x, jnp.broadcast_to(tangents[0], y.shape), *given)
            tangents = (jnp.zeros_like(x), *tangents[1:])
        if kernel != "value" and (moving or kernel not in NEXT):
            plain = partial(in_plain_arithmetic, task)
            return y, total + jax.jvp(plain, primals, dense(primals, tangents))[1]
        for name, tangent in moving:
            # A parameter's gradient is a sum over x, in float32 at least.
            partly = differentiable(declaration, f"partial_{name}", constants)(wide(x), *given)
            total = total + (partly * tangent.astype(partly.dtype)).astype(y.dtype)
        return y, total

    function.defjvp(derivative, symbolic_zeros=True)
    return jax.jit(function)


def apply(declaration: Declaration, kernel: str, x: Any, parameters: Sequence[Any], g: Any = None) -> Any:
    """Return a kernel at x, or its product with g: parameters that are numbers are constants of the program, the others arrays."""
    constants = tuple(float(value) if isinstance(value, (int, float)) else None for value in parameters)
    arrays = [value for value, known in zip(parameters, constants) if known is None]
    if g is None:
        return differentiable(declaration, kernel, constants)(x, *arrays)
    shape = jnp.broadcast_shapes(*(array.shape for array in (x, g, *arrays)))
    return product(Kernel(declaration, kernel, constants), x, jnp.broadcast_to(g, shape).astype(x.dtype), *arrays)


def product_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...], *, task: Kernel) -> tuple[Any, Any]:
    """Differentiate a product: it is linear in t."""
    x, t, *given = primals
    y = product(task, *primals)
    total = jnp.zeros_like(y) if type(tangents[1]) is ad.Zero else product(task, x, tangents[1], *given)
    inputs, changes = (x, *given), (tangents[0], *tangents[2:])
    moving = [place for place, change in enumerate(changes) if type(change) is not ad.Zero]
    if moving:

        def moved(*values: Any) -> Any:
            # What does not move is left a constant, so that what is declared is taken for the rest.
            given = dict(zip(moving, values))
            return differentiable(*task)(*(given.get(place, value) for place, value in enumerate(inputs)))

        at, change = (tuple([all[place] for place in moving]) for all in (inputs, changes))
        total = total + t * jax.jvp(moved, at, change)[1]
    return y, total


def product_transpose(cotangent: Any, x: Any, t: Any, *given: Any, task: Kernel) -> tuple[Any, ...]:
    """Return the cotangent of t, by which a product of each element is its own transpose."""
    back = ad.Zero(t.aval) if type(cotangent) is ad.Zero else product(task, x, cotangent, *given)
    return None, back, *(None for _ in given)


ad.primitive_jvps[product_p] = product_jvp
ad.primitive_transposes[product_p] = product_transpose
