"""Which array library an input belongs to, and the few calls that libraries spell differently."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from actfn.inputs import KEPT


class Library(NamedTuple):
    """An array library: its name, and the namespace that its functions are in."""

    name: str
    xp: Any

    def dtype_name(self, x: Any) -> str:
        """Return the name of an array's dtype, without the library's."""
        return str(x.dtype).rpartition(".")[2]

    def expand_dims(self, x: Any, axis: int) -> Any:
        """Return an array with an axis of length 1 inserted."""
        return x.unsqueeze(axis) if self.name == "torch" else self.xp.expand_dims(x, axis=axis)

    def interleaved(self, even: Any, odd: Any, axis: int) -> Any:
        """Return two arrays of one shape as the even and the odd places along an axis."""
        shape = tuple(even.shape)
        pairs = self.concatenate((self.expand_dims(even, axis + 1), self.expand_dims(odd, axis + 1)), axis + 1)
        return self.xp.reshape(pairs, (*shape[:axis], 2 * shape[axis], *shape[axis + 1 :]))

    def is_real(self, x: Any) -> bool:
        """Tell whether an array holds floats that are kept, integers or bool."""
        name = self.dtype_name(x)
        return name in KEPT or name == "bool" or name.startswith(("int", "uint"))

    def astype(self, x: Any, dtype: Any) -> Any:
        """Return an array with another dtype."""
        if x.dtype == dtype:
            return x
        if self.name == "numpy":
            return x.astype(dtype)
        return x.to(dtype) if self.name == "torch" else self.xp.astype(x, dtype)

    def concatenate(self, arrays: tuple[Any, ...], axis: int) -> Any:
        """Return arrays one behind the other along an axis."""
        xp = self.xp
        return (xp.concat if hasattr(xp, "concat") else xp.concatenate)(arrays, axis=axis)

    def descending(self, x: Any, axis: int) -> Any:
        """Return the numbers along an axis, the largest first."""
        if self.name == "torch":
            return self.xp.sort(x, dim=axis, descending=True).values
        return self.xp.flip(self.xp.sort(x, axis=axis), axis=axis)

    def take_along(self, x: Any, places: Any, axis: int) -> Any:
        """Return the entries at places along an axis."""
        return (
            self.xp.gather(x, axis, places) if self.name == "torch" else self.xp.take_along_axis(x, places, axis=axis)
        )

    def places(self, x: Any, axis: int) -> Any:
        """Return 0, 1, 2, ... along an axis, with all axes of an array."""
        device = {} if self.name == "jax" else {"device": x.device}
        shape = [1] * x.ndim
        shape[axis] = x.shape[axis]
        return self.xp.reshape(self.xp.arange(x.shape[axis], **device), tuple(shape))

    def first_largest(self, x: Any, axis: int) -> Any:
        """Return a mask of the first largest entry along an axis."""
        first = self.expand_dims(self.xp.argmax(x, axis=axis), axis)
        return self.places(x, axis) == first

    def reduced(self, addition: Any, parts: tuple[Any, ...], axis: int) -> tuple[Any, ...]:
        """Return sums along an axis, in JAX, by an addition of one's own of several arrays at once; the axis is kept, with length 1."""
        nothing = tuple(np.zeros((), part.dtype) for part in parts)
        sums = sys.modules["jax"].lax.reduce(parts, nothing, addition, (axis % parts[0].ndim,))
        return tuple(self.expand_dims(one, axis) for one in sums)

    def repeated(self, step: Any, state: tuple[Any, Any], times: int) -> Any:
        """Return what steps from (found, moving) come to; moving is a mask, and NumPy stops where nothing moves."""
        if self.name == "jax":
            return sys.modules["jax"].lax.fori_loop(0, times, lambda _, now: step(now), state)[0]
        for _ in range(times):
            state = step(state)
            if self.name == "numpy" and not state[1].any():
                break
        return state[0]

    def as_float(self, x: Any) -> Any:
        """Return an array of floats: integers and bool take the library's default dtype."""
        if self.dtype_name(x) in KEPT:
            return x
        return self.astype(x, self.default_dtype)

    @property
    def default_dtype(self) -> Any:
        """The dtype that the library gives to a Python float."""
        return self.xp.get_default_dtype() if self.name == "torch" else self.xp.asarray(0.0).dtype

    def has_float64(self, x: Any) -> bool:
        """Tell whether float64 can be computed where an array is."""
        if self.name == "torch":
            return bool(x.device.type != "mps")
        # JAX has it only after jax_enable_x64, which then is the dtype of a Python float.
        return self.name != "jax" or self.dtype_name(self.xp.asarray(0.0)) == "float64"

    @property
    def flushes(self) -> bool:
        """Whether subnormal numbers are taken for zero, as XLA does."""
        return self.name == "jax"

    def broadcast_shapes(self, *shapes: Any) -> Any:
        """Return the shape that arrays have together; that of a single one, and in PyTorch any, may hold symbols."""
        shapes = tuple(shape for shape in shapes if len(shape)) or shapes[:1]
        if self.name != "torch" or len(shapes) == 1:
            return shapes[0] if len(shapes) == 1 else np.broadcast_shapes(*map(tuple, shapes))
        try:
            return self.xp.broadcast_shapes(*shapes)
        except RuntimeError as error:
            given = ", ".join(str(tuple(shape)) for shape in shapes)
            raise ValueError(f"shape mismatch: {given} do not broadcast") from error

    def quiet(self) -> Any:
        """Return a context in which no call warns: libraries on top of NumPy would."""
        return nullcontext() if self.name in ("torch", "jax") else np.errstate(all="ignore")

    def scalar(self, value: Any, dtype: Any, like: Any) -> Any:
        """Return a number as an array without dimensions, where another array is."""
        device = {} if self.name == "jax" else {"device": like.device}
        return self.xp.full((), value, dtype=dtype, **device)

    def exact(self, value: float, dtype: Any, like: Any) -> Any:
        """Return a number as an array that an exporter writes with all its digits."""
        if self.name != "torch":
            return self.scalar(value, dtype, like)
        return self.xp.tensor(value, dtype=dtype, device=like.device)

    def unit(self, size: int, like: Any) -> Any:
        """Return the unit matrix, with the dtype that an array has as floats."""
        device = {} if self.name == "jax" else {"device": like.device}
        dtype = like.dtype if self.dtype_name(like) in KEPT else self.default_dtype
        return self.xp.eye(size, dtype=dtype, **device)

    def one_hot(self, x: Any, axis: int) -> Any:
        """Return 1 at the largest entry along an axis, the first of equals, and 0 elsewhere."""
        xp, axis = self.xp, axis % x.ndim
        device = {} if self.name == "jax" else {"device": x.device}
        places = xp.reshape(xp.arange(x.shape[axis], **device), (-1, *[1] * (x.ndim - axis - 1)))
        return self.astype(places == self.expand_dims(xp.argmax(x, axis=axis), axis), x.dtype)

    def detached(self, x: Any) -> Any:
        """Return an array that no derivative is taken through."""
        if self.name == "torch":
            return x.detach()
        return sys.modules["jax"].lax.stop_gradient(x) if self.name == "jax" else x

    def array(self, value: Any, like: Any) -> Any:
        """Return a parameter or cotangent as an array of this library, where another array is."""
        if is_foreign(value):
            return value
        device = {} if self.name == "jax" else {"device": like.device}
        return self.xp.asarray(value, **device)


NUMPY = Library("numpy", np)


def is_foreign(x: Any) -> bool:
    """Tell whether an input is an array of another library than NumPy."""
    return library_of(type(x)) is not None  # type: ignore[arg-type]


def find(*inputs: Any) -> Library | None:
    """Return the library that the first array of another library than NumPy comes from; None if there is none.

    Libraries are found through the arrays, and never imported.

    Examples
    --------
    >>> find(1.0) is None
    True
    """
    for x in inputs:
        library = library_of(type(x))  # type: ignore[arg-type]
        if library is not None:
            if library.xp is not None:
                return library
            namespace = x.__array_namespace__()
            return Library(namespace.__name__.partition(".")[0], namespace)
    return None


@cache
def library_of(kind: Any) -> Library | None:
    """Return the library of a class of arrays, without its namespace where only an instance knows it."""
    if issubclass(kind, (np.ndarray, np.generic)):
        return None
    torch = sys.modules.get("torch")
    if torch is not None and issubclass(kind, torch.Tensor):
        return Library("torch", torch)
    return Library("", None) if hasattr(kind, "__array_namespace__") else None


def quiet(library: Library | None) -> Any:
    """Return a context in which no call of a library, or of NumPy, warns."""
    return (NUMPY if library is None else library).quiet()
