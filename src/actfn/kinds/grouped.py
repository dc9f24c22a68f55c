"""Activations from a group of inputs to one output."""

from __future__ import annotations

from typing import Any

import numpy as np

from actfn.activation import Activation
from actfn.inputs import axis_of, cotangent, floats, told, writable
from actfn.libraries.find import find


class Grouped(Activation):
    """Maxout: the largest of each group of inputs along an axis.

    Contiguous groups are neighbours; strided ones take every (n / group_size)-th input, as TensorFlow Addons did.
    """

    __slots__ = ()

    def __call__(self, x: Any, /, axis: int = -1, out: Any = None, **parameters: Any) -> Any:
        """Return the largest of each group; NaN if one is NaN.

        Parameters
        ----------
        x : array_like
            The length of the axis must be a multiple of ``group_size``.
        group_size : int
        axis : int
        grouping : {"contiguous", "strided"}

        Raises
        ------
        TypeError
            If ``group_size`` is missing, or the dtype is complex, object or a string.
        ValueError
            If the axis cannot be cut into groups.

        Examples
        --------
        >>> import actfn
        >>> actfn.maxout([1, 2, 3, 4, 5, 6, 7, 8, 9], group_size=3)
        array([3., 6., 9.])
        """
        groups, member, _ = self._groups(x, axis, parameters)
        if (library := find(x)) is not None:
            from actfn.libraries.groups import largest

            if out is not None:
                raise TypeError(f"{self.name} takes out= with NumPy arrays only")
            if library.name == "torch":
                from actfn.libraries import torch_groups

                return torch_groups.largest(groups, member)
            if library.name == "jax":
                from actfn.frontends import jax_rows

                return jax_rows.largest(groups, member - groups.ndim)
            return largest(library, groups, member)
        result = None if out is None else writable(self.name, out, groups.shape[:member] + groups.shape[member + 1 :])
        with np.errstate(invalid="ignore"):
            return np.max(groups, axis=member, out=result)

    def vjp(self, x: Any, g: Any, /, axis: int = -1, **parameters: Any) -> Any:
        """Return the gradient for x: g goes to the largest input of each group, the first of equals.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.maxout.vjp(np.array([1.0, 3.0, 2.0, 2.0]), np.array([10.0, 20.0]), group_size=2)
        array([ 0., 10., 20.,  0.])
        """
        groups, member, shape = self._groups(x, axis, parameters)
        library = find(x)
        g = cotangent(self.name, g, tuple(groups.shape[:member] + groups.shape[member + 1 :]), groups, library)
        if library is not None:
            from actfn.libraries.groups import largest_vjp

            return largest_vjp(library, groups, member, g, shape)
        winner = np.expand_dims(np.argmax(groups, axis=member), member)
        result = np.zeros(groups.shape, np.result_type(groups, g))
        np.put_along_axis(result, winner, np.expand_dims(g, member), axis=member)
        # A NaN wins its group, and its gradient is NaN as everywhere else.
        lost = np.isnan(np.take_along_axis(groups, winner, axis=member))
        np.put_along_axis(
            result, winner, np.where(lost, np.nan, np.take_along_axis(result, winner, axis=member)), axis=member
        )
        return result.reshape(shape)

    def _groups(self, x: Any, axis: int, parameters: dict[str, Any]) -> tuple[Any, int, tuple[int, ...]]:
        """Return x with its axis split into group and member, the position of the members' axis, and the shape of x."""
        values = self._given(parameters)
        size = values["group_size"]
        if not isinstance(size, (int, np.integer)) or size < 1:
            raise ValueError(f"{self.name}: group_size must be a positive integer, got {told(size)}")
        library = find(x)
        array = floats(self.name, x, library)
        shape = tuple(array.shape)
        axis = axis_of(self.name, axis, shape, "of groups")
        length = shape[axis]
        if length % size:
            raise ValueError(
                f"{self.name}: axis {axis} has length {length}, which is not a multiple of group_size {size}"
            )
        contiguous = values["grouping"] == "contiguous"
        split = (length // size, size) if contiguous else (size, length // size)
        parted = shape[:axis] + split + shape[axis + 1 :]
        grouped = array.reshape(parted) if library is None else library.xp.reshape(array, parted)
        return grouped, axis + 1 if contiguous else axis, shape
