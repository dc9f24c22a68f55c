"""Two operations for JAX: a kernel or a function of rows, and the product of a derivative with a tangent or cotangent.

On a CPU they call the compiled ufuncs, elsewhere they are XLA's own operations.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import batching, mlir, xla

from actfn.activation import compiled
from actfn.arrays import SUFFIXES
from actfn.catalogue import find
from actfn.frontends import xla_calls
from actfn.frontends.jax_choices import Choices
from actfn.functions.declare import Declaration
from actfn.libraries import rows, run
from actfn.libraries.find import Library
from actfn.libraries.wide import Wide

JAX = Library("jax", jnp)


class Kernel(NamedTuple):
    """A kernel of an elementwise function; a parameter that is known when the program is built is a constant of it."""

    declaration: Declaration
    kernel: str
    constants: tuple[float | None, ...]

    def __repr__(self) -> str:
        return f"{self.declaration.name}.{self.kernel}"

    def parameters(self, given: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return all parameters: the known ones, and those that are given as arrays."""
        arrays = iter(given)
        return tuple(next(arrays) if value is None else value for value in self.constants)

    def value(self, x: Any, *given: Any) -> Any:
        """Return the kernel's result from XLA's operations."""
        if self.chooses():
            return self.followed(Choices(x), *given)
        return run.evaluate(JAX, self.declaration, (self.kernel,), x, self.parameters(given))[0]

    def product(self, x: Any, t: Any, *given: Any) -> Any:
        """Return t times the kernel's result from XLA's operations."""
        if self.chooses() or self.kernel != "first":
            return t * call(self, x, *given)
        return run.evaluate(JAX, self.declaration, (self.kernel,), x, self.parameters(given), t)[0]

    def followed(self, m: Wide, *given: Any) -> Any:
        """Return the result of the kernel over a vocabulary made for x."""
        values = [value if isinstance(value, float) else value.astype(m.dtype) for value in self.parameters(given)]
        steps, kept = run.plan(self.declaration, (self.kernel,), True)
        inputs = {"x": m.like, **dict(zip(self.declaration.parameters, values))}
        found = m.array(run.followed(m, steps, inputs)[kept[0]])
        return jnp.broadcast_to(found, jnp.broadcast_shapes(m.like.shape, *(value.shape for value in given)))

    def chooses(self) -> bool:
        """Tell whether kernel and value only choose between numbers, which XLA joins to what is around them."""
        return run.rounds_once(self.declaration, ("value", self.kernel))

    def ufunc(self, product: bool) -> str | None:
        """Return the call of a compiled ufunc, if there is one and it is faster than XLA."""
        if self.chooses() or (product and self.kernel != "first"):
            return None
        suffix = "_vjp" if product else SUFFIXES.get(self.kernel, self.kernel.replace("partial_", "_d_"))
        name = self.declaration.name + suffix
        return None if compiled(name) is None else xla_calls.name_of(name, self.constants)


class Rows(NamedTuple):
    """A function of rows along an axis, counted from the last."""

    name: str
    axis: int
    parameters: tuple[float, ...] = ()

    def value(self, x: Any) -> Any:
        """Return the function from XLA's operations."""
        return rows.evaluate(JAX, self.name, x, self.axis, parameters=self.parameters)

    def ufunc(self, product: bool) -> str | None:
        """Return the call of the compiled ufunc, or of the kernel over NumPy."""
        return xla_calls.name_of(self.name, self.parameters, self.axis)


call_p, product_p = Primitive("actfn"), Primitive("actfn_product")


def call(task: Kernel | Rows, x: Any, *parameters: Any) -> Any:
    """Return the result of a task on arrays that broadcast; it has the dtype of the first."""
    return call_p.bind(x, *parameters, task=task)


def product(task: Kernel, x: Any, t: Any, *parameters: Any) -> Any:
    """Return the product of a kernel with t, which has the shape and dtype of the kernel's result."""
    return product_p.bind(x, t, *parameters, task=task)


def result(x: Any, *others: Any, task: Kernel | Rows) -> Any:
    shape = jnp.broadcast_shapes(x.shape, *(other.shape for other in others))
    if isinstance(task, Rows) and find(task.name).reduces:
        shape = (*shape[: task.axis], *shape[len(shape) + task.axis + 1 :])
    return x.update(shape=shape, weak_type=False)


def batched(primitive: Primitive, arrays: Any, axes: Any, *, task: Kernel | Rows) -> Any:
    """Move the mapped axes to the front, before as many others as the largest array has."""
    rank = max(array.ndim - (axis is not None) for array, axis in zip(arrays, axes))

    def moved(array: Any, axis: Any) -> Any:
        if axis is None:
            return array
        array = jnp.moveaxis(array, axis, 0)
        return array.reshape(array.shape[0], *(1,) * (rank + 1 - array.ndim), *array.shape[1:])

    return primitive.bind(*map(moved, arrays, axes), task=task), 0


def register(primitive: Primitive, is_product: bool) -> None:
    """Tell JAX of an operation: its result, its map over an axis, and what it is made of."""
    member = "product" if is_product else "value"
    in_xla = mlir.lower_fun(lambda *arrays, task: getattr(task, member)(*arrays).astype(arrays[0].dtype), False)

    def on_cpu(context: Any, *arrays: Any, task: Kernel | Rows) -> Any:
        name = task.ufunc(is_product)
        # A program that is exported may run where actfn is not.
        if name is None or context.module_context.lowering_parameters.for_export:
            return in_xla(context, *arrays, task=task)
        return jax.ffi.ffi_lowering(xla_calls.TARGET)(context, *arrays, call=name)

    primitive.def_impl(partial(xla.apply_primitive, primitive))
    primitive.def_abstract_eval(result)
    batching.primitive_batchers[primitive] = partial(batched, primitive)
    mlir.register_lowering(primitive, in_xla)
    mlir.register_lowering(primitive, on_cpu, platform="cpu")


jax.ffi.register_ffi_target(xla_calls.TARGET, jax.ffi.pycapsule(xla_calls.handler), platform="cpu")
register(call_p, False)
register(product_p, True)
