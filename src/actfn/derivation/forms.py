"""The forms that people know: how each formula is rewritten before and after it is differentiated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy

from actfn.derivation.elementary import Links, sigmoid_links, softplus_links
from actfn.derivation.names import Phi, phi, product, sigma, softplus, total
from actfn.derivation.steps import Step, equality, value

F = sympy.Symbol("f", real=True)


@dataclass(frozen=True)
class Form:
    """What is rewritten: before differentiating, after it, after the second time, and after a parameter's derivative.

    Attributes
    ----------
    start, first, second : tuple of (rule, sympy.Expr)
        Each is equal to what is before it.
    by : mapping of str to tuple of (rule, sympy.Expr)
        The same after the first derivative by a parameter.
    carried : sympy.Expr, optional
        What the second derivative starts from; the end of ``first`` by default.
    definitions : mapping of symbol to sympy.Expr
        What the symbols stand for that are neither the input nor a parameter.
    after : tuple of Step
        What remains to be said of single points.
    """

    start: Links = ()
    first: Links = ()
    second: Links = ()
    by: Mapping[str, Links] = field(default_factory=dict)
    carried: Any = None
    definitions: Mapping[Any, Any] = field(default_factory=dict)
    after: tuple[Step, ...] = ()


def _sigmoid(formula: Any, x: Any) -> Form:
    s = sigma(x)
    return Form(first=sigmoid_links(x), second=(("factor", product(s, 1 - s, 1 - 2 * s)),))


def _swish(formula: Any, x: Any, beta: Any = sympy.S.One) -> Form:
    s = sigma(beta * x)
    return Form(
        start=(("recognise", x * s),),
        first=(
            ("expand", total(s, beta * x * s, -beta * x * s**2)),
            ("name_f", total(beta * F, s, -beta * F * s)),
            ("factor", total(beta * F, product(s, 1 - beta * F))),
        ),
        second=(("factor", product(*([] if beta == 1 else [beta]), s, 1 - s, total(2, product(beta * x, 1 - 2 * s)))),),
        by={"beta": (("factor", product(x**2, s, 1 - s)),)},
        carried=s + beta * x * s * (1 - s),
        definitions={F: formula},
    )


def _mish(formula: Any, x: Any) -> Form:
    t, s = sympy.tanh(softplus(x)), sigma(x)
    delta, swish = sympy.symbols("Delta swish", real=True)
    return Form(
        start=(("recognise", x * t),),
        first=(("delta_form", total(product(delta, swish), F / x)),),
        second=(("factor", product(s, 1 - t**2, total(2, product(x, 1 - s), -2 * x * s * t))),),
        carried=t + x * (1 - t**2) * s,
        definitions={delta: 1 - t**2, swish: x * s, F: formula},
    )


def _gelu(formula: Any, x: Any) -> Form:
    return Form(
        start=(("recognise", x * Phi(x)),),
        first=(("reorder", total(Phi(x), product(x, phi(x)))),),
        second=(("factor", product(phi(x), 2 - x**2)),),
        carried=Phi(x) + x * phi(x),
    )


def _gelu_tanh(formula: Any, x: Any) -> Form:
    z, (c,) = sympy.Symbol("z", real=True), formula.free_symbols - {x}
    k, t = sympy.sqrt(2 / sympy.pi), sympy.tanh(z)
    bend = total(product(k, 1 + 6 * c * x**2), -product(k**2, x, t, (1 + 3 * c * x**2) ** 2))
    return Form(
        start=(("name", x * (1 + t) / 2),),
        second=(("factor", product(1 - t**2, bend)),),
        definitions={z: k * (x + c * x**3)},
    )


def _softplus(formula: Any, x: Any, beta: Any) -> Form:
    s = sigma(beta * x)
    return Form(
        first=softplus_links(beta * x),
        second=(("reorder", product(beta, s, 1 - s)),),
        by={
            "beta": (
                ("recognise", (beta * x * s - sympy.log(1 + sympy.exp(beta * x))) / beta**2),
                ("name_f", (x * s - F) / beta),
            )
        },
        definitions={F: formula},
    )


def _softsign(formula: Any, x: Any) -> Form:
    size = abs(x)
    first = (1 + size) ** -2
    return Form(
        first=(("abs_sign", product(total(1, size, -size), first)), ("cancel", first)),
        after=(
            equality("difference_quotient", product(formula, 1 / x), 1 / (1 + size)),
            value("limit_of_quotient", x, sympy.S.Zero, 1 / (1 + size), sympy.S.One),
        ),
    )


def _elu(formula: Any, x: Any, alpha: Any) -> Form:
    ((_, right), *_) = formula.args
    return Form(
        first=_add_and_subtract(right, sympy.S.One, alpha, sympy.exp(x)),
        carried=sympy.Piecewise((1, right), (alpha * sympy.exp(x), True)),
        definitions={F: formula},
    )


def _selu(formula: Any, x: Any) -> Form:
    scale, alpha = sympy.symbols("lambda alpha", positive=True)
    right = x > 0
    split = sympy.Piecewise((scale, right), (scale * alpha * sympy.exp(x), True))
    return Form(
        first=(("multiply_in", split), *_add_and_subtract(right, scale, scale * alpha, sympy.exp(x))),
        carried=split,
        definitions={F: formula},
    )


def _add_and_subtract(right: Any, slope: Any, alpha: Any, e: Any) -> Links:
    return (
        ("add_and_subtract", sympy.Piecewise((slope, right), (total(alpha * e, -alpha, alpha), True))),
        ("name_f", sympy.Piecewise((slope, right), (total(F, alpha), True))),
    )


FORMS: Mapping[str, Callable[..., Form]] = {
    "elu": _elu,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "mish": _mish,
    "selu": _selu,
    "sigmoid": _sigmoid,
    "silu": _swish,
    "softplus": _softplus,
    "softsign": _softsign,
    "swish": _swish,
}


def form_of(name: str, formula: Any, arguments: tuple[Any, ...]) -> Form:
    """Return how the formula of a function of the package is rewritten; any other function's stays as it is.

    Examples
    --------
    >>> import sympy
    >>> x = sympy.Symbol("x", real=True)
    >>> form_of("gelu", None, (x,)).second
    (('factor', (2 - x**2)*phi(x)),)
    """
    make = FORMS.get(name)
    return Form() if make is None else make(formula, *arguments)
