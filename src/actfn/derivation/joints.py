"""Where two branches of a piecewise function meet: its value and its slope, from the left and from the right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy

from actfn.derivation.names import written_out
from actfn.derivation.printing import text
from actfn.derivation.steps import Step, value


def joints(
    expression: Any, slopes: list[Any], variable: Any, definitions: Mapping[Any, Any] | None = None
) -> tuple[Step, ...]:
    """Compare value and slope on both sides of every joint.

    Parameters
    ----------
    expression : sympy.Piecewise
    slopes : list of sympy.Expr
        The derivative of each branch.
    variable : sympy.Symbol
    definitions : mapping of symbol to sympy.Expr, optional
        What other symbols stand for, without which two numbers may look different that are not.

    Returns
    -------
    tuple of Step
        Four for each joint whose place and sides can be told.

    Examples
    --------
    >>> import sympy
    >>> x = sympy.Symbol("x", real=True)
    >>> for step in joints(sympy.Piecewise((x**2, x > 0), (0, True)), [2 * x, sympy.S.Zero], x):
    ...     print(step.reason["en"])
    value from the left
    value from the right: equal to the one from the left, so continuous
    left derivative
    right derivative: equal to the left derivative, so differentiable here
    """
    values = [branch for branch, _ in expression.args]
    conditions = [condition for _, condition in expression.args]
    found: list[Step] = []
    for point in _places(conditions, variable):
        left, right = (_chosen(conditions, variable, point, side) for side in (-1, 1))
        if left is None or right is None or left == right:
            continue
        continuous = _compare("value", values[left], values[right], variable, point, definitions)
        found += continuous
        if _difference(continuous[0].after, continuous[1].after, definitions).is_zero is not False:
            found += _compare("derivative", slopes[left], slopes[right], variable, point, definitions)
    return tuple(found)


def _places(conditions: list[Any], variable: Any) -> list[Any]:
    """Return the places where a condition changes, from left to right where that can be told."""
    places: list[Any] = []
    for condition in conditions:
        for relation in condition.atoms(sympy.core.relational.Relational):
            try:
                roots = sympy.solve((relation.lhs - relation.rhs).rewrite(sympy.Piecewise), variable)
            except NotImplementedError:
                continue  # a place that cannot be told is not examined
            places += [root for root in roots if root not in places and root.is_real]
    return sorted(places, key=lambda place: sum(sympy.simplify(place - other).is_positive is True for other in places))


def _chosen(conditions: list[Any], variable: Any, point: Any, side: int) -> int | None:
    """Return which branch holds just beside a point, or None where that cannot be told."""
    for index, condition in enumerate(conditions):
        holds = condition.replace(
            lambda part: isinstance(part, sympy.core.relational.Relational),
            lambda relation: _beside(relation, variable, point, side),
        )
        if holds == sympy.true:
            return index
        if holds != sympy.false:
            return None
    return None


def _beside(relation: Any, variable: Any, point: Any, side: int) -> Any:
    difference = relation.lhs - relation.rhs
    at = sympy.simplify(difference.subs(variable, point))
    if at.is_zero:
        alone = difference.free_symbols == {variable}
        step = sympy.Rational(1, 10**9) if alone else sympy.Symbol("step", positive=True)
        at = sympy.expand(difference.subs(variable, point + side * step))
    return relation.func(at, 0)


def _difference(left: Any, right: Any, definitions: Mapping[Any, Any] | None) -> Any:
    return sympy.simplify(written_out(left - right, definitions))


def _compare(
    what: str, left: Any, right: Any, variable: Any, point: Any, definitions: Mapping[Any, Any] | None
) -> tuple[Step, Step]:
    """Return what tends to the joint from both sides, and the verdict."""
    ends = [_tends(branch, variable, point, side) for branch, side in ((left, "-"), (right, "+"))]
    same, other = {"value": ("continuous", "jump"), "derivative": ("smooth", "kink")}[what]
    verdict, equation = same, ""
    difference = _difference(ends[0], ends[1], definitions)
    if difference != 0:
        verdict = other
        if difference.is_zero is None:
            verdict, equation = f"{other}_unless", f"{text(ends[0])} = {text(ends[1])}"
    first = value(f"left_{what}", variable, point, left, ends[0])
    return first, value(f"right_{what}", variable, point, right, ends[1], verdict=verdict, equation=equation)


def _tends(branch: Any, variable: Any, point: Any, side: str) -> Any:
    at = sympy.simplify(branch.subs(variable, point))
    return at if at.is_finite is not False and at is not sympy.nan else sympy.limit(branch, variable, point, side)
