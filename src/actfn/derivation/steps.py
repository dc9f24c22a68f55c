"""One step of a derivation: what is claimed, by which rule, and the smaller steps that it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from actfn.derivation.reasons import reason_of


@dataclass(frozen=True)
class Step:
    """A claim about two expressions, with its reason.

    Attributes
    ----------
    rule : str
        The key of the rule, such as ``"chain"`` or ``"quotient"``.
    before, after : sympy.Expr
        What the claim is about.
    reason : mapping of str to str
        Why it holds, by language: ``"en"`` and ``"zh"``.
    steps : tuple of Step
        The smaller steps that this one rests on.
    variable : sympy.Symbol, optional
        If given without a point, ``after`` is the derivative of ``before`` by it. Without a variable both are equal.
    point : sympy.Expr, optional
        If given, ``after`` is the limit of ``before`` where the variable tends to it.

    Examples
    --------
    >>> import actfn
    >>> step = actfn.sigmoid.derivation().steps[0]
    >>> step.rule, step.before, step.after
    ('reciprocal', 1/(1 + exp(-x)), exp(-x)/(1 + exp(-x))**2)
    >>> step.reason["zh"]
    '倒数的求导法则：(1/v)′ = −v′/v²'
    """

    rule: str
    before: Any
    after: Any
    reason: Mapping[str, str]
    steps: tuple[Step, ...] = ()
    variable: Any = None
    point: Any = None

    def walk(self) -> Iterator[Step]:
        """Yield this step and all steps below it."""
        yield self
        for step in self.steps:
            yield from step.walk()


def derivative(rule: str, variable: Any, before: Any, after: Any, steps: tuple[Step, ...] = (), **values: str) -> Step:
    """Return the step that ``after`` is the derivative of ``before``."""
    return Step(rule, before, after, reason_of(rule, **values), steps, variable)


def equality(rule: str, before: Any, after: Any, steps: tuple[Step, ...] = (), **values: str) -> Step:
    """Return the step that both expressions are equal."""
    return Step(rule, before, after, reason_of(rule, **values), steps)


def value(rule: str, variable: Any, point: Any, before: Any, after: Any, **values: str) -> Step:
    """Return the step that ``after`` is what ``before`` tends to at a point."""
    return Step(rule, before, after, reason_of(rule, **values), (), variable, point)


def chain(start: Any, links: tuple[tuple[str, Any], ...]) -> tuple[Step, ...]:
    """Return the equalities that lead from an expression through each of the links."""
    befores = (start, *(expression for _, expression in links))
    return tuple(equality(rule, before, after) for before, (rule, after) in zip(befores, links))
