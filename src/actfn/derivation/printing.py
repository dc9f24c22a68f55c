"""How an expression of a derivation is written: as text, as LaTeX and as MathML."""

from __future__ import annotations

import re
from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.printing.printer import Printer
from sympy.printing.str import StrPrinter
from sympy.simplify.radsimp import fraction

from actfn.derivation.reasons import word
from actfn.formula import is_positive


def _terms(expr: Any) -> tuple[Any, ...]:
    """Return the terms of a sum: as they were put, or, where SymPy ordered them, what is subtracted last."""
    if sympy.Add(*expr.args).args != expr.args:
        return tuple(expr.args)
    return tuple(sorted(expr.args, key=lambda term: bool(term.could_extract_minus_sign())))


def _factors(expr: Any) -> tuple[Any, ...]:
    """Return the factors of a product: as they were put, or, where SymPy ordered them, in its order for readers."""
    if sympy.Mul(*expr.args).args != expr.args:
        return tuple(expr.args)
    number, rest = expr.as_coeff_Mul()
    return (() if number == 1 else (number,)) + tuple(rest.as_ordered_factors())


class _Ordered:
    """A printer that writes terms and factors in our order."""

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        return list(_terms(expr))

    def _print_Mul(self, expr: Any) -> str:
        # LaTeX's printer writes 1/u as a product too.
        ordered = sympy.Mul(*_factors(expr), evaluate=False) if expr.is_Mul else expr
        written: str = super()._print_Mul(ordered)  # type: ignore[misc]
        return written


class _Text(_Ordered, StrPrinter):  # type: ignore[misc]
    def _print_Pow(self, expr: Any, rational: bool = False) -> str:
        if expr.exp.is_Integer and expr.exp < -1:
            return f"1/{self._print(expr.base**-expr.exp)}"
        written: str = super()._print_Pow(expr, rational)
        return written.replace("**", "^")

    def _print_Piecewise(self, expr: Any) -> str:
        *branches, (last, condition) = expr.args
        texts = [f"{self._print(branch)} if {self._print(when)}" for branch, when in branches]
        texts.append(self._print(last) + ("" if condition == sympy.true else f" if {self._print(condition)}"))
        return f"({' else '.join(texts)})"

    def _print_Abs(self, expr: Any) -> str:
        return f"abs({self._print(expr.args[0])})"

    def _print_And(self, expr: Any) -> str:
        return " and ".join(map(self._print, expr.args))

    def _print_Or(self, expr: Any) -> str:
        return " or ".join(map(self._print, expr.args))

    def _print_KroneckerDelta(self, expr: Any) -> str:
        return f"delta({', '.join(map(self._print, expr.args))})"

    def _print_Equality(self, expr: Any) -> str:
        return f"{self._print(expr.lhs)} = {self._print(expr.rhs)}"


def text(expression: Any) -> str:
    """Return an expression as plain text, in the order in which it was built.

    Examples
    --------
    >>> import sympy
    >>> x = sympy.Symbol("x")
    >>> text(sympy.Piecewise((x**2, x > 0), (0, True)))
    '(x^2 if x > 0 else 0)'
    """
    written: str = _Text({"order": "none"}).doprint(expression)
    return written


class _Latex(_Ordered, LatexPrinter):  # type: ignore[misc]
    def _print_Symbol(self, expr: Any, style: str = "plain") -> str:
        word = expr.name.replace("_", "")
        # Letters side by side would read as a product.
        if len(word) > 2 and word.isalpha() and expr.name not in GREEK:
            name = expr.name.replace("_", r"\_")
            return rf"\mathrm{{{name}}}"
        written: str = super()._print_Symbol(expr, style)
        return written

    def _print_And(self, expr: Any) -> str:
        return r"\ \text{and}\ ".join(map(self._print, expr.args))

    def _print_Or(self, expr: Any) -> str:
        return r"\ \text{or}\ ".join(map(self._print, expr.args))

    def _print_Indexed(self, expr: Any, exp: str | None = None) -> str:
        written = f"{expr.base.name}_{{{','.join(map(self._print, expr.indices))}}}"
        return written if exp is None else f"{written}^{{{exp}}}"


def latex(expression: Any) -> str:
    """Return an expression as LaTeX.

    Examples
    --------
    >>> import sympy
    >>> latex(1 / (1 + sympy.exp(-sympy.Symbol("x"))))
    '\\\\frac{1}{1 + e^{- x}}'
    """
    written: str = _Latex({"order": "none"}).doprint(expression)
    return written


NBSP = "\u00a0"
GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "Delta": "Δ",
    "lambda": "λ",
    "epsilon": "ε",
    "mu": "μ",
    "sigma": "σ",
    "tau": "τ",
    "theta": "θ",
    "Phi": "Φ",
    "phi": "φ",
}


class _MathML(Printer):  # type: ignore[misc]
    """Presentation MathML, with factors and terms in the order in which they were built."""

    printmethod = "_mathml"

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language

    def _word(self, key: str, gap: str = "") -> str:
        return f"<mtext>{gap}{word(key, self.language)}{gap}</mtext>"

    def emptyPrinter(self, expr: Any) -> str:
        return f"<mtext>{_escaped(text(expr))}</mtext>"

    def _inside(self, expr: Any, strength: int, strict: bool = False) -> str:
        written: str = self._print(expr)
        own = PRECEDENCE["Mul"] if isinstance(expr, sympy.Sum) else precedence(expr)
        weak = own < strength or (strict and own <= strength)
        return f"<mrow><mo>(</mo>{written}<mo>)</mo></mrow>" if weak else written

    def _print_Symbol(self, expr: Any) -> str:
        name, _, index = expr.name.partition("_")
        if index and (len(index) < 3 or index == "max"):
            return f"<msub><mi>{_escaped(GREEK.get(name, name))}</mi><mi>{_escaped(index)}</mi></msub>"
        return f"<mi>{_escaped(GREEK.get(expr.name, expr.name))}</mi>"

    def _print_Integer(self, expr: Any) -> str:
        return f"<mn>{expr}</mn>" if expr >= 0 else f"<mrow><mo>-</mo><mn>{-expr}</mn></mrow>"

    def _print_Float(self, expr: Any) -> str:
        return f"<mn>{float(expr):.15g}</mn>"

    def _print_Rational(self, expr: Any) -> str:
        bar = f"<mfrac><mn>{abs(expr.p)}</mn><mn>{expr.q}</mn></mfrac>"
        return bar if expr.p > 0 else f"<mrow><mo>-</mo>{bar}</mrow>"

    def _print_Pi(self, expr: Any) -> str:
        return "<mi>π</mi>"

    def terms(self, expr: Any) -> list[tuple[str, str]]:
        """Return the terms of a sum, each with the sign before it."""
        if not expr.is_Add:
            return [("", self._print(expr))]
        parts = []
        for place, term in enumerate(_terms(expr)):
            minus = term.could_extract_minus_sign() and not term.is_Add
            sign = "-" if minus else "+" if place else ""
            parts.append((sign, self._inside(-term if minus else term, precedence(expr), strict=minus)))
        return parts

    def _print_Add(self, expr: Any) -> str:
        return f"<mrow>{''.join(f'<mo>{sign}</mo>{term}' if sign else term for sign, term in self.terms(expr))}</mrow>"

    def _print_Mul(self, expr: Any) -> str:
        if expr.args[0].is_number and expr.args[0].is_negative:
            return f"<mrow><mo>-</mo>{self._inside(-expr, PRECEDENCE['Mul'])}</mrow>"
        over, under = fraction(expr, exact=True)
        sums = [factor for factor in expr.args if _has_fractions(factor)]
        if under != 1 and sums:  # a bar above a bar is hard to read
            rest = self._print(sympy.Mul(*(factor for factor in expr.args if factor not in sums)))
            return f"<mrow>{'<mo>⁢</mo>'.join([rest, *(self._inside(part, precedence(expr)) for part in sums)])}</mrow>"
        if under != 1:
            return f"<mfrac>{self._print(over)}{self._print(under)}</mfrac>"
        factors = [factor for factor in _factors(expr) if factor != 1]
        return f"<mrow>{'<mo>⁢</mo>'.join(self._inside(factor, precedence(expr)) for factor in factors)}</mrow>"

    def _print_Pow(self, expr: Any) -> str:
        base, exponent = expr.args
        if exponent == sympy.S.Half:
            return f"<msqrt>{self._print(base)}</msqrt>"
        if exponent.is_number and exponent.is_negative:
            return f"<mfrac><mn>1</mn>{self._print(base**-exponent)}</mfrac>"
        return f"<msup>{self._inside(base, precedence(expr), strict=True)}{self._print(exponent)}</msup>"

    def _print_exp(self, expr: Any) -> str:
        return f"<msup><mi>e</mi>{self._print(expr.args[0])}</msup>"

    def _print_Abs(self, expr: Any) -> str:
        return f"<mrow><mo>|</mo>{self._print(expr.args[0])}<mo>|</mo></mrow>"

    def _applied(self, name: str, expr: Any) -> str:
        arguments = "<mo>,</mo>".join(map(self._print, expr.args))
        # Brackets in a row of their own: only there does a browser know which of them opens.
        return f"<mrow><mi>{_escaped(name)}</mi><mo>\u2061</mo><mrow><mo>(</mo>{arguments}<mo>)</mo></mrow></mrow>"

    def _print_Function(self, expr: Any) -> str:
        return self._applied(GREEK.get(type(expr).__name__, type(expr).__name__), expr)

    def _print_Max(self, expr: Any) -> str:
        return self._applied(type(expr).__name__.lower(), expr)

    _print_Min = _print_Max

    def _print_Sum(self, expr: Any) -> str:
        summed, (index, first, last) = expr.args
        under, over = f"<mrow>{self._print(index)}<mo>=</mo>{self._print(first)}</mrow>", self._print(last)
        return f"<mrow><munderover><mo>∑</mo>{under}{over}</munderover>{self._inside(summed, PRECEDENCE['Mul'])}</mrow>"

    def _print_Piecewise(self, expr: Any) -> str:
        rows = "".join(
            f"<mtr><mtd>{self._print(branch)}</mtd>"
            f"<mtd>{self._word('otherwise') if when == sympy.true else self._print(when)}</mtd></mtr>"
            for branch, when in expr.args
        )
        return f"<mrow><mo>{{</mo><mtable columnalign='left'>{rows}</mtable></mrow>"

    def _print_Relational(self, expr: Any) -> str:
        sign = {"==": "=", "<=": "≤", ">=": "≥", "!=": "≠"}.get(expr.rel_op, _escaped(expr.rel_op))
        return f"<mrow>{self._print(expr.lhs)}<mo>{sign}</mo>{self._print(expr.rhs)}</mrow>"

    def _print_And(self, expr: Any) -> str:
        return f"<mrow>{self._word('and', NBSP).join(map(self._print, expr.args))}</mrow>"

    def _print_Or(self, expr: Any) -> str:
        return f"<mrow>{self._word('or', NBSP).join(map(self._print, expr.args))}</mrow>"

    def _print_Heaviside(self, expr: Any) -> str:
        return f"<mrow><mo>[</mo>{self._print(is_positive(expr.args[0]))}<mo>]</mo></mrow>"

    def _print_Tuple(self, expr: Any) -> str:
        return f"<mrow><mo>(</mo>{'<mo>,</mo>'.join(map(self._print, expr.args))}<mo>)</mo></mrow>"

    def _print_Indexed(self, expr: Any) -> str:
        return f"<msub><mi>{expr.base.name}</mi><mrow>{''.join(map(self._print, expr.indices))}</mrow></msub>"

    def _print_KroneckerDelta(self, expr: Any) -> str:
        return f"<msub><mi>δ</mi><mrow>{''.join(map(self._print, expr.args))}</mrow></msub>"


def mathml(expression: Any, language: str = "en", *, bare: bool = False) -> str:
    """Return an expression as presentation MathML, which browsers show without any help; bare, without the outer element.

    Examples
    --------
    >>> import sympy
    >>> mathml(sympy.Symbol("x") ** 2)
    '<math><msup><mi>x</mi><mn>2</mn></msup></math>'
    """
    written: str = _MathML(language).doprint(expression)
    return written if bare else f"<math>{written}</math>"


def mathml_terms(expression: Any, language: str = "en") -> list[tuple[str, str]]:
    """Return the terms of a sum as MathML without the outer element, each with the sign before it.

    Examples
    --------
    >>> import sympy
    >>> mathml_terms(1 - sympy.Symbol("x"))
    [('', '<mn>1</mn>'), ('-', '<mi>x</mi>')]
    """
    return _MathML(language).terms(expression)


def _has_fractions(factor: Any) -> bool:
    """Return whether a factor is a sum with a term that is written with a bar and more than a number."""
    return bool(factor.is_Add and any(fraction(term, exact=True)[1].free_symbols for term in factor.args))


def readable(told: str) -> str:
    """Return a sentence in which formulas written as text look like mathematics.

    Examples
    --------
    >>> readable("the inner function u = -sqrt(2)*beta*x[i]^2")
    'the inner function u = −√2 β xᵢ²'
    """
    for pattern, replacement in (
        (r"\b(" + "|".join(GREEK) + r")\b", lambda found: GREEK[found[1]]),
        (r"sqrt\((\w+)\)", r"√\1"),
        (r"\[([ij])\]", lambda found: {"i": "ᵢ", "j": "ⱼ"}[found[1]]),
        (r"\^([23])", lambda found: {"2": "²", "3": "³"}[found[1]]),
        (r"\babs\((\w+)\)", r"|\1|"),
        (r"\bpi\b", "π"),
        (r"(?<=\S)\*(?=\S)", " "),
        (r"(?<![A-Za-z])-", "−"),
    ):
        told = re.sub(pattern, replacement, told)
    return told


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
