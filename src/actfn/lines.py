"""What is drawn of a function of each kind: a function of one number, what it is, and its declared one-sided slopes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actfn.functions.declare import WITH_KERNELS

if TYPE_CHECKING:
    from actfn.activation import Activation

FloatArray = NDArray[np.float64]
Line = tuple[Callable[[FloatArray], FloatArray], str, dict[float, tuple[float, float]]]


def line_of(activation: Activation, order: int, parameters: dict[str, Any]) -> Line:
    """Return the line of a function or of a derivative; a parameter without a value has its example's.

    Raises
    ------
    ValueError
        If there is no second derivative, or a parameter is an array where one number is needed.

    Examples
    --------
    >>> import actfn
    >>> line, subject, slopes = line_of(actfn.relu, 0, {})
    >>> line(np.array([-1.0, 2.0])), subject, slopes
    (array([0., 2.]), 'relu', {0.0: (0.0, 1.0)})
    """
    if order == 2 and activation.kind not in WITH_KERNELS:
        raise ValueError(f"{activation.name} has no second derivative to draw; draw orders 0 and 1")
    return _LINES[activation.kind](activation, order, parameters)


def _settled(activation: Activation, parameters: dict[str, Any]) -> Activation:
    missing = {key: item.example for key, item in activation.parameters.items() if item.default is None}
    return activation.with_parameters(**{**missing, **parameters})


def _named(function: Activation) -> str:
    """Return the name with the numeric parameters."""
    shown = (
        f"{key}={_short(item.default)}"
        for key, item in function.parameters.items()
        if not isinstance(item.default, str)
    )
    values = ", ".join(shown)
    return f"{function.name}({values})" if values else function.name


def _slopes(function: Activation) -> dict[float, tuple[float, float]]:
    return {float(kink.x): (float(kink.left), float(kink.right)) for kink in function.kinks}


def _elementwise(activation: Activation, order: int, parameters: dict[str, Any]) -> Line:
    for key, value in parameters.items():
        if np.ndim(value) and activation.kind == "elementwise":
            raise ValueError(
                f"{activation.name}: a curve needs one number for {key}, not an array of shape {np.shape(value)}"
            )
    function = _settled(activation, parameters)

    def line(x: FloatArray) -> FloatArray:
        return _finite(function(x) if order == 0 else function.derivative(x, order=order))

    return line, _named(function), _slopes(function)


def _rows(activation: Activation, order: int, parameters: dict[str, Any]) -> Line:
    reduces = activation._declaration.reduces

    def line(x: FloatArray) -> FloatArray:
        rows = np.stack([x, np.zeros_like(x)], axis=-1)
        if reduces:
            return _finite(activation(rows, axis=-1) if order == 0 else activation.vjp(rows, 1.0, axis=-1)[:, 0])
        if order == 0:
            return _finite(activation(rows, axis=-1, **parameters)[:, 0])
        first = np.zeros_like(rows)
        first[:, 0] = 1
        return _finite(activation.vjp(rows, first, axis=-1, **parameters)[:, 0])

    return line, f"{activation.name} of the row (x, 0)" + ", first component" * (not reduces), {}


def _grouped(activation: Activation, order: int, parameters: dict[str, Any]) -> Line:
    options = {**parameters, "group_size": 2, "axis": -1}

    def line(x: FloatArray) -> FloatArray:
        groups = np.stack([x, -x / 2], axis=-1)
        if order == 0:
            return _finite(activation(groups, **options)[:, 0])
        return _finite(activation.vjp(groups, np.ones((x.size, 1)), **options) @ np.array([1, -0.5]))

    return line, f"{activation.name} of the group (x, −x/2)", {}


def _gated(activation: Activation, order: int, parameters: dict[str, Any]) -> Line:
    function: Any = _settled(activation, parameters)

    def line(x: FloatArray) -> FloatArray:
        up = np.ones_like(x)
        return _finite(function(x, up) if order == 0 else function.vjp(x, up, up)[0])

    return line, f"{_named(function)} of the gate x and 1 as up", {}


def _channelwise(activation: Activation, order: int, parameters: dict[str, Any]) -> Line:
    def line(x: FloatArray) -> FloatArray:
        rows = np.stack([x, x], axis=-1)
        y = activation(rows, **parameters)
        if order == 0:
            return _finite(y[:, -1])
        last = np.zeros_like(y)
        last[:, -1] = 1
        return _finite(activation.vjp(rows, last, **parameters)[:, -1])

    return line, f"{activation.name} of the row (x, x), last component", {}


def _stochastic(activation: Activation, order: int, parameters: dict[str, Any]) -> Line:
    function = _settled(activation, parameters)
    if function._declaration.along_axis:
        return _rows(function, order, {})

    def line(x: FloatArray) -> FloatArray:
        return _finite(function(x) if order == 0 else function.vjp(x, 1.0))

    return line, f"{_named(function)} in evaluation", _slopes(function)


def _batchwise(activation: Activation, order: int, parameters: dict[str, Any]) -> Line:
    function, known = _settled(activation, parameters), {"mean": 0.0, "variance": 1.0}

    def line(x: FloatArray) -> FloatArray:
        return _finite(function(x, **known) if order == 0 else function.vjp(x, 1.0, **known))

    return line, f"{_named(function)} with mean 0 and variance 1", {}


_LINES: dict[str, Callable[[Activation, int, dict[str, Any]], Line]] = {
    "elementwise": _elementwise,
    "expansion": _elementwise,
    "simplex": _rows,
    "grouped": _grouped,
    "gated": _gated,
    "channelwise": _channelwise,
    "stochastic": _stochastic,
    "batchwise": _batchwise,
}


def _finite(y: Any) -> FloatArray:
    """Return y as float64, with NaN where it is infinite."""
    values: FloatArray = np.array(y, dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    return values


def _short(value: Any) -> str:
    if np.ndim(value):
        return f"[{', '.join(f'{one:.4g}' for one in np.ravel(value))}]"
    return f"{value:.4g}" if isinstance(value, (int, float)) else str(value)
