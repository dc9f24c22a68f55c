"""The declared formula and its derivatives as people write them, in LaTeX."""

from __future__ import annotations

from typing import Any

from actfn.formula.symbolic import conditions, expression, sympy_module
from actfn.functions.declare import Declaration

# The parameters that LaTeX has a letter for.
GREEK = ("alpha", "beta", "gamma", "delta", "epsilon", "mu", "sigma", "tau", "theta")


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
