"""How a callable of any array library is called with NumPy numbers, and differentiated where the library can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from actfn.accuracy.formats import Array, Format

LIBRARIES = ("numpy", "torch", "jax", "array_api")


def library_of(function: Any) -> str:
    """Return the library whose arrays a callable takes, from the module that it comes from; NumPy if nothing tells."""
    for owner in (function, type(function), getattr(function, "__wrapped__", None)):
        module = str(getattr(owner, "__module__", "") or "")
        root = module.removeprefix("actfn.").split(".")[0]
        if root in ("torch", "jax", "jaxlib", "flax"):
            return "torch" if root == "torch" else "jax"
    return "numpy"


def caller(function: Any, library: str, order: int, form: Format, namespace: Any = None) -> Callable[[Array], Array]:
    """Return a function from NumPy arrays to NumPy arrays of the same format.

    For order 1 and 2 a callable of torch or JAX is differentiated; one of NumPy is taken to be the derivative.

    Raises
    ------
    ValueError
        If the library is unknown.
    """
    if library == "torch":
        return _torch(function, order, form)
    if library == "jax":
        return _jax(function, order, form)
    if library == "array_api":
        return lambda x: np.asarray(function(namespace.asarray(x)))
    if library != "numpy":
        raise ValueError(f"unknown library {library!r}; it is one of {', '.join(LIBRARIES)}")
    return lambda x: function(x)


def _torch(function: Any, order: int, form: Format) -> Callable[[Array], Array]:
    import torch

    dtype = getattr(torch, form.name)

    def call(x: Array) -> Array:
        # torch and NumPy share no bfloat16: the bits travel as integers.
        signed = np.ascontiguousarray(x).view(f"i{form.dtype.itemsize}").copy()
        tensor = torch.from_numpy(signed).view(dtype).requires_grad_(order > 0)
        result = function(tensor)
        for step in range(order):
            (result,) = torch.autograd.grad(result.sum(), tensor, create_graph=step + 1 < order)
        _same_dtype(str(result.dtype).removeprefix("torch."), form)
        bits: Array = result.detach().contiguous().view(getattr(torch, f"int{8 * form.dtype.itemsize}")).numpy()
        return bits.view(form.dtype)

    return call


def _jax(function: Any, order: int, form: Format) -> Callable[[Array], Array]:
    import jax
    import jax.numpy as jnp

    def differentiated(f: Any) -> Any:
        return jax.grad(lambda x: f(x).sum())

    for _ in range(order):
        function = differentiated(function)
    compiled = jax.jit(function)

    def call(x: Array) -> Array:
        with jax.enable_x64(True):
            result = np.asarray(compiled(jnp.asarray(x)))
        _same_dtype(result.dtype.name, form)
        return result

    return call


def _same_dtype(name: str, form: Format) -> None:
    if name != form.name:
        raise TypeError(f"the callable was given {form.name} and returned {name}")
