"""The declared formula as a curve: cut into pieces where a branch's condition changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any

import mpmath
import sympy

from actfn import catalogue, formula
from actfn.functions.declare import Declaration
from actfn.properties.piece import TINY, Piece, X, between, limit, number, rational
from actfn.properties.roots import scanned


class Curve:
    """A function of one number: the pieces of its formula from left to right."""

    def __init__(self, declaration: Declaration, values: Mapping[str, float]) -> None:
        self.declaration = declaration
        arguments = (_exact_parameter(declaration, name, value) for name, value in values.items())
        try:
            whole = sympy.sympify(declaration.formula(formula.ExactNamespace(), X, *arguments))
        except AttributeError as error:
            raise TypeError(f"the properties of {declaration.name} need a formula that SymPy knows: {error}") from None
        self._whole = whole = _without_absolute(whole)
        low, high = self._domain(values)
        ends = [low, *_breaks(whole, low, high), high]
        pieces = [Piece(_branch(whole, left, right), left, right) for left, right in pairwise(ends)]
        self.pieces = [pieces[0]]
        for piece in pieces[1:]:
            last = self.pieces[-1]
            if piece.expression == last.expression:
                self.pieces[-1] = Piece(last.expression, last.exact_low, piece.exact_high)
            else:
                self.pieces.append(piece)

    def _domain(self, values: Mapping[str, float]) -> tuple[Any, Any]:
        """Return the ends of where the function is defined: an inverse is on the range of the function that it undoes."""
        if self.declaration.inverse_of is None:
            low, high, *_ = self.declaration.domain(**values)
            return sympy.S(low), sympy.S(high)
        undone = Curve(catalogue.find(self.declaration.inverse_of), values)
        first, last = undone.pieces[0], undone.pieces[-1]
        return sympy.limit(first.expression, X, -sympy.oo), sympy.limit(last.expression, X, sympy.oo)

    @property
    def low(self) -> Any:
        return self.pieces[0].low

    @property
    def high(self) -> Any:
        return self.pieces[-1].high

    @cached_property
    def everywhere(self) -> bool:
        return bool(mpmath.isinf(self.low) and mpmath.isinf(self.high))

    @cached_property
    def settles(self) -> bool:
        """Whether value and slope tend to a limit, finite or not, at both ends, and no wave does not: then only a bounded part can turn."""
        ends = ((self.pieces[0], -1), (self.pieces[-1], 1))
        if any(mpmath.isnan(piece.end(side, order)) for piece, side in ends for order in (0, 1)):
            return False
        waves = (
            limit(wave.args[0], side)
            for piece, side in ends
            if mpmath.isinf(piece.low if side < 0 else piece.high)
            for wave in piece.expression.atoms(sympy.sin, sympy.cos, sympy.tan)
        )
        return not any(mpmath.isinf(wave.value) for wave in waves)

    @cached_property
    def jumps(self) -> dict[Any, Any]:
        """Where the function jumps, and the value there, which may be that of neither side."""
        found = {}
        for left, right in pairwise(self.pieces):
            if abs(left.end(1) - right.end(-1)) > TINY:
                place = left.exact_high
                found[left.high] = number(_branch(self._whole, place, place).subs(X, place))
        return found

    def piece(self, x: Any) -> Piece:
        """Return the piece that holds a number; the left one at a joint."""
        return next(piece for piece in self.pieces if x <= piece.high)

    def at(self, x: Any, order: int = 0) -> Any:
        """Return the value or a derivative at a number, by the left branch at a joint."""
        return self.piece(x).at(x, order)


def _exact_parameter(declaration: Declaration, name: str, value: float) -> Any:
    if abs(value) == float("inf"):
        return sympy.oo if value > 0 else -sympy.oo
    denominator = declaration.parameters[name].denominator(value)
    ratio = (1, denominator) if denominator is not None else float(value).as_integer_ratio()
    return sympy.Rational(*ratio)


def _without_absolute(expression: Any) -> Any:
    """Write |x| by its branches and floats as the fractions that they are."""
    floats = {f: sympy.Rational(*float(f).as_integer_ratio()) for f in expression.atoms(sympy.Float)}
    return expression.xreplace(floats).replace(sympy.Abs, lambda a: sympy.Piecewise((-a, a < 0), (a, True)))


def _breaks(expression: Any, low: Any, high: Any) -> list[Any]:
    """Return the places strictly inside the domain where a branch's condition changes."""
    found: set[Any] = set()
    conditions = [c for piecewise in expression.atoms(sympy.Piecewise) for _, c in piecewise.args]
    for relation in {
        r for c in conditions for r in getattr(c, "atoms", lambda kind: ())(sympy.core.relational.Relational)
    }:
        difference = relation.lhs - relation.rhs
        if difference.is_polynomial(X):
            found.update(sympy.Poly(difference, X).real_roots())
        else:
            found.update(map(rational, scanned(Piece(difference, low, high), 0)))
    return sorted((x for x in found if number(low) < number(x) < number(high)), key=number)


def _branch(expression: Any, low: Any, high: Any) -> Any:
    """Return the expression that the formula is between two neighbouring breaks."""
    inside = rational(mpmath.mpf(float(between(number(low), number(high)))))

    def chosen(piecewise: Any) -> Any:
        return next(value for value, condition in piecewise.args if condition.subs(X, inside) == True)

    while expression.has(sympy.Piecewise):
        innermost = {p for p in expression.atoms(sympy.Piecewise)}
        expression = expression.xreplace({p: chosen(p) for p in innermost})
    return expression
