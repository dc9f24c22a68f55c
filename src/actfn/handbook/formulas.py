"""Write formulas as MathML, which browsers show without help."""

from __future__ import annotations

import re

from markupsafe import Markup

from actfn.activation import Activation
from actfn.derivation.printing import mathml
from actfn.formula import conditions, readable, slopes


def formulas(function: Activation, language: str = "en") -> list[Markup]:
    """Return the formula of a function and of each derivative that is shown.

    Examples
    --------
    >>> import actfn
    >>> len(formulas(actfn.sigmoid)), len(formulas(actfn.softmax)), len(formulas(actfn.glu))
    (3, 2, 3)
    """
    derivatives = slopes(function._declaration)
    return [formula(function, 0, language), *(formula(function, order, language, by) for _, order, by in derivatives)]


def formula(function: Activation, order: int = 0, language: str = "en", by: str | None = None) -> Markup:
    """Return a function's formula, or a derivative's, as a MathML block; behind it, what fixes a threshold in it.

    Examples
    --------
    >>> import actfn
    >>> "<mfrac>" in formula(actfn.sigmoid)
    True
    """
    expression = readable(function.sympy(order, by), order)
    inner = spaced(mathml(expression, language, bare=True))
    for condition in conditions(function._declaration) if not order else ():
        inner += f'<mo>,</mo><mspace width="1em"/>{spaced(mathml(condition, language, bare=True))}'
    return Markup(
        f'<math display="block"><mrow><mrow>{_left_side(function, order, by)}</mrow><mo>=</mo>{inner}</mrow></math>'
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


def _left_side(function: Activation, order: int, by: str | None) -> str:
    """Return the name of what the formula defines, such as f′(x)."""
    if by is not None:
        return f"<mfrac><mrow><mo>∂</mo><mi>f</mi></mrow><mrow><mo>∂</mo><mi>{by}</mi></mrow></mfrac>"
    if function.kind == "gated":
        inside = "<mo>,</mo>".join(f"<mi>{name}</mi>" for name in function._declaration.inputs)
        return f"<mi>f</mi><mo>\u2061</mo><mrow><mo>(</mo>{inside}<mo>)</mo></mrow>"
    if "∂fᵢ/∂xₖ" not in {name for name, *_ in slopes(function._declaration)}:
        primes = f'<mo lspace="0" rspace="0">{("", "′", "″")[order]}</mo>' if order else ""
        return f"<mi>f</mi>{primes}<mo>\u2061</mo><mrow><mo>(</mo><mi>x</mi><mo>)</mo></mrow>"
    above, below = ("", "1") if function.kind == "grouped" else ("i", "k")
    index = f"<msub><mi>f</mi><mi>{above}</mi></msub>" if above else "<mi>f</mi>"
    if not order:
        return index
    tag = "mi" if below == "k" else "mn"
    under = f"<msub><mi>x</mi><{tag}>{below}</{tag}></msub>"
    return f"<mfrac><mrow><mo>∂</mo>{index}</mrow><mrow><mo>∂</mo>{under}</mrow></mfrac>"
