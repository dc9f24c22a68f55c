"""One operation for JAX: a kernel of a function, or a function of rows, on a CPU the compiled ufunc, elsewhere XLA's own operations."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import batching, mlir, xla

from actfn.activation import compiled
from actfn.frontends import xla_calls
from actfn.functions.declare import Declaration
from actfn.libraries import rows, run
from actfn.libraries.find import Library

SUFFIXES = {"value": "", "first": "_d1", "second": "_d2"}


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

    def in_xla(self, x: Any, *given: Any) -> Any:
        """Return the result from the library's operations."""
        library = Library("jax", jnp)
        return run.evaluate(library, self.declaration, (self.kernel,), x, self.parameters(given))[0]

    def ufunc(self) -> str:
        """Return the name of the compiled ufunc."""
        suffix = SUFFIXES.get(self.kernel, self.kernel.replace("partial_", "_d_"))
        return xla_calls.name_of(self.declaration.name + suffix, self.constants)

    def is_compiled(self) -> bool:
        """Tell whether there is a compiled ufunc, and it is better than XLA, which joins a mere choice to what is around it."""
        return compiled(self.declaration.name) is not None and not run.rounds_once(self.declaration, (self.kernel,))


class Rows(NamedTuple):
    """softmax or log_softmax along an axis, counted from the last."""

    name: str
    axis: int

    def in_xla(self, x: Any) -> Any:
        """Return the result from the library's operations."""
        return rows.evaluate(Library("jax", jnp), self.name, x, self.axis)

    def ufunc(self) -> str:
        """Return the name of the compiled ufunc."""
        return xla_calls.name_of(self.name, axis=self.axis)

    def is_compiled(self) -> bool:
        """Tell whether there is a compiled ufunc."""
        return True


call_p = Primitive("actfn")


def call(task: Kernel | Rows, x: Any, *parameters: Any) -> Any:
    """Return the result of a task on arrays that broadcast; it has the dtype of the first."""
    return call_p.bind(x, *parameters, task=task)


def result(x: Any, *parameters: Any, task: Kernel | Rows) -> Any:
    shape = jnp.broadcast_shapes(x.shape, *(parameter.shape for parameter in parameters))
    return x.update(shape=shape, weak_type=False)


def batched(arrays: Any, axes: Any, *, task: Kernel | Rows) -> Any:
    """Move the mapped axes to the front, before as many others as the largest array has."""
    rank = max(array.ndim - (axis is not None) for array, axis in zip(arrays, axes))

    def moved(array: Any, axis: Any) -> Any:
        if axis is None:
            return array
        array = jnp.moveaxis(array, axis, 0)
        return array.reshape(array.shape[0], *(1,) * (rank + 1 - array.ndim), *array.shape[1:])

    return call(task, *map(moved, arrays, axes)), 0


lower_in_xla = mlir.lower_fun(lambda *arrays, task: task.in_xla(*arrays), multiple_results=False)


def lowered_on_cpu(context: Any, *arrays: Any, task: Kernel | Rows) -> Any:
    # A program that is exported may run where actfn is not.
    if context.module_context.lowering_parameters.for_export or not task.is_compiled():
        return lower_in_xla(context, *arrays, task=task)
    return jax.ffi.ffi_lowering(xla_calls.TARGET)(context, *arrays, call=task.ufunc())


def register() -> None:
    """Tell JAX and XLA of the operation."""
    jax.ffi.register_ffi_target(xla_calls.TARGET, jax.ffi.pycapsule(xla_calls.handler), platform="cpu")
    call_p.def_impl(partial(xla.apply_primitive, call_p))
    call_p.def_abstract_eval(result)
    batching.primitive_batchers[call_p] = batched
    mlir.register_lowering(call_p, lower_in_xla)
    mlir.register_lowering(call_p, lowered_on_cpu, platform="cpu")


register()
