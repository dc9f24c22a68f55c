"""Learnt functions of one number: sums of hinges, and polynomials. Their kernels take the list of each kind of coefficient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actfn.functions.common import constant
from actfn.functions.declare import INFINITY, REALS, Interval, Kink, Parameter, expansion
from actfn.functions.spelling import Spelling


def added(terms: Sequence[Any]) -> Any:
    """Return the sum of some terms."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


@expansion(
    hot=False,
    tags=("rectifier", "piecewise_linear", "learnable"),
    papers=(
        (
            "Agostinelli, Hoffman, Sadowski & Baldi 2014, Learning activation functions to improve deep neural networks, "
            "arXiv:1412.6830"
        ),
    ),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.APL(in_features, a=None, b=None)(x)",
            ignores=("in_features",),
            note="learnt, one function for each feature; its axis of hinges is the first",
        ),
    },
    parameters=(
        Parameter(
            "a", None, REALS, "how much each hinge adds to the slope on its left, with the sign turned", example=(0.2,)
        ),
        Parameter("b", None, REALS, "where each hinge is", example=(0.5,)),
    ),
)
class apl:
    """relu(x) + sum a max(0, b - x): an adaptive piecewise linear function with as many hinges as there are coefficients."""

    def formula(m: Any, x: Any, a: Any, b: Any) -> Any:
        return m.where(x > 0, x, 0) + m.total(a * m.where(x < b, b - x, 0))

    def value(m: Any, x: Any, a: Sequence[Any], b: Sequence[Any]) -> Any:
        near = m.where(m.abs(x) < m.far, x, 0.0)
        total = m.pair(m.where(near > 0.0, near, 0.0))
        for slope, corner in zip(a, b, strict=True):
            total = total + slope * m.where(near < corner, m.sum(corner, -near), m.pair(0.0))
        # Far to the left every hinge is open, and only the sum of the slopes counts.
        slope, offset = (
            m.round(added([m.pair(one) for one in a])),
            m.round(added([m.product(*one) for one in zip(a, b)])),
        )
        left = m.where(slope == 0.0, offset, -slope * x)
        return m.where(m.abs(x) < m.far, m.round(total), m.where(x < 0.0, left, x))

    def first(m: Any, x: Any, a: Sequence[Any], b: Sequence[Any]) -> Any:
        total = m.pair(m.where(x > 0.0, 1.0, constant(m, x, 0.0)))
        for slope, corner in zip(a, b, strict=True):
            total = total + m.where(x < corner, -slope, 0.0)
        return m.round(total)

    def second(m: Any, x: Any, a: Sequence[Any], b: Sequence[Any]) -> Any:
        return constant(m, x, 0.0)

    def partial_a(m: Any, x: Any, a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
        return [m.where(x < corner, corner - x, constant(m, x, 0.0)) for corner in b]

    def partial_b(m: Any, x: Any, a: Sequence[Any], b: Sequence[Any]) -> list[Any]:
        return [m.where(x < corner, slope, constant(m, x, 0.0)) for slope, corner in zip(a, b, strict=True)]

    def range(a: Sequence[float], b: Sequence[float]) -> Interval:
        corners = [relu_and_hinges(x, a, b) for x in (0.0, *b)]
        falls = sum(a) < 0
        return Interval(-INFINITY if falls else min(corners), INFINITY, not falls, False)

    def kinks(a: Sequence[float], b: Sequence[float]) -> tuple[Kink, ...]:
        found = []
        for x in sorted({0.0, *b}):
            left = float(x > 0) - sum(slope for slope, corner in zip(a, b, strict=True) if x <= corner)
            right = float(x >= 0) - sum(slope for slope, corner in zip(a, b, strict=True) if x < corner)
            at = float(x > 0) - sum(slope for slope, corner in zip(a, b, strict=True) if x < corner)
            if left != right:
                found.append(Kink(x, left, right, at))
        return tuple(found)


def relu_and_hinges(x: float, a: Sequence[float], b: Sequence[float]) -> float:
    return max(x, 0.0) + sum(slope * max(corner - x, 0.0) for slope, corner in zip(a, b, strict=True))


@expansion(
    hot=False,
    tags=("smooth", "learnable"),
    papers=(
        (
            "Goyal, Goyal & Lall 2019, Learning activation functions: a new paradigm for understanding neural networks, "
            "arXiv:1906.09529"
        ),
    ),
    names={
        "echo": Spelling(
            "echoAI.Activation.t_ops.SLAF(k=2)(x)", ignores=("k",), note="learnt, k coefficients that all start at 1"
        ),
    },
    parameters=(
        Parameter("coefficients", None, REALS, "the polynomial's, that of the constant first", example=(0.0, 0.5, 0.5)),
    ),
)
class slaf:
    """A polynomial whose coefficients are learnt: the self-learnable activation function."""

    def formula(m: Any, x: Any, coefficients: Any) -> Any:
        return m.total(coefficients * x ** (m.index - 1))

    def value(m: Any, x: Any, coefficients: Sequence[Any]) -> Any:
        return polynomial(m, x, coefficients)

    def first(m: Any, x: Any, coefficients: Sequence[Any]) -> Any:
        return polynomial(m, x, [k * c for k, c in enumerate(coefficients)][1:] or [0.0])

    def second(m: Any, x: Any, coefficients: Sequence[Any]) -> Any:
        return polynomial(m, x, [k * (k - 1) * c for k, c in enumerate(coefficients)][2:] or [0.0])

    def partial_coefficients(m: Any, x: Any, coefficients: Sequence[Any]) -> list[Any]:
        powers = [constant(m, x, 1.0)]
        for _ in coefficients[1:]:
            powers.append(powers[-1] * x)
        return powers

    def range(coefficients: Sequence[float]) -> Interval:
        import numpy as np

        trimmed = np.trim_zeros(np.asarray(coefficients, float), "b")
        if trimmed.size < 2:
            only = float(trimmed[0]) if trimmed.size else 0.0
            return Interval(only, only, True, True)
        if trimmed.size % 2 == 0:
            return REALS
        # An even degree: the extremes are at the roots of the derivative.
        slopes = np.polynomial.Polynomial(trimmed).deriv().roots()
        at = np.polynomial.Polynomial(trimmed)(slopes[np.abs(slopes.imag) < 1e-9].real)
        return (
            Interval(float(at.min()), INFINITY, True)
            if trimmed[-1] > 0
            else Interval(-INFINITY, float(at.max()), False, True)
        )


def polynomial(m: Any, x: Any, coefficients: Sequence[Any]) -> Any:
    """Return a polynomial by Horner's rule, in pairs where they do not overflow; 0 times infinity is 0 here."""
    near = m.where(m.abs(x) < m.far, x, 0.0)
    fine, rough = m.pair(coefficients[-1] + 0.0 * near), coefficients[-1] + 0.0 * near
    for coefficient in reversed(coefficients[:-1]):
        fine = fine * near + coefficient
        rough = m.where(rough == 0.0, 0.0, rough * x) + coefficient
    size = m.abs(m.high(fine))
    return m.where((m.abs(x) < m.far) & (size < m.far * m.far), m.round(fine), constant(m, x, rough))
