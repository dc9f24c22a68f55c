"""Activations that depend on the mean and the variance of each channel over a batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from actfn import blocks
from actfn.activation import Activation
from actfn.inputs import KEPT, is_real, whole_cotangent
from actfn.kinds.elementwise import Elementwise
from actfn.libraries.find import Library, find


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
        *_, gate, open_ = self._opened(
            library, x, axis, training, mean, variance, self._given(parameters, x, axis, library)
        )
        with _quiet(library):
            return self._narrowed(library, open_(gate) * self._wide(library, x), x)

    def statistics(self, x: Any, /, axis: int = -1) -> tuple[Any, Any]:
        """Return the mean and the variance of each channel, the latter with the divisor n.

        Examples
        --------
        >>> import numpy as np, actfn
        >>> actfn.dice.statistics(np.array([[1.0, 0.0], [3.0, 0.0]]))
        (array([2., 0.]), array([1., 0.]))
        """
        library, x, axis = self._input(x, axis)
        mean, variance = _statistics(library, self._wide(library, x), axis)
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
        values = self._given(parameters, x, axis, library)
        z, scale, gate, open_ = self._opened(library, x, axis, training, mean, variance, values)
        with _quiet(library):
            g = self._cotangent(library, g, x)
            through = (
                g
                * self._wide(library, x)
                * (1 - values["alpha"])
                * Elementwise(self._declaration.parts["gate"]).gradient(z)
            )
            if training:
                # What moves every entry alike, or spreads all, moves or spreads the statistics too.
                xp, axes = np if library is None else library.xp, _others(x.ndim, axis)
                average = {"axis": axes, "keepdims": True}
                through = through - xp.mean(through, **average) - z * xp.mean(through * z, **average)
            return self._narrowed(library, g * open_(gate) + through / scale, x)

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
        given = {**self._values, **parameters}["alpha"]
        library, x, axis = self._input(x, axis)
        if library is not None:
            raise TypeError(f"{self.name}.parameter_vjp takes NumPy arrays: other libraries differentiate the value")
        values = self._given(parameters, x, axis, library)
        _, _, gate, _ = self._opened(library, x, axis, training, mean, variance, values)
        with np.errstate(all="ignore"):
            product = self._cotangent(library, g, x) * x.astype(np.float64) * (1 - gate)
            total = product.sum(axis=_others(x.ndim, axis)) if np.ndim(given) else product.sum()
        own = given.dtype if isinstance(given, np.ndarray) and given.dtype.name in KEPT else x.dtype
        return {"alpha": blocks.narrowed(np.reshape(total, np.shape(given)), own)[()]}

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
        wide = self._wide(library, x)
        if not isinstance(training, (bool, np.bool_)):
            raise TypeError(f"{self.name}: training must be True or False, got {training!r}")
        if training:
            if mean is not None or variance is not None:
                raise TypeError(f"{self.name}: in training mean and variance are those of the batch, and not given")
            mean, variance = _statistics(library, wide, axis)
        elif mean is None or variance is None:
            raise TypeError(f"{self.name} needs mean= and variance= in evaluation, or training=True")
        else:
            mean, variance = (
                self._channels(name, value, x, axis, library)
                for name, value in (("mean", mean), ("variance", variance))
            )
        with _quiet(library):
            scale = (variance + values["epsilon"]) ** 0.5
            z = (wide - mean) / scale
        alpha = values["alpha"]
        return z, scale, Elementwise(self._declaration.parts["gate"])(z), lambda gate: alpha + (1 - alpha) * gate

    def _given(self, parameters: dict[str, Any], x: Any, axis: int, library: Library | None) -> dict[str, Any]:
        """Return the values of all parameters, checked, as numbers or as arrays along the axis of the channels."""
        values = {**self._values, **{name: self._checked(name, value) for name, value in parameters.items()}}
        return {name: self._channels(name, value, x, axis, library) for name, value in values.items()}

    def _channels(self, name: str, value: Any, x: Any, axis: int, library: Library | None) -> Any:
        shape = tuple(value.shape) if hasattr(value, "shape") else np.shape(value)
        if shape == ():
            return value if hasattr(value, "shape") else float(value)
        if shape != (x.shape[axis],):
            raise ValueError(
                f"{self.name}: {name} must be one number or {x.shape[axis]}, one a channel, got shape {shape}"
            )
        along = [1] * x.ndim
        along[axis] = shape[0]
        if library is None:
            return np.asarray(value, np.float64).reshape(along)
        wide = self._wide(library, x)
        return library.astype(library.xp.reshape(library.array(value, x), tuple(along)), wide.dtype)

    def _input(self, x: Any, axis: int) -> tuple[Library | None, Any, int]:
        library = find(x)
        if library is None:
            try:
                x = np.asarray(x)
            except ValueError as ragged:
                raise ValueError(f"{self.name}: {ragged}") from None
        if not (is_real(x.dtype) if library is None else library.is_real(x)):
            raise self._unsupported(TypeError(), x)
        if library is not None:
            x = library.as_float(x)
        elif x.dtype.name not in KEPT:
            x = x.astype(np.float64)
        if not isinstance(axis, (int, np.integer)) or isinstance(axis, bool) or not -x.ndim <= axis < x.ndim:
            raise ValueError(f"{self.name}: x of shape {tuple(x.shape)} has no axis {axis!r} of channels")
        return library, x, int(axis) % x.ndim

    def _cotangent(self, library: Library | None, g: Any, x: Any) -> Any:
        if library is not None:
            return self._wide(library, library.array(g, x))
        g = np.asarray(whole_cotangent(g, x.shape, x))
        if not is_real(g.dtype):
            raise self._unsupported(TypeError(), g)
        if g.shape != x.shape:
            raise ValueError(f"{self.name}.vjp: g must have the shape {x.shape} of the result, got {g.shape}")
        return g.astype(np.float64)

    def _wide(self, library: Library | None, x: Any) -> Any:
        if library is None:
            return x.astype(np.float64)
        return library.astype(x, library.xp.float64 if library.has_float64(x) else library.xp.float32)

    def _narrowed(self, library: Library | None, result: Any, x: Any) -> Any:
        return blocks.narrowed(result, x.dtype) if library is None else library.astype(result, x.dtype)


def _quiet(library: Library | None) -> Any:
    """Return a context in which no call warns."""
    return np.errstate(all="ignore") if library is None else library.quiet()


def _others(rank: int, axis: int) -> tuple[int, ...]:
    return tuple(place for place in range(rank) if place != axis)


def _statistics(library: Library | None, wide: Any, axis: int) -> tuple[Any, Any]:
    """Return the mean and the variance of each channel, with the axes of x."""
    xp, axes = np if library is None else library.xp, _others(wide.ndim, axis)
    if not axes:
        return wide, wide - wide
    with _quiet(library):
        mean = xp.mean(wide, axis=axes, keepdims=True)
        return mean, xp.mean((wide - mean) ** 2, axis=axes, keepdims=True)
