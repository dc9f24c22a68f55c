"""The declared formula and its derivatives as SymPy expressions."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from actfn.functions.declare import WITH_KERNELS, Declaration

if TYPE_CHECKING:
    import sympy


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
