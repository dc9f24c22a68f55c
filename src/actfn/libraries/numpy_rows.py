"""Kernels of rows over NumPy: what runs for a function of rows that has not been compiled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from actfn import _core
from actfn.functions.declare import Declaration
from actfn.inputs import KEPT, is_real
from actfn.libraries import rows
from actfn.libraries.find import NUMPY

# So many numbers are worked on at a time: with all that is made of them they stay in the cache.
PART = 1 << 14
NARROW = frozenset(KEPT) - {"float64"}


class InterpretedRows:
    """A kernel of rows run over NumPy, with the call of the gufunc that it stands in for.

    An array of parameters has one for each row: its axis of the rows has length 1.
    """

    def __init__(self, declaration: Declaration, kernel: str) -> None:
        self.declaration, self.kernel = declaration, kernel
        self.reduced = declaration.reduces and kernel == "value"
        self.narrow = _core.sums.get(declaration.name if kernel == "value" else f"{declaration.name}_{kernel}")

    def __call__(
        self,
        *inputs: Any,
        axis: int = -1,
        parameters: tuple[Any, ...] = (),
        keepdims: bool = False,
        out: Any = None,
        dtype: Any = None,
        **others: Any,
    ) -> Any:
        if others:
            raise TypeError(f"it is not compiled, and takes axis=, out= and dtype=, not {', '.join(others)}=")
        x, *g = (np.asarray(given) for given in inputs)
        for array in (x, *g):
            if not is_real(array.dtype):
                raise TypeError(f"not defined for dtype {array.dtype}")
        if (
            self.narrow is not None
            and x.dtype.name in NARROW
            and dtype is None
            and all(one.dtype == x.dtype for one in g)
        ):
            found: Any = self.narrow(x, *g, axis=axis, out=out, **({"keepdims": keepdims} if self.reduced else {}))
            return found
        axis -= 0 if axis < 0 else x.ndim
        length = x.shape[axis]
        if self.declaration.reduces:
            g = [np.repeat(np.expand_dims(one, axis), length, axis) for one in g]
        if any(one.ndim < -axis or one.shape[axis] != length for one in g):
            raise ValueError(f"g of shape {g[0].shape} has other rows than x of shape {x.shape}")
        kept = dtype if dtype is not None else np.result_type(*(float_of(array) for array in (x, *g)))
        arrays = [np.moveaxis(array, axis, -1) for array in np.broadcast_arrays(x, *g)]
        shape = arrays[0].shape
        flat = [array.reshape(math.prod(shape[:-1]), length) for array in arrays]
        values = [self._by_row(value, axis, x.ndim, shape) for value in parameters]
        result = np.empty((len(flat[0]), 1 if self.reduced else length), kept)
        step = max(1, PART // max(1, length))
        for start in range(0, len(result), step):
            part = slice(start, start + step)
            self._work(
                [array[part] for array in flat], [v if isinstance(v, float) else v[part] for v in values], result[part]
            )
        result = np.moveaxis(result.reshape(*shape[:-1], result.shape[-1]), -1, axis)
        if self.reduced and not keepdims:
            result = np.squeeze(result, axis)
        if out is None:
            return result[()]
        target = out[0] if isinstance(out, tuple) else out
        np.copyto(target, result, casting="same_kind")
        return target

    def _work(self, arrays: list[Any], values: list[Any], result: Any) -> None:
        """Write the results of some rows, those with the same parameters together."""
        plain = self.declaration.double_suffices and result.dtype != np.float64
        given = [value for value in values if not isinstance(value, float)]
        if not given:
            result[...] = rows.run(NUMPY, self.declaration, self.kernel, arrays, -1, values, result.dtype, plain=plain)
            return
        columns = np.stack(given, axis=-1)
        for column in np.unique(columns, axis=0):
            members = (columns == column).all(axis=-1)
            known = iter(column.tolist())
            one = [value if isinstance(value, float) else next(known) for value in values]
            result[members] = rows.run(
                NUMPY, self.declaration, self.kernel, [a[members] for a in arrays], -1, one, result.dtype, plain=plain
            )

    def _by_row(self, value: Any, axis: int, dimensions: int, shape: tuple[int, ...]) -> Any:
        """Return a parameter as a float, or as an array with one for each row."""
        if np.ndim(value) == 0:
            return float(value)
        value = np.asarray(value, np.float64)
        whole = value.reshape((1,) * (dimensions - value.ndim) + value.shape)
        if whole.ndim != dimensions or whole.shape[axis] != 1:
            raise ValueError(f"a parameter of shape {value.shape} has not one number for each row")
        return np.broadcast_to(np.moveaxis(whole, axis, -1)[..., 0], shape[:-1]).reshape(-1)


def mirrored(gufunc: Any, is_product: bool) -> Any:
    """Return the call of a gufunc for -x."""

    def call(x: Any, *g: Any, **keywords: Any) -> Any:
        x = np.asarray(x)
        found = gufunc(np.negative(x.astype(float_of(x)) if x.dtype.kind in "biu" else x), *g, **keywords)
        if not is_product:
            return found
        return np.negative(found, out=found) if isinstance(found, np.ndarray) else -found

    return call


def float_of(x: Any) -> Any:
    """Return the dtype that x has as floats."""
    return x.dtype if x.dtype.name in KEPT else np.dtype(np.float64)
