"""Activations from a row to a row, or to one number."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import numpy as np

from actfn import parallel
from actfn.activation import Activation, compiled
from actfn.inputs import (
    KEPT,
    UFUNC_KEYWORDS,
    as_array,
    broadcasts,
    cotangent,
    floats,
    is_axis,
    refusal,
    typed,
    undefined,
)
from actfn.kinds.elementwise import sum_to_shape
from actfn.libraries.find import Library, find, is_foreign


class Simplex(Activation):
    """A function along one axis whose every output depends on every input of its row; some give one number for each row.

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
            The function's parameters, an array with one for each row (length 1 along the axis); ``out``, ``dtype``, ... as for
            any gufunc; ``keepdims`` for a function that gives one number.

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
        """Return the gradient of sum(g f(x)) by x, without forming a Jacobian; g has the shape of the result, or is a number.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.softmax.vjp(np.array([0.0, 0.0]), np.array([1.0, 0.0]))
        array([ 0.25, -0.25])
        """
        return self._along("_vjp", (x, g), axis, keywords)

    def parameter_vjp(self, x: Any, g: Any, /, axis: int = -1, **parameters: Any) -> dict[str, Any]:
        """Return, for each parameter, the gradient of sum(g f(x)) in the parameter's own shape.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.budget.parameter_vjp(np.array([0.5, 0.25, 3.0]), np.array([1.0, 0.0, 0.0]), budget=1.5)
        {'budget': np.float64(0.5)}
        """
        if not self._declaration.parameters:
            return super().parameter_vjp(x, g, **parameters)
        if find(x, g, *parameters.values()) is not None:
            raise TypeError(f"{self.name}.parameter_vjp takes NumPy arrays only")
        values = self._given(parameters)
        x = floats(self.name, x)
        axis, g = self._axis(x, axis), cotangent(self.name, g, x.shape, x)
        found = {}
        for name, value in values.items():
            loop = self._loop(f"partial_{name}")
            try:
                slope = loop(x, axis=axis, parameters=tuple(values.values()), dtype=np.float64)
            except ValueError as error:
                raise ValueError(f"{self.name}: {error}") from None
            found[name] = sum_to_shape(slope * g, value)
        return found

    def jacobian(self, x: Any, /, axis: int = -1, **parameters: Any) -> Any:
        """Return the full matrix of partial derivatives of each row.

        Returns
        -------
        ndarray
            The row's axis moved to the end and doubled: ``[..., i, j]`` is the derivative of output i by input j. A function that
            gives one number has no i.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.softmax.jacobian(np.array([0.0, 0.0]))
        array([[ 0.25, -0.25],
               [-0.25,  0.25]])
        """
        if (library := find(x)) is not None:
            rows = library.xp.moveaxis(x, self._axis(x, axis), -1)
            if self._declaration.reduces:
                return self.vjp(rows, 1.0, **parameters)
            return self.vjp(library.expand_dims(rows, -2), library.unit(rows.shape[-1], rows), **parameters)
        x = as_array(self.name, x)
        axis = self._axis(x, axis)
        rows = np.moveaxis(x, axis, -1)
        if self._declaration.reduces:
            return self._along("_vjp", (rows, 1.0), -1, parameters)
        n = rows.shape[-1]
        # Row i of the Jacobian is the product with the i-th unit vector.
        unit = np.eye(n, dtype=rows.dtype if rows.dtype.name in KEPT else np.float64)
        for name, value in parameters.items():
            if np.ndim(value):
                by_row = np.reshape(value, (1,) * (x.ndim - np.ndim(value)) + np.shape(value))
                parameters[name] = np.moveaxis(by_row, axis, -1)[..., np.newaxis, :]
        return self._along("_vjp", (rows[..., np.newaxis, :], unit), -1, parameters)

    def _why_no(self, member: str) -> str:
        return f"{super()._why_no(member)} and {self.name}.jacobian(x) for the full matrix"

    def _axis(self, x: Any, axis: int) -> int:
        dimensions = x.ndim if hasattr(x, "ndim") else np.ndim(x)
        if dimensions == 0:
            raise ValueError(f"{self.name} takes a row, so x needs at least one dimension; got the scalar {x!r}")
        if not is_axis(axis, tuple(np.shape(x))):
            raise ValueError(
                f"{self.name}: axis must be from {-dimensions} to {dimensions - 1} for shape {tuple(np.shape(x))}, got {axis!r}"
            )
        return int(axis)

    def _taken(self, keywords: dict[str, Any]) -> dict[str, Any]:
        """Return the values of all parameters, and take those that are given out of the keywords."""
        return self._given({name: keywords.pop(name) for name in self._values if name in keywords})

    def _loop(self, suffix: str) -> Any:
        """Return what runs along an axis: a compiled gufunc, that of -x, or a kernel over NumPy."""
        declaration = self._declaration
        if declaration.kernels:
            from actfn.libraries.numpy_rows import InterpretedRows

            return InterpretedRows(declaration, {"": "value", "_vjp": "vjp"}.get(suffix, suffix))
        if declaration.mirror_of is not None:
            from actfn.libraries.numpy_rows import mirrored

            return mirrored(compiled(declaration.mirror_of + suffix), bool(suffix))
        return compiled(self.name + suffix)

    def _along(self, suffix: str, inputs: tuple[Any, ...], axis: int, keywords: dict[str, Any]) -> Any:
        reduces = self._declaration.reduces
        if is_labelled(inputs[0]):
            # Labels, not positions, say which entries of x and g belong together.
            one = inputs[0].isel({inputs[0].dims[axis]: 0}, drop=True) if reduces else inputs[0]
            data = (inputs[0].data, *(x.transpose(*one.dims).data if is_labelled(x) else x for x in inputs[1:]))
            return (inputs[0] if suffix else one).copy(data=self._along(suffix, data, axis, keywords))
        if (library := find(*inputs)) is not None:
            return self._in_library(library, inputs, axis, keywords)
        inputs = tuple(as_array(self.name, x) if isinstance(x, (list, tuple)) else x for x in inputs)
        x, axis = inputs[0], self._axis(inputs[0], axis)
        values = self._taken(keywords)
        shape = np.shape(x)
        of_result = (*shape[: axis % len(shape)], *shape[axis % len(shape) + 1 :]) if reduces else shape
        if len(inputs) > 1 and np.ndim(inputs[1]) == 0:
            # A number stands for itself everywhere.
            inputs = (x, np.broadcast_to(typed(inputs[1], x), of_result))
        unknown = [name for name in keywords if name not in UFUNC_KEYWORDS and not (reduces and name == "keepdims")]
        if unknown:
            has = "".join(f"{name}=, " for name in values)
            raise TypeError(
                f"{self.name} has no parameter {unknown[0]!r}; it takes {has}axis=, and out=, dtype=, ... as any gufunc"
            )
        if "where" in keywords:
            raise TypeError(f"{self.name} takes no where=: set the entries that must not count to -inf instead")
        loop = self._loop(suffix)
        if values:
            loop = partial(loop, parameters=tuple(values.values()))
        alone = not reduces and not any(map(np.ndim, values.values()))
        try:
            if type(x) is np.ndarray and x.size >= parallel.LEAST and alone:
                return parallel.call_rows(loop, inputs, axis, keywords)
            return loop(*inputs, axis=axis, **keywords)
        except (TypeError, ValueError) as error:
            misfit = reduces and suffix and not broadcasts(np.shape(inputs[1]), of_result)
            if misfit and isinstance(error, ValueError):
                wrong = f"g must have the shape {of_result} of the result, got {np.shape(inputs[1])}"
                raise ValueError(f"{self.name}.vjp: {wrong}") from error
            whole = shape if suffix else of_result
            raise refusal(self.name, error, dict(zip(("x", "g"), inputs)), keywords.get("out"), whole) from error

    def _in_library(self, library: Library, inputs: tuple[Any, ...], axis: int, keywords: dict[str, Any]) -> Any:
        """Work on rows in another library than NumPy."""
        from actfn.libraries.rows import evaluate

        values = self._taken(keywords)
        if keywords:
            raise TypeError(f"{self.name} takes {', '.join(keywords)}= with NumPy arrays only")
        several = [name for name, value in values.items() if is_foreign(value) or np.ndim(value)]
        if several:
            raise TypeError(f"{self.name} takes an array of {several[0]} with NumPy arrays only")
        parameters = tuple(map(float, values.values()))
        like = next(x for x in inputs if is_foreign(x))
        x, *others = (library.array(x, like) for x in inputs)
        for array in (x, *others):
            if not library.is_real(array):
                raise undefined(self.name, array.dtype)
        axis = self._axis(x, axis)
        if self._declaration.reduces and others and others[0].ndim == 0:
            others = [others[0] + 0 * library.xp.sum(library.as_float(x), axis=axis)]
        if library.name == "torch":
            from actfn.libraries.torch_rows import apply, product

            x = library.as_float(x)
            return (
                product(self.name, x, others[0], axis, parameters) if others else apply(self.name, x, axis, parameters)
            )
        if library.name == "jax":
            from actfn.frontends.jax_rows import apply as in_jax

            return in_jax(self.name, library.as_float(x), axis, *others, parameters=parameters)  # type: ignore[misc]
        return evaluate(library, self.name, x, axis, *others, parameters=parameters)  # type: ignore[misc]


def is_labelled(x: Any) -> bool:
    """Tell whether an input is an xarray.DataArray, which knows no gufuncs."""
    xarray = sys.modules.get("xarray")
    return xarray is not None and isinstance(x, xarray.DataArray)
