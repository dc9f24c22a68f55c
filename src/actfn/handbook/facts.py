"""Numbers that tell functions apart, computed with actfn when the handbook is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from actfn.activation import Activation
from actfn.normal import moment

LOOKED_AT = np.concatenate([[-1e9], np.linspace(-30, 30, 60_001), [1e9]])
TABULATED = (-10.0, -6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0, 10.0)


@dataclass(frozen=True)
class Facts:
    """What the comparison of functions states of each.

    Attributes
    ----------
    steepest, flattest : float
        The largest and the smallest slope, or their limits.
    far_left, far_right : float
        The slope at -6 and at 6.
    mean : float
        The mean of f(z) for standard normal z.
    gain : float
        1 / sqrt(E f(z)²): times 1 / sqrt(inputs), the standard deviation of weights that keeps the size of the signal.
    passed_back : float
        E f′(z)² / E f(z)²: what weights of that size make of the squared gradient at each layer.
    """

    steepest: float
    flattest: float
    far_left: float
    far_right: float
    mean: float
    gain: float
    passed_back: float


def facts(function: Activation) -> Facts:
    """Return the numbers of an elementwise function; a parameter without a default has its example's value.

    Examples
    --------
    >>> import actfn
    >>> found = facts(actfn.gelu)
    >>> round(found.steepest, 4), round(found.flattest, 4), round(found.passed_back, 3)
    (1.1289, -0.1289, 1.072)
    """
    function = with_examples(function)
    slopes = function.derivative(LOOKED_AT)
    squared = moment(function)
    return Facts(
        steepest=float(slopes.max()),
        flattest=round(float(slopes.min()), 9) + 0.0,
        far_left=float(function.derivative(-6.0)),
        far_right=float(function.derivative(6.0)),
        mean=round(moment(function, power=1), 6) + 0.0,
        gain=squared**-0.5,
        passed_back=moment(function, order=1) / squared,
    )


def with_examples(function: Activation) -> Activation:
    """Return a function whose parameters all have values."""
    needed = {name: item.example for name, item in function.parameters.items() if item.default is None}
    return function.with_parameters(**needed)


def values(function: Activation) -> list[dict[str, Any]]:
    """Return the value and the derivatives at some points, as rows of a table."""
    function = with_examples(function)
    orders = [function.derivative(np.array(TABULATED), order=order) for order in range(3)]
    return [{"x": x, "orders": [float(order[index]) for order in orders]} for index, x in enumerate(TABULATED)]


def number(value: float) -> str:
    """Return a number with four significant digits, as people write it; no line ends within it.

    Examples
    --------
    >>> number(-0.25), number(3.4694e-18), number(0.0), number(-np.inf)
    ('−0.25', '3.469\xa0×\xa010⁻¹⁸', '0', '−∞')
    """
    if not np.isfinite(value):
        return {np.inf: "∞", -np.inf: "−∞"}.get(value, "NaN")
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e6:
        return f"{value:.4g}".replace("-", "−")
    mantissa, _, exponent = f"{value:.3e}".partition("e")
    return f"{mantissa}{power_of_ten(int(exponent))}".replace("-", "−")


def power_of_ten(exponent: int) -> str:
    """Return what stands behind the digits of a number, such as × 10⁻³."""
    return f"\u00a0×\u00a010{str(exponent).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
