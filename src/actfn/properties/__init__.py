"""Properties of an elementwise function that are computed from its formula, each with how it was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actfn.properties.report import Properties, Property

if TYPE_CHECKING:
    from actfn.activation import Activation
    from actfn.functions.declare import Interval

__all__ = ["UNDECIDED", "Properties", "Property", "saturated"]

# Why a property of a wave is not known.
UNDECIDED = "value or slope has no limit at infinity that could be found, or holds a wave: it may turn for ever"


def saturated(activation: Activation, epsilon: float) -> tuple[Interval, ...]:
    """Return the stretches on which an elementwise function saturates: those on which its slope is smaller than epsilon.

    A stretch reaches to an end of the domain, or the function is constant on a part of it. Where the curve merely turns,
    the slope is small too, but nothing saturates.

    Parameters
    ----------
    activation : Activation
    epsilon : float
        A positive number.

    Returns
    -------
    tuple of Interval
        From left to right.

    Raises
    ------
    TypeError
        If the function is not elementwise, or a parameter must be given and is not.
    ModuleNotFoundError
        If SymPy is missing.
    ValueError
        If a parameter is an array, epsilon is not positive and finite, or the curve may turn for ever.

    Examples
    --------
    >>> import actfn
    >>> saturated(actfn.hard_sigmoid, 0.01)
    (Interval(low=-inf, high=-3.0, low_closed=False, high_closed=False), Interval(low=3.0, high=inf, low_closed=False, high_closed=False))
    >>> [round(stretch.high, 3) for stretch in saturated(actfn.silu, 0.01)]
    [-6.261]
    """
    try:
        from actfn.properties import compute
    except ModuleNotFoundError as error:
        message = f'where {activation.name} saturates needs SymPy: pip install "actfn[formula]"'
        raise ModuleNotFoundError(message, name=error.name) from None
    return compute.saturated(activation, epsilon)
