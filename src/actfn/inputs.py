"""What is passed in: which dtypes are taken, and how Python numbers take the dtype of an array."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

# What a ufunc takes beside its inputs.
UFUNC_KEYWORDS = frozenset({"out", "where", "dtype", "casting", "order", "subok", "signature"})

# The floating-point dtypes that results keep; integers and bool become float64.
KEPT = ("float16", "bfloat16", "float32", "float64")


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


def whole_cotangent(g: Any, shape: tuple[int, ...], x: Any) -> Any:
    """Return a cotangent of a shape: a number stands for itself everywhere."""
    return np.broadcast_to(typed(g, x), shape) if np.ndim(g) == 0 else g


def is_plain(x: Any) -> bool:
    """Tell whether an input is a NumPy array or a number, so that ufuncs with two outputs take it."""
    return type(x) is np.ndarray or isinstance(x, (int, float, np.generic))
