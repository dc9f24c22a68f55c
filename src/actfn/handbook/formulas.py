"""Write SymPy expressions as MathML, which browsers show without help."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from markupsafe import Markup
from sympy import Expr
from sympy.printing.mathml import MathMLPresentationPrinter

from actfn.activation import Activation
from actfn.formula import readable

GREEK = {"alpha": "α", "beta": "β"}
WORDS = {"en": ("otherwise", "\u00a0or\u00a0"), "zh": ("其余", "\u00a0或\u00a0")}


def formula(function: Activation, order: int = 0, language: str = "en") -> Markup:
    """Return a function's formula, or a derivative's, as a MathML block.

    Examples
    --------
    >>> import actfn
    >>> "<mfrac>" in formula(actfn.sigmoid)
    True
    """
    expression = readable(function.sympy(order), order)
    inner = mathml(expression, language)
    return Markup(
        f'<math display="block"><mrow><mrow>{_left_side(function, order)}</mrow><mo>=</mo>{inner}</mrow></math>'
    )


def spaced(text: str) -> str:
    """Return MathML with a gap on either side of a name of several letters in a product, and true minus signs.

    Examples
    --------
    >>> spaced("<mi>x</mi><mo>\u2062</mo><mrow><mi>tanh</mi><mo>-</mo></mrow>")
    '<mi>x</mi><mspace width="0.17em"/><mrow><mi>tanh</mi><mo>−</mo></mrow>'
    """
    name = "<mi>[A-Za-z_]{2,}</mi>"
    product = f"<mo>\u2062</mo>(?=(?:<(?:mrow|msup|msub)>)*{name})|(?<=[A-Za-z_]{{2}}</mi>)<mo>\u2062</mo>"
    gaps = re.sub(product, '<mspace width="0.17em"/>', text)
    return gaps.replace("<mo>-</mo>", "<mo>−</mo>").replace("<mn>-", "<mn>−")


def mathml(expression: Expr, language: str = "en") -> str:
    """Return an expression as presentation MathML without the outer element."""
    printer = _Printer()
    printer.otherwise, printer.either = WORDS[language]
    return str(printer.doprint(expression))


def _left_side(function: Activation, order: int) -> str:
    """Return the name of what the formula defines, such as f′(x)."""
    if function.kind == "elementwise":
        primes = f'<mo lspace="0" rspace="0">{("", "′", "″")[order]}</mo>' if order else ""
        return f'<mi>f</mi>{primes}<mo stretchy="false">(</mo><mi>x</mi><mo stretchy="false">)</mo>'
    above, below = ("i", "k") if function.kind == "simplex" else ("", "1")
    index = f"<msub><mi>f</mi><mi>{above}</mi></msub>" if above else "<mi>f</mi>"
    if not order:
        return index
    tag = "mi" if below == "k" else "mn"
    under = f"<msub><mi>x</mi><{tag}>{below}</{tag}></msub>"
    return f"<mfrac><mrow><mo>∂</mo>{index}</mrow><mrow><mo>∂</mo>{under}</mrow></mfrac>"


class _Printer(MathMLPresentationPrinter):  # type: ignore[misc]
    """SymPy's printer, with cases in a brace, names in one piece and an upright e."""

    otherwise: str
    either: str

    def doprint(self, expression: Any) -> str:
        text: str = self._print(expression).toxml()
        known = re.sub(r"&(?!lt;|gt;|amp;)\w+;", lambda found: unescape(found[0].replace("ExponentialE", "#101")), text)
        return spaced(known)

    def _element(self, tag: str, *children: Any) -> Any:
        element = self.dom.createElement(tag)
        for child in children:
            element.appendChild(self.dom.createTextNode(child) if isinstance(child, str) else child)
        return element

    def _print_Symbol(self, symbol: Any, style: str = "plain") -> Any:
        name, _, index = symbol.name.partition("_")
        if index.isdigit():
            return self._element("msub", self._element("mi", name), self._element("mn", index))
        return self._element("mi", GREEK.get(symbol.name, symbol.name))

    def _print_Piecewise(self, pieces: Any) -> Any:
        rows = []
        for value, condition in pieces.args:
            when = self._element("mtext", self.otherwise) if condition == True else self._print(condition)
            rows.append(self._element("mtr", self._element("mtd", self._print(value)), self._element("mtd", when)))
        table = self._element("mtable", *rows)
        table.setAttribute("columnalign", "left left")
        return self._element("mrow", self._element("mo", "{"), table)

    def _print_KroneckerDelta(self, delta: Any) -> Any:
        indices = self._element("mrow", *(self._print(index) for index in delta.args))
        return self._element("msub", self._element("mi", "δ"), indices)

    def _print_Heaviside(self, step: Any) -> Any:
        bracketed = self._element("mrow", self._element("mo", "("), self._print(step.args[0]), self._element("mo", ")"))
        return self._element("mrow", self._element("mi", "H"), bracketed)

    def _print_Or(self, condition: Any) -> Any:
        first, *others = condition.args
        parts = [self._print(first)]
        for other in others:
            parts += [self._element("mtext", self.either), self._print(other)]
        return self._element("mrow", *parts)
