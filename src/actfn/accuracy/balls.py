"""The formula in ball arithmetic: every number carries a bound of its own error, so that a result is known to be settled.

The formula's value comes from the declared formula itself, its derivatives from SymPy's exact differentiation of it, branch by
branch. Nothing is shared with the kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from actfn import formula
from actfn.functions.declare import Declaration

PRECISIONS = (128, 320, 800, 1600, 3200, 6400, 25600)


def arithmetic() -> Any:
    """Return the module of ball arithmetic, python-flint.

    Raises
    ------
    ModuleNotFoundError
        With what to install.
    """
    try:
        import flint
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            'the accuracy checker needs python-flint and SymPy: pip install "actfn[accuracy]"', name="flint"
        ) from None
    return flint


class BallNamespace:
    """The namespace in which a formula is evaluated in ball arithmetic at the context's precision."""

    def __init__(self) -> None:
        self.flint = arithmetic()

    @property
    def pi(self) -> Any:
        return self.flint.arb.pi()

    def number(self, decimal: str) -> Any:
        digits = decimal.replace(".", "")
        return self.flint.arb(
            self.flint.fmpq(int(digits), 10 ** (len(digits) - decimal.find(".")) if "." in decimal else 1)
        )

    def where(self, condition: bool, chosen: Any, otherwise: Any) -> Any:
        return chosen if condition else otherwise

    def abs(self, x: Any) -> Any:
        return abs(x)

    def erfc(self, x: Any) -> Any:
        # Arb's own knows next to nothing of a large ball's erfc.
        half, square = self.flint.arb("0.5"), x * x
        if not x > 100:
            return self.flint.arb(x).erfc()
        return (-square).exp() * square.hypgeom_u(half, half) / self.pi.sqrt()

    def __getattr__(self, function: str) -> Any:
        return lambda x: getattr(self.flint.arb(x), function)()


@cache
def evaluator(declaration: Declaration, order: int, by: str | None, precision: int) -> Callable[..., Any]:
    """Return the formula or a derivative of it as a function of balls; its constants have this precision."""
    namespace = BallNamespace()
    if order == 0:
        return lambda *arguments: declaration.formula(namespace, *arguments)
    import sympy

    arb = namespace.flint.arb
    expression = formula.expression(declaration, order, by=by, exact=True)
    functions = ("exp", "log", "log1p", "tanh", "cosh", "sinh", "erf", "erfc", "sqrt", "sin", "cos", "atan")
    names = {name: getattr(namespace, name) for name in functions}
    names |= {"mpf": arb, "pi": arb.pi(), "abs": abs, "power": power}
    evaluate: Callable[..., Any] = sympy.lambdify(
        formula.symbols(declaration), expression, modules=[names, "mpmath"], printer=_printer(), cse=True
    )
    return evaluate


def power(base: Any, exponent: int) -> Any:
    """Return an integer power; that of arb takes a logarithm, which a ball around zero has not."""
    result = base
    for _ in range(abs(exponent) - 1):
        result = result * base
    return result if exponent > 0 else 1 / result


def _printer() -> Any:
    """Return SymPy's printer for mpmath, with integer powers as calls of ``power``."""
    from sympy.printing.pycode import MpmathPrinter

    class BallPrinter(MpmathPrinter):  # type: ignore[misc]
        def _print_Pow(self, expression: Any, rational: bool = False) -> str:
            if expression.exp.is_Integer:
                return f"power({self._print(expression.base)}, {int(expression.exp)})"
            printed: str = super()._print_Pow(expression, rational=rational)
            return printed

    return BallPrinter({"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True})


def ball(declaration: Declaration, order: int, by: str | None, arguments: tuple[Any, ...], precision: int) -> Any:
    """Return the value at exact arguments (floats, ints or rationals) as a ball computed with this precision."""
    flint = arithmetic()
    flint.ctx.prec = precision
    return flint.arb(evaluator(declaration, order, by, precision)(*map(flint.arb, arguments)))
