"""The rules of differentiation, each of which makes one step out of smaller ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy

from actfn.derivation.elementary import NAMED, STANDARD, proof
from actfn.derivation.joints import joints
from actfn.derivation.names import written_out
from actfn.derivation.printing import text
from actfn.derivation.steps import Step, derivative


class UncoveredError(ValueError):
    """No rule covers an expression."""


class Engine:
    """Differentiates by one variable.

    Parameters
    ----------
    variable : sympy.Symbol
    definitions : mapping of symbol to sympy.Expr, optional
        What other symbols stand for, since they may depend on the variable.
    proved : set, optional
        The named functions whose derivative need not be proved again.

    Examples
    --------
    >>> import sympy
    >>> x = sympy.Symbol("x", real=True)
    >>> step = Engine(x).differentiate(x * sympy.exp(2 * x))
    >>> step.rule, step.after, [inner.rule for inner in step.steps]
    ('product', 2*x*exp(2*x) + exp(2*x), ['variable', 'chain'])
    """

    def __init__(
        self, variable: Any, definitions: Mapping[Any, Any] | None = None, proved: set[Any] | None = None
    ) -> None:
        self.variable = variable
        self.definitions: Mapping[Any, Any] = definitions or {}
        self.proved: set[Any] = set() if proved is None else proved

    def differentiate(self, expression: Any) -> Step:
        """Return the step from an expression to its derivative.

        Raises
        ------
        UncoveredError
            If no rule covers a part of the expression; the message names the part.
        """
        if not self._depends(expression):
            return self._step("constant" if expression.is_number else "independent", expression, sympy.S.Zero)
        if expression == self.variable:
            return self._step("variable", expression, sympy.S.One)
        if expression in self.definitions:
            inner = self.differentiate(self.definitions[expression])
            named = {"name": text(expression), "meaning": text(self.definitions[expression])}
            return self._step("definition", expression, inner.after, inner, **named)
        for kind, rule in (
            (sympy.Add, self._sum),
            (sympy.Mul, self._multiple_or_product),
            (sympy.Pow, self._power),
            (sympy.Piecewise, self._piecewise),
            ((sympy.Max, sympy.Min), self._extremum),
            (sympy.Function, self._function),
        ):
            if isinstance(expression, kind):
                return rule(expression)
        raise self._uncovered(expression)

    def _step(self, rule: str, before: Any, after: Any, *steps: Step, **values: str) -> Step:
        return derivative(rule, self.variable, before, after, steps, **values)

    def _depends(self, expression: Any) -> bool:
        return bool(written_out(expression, self.definitions).has(self.variable))

    def _uncovered(self, expression: Any) -> UncoveredError:
        return UncoveredError(f"no rule covers the derivative of {text(expression)} by {self.variable}")

    def _sum(self, expression: Any) -> Step:
        terms = [self.differentiate(term) for term in expression.args]
        return self._step("sum", expression, sympy.Add(*(term.after for term in terms)), *terms)

    def _multiple_or_product(self, expression: Any) -> Step:
        constant = [factor for factor in expression.args if not self._depends(factor)]
        varying = [factor for factor in expression.args if self._depends(factor)]
        if constant:
            inner = self.differentiate(sympy.Mul(*varying))
            return self._step("constant_multiple", expression, sympy.Mul(*constant, inner.after), inner)
        if any(_is_divisor(factor) for factor in varying):
            return self._quotient(expression, varying)
        parts = [self.differentiate(factor) for factor in varying]
        terms = [sympy.Mul(part.after, *varying[:i], *varying[i + 1 :]) for i, part in enumerate(parts)]
        return self._step("product", expression, sympy.Add(*terms), *parts)

    def _quotient(self, expression: Any, factors: list[Any]) -> Step:
        numerator = sympy.Mul(*(factor for factor in factors if not _is_divisor(factor)))
        denominator = sympy.Mul(*(1 / factor for factor in factors if _is_divisor(factor)))
        above, below = self.differentiate(numerator), self.differentiate(denominator)
        after = (above.after * denominator - numerator * below.after) / denominator**2
        return self._step("quotient", expression, after, above, below)

    def _power(self, expression: Any) -> Step:
        base, exponent = expression.as_base_exp() if expression.base != sympy.E else expression.args
        if exponent == -1:
            below = self.differentiate(base)
            return self._step("reciprocal", expression, -below.after / base**2, below)
        if not self._depends(exponent):
            return self._through(
                expression, base, "power", lambda v: v**exponent, lambda v: exponent * v ** (exponent - 1)
            )
        if not self._depends(base):
            return self._through(
                expression, exponent, "exponential", lambda v: base**v, lambda v: base**v * sympy.log(base)
            )
        inner = self.differentiate(exponent * sympy.log(base))
        return self._step("general_power", expression, expression * inner.after, inner)

    def _function(self, expression: Any) -> Step:
        function = expression.func
        if len(expression.args) != 1:
            raise self._uncovered(expression)
        (argument,) = expression.args
        if function is sympy.Abs:
            return self._through(expression, argument, "abs", function, sympy.sign)
        if function is sympy.sign:
            return self._through(expression, argument, "sign", function, lambda v: sympy.S.Zero)
        if function in STANDARD:
            return self._through(expression, argument, "elementary", function, STANDARD[function])
        if function in NAMED:
            return self._through(expression, argument, "named", function, NAMED[function])
        raise self._uncovered(expression)

    def _through(self, expression: Any, argument: Any, rule: str, function: Any, slope: Any) -> Step:
        """Return the step for a function of an argument: at once for the variable itself, by the chain rule otherwise."""
        inner = self.differentiate(argument)
        if argument == self.variable:
            return self._outer(self, expression, rule, slope(argument))
        u = _unused(expression)
        outer = self._outer(Engine(u, {}, self.proved), function(u), rule, slope(u))
        named = {"inner": text(u), "argument": text(argument)}
        return self._step("chain", expression, slope(argument) * inner.after, outer, inner, **named)

    def _outer(self, engine: Engine, expression: Any, rule: str, slope: Any) -> Step:
        steps: tuple[Step, ...] = ()
        if rule == "named" and expression.func not in self.proved:
            self.proved.add(expression.func)
            steps = proof(expression.func, engine)
        return engine._step(rule, expression, slope, *steps)

    def _extremum(self, expression: Any) -> Step:
        """Write one argument of a maximum or minimum as a branch of its own, and differentiate that."""
        largest = isinstance(expression, sympy.Max)
        first, *rest = sorted(expression.args, key=lambda argument: not self._depends(argument))
        beyond = sympy.And(*(first > other if largest else first < other for other in rest))
        inner = self.differentiate(sympy.Piecewise((first, beyond), (expression.func(*rest), True)))
        return self._step("maximum" if largest else "minimum", expression, inner.after, inner)

    def _piecewise(self, expression: Any) -> Step:
        branches = [self.differentiate(branch) for branch, _ in expression.args]
        conditions = [condition for _, condition in expression.args]
        slopes = [step.after for step in branches]
        after = sympy.Piecewise(*zip(slopes, conditions))
        checks = joints(expression, slopes, self.variable, self.definitions)
        return self._step("piecewise", expression, after, *branches, *checks)


def _is_divisor(factor: Any) -> bool:
    return bool(factor.is_Pow and factor.exp.is_number and factor.exp.is_negative)


def _unused(expression: Any) -> Any:
    """Return a symbol for the inner function that the expression does not have already."""
    taken = {symbol.name for symbol in expression.free_symbols}
    return sympy.Symbol(next(name for name in ("u", "v", "w", "t") if name not in taken), real=True)
