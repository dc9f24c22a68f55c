"""The formula lens: what is true. The declared formula as text, as a SymPy expression, and evaluated to any precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from actfn.functions.declare import Declaration, Parameter

if TYPE_CHECKING:
    import mpmath
    import sympy


class Text:
    """A formula as text, with as many brackets as it needs and in the order in which it was written."""

    def __init__(self, text: str, strength: int = 9) -> None:
        self.text, self.strength = text, strength

    def _infix(self, sign: str, other: Any, strength: int, swapped: bool = False) -> Text:
        left, right = (_text(other), self) if swapped else (self, _text(other))
        # The right side of - and / needs brackets at equal strength.
        tight = strength + (sign in "-/")
        return Text(f"{left.inside(strength)}{_SPACED[sign]}{right.inside(tight)}", strength)

    def inside(self, strength: int) -> str:
        return self.text if self.strength >= strength else f"({self.text})"

    def __add__(self, other: Any) -> Text:
        return self._infix("+", other, 1)

    def __radd__(self, other: Any) -> Text:
        return self._infix("+", other, 1, swapped=True)

    def __sub__(self, other: Any) -> Text:
        return self._infix("-", other, 1)

    def __rsub__(self, other: Any) -> Text:
        return self._infix("-", other, 1, swapped=True)

    def __mul__(self, other: Any) -> Text:
        return self._infix("*", other, 3)

    def __rmul__(self, other: Any) -> Text:
        return self._infix("*", other, 3, swapped=True)

    def __truediv__(self, other: Any) -> Text:
        return self._infix("/", other, 3)

    def __rtruediv__(self, other: Any) -> Text:
        return self._infix("/", other, 3, swapped=True)

    def __pow__(self, other: Any) -> Text:
        return Text(f"{self.inside(7)}^{_text(other).inside(7)}", 6)

    def __neg__(self) -> Text:
        return Text(f"-{self.inside(3)}", 2)

    def __lt__(self, other: Any) -> Text:
        return self._infix("<", other, 0)

    def __le__(self, other: Any) -> Text:
        return self._infix("<=", other, 0)

    def __gt__(self, other: Any) -> Text:
        return self._infix(">", other, 0)

    def __ge__(self, other: Any) -> Text:
        return self._infix(">=", other, 0)


_SPACED = {sign: f" {sign} " for sign in ("+", "-", "*", "/", "<", "<=", ">", ">=")}


def _text(value: Any) -> Text:
    return value if isinstance(value, Text) else Text(f"{value:g}")


class TextNamespace:
    """The namespace in which a formula becomes text."""

    pi = Text("pi")

    def number(self, decimal: str) -> Text:
        return Text(f"{float(decimal):.8g}")

    def where(self, condition: Any, chosen: Any, otherwise: Any) -> Text:
        return Text(f"{_text(chosen).text} if {condition.text} else {_text(otherwise).text}", 0)

    def total(self, x: Text) -> Text:
        return Text(f"sum({x.text})")

    def largest(self, x: Text) -> Text:
        return Text(f"max({x.text} over the group)")

    def __getattr__(self, function: str) -> Callable[..., Text]:
        return lambda *arguments: Text(f"{function}({', '.join(_text(a).text for a in arguments)})")


def text(declaration: Declaration) -> str:
    """Return the declared formula as readable text."""
    names = [name for name in declaration.parameters if declaration.kind == "elementwise"]
    formula: Text = declaration.formula(TextNamespace(), Text("x"), *map(Text, names))
    return formula.text


def sympy_module() -> Any:
    """Return SymPy, or say how to install it."""
    try:
        import sympy
    except ModuleNotFoundError:
        raise ModuleNotFoundError('this needs SymPy: pip install "actfn[formula]"', name="sympy") from None
    return sympy


class SymPyNamespace:
    """The namespace in which a formula becomes a SymPy expression: with rounded or exact constants, |x| whole or by branch."""

    def __init__(self, exact: bool, branches: bool) -> None:
        sympy = sympy_module()
        self.sympy, self.exact, self.branches, self.pi = sympy, exact, branches, sympy.pi

    def number(self, decimal: str) -> Any:
        return self.sympy.Rational(decimal) if self.exact else self.sympy.Float(decimal, 15)

    def where(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        return self.sympy.Piecewise((chosen, condition), (otherwise, True))

    def abs(self, x: Any) -> Any:
        return self.where(x < 0, -x, x) if self.branches else self.sympy.Abs(x)

    def total(self, terms: Any) -> Any:
        i, j, n = self.sympy.symbols("i j n", integer=True, positive=True)
        return self.sympy.Sum(terms.subs(i, j), (j, 1, n))

    def largest(self, x: Any) -> Any:
        return self.sympy.Max(*x)

    def __getattr__(self, function: str) -> Any:
        return getattr(self.sympy, function)


def symbols(declaration: Declaration) -> tuple[Any, ...]:
    """Return the SymPy symbols of the input and the parameters of an elementwise function."""
    sympy = sympy_module()
    positive = {name: declaration.parameters[name].domain for name in declaration.parameters}
    return (
        sympy.Symbol("x", real=True),
        *(
            sympy.Symbol(name, real=True, positive=getattr(domain, "low", None) == 0 or None)
            for name, domain in positive.items()
        ),
    )


def expression(declaration: Declaration, order: int = 0, *, by: str | None = None, exact: bool = False) -> sympy.Expr:
    """Return the formula, or a derivative of it by x (or by a parameter), as a SymPy expression.

    Raises
    ------
    ValueError
        If the order is negative, or is not 0 or 1 for a function that is not elementwise.
    """
    sympy = sympy_module()
    if order < 0 or (order > 1 and declaration.kind != "elementwise"):
        raise ValueError(
            f"{declaration.name}: no derivative of order {order}; give 0 or 1 (or more for elementwise functions)"
        )
    # The second derivative of Abs is a delta function; that of its branches is not.
    namespace = SymPyNamespace(exact, branches=exact or order > 1)
    if declaration.kind == "simplex":
        i, k = sympy.symbols("i k", integer=True, positive=True)
        row = sympy.IndexedBase("x", real=True)
        formula = sympy.sympify(declaration.formula(namespace, row[i]))
        return formula if order == 0 else sympy.diff(formula, row[k])
    if declaration.kind == "grouped":
        group = sympy.symbols("x_1 x_2 x_3", real=True)
        formula = sympy.sympify(declaration.formula(namespace, group))
        return formula if order == 0 else sympy.diff(formula, group[0])
    arguments = symbols(declaration)
    formula = sympy.sympify(declaration.formula(namespace, *arguments))
    variable = arguments[0] if by is None else arguments[1 + list(declaration.parameters).index(by)]
    return sympy.diff(formula, variable, order) if order else formula


def latex(declaration: Declaration, order: int = 0) -> str:
    """Return the formula, or its derivative of an order, as LaTeX."""
    sympy = sympy_module()
    result: str = sympy.latex(expression(declaration, order))
    return result


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

    def __getattr__(self, function: str) -> Any:
        return getattr(self.mpmath, function)


@cache
def _evaluator(declaration: Declaration, order: int, by: str | None) -> Callable[..., Any]:
    sympy = sympy_module()
    if order == 0:
        return lambda *arguments: declaration.formula(MpmathNamespace(), *arguments)
    evaluator: Callable[..., Any] = sympy.lambdify(
        symbols(declaration), expression(declaration, order, by=by, exact=True), modules="mpmath"
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
        result = _evaluator(declaration, order, by)(*arguments)
        return mpmath.nan if isinstance(result, mpmath.mpc) else mpmath.mpf(result)


def _exact(parameter: Parameter, value: float) -> mpmath.mpf:
    """Return the number that a parameter's float stands for."""
    import mpmath

    n = parameter.denominator(value)
    return mpmath.mpf(value) if n is None else mpmath.mpf(1) / n
