"""Activations that treat the channels along an axis, or two copies of them, each in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from actfn.activation import Activation
from actfn.inputs import axis_of, cotangent, floats, writable
from actfn.kinds.elementwise import Elementwise
from actfn.libraries.find import Library, find

Place = tuple[Any, ...]


class Channelwise(Activation):
    """A function f of one number and its mirror image -f(-x) or f(-x), side by side along an axis of channels.

    Concatenated, they double the axis; alternating, the first takes the channels at even places and the second the others.
    """

    __slots__ = ()

    def __call__(self, x: Any, /, axis: int = -1, out: Any = None, **parameters: Any) -> Any:
        """Return the function's value.

        Parameters
        ----------
        x : array_like
            At least one dimension.
        axis : int
            The axis of the channels.
        out : ndarray, optional

        Raises
        ------
        TypeError
            If the dtype is complex, object or a string.
        ValueError
            If x is a scalar, or has no such axis.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.crelu(np.array([-1.0, 2.0]))
        array([0., 2., 1., 0.])
        >>> actfn.bipolar_relu(np.array([-1.0, -1.0, 2.0, 2.0]))
        array([ 0., -1.,  2., -0.])
        """
        function = self._part(parameters)
        if (library := find(x)) is not None:
            if out is not None:
                raise TypeError(f"{self.name} takes out= with NumPy arrays only")
            return self._foreign(library, function, x, axis)
        x = floats(self.name, x)
        axis = axis_of(self.name, axis, x.shape, "of channels")
        shape = self._shape(x.shape, axis)
        result = np.empty(shape, x.dtype) if out is None else writable(self.name, out, shape)
        if out is not None and np.may_share_memory(x, out):
            x = x.copy()
        for source, target, inner, outer in self._pieces(shape[axis], axis):
            piece = result[target]
            if inner > 0:
                function(x[source], out=piece)
            else:
                np.negative(x[source], out=piece)
                function(piece, out=piece)
            if outer < 0:
                np.negative(piece, out=piece)
        return result

    def vjp(self, x: Any, g: Any, /, axis: int = -1, **parameters: Any) -> Any:
        """Return the gradient of sum(g f(x)) by x.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.crelu.vjp(np.array([-1.0, 2.0]), np.array([10.0, 20.0, 30.0, 40.0]))
        array([-30.,  20.])
        """
        function = self._part(parameters)
        library = find(x, g)
        x = floats(self.name, x if library is None else library.array(x, g), library)
        axis = axis_of(self.name, axis, tuple(x.shape), "of channels")
        shape = self._shape(tuple(x.shape), axis)
        g = cotangent(self.name, g, shape, x, library)
        parts = [
            (inner * outer, function.vjp(x[source] if inner > 0 else -x[source], g[target]))
            for source, target, inner, outer in self._pieces(shape[axis], axis)
        ]
        signed = [part if sign > 0 else -part for sign, part in parts]
        if self._alternates:
            return _woven(library, signed, axis, tuple(x.shape))
        return signed[0] + signed[1]

    def _part(self, parameters: Mapping[str, Any]) -> Elementwise:
        for name, value in parameters.items():
            self._checked(name, value)
        return Elementwise(self._declaration.parts["function"])

    def _why_no(self, member: str) -> str:
        return (
            f"{self.name} treats channels in different ways, so no {member} of one number: "
            f"use {self.name}.vjp(x, g) in training"
        )

    @property
    def _alternates(self) -> bool:
        return bool(self._declaration.members["arrangement"] == "alternating")

    def _shape(self, shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
        """Return the shape of the result."""
        return shape if self._alternates else (*shape[:axis], 2 * shape[axis], *shape[axis + 1 :])

    def _pieces(self, length: int, axis: int) -> Iterator[tuple[Place, Place, int, int]]:
        """Yield the place of each part in x and in the result, and the signs within and before the function."""
        before, half = (slice(None),) * axis, length // 2
        for start, (inner, outer) in enumerate(self._declaration.members["signs"]):
            if self._alternates:
                place = (*before, slice(start, None, 2), ...)
                yield place, place, inner, outer
            else:
                yield (...,), (*before, slice(start * half, (start + 1) * half), ...), inner, outer

    def _foreign(self, library: Library, function: Callable[[Any], Any], x: Any, axis: int) -> Any:
        """Return the value in another library."""
        x, axis = floats(self.name, x, library), axis_of(self.name, axis, tuple(x.shape), "of channels")
        length = self._shape(tuple(x.shape), axis)[axis]
        parts = []
        for source, _, inner, outer in self._pieces(length, axis):
            part = function(x[source] if inner > 0 else -x[source])
            parts.append(part if outer > 0 else -part)
        return (
            _woven(library, parts, axis, tuple(x.shape)) if self._alternates else library.concatenate((*parts,), axis)
        )


def _woven(library: Library | None, parts: list[Any], axis: int, shape: tuple[int, ...]) -> Any:
    """Return one array with the two parts at even and at odd places."""
    before = (slice(None),) * axis
    if library is None:
        result = np.empty(shape, parts[0].dtype)
        for start, part in enumerate(parts):
            result[(*before, slice(start, None, 2))] = part
        return result
    # An odd length leaves the second part one channel short.
    even, odd = parts
    pairs, rest = odd.shape[axis], even.shape[axis] - odd.shape[axis]
    whole = library.interleaved(even[(*before, slice(None, pairs), ...)], odd, axis)
    return library.concatenate((whole, even[(*before, slice(pairs, None), ...)]), axis) if rest else whole
