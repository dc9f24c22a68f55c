"""Functions whose derivative is known: the standard ones, and named ones with the proof of theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import sympy

from actfn.derivation.names import DEFINITIONS, Phi, phi, product, sigma, softplus, total
from actfn.derivation.steps import Step, chain, equality
from actfn.formula import kept_erfc

if TYPE_CHECKING:
    from actfn.derivation.engine import Engine

Links = tuple[tuple[str, Any], ...]

STANDARD: Mapping[Any, Callable[[Any], Any]] = {
    sympy.exp: sympy.exp,
    sympy.log: lambda v: 1 / v,
    sympy.sin: sympy.cos,
    sympy.cos: lambda v: -sympy.sin(v),
    sympy.tan: lambda v: 1 + sympy.tan(v) ** 2,
    sympy.asin: lambda v: 1 / sympy.sqrt(1 - v**2),
    sympy.acos: lambda v: -1 / sympy.sqrt(1 - v**2),
    sympy.atan: lambda v: 1 / (1 + v**2),
    sympy.sinh: sympy.cosh,
    sympy.cosh: sympy.sinh,
    sympy.asinh: lambda v: 1 / sympy.sqrt(1 + v**2),
    sympy.acosh: lambda v: 1 / (sympy.sqrt(v - 1) * sympy.sqrt(v + 1)),
    sympy.atanh: lambda v: 1 / (1 - v**2),
    sympy.erf: lambda v: 2 * sympy.exp(-(v**2)) / sympy.sqrt(sympy.pi),
    **dict.fromkeys((sympy.erfc, kept_erfc()), lambda v: -2 * sympy.exp(-(v**2)) / sympy.sqrt(sympy.pi)),
}

NAMED: Mapping[Any, Callable[[Any], Any]] = {
    sigma: lambda v: product(sigma(v), 1 - sigma(v)),
    softplus: sigma,
    sympy.tanh: lambda v: 1 - sympy.tanh(v) ** 2,
    Phi: phi,
    phi: lambda v: -v * phi(v),
}


def sigmoid_links(v: Any) -> Links:
    """Return what leads from exp(-v) / (1 + exp(-v))^2 to sigma(v) (1 - sigma(v))."""
    e, s = sympy.exp(-v), 1 / (1 + sympy.exp(-v))
    return (
        ("add_and_subtract", product(total(1, e, -1), (1 + e) ** -2)),
        ("split", s - s**2),
        ("factor", product(s, 1 - s)),
        ("recognise", product(sigma(v), 1 - sigma(v))),
    )


def softplus_links(v: Any) -> Links:
    """Return what leads from exp(v) / (1 + exp(v)) to sigma(v)."""
    return ("divide", 1 / (1 + sympy.exp(-v))), ("recognise", sigma(v))


def tanh_links(v: Any) -> Links:
    """Return what leads from the quotient rule's result to 1 - tanh(v)^2."""
    difference, both = sympy.exp(v) - sympy.exp(-v), sympy.exp(v) + sympy.exp(-v)
    return ("split", 1 - difference**2 / both**2), ("recognise", 1 - sympy.tanh(v) ** 2)


def proof(function: Any, engine: Engine) -> tuple[Step, ...]:
    """Return the steps that prove the derivative of a named function by the engine's variable."""
    v = engine.variable
    if function is sympy.tanh:
        definition = (sympy.exp(v) - sympy.exp(-v)) / (sympy.exp(v) + sympy.exp(-v))
        links = tanh_links(v)
    else:
        definition = DEFINITIONS[function](v)
        ends: dict[Any, Links] = {
            sigma: sigmoid_links(v),
            softplus: softplus_links(v),
            Phi: (("recognise", phi(v)),),
            phi: (("recognise", -v * phi(v)),),
        }
        links = ends[function]
    differentiated = engine.differentiate(definition)
    return equality("write_out", function(v), definition), differentiated, *chain(differentiated.after, links)
