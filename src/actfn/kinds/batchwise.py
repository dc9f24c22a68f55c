"""Activations that depend on the mean and the variance of each channel over a batch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from actfn import blocks
from actfn.activation import Activation
from actfn.functions.declare import NON_NEGATIVE, REALS
from actfn.inputs import KEPT, axis_of, cotangent, floats, shape_of, wide
from actfn.kinds.elementwise import Elementwise
from actfn.libraries.find import Library, find, quiet


class Batchwise(Activation):
    """dice: x times a gate that opens at the mean of the data, as steep as their spread.

    In training the mean and the variance are those of the batch, over all axes but that of the channels, and the gradient goes
    through them. In evaluation they are given. Everything is computed in float64 where there is one.
    """

    __slots__ = ()

    def __call__(
        self,
        x: Any,
        /,
        axis: int = -1,
        *,
        training: bool = False,
        mean: Any = None,
        variance: Any = None,
        **parameters: Any,
    ) -> Any:
        """Return the function's value.

        Parameters
        ----------
        x : array_like
            At least one dimension.
        axis : int
            The axis of the channels.
        training : bool
            Whether mean and variance are those of the batch.
        mean, variance : array_like
            Those of evaluation: numbers, or one for each channel.
        **parameters
            The function's parameters: numbers, or arrays of one for each channel.

        Raises
        ------
        TypeError
            If mean and variance are missing in evaluation or given in training, or a parameter is unknown.
        ValueError
            If an array has not one number for each channel.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.dice(np.array([-1.0, 0.0, 3.0]), mean=0.0, variance=1e-8)
        array([-0.,  0.,  3.])
        """
        library, x, axis = self._input(x, axis)
        values = self._along(self._given(parameters), x, axis, library)
        *_, gate, open_ = self._opened(library, x, axis, training, mean, variance, values)
        with quiet(library):
            return blocks.narrowed(open_(gate) * wide(x, library), x.dtype, library)

    def statistics(self, x: Any, /, axis: int = -1) -> tuple[Any, Any]:
        """Return the mean and the variance of each channel, the latter with the divisor n.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.dice.statistics(np.array([[1.0, 0.0], [3.0, 0.0]]))
        (array([2., 0.]), array([1., 0.]))
        """
        library, x, axis = self._input(x, axis)
        mean, variance = _statistics(library, wide(x, library), axis)
        shape = (x.shape[axis],)
        return mean.reshape(shape), variance.reshape(shape)

    def vjp(
        self,
        x: Any,
        g: Any,
        /,
        axis: int = -1,
        *,
        training: bool = False,
        mean: Any = None,
        variance: Any = None,
        **parameters: Any,
    ) -> Any:
        """Return the gradient of sum(g f(x)) by x: in training also through the mean and the variance.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.dice.vjp(np.array([0.0]), np.array([1.0]), mean=0.0, variance=1.0)
        array([0.5])
        """
        library, x, axis = self._input(x, axis)
        values = self._along(self._given(parameters), x, axis, library)
        g = cotangent(self.name, g, tuple(x.shape), x, library)
        dtype = np.result_type(x, g) if library is None else x.dtype
        z, scale, gate, open_ = self._opened(library, x, axis, training, mean, variance, values)
        with quiet(library):
            g = wide(g, library)
            through = (
                g * wide(x, library) * (1 - values["alpha"]) * Elementwise(self._declaration.parts["gate"]).gradient(z)
            )
            if training:
                # What moves every entry alike, or spreads all, moves or spreads the statistics too.
                axes = _others(x.ndim, axis)
                through = through - _mean(library, through, axes) - z * _mean(library, through * z, axes)
            return blocks.narrowed(g * open_(gate) + through / scale, dtype, library)

    def parameter_vjp(
        self,
        x: Any,
        g: Any,
        /,
        axis: int = -1,
        *,
        training: bool = False,
        mean: Any = None,
        variance: Any = None,
        **parameters: Any,
    ) -> dict[str, Any]:
        """Return the gradient of sum(g f(x)) by alpha, in alpha's own shape.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.dice.parameter_vjp(np.array([2.0, 0.0]), np.ones(2), mean=2.0, variance=1.0)
        {'alpha': np.float64(1.0)}
        """
        given = self._given(parameters)
        alpha = given["alpha"]
        library, x, axis = self._input(x, axis)
        if library is not None:
            raise TypeError(f"{self.name}.parameter_vjp takes NumPy arrays: other libraries differentiate the value")
        values = self._along(given, x, axis, library)
        _, _, gate, _ = self._opened(library, x, axis, training, mean, variance, values)
        with quiet(library):
            product = wide(cotangent(self.name, g, x.shape, x)) * wide(x) * (1 - gate)
            total = product.sum(axis=_others(x.ndim, axis)) if np.ndim(alpha) else product.sum()
        own = alpha.dtype if isinstance(alpha, np.ndarray) and alpha.dtype.name in KEPT else x.dtype
        return {"alpha": blocks.narrowed(np.reshape(total, np.shape(alpha)), own)[()]}

    def _why_no(self, member: str) -> str:
        return (
            f"{self.name} depends on a whole batch, so no {member} of one number: use {self.name}.vjp(x, g) in training"
        )

    def _opened(
        self,
        library: Library | None,
        x: Any,
        axis: int,
        training: bool,
        mean: Any,
        variance: Any,
        values: dict[str, Any],
    ) -> tuple[Any, Any, Any, Any]:
        """Return z, the scale it was divided by, the gate at z, and what a gate makes of alpha."""
        at = wide(x, library)
        if not isinstance(training, (bool, np.bool_)):
            raise TypeError(f"{self.name}: training must be True or False, got {training!r}")
        if training:
            if mean is not None or variance is not None:
                raise TypeError(f"{self.name}: in training mean and variance are those of the batch, and not given")
            mean, variance = _statistics(library, at, axis)
        elif mean is None or variance is None:
            raise TypeError(f"{self.name} needs mean= and variance= in evaluation, or training=True")
        else:
            statistics = {
                "mean": self._within(REALS, "mean", mean),
                "variance": self._within(NON_NEGATIVE, "variance", variance),
            }
            mean, variance = self._along(statistics, x, axis, library).values()
        with quiet(library):
            scale = (variance + values["epsilon"]) ** 0.5
            z = (at - mean) / scale
        alpha = values["alpha"]
        return z, scale, Elementwise(self._declaration.parts["gate"])(z), lambda gate: alpha + (1 - alpha) * gate

    def _along(self, values: Mapping[str, Any], x: Any, axis: int, library: Library | None) -> dict[str, Any]:
        """Return values as numbers, or as arrays along the axis of the channels."""
        found = {}
        for name, value in values.items():
            shape = shape_of(value)
            if shape not in ((), (x.shape[axis],)):
                raise ValueError(
                    f"{self.name}: {name} must be one number or {x.shape[axis]}, one a channel, got shape {shape}"
                )
            if shape == ():
                found[name] = value if hasattr(value, "shape") else float(value)
                continue
            along = tuple(x.shape[axis] if place == axis else 1 for place in range(x.ndim))
            if library is None:
                found[name] = np.asarray(value, np.float64).reshape(along)
            else:
                # PyTorch warns of an array that is read-only.
                value = value.copy() if isinstance(value, np.ndarray) else value
                found[name] = wide(library.xp.reshape(library.array(value, x), along), library)
        return found

    def _input(self, x: Any, axis: int) -> tuple[Library | None, Any, int]:
        """Return the library of x, x as an array of floats, and the axis counted from the first."""
        library = find(x)
        x = floats(self.name, x, library)
        return library, x, axis_of(self.name, axis, tuple(x.shape), "of channels")


def _others(rank: int, axis: int) -> tuple[int, ...]:
    return tuple(place for place in range(rank) if place != axis)


def _statistics(library: Library | None, x: Any, axis: int) -> tuple[Any, Any]:
    """Return the mean and the variance of each channel, with the axes of x."""
    axes = _others(x.ndim, axis)
    with quiet(library):
        mean = _mean(library, x, axes)
        return mean, _mean(library, (x - mean) ** 2, axes)


def _mean(library: Library | None, x: Any, axes: tuple[int, ...]) -> Any:
    """Return the mean over axes, which stay; NumPy's own warns where there is nothing."""
    if not axes:
        return x
    xp = np if library is None else library.xp
    return xp.sum(x, axis=axes, keepdims=True) / math.prod([x.shape[place] for place in axes])
