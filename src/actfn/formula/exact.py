"""The declared formula and its derivatives evaluated to any precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from actfn.formula.symbolic import expression, symbols, sympy_module
from actfn.functions.declare import Declaration, Parameter

if TYPE_CHECKING:
    import mpmath


def far_erfc(x: Any) -> Any:
    """Return mpmath's erfc, and where that overflows an identity: exp(-x^2) U(1/2, 1/2, x^2) / sqrt(pi)."""
    import mpmath

    if not x > 1000:
        return mpmath.erfc(x)
    half = mpmath.mpf(1) / 2
    return mpmath.exp(-x * x) * mpmath.hyperu(half, half, x * x) / mpmath.sqrt(mpmath.pi)


def far_exp(x: Any) -> Any:
    """Return mpmath's exp, and its limit where the exponent of the result would fill the memory."""
    import mpmath

    magnitude = mpmath.mag(x) if mpmath.isfinite(x) else 0
    if magnitude < 80:
        return mpmath.exp(x)
    if magnitude > 2200:
        return mpmath.inf if x > 0 else mpmath.mpf(0)
    # Its own way takes a power of e, and seconds.
    with mpmath.workprec(mpmath.mp.prec + magnitude + 20):
        n = int(mpmath.floor(x / mpmath.ln2))
        return mpmath.ldexp(mpmath.exp(x - n * mpmath.ln2), n)


def far_tanh(x: Any) -> Any:
    """Return mpmath's tanh, and 1 where it is that in every precision that is used: mpmath overflows."""
    import mpmath

    return mpmath.tanh(x) if abs(x) < 2**14 else mpmath.sign(x)


# What an expression is evaluated with in mpmath, as far out as there are numbers.
MPMATH = ({"erfc": far_erfc, "exp": far_exp, "tanh": far_tanh}, "mpmath")


class MpmathNamespace:
    """The namespace in which a formula is evaluated by mpmath."""

    def __init__(self) -> None:
        import mpmath

        self.mpmath = mpmath

    def number(self, decimal: str) -> mpmath.mpf:
        return self.mpmath.mpf(decimal)

    def where(self, condition: bool, chosen: Any, otherwise: Any) -> Any:
        return chosen if condition else otherwise

    def abs(self, x: Any) -> Any:
        return abs(x)

    erfc, exp, tanh = staticmethod(far_erfc), staticmethod(far_exp), staticmethod(far_tanh)

    def __getattr__(self, function: str) -> Any:
        return getattr(self.mpmath, function)


@cache
def _evaluator(declaration: Declaration, order: int, by: str | None) -> Callable[..., Any]:
    sympy = sympy_module()
    if order == 0:
        return lambda *arguments: declaration.formula(MpmathNamespace(), *arguments)
    evaluator: Callable[..., Any] = sympy.lambdify(
        symbols(declaration), expression(declaration, order, by=by, exact=True), modules=[*MPMATH]
    )
    return evaluator


def evaluate(
    declaration: Declaration,
    x: float,
    parameters: Mapping[str, float],
    *,
    order: int = 0,
    by: str | None = None,
    bits: int = 1400,
) -> mpmath.mpf:
    """Return the formula's value, or a derivative's, at a finite float as an mpmath number; NaN where it is not real.

    1,400 bits hold whatever a difference of float64 numbers may cancel down to the smallest subnormal number.
    """
    import mpmath

    with mpmath.workprec(bits):
        arguments = [
            mpmath.mpf(x),
            *(_exact(declaration.parameters[name], parameters[name]) for name in declaration.parameters),
        ]
        evaluator = _evaluator(declaration, order, by)
        try:
            result = evaluator(*arguments)
        except ZeroDivisionError:
            # A hole, as that of sin(x) / x at 0, is filled with what both sides tend to.
            x, *others = arguments
            step = mpmath.ldexp(1, -bits // 4)
            left, right = (evaluator(x + side, *others) for side in (-step, step))
            if abs(left - right) > mpmath.ldexp(1, -bits // 8) * (1 + abs(right)):
                raise
            result = (left + right) / 2
        return mpmath.nan if isinstance(result, mpmath.mpc) else mpmath.mpf(result)


def _exact(parameter: Parameter, value: float) -> mpmath.mpf:
    """Return the number that a parameter's float stands for."""
    import mpmath

    n = parameter.denominator(value)
    return mpmath.mpf(value) if n is None else mpmath.mpf(1) / n
