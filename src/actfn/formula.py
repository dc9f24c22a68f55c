"""The formula lens: what is true. The declared formula as text, as a SymPy expression, and evaluated to any precision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from actfn.functions.declare import WITH_KERNELS, Declaration, Parameter

if TYPE_CHECKING:
    import mpmath
    import sympy


# The parameters that LaTeX has a letter for.
GREEK = ("alpha", "beta", "gamma", "delta", "epsilon", "mu", "sigma", "tau", "theta")


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
    """The namespace in which a formula becomes text; the conditions on its thresholds come behind it."""

    pi = Text("pi")
    index = Text("i")

    def __init__(self) -> None:
        self.conditions: list[str] = []

    def number(self, decimal: str) -> Text:
        return Text(f"{float(decimal):.8g}")

    def where(self, condition: Any, chosen: Any, otherwise: Any) -> Text:
        chosen, otherwise = _text(chosen), _text(otherwise)
        cases = Text(f"{chosen.text} if {condition.text} else {otherwise.text}", 0)
        return _limited(condition, chosen, otherwise) or cases

    def log1p(self, x: Any) -> Text:
        return Text(f"log({(1 + _text(x)).text})")

    def total(self, x: Text) -> Text:
        return Text(f"sum({x.text})")

    def mean(self, x: Text) -> Text:
        return Text(f"mean({x.text})")

    def top(self, x: Text) -> Text:
        return Text(f"max({x.text} over the row)")

    def positive(self, x: Text) -> Text:
        return Text(f"max(0, {x.text})")

    def clipped(self, x: Text) -> Text:
        return Text(f"min(1, max(0, {x.text}))")

    def threshold(self, terms: Callable[[Text], Text], equals: Any = 1) -> Text:
        tau = Text("tau")
        self.conditions.append(f"sum({terms(tau).text}) = {_text(equals).text}")
        return tau

    def largest(self, x: Text) -> Text:
        return Text(f"max({x.text} over the group)")

    def __getattr__(self, function: str) -> Callable[..., Text]:
        return lambda *arguments: Text(f"{function}({', '.join(_text(a).text for a in arguments)})")


def text(declaration: Declaration) -> str:
    """Return the declared formula as readable text."""
    index = "_i" if declaration.kind == "expansion" else ""
    names = (*declaration.inputs, *(name + index for name in declaration.in_formula))
    namespace = TextNamespace()
    formula: Text = declaration.formula(namespace, *map(Text, names))
    return ", ".join((formula.text, *namespace.conditions))


def has_threshold(declaration: Declaration) -> bool:
    """Tell whether a formula has a threshold, which an equation fixes and no expression gives."""
    return ", sum(" in text(declaration)


def sympy_module() -> Any:
    """Return SymPy, or say how to install it."""
    try:
        import sympy
    except ModuleNotFoundError:
        raise ModuleNotFoundError('this needs SymPy: pip install "actfn[formula]"', name="sympy") from None
    return sympy


@cache
def kept_erfc() -> Any:
    """Return SymPy's erfc, but with erfc(-x) left as it stands: 2 - erfc(x) would cancel in the tail."""
    return type("erfc", (sympy_module().erfc,), {"eval": classmethod(lambda cls, argument: None)})


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


class SymPyNamespace:
    """The namespace in which a formula becomes a SymPy expression: with rounded or exact constants, |x| whole or by branch."""

    def __init__(self, exact: bool, branches: bool) -> None:
        sympy = sympy_module()
        self.sympy, self.exact, self.branches, self.pi = sympy, exact, branches, sympy.pi
        self.index = sympy.Symbol("i", integer=True, positive=True)
        # For each threshold its symbol, the terms whose sum it fixes, and that sum.
        self.thresholds: list[tuple[Any, Any, Any]] = []

    def number(self, decimal: str) -> Any:
        return self.sympy.Rational(decimal) if self.exact else self.sympy.Float(decimal, 15)

    def where(self, condition: Any, chosen: Any, otherwise: Any) -> Any:
        return self.sympy.Piecewise((chosen, condition), (otherwise, True))

    def abs(self, x: Any) -> Any:
        return self.where(x < 0, -x, x) if self.branches else self.sympy.Abs(x)

    def erfc(self, x: Any) -> Any:
        return kept_erfc()(x)

    def log1p(self, x: Any) -> Any:
        return self.sympy.log(1 + x)

    def total(self, terms: Any) -> Any:
        i, j, n = self.sympy.symbols("i j n", integer=True, positive=True)
        return self.sympy.Sum(terms.subs(i, j), (j, 1, n))

    def mean(self, terms: Any) -> Any:
        return self.total(terms) / self.sympy.Symbol("n", integer=True, positive=True)

    def top(self, x: Any) -> Any:
        return self.sympy.Symbol("x_max", real=True)

    def positive(self, x: Any) -> Any:
        return self.sympy.Max(0, x)

    def clipped(self, x: Any) -> Any:
        return self.sympy.Min(1, self.sympy.Max(0, x))

    def threshold(self, terms: Any, equals: Any = 1) -> Any:
        tau = self.sympy.Symbol("tau", real=True)
        self.thresholds.append((tau, terms(tau), equals))
        return tau

    def largest(self, x: Any) -> Any:
        return self.sympy.Max(*x)

    def concatenated(self, first: Any, second: Any) -> Any:
        return self.sympy.ImmutableMatrix([first, second])

    alternating = concatenated

    def __getattr__(self, function: str) -> Any:
        return getattr(self.sympy, function)


class ExactNamespace(SymPyNamespace):
    """The namespace in which a formula becomes an expression that is evaluated to any precision, also where 1 + u is 1."""

    def __init__(self) -> None:
        super().__init__(exact=True, branches=True)

    def log1p(self, x: Any) -> Any:
        from sympy.codegen.cfunctions import log1p

        return log1p(x)


def symbols(declaration: Declaration) -> tuple[Any, ...]:
    """Return the SymPy symbols of the inputs and of the parameters that the formula takes; coefficients have an index."""
    sympy = sympy_module()
    index = sympy.Symbol("i", integer=True, positive=True)
    rows = declaration.kind == "stochastic" and declaration.along_axis
    found = []
    for name in (*declaration.inputs, *declaration.in_formula):
        known = declaration.parameters.get(name)
        if rows if known is None else declaration.kind == "expansion":
            found.append(sympy.IndexedBase(name, real=True)[index])
        else:
            positive = name == "variance" or (known is not None and getattr(known.domain, "low", None) == 0)
            found.append(sympy.Symbol(name, real=True, positive=positive or None))
    return tuple(found)


def slopes(declaration: Declaration) -> tuple[tuple[str, int, str | None], ...]:
    """Return the derivatives that are shown: the name of each, its order, and by which input.

    Examples
    --------
    >>> from actfn import catalogue
    >>> [name for name, *_ in slopes(catalogue.find("glu"))]
    ['∂f/∂gate', '∂f/∂up']
    """
    if declaration.kind in WITH_KERNELS:
        return ("f′(x)", 1, None), ("f″(x)", 2, None)
    if declaration.kind == "gated":
        return tuple((f"∂f/∂{name}", 1, name) for name in declaration.inputs)
    of_rows = declaration.kind in ("simplex", "grouped") or (
        declaration.kind == "stochastic" and declaration.along_axis
    )
    return (("∂fᵢ/∂xₖ" if of_rows else "f′(x)", 1, None),)


def expression(declaration: Declaration, order: int = 0, *, by: str | None = None, exact: bool = False) -> sympy.Expr:
    """Return the formula, or a derivative of it by x (or by a parameter), as a SymPy expression.

    Raises
    ------
    ValueError
        If the order is negative, or is not 0 or 1 for a function that is not elementwise.
    """
    sympy = sympy_module()
    if order < 0 or (order > 1 and declaration.kind not in WITH_KERNELS):
        raise ValueError(
            f"{declaration.name}: no derivative of order {order}; give 0 or 1 (or more for elementwise functions)"
        )
    # The second derivative of Abs is a delta function; that of its branches is not.
    namespace = ExactNamespace() if exact else SymPyNamespace(exact, branches=order > 1)
    if declaration.kind == "simplex":
        i, k = sympy.symbols("i k", integer=True, positive=True)
        row = sympy.IndexedBase("x", real=True)
        formula = sympy.sympify(declaration.formula(namespace, row[i], *symbols(declaration)[1:]))
        return formula if order == 0 else _by_entry(namespace, formula, row, i, k)
    if declaration.kind == "grouped":
        group = sympy.symbols("x_1 x_2 x_3", real=True)
        formula = sympy.sympify(declaration.formula(namespace, group))
        return formula if order == 0 else sympy.diff(formula, group[0])
    arguments = symbols(declaration)
    formula = sympy.sympify(declaration.formula(namespace, *arguments))
    names = (*declaration.inputs, *declaration.in_formula)
    if by is not None and by not in names:
        raise ValueError(
            f"{declaration.name} has no input or parameter {by!r} in its formula; it has {', '.join(names)}"
        )
    variable = arguments[0] if by is None else arguments[names.index(by)]
    if order and isinstance(variable, sympy.Indexed):
        variable = variable.base[sympy.Symbol("k", integer=True, positive=True)]
    return sympy.diff(formula, variable, order) if order else formula


def _by_entry(namespace: SymPyNamespace, formula: Any, row: Any, i: Any, k: Any) -> Any:
    """Return the derivative of component i by entry k; a threshold follows the entries so that its sum stays the same."""
    sympy = namespace.sympy
    found = sympy.diff(formula, row[k])
    for tau, terms, _ in namespace.thresholds:
        at_k = sympy.diff(terms, row[i]).subs(i, k)
        found += sympy.diff(formula, tau) * at_k / namespace.total(-sympy.diff(terms, tau))
    return found


def conditions(declaration: Declaration) -> tuple[Any, ...]:
    """Return what fixes the thresholds of a formula of rows, as SymPy equations."""
    sympy = sympy_module()
    if declaration.kind != "simplex":
        return ()
    namespace = SymPyNamespace(exact=False, branches=False)
    row, i = sympy.IndexedBase("x", real=True), sympy.Symbol("i", integer=True, positive=True)
    declaration.formula(namespace, row[i], *symbols(declaration)[1:])
    return tuple(sympy.Eq(namespace.total(terms), equals) for _, terms, equals in namespace.thresholds)


def latex(declaration: Declaration, order: int = 0, by: str | None = None) -> str:
    """Return the formula, or its derivative of an order, as LaTeX; the condition on a threshold comes behind it."""
    whole = (expression(declaration, order, by=by), *conditions(declaration))
    return r",\quad ".join(_latex(declaration, part, order) for part in whole)


def _latex(declaration: Declaration, part: Any, order: int) -> str:
    from sympy.printing.latex import LatexPrinter

    shown = readable(part, order)
    # SymPy would take the end of negative_slope for an index, and slope for the product of five letters.
    words = {
        symbol: symbol.name.replace("_", r"\_")
        for symbol in shown.free_symbols
        if symbol.name in {*declaration.inputs, *declaration.parameters} - {"x"}
    }
    names = {symbol: rf"\mathrm{{{word}}}" for symbol, word in words.items() if symbol.name not in GREEK}
    printer = LatexPrinter({"symbol_names": names})
    printer._print_Heaviside = lambda step: rf"\left[{printer.doprint(is_positive(step.args[0]))}\right]"
    result: str = printer.doprint(shown)
    return result


def is_positive(expression: Any) -> Any:
    """Return the inequality that an expression is positive, with what is subtracted in it on the other side.

    Examples
    --------
    >>> import sympy
    >>> is_positive(sympy.Symbol("x") - sympy.Symbol("tau"))
    x > tau
    """
    sympy = sympy_module()
    terms = sympy.Add.make_args(expression)
    subtracted = [-term for term in terms if term.could_extract_minus_sign()]
    added = [term for term in terms if not term.could_extract_minus_sign()]
    return sympy.StrictGreaterThan(sympy.Add(*added), sympy.Add(*subtracted), evaluate=False)


def _powers_joined(expression: Any) -> Any:
    """Return an expression in which a power before a sum, or a divisor in it, is joined to the power of each term."""
    sympy = sympy_module()
    factors = sympy.Mul.make_args(expression)
    sums = [factor for factor in factors if isinstance(factor, sympy.Sum)]
    others = [factor for factor in factors if factor not in sums]
    if len(sums) != 1 or not all(factor.is_Pow and factor.base.is_Symbol for factor in others):
        return expression
    return sympy.Sum(sympy.powsimp(sympy.Mul(*others, sums[0].function)), *sums[0].limits)


def readable(expression: Any, order: int) -> Any:
    """Return an expression as people write it.

    Cases stand side by side, x sign(x) is |x|, a step is in two cases, quotients of polynomials are one fraction, and a
    sum over j of terms with delta_jk is the term at k. What is summed over a row keeps its cases and steps: a step is then a
    bracket, 1 where what stands in it holds and 0 elsewhere.
    """
    sympy = sympy_module()

    def is_pick(part: Any) -> bool:
        return isinstance(part, sympy.Sum) and bool(part.function.has(sympy.KroneckerDelta))

    if isinstance(expression, sympy.MatrixBase):
        return expression.applyfunc(sympy.piecewise_fold)

    def pick(part: Any) -> Any:
        (delta,) = part.function.atoms(sympy.KroneckerDelta)
        return (part.function / delta).subs(*delta.args)

    def joined(part: Any) -> Any:
        return sympy.factor(part) if part.is_rational_function() else part

    picked = _powers_joined(expression.replace(is_pick, pick))
    picked = picked.replace(lambda part: isinstance(part, sympy.Sum) and part.function == 0, lambda part: sympy.S.Zero)
    if any(total.has(sympy.Heaviside, sympy.Piecewise) for total in picked.atoms(sympy.Sum)):
        return picked
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
