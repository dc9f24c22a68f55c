"""What is passed in: which dtypes, shapes and axes are taken, and how Python numbers take the dtype of an array.

Errors begin with the name of the function that is called.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from actfn.libraries.find import Library

# What a ufunc takes beside its inputs.
UFUNC_KEYWORDS = frozenset({"out", "where", "dtype", "casting", "order", "subok", "signature"})

# The floating-point dtypes that results keep; integers and bool become float64.
KEPT = ("float16", "bfloat16", "float32", "float64")


_REPR = reprlib.Repr()
_REPR.maxother = _REPR.maxstring = 100


# NumPy makes the name of a dtype anew each time.
@lru_cache(maxsize=64)
def is_kept(dtype: Any) -> bool:
    """Tell whether results keep a dtype."""
    return str(getattr(dtype, "name", dtype)) in KEPT


def is_real(dtype: Any) -> bool:
    """Tell whether arrays of a dtype are taken: the four floating-point types, integers and bool."""
    return is_kept(dtype) or getattr(dtype, "kind", "-") in "biu"


def typed(number: Any, x: Any) -> Any:
    """Return a Python number with the dtype of x, as NumPy would for its own dtypes, and anything else as it is."""
    if isinstance(number, (int, float)) and hasattr(x, "dtype") and x.dtype.name in KEPT:
        return x.dtype.type(number)
    return number


def undefined(name: str, dtype: Any) -> TypeError:
    """Return the error for arrays of a dtype that is not taken."""
    return TypeError(
        f"{name} is not defined for dtype {dtype}; it takes arrays of float16, bfloat16, float32, float64, integers and bool"
    )


def told(value: Any) -> str:
    """Return a value in one line, as a message repeats it."""
    return " ".join(_REPR.repr(value).split())


def as_array(name: str, x: Any) -> Any:
    """Return an input as a NumPy array."""
    try:
        return np.asarray(x)
    except ValueError as error:
        ragged = f"the rows of a list must have one length, got {told(x)}"
        raise ValueError(f"{name}: {ragged if isinstance(x, (list, tuple)) else error}") from None


def floats(name: str, x: Any, library: Library | None = None) -> Any:
    """Return an input as an array of floats: of a library, or of NumPy in the machine's order of bytes."""
    if library is not None:
        if not library.is_real(x):
            raise undefined(name, x.dtype)
        return library.as_float(x)
    array = as_array(name, x)
    if not is_real(array.dtype):
        raise undefined(name, array.dtype)
    if not is_kept(array.dtype):
        return array.astype(np.float64)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def wide(x: Any, library: Library | None = None) -> Any:
    """Return an array in float64, or in float32 where there is no float64."""
    if library is None:
        return x.astype(np.float64)
    return library.astype(x, library.xp.float64 if library.has_float64(x) else library.xp.float32)


def shape_of(x: Any) -> tuple[int, ...]:
    """Return the shape of an array of any library, of a list or of a number."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def broadcasts(shape: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    """Tell whether an array of a shape broadcasts to another shape."""
    try:
        return np.broadcast_shapes(shape, whole) == whole
    except ValueError:
        return False


def is_axis(axis: Any, shape: tuple[int, ...]) -> bool:
    """Tell whether an axis is one of a shape's."""
    return isinstance(axis, (int, np.integer)) and not isinstance(axis, bool) and bool(-len(shape) <= axis < len(shape))


def axis_of(name: str, axis: Any, shape: tuple[int, ...], role: str) -> int:
    """Return the place of an axis, counted from the first; its role says what it is for."""
    if not is_axis(axis, shape):
        raise ValueError(f"{name}: x of shape {tuple(shape)} has no axis {axis!r} {role}")
    return int(axis) % len(shape)


def cotangent(name: str, g: Any, shape: tuple[int, ...], x: Any, library: Library | None = None) -> Any:
    """Return a cotangent as an array of floats with the shape of the result; a number stands for itself everywhere."""
    g = floats(name, typed(g, x)) if library is None else library.array(g, x)
    if library is not None and not library.is_real(g):
        raise undefined(name, g.dtype)
    if tuple(g.shape) not in ((), shape):
        raise ValueError(f"{name}.vjp: g must have the shape {shape} of the result, got {tuple(g.shape)}")
    return g if g.ndim else (np if library is None else library.xp).broadcast_to(g, shape)


def writable(name: str, out: Any, shape: tuple[int, ...]) -> Any:
    """Return the array that a result of a shape is written to."""
    fits = isinstance(out, np.ndarray) and out.shape == shape and is_kept(out.dtype)
    if not fits or not out.flags.writeable:
        said = f"shape {out.shape} and dtype {out.dtype}" if isinstance(out, np.ndarray) else told(out)
        said = "one that is read-only" if fits else said
        raise ValueError(f"{name}: out must be an array of floats of shape {shape}, got {said}")
    return out


def refusal(
    name: str, error: Exception, given: Mapping[str, Any], out: Any, shape: tuple[int, ...] | None
) -> Exception:
    """Return a clearer error for a call that NumPy refused; a shape of None is that which the inputs broadcast to."""
    try:
        arrays = {key: x if hasattr(x, "dtype") else as_array(name, x) for key, x in given.items()}
        for array in arrays.values():
            if not (isinstance(array.dtype, np.dtype) and is_real(array.dtype)):
                return undefined(name, array.dtype)
    except ValueError as ragged:
        return ragged
    shapes = {key: shape_of(array) for key, array in arrays.items()}
    if shape is None:
        try:
            shape = np.broadcast_shapes(*shapes.values())
        except ValueError:
            listed = " and ".join(f"{key} of shape {own}" for key, own in shapes.items() if own)
            return ValueError(f"{name}: {listed} do not broadcast to one shape")
    if out is not None:
        try:
            writable(name, out[0] if isinstance(out, tuple) and len(out) == 1 else out, shape)
        except ValueError as wrong:
            return wrong
    return (TypeError if isinstance(error, TypeError) else ValueError)(f"{name}: {error}")


def is_plain(x: Any) -> bool:
    """Tell whether an input is a NumPy array or a number, so that ufuncs with two outputs take it."""
    return type(x) is np.ndarray or isinstance(x, (int, float, np.generic))
