"""Activations from a row to a row."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from actfn import parallel
from actfn.activation import Activation, compiled
from actfn.inputs import KEPT, UFUNC_KEYWORDS, whole_cotangent
from actfn.libraries.find import Library, find, is_foreign


class Simplex(Activation):
    """A function along one axis whose every output depends on every input of its row.

    dtypes are kept as for elementwise functions, sums are taken in float64 or better. Equal infinities count as equal numbers: a
    row of only -inf gives equal shares, and one +inf takes all. NaN makes its own row NaN, and no other.
    """

    __slots__ = ()

    def __call__(self, x: Any, /, axis: int = -1, **keywords: Any) -> Any:
        """Return f of every row along an axis.

        Parameters
        ----------
        x : array_like
            At least one dimension; the axis may be empty.
        axis : int
            The axis along which the rows lie.
        **keywords
            ``out``, ``dtype``, ... as for any gufunc.

        Raises
        ------
        TypeError
            If the dtype is complex, object or a string, or ``where=`` is given.
        ValueError
            If x is a scalar, or has no such axis.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.softmax(np.array([0.0, 0.0]))
        array([0.5, 0.5])
        """
        return self._along("", (x,), axis, keywords)

    def vjp(self, x: Any, g: Any, /, axis: int = -1, **keywords: Any) -> Any:
        """Return the gradient of sum(g f(x)) by x, without forming a Jacobian.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.softmax.vjp(np.array([0.0, 0.0]), np.array([1.0, 0.0]))
        array([ 0.25, -0.25])
        """
        return self._along("_vjp", (x, g), axis, keywords)

    def jacobian(self, x: Any, /, axis: int = -1) -> Any:
        """Return the full matrix of partial derivatives of each row.

        Returns
        -------
        ndarray
            The row's axis moved to the end and doubled: ``[..., i, j]`` is the derivative of output i by input j.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.softmax.jacobian(np.array([0.0, 0.0]))
        array([[ 0.25, -0.25],
               [-0.25,  0.25]])
        """
        if (library := find(x)) is not None:
            rows = library.xp.moveaxis(x, self._axis(x, axis), -1)
            return self.vjp(library.expand_dims(rows, -2), library.unit(rows.shape[-1], rows))
        rows = np.moveaxis(np.asarray(x), self._axis(x, axis), -1)
        n = rows.shape[-1]
        # Row i of the Jacobian is the product with the i-th unit vector.
        unit = np.eye(n, dtype=rows.dtype if rows.dtype.name in KEPT else np.float64)
        return self._along("_vjp", (rows[..., np.newaxis, :], unit), -1, {})

    def _why_no(self, member: str) -> str:
        return f"{super()._why_no(member)} and {self.name}.jacobian(x) for the full matrix"

    def _axis(self, x: Any, axis: int) -> int:
        dimensions = x.ndim if hasattr(x, "ndim") else np.ndim(x)
        if dimensions == 0:
            raise ValueError(f"{self.name} takes a row, so x needs at least one dimension; got the scalar {x!r}")
        if not isinstance(axis, (int, np.integer)) or not -dimensions <= axis < dimensions:
            raise ValueError(
                f"{self.name}: axis must be from {-dimensions} to {dimensions - 1} for shape {tuple(np.shape(x))}, got {axis!r}"
            )
        return int(axis)

    def _along(self, suffix: str, inputs: tuple[Any, ...], axis: int, keywords: dict[str, Any]) -> Any:
        if is_labelled(inputs[0]):
            # Labels, not positions, say which entries of x and g belong together.
            data = tuple(x.transpose(*inputs[0].dims).data if is_labelled(x) else x for x in inputs)
            return inputs[0].copy(data=self._along(suffix, data, axis, keywords))
        if (library := find(*inputs)) is not None:
            return self._in_library(library, inputs, axis, keywords)
        axis = self._axis(inputs[0], axis)
        if len(inputs) > 1:
            inputs = (inputs[0], whole_cotangent(inputs[1], np.shape(inputs[0]), inputs[0]))
        unknown = [name for name in keywords if name not in UFUNC_KEYWORDS]
        if unknown:
            raise TypeError(
                f"{self.name} has no parameter {unknown[0]!r}; it takes axis=, and out=, dtype=, ... as any gufunc"
            )
        if "where" in keywords:
            raise TypeError(f"{self.name} takes no where=: set the entries that must not count to -inf instead")
        x, gufunc = inputs[0], compiled(self.name + suffix)
        try:
            if type(x) is np.ndarray and x.size >= parallel.LEAST:
                return parallel.call_rows(gufunc, inputs, axis, keywords)
            return gufunc(*inputs, axis=axis, **keywords)
        except (TypeError, ValueError) as error:
            raise self._unsupported(error, *inputs) from error

    def _in_library(self, library: Library, inputs: tuple[Any, ...], axis: int, keywords: dict[str, Any]) -> Any:
        """Work on rows in another library than NumPy."""
        from actfn.libraries.rows import evaluate

        if keywords:
            raise TypeError(f"{self.name} takes {', '.join(keywords)}= with NumPy arrays only")
        like = next(x for x in inputs if is_foreign(x))
        x, *others = (library.array(x, like) for x in inputs)
        for array in (x, *others):
            if not library.is_real(array):
                raise self._unsupported(TypeError(), array)
        axis = self._axis(x, axis)
        if library.name == "torch":
            from actfn.libraries.torch_rows import apply, product

            x = library.as_float(x)
            return product(self.name, x, others[0], axis) if others else apply(self.name, x, axis)
        return evaluate(library, self.name, x, axis, *others)


def is_labelled(x: Any) -> bool:
    """Tell whether an input is an xarray.DataArray, which knows no gufuncs."""
    xarray = sys.modules.get("xarray")
    return xarray is not None and isinstance(x, xarray.DataArray)
