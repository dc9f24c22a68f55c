"""Compute all properties of an activation."""

from __future__ import annotations

import math
from functools import lru_cache

import mpmath

from actfn import trace
from actfn.activation import Activation
from actfn.functions.declare import KERNELS, Interval
from actfn.properties import UNDECIDED, tails
from actfn.properties.curve import Curve
from actfn.properties.floats import exactness
from actfn.properties.moments import moments
from actfn.properties.piece import BITS
from actfn.properties.report import Properties, Property
from actfn.properties.shape import fixed_points, inflections, interval, parity, reach, smoothness, stretches, zeros
from actfn.properties.tails import asymptote, bound, end_limit, saturation

# What is not known of a function that may turn for ever.
SHAPE = (
    "range",
    "extrema",
    "monotonicity",
    "monotone_on",
    "convexity",
    "convex_on",
    "zeros",
    "inflections",
    "fixed_points",
    "lipschitz",
    "derivative_lipschitz",
    "saturation",
)
UNSETTLED = Property(None, UNDECIDED)


def compute(activation: Activation) -> Properties:
    """Return the properties of an elementwise activation; the second call for the same function returns the same object.

    Raises
    ------
    TypeError
        If the function is not elementwise, or a parameter must be given and is not.
    ValueError
        If a parameter is an array.

    Examples
    --------
    >>> import actfn
    >>> compute(actfn.tanh).range.value
    Interval(low=-1.0, high=1.0, low_closed=False, high_closed=False)
    """
    _check(activation)
    return _computed(activation)


def saturated(activation: Activation, epsilon: float) -> tuple[Interval, ...]:
    """Return the stretches on which a function saturates; see :func:`actfn.properties.saturated`."""
    if isinstance(epsilon, bool) or not isinstance(epsilon, (int, float)) or not 0 < epsilon < math.inf:
        raise ValueError(f"a function saturates where its slope is smaller than a positive number, not {epsilon!r}")
    _check(activation)
    return _saturated(activation, float(epsilon))


def _check(activation: Activation) -> None:
    """Raise TypeError or ValueError unless the function has a curve whose properties can be computed."""
    if activation.kind != "elementwise":
        raise TypeError(
            f"{activation.name} has no properties of a curve, since each output depends on several inputs; "
            "elementwise functions have them"
        )
    for name, parameter in activation.parameters.items():
        if parameter.default is None:
            raise TypeError(
                f"the properties of {activation.name} depend on {name}: give it, for example "
                f"actfn.{activation.name}.with_parameters({name}={parameter.example}).properties()"
            )
    # Arrays are refused before they are hashed.
    activation._scalars()


@lru_cache(maxsize=256)
def _computed(activation: Activation) -> Properties:
    declaration = activation._declaration
    with mpmath.workprec(BITS):
        curve = Curve(declaration, activation._scalars())
        smooth, joints = smoothness(curve)
        constant, linear = exactness(activation, curve)
        operations = {kernel: trace.operations(declaration, kernel) for kernel in KERNELS}
        where = "the formula is defined for every number" if curve.everywhere else "the range of the function undone"
        return Properties(
            subject=repr(activation),
            domain=Property(interval(curve.low, curve.high, False, False), where),
            left_limit=end_limit(curve, -1),
            right_limit=end_limit(curve, 1),
            left_asymptote=asymptote(curve, -1),
            right_asymptote=asymptote(curve, 1),
            parity=parity(curve),
            smoothness=smooth,
            joints=joints,
            exactly_constant=constant,
            exactly_linear=linear,
            operations=Property(operations, "nodes of the traced kernels"),
            **(_shape(curve) if curve.settles else _unsettled(activation)),
            **moments(curve),
        )


@lru_cache(maxsize=256)
def _saturated(activation: Activation, epsilon: float) -> tuple[Interval, ...]:
    with mpmath.workprec(BITS):
        curve = Curve(activation._declaration, activation._scalars())
        if not curve.settles:
            raise ValueError(f"where {activation!r} saturates is not known: {UNSETTLED.how}")
        return tails.saturated(curve, mpmath.mpf(epsilon))


def _unsettled(activation: Activation) -> dict[str, Property]:
    """Return what is left of the shape of a function that may turn for ever: the range that it is declared to have."""
    return {**dict.fromkeys(SHAPE, UNSETTLED), "range": Property(activation.range, "as declared; it may turn for ever")}


def _shape(curve: Curve) -> dict[str, Property]:
    """Return what follows from the roots of the function and its derivatives, by name."""
    return dict(
        zip(
            SHAPE,
            (
                *reach(curve),
                *stretches(curve, 1),
                *stretches(curve, 2),
                zeros(curve),
                inflections(curve),
                fixed_points(curve),
                bound(curve, 1),
                bound(curve, 2),
                saturation(curve),
            ),
            strict=True,
        )
    )
