"""The formula lens: what is true. The declared formula as text, as a SymPy expression, and evaluated to any precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from actfn.functions.declare import Declaration, Parameter

if TYPE_CHECKING:
    import mpmath
    import sympy


GREEK = ("alpha", "beta")  # the parameters that LaTeX has a letter for


class Text:
    """A formula as text, with as many brackets as it needs and in the order in which it was written."""

    def __init__(self, text: str, strength: int = 9) -> None:
        self.text, self.strength = text, strength

    def _infix(self, sign: str, other: Any, strength: int, swapped: bool = False) -> Text:
        left, right = (_text(other), self) if swapped else (self, _text(other))
        # The right side of - and / needs brackets at equal strength, and so does a minus behind a sign.
        tight = 9 if right.text.startswith("-") else strength + (sign in "-/")
        return Text(f"{left.inside(strength)}{_SPACED[sign]}{right.inside(tight)}", strength)

    def _compared(self, sign: str, other: Any) -> Comparison:
        return Comparison(self, sign, _text(other))

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
        return Text(f"-{self.inside(3)}", 3)

    def __lt__(self, other: Any) -> Comparison:
        return self._compared("<", other)

    def __le__(self, other: Any) -> Comparison:
        return self._compared("<=", other)

    def __gt__(self, other: Any) -> Comparison:
        return self._compared(">", other)

    def __ge__(self, other: Any) -> Comparison:
        return self._compared(">=", other)


class Comparison(Text):
    """A comparison of two formulas; it remembers both sides."""

    def __init__(self, left: Text, sign: str, right: Text) -> None:
        super().__init__(f"{left.text}{_SPACED[sign]}{right.text}", 0)
        self.left, self.sign, self.right = left, sign, right


class Limited(Text):
    """The larger or the smaller of a bound and a formula; it remembers the formula."""

    def __init__(self, which: str, bound: Text, formula: Text, limited: Text) -> None:
        super().__init__(f"{which}({bound.text}, {formula.text})")
        self.limited = limited


_SPACED = {sign: f" {sign} " for sign in ("+", "-", "*", "/", "<", "<=", ">", ">=")}
_LIMITS = {"<=": "max", "<": "max", ">=": "min", ">": "min"}


def _text(value: Any) -> Text:
    return value if isinstance(value, Text) else Text(f"{value:g}")


def _limited(condition: Any, chosen: Text, otherwise: Text) -> Text | None:
    """Return max(a, u) for "a if u <= a else u", and min(a, u) likewise; u may itself be limited on the other side."""
    if not isinstance(condition, Comparison) or chosen.text != condition.right.text:
        return None
    inner = otherwise.limited if isinstance(otherwise, Limited) else otherwise
    if inner.text != condition.left.text:
        return None
    return Limited(_LIMITS[condition.sign], chosen, otherwise, inner)


class TextNamespace:
    """The namespace in which a formula becomes text."""

    pi = Text("pi")

    def number(self, decimal: str) -> Text:
        return Text(f"{float(decimal):.8g}")

    def where(self, condition: Any, chosen: Any, otherwise: Any) -> Text:
        chosen, otherwise = _text(chosen), _text(otherwise)
        cases = Text(f"{chosen.text} if {condition.text} else {otherwise.text}", 0)
        return _limited(condition, chosen, otherwise) or cases

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
    shown = readable(expression(declaration, order), order)
    # SymPy would take the end of negative_slope for an index, and slope for the product of five letters.
    words = {
        symbol: symbol.name.replace("_", r"\_")
        for symbol in shown.free_symbols
        if symbol.name in declaration.parameters
    }
    names = {symbol: rf"\mathrm{{{word}}}" for symbol, word in words.items() if symbol.name not in GREEK}
    result: str = sympy.latex(shown, symbol_names=names)
    return result


def readable(expression: Any, order: int) -> Any:
    """Return an expression as people write it.

    Cases stand side by side, x sign(x) is |x|, a step is in two cases, quotients of polynomials are one fraction, and a
    sum over j of terms with delta_jk is the term at k.
    """
    sympy = sympy_module()

    def is_pick(part: Any) -> bool:
        return isinstance(part, sympy.Sum) and bool(part.function.has(sympy.KroneckerDelta))

    def pick(part: Any) -> Any:
        (delta,) = part.function.atoms(sympy.KroneckerDelta)
        return (part.function / delta).subs(*delta.args)

    def joined(part: Any) -> Any:
        return sympy.factor(part) if part.is_rational_function() else part

    picked = expression.replace(is_pick, pick)
    picked = picked.replace(sympy.Heaviside, lambda x, *_: sympy.Piecewise((1, x > 0), (0, True)))
    for sign in picked.atoms(sympy.sign):
        picked = sympy.factor(picked.subs(sign * sign.args[0], abs(sign.args[0])))
    # A formula keeps the factor that stands before its cases, as in the paper.
    folded = sympy.piecewise_fold(picked) if order or isinstance(picked, sympy.Piecewise) else picked
    if order and isinstance(folded, sympy.Piecewise):
        return sympy.Piecewise(*((joined(branch), condition) for branch, condition in folded.args))
    return folded


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
