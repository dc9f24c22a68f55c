"""Functions that have a name of their own in a derivation, and what each of them stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy


class sigma(sympy.Function):  # type: ignore[misc]
    """The logistic sigmoid, 1 / (1 + exp(-x))."""

    nargs = 1


class softplus(sympy.Function):  # type: ignore[misc]
    """The integral of the sigmoid, log(1 + exp(x))."""

    nargs = 1


class Phi(sympy.Function):  # type: ignore[misc]
    """The distribution function of the standard normal distribution."""

    nargs = 1


class phi(sympy.Function):  # type: ignore[misc]
    """The density of the standard normal distribution."""

    nargs = 1


def product(*factors: Any) -> Any:
    """Return a product that keeps its factors, and their order, as they are."""
    return sympy.Mul(*map(sympy.sympify, factors), evaluate=False)


def total(*terms: Any) -> Any:
    """Return a sum that keeps its terms, and their order, as they are."""
    return sympy.Add(*map(sympy.sympify, terms), evaluate=False)


DEFINITIONS: Mapping[Any, Any] = {
    sigma: lambda v: 1 / (1 + sympy.exp(-v)),
    softplus: lambda v: sympy.log(1 + sympy.exp(v)),
    Phi: lambda v: product(sympy.S.Half, 1 + sympy.erf(v / sympy.sqrt(2))),
    phi: lambda v: sympy.exp(-(v**2) / 2) / sympy.sqrt(2 * sympy.pi),
}


def written_out(expression: Any, definitions: Mapping[Any, Any] | None = None) -> Any:
    """Return an expression with every name replaced by what it stands for.

    Parameters
    ----------
    expression : sympy.Expr
    definitions : mapping of symbol to sympy.Expr, optional
        What the symbols of one derivation stand for; they may stand for each other.

    Examples
    --------
    >>> import sympy
    >>> written_out(sigma(sympy.Symbol("x")) ** 2)
    (1 + exp(-x))**(-2)
    """
    while True:
        plain = expression.xreplace(dict(definitions or {}))
        for function, definition in DEFINITIONS.items():
            plain = plain.replace(function, definition)
        if plain == expression:
            return plain
        expression = plain
